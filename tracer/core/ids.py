"""Which node each recorded `Value` or tensor is, by its serial number.

Values made one after the other have serial numbers one after the other, and so have their nodes: a stretch of them is
kept as three numbers, however long it is. What does not fit a stretch is kept one by one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, MutableMapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

SHORT = 16
"""Numbers in a stretch that is not worth being one."""


class Ids(MutableMapping[int, int]):
    """Serial number -> node."""

    def __init__(self) -> None:
        self.single: dict[int, int] = {}
        """Those that belong to no stretch."""
        self._starts: list[int] = []
        self._counts: list[int] = []
        self._nodes: list[int] = []
        self._columns: tuple[Ints, Ints, Ints] | None = None

    def copy(self) -> Ids:
        made = Ids()
        made.single = dict(self.single)
        made._starts, made._counts, made._nodes = self._starts[:], self._counts[:], self._nodes[:]
        return made

    # One by one

    def find(self, serial: int) -> int | None:
        """The node, None where this number is not known."""
        node = self.single.get(serial)
        if node is None and self._starts:
            at = bisect_right(self._starts, serial) - 1
            if at >= 0 and serial - self._starts[at] < self._counts[at]:
                return self._nodes[at] + serial - self._starts[at]
        return node

    def __getitem__(self, serial: int) -> int:
        node = self.find(serial)
        if node is None:
            raise KeyError(serial)
        return node

    def __setitem__(self, serial: int, node: int) -> None:
        if self._starts and serial not in self.single and serial in self:
            del self[serial]
        self.single[serial] = node

    def __delitem__(self, serial: int) -> None:
        if self.single.pop(serial, None) is not None:
            return
        at = bisect_right(self._starts, serial) - 1
        if at < 0 or serial - self._starts[at] >= self._counts[at]:
            raise KeyError(serial)
        start, count, node = self._starts[at], self._counts[at], self._nodes[at]
        gone = serial - start
        parts = [(start, gone, node), (start + gone + 1, count - gone - 1, node + gone + 1)]
        parts = [part for part in parts if part[1]]
        self._starts[at : at + 1] = [part[0] for part in parts]
        self._counts[at : at + 1] = [part[1] for part in parts]
        self._nodes[at : at + 1] = [part[2] for part in parts]
        self._columns = None

    def __len__(self) -> int:
        return len(self.single) + sum(self._counts)

    def __iter__(self) -> Iterator[int]:
        for start, count in zip(self._starts, self._counts, strict=True):
            yield from range(start, start + count)
        yield from self.single

    # Many at once

    def add(self, serials: Ints, first: int) -> None:
        """Nodes first, first + 1, ... are those with these numbers, none of which is known yet."""
        breaks = np.flatnonzero(np.diff(serials) != 1) + 1
        bounds = [0, *breaks.tolist(), len(serials)]
        for low, high in pairwise(bounds):
            start, node = int(serials[low]), first + low
            if not self._extend(start, high - low, node):
                self.single.update(zip(serials[low:high].tolist(), range(node, node + high - low), strict=True))
        self._columns = None

    def drop(self, serials: Ints, first: int) -> None:
        """Take back the last `add`."""
        for serial in serials.tolist():
            self.single.pop(serial, None)
        for at in reversed(range(len(self._starts))):
            if self._nodes[at] >= first:
                del self._starts[at], self._counts[at], self._nodes[at]
            else:
                self._counts[at] = min(self._counts[at], first - self._nodes[at])
        self._columns = None

    def cut(self, first: int) -> None:
        """Take back all nodes from this one on."""
        self.single = {serial: node for serial, node in self.single.items() if node < first}
        self.drop(np.zeros(0, np.int64), first)

    def _extend(self, start: int, count: int, node: int) -> bool:
        """Make numbers part of a stretch, or a new one; False where they are too few."""
        at = bisect_left(self._starts, start)
        if at:
            before, length = self._starts[at - 1], self._counts[at - 1]
            if before + length == start and self._nodes[at - 1] + length == node:
                self._counts[at - 1] = length + count
                return True
        if count < SHORT:
            return False
        self._starts.insert(at, start)
        self._counts.insert(at, count)
        self._nodes.insert(at, node)
        return True

    def moved(self, nodes: Ints) -> Ids:
        """The same with every node renumbered.

        Args:
            nodes: the new id of each node, -1 where it is forgotten.
        """
        made = Ids()
        for serial, node in self.single.items():
            if nodes[node] >= 0:
                made.single[serial] = int(nodes[node])
        for start, count, node in zip(self._starts, self._counts, self._nodes, strict=True):
            new = nodes[node : node + count]
            kept = np.flatnonzero(new >= 0)
            breaks = np.flatnonzero((np.diff(kept) != 1) | (np.diff(new[kept]) != 1)) + 1
            for part in np.split(kept, breaks):
                if len(part):
                    made.add(start + part, int(new[part[0]]))
        return made

    def find_all(self, serials: Ints) -> Ints:
        """The nodes with these numbers, -1 where one is not known."""
        if self._starts and len(serials):  # a recording's numbers are one stretch nearly always, or in the last one
            within = serials - self._starts[-1]
            if within.min() >= 0 and within.max() < self._counts[-1]:
                return within + self._nodes[-1]
        found = np.full(len(serials), -1, np.int64)
        if self._starts:
            if self._columns is None:
                self._columns = np.array(self._starts), np.array(self._counts), np.array(self._nodes)
            starts, counts, nodes = self._columns
            at = starts.searchsorted(serials, side="right") - 1
            within = serials - starts[at]  # before the first stretch `at` is -1: the last one, and `within` negative
            found = np.where((within >= 0) & (within < counts[at]), nodes[at] + within, -1)
        if self.single:
            single = self.single
            todo = np.flatnonzero(found < 0)
            found[todo] = [single.get(serial, -1) for serial in serials[todo].tolist()]
        return found
