"""The error function on arrays, held to Python's own."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tracer.core.erf import erf


@pytest.mark.parametrize(("dtype", "most"), [("float64", 1.2e-16), ("float32", 1.2e-7), ("float16", 1e-3)])
def test_it_is_pythons_to_the_last_bit_of_one(dtype: str, most: float) -> None:
    """Across the seam at 1 and the end at 6, and over more than one block."""
    x = np.concatenate([np.linspace(-7, 7, 20_001), np.random.default_rng(0).normal(0, 1, 9_999)]).astype(dtype)
    expected = np.array([math.erf(float(v)) for v in x])
    assert erf(x).dtype == x.dtype
    assert np.abs(erf(x) - expected).max() <= most


def test_small_numbers_keep_all_their_digits() -> None:
    x = np.array([1e-300, 1e-20, 1e-8, -1e-3, 0.5])
    np.testing.assert_allclose(erf(x), [math.erf(v) for v in x], rtol=4e-16)


def test_the_ends_and_what_is_no_number() -> None:
    got = erf(np.array([np.inf, -np.inf, 40.0, 0.0, -0.0, np.nan]))
    np.testing.assert_array_equal(got, [1, -1, 1, 0, -0.0, np.nan])
    assert np.signbit(got[4])


@pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
def test_shapes_stay(shape: tuple[int, ...]) -> None:
    """Also of an array that does not lie row by row."""
    x = np.ones(shape).T
    assert erf(x).shape == x.shape
    np.testing.assert_allclose(erf(x), math.erf(1), rtol=4e-16)
