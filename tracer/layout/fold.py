"""Which nodes of a trace are drawn: all of a small graph, a large one folded by scope, and of what is still too large
a window.

Constants go into their user's box. In a large graph leaves do too, as ports: a weight that a thousand nodes use would
draw a thousand wires across the picture. A closed group is one box; nothing is lost, for every node has a place.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tracer.layout.boxes import Drawn, Fold, FoldKind, Port
from tracer.layout.default_folding import default_folding, group_of, opened_to
from tracer.layout.fold_stats import FoldStats, stats
from tracer.layout.folding import LIMIT, Folding
from tracer.layout.folds import fold_at, folds_around
from tracer.layout.graph import Graph
from tracer.layout.groups import Groups, groups_of
from tracer.layout.insides import Inside, insides
from tracer.layout.ports import ports
from tracer.layout.quotient import Quotient, is_large, quotient_of
from tracer.layout.window import boxed, boxes_left_out, folded, grown, is_folded, left_out, size, stretch_in, window
from tracer.trace.trace import Trace

__all__ = [
    "LIMIT",
    "Drawn",
    "Fold",
    "FoldKind",
    "FoldStats",
    "Folding",
    "Inside",
    "Port",
    "default_folding",
    "draw_graph",
    "folded",
    "group_of",
    "insides",
    "is_folded",
    "opened_to",
    "stats",
    "stretch_of",
]


def stretch_of(trace: Trace, around: int, limit: int = LIMIT, folding: Folding | None = None) -> int:
    """Number of the window that shows `around`; 0 if one drawing holds the whole graph."""
    limit = limit if folding is None else folding.limit
    at = _folding(trace, limit, folding)
    if at is not None:
        groups, made = groups_of(trace), quotient_of(trace, at.opened)
        return stretch_in(made, _index(groups, made, around, None), at)
    shown = boxed(trace)
    if len(shown) <= limit:
        return 0
    return min(int(np.searchsorted(shown, around)), len(shown) - 1) // size(limit)


def draw_graph(trace: Trace, around: int | None = None, limit: int = LIMIT, folding: Folding | None = None) -> Drawn:
    """The graph to draw: all of it, or folded, or the window around a node when it has more boxes than the limit.

    Args:
        trace: what was recorded.
        around: the node of interest; None means the first.
        limit: the most boxes to draw. A `folding` has its own.
        folding: what is open. None draws a small trace as it is, and a large one with scopes as `default_folding` says.
    """
    limit = limit if folding is None else folding.limit
    at = _folding(trace, limit, folding)
    if at is not None:
        return _drawn(trace, around or 0, at)
    shown = boxed(trace)
    stretch = stretch_of(trace, around or 0, limit)
    if len(shown) <= limit:
        return _whole(trace, shown.tolist(), 0)
    length = size(limit)
    return _whole(trace, grown(trace, shown[stretch * length : (stretch + 1) * length].tolist(), limit), stretch)


def _folding(trace: Trace, limit: int, folding: Folding | None) -> Folding | None:
    """What to draw by; None where everything is drawn as it is."""
    groups = groups_of(trace)
    if len(groups) == len(groups.unused) + 1 and (folding is None or folding.hops is None):
        return None  # nothing to fold
    if folding is not None:
        return folding
    return default_folding(trace, limit) if is_large(trace) and len(boxed(trace)) > limit else None


def _whole(trace: Trace, nodes: list[int], stretch: int) -> Drawn:
    """Nodes as they are."""
    graph: Graph[int] = Graph()
    graph.add_nodes_from(nodes)
    for node in nodes:
        for edge, source in zip(trace.edges_in(node), trace.inputs(node), strict=True):
            if source in graph:
                graph.add_edge(source, node, key=edge)
    groups = groups_of(trace)
    written = dict(zip(groups.written.tolist(), groups.writer.tolist(), strict=True))

    def place(node: int, user: int | None) -> int | None:
        at = written.get(node, node)
        return at if at in graph else None

    said = None if len(nodes) == len(boxed(trace)) else left_out(trace, nodes)
    return Drawn(graph, stretch, said, find=place)


def _drawn(trace: Trace, around: int, folding: Folding) -> Drawn:
    groups, made = groups_of(trace), quotient_of(trace, folding.opened)
    if not len(made.alive):
        return Drawn(Graph(), 0, None, is_folded=True)
    at = _index(groups, made, around, None)
    kept = window(made, at, folding)
    boxes = made.alive[kept[made.alive]]
    graph, bundles = _graph(made, kept, boxes)
    folds = {int(made.ids[box]): fold_at(trace, groups, made, int(box)) for box in boxes.tolist() if made.ids[box] < 0}
    opened, inside, closes = folds_around(trace, groups, made, boxes.tolist())
    said = None
    if len(boxes) < len(made.alive):
        first, last = (_label(trace, folds, int(made.ids[box])) for box in (boxes[0], boxes[-1]))
        said = boxes_left_out(len(boxes), len(made.alive), first, last)
    return Drawn(
        graph=graph,
        stretch=stretch_in(made, at, folding),
        left_out=said,
        folds=folds,
        bundles=bundles,
        ports=ports(trace, groups, made, kept),
        opened=opened,
        inside=inside,
        closes=closes,
        cut=_cut(made, kept) if said else {},
        is_folded=True,
        find=_finder(groups, made, kept, trace.columns.inputs),
    )


def _label(trace: Trace, folds: dict[int, Fold], box: int) -> str:
    return trace.label(box) if box >= 0 else folds[box].title


def _index(groups: Groups, made: Quotient, node: int, user: int | None) -> int:
    """Index of the box in which a node is seen."""
    at = int(made.box[node])
    if at < 0:
        at = int(made.box[groups.first_use[node] if user is None else user])
    return at


def _graph(
    made: Quotient, kept: NDArray[np.bool_], boxes: NDArray[np.int64]
) -> tuple[Graph[int], dict[int, NDArray[np.int64]]]:
    graph: Graph[int] = Graph()
    graph.add_nodes_from(made.ids[boxes].tolist())
    drawn = np.flatnonzero(kept[made.source] & kept[made.target])
    sources, targets, edges = made.source[drawn].astype(np.int64), made.target[drawn], made.edges[drawn]
    bundled = (made.ids[sources] < 0) | (made.ids[targets] < 0)
    between = sources[bundled] * len(made.ids) + targets[bundled]
    order = np.argsort(between, kind="stable")
    starts = np.flatnonzero(np.diff(between[order], prepend=-1))
    rows = np.split(edges[bundled][order], starts[1:]) if len(starts) else []
    bundles = {-1 - int(row[0]): row for row in rows}
    at = np.searchsorted(edges, [int(row[0]) for row in rows])
    single = np.flatnonzero(~bundled)
    wires = list(zip(edges[single].tolist(), single.tolist(), strict=True))
    wires = sorted(wires + [(int(row[0]), int(i)) for row, i in zip(rows, at, strict=True)])
    for edge, i in wires:
        graph.add_edge(int(made.ids[sources[i]]), int(made.ids[targets[i]]), key=-1 - edge if bundled[i] else edge)
    return graph, bundles


def _cut(made: Quotient, kept: NDArray[np.bool_]) -> dict[int, tuple[int, int]]:
    """Of each drawn box how many edges come from, and lead to, what the window leaves out."""
    from_out, to_out = ~kept[made.source] & kept[made.target], kept[made.source] & ~kept[made.target]
    coming = np.bincount(made.target[from_out], minlength=len(made.ids))
    going = np.bincount(made.source[to_out], minlength=len(made.ids))
    some = np.flatnonzero(coming + going).tolist()
    return {int(made.ids[box]): (int(coming[box]), int(going[box])) for box in some}


def _finder(
    groups: Groups, made: Quotient, kept: NDArray[np.bool_], inputs: NDArray[np.int32]
) -> Callable[[int, int | None], int | None]:
    def place(node: int, user: int | None) -> int | None:
        at = int(made.box[node])
        if at < 0 and user is not None:
            at = int(made.box[user])
        if at < 0 or not kept[at]:
            if made.box[node] >= 0:
                return None
            users = made.box[groups.users[np.flatnonzero(inputs == node)]]
            seen = users[kept[users]]
            if not len(seen):
                return None
            at = int(seen[0])
        return int(made.ids[at])

    return place
