"""Where wires arrive at the boxes of a large graph: each edge's port, for all nodes in arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from tracer.layout.things import Grouped, Ints, Things, ragged, sorted_by

SEVERAL = 16
"""A node with more inputs is settled by itself."""


class Arrivals:
    """The edges, user by user and at each user from left to right.

    Args:
        place: of each thing in its rank.
        across: of each node its cells across the flow.
        in_ports: of each node where its inputs are to arrive, in cells from the start of its side; empty where they may
            be anywhere.
    """

    def __init__(self, things: Things, place: Ints, across: Ints, in_ports: Sequence[tuple[int, ...]]) -> None:
        by_place = sorted_by(place[things.last], things.count)
        groups = Grouped(things.user[by_place], things.nodes)
        self.edge = by_place[groups.order]
        self.user, self.last = things.user[self.edge], things.last[self.edge]
        self.first, self.count = groups.first, groups.count
        self.number = np.arange(len(self.user)) - self.first[self.user]
        """Which of its user's."""
        fixed = np.fromiter(map(len, in_ports), np.int64, things.nodes)
        self.free = fixed == 0
        """Of each node, whether its ports may move."""
        offset = np.empty(len(self.user), np.int64)
        bound = ~self.free[self.user]
        if bound.any():
            assert (fixed == self.count)[~self.free].all(), "a port for each input"
            offset[bound] = np.fromiter(chain.from_iterable(in_ports), np.int64)
        if not bound.all():
            offset[~bound] = _spread_out(self.count, across, self.free)
        self.port = offset - across[self.user] // 2
        """In cells from the middle of the user's side."""

    def settle(self, things: Things, middle: Ints, across: Ints) -> None:
        """Moves free ports under their source where that makes a wire straight, else off another wire's column.

        Args:
            middle: of each thing its column.
            across: of each node its cells.
        """
        busy = _Busy(things, middle)
        port, last, wanted = self.port, self.last, self.port.copy()
        closest = np.full(len(self.count), 2)
        again = np.zeros(len(port), bool)  # the same thing arrives twice
        if len(port) > 1:
            same = self.user[1:] == self.user[:-1]
            np.minimum.at(closest, self.user[1:][same], np.diff(wanted)[same])
            twice = same & (last[1:] == last[:-1])
            again[1:] |= twice
            again[:-1] |= twice
        half = across // 2
        low = 1 - half
        nodes = np.flatnonzero(self.free & (self.count > 0) & (self.count <= SEVERAL))
        number = 0
        while len(nodes):
            at = self.first[nodes] + number
            gap = closest[nodes]
            following = np.minimum(at + 1, len(port) - 1)
            high = np.where(number == self.count[nodes] - 1, half[nodes] - 1, wanted[following] - gap)
            found = middle[last[at]] - middle[nodes]
            off = np.flatnonzero((found < low[nodes]) | (found > high) | again[at])
            if len(off):
                some = nodes[off]
                own = middle[some]
                goals = own + wanted[at[off]], own + low[some], own + high[off]
                found[off] = busy.nearest_free(things.rank[some] - 1, *goals) - own
            port[at] = found
            low[nodes] = found + gap
            number += 1
            nodes = nodes[self.count[nodes] > number]
        for node in np.flatnonzero(self.free & (self.count > SEVERAL)).tolist():
            self._settle_one(node, middle, int(half[node]), busy.of(int(things.rank[node]) - 1))

    def _settle_one(self, node: int, middle: Ints, half: int, busy: set[int]) -> None:
        own = slice(int(self.first[node]), int(self.first[node] + self.count[node]))
        last = self.last[own]
        sources = middle[last].tolist()
        self.port[own] = settled(self.port[own].tolist(), last.tolist(), sources, int(middle[node]), half, busy)


