"""Where in its rank each thing stands, in whole cells: as near above and below its neighbours as the order allows.

Each row is the least-squares fit to its neighbours' places under "keep your order and your distance". With the least
distances subtracted, that is isotonic regression, solved exactly by pooling adjacent violators.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, islice, pairwise
from math import inf
from operator import le
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

ONE_SIDED, TWO_SIDED = 3, 2
"""Rounds of two sweeps, down and up: first each rank follows the one before it, then it weighs both neighbours."""
MANY, ONCE = 3000, 1
"""With this many things, one one-sided round: more make hardly a wire shorter."""
UNPULLED = 0.1
"""The weight of a thing that no wire pulls: it gives way."""


FAR = 1 << 60
"""Further than any place."""


class Pull(NamedTuple):
    """One wire segment between neighbouring ranks: `lower`'s place plus `port` wants to be `upper`'s place."""

    upper: int
    lower: int
    port: int
    weight: int


def coordinates(
    rows: Sequence[Sequence[int]], distances: Sequence[Sequence[int]], pulls: Sequence[tuple[int, int, int, int]]
) -> list[int]:
    """Thing -> cell of its middle.

    Args:
        rows: things of each rank, in order.
        distances: for each row, the least distance between neighbouring middles, len(row) - 1 of them.
        pulls: as `Pull`, or as tuples of the same four: there may be tens of thousands.
    """
    starts = [list(accumulate(gaps, initial=0))[: len(row)] for row, gaps in zip(rows, distances, strict=True)]
    widest = max(start[-1] for start in starts)
    things = np.array([thing for row in rows for thing in row], np.int64)
    start = np.array([at for row in starts for at in row], np.int64)
    bounds = [0, *accumulate(map(len, rows))]
    indents = [(widest - row[-1]) // 2 for row in starts]
    place: list[int] = (start + np.repeat(indents, np.diff(bounds))).tolist()
    # from here on a thing is its place in the rows laid end to end, so that a row is a slice
    slot = np.empty(len(things), np.int64)
    slot[things] = np.arange(len(things))
    upper, lower, port, weight = np.array(pulls, np.int64).reshape(-1, 4).T
    upper, lower = slot[upper], slot[lower]
    above, below = _Ends(lower, upper, -port, weight), _Ends(upper, lower, port, weight)
    rounds = ONE_SIDED if len(things) < MANY else ONCE
    follow = [_wishes(one.or_else(other), start, bounds) for one, other in ((above, below), (below, above))]
    _sweep(follow[0], follow[1], rounds, place)
    weigh = _wishes(above.together(below), start, bounds)  # or the last one-sided sweep would forget the other side
    _sweep(weigh, weigh, TWO_SIDED, place)
    return np.array(place)[slot].tolist()  # type: ignore[no-any-return]


class _Ends(NamedTuple):
    """Pulls seen from one of their ends: `thing` wants to be at `other`'s place plus `offset`."""

    thing: NDArray[np.int64]
    other: NDArray[np.int64]
    offset: NDArray[np.int64]
    weight: NDArray[np.int64]

    def together(self, more: _Ends) -> _Ends:
        return _Ends(*(np.concatenate(pair) for pair in zip(self, more, strict=True)))

    def or_else(self, more: _Ends) -> _Ends:
        """These, and of the others those of things that have none here."""
        alone = ~np.isin(more.thing, self.thing)
        return self.together(_Ends(*(column[alone] for column in more)))


class _Wishes(NamedTuple):
    """What the things of a row wish: each wants to be at (constant + Σ weight · place) / total."""

    first: int
    start: list[int]
    """For each thing its least distance from the first: places are fitted without it."""
    others: list[int]
    shifts: list[int]
    """Where one wire pulls: the thing wants to be at `place[other] + shift`. Where none does, at its own place."""
    weights: list[float]
    pairs: list[tuple[int, int, int, int, int, int, int, int]]
    """Where two pull: (which thing, constant, total, one, its weight, other, its weight, start)."""
    several: list[tuple[int, int, int, list[int], list[int], int]]
    """Where more do: (which thing, constant, total, others, weights, start)."""

    def settle(self, place: list[int]) -> None:
        """Moves the things to the best places for their wishes."""
        first, start, others, shifts, weights, pairs, several = self
        wanted: list[float] = [place[other] + shift for other, shift in zip(others, shifts, strict=True)]
        for index, goal, total, one, heavy, other, light, at in pairs:
            wanted[index] = (goal + heavy * place[one] + light * place[other]) / total - at
        for index, goal, total, ends, pulls, at in several:
            for other, weight in zip(ends, pulls, strict=True):
                goal += weight * place[other]
            wanted[index] = goal / total - at
        if len(wanted) == 1:
            place[first] = round(wanted[0])
            return
        fitted = isotonic(wanted, weights)
        place[first : first + len(start)] = [round(level) + at for level, at in zip(fitted, start, strict=True)]


