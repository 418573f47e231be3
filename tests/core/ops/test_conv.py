"""Convolution and margins: beside PyTorch over every option."""

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
ones_and_twos = st.integers(1, 2)


def conv2d(draw: st.DrawFn) -> Drawn:
    groups, inner, each = draw(ones_and_twos), draw(ones_and_twos), draw(ones_and_twos)
    kernel = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    batch = draw(st.sampled_from([(), (1,), (2,)]))
    options: dict[str, Any] = {
        "stride": draw(st.one_of(ones_and_twos, st.tuples(ones_and_twos, ones_and_twos))),
        "dilation": draw(ones_and_twos),
        "groups": groups,
        "padding": draw(st.one_of(st.integers(0, 2), st.tuples(st.integers(0, 2), st.integers(0, 2)), st.just("same"))),
    }
    if options["padding"] == "same":
        options["stride"] = 1
    picture = (*batch, groups * inner, draw(st.integers(5, 7)), draw(st.integers(5, 6)))
    arrays = [numbers(draw, picture), numbers(draw, (groups * each, inner, *kernel))]
    if draw(st.booleans()):
        arrays.append(numbers(draw, (groups * each,)))
    return lambda module, *xs: module.conv2d(*xs, **options), arrays


def pad(draw: st.DrawFn) -> Drawn:
    shape = tuple(n + 2 for n in shapes(draw, 1, 3))
    widths = draw(st.lists(st.integers(-1, 2), min_size=0, max_size=2 * len(shape)))
    widths = widths[: len(widths) // 2 * 2]
    value = draw(st.sampled_from([None, 0.0, 2.5]))
    return lambda module, x: module.pad(x, tuple(widths), value=value), [numbers(draw, shape)]


def pad_from_inside(draw: st.DrawFn) -> Drawn:
    axes = draw(st.integers(1, 2))
    shape = tuple(draw(st.integers(3, 5)) for _ in range(axes + draw(ones_and_twos)))
    widths = tuple(draw(st.integers(0, 2)) for _ in range(2 * axes))
    mode = draw(st.sampled_from(["reflect", "replicate", "circular"]))
    return lambda module, x: module.pad(x, widths, mode=mode), [numbers(draw, shape)]


CASES: dict[str, Case] = {
    "conv2d": conv2d,
    "pad": pad,
    "pad from inside": pad_from_inside,
}


@pytest.mark.oracle
@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("name", CASES)
def test_value_and_every_gradient_are_pytorchs(name: str, count: int) -> None:
    hold(count, CASES[name])


@pytest.mark.oracle
def test_whole_numbers_and_empty_batches_are_pytorchs() -> None:
    whole = np.arange(32).reshape(1, 2, 4, 4)
    beside(lambda module, x, w: module.conv2d(x, w), [whole, np.ones((1, 2, 2, 2), np.int64)], "float32")
    beside(lambda module, x, w: module.conv2d(x, w), [np.zeros((0, 2, 4, 4)), np.ones((1, 2, 2, 2))], "float32")
    beside(lambda module, x: module.pad(x, (1, 1), value=1.5), [np.arange(3)], "float32")


def test_a_convolution_copies_no_window_before_the_product() -> None:
    from tracer.core.ops.conv import windows as cut

    picture = np.zeros((1, 1, 8, 8))
    assert np.shares_memory(cut(np, picture, (3, 3), (1, 1), (1, 1)), picture)


def test_a_weight_is_paid_by_every_place_it_looked_at() -> None:
    """One weight over a 3 × 3 picture: its gradient is the sum of the picture, a bias's the number of places."""
    picture = np.arange(9.0).reshape(1, 1, 3, 3)
    w, b = (Tensor._wrap(np.full(shape, 2.0), requires_grad=True) for shape in ((1, 1, 1, 1), (1,)))
    F.conv2d(Tensor._wrap(picture), w, b).sum().backward()
    assert w._grad._array.item() == 36  # type: ignore[union-attr]
    assert b._grad._array.item() == 9  # type: ignore[union-attr]
