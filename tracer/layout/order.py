"""The order of things within each rank: few crossings.

Barycentre sweeps down and up, keeping the best order seen; then neighbours are exchanged while that removes crossings.
All steps are stable and start from the order of creation, so the same graph gives the same picture in every run.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise

SWEEPS = 16
PATIENCE = 4
"""Sweeps without a better order before giving up."""
EXCHANGE_LIMIT = 600
"""Above this many things the exchange step costs more than it shows."""

Neighbours = Sequence[Sequence[int]]


def ordered(rows: Sequence[Sequence[int]], above: Neighbours, below: Neighbours) -> list[list[int]]:
    """`rows` with each row's things reordered.

    Args:
        rows: things (ints from 0) of each rank, top to bottom.
        above, below: each thing's neighbours one rank up and down, one entry an edge.
    """
    best = [list(row) for row in rows]
    fewest = crossings(best, below)
    current, since = best, 0
    for sweep in range(SWEEPS):
        if fewest == 0:
            return best
        if since == PATIENCE:
            break
        since += 1
        current = _swept(current, above if sweep % 2 == 0 else below, downwards=sweep % 2 == 0)
        count = crossings(current, below)
        if count < fewest:
            best, fewest, since = current, count, 0
    if sum(map(len, best)) <= EXCHANGE_LIMIT:
        best = [list(row) for row in best]
        while _exchange(best, above, below):
            pass
    return best


def crossings(rows: Sequence[Sequence[int]], below: Neighbours) -> int:
    """How many pairs of edges cross, over all pairs of neighbouring rows."""
    total = 0
    for row, next_row in pairwise(rows):
        at = {thing: place for place, thing in enumerate(next_row)}
        seen: list[int] = []
        for thing in row:
            others = below[thing]
            if len(others) == 1:
                end = at[others[0]]
                total += len(seen) - bisect_right(seen, end)
                insort(seen, end)
                continue
            ends = [at[other] for other in others]
            for end in ends:
                total += len(seen) - bisect_right(seen, end)
            for end in ends:
                insort(seen, end)
    return total


def _swept(rows: Sequence[Sequence[int]], towards: Neighbours, *, downwards: bool) -> list[list[int]]:
    """Each row sorted by the mean place of its neighbours in the row just settled; a thing without any stays put."""
    result = [list(row) for row in rows]
    steps = range(1, len(rows)) if downwards else range(len(rows) - 2, -1, -1)
    for number in steps:
        settled = result[number - 1 if downwards else number + 1]
        at = {thing: place for place, thing in enumerate(settled)}
        keys = {}
        for place, thing in enumerate(result[number]):
            others = towards[thing]
            if len(others) == 1:
                keys[thing] = float(at[others[0]])
            elif others:
                keys[thing] = sum([at[other] for other in others]) / len(others)
            else:
                keys[thing] = place * len(settled) / len(result[number])
        result[number].sort(key=keys.__getitem__)
    return result


def _exchange(rows: list[list[int]], above: Neighbours, below: Neighbours) -> bool:
    """Swaps neighbours in place wherever that removes crossings; says whether any swap did."""
    at = {thing: place for row in rows for place, thing in enumerate(row)}
    better = False
    for row in rows:
        for place in range(len(row) - 1):
            left, right = row[place], row[place + 1]
            gain = 0
            for side in (above, below):
                lefts = [at[thing] for thing in side[left]]
                rights = [at[thing] for thing in side[right]]
                gain += sum((a > b) - (a < b) for a in lefts for b in rights)
            if gain > 0:
                row[place], row[place + 1] = right, left
                at[left], at[right] = place + 1, place
                better = True
    return better
