"""A graph in rows, from its inputs to its results: where each box stands and how each wire runs, in whole cells.

The method is the layered one (Sugiyama): ranks, one chain of through-points per source value so that fan-out shares a
trunk, few crossings, coordinates by isotonic regression, and channels with one track a net. Everything is computed
along two axes: *flow* (the direction of travel) and *across*. `down` flows in rows, `right` in columns.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from tracer.layout.graph import Graph
from tracer.layout.order import EXCHANGE_LIMIT
from tracer.layout.pieces import Pieces, at_once
from tracer.layout.placed import SPACING, Direction, Edge, Placed, Point, Size, Spacing
from tracer.layout.ranks import numbered_ranks
from tracer.layout.reading import read
from tracer.layout.small import SmallLayout

if TYPE_CHECKING:
    from tracer.layout.large import LargeLayout

__all__ = ["SPACING", "Direction", "Edge", "Placed", "Point", "Size", "Spacing", "corners", "layered", "layout"]


def layered(
    graph: Graph[Any], sizes: Mapping[int, Size], direction: Direction = "down", spacing: Spacing | None = None
) -> Placed:
    """Lays out an acyclic graph whose edges run from inputs to users. Edge keys must be unique in the graph."""
    return at_once(layering(graph, sizes, direction, spacing))


def layering(
    graph: Graph[Any], sizes: Mapping[int, Size], direction: Direction = "down", spacing: Spacing | None = None
) -> Pieces[Placed]:
    """The same in pieces."""
    if not graph:
        return Placed(direction, {}, {}, {}, 0, 0, 0)
    found = layout(graph, sizes, direction, spacing or SPACING[direction])
    yield from found.laid()
    yield
    return found.placed()


def layout(
    graph: Graph[Any],
    sizes: Mapping[int, Size],
    direction: Direction,
    spacing: Spacing,
    top: Collection[int] = frozenset(),
    bottom: Collection[int] = frozenset(),
) -> SmallLayout | LargeLayout:
    """A layout under way, in the manner that suits the graph's size; `laid` gives everything its place.

    Args:
        top, bottom: nodes to keep in the first row and in the last one (see `ranks`).
    """
    found = read(graph)
    number = {node: thing for thing, node in enumerate(found.nodes)} if top or bottom else {}
    rank = numbered_ranks(found.targets, {number[node] for node in top}, {number[node] for node in bottom})
    extents = [sizes[node] for node in found.nodes]
    reach = found.reach(rank)
    if len(rank) + sum(reach) - sum(rank) <= EXCHANGE_LIMIT:
        return SmallLayout(found, rank, reach, extents, direction, spacing)
    from tracer.layout.large import LargeLayout

    return LargeLayout(found, rank, reach, extents, direction, spacing)


def corners(path: list[Point]) -> tuple[Point, ...]:
    """The path without repeated points and without points on a straight piece."""
    kept: list[Point] = []
    for point in path:
        if kept and kept[-1] == point:
            continue
        if len(kept) > 1 and (kept[-2][0] == kept[-1][0] == point[0] or kept[-2][1] == kept[-1][1] == point[1]):
            kept.pop()
        kept.append(point)
    return tuple(kept)
