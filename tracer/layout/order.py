"""The order of things within each rank: few crossings.

Barycentre sweeps down and up, keeping the best order seen; then neighbours are exchanged while that removes crossings.
All steps are stable and start from the order of creation, so the same graph gives the same picture in every run.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import chain

import numpy as np

from tracer.layout.inversions import Inversions

SWEEPS = 16
PATIENCE = 4
"""Sweeps without a better order before giving up."""
MANY, FEWER_SWEEPS, LESS_PATIENCE = 3000, 4, 2
"""With this many things nobody follows single wires, and each sweep is dear."""
EXCHANGE_LIMIT = 600
"""Above this many things the exchange step costs more than it shows."""
FEW = 500
"""Fewer edges are compared one by one."""
Neighbours = Sequence[Sequence[int]]


def ordered(rows: Sequence[Sequence[int]], above: Neighbours, below: Neighbours) -> tuple[list[list[int]], int]:
    """`rows` with each row's things reordered, and how many pairs of edges cross then.

    Args:
        rows: things (ints from 0) of each rank, top to bottom.
        above, below: each thing's neighbours one rank up and down, one entry an edge.
    """
    best = [list(row) for row in rows]
    count = sum(map(len, best))
    sweeps, patience = (SWEEPS, PATIENCE) if count < MANY else (FEWER_SWEEPS, LESS_PATIENCE)
    counter = _Counter(best, below)
    at = [0.0] * count
    _number(best, at)
    fewest = counter.crossings(at)
    current, since = best, 0
    for sweep in range(sweeps):
        if fewest == 0:
            return best, 0
        if since == patience:
            break
        since += 1
        current = _swept(current, above if sweep % 2 == 0 else below, at, downwards=sweep % 2 == 0)
        found = counter.crossings(at)
        if found < fewest:
            best, fewest, since = current, found, 0
    if count <= EXCHANGE_LIMIT:
        best = [list(row) for row in best]
        _number(best, at)
        dirty = set(range(len(best)))
        while dirty:
            dirty = _exchange(best, above, below, at, dirty)
        fewest = counter.crossings(at)
    return best, fewest


def crossings(rows: Sequence[Sequence[int]], below: Neighbours) -> int:
    """How many pairs of edges cross, over all pairs of neighbouring rows."""
    at = [0.0] * sum(map(len, rows))
    _number(rows, at)
    return _Counter(rows, below).crossings(at)


def _number(rows: Sequence[Sequence[int]], at: list[float]) -> None:
    """Writes down each thing's place in its row."""
    for row in rows:
        for place, thing in enumerate(row):
            at[thing] = float(place)


class _Counter:
    """Counts crossings of the same edges in one order after another."""

    def __init__(self, rows: Sequence[Sequence[int]], below: Neighbours) -> None:
        self._edges: list[list[tuple[int, int]]] | None = None
        things = list(chain.from_iterable(rows))
        if sum([len(below[thing]) for thing in things]) < FEW:
            self._edges = [[(thing, other) for thing in row for other in below[thing]] for row in rows]
            return
        counts = [len(below[thing]) for thing in things]
        per_row = [sum([len(below[thing]) for thing in row]) for row in rows]
        self._uppers = np.repeat(np.array(things, np.int64), counts)
        self._lowers = np.fromiter(chain.from_iterable([below[thing] for thing in things]), np.int64)
        self._base = max(map(len, rows)) + 1  # places are the digits of a number that sorts edges
        self._row = np.repeat(np.arange(len(rows)), per_row) * self._base**2
        self._inversions = Inversions(np.array(per_row, np.int64), self._base)

    def crossings(self, at: Sequence[float]) -> int:
        """`at`: each thing's place in its row."""
        if self._edges is not None:
            return self._one_by_one(at)
        places = np.asarray(at).astype(np.int64)
        ends = np.sort(self._row + places[self._uppers] * self._base + places[self._lowers]) % self._base
        return self._inversions.count(ends)

    def _one_by_one(self, at: Sequence[float]) -> int:
        """The same for few edges, where arrays cost more than they save."""
        total = 0
        for edges in self._edges or ():
            seen: list[float] = []
            for number, (_, end) in enumerate(sorted([(at[upper], at[lower]) for upper, lower in edges])):
                total += number - bisect_right(seen, end)
                insort(seen, end)
        return total


def _swept(rows: Sequence[Sequence[int]], towards: Neighbours, at: list[float], *, downwards: bool) -> list[list[int]]:
    """Each row sorted by the mean place of its neighbours in the row just settled; a thing without any stays put.

    Args:
        at: each thing's place in its row, brought up to date.
    """
    result = [list(row) for row in rows]
    first = 0 if downwards else len(rows) - 1
    _number([result[first]], at)
    steps = range(1, len(rows)) if downwards else range(len(rows) - 2, -1, -1)
    for number in steps:
        row = result[number]
        length = len(result[number - 1 if downwards else number + 1])
        keys = []
        for place, thing in enumerate(row):
            others = towards[thing]
            if len(others) == 1:
                keys.append(at[others[0]])
            elif others:
                keys.append(sum([at[other] for other in others]) / len(others))
            else:
                keys.append(place * length / len(row))
        row = [row[place] for place in sorted(range(len(row)), key=keys.__getitem__)]
        result[number] = row
        for place, thing in enumerate(row):
            at[thing] = float(place)
    return result


def _exchange(
    rows: list[list[int]], above: Neighbours, below: Neighbours, at: list[float], dirty: set[int]
) -> set[int]:
    """Swaps neighbours in place wherever that removes crossings, and says in which rows more may be won.

    Args:
        dirty: the rows to look at: the others, and those beside them, have not moved since the last look.
    """
    moved: set[int] = set()
    for number, row in enumerate(rows):
        if number not in dirty and number - 1 not in moved:
            continue
        for place in range(len(row) - 1):
            left, right = row[place], row[place + 1]
            gain = 0
            for side in (above, below):
                lefts, rights = side[left], side[right]
                if lefts and rights:
                    ends = [at[thing] for thing in rights]
                    for thing in lefts:
                        a = at[thing]
                        for b in ends:
                            gain += (a > b) - (a < b)
            if gain > 0:
                row[place], row[place + 1] = right, left
                at[left], at[right] = place + 1.0, float(place)
                moved.add(number)
    return {near for number in moved for near in (number - 1, number, number + 1)}
