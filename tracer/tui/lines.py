"""Lines of panels on their way to the terminal, without a detour.

Textual puts a frame together from all that its changed lines touch: each widget's borders and titles, cut where other
widgets begin. A step changes some lines inside panels that nothing covers. These are written as they are; where
anything else has changed too, or something lies over a panel, Textual does it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from rich.console import Console, ConsoleOptions, RenderResult
from textual._compositor import CompositorUpdate
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from textual.widget import Widget

    from tracer.tui.widgets.panel import Panel  # the gallery has none: it is there sooner


class LinesUpdate(CompositorUpdate):
    """Some lines, each at its place on the screen."""

    def __init__(self, lines: Iterable[tuple[int, int, Strip]]) -> None:
        self.lines = list(lines)
        """Column and row from 0, and what to write there."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for _, _, strip in self.lines:
            yield from strip

    def render_segments(self, console: Console) -> str:
        return "".join(f"\x1b[{y + 1};{x + 1}H{strip.render(console)}" for x, y, strip in self.lines)


class Uncovered:
    """The panels of a screen over which nothing lies, with where their insides are. Found again when it is laid out."""

    def __init__(self) -> None:
        self._laid_out: Mapping[Widget, Any] | None = None
        self._panels: list[tuple[Panel, Region]] = []

    def panels(self, screen: Screen[Any]) -> list[tuple[Panel, Region]]:
        placed = screen._compositor.visible_widgets
        if placed is not self._laid_out:
            self._laid_out, self._panels = placed, []
            above: list[Region] = []
            for widget, (region, clip) in placed.items():  # the uppermost first
                whole = clip.contains_region(region)
                lined = hasattr(widget, "terminal_line")
                if lined and whole and not any(region.overlaps(other) for other in above):
                    self._panels.append((cast("Panel", widget), region.shrink(widget.styles.gutter)))
                above.append(region)
        return self._panels

    def update(self, screen: Screen[Any], dirty: Iterable[Region]) -> LinesUpdate | None:
        """What to write where these regions of the screen have changed; None where Textual has to see to it."""
        found = []
        panels = self.panels(screen)
        for region in dirty:
            for panel, inside in panels:
                if inside.x == region.x and inside.width == region.width and inside.y <= region.y < inside.bottom:
                    found.append((panel, inside, region))
                    break
            else:
                return None
            if region.height != 1:
                return None
        return LinesUpdate(
            (region.x, region.y, panel.terminal_line(region.y - inside.y)) for panel, inside, region in found
        )
