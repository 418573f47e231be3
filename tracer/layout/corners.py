"""The wires of a large picture: their corners are written down when the first one is asked for.

A layout that is asked only where its boxes stand, or how large it is, does not pay for tens of thousands of points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from tracer.layout.placed import Edge, Point


class Corners(Mapping[Edge, tuple[Point, ...]]):
    """Edge key -> corners of its wire, as `Placed.routes` has them.

    Args:
        trace: gives them all; called once, if ever.
    """

    def __init__(self, trace: Callable[[], Mapping[Edge, tuple[Point, ...]]]) -> None:
        self._trace = trace

    @cached_property
    def _found(self) -> Mapping[Edge, tuple[Point, ...]]:
        return self._trace()

    def __getitem__(self, key: Edge) -> tuple[Point, ...]:
        return self._found[key]

    def __contains__(self, key: object) -> bool:
        return key in self._found

    def __iter__(self) -> Iterator[Edge]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)
