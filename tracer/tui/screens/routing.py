"""Routes: `a` lists all ways by which gradient comes to a node; the marked one stands out in the graph."""

from __future__ import annotations

from functools import partial

from tracer.trace.cursor import Cursor
from tracer.trace.paths import Path, pass_for
from tracer.tui.screens.doing import NOBODY
from tracer.tui.screens.paths import PathsScreen
from tracer.tui.screens.unfolding import UnfoldingScreen


class RoutingScreen(UnfoldingScreen):
    """The stepper's `a`."""

    def action_paths(self) -> None:
        """All routes to the node selected, or at work."""
        node, view = self.view.target, self.view
        if node is None:
            self.notify(NOBODY[self.lang], markup=False)
            return
        self.stop_playing()
        element = view.cell[1] if view.cell is not None and view.cell[0] == node else None
        screen = PathsScreen(view.cursor, node, element, self._point_out)
        self.app.push_screen(screen, partial(self._walk_to_route, view.cursor, node))

    def _point_out(self, edges: frozenset[int]) -> None:
        if self.view.route != edges:
            self.change(route=edges)

    def _walk_to_route(self, cursor: Cursor, node: int, path: Path | None) -> None:
        """Where a route has just arrived; it stays pointed out until the walk goes on."""
        position = None if path is None else arrival(cursor, node, path)
        if path is None or position is None:
            self._point_out(frozenset())
            return
        self.jump(node, position)
        self.change(route=frozenset(path.edges))


def arrival(cursor: Cursor, node: int, path: Path) -> int | None:
    """The position at which the last part of a route has just been delivered."""
    this = pass_for(cursor.trace, node, cursor.position)
    if this is None:
        return None
    if not path.edges:
        return this.start + 1
    to_it = this.deliveries_to(node)
    found = to_it[this.edges[to_it] == path.edges[-1]]
    return this.position_of(int(found[0])) if len(found) else None
