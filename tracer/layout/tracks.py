"""Wires through all channels of a large graph: what `route` finds, in arrays.

Runs that do not overlap know nothing of each other: a channel falls into *knots* of runs that do, and tracks are given
run by run, the next one of every knot at the same time. A channel with a ring of constraints, and a knot of very many
runs, are left to `route`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

import numpy as np

from tracer.layout.route import Net, ways_through
from tracer.layout.things import Ints, ragged, sorted_by

WIDTHS = (0, 2, 4, 8, 16, 32, 64, 128)
"""Knots of up to so many runs go side by side."""
FEWEST = 4
"""Fewer knots go one by one."""
STOP = 2
"""A run takes the cells low..high and the next one: a blank at least lies between two nets on a track."""
FAR = 1 << 30
"""Further than any column."""
_NEVER = np.iinfo(np.int32).max


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


@dataclass(frozen=True, eq=False)
class Tracks:
    """How the nets get down."""

    upper: Ints
    """Of each net its track; -1 where it is straight."""
    column: Ints
    """Of a net that had to be split, where it goes on to its second track."""
    lower: Ints
    """The second track; -1 of a net that has one."""
    count: Ints
    """Of each channel, how many tracks it has."""


def routed(nets: Nets, channels: int) -> Tracks:
    """Tracks for all nets of `channels` channels."""
    bent = (nets.fan != 1) | (nets.target[nets.first] != nets.source)
    upper, column, lower = (np.full(len(nets.source), -1) for _ in range(3))
    found = Tracks(upper, column, lower, np.zeros(channels, np.int64))
    net = np.flatnonzero(bent)
    if not len(net):
        return found
    runs = _Runs(nets, net)
    ringed = np.zeros(channels, bool)
    ringed[runs.channel[runs.in_ring()]] = True
    free = ~ringed[runs.channel[runs.begin]]  # of each knot
    alone = [np.arange(*np.searchsorted(nets.channel, (one, one + 1))) for one in np.flatnonzero(ringed).tolist()]
    for least, width in pairwise((*WIDTHS, len(net))):
        some = np.flatnonzero((runs.count > least) & (runs.count <= width) & free)
        if len(some) < FEWEST or width > WIDTHS[-1]:
            alone += [runs.net[runs.begin[one] : runs.begin[one] + runs.count[one]] for one in some.tolist()]
            continue
        members = ragged(runs.begin[some], runs.count[some])
        tracks = _Knots(runs, some, members).tracks()
        upper[runs.net[members]] = tracks
        np.maximum.at(found.count, runs.channel[members], tracks + 1)
    if alone:
        _thing_by_thing(nets, alone, found)
    return found


class _Runs:
    """The nets that are not straight, knot by knot: each has one run along its track, if it need not be split."""

    def __init__(self, nets: Nets, net: Ints) -> None:
        first, fan = nets.first[net], nets.fan[net]
        target = nets.target[ragged(first, fan)]
        own = np.cumsum(fan) - fan
        low = np.minimum(np.minimum.reduceat(target, own), nets.source[net])
        high = np.maximum(np.maximum.reduceat(target, own), nets.source[net])
        knot = _knots(nets.channel[net], low, high + STOP)
        order = sorted_by(knot, len(knot))
        self.net, self.low, self.high = net[order], low[order], high[order]
        self.channel, self.source, self.fan = nets.channel[self.net], nets.source[self.net], nets.fan[self.net]
        self.target = nets.target[ragged(first[order], self.fan)]
        self.first = np.cumsum(self.fan) - self.fan
        self.count = np.bincount(knot)
        """Of each knot, how many runs it has."""
        self.begin = np.cumsum(self.count) - self.count
        self.below = self._constraints()
        """The run that must lie lower: the one with a target in this one's source column; -1 where there is none."""

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

    def in_ring(self) -> Ints:
        """Runs from which following the constraints never ends."""
        runs = len(self.below)
        end = np.append(np.where(self.below < 0, runs, self.below), runs)
        for _ in range(int(self.count.max()).bit_length()):
            end = end[end]
        return np.flatnonzero(end[:-1] < runs)


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


