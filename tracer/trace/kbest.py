"""The routes from the root to a node in order of size, one after the other, without listing the others.

Each node's routes come out in order, and the next one of a node is asked for only when a route through it may be the
next of somebody below (the recursive enumeration algorithm of Jimenez and Marzal, 1999, without the recursion).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import numpy as np

from tracer.trace.flow import Floats, Ints
from tracer.trace.sweep import Sweep

NOTHING, BEYOND = -1e12, 1e18
"""What counts as the logarithm of 0, and of what is not finite: such routes come last and first, whatever else is on
them. Both outweigh every sum of real logarithms."""

Found = tuple[float, int, int]
"""(-log2 |product|, the row it comes along, which of the user's routes it goes on from)."""


def logarithms(sweep: Sweep) -> Floats:
    """(D,) log2 of each |local gradient|."""
    size = sweep.size
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log2(size)
    logs[size == 0] = NOTHING
    logs[~np.isfinite(size)] = BEYOND
    return logs


class Order:
    """The routes of a pass, largest first. What one question found serves the next.

    Args:
        sweep: the deliveries.
    """

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self._logs = logarithms(sweep)
        self._best = sweep.best(self._logs)
        self._found: dict[int, list[Found]] = {sweep.root: [(0.0, -1, 0)]}
        self._heaps: dict[int, list[Found]] = {sweep.root: []}
        self._pending: dict[int, tuple[int, int]] = {}

    def routes(self, node: int, rows: Ints | None = None) -> Iterator[tuple[int, ...]]:
        """Routes to `node` as rows, the root's first, largest |product| first; of equal ones the earlier delivery.

        Args:
            rows: the last row of a route is one of these; any if None. Keeps nothing for the next question then.
        """
        if rows is not None:
            self._forget(node)
            self._heaps[node] = self._heap(rows)
            self._found[node] = []
        k = 0
        while self._ensure(node, k):
            yield self._rows(node, k)
            k += 1
        if rows is not None:
            self._forget(node)

    def _forget(self, node: int) -> None:
        for kept in (self._heaps, self._found, self._pending):
            kept.pop(node, None)

    def _heap(self, rows: Ints) -> list[Found]:
        sizes = self._best[self.sweep.users[rows]] + self._logs[rows]
        reached = np.isfinite(sizes)  # by hand, something may be handed on that nothing had come to
        heap = [(-s, r, 0) for s, r in zip(sizes[reached].tolist(), rows[reached].tolist(), strict=True)]
        heapq.heapify(heap)
        return heap

    def _ensure(self, node: int, k: int) -> bool:
        """Find the route number `k` of `node`, from 0; False where it has fewer."""
        stack = [(node, k)]
        while stack:
            at, wanted = stack[-1]
            if at not in self._heaps:
                self._heaps[at], self._found[at] = self._heap(self.sweep.rows_to(at)), []
            found, heap = self._found[at], self._heaps[at]
            if len(found) > wanted:
                stack.pop()
                continue
            pending = self._pending.get(at)
            if pending is not None:
                row, rank = pending
                user = int(self.sweep.users[row])
                if user in self._found and len(self._found[user]) > rank + 1:
                    longer = self._found[user][rank + 1]
                    heapq.heappush(heap, (longer[0] - float(self._logs[row]), row, rank + 1))
                elif not self._spent(user):
                    stack.append((user, rank + 1))
                    continue
                del self._pending[at]
            if not heap:
                stack.pop()
                continue
            best = heapq.heappop(heap)
            found.append(best)
            if best[1] >= 0:
                self._pending[at] = best[1], best[2]
        return len(self._found[node]) > k

    def _spent(self, node: int) -> bool:
        """Whether all routes of a node have been found."""
        return node in self._heaps and not self._heaps[node] and node not in self._pending

    def _rows(self, node: int, k: int) -> tuple[int, ...]:
        rows: list[int] = []
        while True:
            found = self._found.get(node)
            if found is None or len(found) <= k:
                self._ensure(node, k)
                found = self._found[node]
            _, row, rank = found[k]
            if row < 0:
                return tuple(reversed(rows))
            rows.append(row)
            node, k = int(self.sweep.users[row]), rank
