"""Asking: `y` says why the gradient of a node is what it is; while one reads, the graph shows the link at hand."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tracer.tui.screens.doing import NOBODY
from tracer.tui.screens.unfolding import UnfoldingScreen
from tracer.tui.view import View

if TYPE_CHECKING:
    from tracer.trace.why import Link


class AskingScreen(UnfoldingScreen):
    """The stepper's `y`."""

    def action_why(self) -> None:
        """Why the gradient of the node selected, or at work, is zero, nan, huge, tiny, missing, or this number."""
        node, view = self.view.target, self.view
        if node is None:
            self.notify(NOBODY[self.lang], markup=False)
            return
        self.ask_why(node, view.cell[1] if view.cell is not None and view.cell[0] == node else None)

    def ask_why(self, node: int, element: int | None) -> None:
        """Ask about a node: of a tensor about one element, an index into the flattened tensor."""
        from tracer.tui.screens.why import WhyScreen

        self.stop_playing()
        screen = WhyScreen(self.view.cursor, node, element, self._show_link)
        self.app.push_screen(screen, partial(self._walk_to_link, self.view))

    def _show_link(self, link: Link, edges: frozenset[int]) -> None:
        """The marked link's node, wherever it is drawn; the way to it drawn heavy."""
        shown, cursor = link.at.node, self.view.cursor
        port = self.view.folding is not None and cursor.trace.op(shown) is None
        if port and link.other is not None and cursor.is_made(link.other.node):
            shown = link.other.node  # a leaf is a row in the box that uses it: here this one
        if cursor.is_made(shown):
            self.reveal(shown)
        if self.view.route != edges:
            self.change(route=edges)

    def _walk_to_link(self, before: View, link: Link | None) -> None:
        """Back to how it was; then to where a link happened, if one was chosen."""
        self.change(
            selected=before.selected,
            about=before.about,
            part=before.part,
            folding=before.folding,
            opened=before.opened,
            cell=before.cell,
            route=before.route,
        )
        if link is not None and self.view.cursor.is_made(link.at.node):
            self.jump(link.at.node, link.position)
