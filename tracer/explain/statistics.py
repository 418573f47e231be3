"""What can be said of an array as a whole: extremes, mean, spread, norm, and what is odd in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracer.explain.amount import Array, norm
from tracer.numbers import NO_GRADIENT, format_number
from tracer.text import Text


@dataclass(frozen=True)
class Statistics:
    """Of the finite elements, in float64; None where there are too few for the figure."""

    count: int
    """All elements."""
    low: float | None
    high: float | None
    mean: float | None
    std: float | None
    """With n − 1 in the denominator, as `Tensor.std()` has it."""
    norm: float | None
    zeros: int
    nan: int
    inf: int

    def words(self, digits: int = 4) -> tuple[tuple[Text, str], ...]:
        """Name and number of each figure worth showing; what is odd only where it occurs.

        What is not finite comes first: the other figures leave it out, and a narrow line ends early.
        """
        found = [
            (_MIN, _shown(self.low, digits)),
            (_MAX, _shown(self.high, digits)),
            (_MEAN, _shown(self.mean, digits)),
            (_STD, _shown(self.std, digits)),
            (_NORM, _shown(self.norm, digits)),
        ]
        return (*self._counts((_NAN, self.nan), (_INF, self.inf)), *found, *self._counts((_ZEROS, self.zeros)))

    def _counts(self, *odd: tuple[Text, int]) -> tuple[tuple[Text, str], ...]:
        return tuple((name, f"{n:,} / {self.count:,}") for name, n in odd if n)


def statistics(value: Array) -> Statistics:
    """The figures of an array of numbers or of truth values (counted as 0 and 1)."""
    flat = value.reshape(-1).astype(np.float64)
    finite = flat[np.isfinite(flat)]
    some, several = len(finite) > 0, len(finite) > 1
    return Statistics(
        count=len(flat),
        low=float(finite.min()) if some else None,
        high=float(finite.max()) if some else None,
        mean=float(finite.mean()) if some else None,
        std=float(finite.std(ddof=1)) if several else None,
        norm=norm(finite) if some else None,
        zeros=int((flat == 0).sum()),
        nan=int(np.isnan(flat).sum()),
        inf=int(np.isinf(flat).sum()),
    )


def _shown(number: float | None, digits: int) -> str:
    return NO_GRADIENT if number is None else format_number(number, digits)


_MIN, _MAX = Text("min", "最小"), Text("max", "最大")
_MEAN, _STD = Text("mean", "平均"), Text("std", "標準偏差")
_NORM = Text("‖·‖", "‖·‖")
_ZEROS, _NAN, _INF = Text("zeros", "0 の数"), Text.same("nan"), Text.same("inf")
