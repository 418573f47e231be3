"""A tensor in four numbers: the element that says most, its range, its size.

The element that says most is the first that is not finite, else the first of largest size.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Summary(NamedTuple):
    """Of one array, or of one plain number."""

    peak: float
    """The first element that is not finite, else the first of largest |.|; NaN where there are no elements."""
    low: float
    high: float
    """Least and greatest element; NaN where one is NaN or there are none."""
    norm: float
    """Square root of the sum of squares."""


def summary(array: NDArray[Any]) -> Summary:
    """What `array` comes to; one number broadcast to a big shape is looked at once."""
    once = array[tuple(slice(0, 1) if stride == 0 else slice(None) for stride in array.strides)]
    if not array.size:
        return Summary(math.nan, math.nan, math.nan, 0.0)
    numbers = np.asarray(once, np.float64).reshape(-1)
    times = array.size // numbers.size
    low, high = float(numbers.min()), float(numbers.max())
    with np.errstate(all="ignore"):
        norm = math.sqrt(times) * float(np.linalg.norm(numbers))
    if not (math.isfinite(low) and math.isfinite(high)):
        return Summary(float(numbers[np.flatnonzero(~np.isfinite(numbers))[0]]), low, high, norm)
    return Summary(float(numbers[int(np.argmax(np.abs(numbers)))]), low, high, norm)


class Summaries:
    """Those of a recording's arena, each worked out when it is first asked for."""

    def __init__(self, arena: tuple[NDArray[Any], ...]) -> None:
        self._arena = arena
        self._known = np.zeros(len(arena), bool)
        self._columns = np.full((4, len(arena)), np.nan)

    def of(self, rows: NDArray[Any]) -> Floats:
        """(4, k) peak, low, high, norm of these rows of the arena."""
        for row in np.unique(rows[~self._known[rows]]).tolist():
            self._columns[:, row] = summary(self._arena[row])
            self._known[row] = True
        found: Floats = self._columns[:, rows]
        return found
