"""The order of things within each rank of a large graph: the sweeps of `order`, a rank at a time in arrays.

A rank of dozens of things is sorted in a few calls, so that a sweep costs microseconds a rank, not a thing. Orders and
counts are those that `order.ordered` finds.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracer.layout.inversions import Inversions
from tracer.layout.order import FEWER_SWEEPS, LESS_PATIENCE, MANY, PATIENCE, SWEEPS
from tracer.layout.things import Ints, Things, sorted_by


class Rows(NamedTuple):
    """The things of all ranks, rank after rank."""

    thing: Ints
    """By slot."""
    first: Ints
    """(ranks + 1,) where each rank begins, and where the last one ends."""

    @property
    def sizes(self) -> Ints:
        return np.diff(self.first)

    def slots(self) -> Ints:
        """By thing."""
        slot = np.empty(len(self.thing), np.int64)
        slot[self.thing] = np.arange(len(self.thing))
        return slot


class _Row(NamedTuple):
    """One rank in a sweep of one direction."""

    place: Ints
    """Of each thing in the rank, brought up to date: a part of the places of all."""
    current: Ints
    """Which thing stands where, brought up to date."""
    others: NDArray[np.intp]
    """Slots of the neighbours in the rank just settled, thing by thing."""
    starts: NDArray[np.intp]
    """Where each thing's neighbours begin; a thing without any is left out."""
    shares: NDArray[np.float64]
    """How many neighbours each of those has."""
    alone: NDArray[np.intp]
    """Things without neighbours."""
    joined: NDArray[np.intp]
    """The others, where there are some without."""
    before: int
    """How many things the rank just settled has."""


def ordered_rows(things: Things) -> tuple[Rows, int]:
    """Each rank's things in an order with few crossings, and how many pairs of links cross then."""
    start = sorted_by(things.rank, things.count)
    first = np.concatenate([[0], np.cumsum(np.bincount(things.rank))])
    rows = Rows(start, first)
    slot = rows.slots()
    upper, lower = (slot[end] for end in things.links())
    counter = _Crossings(rows, upper, lower)
    sweeps, patience = (SWEEPS, PATIENCE) if things.count < MANY else (FEWER_SWEEPS, LESS_PATIENCE)
    place = np.arange(things.count) - np.repeat(first[:-1], rows.sizes)
    # from here on a thing is its slot in the first order; `place` says where in its rank it is now
    best, fewest, since = place.copy(), counter.count(place), 0
    if fewest == 0:
        return rows, 0
    current = place.copy()  # by slot: which thing of the rank stands there
    down = _rows(rows, lower, upper, -1, place, current)
    up = _rows(rows, upper, lower, 1, place, current)[::-1]
    for sweep in range(sweeps):
        if fewest == 0 or since == patience:
            break
        _sweep(up if sweep % 2 else down, place)
        found = counter.count(place)
        since += 1
        if found < fewest:
            best, fewest, since = place.copy(), found, 0
    thing = np.empty_like(start)
    thing[np.repeat(first[:-1], rows.sizes) + best] = start
    return Rows(thing, first), fewest


def _rows(rows: Rows, here: Ints, there: Ints, beside: int, place: Ints, current: Ints) -> list[_Row]:
    """What each rank is sorted by, for ranks of two things and more.

    Args:
        here, there: slots of the ends of each link: of those that are sorted, and of those already settled.
        beside: the settled rank less the sorted one.
    """
    order = sorted_by(here, len(rows.thing))
    there = there[order]
    share = np.bincount(here, minlength=len(rows.thing))
    begin = np.concatenate([[0], np.cumsum(share)])
    bounds, link = rows.first.tolist(), begin[rows.first].tolist()
    joined_before = np.concatenate([[0], np.cumsum(share > 0)])[rows.first].tolist()
    joined = np.flatnonzero(share)
    shares, starts = share[joined].astype(np.float64), begin[joined]
    found = []
    for rank in range(len(bounds) - 1):
        low, high = bounds[rank], bounds[rank + 1]
        if high - low < 2 or not 0 <= rank + beside < len(bounds) - 1:
            continue
        one, end = joined_before[rank], joined_before[rank + 1]
        some = high - low > end - one
        found.append(
            _Row(
                place[low:high],
                current[low:high],
                there[link[rank] : link[rank + 1]],
                starts[one:end] - link[rank],
                shares[one:end],
                np.flatnonzero(share[low:high] == 0) if some else _NONE,
                joined[one:end] - low if some else _NONE,
                bounds[rank + beside + 1] - bounds[rank + beside],
            )
        )
    return found


_NONE = np.zeros(0, np.intp)


def _sweep(rows: list[_Row], place: Ints) -> None:
    """Sorts rank after rank by the mean place of the neighbours in the rank before; who has none stays put.

    Args:
        place: of each thing in its rank, brought up to date.
    """
    total, numbers = np.add.reduceat, np.arange(len(place))
    for here, current, others, starts, shares, alone, joined, before in rows:
        size = len(here)
        if len(alone):
            keys = np.empty(size)
            keys[alone] = here[alone] * before / size
            if len(joined):
                keys[joined] = total(place.take(others), starts) / shares
        else:
            keys = total(place.take(others), starts) / shares
        now = current.take(keys.take(current).argsort(kind="stable"))
        current[:] = now
        here[now] = numbers[:size]


class _Crossings:
    """Counts crossings of the same links in one order after another."""

    def __init__(self, rows: Rows, upper: Ints, lower: Ints) -> None:
        sizes = rows.sizes
        rank = np.repeat(np.arange(len(sizes)), sizes)[upper]
        self._upper, self._lower, self._low = upper, lower, rows.first[rank]
        self._base = int(sizes.max())  # places are the digits of a number that sorts links
        self._inversions = Inversions(np.bincount(rank, minlength=len(sizes)), self._base - 1)

    def count(self, place: Ints) -> int:
        """How many pairs cross, given each slot's place: with the upper ends in order, the lower ends are not."""
        links = np.sort((self._low + place.take(self._upper)) * self._base + place.take(self._lower))
        return self._inversions.count(links % self._base)
