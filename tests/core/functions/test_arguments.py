"""Arguments as PyTorch takes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tracer.core.functions.all import Tensor
from tracer.core.functions.arguments import dim_of, dims_of, int_of, sizes_of, tensor_of, tensors_of
from tracer.errors import ArgumentTypeError, AxisError, ShapeError


def test_a_dim_counts_from_either_end() -> None:
    assert [dim_of("sum", dim, 3) for dim in (0, 2, -1, -3)] == [0, 2, 2, 0]


def test_a_tensor_without_axes_takes_0_and_minus_1() -> None:
    assert [dim_of("sum", dim, 0) for dim in (0, -1)] == [0, 0]


@pytest.mark.parametrize(("dim", "ndim"), [(3, 3), (-4, 3), (1, 0), (-2, 0)])
def test_a_dim_that_is_not_there_is_an_index_error(dim: int, ndim: int) -> None:
    with pytest.raises(IndexError, match=f"sum: dim is {dim}") as caught:
        dim_of("sum", dim, ndim)
    assert isinstance(caught.value, AxisError)
    assert "test_arguments.py:" in str(caught.value)
    assert str(dim) in caught.value.told("ja")


def test_several_dims_in_order_none_for_all() -> None:
    assert dims_of("sum", (-1, 0), 3) == (2, 0)
    assert dims_of("sum", 1, 3) == (1,)
    assert dims_of("sum", None, 3) == (0, 1, 2)
    assert dims_of("sum", (), 3) == ()


def test_the_same_axis_twice_is_refused_however_it_is_written() -> None:
    with pytest.raises(ShapeError, match="axis 2 appears twice"):
        dims_of("sum", (2, -1), 3)


def test_sizes_one_by_one_or_as_a_sequence() -> None:
    assert sizes_of(2, 3) == sizes_of((2, 3)) == sizes_of([2, np.int64(3)]) == (2, 3)
    assert sizes_of(()) == sizes_of() == ()
    assert sizes_of(Tensor._wrap(np.array(4)), 1) == (4, 1)


@pytest.mark.parametrize("wrong", [2.0, True, "2", None, np.bool_(True), np.float32(1)])
def test_only_whole_numbers_are_ints(wrong: Any) -> None:
    with pytest.raises(TypeError, match=f"view: n must be an int, got {type(wrong).__name__}"):
        int_of("view", "n", wrong)


@pytest.mark.parametrize("wrong", [[1.0], np.ones(2), 1.0, None])
def test_what_is_no_tensor_is_refused(wrong: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="must be a Tensor"):
        tensor_of("sum", wrong)
    with pytest.raises(ArgumentTypeError):
        tensors_of("cat", wrong)


def test_which_of_several_is_no_tensor_is_said() -> None:
    with pytest.raises(ArgumentTypeError, match=r"tensors\[1\] must be a Tensor, got float"):
        tensors_of("cat", (Tensor._wrap(np.ones(2)), 1.0))
