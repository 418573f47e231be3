"""Tracks for many knots of runs at a time: given run by run, the next one of every knot at once, as `route` does."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tracer.layout.runs import STOP, Runs
from tracer.layout.things import Ints, ragged

LARGEST = 128
"""Runs of a knot: places among the ends of so many, and their tracks, fit in a byte."""
PAIRS = 1 << 18
"""Pairs of runs that are compared together."""
_NEVER = np.iinfo(np.int16).max
Bytes = NDArray[np.uint8]
Unsigned = NDArray[np.unsignedinteger]


class Knots:
    """Knots of `LARGEST` runs at most, those with many runs first: tables with a row for each knot.

    Args:
        some: which.
    """

    def __init__(self, runs: Runs, some: Ints) -> None:
        self.runs = runs
        some = some[np.argsort(-runs.count[some], kind="stable")]
        self.sizes = runs.count[some]
        self.members = ragged(runs.begin[some], self.sizes)
        """Their runs, knot by knot."""
        self.row = np.repeat(np.arange(len(some)), self.sizes)
        begin = np.repeat(runs.begin[some], self.sizes)
        self.number = self.members - begin
        self.shape = len(some), int(self.sizes[0])
        self.low, self.high = runs.low[self.members], runs.high[self.members]
        self.below, self.second = (
            np.where(lower[self.members] < 0, -1, lower[self.members] - begin) for lower in (runs.below, runs.second)
        )

    def _table(self, values: Ints, empty: int, kind: type[np.integer]) -> NDArray[np.integer]:
        return _table(self.shape, self.row, self.number, values, empty, kind)

    def _scores(self) -> Ints:
        """Of each run its score; some knots at a time, for what fits in a cache is done sooner."""
        knots, width = self.shape
        together = max(1, PAIRS // width**2)
        bounds = np.append(0, np.cumsum(self.sizes)).tolist()
        return np.concatenate(
            [
                _scores(self.runs, self.members[bounds[low] : bounds[high]], self.sizes[low:high])
                for low, high in pairwise((*range(0, knots, together), knots))
            ]
        )

    def tracks(self) -> Ints:
        """The track of each run: constraints first, then few crossings, then few tracks."""
        row, number, width = self.row, self.number, self.shape[1]
        first, stop, cells = _compressed(row, self.low, self.high + STOP)
        firsts, lengths = self._table(first, 0, np.uint8), self._table(stop - first, 0, np.uint8)
        lower = [self._table(column, -1, np.int16) for column in (self.below, self.second) if (column >= 0).any()]
        keys = self._table(self._scores() * width + number, _NEVER, np.int16)
        waiting = np.zeros(self.shape, np.int16)
        for column in (self.below, self.second):
            held = column >= 0
            np.add.at(waiting, (row[held], column[held]), 1)
        ready = np.where(waiting > 0, _NEVER, keys).astype(np.int16)
        height = np.zeros((self.shape[0], cells), np.uint8)
        least, tracks = np.zeros(self.shape, np.uint8), np.zeros(self.shape, np.uint8)
        place, rows = np.arange(cells, dtype=np.uint8), np.arange(self.shape[0])
        for busy in (self.sizes[:, None] > np.arange(width)).sum(axis=0).tolist():
            at = rows[:busy], ready[:busy].argmin(axis=1)
            here = height[:busy]
            # unsigned: what lies before the run is far behind it
            under: Bytes = ((place - firsts[at][:, None]) < lengths[at][:, None]).view(np.uint8)
            track = np.maximum(least[at], (here * under).max(axis=1))
            np.maximum(here, under * (track + 1)[:, None], out=here)
            tracks[at], ready[at] = track, _NEVER
            for table in lower:
                after = table[at]
                some = (after >= 0).nonzero()[0]
                if len(some):
                    then = at[0][some], after[some]  # no two of them are the same run
                    least[then] = np.maximum(least[then], track[some] + 1)
                    waiting[then] -= 1
                    ready[then] = np.where(waiting[then] > 0, _NEVER, keys[then])
        found: Ints = tracks[row, number].astype(np.int64)
        return found


def _table(
    shape: tuple[int, int], row: Ints, number: Ints, values: Ints, empty: int, kind: type[np.integer]
) -> NDArray[np.integer]:
    filled = np.full(shape, empty, kind)
    filled[row, number] = values
    return filled


def _scores(runs: Runs, members: Ints, sizes: Ints) -> Ints:
    """For each run, as `route.saved`: of each pair it is counted how often one crosses the other when above it.

    Args:
        members: the runs of some knots, knot by knot.
        sizes: how many each knot has.
    """
    shape = len(sizes), int(sizes.max())
    row, number = np.repeat(np.arange(len(sizes)), sizes), ragged(np.zeros_like(sizes), sizes)
    low, high, source = runs.low[members], runs.high[members], runs.source[members]
    # low < x < high is one comparison of unsigned numbers: x - (low + 1) < high - (low + 1)
    wide = int(high.max()) - int(low.min()) >= np.iinfo(np.int16).max
    kind: type[np.unsignedinteger] = np.uint32 if wide else np.uint16
    start: Unsigned = (low + 1).astype(kind)
    span: Unsigned = (high - low - 1).astype(kind)
    starts, spans = (_table(shape, row, number, column, 0, kind) for column in (low + 1, high - low - 1))
    sources = _table(shape, row, number, source, 0, kind)
    fan = runs.fan[members]
    target: Unsigned = runs.target[ragged(runs.first[members], fan)].astype(kind)[:, None]
    at = np.repeat(row, fan)
    within = (target - starts[at]) < spans[at]
    first = np.cumsum(fan) - fan
    over = within[first].astype(np.int16)
    for more in range(1, int(fan.max())):
        several = np.flatnonzero(fan > more)
        over[several] += within[first[several] + more]
    over += (sources[row] - start[:, None]) < span[:, None]
    over[np.arange(shape[1]) >= sizes[row][:, None]] = 0
    crossed = np.zeros((*shape, shape[1]), np.int16)
    crossed[row, number] = over
    worse = (crossed > crossed.transpose(0, 2, 1)).view(np.uint8)
    score = worse.sum(axis=2, dtype=np.int16) - worse.sum(axis=1, dtype=np.int16)
    found: Ints = score[row, number].astype(np.int64)
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
