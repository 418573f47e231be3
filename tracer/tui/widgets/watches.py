"""What is watched, in one line, where the values panel shares its place with others and may be behind them."""

from __future__ import annotations

from textual.geometry import Size
from textual.strip import Strip

from tracer.scene.watches import watch_line
from tracer.tui.view import View
from tracer.tui.watched import watched
from tracer.tui.widgets.panel import Panel


class WatchLine(Panel):
    """One line; shown by the stepper only while something is watched."""

    DEFAULT_CSS = """
    WatchLine { height: 1; border: none; background: $background; }
    WatchLine:focus { border: none; }
    """
    GROUND = "background"
    PAINTED = ()
    can_focus = False

    def paint(self, view: View, size: Size) -> list[Strip]:
        rows = watched(view.cursor, view.by, view.watches, self.lang)
        return self.strips([watch_line(rows, self.lang, self.palette, size.width)], size.width)
