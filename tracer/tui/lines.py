"""Lines of panels on their way to the terminal, without a detour.

Textual puts a frame together from all that its changed lines touch: each widget's borders and titles, cut where other
widgets begin. A step changes some lines inside panels, and what a lower border says. These are written as they are, as
far as they can be seen; where anything else has changed too, Textual does it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from rich.console import Console, ConsoleOptions, RenderResult
from textual._compositor import CompositorUpdate
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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


@dataclass(frozen=True)
class Laid:
    """A panel where it lies on the screen."""

    panel: Panel
    region: Region
    inside: Region
    above: tuple[Region, ...]
    """What lies over it, such as a notice."""

    def line(self, region: Region) -> Iterator[tuple[int, int, Strip]] | None:
        """What to write where a region has changed: a line of its inside, or of its lower border; None for any other.

        Where something else lies over all of the region, that has changed.
        """
        (x, y), inside = region.offset, self.inside
        lines = region.height == 1 and (x, region.width) == (inside.x, inside.width)
        if not lines or any(other.contains_region(region) for other in self.above):
            return None
        if inside.y <= y < inside.bottom:
            return self._seen(x, y, self.panel.terminal_line(y - inside.y))
        if y == inside.bottom < self.region.bottom:
            return self._seen(x, y, self.panel.lower_border())
        return None

    def _seen(self, x: int, y: int, line: Strip) -> Iterator[tuple[int, int, Strip]]:
        """Of a line at a place, the pieces that nothing lies over."""
        start, right = x, x + line.cell_length
        for other in sorted(region for region in self.above if region.y <= y < region.bottom):
            if start < other.x:
                yield start, y, line.crop(start - x, min(other.x, right) - x)
            start = max(start, other.right)
        if start < right:
            yield start, y, line.crop(start - x, right - x)


class Uncovered:
    """The panels of a screen, with what lies over them. Found again when it is laid out."""

    def __init__(self) -> None:
        self._laid_out: Mapping[Widget, Any] | None = None
        self._panels: list[Laid] = []

    def panels(self, screen: Screen[Any]) -> list[Laid]:
        placed = screen._compositor.visible_widgets
        if placed is not self._laid_out:
            self._laid_out, self._panels = placed, []
            above: list[Region] = []
            for widget, (region, clip) in placed.items():  # the uppermost first
                if hasattr(widget, "terminal_line") and clip.contains_region(region):
                    over = tuple(other for other in above if region.overlaps(other))
                    inside = region.shrink(widget.styles.gutter)
                    self._panels.append(Laid(cast("Panel", widget), region, inside, over))
                above.append(region.intersection(clip))
        return self._panels

    def update(self, screen: Screen[Any], dirty: Iterable[Region]) -> LinesUpdate | None:
        """What to write where these regions of the screen have changed; None where Textual has to see to it."""
        found: list[tuple[int, int, Strip]] = []
        panels = self.panels(screen)
        for region in dirty:
            laid = next((one for one in panels if one.region.contains_region(region)), None)
            line = laid.line(region) if laid is not None else None
            if line is None:
                return None
            found += line
        return LinesUpdate(found)
