"""Making tensors: from numbers, filled, counted. Names, arguments and dtypes are PyTorch's."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from tracer.core import dtype as dtypes
from tracer.core.functions.arguments import int_of
from tracer.core.functions.making import Dtype, chosen, full_array, leaf, number_of, room, shape_of
from tracer.core.functions.registry import function
from tracer.core.literal import array_of, checked_array
from tracer.core.ranges import counted, evenly, powers
from tracer.core.record import ACTIVE
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentTypeError, OptionError, UnsupportedDtypeError

# From numbers


@function(method=False)
def tensor(data: Any, *, dtype: Dtype = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A leaf with a copy of these numbers.

    Args:
        data: a number, lists of numbers to any depth, or an array.
        dtype: of the result; without one, floats give the default dtype, ints int64, bools bool.

    Raises:
        ArgumentError: lists of different lengths. It is a ValueError.
        ArgumentTypeError: text. It is a TypeError.
        DtypeError: something that is no number; gradient of integers. It is a RuntimeError.
    """
    kind = None if dtype is None else dtypes.to_dtype(dtype, "tensor: dtype")
    if isinstance(data, Tensor):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
            "sourceTensor.detach().clone().requires_grad_(True), rather than tensor(sourceTensor).",
            UserWarning,
            stacklevel=2,
        )
        for recorder in ACTIVE:
            recorder.read(data, "data")
        copy = data._array.astype(data._array.dtype if kind is None else kind.numpy)
        return leaf(copy, device, requires_grad)
    return leaf(array_of(data, kind), device, requires_grad)


@function(method=False, names=("asarray",))
def as_tensor(data: Any, dtype: Dtype = None, device: Any = None) -> Tensor:
    """`data` as a tensor: itself if it is one, sharing the memory of a NumPy array, else a copy of its numbers."""
    if isinstance(data, Tensor):
        moved: Tensor = data.to(dtype=dtype, device=device)
        return moved
    if isinstance(data, np.ndarray):
        shared = checked_array(data, "as_tensor")
        kind = shared.dtype if dtype is None else dtypes.to_dtype(dtype, "as_tensor: dtype").numpy
        return leaf(shared.astype(kind, copy=False), device)
    return tensor(data, dtype=dtype, device=device)


@function(method=False)
def from_numpy(ndarray: Any) -> Tensor:
    """A tensor that shares the memory of a NumPy array: a change to one is seen in the other.

    Raises:
        ArgumentTypeError: no array, or its elements are of a type no tensor holds.
    """
    if not isinstance(ndarray, np.ndarray):
        raise ArgumentTypeError(
            f"from_numpy: expected np.ndarray (got {type(ndarray).__name__}).",
            hint="Lists and numbers go through tensor(...).",
            where=user_line(),
        )
    return leaf(checked_array(ndarray, "from_numpy"))


# Filled


