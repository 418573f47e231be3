"""The lines under the panels: what the panel in front shows, the selected cell with its number, what is going wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.text import Text as RichText
from textual.geometry import Size
from textual.reactive import reactive

from tracer.scene.palette import Role
from tracer.text import Text
from tracer.tui.widgets.panel import Panel

NOTHING = Text.same("")


@dataclass(frozen=True)
class Told:
    """What stands there."""

    warning: Text | None = None
    """What is wrong with the run."""
    name: Text = NOTHING
    """Of the panel in front."""
    caption: Text = NOTHING
    cell: str = ""
    """The selected cell with its number; empty where none is selected."""
    opens: bool = False
    """Whether that cell can be opened."""


class Caption(Panel):
    """One line, or two where there is room. What matters most comes first: trouble, the selected cell, the caption."""

    DEFAULT_CSS = """
    Caption { height: 1; width: 1fr; border: none; background: $background; padding: 0 1; }
    Caption:focus { border: none; }
    """
    GROUND = "background"
    can_focus = False

    told: reactive[Told] = reactive(Told(), repaint=False, init=False)

    def watch_told(self) -> None:
        self.redraw()

    def _inputs(self, size: Size) -> tuple[Any, ...]:
        return (self.told, self.lang, self.app.theme, size)

    def _repaint(self, size: Size) -> None:
        self._drawn = self._inputs(size)
        told, lang = self.told, self.lang
        lines: list[tuple[str, Role]] = []
        if told.warning is not None:
            lines.append((f"✗ {told.warning[lang]}", "wrong"))
        if told.cell:
            lines.append((f"{told.cell}   {_ENTER[lang]}" if told.opens else told.cell, "accent"))
        if told.caption[lang]:
            lines.append((f"{told.name[lang]}: {told.caption[lang]}", "muted"))
        found = [RichText(words, self.palette.style(role), no_wrap=True) for words, role in lines[: size.height]]
        for line in found:
            line.truncate(size.width, overflow="ellipsis")
        self._lines = self.filled(self.strips(found, size.width), size)


_ENTER = Text(en="(enter opens it)", ja="（enter で開く）")