class _Knots:
    """Knots of about the same size, those with many runs first: tables with a row for each knot.

    Args:
        some: which.
        members: their runs.
    """

    def __init__(self, runs: _Runs, some: Ints, members: Ints) -> None:
        self.sizes = runs.count[some]
        turn = np.empty(len(some), np.int64)
        turn[np.argsort(-self.sizes, kind="stable")] = np.arange(len(some))
        self.row = np.repeat(turn, self.sizes)
        begin = np.repeat(runs.begin[some], self.sizes)
        self.number = members - begin
        self.shape = len(some), int(self.sizes.max())
        self.runs, self.members = runs, members
        self.below = np.where(runs.below[members] < 0, -1, runs.below[members] - begin)

    def _table(self, values: Ints, empty: int) -> Ints:
        filled = np.full(self.shape, empty)
        filled[self.row, self.number] = values
        return filled

    def _scores(self) -> Ints:
        """For each run, as `route.saved`: of each pair it is counted how often one crosses the other when above it."""
        runs, members, row = self.runs, self.members, self.row
        low, high, source = (column[members] for column in (runs.low, runs.high, runs.source))
        ends = (low, FAR), (high, -FAR), (source, -FAR)
        lows, highs, sources = (self._table(column, empty).astype(np.int32) for column, empty in ends)
        fan = runs.fan[members]
        target = runs.target[ragged(runs.first[members], fan)].astype(np.int32)[:, None]
        at = np.repeat(row, fan)
        within = (lows[at] < target) & (target < highs[at])
        first = np.cumsum(fan) - fan
        over = within[first].astype(np.int16)
        for more in range(1, int(fan.max())):
            several = np.flatnonzero(fan > more)
            over[several] += within[first[several] + more]
        over += (low[:, None] < sources[row]) & (sources[row] < high[:, None])
        crossed = np.zeros((*self.shape, self.shape[1]), np.int16)
        crossed[row, self.number] = over
        score: Ints = np.sign(crossed - crossed.transpose(0, 2, 1)).sum(axis=2, dtype=np.int64)[row, self.number]
        return score

    def tracks(self) -> Ints:
        """The track of each run: constraints first, then few crossings, then few tracks."""
        row, number, width = self.row, self.number, self.shape[1]
        low, high = self.runs.low[self.members], self.runs.high[self.members]
        first, stop, cells = _compressed(row, low, high + STOP)
        # all of it fits in few bytes, for a knot has few runs
        firsts, stops, lower = (
            self._table(column, empty).astype(np.int16) for column, empty in ((first, 0), (stop, 0), (self.below, -1))
        )
        keys = self._table(self._scores() * width + number, _NEVER).astype(np.int32)
        held = self.below >= 0
        waiting = np.zeros_like(keys)
        np.add.at(waiting, (row[held], self.below[held]), 1)
        ready = np.where(waiting > 0, _NEVER, keys)
        height = np.zeros((self.shape[0], cells), np.int16)
        least, tracks = np.zeros(self.shape, np.int16), np.zeros(self.shape, np.int16)
        place, rows = np.arange(cells, dtype=np.int16), np.arange(self.shape[0])
        for busy in (self.sizes[:, None] > np.arange(width)).sum(axis=0).tolist():
            at = rows[:busy], ready[:busy].argmin(axis=1)
            here = height[:busy]
            under = (firsts[at][:, None] <= place) & (place < stops[at][:, None])
            track = np.maximum(least[at], (here * under).max(axis=1))
            np.copyto(here, (track + 1)[:, None], where=under, casting="same_kind")
            tracks[at], ready[at] = track, _NEVER
            after = lower[at]
            some = np.flatnonzero(after >= 0)
            if len(some):
                then = at[0][some], after[some]  # no two of them are the same run
                least[then] = np.maximum(least[then], track[some] + 1)
                waiting[then] -= 1
                ready[then] = np.where(waiting[then] > 0, _NEVER, keys[then])
        found: Ints = tracks[row, number].astype(np.int64)
        return found


def _compressed(row: Ints, low: Ints, stop: Ints) -> tuple[Ints, Ints, int]:
    """Each end's place among all ends of its row, and how many places there are at most."""
    least = int(low.min())
    width = int(stop.max()) - least + 1
    ends = np.concatenate([row, row]) * width + np.concatenate([low, stop]) - least
    codes, place = np.unique(ends, return_inverse=True)
    begin = np.searchsorted(codes // width, np.arange(int(row.max()) + 1))
    place -= np.tile(begin[row], 2)
    return place[: len(row)], place[len(row) :], int(place.max()) + 1


def _thing_by_thing(nets: Nets, groups: Sequence[Ints], found: Tracks) -> None:
    """What is left to `route`: groups of nets, each of one channel and apart from all others."""
    some = np.concatenate(groups)
    fan = nets.fan[some]
    targets = nets.target[ragged(nets.first[some], fan)].tolist()
    stops = np.cumsum(fan)
    bounds = zip((stops - fan).tolist(), stops.tolist(), strict=True)
    drawn = [
        Net(source, tuple(targets[start:stop]))
        for source, (start, stop) in zip(nets.source[some].tolist(), bounds, strict=True)
    ]
    ends = list(accumulate(map(len, groups), initial=0))
    routes = ways_through([drawn[start:stop] for start, stop in pairwise(ends)])
    for group, (ways, tracks) in zip(groups, routes, strict=True):
        channel = nets.channel[group[0]]
        found.count[channel] = max(found.count[channel], tracks)
        found.upper[group] = [way[0] if way else -1 for way in ways]
        for net, way in zip(group.tolist(), ways, strict=True):
            if len(way) > 1:
                found.column[net], found.lower[net] = way[1:]
