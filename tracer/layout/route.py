"""Wires through the channel between two ranks: one track a net, and no cell that two nets share but a crossing.

Words: a *net* is one source with all its targets in the channel; *columns* run along the rank, *tracks* are counted
down from the upper rank. A net leaves its source's column, runs along its track, and drops to its targets' columns.
Two nets could touch only where one's source column is another's target column, so the first must take the upper track
(a vertical constraint). A ring of such constraints is opened by giving one of its nets two tracks, joined on a free
column.

All channels of a picture are routed together: which nets had better lie low is asked of all pairs that overlap, in
any channel, as arrays.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
CHUNK = 1 << 18
"""Pairs that are looked at together: a few megabytes."""


class Net(NamedTuple):
    """One source in a channel. Columns are distinct: no two sources share one, no two targets share one."""

    source: int
    targets: tuple[int, ...]

    @property
    def straight(self) -> bool:
        return self.targets == (self.source,)


Way = tuple[int, ...]
"""How a net gets down: `()` straight, `(track,)`, or `(track, column, track)` where it had to be split."""


class Ways(NamedTuple):
    """A routed channel: each net's way, and how many tracks there are."""

    ways: tuple[Way, ...]
    tracks: int


@dataclass(frozen=True)
class Routed:
    """Each net's bends: (column, track) corners on the way to each target, the same order as the net's targets."""

    bends: tuple[tuple[tuple[tuple[int, int], ...], ...], ...]
    tracks: int


def route(nets: Sequence[Net]) -> Routed:
    """Tracks for one channel. Straight nets need none."""
    ways, tracks = ways_through([nets])[0]
    return Routed(
        tuple(
            tuple(tuple(bends(net.source, way, target)) for target in net.targets)
            for net, way in zip(nets, ways, strict=True)
        ),
        tracks,
    )


def bends(source: int, way: Way, target: int) -> list[tuple[int, int]]:
    """The (column, track) corners of a net's way from its source to one of its targets."""
    if len(way) < 2:
        return [(source, way[0]), (target, way[0])] if way and source != target else []
    first, column, second = way
    return [(source, first), (column, first), (column, second), (target, second)]


def ways_through(channels: Sequence[Sequence[Net]]) -> list[Ways]:
    """The ways of all nets of many channels, each channel by itself."""
    found = [Ways(((),) * len(nets), 0) for nets in channels]
    bent = [number for number, nets in enumerate(channels) if any(not net.straight for net in nets)]
    runs = [_Runs(channels[number]) for number in bent]
    if runs:
        score = saved(
            np.array([len(some.sources) for some in runs]),
            _column(runs, "lows"),
            _column(runs, "highs"),
            _column(runs, "sources"),
            np.array([len(ends) for some in runs for ends in some.targets]),
            np.array([target for some in runs for ends in some.targets for target in ends]),
        ).tolist()
        stop = 0
        for number, some in zip(bent, runs, strict=True):
            start, stop = stop, stop + len(some.sources)
            found[number] = some.assigned(score[start:stop])
    return found


