"""The source panel: the user's own lines around this moment."""

from __future__ import annotations

from textual.geometry import Size
from textual.strip import Strip

from tracer.scene.source import source_panel, source_title
from tracer.text import Text
from tracer.tui.view import View
from tracer.tui.widgets.panel import Panel


class SourcePanel(Panel):
    """Shows the line that made the node at work, and in a backward pass the call too."""

    HEADING = Text(en="Source", ja="ソース")
    PAINTED = ("_below",)

    def paint(self, view: View, size: Size) -> list[Strip]:
        trace = view.cursor.trace
        at = None if view.about is None else trace.source(view.about)
        name = source_title(view.cursor)
        self.say_below(name)
        panel = source_panel(view.cursor, self.lang, self.palette, size.height, at=at)
        return self.strips(panel.lines(size.width), size.width)
