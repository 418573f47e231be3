"""What sizes mean: what can be viewed, -1 worked out, the shape several tensors share."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.core.functions.all import Tensor
from tracer.core.functions.sizes import can_view, infer_sizes, listed_sizes, together
from tracer.errors import ArgumentTypeError, ShapeError

BASE = np.arange(256.0).reshape(4, 4, 4, 4)
CUTS = [
    BASE[..., ::2], BASE.transpose(2, 0, 1, 3), BASE[:2], BASE[:, 1:3], BASE[0], BASE[:, :1], BASE[:, :, 0],
    BASE[::2, 0], BASE[1:, :, :, :1], BASE.swapaxes(0, 3)[0], BASE[0, 0].T, BASE[:, 0, 0, 0],
    np.broadcast_to(BASE[0], (2, 4, 4, 4)),
]  # fmt: skip


@given(st.sampled_from(CUTS), st.data())
def test_what_can_be_viewed_is_what_numpy_does_not_copy(x: Any, data: Any) -> None:
    """Of any cut and any shape with as many elements."""
    sizes, left = [], x.size
    while left > 1:
        sizes.append(data.draw(st.sampled_from([n for n in range(2, left + 1) if left % n == 0])))
        left //= sizes[-1]
        if data.draw(st.booleans()):
            sizes.append(1)
    assert can_view(x.shape, x.strides, sizes) == np.may_share_memory(x, x.reshape(sizes)), (x.shape, x.strides, sizes)


def test_nothing_can_be_viewed_in_any_shape() -> None:
    x = BASE[:0].T
    assert can_view(x.shape, x.strides, (0, 7))


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.data())
def test_the_size_left_open_is_worked_out(sizes: list[int], data: Any) -> None:
    given_sizes = list(sizes)
    given_sizes[data.draw(st.integers(0, len(sizes) - 1))] = -1
    assert infer_sizes("view", tuple(given_sizes), math.prod(sizes), "it") == tuple(sizes)


@pytest.mark.parametrize(
    ("sizes", "count", "says"),
    [
        ((4, 2), 6, "multiply to 6, not 8"),
        ((-1, 4), 6, "4 does not divide it"),
        ((-1, -1), 6, "Only one size"),
        ((-2, 3), 6, "must not be negative"),
        ((-1, 0), 0, "could be anything"),
    ],
)
def test_sizes_that_fit_nothing_say_why(sizes: tuple[int, ...], count: int, says: str) -> None:
    with pytest.raises(ShapeError, match=says) as caught:
        infer_sizes("view", sizes, count, "a tensor of 6")
    assert str(sizes) in caught.value.told("ja")


def test_sizes_come_one_by_one_as_a_tuple_or_by_keyword() -> None:
    assert (
        listed_sizes("view", (2, 3), None) == listed_sizes("view", ([2, 3],), None) == listed_sizes("view", (), (2, 3))
    )
    with pytest.raises(ArgumentTypeError, match="shape is missing"):
        listed_sizes("view", (), None)


shape = st.lists(st.sampled_from([1, 2, 3]), max_size=3).map(tuple)


@given(st.lists(shape, min_size=1, max_size=3))
def test_shapes_broadcast_where_numpys_do(shapes: list[tuple[int, ...]]) -> None:
    def of(find: Callable[[], tuple[int, ...]]) -> tuple[int, ...] | None:
        try:
            return find()
        except (ValueError, ShapeError):
            return None

    tensors = [Tensor._wrap(np.zeros(one)) for one in shapes]
    assert of(lambda: together("where", *tensors)) == of(lambda: np.broadcast_shapes(*shapes))
