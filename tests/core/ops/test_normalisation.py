"""Layer norm and rms norm: beside PyTorch, steady in float32, and what no gradient asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.core.ops.beside import COUNTS, Call, Case, beside, hold, numbers, shapes
from tracer.core.tensor import Tensor
from tracer.nn import functional as F

Drawn = tuple[Call, Sequence[np.ndarray]]


def layer_norm(draw: st.DrawFn) -> Drawn:
    """Rows of four and more: of two numbers that lie close together float32 can make anything."""
    inner = tuple(draw(st.lists(st.integers(4, 6), min_size=1, max_size=2)))
    eps = draw(st.sampled_from([1e-5, 1e-3, 0.5]))
    given = draw(st.sampled_from(["", "weight", "bias", "weight bias"])).split()
    x = numbers(draw, (*shapes(draw, 0, 2), *inner), 2, draw(st.sampled_from([0, 3])))

    def call(module: Any, x: Any, *more: Any) -> Any:
        return module.layer_norm(x, inner, eps=eps, **dict(zip(given, more, strict=True)))

    return call, [x, *(numbers(draw, inner) for _ in given)]


def rms_norm(draw: st.DrawFn) -> Drawn:
    inner = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=2)))
    eps = draw(st.sampled_from([None, 1e-5, 0.5]))
    weights = [numbers(draw, inner)] if draw(st.booleans()) else []
    x = numbers(draw, (*shapes(draw, 0, 2), *inner))
    return lambda module, x, *more: module.rms_norm(x, inner, *more, eps=eps), [x, *weights]


CASES: dict[str, Case] = {"layer_norm": layer_norm, "rms_norm": rms_norm}


@pytest.mark.oracle
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("name", CASES)
def test_value_and_every_gradient_are_pytorchs(name: str, count: int) -> None:
    hold(count, CASES[name])


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("row", [[3.0] * 4, [0.0] * 4, [1e-20, 2e-20, 0.0, -1e-20], [1e12, -2e12, 3e12, 0.0]])
def test_constant_tiny_and_huge_rows_are_pytorchs(row: list[float], dtype: str) -> None:
    beside(lambda module, x: module.rms_norm(x, (4,), eps=1e-5), [np.array([row])], dtype)
    beside(lambda module, x: module.layer_norm(x, (4,)), [np.array([row])], dtype)


def test_float32_keeps_its_digits_far_from_zero() -> None:
    """The mean is taken away before anything is squared."""
    far = np.random.default_rng(0).normal(1e4, 1, (4, 64))
    exact = F.layer_norm(Tensor._wrap(far.astype(np.float32).astype(np.float64)), (64,))
    got = F.layer_norm(Tensor._wrap(far.astype(np.float32)), (64,))
    np.testing.assert_allclose(got._array, exact._array, atol=1e-3)


def test_half_precision_is_computed_in_single() -> None:
    """A sum of squares of numbers around 300 is beyond float16."""
    x = Tensor._wrap(np.full((1, 8), 300.0, np.float16))
    out = F.rms_norm(x, (8,))
    assert out._array.dtype == np.float16
    np.testing.assert_allclose(out._array, 1, rtol=1e-3)


@pytest.mark.parametrize("name", ["layer_norm", "rms_norm"])
def test_no_gradient_asks_to_stretch_a_row(name: str) -> None:
    """Stretching a row changes nothing, so the gradient stands at a right angle to it."""
    x = Tensor._wrap(np.random.default_rng(1).normal(size=(3, 5)), requires_grad=True)
    getattr(F, name)(x, (5,), eps=0.0).backward(Tensor._wrap(np.random.default_rng(2).normal(size=(3, 5))))
    found = x._grad._array  # type: ignore[union-attr]
    np.testing.assert_allclose((found * x._array).sum(1), 0, atol=1e-12)
    if name == "layer_norm":
        np.testing.assert_allclose(found.sum(1), 0, atol=1e-12)


def test_after_layer_norm_every_row_has_mean_0_and_spread_1() -> None:
    out = F.layer_norm(Tensor._wrap(np.random.default_rng(3).normal(5, 9, (4, 50))), (50,), eps=0.0)._array
    np.testing.assert_allclose(out.mean(1), 0, atol=1e-12)
    np.testing.assert_allclose(out.std(1), 1)
