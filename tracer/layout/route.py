"""Wires through the channel between two ranks: one track a net, and no cell that two nets share but a crossing.

Words: a *net* is one source with all its targets in the channel; *columns* run along the rank, *tracks* are counted
down from the upper rank. A net leaves its source's column, runs along its track, and drops to its targets' columns.
Two nets could touch only where one's source column is another's target column, so the first must take the upper track
(a vertical constraint). A ring of such constraints is opened by giving one of its nets two tracks, joined on a free
column.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Net:
    """One source in a channel. Columns are distinct: no two sources share one, no two targets share one."""

    source: int
    targets: tuple[int, ...]

    @property
    def straight(self) -> bool:
        return self.targets == (self.source,)


@dataclass(frozen=True)
class Routed:
    """Each net's bends: (column, track) corners on the way to each target, the same order as the net's targets."""

    bends: tuple[tuple[tuple[tuple[int, int], ...], ...], ...]
    tracks: int


@dataclass
class _Run:
    """A horizontal piece of a net: all of it, or one of the two pieces of a net that had to be split."""

    source: int
    targets: tuple[int, ...]
    low: int
    high: int
    track: int = -1

    @classmethod
    def of(cls, source: int, targets: tuple[int, ...]) -> _Run:
        return cls(source, targets, min(source, *targets), max(source, *targets))


def route(nets: Sequence[Net]) -> Routed:
    """Tracks for one channel. Straight nets need none."""
    runs: list[_Run] = []
    pieces: list[tuple[int, ...]] = []  # the runs of each net
    for net in nets:
        if net.straight:
            pieces.append(())
        else:
            pieces.append((len(runs),))
            runs.append(_Run.of(net.source, net.targets))
    below = _constraints(runs)
    taken = {column for net in nets for column in (net.source, *net.targets)}
    for ring in _rings(below):
        split = min(ring, key=lambda run: (runs[run].high - runs[run].low, run))
        second = _split(runs, below, split, taken)
        pieces[pieces.index((split,))] = (split, second)
    _assign(runs, below)
    bends = []
    for net, parts in zip(nets, pieces, strict=True):
        corners: list[tuple[tuple[int, int], ...]] = []
        for target in net.targets:
            path: list[tuple[int, int]] = []
            column = net.source
            for part in parts:
                run = runs[part]
                goal = target if part == parts[-1] else run.targets[0]
                if goal != column:
                    path += [(column, run.track), (goal, run.track)]
                column = goal
            corners.append(tuple(path))
        bends.append(tuple(corners))
    return Routed(tuple(bends), max((run.track for run in runs), default=-1) + 1)


def _constraints(runs: Sequence[_Run]) -> list[set[int]]:
    """For each run, the runs that must take a lower track: those with a target in its source's column."""
    owner = {target: number for number, run in enumerate(runs) for target in run.targets}
    return [
        {owner[run.source]} if owner.get(run.source, number) != number else set() for number, run in enumerate(runs)
    ]


def _rings(below: Sequence[set[int]]) -> list[list[int]]:
    """Cycles of the constraints. Each run constrains at most one other, so following them finds every ring."""
    colour = [0] * len(below)  # the walk (counted from 1) that first came here
    rings = []
    for walk, start in enumerate(range(len(below)), start=1):
        path: list[int] = []
        run: int | None = start
        while run is not None and not colour[run]:
            colour[run] = walk
            path.append(run)
            run = next(iter(below[run]), None)
        if run is not None and colour[run] == walk:
            rings.append(path[path.index(run) :])
    return rings


def _split(runs: list[_Run], below: list[set[int]], number: int, taken: set[int]) -> int:
    """Splits a run in two on a free column and returns the second one, which ends where the first one's targets are."""
    run = runs[number]
    middle = (run.low + run.high) // 2
    reach = run.high - run.low + len(taken) + 2
    free = next(column for step in range(reach) for column in (middle - step, middle + step) if column not in taken)
    taken.add(free)
    second = len(runs)
    runs.append(_Run.of(free, run.targets))
    below.append(set())
    for others in below[:second]:
        if number in others:  # it was the targets that had to be lower
            others.remove(number)
            others.add(second)
    runs[number] = _Run.of(run.source, (free,))
    below[number].add(second)
    return second


def _assign(runs: Sequence[_Run], below: Sequence[set[int]]) -> None:
    """Gives every run its track: constraints first, then few crossings, then few tracks."""
    score = _scores(runs)
    waiting = [0] * len(runs)
    for constrained in below:
        for number in constrained:
            waiting[number] += 1
    ready = [(score[number], number) for number in range(len(runs)) if not waiting[number]]
    heapq.heapify(ready)
    placed: list[_Run] = []
    least = [0] * len(runs)
    while ready:
        _, number = heapq.heappop(ready)
        run = runs[number]
        track = least[number]
        for other in placed:
            # one blank cell at least between two nets on a track
            if other.track >= track and other.low <= run.high + 1 and other.high >= run.low - 1:
                track = other.track + 1
        run.track = track
        placed.append(run)
        for lower in below[number]:
            least[lower] = max(least[lower], track + 1)
            waiting[lower] -= 1
            if not waiting[lower]:
                heapq.heappush(ready, (score[lower], lower))


def _scores(runs: Sequence[_Run]) -> list[int]:
    """For each run, crossings saved by lying low less those saved by lying high: the order to fill tracks in."""
    targets = [sorted(run.targets) for run in runs]
    score = [0] * len(runs)
    for a, first in enumerate(runs):
        for b in range(a):
            second = runs[b]
            if first.low > second.high or second.low > first.high:
                continue
            high = _between(targets[a], second) + (first.low < second.source < first.high)
            low = _between(targets[b], first) + (second.low < first.source < second.high)
            score[a] += (high > low) - (high < low)
            score[b] += (high < low) - (high > low)
    return score


def _between(columns: Sequence[int], run: _Run) -> int:
    return bisect_left(columns, run.high) - bisect_right(columns, run.low)
