"""Wires through all channels of a large graph: what `route` finds, in arrays.

Tracks are given run by run, the next one of every channel at the same time. A channel with a ring of constraints, or
with very many runs, is left to `route`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tracer.layout.route import Net, saved, ways_through
from tracer.layout.things import Ints, ragged

WIDTHS = (0, 8, 16, 32, 64, 128)
"""Channels with up to so many runs go side by side."""
FEWEST = 4
"""Fewer channels go one by one."""
_NEVER = np.iinfo(np.int64).max


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

    @property
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
    run = np.flatnonzero(bent)
    if not len(run):
        return found
    runs = _Runs(nets, run, channels)
    count = np.bincount(runs.channel, minlength=channels)
    alone = runs.in_rings(channels)
    for least, width in pairwise(WIDTHS):
        some = np.flatnonzero((count > least) & (count <= width) & ~alone)
        if len(some) >= FEWEST:
            tracks = _side_by_side(runs, count, some)
            members = ragged(runs.begin[some], count[some])
            upper[run[members]] = tracks
            np.maximum.at(found.count, runs.channel[members], tracks + 1)
        else:
            alone[some] = True
    alone |= count > WIDTHS[-1]
    _one_by_one(nets, np.flatnonzero(alone & (count > 0)), found)
    return found


class _Runs:
    """The nets that are not straight: each has one run along its track, if it need not be split."""

    def __init__(self, nets: Nets, run: Ints, channels: int) -> None:
        self.channel, self.source, self.fan = nets.channel[run], nets.source[run], nets.fan[run]
        self.target = nets.target[ragged(nets.first[run], self.fan)]
        self.first = np.cumsum(self.fan) - self.fan
        self.low = np.minimum(np.minimum.reduceat(self.target, self.first), self.source)
        self.high = np.maximum(np.maximum.reduceat(self.target, self.first), self.source)
        count = np.bincount(self.channel, minlength=channels)
        self.begin = np.cumsum(count) - count
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

    def scores(self, count: Ints, channels: Ints) -> Ints:
        """The scores of the runs of some channels: those with the lowest are to lie highest."""
        members = ragged(self.begin[channels], count[channels])
        target = self.target[ragged(self.first[members], self.fan[members])]
        ends = self.low[members], self.high[members], self.source[members]
        return saved(count[channels], *ends, self.fan[members], target)

    def in_rings(self, channels: int) -> NDArray[np.bool_]:
        """Channels in which constraints form a ring: following them never ends."""
        runs = len(self.below)
        end = np.append(np.where(self.below < 0, runs, self.below), runs)
        for _ in range(int(np.bincount(self.channel).max()).bit_length()):
            end = end[end]
        found = np.zeros(channels, bool)
        found[self.channel[end[:-1] < runs]] = True
        return found


def _side_by_side(runs: _Runs, count: Ints, channels: Ints) -> Ints:
    """The track of each run of some channels: constraints first, then few crossings, then few tracks.

    Args:
        count: of every channel, how many runs it has.
    """
    sizes = count[channels]
    turn = np.empty(
        len(channels), np.int64
    )  # where a channel stands: those with many runs first, for they take longest
    turn[np.argsort(-sizes, kind="stable")] = np.arange(len(channels))
    members = ragged(runs.begin[channels], sizes)
    row, number = np.repeat(turn, sizes), members - np.repeat(runs.begin[channels], sizes)
    width = int(sizes.max())
    # a run takes the cells low..high and the next one: a blank at least lies between two nets on a track
    first, stop, cells = _compressed(row, runs.low[members], runs.high[members] + 2)
    below = np.where(runs.below[members] < 0, -1, runs.below[members] - (members - number))

    def table(values: Ints, empty: int) -> Ints:
        filled = np.full((len(channels), width), empty)
        filled[row, number] = values
        return filled

    firsts, stops, lower = table(first, 0), table(stop, 0), table(below, -1)
    keys = table(runs.scores(count, channels) * width + number, _NEVER)
    held = below >= 0
    waiting = np.zeros_like(keys)
    np.add.at(waiting, (row[held], below[held]), 1)
    ready = np.where(waiting > 0, _NEVER, keys)
    height = np.zeros((len(channels), cells), np.int32)
    least, tracks = np.zeros_like(keys), np.zeros_like(keys)
    place, rows = np.arange(cells), np.arange(len(channels))
    for busy in (sizes[:, None] > np.arange(width)).sum(axis=0).tolist():
        at = rows[:busy], ready[:busy].argmin(axis=1)
        here = height[:busy]
        under = (firsts[at][:, None] <= place) & (place < stops[at][:, None])
        track = np.maximum(least[at], (here * under).max(axis=1))
        np.copyto(here, (track + 1)[:, None], where=under, casting="same_kind")
        tracks[at], ready[at] = track, _NEVER
        after = lower[at]
        some = np.flatnonzero(after >= 0)
        then = at[0][some], after[some]  # no two of them are the same run
        least[then] = np.maximum(least[then], track[some] + 1)
        waiting[then] -= 1
        ready[then] = np.where(waiting[then] > 0, _NEVER, keys[then])
    return tracks[row, number]


def _compressed(row: Ints, low: Ints, stop: Ints) -> tuple[Ints, Ints, int]:
    """Each end's place among all ends of its row, and how many places there are at most."""
    least = int(low.min())
    width = int(stop.max()) - least + 1
    ends = np.concatenate([row, row]) * width + np.concatenate([low, stop]) - least
    codes, place = np.unique(ends, return_inverse=True)
    begin = np.searchsorted(codes // width, np.arange(int(row.max()) + 1))
    place -= np.tile(begin[row], 2)
    return place[: len(row)], place[len(row) :], int(place.max()) + 1


def _one_by_one(nets: Nets, channels: Ints, found: Tracks) -> None:
    """The channels that are left to `route`."""
    bounds = np.searchsorted(nets.channel, np.stack([channels, channels + 1]))
    first = nets.first
    for channel, start, stop in zip(channels.tolist(), *bounds.tolist(), strict=True):
        targets = nets.target[first[start] : first[stop - 1] + nets.fan[stop - 1]].tolist()
        ends = np.cumsum(nets.fan[start:stop]).tolist()
        some = [
            Net(source, tuple(targets[low:high]))
            for source, low, high in zip(nets.source[start:stop].tolist(), [0, *ends], ends, strict=False)
        ]
        ways, found.count[channel] = ways_through([some])[0]
        for net, way in enumerate(ways, start):
            if way:
                found.upper[net] = way[0]
            if len(way) > 1:
                found.column[net], found.lower[net] = way[1:]
