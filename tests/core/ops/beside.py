"""The same call made with our functions and with PyTorch's: value, dtype and every gradient must agree.

A case draws a call and its arrays; the call gets the module of functions, so it is written once for both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer.nn.functional as ours
from tracer.core.tensor import Tensor

Call = Callable[..., Any]
Case = Callable[[st.DrawFn], tuple[Call, Sequence[np.ndarray]]]
"""Draws `call(F, *tensors)` and the arrays; those of floating point become leaves that require gradient."""

COUNTS = [10, pytest.param(200, marks=pytest.mark.deep)]
"""Cases an op: by default, and in long runs."""
TOLERANCE = {"float64": 1e-10, "float32": 1e-5}

seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 4)


def numbers(draw: st.DrawFn, shape: Sequence[int], spread: float = 2.0, middle: float = 0.0) -> np.ndarray:
    """Normal numbers, from a drawn seed."""
    return np.random.default_rng(draw(seeds)).normal(middle, spread, tuple(shape))


def shapes(draw: st.DrawFn, least: int = 0, most: int = 3) -> tuple[int, ...]:
    """Sizes of a tensor with `least` to `most` axes, none empty."""
    return tuple(draw(st.lists(sizes, min_size=least, max_size=most)))


def hold(count: int, case: Case) -> None:
    """Run `count` drawn cases with both, in both precisions.

    Raises:
        AssertionError: a value, a shape, a dtype or a gradient differs.
    """

    @settings(max_examples=count, deadline=None, database=None)
    @given(st.data())
    def run(data: st.DataObject) -> None:
        call, arrays = data.draw(st.composite(case)())
        dtype = data.draw(st.sampled_from(["float64", "float32"]))
        largest = max((np.abs(a).max(initial=0) for a in arrays if np.asarray(a).dtype.kind == "f"), default=0)
        beside(call, arrays, dtype, data.draw(seeds), 4 * np.finfo(dtype).eps * largest)

    run()


def beside(call: Call, arrays: Sequence[np.ndarray], dtype: str, seed: int = 0, rest: float = 0.0) -> tuple[Any, Any]:
    """Make one call with both and compare; returns both outputs.

    Args:
        rest: what may remain of the value where numbers of the inputs' size cancel: some of their last bits.
    """
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
    typed = [np.asarray(a, dtype if np.asarray(a).dtype.kind == "f" else None) for a in arrays]
    mine = [Tensor._wrap(a.copy(), requires_grad=a.dtype.kind == "f") for a in typed]
    yours = [torch.tensor(a, requires_grad=a.dtype.kind == "f") for a in typed]
    got, expected = call(ours, *mine), call(torch.nn.functional, *yours)
    tolerance = TOLERANCE[dtype]
    assert repr(got.dtype) == repr(expected.dtype)
    close(got._array, expected.detach().numpy(), tolerance, "value", rest / tolerance)
    if not expected.requires_grad:
        assert not got.requires_grad
        return got, expected
    g = np.asarray(np.random.default_rng(seed).normal(0, 1, expected.shape), dtype)
    got.backward(Tensor._wrap(g))
    expected.backward(torch.tensor(g))
    for place, (one, other) in enumerate(zip(mine, yours, strict=True)):
        if other.grad is None:
            assert one._grad is None, f"input {place} got a gradient"
        else:
            assert one._grad is not None, f"input {place} got no gradient"
            close(
                one._grad._array, other.grad.numpy(), tolerance, f"gradient of input {place}", np.abs(g).max(initial=0)
            )
    return got, expected


def close(got: Any, expected: Any, tolerance: float, what: str, scale: float = 0.0) -> None:
    """Equal within `tolerance` of the largest number (or of `scale`, where terms of that size cancel)."""
    assert got.shape == expected.shape, what
    assert got.dtype == expected.dtype, what
    finite = np.abs(expected[np.isfinite(expected)])
    atol = tolerance * max(finite.max(initial=0), scale)
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=atol, err_msg=what)
