"""The wires of a large picture, kept as columns: their corners become points when a wire is asked for.

A layout that is asked only where its boxes stand, or how large it is, does not pay for tens of thousands of points.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from tracer.layout.placed import Edge, Point
from tracer.layout.things import Ints


class Corners(Mapping[Edge, tuple[Point, ...]]):
    """Edge key -> corners of its wire, as `Placed.routes` has them.

    Args:
        keys: of each edge.
        x, y: the corners of all edges, edge after edge.
        bounds: where each edge's begin, and where the last one's end.
    """

    def __init__(self, keys: Sequence[Edge], x: Ints, y: Ints, bounds: Sequence[int]) -> None:
        self._number = dict(zip(keys, range(len(keys)), strict=True))
        self._x, self._y, self._bounds = x, y, bounds

    def __getitem__(self, key: Edge) -> tuple[Point, ...]:
        number = self._number[key]
        return self._points[self._bounds[number] : self._bounds[number + 1]]

    @cached_property
    def _points(self) -> tuple[Point, ...]:
        return tuple(zip(self._x.tolist(), self._y.tolist(), strict=True))

    def __contains__(self, key: object) -> bool:
        return key in self._number

    def __iter__(self) -> Iterator[Edge]:
        return iter(self._number)

    def __len__(self) -> int:
        return len(self._number)