class _Runs:
    """The horizontal pieces of a channel's nets: a net has one, none where it is straight, two where it was split."""

    def __init__(self, nets: Sequence[Net]) -> None:
        self.nets = len(nets)
        self.net = [number for number, net in enumerate(nets) if net.targets != (net.source,)]
        """Run -> its net, but for the second pieces, which come last."""
        self.sources = [nets[number].source for number in self.net]
        self.targets = [nets[number].targets for number in self.net]
        self.lows = [min(source, *ends) for source, ends in zip(self.sources, self.targets, strict=True)]
        self.highs = [max(source, *ends) for source, ends in zip(self.sources, self.targets, strict=True)]
        self.below = self._constraints()
        """For a run, those that must take a lower track."""
        self.second: dict[int, int] = {}
        """The first piece of a net that was split -> its second piece."""
        taken: set[int] = set()
        for ring in self._rings() if len(self.below) > 1 else ():
            taken = taken or {column for net in nets for column in (net.source, *net.targets)}
            self._split(min(ring, key=lambda run: (self.highs[run] - self.lows[run], run)), taken)

    def _constraints(self) -> dict[int, list[int]]:
        """A run must lie above the one with a target in its source's column; there is at most one."""
        owner = {target: run for run, ends in enumerate(self.targets) for target in ends}
        found: dict[int, list[int]] = {}
        for run, source in enumerate(self.sources):
            lower = owner.get(source, run)
            if lower != run:
                found[run] = [lower]
        return found

    def _rings(self) -> list[list[int]]:
        """Cycles of the constraints. Each run constrains at most one other, so following them finds every ring."""
        colour: dict[int, int] = {}  # the start of the walk that first came here
        rings = []
        for start in self.below:
            path: list[int] = []
            run: int | None = start
            while run is not None and run not in colour:
                colour[run] = start
                path.append(run)
                run = self.below[run][0] if run in self.below else None
            if run is not None and colour[run] == start:
                rings.append(path[path.index(run) :])
        return rings

    def _split(self, run: int, taken: set[int]) -> None:
        """Splits a run in two on a free column. The second piece ends where the run's targets are."""
        low, high = self.lows[run], self.highs[run]
        middle = (low + high) // 2
        reach = high - low + len(taken) + 2
        free = next(column for step in range(reach) for column in (middle - step, middle + step) if column not in taken)
        taken.add(free)
        second = len(self.sources)
        source, ends = self.sources[run], self.targets[run]
        self.sources.append(free)
        self.targets.append(ends)
        self.lows.append(min(free, *ends))
        self.highs.append(max(free, *ends))
        self.targets[run] = (free,)
        self.lows[run], self.highs[run] = min(source, free), max(source, free)
        for lower in self.below.values():
            lower[:] = [second if other == run else other for other in lower]  # it was the targets that lay lower
        self.below[run].append(second)
        self.second[run] = second

    def assigned(self, score: Sequence[int]) -> Ways:
        """Gives every run its track: constraints first, then few crossings, then few tracks."""
        count = len(self.sources)
        # a run takes the cells low..high and the next one: a blank at least lies between two nets on a track
        stops = [high + 2 for high in self.highs]
        place = {column: at for at, column in enumerate(sorted({*self.lows, *stops}))}
        height = [0] * len(place)
        least, tracks = [0] * count, [0] * count
        for run in self._order(score):
            first, last = place[self.lows[run]], place[stops[run]]
            track = max(least[run], max(height[first:last]))
            tracks[run] = track
            height[first:last] = [track + 1] * (last - first)
            for lower in self.below.get(run, ()):
                least[lower] = max(least[lower], track + 1)
        ways: list[Way] = [()] * self.nets
        for run, net in enumerate(self.net):
            second = self.second.get(run)
            ways[net] = (tracks[run],) if second is None else (tracks[run], self.sources[second], tracks[second])
        return Ways(tuple(ways), max(tracks) + 1)

    def _order(self, score: Sequence[int]) -> Iterator[int]:
        """The runs, lowest score first, each after those it must lie under."""
        if not self.below:
            yield from sorted(range(len(score)), key=score.__getitem__)
            return
        waiting = [0] * len(score)
        for constrained in self.below.values():
            for lower in constrained:
                waiting[lower] += 1
        ready = sorted((score[run], run) for run, count in enumerate(waiting) if not count)  # a heap, too
        while ready:
            _, run = heapq.heappop(ready)
            yield run
            for lower in self.below.get(run, ()):
                waiting[lower] -= 1
                if not waiting[lower]:
                    heapq.heappush(ready, (score[lower], lower))


def saved(counts: Ints, lows: Ints, highs: Ints, sources: Ints, fans: Ints, targets: Ints) -> NDArray[np.int64]:
    """For each run, crossings saved by lying low less those saved by lying high: the order to fill tracks in.

    Of two runs that overlap, one crosses the other when it lies above it, once for each of its own targets (and of the
    other's sources) strictly within the other's stretch.

    Args:
        counts: how many runs each channel has.
        lows, highs, sources: of each run, channel after channel.
        fans: how many targets each has.
        targets: run after run.
    """
    total = len(lows)
    score = np.zeros(total, np.int64)
    if total < 2:
        return score
    first = np.cumsum(fans) - fans
    # channels side by side, far enough apart that no run of one overlaps a run of another
    width = int(highs.max() - lows.min()) + 1
    shift = np.repeat(np.arange(len(counts)) * width, counts)
    lows, highs, sources, targets = lows + shift, highs + shift, sources + shift, targets + np.repeat(shift, fans)
    by_low = np.argsort(lows, kind="stable")
    reach = np.searchsorted(lows[by_low], highs[by_low], side="right") - np.arange(total) - 1
    for start, stop in _chunks(reach):
        many = reach[start:stop]
        place = np.repeat(np.arange(start, stop), many)
        behind = np.arange(len(place)) - np.repeat(np.cumsum(many) - many, many) + 1
        a, b = by_low[place], by_low[place + behind]

        def crossed(over: NDArray[np.int64], under: NDArray[np.int64]) -> NDArray[np.int64]:
            """How often each of `over` crosses its partner when it lies above it."""
            low, high = lows[under], highs[under]
            own = targets[first[over]]
            found: NDArray[np.int64] = ((low < own) & (own < high)).astype(np.int64)
            found += (lows[over] < sources[under]) & (sources[under] < highs[over])
            fan = fans[over]
            several = np.flatnonzero(fan > 1)
            if len(several):
                more = fan[several] - 1
                pair = np.repeat(several, more)
                number = np.arange(len(pair)) - np.repeat(np.cumsum(more) - more, more) + 1
                own = targets[first[over[pair]] + number]
                within = (low[pair] < own) & (own < high[pair])
                found += np.bincount(pair[within], minlength=len(over))
            return found

        sign = np.sign(crossed(a, b) - crossed(b, a))
        score += np.bincount(a, sign, total).astype(np.int64) - np.bincount(b, sign, total).astype(np.int64)
    return score


def _column(channels: Sequence[_Runs], name: str) -> NDArray[np.int64]:
    return np.array([value for runs in channels for value in getattr(runs, name)], np.int64)


def _chunks(reach: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Stretches of the runs with about `CHUNK` pairs each."""
    ends = np.cumsum(reach)
    start = 0
    while start < len(reach):
        done = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + CHUNK, side="right")))
        yield start, stop
        start = stop
