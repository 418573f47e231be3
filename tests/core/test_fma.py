"""Multiply and add with one rounding, held to exact arithmetic with fractions."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tracer.core.fma import fma

wide = st.floats(-1e6, 1e6, allow_subnormal=False).filter(lambda x: x == 0 or abs(x) > 1e-6)
narrow = wide.map(lambda x: float(np.float32(x)))


def rounded(a: float, b: float, c: float, kind: Any) -> float:
    """a · b + c computed exactly and then rounded, by comparing with the two neighbours of the double result."""
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    near = kind(float(exact))
    around = [near, np.nextafter(near, kind(-np.inf)), np.nextafter(near, kind(np.inf))]
    best = min(around, key=lambda one: (abs(Fraction(float(one)) - exact), int(one.view(f"i{one.itemsize}")) & 1))
    return float(best)


@given(narrow, narrow, narrow)
@example(1 + 2.0**-12, 1 + 2.0**-12, 2.0**-30)
def test_float32_is_rounded_once(a: float, b: float, c: float) -> None:
    found = fma(a, b, c, np.float32)
    assert found.dtype == np.float32
    assert float(found) == rounded(a, b, c, np.float32)


@given(wide, wide, wide)
def test_float64_is_rounded_once(a: float, b: float, c: float) -> None:
    assert float(fma(a, b, c, np.float64)) == rounded(a, b, c, np.float64)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_where_rounding_twice_goes_wrong_it_is_still_right(sign: float) -> None:
    """A double that lies halfway between two floats, though the exact sum does not."""
    a, b, c = sign * 2.0**-24 * (1 + 2.0**-18), 1 - 2.0**-18, sign * (1 + 2.0**-23)
    assert float(np.float32(a * b + c)) == sign * (1 + 2.0**-22)
    assert float(fma(a, b, c, np.float32)) == sign * (1 + 2.0**-23) == rounded(a, b, c, np.float32)


def test_it_broadcasts() -> None:
    assert fma(np.ones((2, 1)), np.arange(3.0), 1.0, np.float64).tolist() == [[1, 2, 3], [1, 2, 3]]
