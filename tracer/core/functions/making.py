"""What the functions that make tensors share: sizes, dtypes and numbers as a user gives them, arrays to fill."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tracer.core import dtype as dtypes
from tracer.core.backend import move, to_device
from tracer.core.functions.arguments import sizes_of
from tracer.core.literal import check_fits
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentTypeError, DtypeError, OptionError, ShapeError

Array = np.ndarray[Any, np.dtype[Any]]
Dtype = Any
"""What a user gives for `dtype=`: one of ours, or Python's float, int, bool; None for the function's own choice."""


def leaf(array: Array, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A fresh leaf around an array.

    Raises:
        DtypeError: gradient is wanted of integers or bools.
    """
    if requires_grad and array.dtype.kind != "f":
        raise DtypeError(
            "requires_grad: only Tensors of floating point dtype can require gradients; "
            f"this one is {dtypes.from_numpy_dtype(array.dtype)}.",
            hint="Write the numbers with a point, or give dtype=float32.",
            where=user_line(),
            ja="requires_grad：勾配を持てるのは浮動小数点数のテンソルだけです。",
            hint_ja="数に小数点を付けるか、dtype=float32 を指定します。",
        )
    made: Tensor = Tensor._wrap(array if device is None else move(array, to_device(device)), requires_grad)
    return made


def shape_of(name: str, sizes: tuple[Any, ...], size: Any = None) -> tuple[int, ...]:
    """Sizes of a new tensor, one by one, as one sequence, or by the name `size`.

    Raises:
        ArgumentTypeError: none, or not ints.
        ShapeError: a negative one.
    """
    given = sizes or (() if size is None else (size,))
    if not given or (sizes and size is not None):
        raise ArgumentTypeError(
            f"{name}: the size is {'given twice' if given else 'missing'}.",
            hint=f"Write {name}(2, 3), or {name}(()) for one number.",
            where=user_line(),
        )
    shape = sizes_of(*given, name=name, argument="size")
    if any(length < 0 for length in shape):
        raise ShapeError(
            f"{name}: Trying to create tensor with negative dimension: {list(shape)}.",
            hint="The length of an axis is 0 or more.",
            where=user_line(),
        )
    return shape


def chosen(name: str, dtype: Dtype) -> dtypes.DType:
    """The dtype a user gave, or the default."""
    return dtypes.get_default_dtype() if dtype is None else dtypes.to_dtype(dtype, f"{name}: dtype")


def blank_like(name: str, input: Any, dtype: Dtype = None) -> Array:
    """Zeros on the host in the shape of `input`, its memory in the same order.

    Raises:
        ArgumentTypeError: no tensor.
    """
    if not isinstance(input, Tensor):
        raise ArgumentTypeError(f"{name}: input must be a Tensor, not {type(input).__name__}.", where=user_line())
    kind = input._array.dtype if dtype is None else dtypes.to_dtype(dtype, f"{name}: dtype").numpy
    strides = input._array.strides
    axes = sorted(range(input.ndim), key=lambda axis: -strides[axis])
    axes = axes if all(strides) else sorted(axes)  # a repeated axis has no place in memory
    return np.zeros([input.shape[axis] for axis in axes], kind).transpose(np.argsort(axes).tolist())


def room(name: str, shape: tuple[int, ...], kind: dtypes.DType) -> Array:
    """Zeros.

    Raises:
        OptionError: there is not that much memory. It is a RuntimeError.
    """
    try:
        return np.zeros(shape, kind.numpy)
    except (MemoryError, ValueError):
        raise OptionError(
            f"{name}: a tensor of shape {shape} takes {math.prod(shape) * kind.itemsize:,} bytes, "
            "more memory than there is.",
            where=user_line(),
        ) from None


def full_array(name: str, shape: tuple[int, ...], number: Any, kind: dtypes.DType) -> Array:
    check_fits(number, kind, name)
    array = room(name, shape, kind)
    with np.errstate(over="ignore"):
        array[...] = np.asarray(number).astype(kind.numpy)
    return array


def number_of(name: str, argument: str, given: Any) -> Any:
    """A plain number; a tensor without axes counts as its number."""
    if isinstance(given, Tensor) and not given.ndim:
        return given.item()
    if dtypes.is_scalar(given):
        return given.item() if isinstance(given, np.generic) else given
    raise ArgumentTypeError(
        f"{name}: {argument} must be a number, not {type(given).__name__}.",
        where=user_line(),
        ja=f"{name}：{argument} には数が必要ですが、{type(given).__name__} が渡されました。",
    )
