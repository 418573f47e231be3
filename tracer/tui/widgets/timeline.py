"""The timeline: forward, backward, updates, and where one is in them. A click or a drag goes there."""

from __future__ import annotations

from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from tracer.scene.timeline import timeline
from tracer.text import Text
from tracer.tui.breaks import marks
from tracer.tui.view import View
from tracer.tui.widgets.panel import Panel
from tracer.tui.widgets.scrubbing import Scrubbing


class Timeline(Panel, Scrubbing):
    """One line of time."""

    DEFAULT_CSS = """
    Timeline { height: 3; }
    """
    HEADING = Text(en="Timeline", ja="タイムライン")
    PAINTED = ("_line",)
    can_focus = False

    class Scrubbed(Message):
        """The user pointed at a moment."""

        def __init__(self, position: int) -> None:
            super().__init__()
            self.position = position

    def paint(self, view: View, size: Size) -> list[Strip]:
        found = marks(view.cursor.trace, view.breaks)
        ticks = () if found is None else found.ticks(view.cursor.position)
        self._line = timeline(view.cursor, self.lang, self.palette, size.width, by=view.by, ticks=ticks)
        return self.strips([self._line.text], size.width)

    def scrub(self, column: int) -> None:
        position = self._line.position_at(column)
        if self.view is not None and position != self.view.cursor.position:
            self.post_message(self.Scrubbed(position))