@function(method=False)
def zeros(
    *sizes: Any, size: Any = None, dtype: Dtype = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Zeros, `zeros(2, 3)` or `zeros((2, 3))`."""
    return leaf(room("zeros", shape_of("zeros", sizes, size), chosen("zeros", dtype)), device, requires_grad)


@function(method=False)
def ones(*sizes: Any, size: Any = None, dtype: Dtype = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones, `ones(2, 3)` or `ones((2, 3))`."""
    array = room("ones", shape_of("ones", sizes, size), chosen("ones", dtype))
    array[...] = 1
    return leaf(array, device, requires_grad)


@function(method=False)
def empty(
    *sizes: Any, size: Any = None, dtype: Dtype = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor to be filled. Zeros here, where PyTorch leaves what stood in memory, so that each run shows the same."""
    return leaf(room("empty", shape_of("empty", sizes, size), chosen("empty", dtype)), device, requires_grad)


@function(method=False)
def full(size: Any, fill_value: Any, *, dtype: Dtype = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """One number everywhere; it decides the dtype unless one is given."""
    if not isinstance(size, tuple | list):
        raise ArgumentTypeError(
            f"full: size must be a tuple of ints, got {type(size).__name__}.",
            hint="Write full((2, 3), 1.0).",
            where=user_line(),
        )
    number = number_of("full", "fill_value", fill_value)
    kind = dtypes.of_number(number) if dtype is None else dtypes.to_dtype(dtype, "full: dtype")
    return leaf(full_array("full", shape_of("full", (size,)), number, kind), device, requires_grad)


@function(method=False)
def eye(n: Any, m: Any = None, *, dtype: Dtype = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """(n, m) with ones on the diagonal; square without `m`."""
    rows = int_of("eye", "n", n)
    columns = rows if m is None else int_of("eye", "m", m)
    array = room("eye", shape_of("eye", (rows, columns)), chosen("eye", dtype))
    np.fill_diagonal(array, 1)
    return leaf(array, device, requires_grad)


# Counted


@function(method=False)
def arange(*bounds: Any, dtype: Dtype = None, device: Any = None, requires_grad: bool = False, **named: Any) -> Tensor:
    """start, start + step, … below `end`: `arange(end)`, `arange(start, end)`, `arange(start, end, step)`.

    Without a dtype, ints give int64 and floats the default.

    Raises:
        OptionError: the step is 0 or leads away from the end. It is a RuntimeError.
        ArgumentTypeError: a bound is no number, or there is none.
    """
    given = _bounds(bounds, named)
    start, end, step = (number_of("arange", name, given[name]) for name in ("start", "end", "step"))
    whole = not any(isinstance(bound, float) for bound in (start, end, step))
    kind = dtypes.to_dtype(dtype, "arange: dtype") if dtype is not None else None
    kind = kind or (dtypes.int64 if whole else dtypes.get_default_dtype())
    if kind is dtypes.bool_:
        raise UnsupportedDtypeError("arange: bools cannot be counted.", where=user_line())
    if not all(math.isfinite(bound) for bound in (start, end, step)):
        raise OptionError(f"arange: unsupported range: {start} -> {end}.", where=user_line())
    if not kind.is_floating_point:
        start, end, step = int(start), int(end), int(step)
    if step == 0:
        raise OptionError("arange: step must be nonzero.", where=user_line())
    if (end - start) * step < 0:
        raise OptionError(
            f"arange: upper bound and lower bound inconsistent with step sign: {start} -> {end} by {step}.",
            hint="A step must lead from the start to the end.",
            where=user_line(),
        )
    count = -(-(end - start) // step) if isinstance(end - start, int) and isinstance(step, int) else None
    count = math.ceil((end - start) / step) if count is None else count
    room("arange", (count,), kind)
    return leaf(counted(start, step, count, kind.numpy), device, requires_grad)


@function(method=False)
def linspace(
    start: Any, end: Any, steps: Any, *, dtype: Dtype = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`steps` evenly spaced numbers, `start` and `end` included."""
    low, high, count, kind = _spread("linspace", start, end, steps, dtype)
    return leaf(evenly(low, high, count, kind.numpy), device, requires_grad)


@function(method=False)
def logspace(
    start: Any,
    end: Any,
    steps: Any,
    base: float = 10.0,
    *,
    dtype: Dtype = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """`steps` numbers from base^start to base^end, their exponents evenly spaced."""
    low, high, count, kind = _spread("logspace", start, end, steps, dtype)
    return leaf(powers(float(base), low, high, count, kind.numpy), device, requires_grad)


def _bounds(bounds: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
    names = ("end",) if len(bounds) == 1 and "end" not in named else ("start", "end", "step")
    given = dict(zip(names, bounds, strict=False)) | named
    if len(bounds) > 3 or "end" not in given or not set(given) <= {"start", "end", "step"}:
        raise ArgumentTypeError(
            "arange: these arguments do not fit.",
            hint="Write arange(end), arange(start, end) or arange(start, end, step).",
            where=user_line(),
        )
    return {"start": 0, "step": 1} | given


def _spread(name: str, start: Any, end: Any, steps: Any, dtype: Dtype) -> tuple[float, float, int, dtypes.DType]:
    low, high = (number_of(name, which, value) for which, value in (("start", start), ("end", end)))
    count = int_of(name, "steps", steps)
    if count < 0:
        raise OptionError(f"{name}: number of steps must be non-negative, got {count}.", where=user_line())
    return low, high, count, chosen(name, dtype)
