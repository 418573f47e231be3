"""Where in its rank each thing stands, in whole cells: as near above and below its neighbours as the order allows.

Each row is the least-squares fit to its neighbours' places under "keep your order and your distance". With the least
distances subtracted, that is isotonic regression, solved exactly by pooling adjacent violators.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, islice
from math import inf
from operator import le
from typing import NamedTuple

ONE_SIDED, TWO_SIDED = 3, 2
"""Rounds of two sweeps, down and up: first each rank follows the one before it, then it weighs both neighbours."""


class Pull(NamedTuple):
    """One wire segment seen from a thing: it wants to stand at `other`'s place plus `offset`."""

    other: int
    offset: int
    weight: int


def coordinates(
    rows: Sequence[Sequence[int]],
    distances: Sequence[Sequence[int]],
    up: Sequence[Sequence[Pull]],
    down: Sequence[Sequence[Pull]],
) -> list[int]:
    """Thing -> cell of its middle.

    Args:
        rows: things of each rank, in order.
        distances: for each row, the least distance between neighbouring middles, len(row) - 1 of them.
        up, down: each thing's pulls from the rank above and below.
    """
    starts = [list(accumulate(gaps, initial=0))[: len(row)] for row, gaps in zip(rows, distances, strict=True)]
    widest = max(start[-1] for start in starts)
    place = [0] * sum(map(len, rows))
    for row, start in zip(rows, starts, strict=True):
        for thing, at in zip(row, start, strict=True):
            place[thing] = at + (widest - start[-1]) // 2
    both = [_Wish.of([*above, *below]) for above, below in zip(up, down, strict=True)]
    from_above = [_Wish.of(pulls) if pulls else wish for pulls, wish in zip(up, both, strict=True)]
    from_below = [_Wish.of(pulls) if pulls else wish for pulls, wish in zip(down, both, strict=True)]
    downwards, upwards = range(len(rows)), range(len(rows) - 1, -1, -1)
    for wishes in (from_above, from_below) * ONE_SIDED:
        for number in downwards if wishes is from_above else upwards:
            _settle(rows[number], starts[number], wishes, place)
    for order in (downwards, upwards) * TWO_SIDED:  # or the last one-sided sweep would forget the other side
        for number in order:
            _settle(rows[number], starts[number], both, place)
    return place


class _Wish(NamedTuple):
    """A thing's pulls, summed up: it wants to be at (constant + Σ weight · place) / total."""

    constant: int
    total: int
    terms: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, pulls: Sequence[Pull]) -> _Wish:
        constant = total = 0
        terms = []
        for other, offset, weight in pulls:
            constant += weight * offset
            total += weight
            terms.append((other, weight))
        return cls(constant, total, tuple(terms))


def _settle(row: Sequence[int], start: Sequence[int], wishes: Sequence[_Wish], place: list[int]) -> None:
    """Moves one row's things to the best places for their wishes."""
    wanted: list[float] = []
    weights: list[float] = []
    for thing, at in zip(row, start, strict=True):
        goal, total, terms = wishes[thing]
        if terms:
            for other, weight in terms:
                goal += weight * place[other]
            wanted.append(goal / total - at)
            weights.append(total)
        else:  # nothing pulls it: it gives way
            wanted.append(place[thing] - at)
            weights.append(0.1)
    for thing, at, level in zip(row, start, isotonic(wanted, weights), strict=True):
        place[thing] = round(level) + at


def straighten(
    place: list[int],
    rows: Sequence[Sequence[int]],
    distances: Sequence[Sequence[int]],
    chains: Sequence[tuple[int, Sequence[int]]],
    ends: Mapping[int, int],
) -> None:
    """Takes the small bends out of long wires, in place: through-points of a wire share a cell as long as they can.

    Args:
        place: thing -> cell of its middle.
        rows, distances: as in `coordinates`.
        chains: for each long wire the thing it comes from and its through-points, one a rank.
        ends: through-point -> where the wire goes next, if it is the last one before a user.
    """
    left: dict[int, tuple[int, int]] = {}
    right: dict[int, tuple[int, int]] = {}
    for row, gaps in zip(rows, distances, strict=True):
        for one, other, gap in zip(row, row[1:], gaps, strict=False):
            right[one], left[other] = (other, gap), (one, gap)

    def room(thing: int) -> tuple[float, float]:
        low = place[left[thing][0]] + left[thing][1] if thing in left else -inf
        high = place[right[thing][0]] - right[thing][1] if thing in right else inf
        return low, high

    for source, chain in chains:
        came = place[source]
        pending = list(chain)
        while pending:
            low, high = -inf, inf
            count = 0
            for thing in pending:
                a, b = room(thing)
                if max(low, a) > min(high, b):
                    break
                low, high, count = max(low, a), min(high, b), count + 1
            straight, pending = pending[:count], pending[count:]
            goal = ends.get(straight[-1], place[straight[len(straight) // 2]])
            cell = int(max(low, min(came if low <= came <= high else goal, high)))
            for thing in straight:
                place[thing] = cell
            came = cell


def isotonic(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The non-decreasing sequence nearest to `values` in weighted least squares (pool adjacent violators)."""
    if all(map(le, values, islice(values, 1, None))):
        return list(values)
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for mean, mass in zip(values, weights, strict=True):
        count = 1
        while pools and pools[-1][0] > mean:
            other, heavy, many = pools.pop()
            mean = (mean * mass + other * heavy) / (mass + heavy)
            mass += heavy
            count += many
        pools.append((mean, mass, count))
    fitted: list[float] = []
    for mean, _, count in pools:
        fitted += [mean] * count
    return fitted
