"""Where the words of a wire stand: beside it or in it, where they hide least."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from tracer.scene.scene import Point, Wire

Cost = Callable[[int, int], int]
"""What it costs to write over a cell: 0 for a blank one."""


def label_place(wire: Wire, size: int, cost: Cost) -> Point:
    """The first cell for a text of `size` cells (blanks around it included) on a wire.

    Places near the user come first; a later one wins only if it hides less.
    """
    own = set(_cells(wire))
    best: tuple[int, int] | None = None
    place = wire.points[-1]
    for number, (x, y) in enumerate(_places(wire, size)):
        hidden = sum(0 if (column, y) in own else cost(column, y) for column in range(x, x + size))
        if best is None or (hidden, number) < best:
            best, place = (hidden, number), (x, y)
        if not hidden:
            break
    return place


def _places(wire: Wire, size: int) -> Iterator[Point]:
    """Beside upright pieces, under and over level ones, then inside level ones, from the user's end."""
    pieces = list(pairwise(wire.points))[::-1]
    level = [(x0, x1, y0) for (x0, y0), (x1, y1) in pieces if y0 == y1]
    for (x0, y0), (x1, y1) in pieces:
        if x0 == x1:
            for y in range(max(y0, y1) - 1, min(y0, y1), -1):
                yield x1 + 1, y
                yield x1 - size, y
        else:
            for x in _starts(x0, x1, size, 2, 1):
                yield x, y1 + 1
                yield x, y1 - 1
    for x0, x1, y in level:
        for x in _starts(x0, x1, size, 3, 3):
            yield x, y


def _starts(x0: int, x1: int, size: int, near: int, far: int) -> Iterator[int]:
    """First cells along a level piece that leave so many cells free at its user's end and at its other end."""
    if x1 > x0:
        last, first = x1 - near - size + 1, x0 + far
    else:
        last, first = x1 + near, x0 - far - size + 1
    if first == last or (first < last) == (x1 > x0):
        yield from (last, (first + last) // 2, first)


def _cells(wire: Wire) -> Iterator[Point]:
    for (x0, y0), (x1, y1) in pairwise(wire.points):
        for y in range(min(y0, y1), max(y0, y1) + 1):
            for x in range(min(x0, x1), max(x0, x1) + 1):
                yield x, y
