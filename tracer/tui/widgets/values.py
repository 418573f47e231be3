"""The values panel: every node's numbers as far as they are known, and the elements of the tensor at hand.

Where the panels are about a tensor with axes, its elements take the place of the table of nodes, or stand under it
where there is room for both.
"""

from __future__ import annotations

from rich.text import Text as RichText
from textual import events
from textual.geometry import Offset, Size
from textual.message import Message
from textual.strip import Strip

from tracer.scene.boxes_table import BoxesTable, boxes_table
from tracer.scene.tensor import TensorPanel, tensor_panel
from tracer.scene.values import ValuesPanel as NodesTable
from tracer.scene.values import listed, values_panel
from tracer.scene.watches import watch_lines
from tracer.text import Text
from tracer.tui.view import View
from tracer.tui.watched import watched
from tracer.tui.widgets.graph import GraphPanel, draws_much, scene_of
from tracer.tui.widgets.panel import Panel

BOTH = 16
"""Lines from which on the table of nodes and a tensor stand over each other."""
TABLE = 0.4
"""The table's part of them."""
LEAST = 5
"""Lines from which on there is room for what is watched."""
WHEEL = 2
"""Rows (or columns) that one notch of the wheel moves."""


class ValuesPanel(Panel):
    """A click on a node's line selects it, a click on an element chooses it; the wheel moves over a large tensor."""

    HEADING = Text(en="Values", ja="値")
    PUSHED = ("_pushed",)
    PAINTED = ("_tensor", "_table", "_watches", "_above")

    class Chosen(Message):
        """An element of the tensor shown was pointed at."""

        def __init__(self, node: int, element: int, again: bool) -> None:
            super().__init__()
            self.node, self.element = node, element
            self.again = again
            """Whether it was the second click of a double click."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._pushed = Offset(0, 0)
        self._tensor: TensorPanel | None = None
        self._table: NodesTable | BoxesTable | None = None
        self._watches = 0
        """Lines of what is watched, over all else."""
        self._above = 0
        """Lines of the table over the tensor."""

    def let_go(self) -> None:
        self._pushed = Offset(0, 0)

    def paint(self, view: View, size: Size) -> list[Strip]:
        above = self._watched(view, size)
        self._watches = len(above)
        size = Size(size.width, size.height - len(above))
        node = shown_tensor(view)
        self._above = size.height
        self._tensor = None
        if node is not None:
            self._above = self._table_lines(view, size.height)
            self._tensor = tensor_panel(
                view.cursor,
                node,
                self.lang,
                self.palette,
                size.height - self._above,
                show=view.show,
                cell=view.element,
                zoom=view.zoom,
                pushed=(self._pushed.y, self._pushed.x),
                blank=node in view.blanks,
            )
        table = self._table = self._table_of(view)
        lines = table.lines(size.width)[: self._above]
        if self._tensor is not None:
            lines += [RichText()] * (self._above - len(lines)) + self._tensor.lines(size.width)
        return self.strips([*above, *lines], size.width)

    @property
    def takes_long(self) -> bool:
        return draws_much(self.view, self.lang)

    def _watched(self, view: View, size: Size) -> list[RichText]:
        """What is watched, in as many lines as leave the table its half, and a rule under them."""
        if not view.watches or size.height < LEAST:
            return []
        rows = watched(view.cursor, view.by, view.watches, self.lang)
        lines = watch_lines(rows, self.lang, self.palette, size.width, size.height // 2 - 1)
        return [*lines, RichText("╌" * size.width, self.palette.style("muted"))]

    def _table_of(self, view: View) -> NodesTable | BoxesTable:
        """The nodes; of a folded graph the boxes of the picture."""
        if view.folding is not None:
            return boxes_table(scene_of(view, self.lang), self.lang, self.palette, self._above)
        return values_panel(view.cursor, self.lang, self.palette, self._above, selected=view.about)

    def _table_lines(self, view: View, height: int) -> int:
        """Lines of the table over a tensor: no more than it has nodes, none where there is no room for both."""
        return min(round(height * TABLE), len(listed(view.cursor.trace)) + 1) if height >= BOTH else 0

    def on_click(self, event: events.Click) -> None:
        inside = event.get_content_offset(self)
        if inside is None or inside.y < self._watches:
            return
        inside -= Offset(0, self._watches)
        if self._tensor is not None and inside.y >= self._above:
            element = self._tensor.element_at(inside.x, inside.y - self._above, self.size.width)
            if element is not None:
                self.post_message(self.Chosen(self._tensor.node, element, event.chain > 1))
            return
        node = self._table.node_at(inside.y) if self._table is not None and inside.y < self._above else None
        if node is not None:
            self.post_message(GraphPanel.Selected(node, event.chain > 1))

    def push(self, rows: int, columns: int) -> None:
        """Move the window over the tensor, until the next step takes it back."""
        if self._tensor is not None:
            self._pushed += Offset(columns, rows)
            self.redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.push(*((0, WHEEL) if event.shift or event.ctrl else (WHEEL, 0)))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.push(*((0, -WHEEL) if event.shift or event.ctrl else (-WHEEL, 0)))

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        event.stop()
        self.push(0, WHEEL)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        event.stop()
        self.push(0, -WHEEL)


def shown_tensor(view: View) -> int | None:
    """The tensor with axes that the panels are about, None where they are about a single number."""
    node = view.node
    return node if node is not None and view.cursor.trace.shape(node) else None
