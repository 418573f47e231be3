"""Where in its rank each thing stands, in whole cells: as near above and below its neighbours as the order allows.

Each row is the least-squares fit to its neighbours' places under "keep your order and your distance". With the least
distances subtracted, that is isotonic regression, solved exactly by pooling adjacent violators.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

SWEEPS = 10


@dataclass(frozen=True)
class Pull:
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
    place = [0] * sum(map(len, rows))
    starts: list[list[int]] = []
    widest = 0
    for row, gaps in zip(rows, distances, strict=True):
        start = [0]
        for gap in gaps:
            start.append(start[-1] + gap)
        starts.append(start[: len(row)])
        widest = max(widest, start[-1])
    for row, start in zip(rows, starts, strict=True):
        for thing, at in zip(row, start, strict=True):
            place[thing] = at + (widest - start[-1]) // 2
    for sweep in range(SWEEPS):
        numbers = range(len(rows)) if sweep % 2 == 0 else range(len(rows) - 1, -1, -1)
        both = sweep >= SWEEPS - 4  # the last sweeps weigh both sides, or the final one would forget the other
        for number in numbers:
            row, start = rows[number], starts[number]
            wanted, weights = [], []
            for thing in row:
                pulls = [*up[thing], *down[thing]] if both else (up if sweep % 2 == 0 else down)[thing]
                if not pulls:
                    pulls = [*up[thing], *down[thing]]
                weight = sum(pull.weight for pull in pulls)
                middle = sum(pull.weight * (place[pull.other] + pull.offset) for pull in pulls)
                wanted.append(middle / weight if weight else float(place[thing]))
                weights.append(weight or 0.1)
            fitted = isotonic([want - at for want, at in zip(wanted, start, strict=True)], weights)
            for thing, level, at in zip(row, fitted, start, strict=True):
                place[thing] = round(level) + at
    return place


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
    means: list[float] = []
    masses: list[float] = []
    counts: list[int] = []
    for value, weight in zip(values, weights, strict=True):
        mean, mass, count = value, weight, 1
        while means and means[-1] > mean:
            other, heavy = means.pop(), masses.pop()
            mean = (mean * mass + other * heavy) / (mass + heavy)
            mass += heavy
            count += counts.pop()
        means.append(mean)
        masses.append(mass)
        counts.append(count)
    return [mean for mean, count in zip(means, counts, strict=True) for _ in range(count)]
