"""What backward rules need beyond NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tracer.core.array import MANY, put, take, unbroadcast

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("width", [3, MANY])
@pytest.mark.parametrize(
    "index",
    [
        (RNG.integers(-5, 5, 9),), (RNG.integers(-5, 5, (2, 3)),), (np.array(2),), (slice(1, 4),), (3,), (Ellipsis,),
        (RNG.integers(0, 5, 4), RNG.integers(0, 3, 4)), (RNG.random(5) < 0.5,), (None, slice(None), 0), (True, [1, 1]),
        (RNG.integers(-5, 5, 6), slice(None)),
        RNG.integers(0, 5, 4), 2, (RNG.integers(0, 5, 4).astype(np.int32),), (np.zeros(0, np.int64),),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_put_is_added_where_it_would_be_taken(index: Any, width: int) -> None:
    """Twice at the same place adds twice, on the fast way for many rows as on the plain one, to the last bit."""
    shape = (5, width)
    g = RNG.normal(size=take(np, np.zeros(shape), index).shape).astype(np.float32)
    expected = np.zeros(shape, np.float32)
    np.add.at(expected, index, g)
    found = put(np, shape, index, g)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("given", "shape"),
    [((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 3), (2, 1)), ((4, 2, 3), (1, 3)), ((2,), ()), ((), (2,))],
)
def test_a_gradient_is_summed_over_the_axes_that_were_broadcast(given: tuple[int, ...], shape: tuple[int, ...]) -> None:
    """⟨unbroadcast(g), a⟩ = ⟨g, broadcast(a)⟩; a rule that returns one number means it for every element."""
    g, a = RNG.normal(size=given), RNG.normal(size=shape)
    found = unbroadcast(np, g, shape)
    assert found.shape == shape
    if given:
        assert (found * a).sum() == pytest.approx((g * np.broadcast_to(a, given)).sum())
    else:
        assert (found == g).all()
