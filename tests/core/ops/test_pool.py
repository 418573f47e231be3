"""Pooling: beside PyTorch over every option, and who receives what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.core.ops.beside import COUNTS, Call, Case, beside, hold, numbers, seeds
from tracer.core.op import find_op
from tracer.core.tensor import Tensor
from tracer.nn import functional as F

Drawn = tuple[Call, Sequence[np.ndarray]]
ones_and_twos = st.integers(1, 2)


def windows(draw: st.DrawFn) -> tuple[tuple[int, ...], dict[str, Any]]:
    kernel = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    batch = draw(st.sampled_from([(), (1,), (2,)]))
    options: dict[str, Any] = {
        "kernel_size": draw(st.sampled_from([kernel, kernel[0]])),
        "stride": draw(st.sampled_from([None, 1, 2, 3, (2, 1)])),
        "padding": draw(st.integers(0, min(kernel) // 2)),
        "ceil_mode": draw(st.booleans()),
    }
    return (*batch, draw(ones_and_twos), draw(st.integers(5, 7)), draw(st.integers(5, 6))), options


def max_pool2d(draw: st.DrawFn) -> Drawn:
    shape, options = windows(draw)
    options["dilation"] = draw(st.integers(1, 2)) if options["padding"] == 0 else 1
    count = int(np.prod(shape))
    apart = np.random.default_rng(draw(seeds)).permutation(count).reshape(shape) / 2
    if draw(st.booleans()):
        apart = np.floor(apart / 4)  # equal numbers: the first one wins
    return lambda module, x: module.max_pool2d(x, **options), [apart]


def avg_pool2d(draw: st.DrawFn) -> Drawn:
    shape, options = windows(draw)
    options["count_include_pad"] = draw(st.booleans())
    options["divisor_override"] = draw(st.sampled_from([None, None, 3]))
    return lambda module, x: module.avg_pool2d(x, **options), [numbers(draw, shape)]


CASES: dict[str, Case] = {"max_pool2d": max_pool2d, "avg_pool2d": avg_pool2d}


@pytest.mark.oracle
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("name", CASES)
def test_value_and_gradient_are_pytorchs(name: str, count: int) -> None:
    hold(count, CASES[name])


@pytest.mark.oracle
def test_where_each_largest_number_stands_is_pytorchs() -> None:
    torch: Any = pytest.importorskip("torch")
    picture = np.random.default_rng(0).normal(size=(2, 3, 6, 7))
    for options in ({"padding": 1, "stride": 2}, {"ceil_mode": True, "stride": 2}, {"dilation": 2}):
        _, mine = F.max_pool2d(Tensor._wrap(picture), 3, return_indices=True, **options)
        _, yours = torch.nn.functional.max_pool2d(torch.tensor(picture), 3, return_indices=True, **options)
        assert mine._array.dtype == np.int64
        np.testing.assert_array_equal(mine._array, yours.numpy())


@pytest.mark.oracle
def test_a_picture_with_holes_is_pooled_as_in_pytorch() -> None:
    """nan wins its window; −∞ everywhere is won by the first place inside the picture."""
    picture = np.random.default_rng(1).normal(size=(1, 1, 4, 4))
    picture[0, 0, 1, 1] = np.nan
    beside(lambda module, x: module.max_pool2d(x, 2, padding=1), [picture], "float64")
    beside(lambda module, x: module.max_pool2d(x, 2, padding=1), [np.full((1, 1, 4, 4), -np.inf)], "float64")


@pytest.mark.oracle
def test_whole_numbers_have_a_largest_too() -> None:
    beside(lambda module, x: module.max_pool2d(x, 2), [np.arange(32).reshape(1, 2, 4, 4)], "float32")


def test_who_wins_two_windows_receives_from_both() -> None:
    x = Tensor._wrap(np.array([[[1.0, 9.0, 2.0]]]), requires_grad=True)
    F.max_pool2d(x, (1, 2), stride=1).sum().backward()
    np.testing.assert_array_equal(x._grad._array, [[[0, 2, 0]]])  # type: ignore[union-attr]


def test_max_pool_keeps_where_each_winner_stood() -> None:
    """So that backward compares nothing again."""
    picture = np.array([[[[1.0, 9.0], [2.0, 3.0]]]])
    static: dict[str, Any] = {"kernel": (2, 2), "stride": (2, 2), "padding": ((0, 0), (0, 0)), "dilation": (1, 1)}
    _, saved = find_op("max_pool2d").run(picture, **static)
    assert saved["places"].item() == 1
