"""An array seen as a table: its last two axes are rows and columns, the axes in front are held at one index each.

A vector is one row. Which slice is shown, and which part of it, follows from one chosen element, so that nothing has to
be remembered: choosing another element is scrolling.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tracer.explain.amount import Array

Direction = Literal["left", "right", "up", "down"]
_STEPS: dict[Direction, tuple[int, int]] = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}


@dataclass(frozen=True)
class Grid:
    """One slice of an array of this shape, through `cell` (an index into the flattened array; None: the first)."""

    shape: tuple[int, ...]
    cell: int | None = None

    @property
    def at(self) -> tuple[int, ...]:
        """The chosen element's index in every axis."""
        if not self.shape or 0 in self.shape:
            return (0,) * len(self.shape)
        return tuple(int(i) for i in np.unravel_index(min(self.cell or 0, self.size - 1), self.shape))

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def rows(self) -> int:
        return self.shape[-2] if len(self.shape) > 1 else 1

    @property
    def columns(self) -> int:
        return self.shape[-1] if self.shape else 1

    @property
    def row(self) -> int:
        return self.at[-2] if len(self.shape) > 1 else 0

    @property
    def column(self) -> int:
        return self.at[-1] if self.shape else 0

    @property
    def leading(self) -> tuple[int, ...]:
        """The index at which each axis in front of rows and columns is held."""
        return self.at[:-2] if len(self.shape) > 2 else ()

    def matrix(self, array: Array) -> Array:
        """(rows, columns) of the array."""
        found: Array = array[self.leading].reshape(self.rows, self.columns)
        return found

    def flat(self, row: int, column: int) -> int:
        """The index into the flattened array of an element of the slice."""
        index = (*self.leading, row, column)[-len(self.shape) :] if self.shape else ()
        return int(np.ravel_multi_index(index, self.shape)) if index else 0

    def index_text(self) -> str:
        """`[1, 2]` of the chosen element; "" of a single number."""
        return f"[{', '.join(map(str, self.at))}]" if self.shape else ""

    def slice_text(self) -> str:
        """`[3, :, :]` where there are axes in front; else ""."""
        return f"[{', '.join(map(str, self.leading))}, :, :]" if self.leading else ""

    def moved(self, direction: Direction, n: int = 1) -> int:
        """The element `n` further, staying in the slice; the first one where none was chosen."""
        if self.cell is None:
            return 0
        down, right = _STEPS[direction]
        row = max(0, min(self.row + n * down, self.rows - 1))
        column = max(0, min(self.column + n * right, self.columns - 1))
        return self.flat(row, column)

    def sliced(self, n: int) -> int:
        """The same element of the nth slice from here, round and round; where there is one slice only, itself."""
        if not self.leading:
            return self.cell or 0
        within = self.rows * self.columns
        place = self.flat(self.row, self.column)
        return (place + n * within) % self.size


def window(whole: int, seen: int, chosen: int | None, pushed: int = 0) -> int:
    """The first of `seen` rows (or columns) to show of `whole`: the chosen one is among them unless pushed away."""
    first = 0
    if chosen is not None and chosen >= seen:
        first = chosen - seen // 2
    return max(0, min(max(0, min(first, whole - seen)) + pushed, whole - seen))


def ticks(first: int, count: int, every: int) -> Sequence[tuple[int, int]]:
    """(place, index) of the indices that a ruler names, `every` places apart."""
    return [(i, first + i) for i in range(count) if (first + i) % every == 0]