def _wishes(ends: _Ends, start: NDArray[np.int64], bounds: Sequence[int]) -> list[_Wishes]:
    """The wishes of each row.

    Args:
        start: of each thing.
        bounds: where each row begins, and where the last one ends.
    """
    size = len(start)
    order = np.argsort(ends.thing, kind="stable")
    count = np.bincount(ends.thing, minlength=size)
    first = np.cumsum(count) - count
    other, weight = ends.other[order], ends.weight[order]
    total = np.bincount(ends.thing, ends.weight, size).astype(np.int64)
    constant = np.bincount(ends.thing, ends.weight * ends.offset, size).astype(np.int64)
    own = np.arange(size)
    one = count == 1
    others, shifts = own.copy(), -start
    others[one] = other[first[one]]
    shifts[one] += constant[one] // total[one]
    row_of = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    index = own - np.asarray(bounds)[row_of]
    two, many = np.flatnonzero(count == 2), np.flatnonzero(count > 2)
    a, b = first[two], first[two] + 1
    columns = (index[two], constant[two], total[two], other[a], weight[a], other[b], weight[b], start[two])
    pairs = list(zip(*(column.tolist() for column in columns), strict=True))
    flat_others, flat_weights = other.tolist(), weight.tolist()
    several = [
        (i, c, t, flat_others[f : f + n], flat_weights[f : f + n], s)
        for i, c, t, f, n, s in zip(
            *(column[many].tolist() for column in (index, constant, total, first, count, start)), strict=True
        )
    ]
    starts, ones, moves = start.tolist(), others.tolist(), shifts.tolist()
    weights = np.where(count > 0, total, UNPULLED).tolist()
    two_bounds, many_bounds = np.searchsorted(two, bounds).tolist(), np.searchsorted(many, bounds).tolist()
    return [
        _Wishes(
            low,
            starts[low:high],
            ones[low:high],
            moves[low:high],
            weights[low:high],
            pairs[two_bounds[row] : two_bounds[row + 1]],
            several[many_bounds[row] : many_bounds[row + 1]],
        )
        for row, (low, high) in enumerate(pairwise(bounds))
    ]


def _sweep(down: Sequence[_Wishes], up: Sequence[_Wishes], rounds: int, place: list[int]) -> None:
    """Rounds of a sweep down and a sweep up, until one changes nothing."""
    for _ in range(rounds):
        before = place.copy()
        for row in down:
            row.settle(place)
        for row in reversed(up):
            row.settle(place)
        if place == before:
            return


def straighten(
    place: list[int],
    rows: Sequence[Sequence[int]],
    distances: Sequence[Sequence[int]],
    chains: Sequence[tuple[int, range]],
    ends: Mapping[int, int],
) -> None:
    """Takes the small bends out of long wires, in place: through-points of a wire share a cell as long as they can.

    Args:
        place: thing -> cell of its middle.
        rows, distances: as in `coordinates`.
        chains: for each long wire the thing it comes from and its through-points, one a rank.
        ends: through-point -> where the wire goes next, if it is the last one before a user.
    """
    count = len(place)
    left, right = [(count, 0)] * count, [(count + 1, 0)] * count
    for row, gaps in zip(rows, distances, strict=True):
        for one, other, gap in zip(row, row[1:], gaps, strict=False):
            right[one], left[other] = (other, gap), (one, gap)
    pull_straight(place, [(*near, *far) for near, far in zip(left, right, strict=True)], chains, ends)


def pull_straight(
    place: list[int],
    beside: Sequence[tuple[int, int, int, int]],
    chains: Iterable[tuple[int, range]],
    ends: Mapping[int, int],
) -> None:
    """`straighten`, with the neighbours known.

    Args:
        beside: by thing who stands left of it in its row, the least distance to that one, who stands right of it, and
            the least distance. Where nobody does, it is the number of things on the left, and one more on the right.
    """
    place += [-FAR, FAR]  # nobody's neighbours
    for source, chain in chains:
        came = place[source]
        done, stop = chain.start, chain.stop
        while done < stop:
            low, high = -FAR, FAR
            count = done
            for near, before, far, after in beside[done:stop]:
                a, b = place[near] + before, place[far] - after
                if a < low:
                    a = low
                if b > high:
                    b = high
                if a > b:
                    break
                low, high = a, b
                count += 1
            if low <= came <= high:
                cell = came
            else:
                goal = ends.get(count - 1)
                if goal is None:
                    goal = place[(done + count) // 2]
                cell = low if goal < low else high if goal > high else goal
            for thing in range(done, count):
                place[thing] = cell
            came, done = cell, count
    del place[-2:]


def isotonic(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The non-decreasing sequence nearest to `values` in weighted least squares (pool adjacent violators)."""
    if all(map(le, values, islice(values, 1, None))):
        return list(values)
    means: list[float] = []
    masses: list[float] = []
    counts: list[int] = []
    last = -inf
    for mean, mass in zip(values, weights, strict=True):
        count = 1
        while last > mean:
            heavy = masses.pop()
            mean = (mean * mass + means.pop() * heavy) / (mass + heavy)
            mass += heavy
            count += counts.pop()
            last = means[-1] if means else -inf
        means.append(mean)
        masses.append(mass)
        counts.append(count)
        last = mean
    fitted: list[float] = []
    for mean, count in zip(means, counts, strict=True):
        fitted += [mean] * count
    return fitted
