"""Where in its rank each thing of a large graph stands: the sweeps of `coordinates`, many ranks at a time in arrays.

The ranks are cut into stretches, and the first ranks of all stretches are fitted together, then the second ones, and so
on. So a stretch meets the one before it where that stood before the sweep; later sweeps cut elsewhere.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracer.layout.coordinates import UNPULLED
from tracer.layout.sweeps import Rows
from tracer.layout.things import Grouped, Ints, ragged

Floats = NDArray[np.float64]
STRETCH = 8
"""Ranks of a stretch, where there are more than two such stretches."""
ONE_SIDED, TWO_SIDED = 1, 2
"""Rounds of two sweeps, down and up: first each rank follows the one before it, then it weighs both neighbours."""


class Pulls(NamedTuple):
    """Wire segments, seen by slots: `lower`'s place plus `port` wants to be `upper`'s place."""

    upper: Ints
    lower: Ints
    port: Ints
    weight: Ints


def places(rows: Rows, gaps: Ints, pulls: Pulls) -> Ints:
    """By slot, the cell of its thing's middle.

    Args:
        gaps: of each slot the least distance from the one before it; 0 at the start of a rank.
    """
    first, sizes = rows.first[:-1], rows.sizes
    start = np.cumsum(gaps)
    start -= np.repeat(start[first], sizes)
    width = start[rows.first[1:] - 1]
    place = (start + np.repeat((width.max() - width) // 2, sizes)).astype(np.float64)
    reach = int(np.abs(pulls.port).max(initial=0)) + 1
    apart = 4 * (int(width.max()) + len(sizes) * reach)  # no place lies so far from another
    fit = (start - np.repeat(np.arange(len(sizes)) * apart, sizes)).astype(np.float64)
    above = _Ends(pulls.lower, pulls.upper, -pulls.port, pulls.weight)
    below = _Ends(pulls.upper, pulls.lower, pulls.port, pulls.weight)
    count = len(start)
    down = _Wishes(above.or_else(below, count), count)
    up = _Wishes(below.or_else(above, count), count)
    _sweep(down.steps(rows, fit, 0), up.steps(rows, fit, 0)[::-1], ONE_SIDED, place)
    weigh = _Wishes(above.together(below), count).steps(rows, fit, STRETCH // 2)
    _sweep(weigh, weigh[::-1], TWO_SIDED, place)
    found: Ints = place.astype(np.int64)
    return found


def _sweep(down: list[_Step], up: list[_Step], rounds: int, place: Floats) -> None:
    """Rounds of a sweep down and a sweep up, until one changes nothing."""
    for _ in range(rounds):
        before = place.copy()
        for step in down:
            step.fit(place)
        for step in up:
            step.fit(place)
        if np.array_equal(place, before):
            return


class _Ends(NamedTuple):
    """Pulls seen from one of their ends: `slot` wants to be at `other`'s place plus `offset`."""

    slot: Ints
    other: Ints
    offset: Ints
    weight: Ints

    def together(self, more: _Ends) -> _Ends:
        return _Ends(*(np.concatenate(pair) for pair in zip(self, more, strict=True)))

    def or_else(self, more: _Ends, slots: int) -> _Ends:
        """These, and of the others those of slots that have none here."""
        has = np.zeros(slots, bool)
        has[self.slot] = True
        alone = ~has[more.slot]
        return self.together(_Ends(*(column[alone] for column in more)))


class _Wishes:
    """What each slot wishes: to be at (constant + Σ weight · place) / total; without a pull, where it is."""

    def __init__(self, ends: _Ends, slots: int) -> None:
        none = np.flatnonzero(np.bincount(ends.slot, minlength=slots) == 0)
        ends = ends.together(_Ends(none, none, np.zeros_like(none), np.ones_like(none)))
        self.links = Grouped(ends.slot, slots)
        self.other = ends.other[self.links.order]
        self.weight = ends.weight[self.links.order].astype(np.float64)
        self.total: Floats = np.bincount(ends.slot, ends.weight, slots).astype(np.float64)
        self.constant: Floats = np.bincount(ends.slot, ends.weight * ends.offset, slots).astype(np.float64)
        self.mass = self.total.copy()
        self.mass[none] = UNPULLED

    def steps(self, rows: Rows, start: Floats, cut: int) -> list[_Step]:
        """The steps of a sweep down, where stretches begin `cut` ranks further up than otherwise."""
        sizes = rows.sizes
        stretch, cut = (STRETCH, cut) if len(sizes) > 2 * STRETCH else (len(sizes), 0)
        within = (np.arange(len(sizes)) + cut) % stretch
        ranks = np.argsort(within, kind="stable")
        slots = ragged(rows.first[ranks], sizes[ranks])
        links = ragged(self.links.first[slots], self.links.count[slots])
        starts = np.cumsum(self.links.count[slots]) - self.links.count[slots]
        ends = np.searchsorted(within[ranks], np.arange(stretch), side="right")
        bounds = np.concatenate([[0], np.cumsum(sizes[ranks])[ends[ends > 0] - 1]]).tolist()
        link_bounds = np.append(starts, len(links))[bounds].tolist()
        other, weight = self.other[links], self.weight[links]
        constant, total, mass, fit = self.constant[slots], self.total[slots], self.mass[slots], start[slots]
        return [
            _Step(
                slots[a:b],
                other[c:d],
                weight[c:d],
                starts[a:b] - c,
                constant[a:b],
                total[a:b],
                mass[a:b],
                fit[a:b],
            )
            for (a, b), (c, d) in zip(pairwise(bounds), pairwise(link_bounds), strict=True)
            if b > a
        ]


class _Step(NamedTuple):
    """Ranks that are fitted together. Each slot wants to be at (constant + Σ weight · place) / total."""

    slots: Ints
    others: Ints
    weights: Floats
    starts: Ints
    constant: Floats
    total: Floats
    mass: Floats
    start: Floats
    """What is subtracted before the fit: least distances, and so much a rank that ranks keep apart."""

    def fit(self, place: Floats) -> None:
        slots, others, weights, starts, constant, total, mass, start = self
        wanted = (np.add.reduceat(weights * place.take(others), starts) + constant) / total
        wanted -= start
        place[slots] = np.rint(isotonic(wanted, mass)) + start


def isotonic(values: Floats, weights: Floats) -> Floats:
    """The non-decreasing sequence nearest to `values` in weighted least squares.

    Neighbours that descend are pooled, all such runs at once, until none does.
    """
    mean, mass = values, weights
    total = values * weights
    bounds = np.arange(len(values))
    apart = np.ones(len(values), bool)
    while True:
        rises = mean[:-1] <= mean[1:]
        if rises.all():
            break
        apart[1 : len(mean)] = rises
        first = apart[: len(mean)].nonzero()[0]
        total, mass = np.add.reduceat(total, first), np.add.reduceat(mass, first)
        mean, bounds = total / mass, bounds[first]
    if len(mean) == len(values):
        return values
    return np.repeat(mean, np.diff(bounds, append=len(values)))
