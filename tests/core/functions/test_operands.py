"""What arithmetic takes, and in which words it refuses the rest."""

from __future__ import annotations

import numpy as np
import pytest

from tracer.core import dtype as dtypes
from tracer.core.functions.all import Tensor
from tracer.core.functions.operands import (
    converted,
    counts_of,
    dtype_of,
    floating,
    floats_of,
    no_bools,
    operand_of,
    operands_of,
    same_dtype,
)  # fmt: skip
from tracer.errors import ArgumentTypeError, DtypeError, UnsupportedDtypeError


def tensor(dtype: str) -> Tensor:
    made: Tensor = Tensor._wrap(np.ones(2, dtype))
    return made


def test_two_numbers_become_a_tensor_and_a_number() -> None:
    a, b = operands_of("add", 2, 0.5)
    assert isinstance(a, Tensor)
    assert a.dtype is dtypes.int64
    assert b == 0.5


@pytest.mark.parametrize("thing", [None, "a", [1.0], np.ones(2)])
def test_what_is_neither_tensor_nor_number_is_refused(thing: object) -> None:
    with pytest.raises(ArgumentTypeError, match="add: other must be a Tensor or a number") as caught:
        operand_of("add", thing)
    assert "test_operands.py:" in str(caught.value)
    assert "テンソルか数" in caught.value.told("ja")


def test_dtypes_are_checked_and_brought_about() -> None:
    assert dtype_of(True) is dtypes.bool_
    assert dtype_of(tensor("float32")) is dtypes.float32
    assert floating(tensor("int64")).dtype is dtypes.float32
    x = tensor("float64")
    assert floating(x) is x
    assert converted(x, None, "sum") is x
    assert converted(x, dtypes.float64, "sum") is x
    assert converted(x, dtypes.float32, "sum").dtype is dtypes.float32
    same_dtype("dot", a=x, b=x)
    with pytest.raises(DtypeError, match=r"dot: a is torch\.float64, b is torch\.int64"):
        same_dtype("dot", a=x, b=tensor("int64"))


def test_whole_numbers_and_bools_are_refused_as_pytorch_refuses_them() -> None:
    with pytest.raises(DtypeError) as caught:
        floats_of("std", tensor("int64"))
    assert not isinstance(caught.value, NotImplementedError)
    with pytest.raises(NotImplementedError):
        floats_of("softmax", tensor("int64"), supported=False)
    with pytest.raises(DtypeError, match="use ~mask"):
        no_bools("neg", tensor("float32"), tensor("bool"))
    with pytest.raises(UnsupportedDtypeError, match="abs: got a bool tensor"):
        counts_of("abs", tensor("bool"))
    assert counts_of("abs", tensor("int64")).dtype is dtypes.int64
