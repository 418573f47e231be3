"""a · b + c with one rounding, as a processor's fused multiply-add gives it; NumPy has none.

PyTorch's random kernels are compiled to fused instructions, so equality to the last bit needs them.

Source: S. Boldo and G. Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to
odd", IEEE Trans. Computers 57 (2008); T. J. Dekker, "A floating-point technique for extending the available
precision", Numer. Math. 18 (1971).
"""

from __future__ import annotations

from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[Any]]

_SPLIT = 134217729.0  # 2^27 + 1: parts a double into two halves whose products are exact
_LOW_BITS = 0x1FFFFFFF  # what a double has below a float's last bit
_HALFWAY = 0x10000000


def fma(a: Any, b: Any, c: Any, dtype: Any) -> Floats:
    """a · b + c, rounded once to `dtype` (float32 or float64).

    Exact as long as no result or intermediate product leaves the range of normal numbers.
    """
    x, y, z = (np.asarray(part, dtype) for part in (a, b, c))
    return _fma32(x, y, z) if x.dtype.itemsize == 4 else _fma64(x, y, z)


def _fma32(a: Floats, b: Floats, c: Floats) -> Floats:
    product = a.astype(np.float64) * b  # 24 + 24 bits: exact in a double
    total = np.asarray(product + c)
    # rounding twice, to double and then to float, goes wrong only where the first lands halfway between two floats
    halfway = (total.view(np.int64) & _LOW_BITS) == _HALFWAY
    if halfway.any():
        total = np.where(halfway, _odd_sum(product, c.astype(np.float64)), total)
    return total.astype(np.float32)


def _fma64(a: Floats, b: Floats, c: Floats) -> Floats:
    high, low = _product(a, b)
    top, below = _sum(c, low)
    found, rest = _sum(high, top)
    return np.asarray(found + _odd_sum(below, rest))


def _product(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """a · b as the rounded product and what rounding lost."""
    a_high = a * _SPLIT - (a * _SPLIT - a)
    b_high = b * _SPLIT - (b * _SPLIT - b)
    a_low, b_low = a - a_high, b - b_high
    product = a * b
    return product, a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)


def _sum(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """a + b as the rounded sum and what rounding lost."""
    total = a + b
    of_b = total - a
    return total, (a - (total - of_b)) + (b - of_b)


def _odd_sum(a: Floats, b: Floats) -> Floats:
    """a + b rounded to odd: an inexact sum gets a last bit of 1, so that a second rounding cannot mistake it."""
    total, lost = _sum(a, b)
    bits = np.array(total).view(np.int64)
    even = (lost != 0) & (bits & 1 == 0)
    return np.asarray(bits + np.where(even, np.where((lost > 0) == (total > 0), 1, -1), 0)).view(np.float64)
