"""The values panel: every node's numbers as far as they are known."""

from __future__ import annotations

from textual import events
from textual.geometry import Size
from textual.strip import Strip

from tracer.scene.values import values_panel
from tracer.text import Text
from tracer.tui.view import View
from tracer.tui.widgets.graph import GraphPanel
from tracer.tui.widgets.panel import Panel


class ValuesPanel(Panel):
    """A table around the node at work, or the one selected. A click on a line selects its node."""

    HEADING = Text(en="Values", ja="値")

    def paint(self, view: View, size: Size) -> list[Strip]:
        self._table = values_panel(view.cursor, self.lang, self.palette, size.height, selected=view.about)
        return self.strips(self._table.lines(size.width), size.width)

    def on_click(self, event: events.Click) -> None:
        inside = event.get_content_offset(self)
        node = None if inside is None else self._table.node_at(inside.y)
        if node is not None:
            self.post_message(GraphPanel.Selected(node, event.chain > 1))
