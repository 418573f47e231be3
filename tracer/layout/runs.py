"""The bent nets of all channels of a large graph, as runs: what `route` calls so, in columns.

Runs that do not overlap know nothing of each other: a channel falls into *knots* of runs that do. Rings of constraints
are opened as `route` opens them, net by net, for there are few.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tracer.layout.things import Ints, ragged, sorted_by

STOP = 2
"""A run takes the cells low..high and the next one: a blank at least lies between two nets on a track."""


@dataclass(frozen=True, eq=False)
class Nets:
    """What leads down from each rank to the next: nets, channel after channel, and their targets, net after net."""

    channel: Ints
    """Of each net."""
    source: Ints
    """Of each net, its column."""
    fan: Ints
    """Of each net, how many targets it has."""
    target: Ints
    """Columns."""

    @cached_property
    def first(self) -> Ints:
        return np.cumsum(self.fan) - self.fan

    def columns(self, channel: int) -> set[int]:
        """All columns on which a channel's nets begin or end."""
        low, high = np.searchsorted(self.channel, (channel, channel + 1)).tolist()
        stop = int(self.first[high]) if high < len(self.first) else len(self.target)
        return {*self.source[low:high].tolist(), *self.target[self.first[low] : stop].tolist()}


class Runs:
    """The nets that are not straight, knot by knot: each has one run along its track, two where it was split."""

    def __init__(self, nets: Nets, net: Ints) -> None:
        first, fan = nets.first[net], nets.fan[net]
        target = nets.target[ragged(first, fan)]
        own = np.cumsum(fan) - fan
        low = np.minimum(np.minimum.reduceat(target, own), nets.source[net])
        high = np.maximum(np.maximum.reduceat(target, own), nets.source[net])
        knot = _knots(nets.channel[net], low, high + STOP)
        order = sorted_by(knot, len(knot))
        self.net, self.low, self.high, self.knot = net[order], low[order], high[order], knot[order]
        self.channel, self.source, self.fan = nets.channel[self.net], nets.source[self.net], nets.fan[self.net]
        self.target = nets.target[ragged(first[order], self.fan)]
        self.below = self._constraints()
        """The run that must lie lower: the one with a target in this one's source column; -1 where there is none."""
        self.second = np.full(len(net), -1)
        """Of the first piece of a net that was split its second one, which must lie lower, too; -1 of all others."""
        self._count()

    def _count(self) -> None:
        self.first = np.cumsum(self.fan) - self.fan
        self.count = np.bincount(self.knot)
        """Of each knot, how many runs it has."""
        self.begin = np.cumsum(self.count) - self.count

    def _constraints(self) -> Ints:
        least = int(self.low.min())
        width = int(self.high.max()) - least + 1
        owner = np.repeat(np.arange(len(self.source)), self.fan)
        codes = self.channel[owner] * width + self.target - least
        order = np.argsort(codes)
        code = self.channel * width + self.source - least
        near = order[np.minimum(np.searchsorted(codes[order], code), len(codes) - 1)]
        below = np.where(codes[near] == code, owner[near], -1)
        below[below == np.arange(len(below))] = -1
        return below

    # -- rings --------------------------------------------------------------------------------------------------------

    def open_rings(self, nets: Nets, most: int) -> set[int]:
        """Splits a run of each ring of constraints on a free column, and says which channels have rings left.

        They do where a knot would have more than `most` runs, or where no column is free within the run.
        """
        left: set[int] = set()
        split: dict[int, int] = {}
        taken: dict[int, set[int]] = {}
        for ring in self._rings():
            channel, knot = int(self.channel[ring[0]]), int(self.knot[ring[0]])
            run = min(ring, key=lambda run: (self.high[run] - self.low[run], run))
            columns = taken.setdefault(channel, set()) or nets.columns(channel)
            taken[channel] = columns
            column = _free(int(self.low[run]), int(self.high[run]), columns)
            if column is None or 2 * self.count[knot] > most:
                left.add(channel)
            else:
                columns.add(column)
                split[run] = column
        if split:
            self._split(np.array(list(split), np.int64), np.array(list(split.values()), np.int64))
        return left

    def _rings(self) -> list[list[int]]:
        """Cycles of the constraints, in the order of the first run that leads there: each constrains one at most."""
        runs = len(self.below)
        end = np.append(np.where(self.below < 0, runs, self.below), runs)
        for _ in range(int(self.count.max()).bit_length()):
            end = end[end]
        endless = np.flatnonzero(end[:-1] < runs).tolist()
        colour: dict[int, int] = {}  # the start of the walk that first came here
        rings = []
        for start in endless:
            path: list[int] = []
            run = start
            while run not in colour:
                colour[run] = start
                path.append(run)
                run = int(self.below[run])
            if colour[run] == start:
                rings.append(path[path.index(run) :])
        return rings

    def _split(self, run: Ints, column: Ints) -> None:
        """Cuts runs in two: from the source to a column, and, as the last of the knot, from there to the targets."""
        count, after = len(self.net), np.arange(len(run))
        pool = np.concatenate([self.target, column])
        first, fan = np.concatenate([self.first, self.first[run]]), np.concatenate([self.fan, self.fan[run]])
        targets = pool[ragged(self.first[run], self.fan[run])]
        own = np.cumsum(self.fan[run]) - self.fan[run]
        low = np.concatenate([self.low, np.minimum(np.minimum.reduceat(targets, own), column)])
        high = np.concatenate([self.high, np.maximum(np.maximum.reduceat(targets, own), column)])
        low[run], high[run] = np.minimum(self.source[run], column), np.maximum(self.source[run], column)
        first[run], fan[run] = len(self.target) + after, 1
        instead = np.arange(-1, count)  # it was the targets that lay lower
        instead[run + 1] = count + after
        below = np.concatenate([instead[self.below + 1], np.full(len(run), -1)])
        second = np.full(len(below), -1)
        second[run] = count + after
        knot = np.concatenate([self.knot, self.knot[run]])
        order = sorted_by(knot, len(self.count))
        moved = np.empty(len(order) + 1, np.int64)
        moved[order], moved[-1] = np.arange(len(order)), -1
        self.below, self.second = moved[below[order]], moved[second[order]]
        self.source = np.concatenate([self.source, column])[order]
        self.net, self.channel = (np.concatenate([row, row[run]])[order] for row in (self.net, self.channel))
        self.low, self.high, self.knot, self.fan = low[order], high[order], knot[order], fan[order]
        self.target = pool[ragged(first[order], self.fan)]
        self._count()


def _free(low: int, high: int, taken: set[int]) -> int | None:
    """The column nearest to the middle of low..high that is not taken, if there is one."""
    middle = (low + high) // 2
    for step in range(high - low + 1):
        for column in (middle - step, middle + step):
            if column not in taken:
                return column if low <= column <= high else None
    return None


def _knots(channel: Ints, low: Ints, stop: Ints) -> Ints:
    """Of each run the number of its knot, channel after channel."""
    least = int(low.min())
    width = int(stop.max()) - least + 1
    start, end = channel * width + low - least, channel * width + stop - least
    order = np.argsort(start, kind="stable")
    reach = np.maximum.accumulate(end[order])
    knot = np.empty(len(order), np.int64)
    knot[order] = np.cumsum(np.append(False, start[order][1:] >= reach[:-1]))
    return knot