class _Busy:
    """The columns on which wires leave each rank."""

    def __init__(self, things: Things, middle: Ints) -> None:
        upper = np.unique(np.concatenate([things.above, things.last]))
        self._least = int(middle[upper].min(initial=0))
        self._width = int(middle[upper].max(initial=0)) - self._least + 1
        self._codes = np.sort(things.rank[upper] * self._width + middle[upper] - self._least)

    def of(self, rank: int) -> set[int]:
        """Those of one rank."""
        low, high = np.searchsorted(self._codes, [rank * self._width, (rank + 1) * self._width])
        return set((self._codes[low:high] - rank * self._width + self._least).tolist())

    def _has(self, rank: Ints, column: Ints) -> NDArray[np.bool_]:
        code = rank * self._width + column - self._least
        near = self._codes[np.minimum(np.searchsorted(self._codes, code), len(self._codes) - 1)]
        found: NDArray[np.bool_] = (near == code) & (column >= self._least) & (column < self._least + self._width)
        return found

    def nearest_free(self, rank: Ints, wanted: Ints, low: Ints, high: Ints) -> Ints:
        """The column of low..high nearest to `wanted` that is not taken; the nearest of all if every one is."""
        start = np.minimum(np.maximum(wanted, low), high)
        found = start.copy()
        waiting = np.arange(len(start))
        step = 0
        while True:
            waiting = waiting[step <= high[waiting] - low[waiting]]
            if not len(waiting):
                return found
            for way in (-step, step):
                column = start[waiting] + way
                free = (low[waiting] <= column) & (column <= high[waiting]) & ~self._has(rank[waiting], column)
                found[waiting[free]] = column[free]
                waiting = waiting[~free]
            step += 1


def settled(
    wanted: Sequence[int], things: Sequence[int], sources: Sequence[int], middle: int, half: int, busy: set[int]
) -> list[int]:
    """One node's ports, moved as `Arrivals.settle` says, in cells from its middle.

    Args:
        wanted: its ports, ascending.
        things: from which each wire arrives.
        sources: the columns of those.
        middle: the column of the node's middle.
        half: how far its side reaches from there.
        busy: columns on which wires leave the rank above.
    """
    gap = min([2, *(b - a for a, b in pairwise(wanted))]) if len(wanted) > 1 else 2
    times = Counter(things) if len(set(things)) < len(things) else {}
    low = 1 - half
    found = []
    for index, (thing, source) in enumerate(zip(things, sources, strict=True)):
        high = half - 1 if index == len(wanted) - 1 else wanted[index + 1] - gap
        port = source - middle
        if not low <= port <= high or times.get(thing, 1) > 1:
            port = _nearest_free(middle + wanted[index], middle + low, middle + high, busy) - middle
        found.append(port)
        low = port + gap
    return found


def _nearest_free(wanted: int, low: int, high: int, taken: set[int]) -> int:
    """The cell of low..high nearest to `wanted` that is not taken; the nearest of all if every one is."""
    start = min(max(wanted, low), high)
    for step in range(high - low + 1):
        for cell in (start - step, start + step):
            if low <= cell <= high and cell not in taken:
                return cell
    return start


def _spread_out(count: Ints, across: Ints, free: NDArray[np.bool_]) -> Ints:
    """The offsets of free nodes' ports, node by node."""
    nodes = np.flatnonzero(free & (count > 0))
    kinds, which = np.unique(count[nodes] * (int(across.max()) + 1) + across[nodes], return_inverse=True)
    tables = [spread(*divmod(kind, int(across.max()) + 1)) for kind in kinds.tolist()]
    begin = np.cumsum([0, *map(len, tables)])[:-1]
    table = np.fromiter(chain.from_iterable(tables), np.int64)
    return table[ragged(begin[which], count[nodes])]


@lru_cache(maxsize=1024)
def spread(count: int, side: int) -> tuple[int, ...]:
    """`count` ports spread over a side of `side` cells, corners left free, the same from both ends."""
    half = [round((number + 0.5) * side / count - 0.5) for number in range(count // 2)]
    middle = [side // 2] if count % 2 else []
    return (*half, *middle, *(side - 1 - offset for offset in reversed(half)))
