"""Making tensors like another: its shape, dtype and device, unless others are given."""

from __future__ import annotations

from typing import Any

import numpy as np

from tracer.core import dtype as dtypes
from tracer.core.functions.creation import empty, full, ones, tensor, zeros
from tracer.core.functions.making import Dtype, blank_like, leaf, number_of
from tracer.core.functions.registry import function
from tracer.core.literal import check_fits
from tracer.core.tensor import Tensor


@function(method=False)
def zeros_like(input: Tensor, *, dtype: Dtype = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros with the shape, dtype and device of `input`."""
    return leaf(blank_like("zeros_like", input, dtype), device or input.device, requires_grad)


@function(method=False)
def ones_like(input: Tensor, *, dtype: Dtype = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones with the shape, dtype and device of `input`."""
    array = blank_like("ones_like", input, dtype)
    array[...] = 1
    return leaf(array, device or input.device, requires_grad)


@function(method=False)
def empty_like(input: Tensor, *, dtype: Dtype = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor to be filled (with zeros until then), with the shape, dtype and device of `input`."""
    return leaf(blank_like("empty_like", input, dtype), device or input.device, requires_grad)


@function(method=False)
def full_like(
    input: Tensor, fill_value: Any, *, dtype: Dtype = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """One number everywhere, with the shape, dtype and device of `input`."""
    array = blank_like("full_like", input, dtype)
    number = number_of("full_like", "fill_value", fill_value)
    check_fits(number, dtypes.from_numpy_dtype(array.dtype), "full_like")
    array[...] = np.asarray(number).astype(array.dtype)
    return leaf(array, device or input.device, requires_grad)


@function(module=False)
def new_tensor(
    input: Tensor, data: Any, *, dtype: Dtype = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`tensor(data)` with the dtype and device of `input`."""
    return tensor(data, dtype=dtype or input.dtype, device=device or input.device, requires_grad=requires_grad)


@function(module=False)
def new_zeros(
    input: Tensor, *sizes: Any, size: Any = None, dtype: Dtype = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Zeros with the dtype and device of `input`."""
    return zeros(
        *sizes, size=size, dtype=dtype or input.dtype, device=device or input.device, requires_grad=requires_grad
    )


@function(module=False)
def new_ones(
    input: Tensor, *sizes: Any, size: Any = None, dtype: Dtype = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Ones with the dtype and device of `input`."""
    return ones(
        *sizes, size=size, dtype=dtype or input.dtype, device=device or input.device, requires_grad=requires_grad
    )


@function(module=False)
def new_empty(
    input: Tensor, *sizes: Any, size: Any = None, dtype: Dtype = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor to be filled (with zeros until then), with the dtype and device of `input`."""
    return empty(
        *sizes, size=size, dtype=dtype or input.dtype, device=device or input.device, requires_grad=requires_grad
    )


@function(module=False)
def new_full(
    input: Tensor, size: Any, fill_value: Any, *, dtype: Dtype = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """One number everywhere, with the dtype and device of `input`."""
    kind = dtype or input.dtype
    return full(size, fill_value, dtype=kind, device=device or input.device, requires_grad=requires_grad)
