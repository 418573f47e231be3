"""Where in its rank each thing stands, in whole cells: as near above and below its neighbours as the order allows.

Each row is the least-squares fit to its neighbours' places under "keep your order and your distance". With the least
distances subtracted, that is isotonic regression, solved exactly by pooling adjacent violators.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
