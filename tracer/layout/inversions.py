"""Pairs in the wrong order, counted in many stretches of numbers at once: crossings are such pairs."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

WIDTHS = (1, 16, 32, 64, 128, 256, 512, 1024, 4096)
"""Stretches with up to so many numbers are looked at together, each number with all; in longer ones they are merged."""


class Inversions:
    """The stretches of a column of numbers, one behind the other.

    Args:
        sizes: how many numbers each has.
        most: no number is larger than this, none is below 0.
    """

    def __init__(self, sizes: NDArray[np.int64], most: int) -> None:
        stops = np.cumsum(sizes)
        total = int(stops[-1]) if len(stops) else 0
        self._kind = np.min_scalar_type(most + 1)  # in few bytes, for all pairs are looked at
        self._most = most + 1
        self._blocks: list[NDArray[np.int64]] = []
        for least, width in pairwise(WIDTHS):
            some = np.flatnonzero((sizes > least) & (sizes <= width))
            if len(some):
                cells = np.arange(int(sizes[some].max()))[:, None]
                inside = cells < sizes[some]
                self._blocks.append(np.where(inside, stops[some] - sizes[some] + cells, total))
        self._long = [(int(stops[row] - sizes[row]), int(stops[row])) for row in np.flatnonzero(sizes > WIDTHS[-1])]

    def count(self, numbers: NDArray[np.int64]) -> int:
        """In how many pairs of a stretch the later number is the smaller one."""
        padded = np.empty(len(numbers) + 1, self._kind)
        padded[:-1], padded[-1] = numbers, self._most  # what fills short stretches up is smaller than nothing
        total = 0
        for block in self._blocks:
            stretches = padded.take(block)  # one a column, so that a comparison runs through all of them
            for apart in range(1, len(stretches)):
                found = int(np.count_nonzero(stretches[:-apart] > stretches[apart:]))
                if not found and apart == 1:
                    break  # all in order
                total += found
        for start, stop in self._long:
            total += _merged(numbers[start:stop].tolist())
        return total


def _merged(numbers: Sequence[int]) -> int:
    total = 0
    seen: list[int] = []
    for place, number in enumerate(numbers):
        total += place - bisect_right(seen, number)
        insort(seen, number)
    return total
