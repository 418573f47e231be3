"""Routes: `a` lists all ways by which gradient comes to a node; the marked one stands out in the graph."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tracer.trace.cursor import Cursor
from tracer.tui.screens.dialog import rows_covered
from tracer.tui.screens.doing import NOBODY
from tracer.tui.screens.unfolding import UnfoldingScreen
from tracer.tui.view import View
from tracer.tui.widgets.graph import GraphPanel

if TYPE_CHECKING:
    from tracer.trace.paths import Path


class RoutingScreen(UnfoldingScreen):
    """The stepper's `a`."""

    def action_paths(self) -> None:
        """All routes to the node selected, or at work."""
        node, view = self.view.target, self.view
        if node is None:
            self.notify(NOBODY[self.lang], markup=False)
            return
        from tracer.tui.screens.paths import PathsScreen

        self.stop_playing()
        element = view.cell[1] if view.cell is not None and view.cell[0] == node else None
        screen = PathsScreen(view.cursor, node, element, self._point_out)
        self.app.push_screen(screen, partial(self._walk_to_route, view, node))

    def _point_out(self, path: Path | None) -> None:
        """Draw a route heavy; where parts of the graph are folded, open those around the last op on it."""
        edges = frozenset(path.edges) if path is not None else frozenset()
        covered = rows_covered(self.query_one(GraphPanel))
        if self.view.route == edges and self.view.covered == covered:
            return
        if self.view.folding is not None and path is not None and len(path.nodes) > 1:
            last = path.nodes[-2]
            if self.view.cursor.is_made(last):
                self.reveal(last)
        self.change(route=edges, covered=covered)

    def _walk_to_route(self, before: View, node: int, path: Path | None) -> None:
        """Back to how it was; then to where a route has just arrived, if one was chosen. It stays pointed out until the
        walk goes on."""
        folding = self.view.folding
        self.change(
            selected=before.selected,
            about=before.about,
            part=before.part,
            folding=before.folding,
            opened=before.opened,
            cell=before.cell,
            route=before.route,
            covered=0,
        )
        position = None if path is None else arrival(before.cursor, node, path)
        if path is not None and position is not None:
            self.jump(node, position)
            self.change(folding=folding, route=frozenset(path.edges))


def arrival(cursor: Cursor, node: int, path: Path) -> int | None:
    """The position at which the last part of a route has just been delivered."""
    from tracer.trace.paths import pass_for

    this = pass_for(cursor.trace, node, cursor.position)
    if this is None:
        return None
    if not path.edges:
        return this.start + 1
    to_it = this.deliveries_to(node)
    found = to_it[this.edges[to_it] == path.edges[-1]]
    return this.position_of(int(found[0])) if len(found) else None
