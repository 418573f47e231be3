"""From one dtype or device to another, out to Python and NumPy, and what a tensor says of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tracer.core import dtype as dtypes
from tracer.core.apply import apply
from tracer.core.backend import Device, to_device, to_host
from tracer.core.functions.arguments import dim_of
from tracer.core.functions.registry import METHODS, function
from tracer.core.ops.convert import TO
from tracer.core.record import ACTIVE
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentError, ArgumentTypeError, AxisError, GraphError

_TYPE_NAMES = {
    "torch.FloatTensor": dtypes.float32,
    "torch.DoubleTensor": dtypes.float64,
    "torch.HalfTensor": dtypes.float16,
    "torch.LongTensor": dtypes.int64,
    "torch.IntTensor": dtypes.int32,
    "torch.ShortTensor": dtypes.int16,
    "torch.CharTensor": dtypes.int8,
    "torch.ByteTensor": dtypes.uint8,
    "torch.BoolTensor": dtypes.bool_,
}

# To another dtype


def converted(input: Tensor, dtype: dtypes.DType | None, device: Device | None = None, copy: bool = False) -> Tensor:
    """`input` with another dtype or on another device; itself where nothing changes and no copy is asked for."""
    kind, place = dtype or input.dtype, device or input.device
    moves = place != input.device
    if kind is input.dtype and not moves and not copy:
        return input
    if not moves:
        return apply(TO, input, dtype=kind.name)
    return apply(TO, input, dtype=kind.name, device=str(place), source=str(input.device))


def _converter(name: str, dtype: dtypes.DType) -> Callable[[Tensor], Tensor]:
    def convert(input: Tensor) -> Tensor:
        return converted(input, dtype)

    convert.__name__ = name
    convert.__doc__ = f"As {dtype}; itself if it is that already."
    return convert


for _name, _dtype in (dtypes.ALIASES | {"bool": dtypes.bool_, "char": dtypes.int8, "byte": dtypes.uint8}).items():
    METHODS[_name] = _converter(_name, _dtype)


@function(module=False)
def to(input: Tensor, *what: Any, dtype: Any = None, device: Any = None, copy: bool = False, **_ignored: Any) -> Tensor:
    """As another dtype, on another device, or both: `to(float64)`, `to("cuda")`, `to("cuda", float64)`, `to(other)`.

    Raises:
        ArgumentTypeError: an argument is none of these.
        BackendError: there is no such device.
    """
    for one in what:
        if isinstance(one, Tensor):
            dtype, device = one.dtype, one.device
        elif isinstance(one, Device | str):
            device = one
        elif isinstance(one, bool):  # non_blocking, in PyTorch
            continue
        elif one is not None:
            dtype = one
    kind = None if dtype is None else dtypes.to_dtype(dtype, "to")
    return converted(input, kind, None if device is None else to_device(device), copy)


@function(module=False)
def type_as(input: Tensor, other: Tensor) -> Tensor:
    """As the dtype of `other`."""
    return converted(input, other.dtype, other.device)


@function(module=False)
def type(input: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """Its type as PyTorch writes it, `torch.FloatTensor`; or the tensor as `dtype`.

    Raises:
        ArgumentError: a name that is no type's. It is a ValueError.
    """
    if dtype is None:
        name = next(name for name, one in _TYPE_NAMES.items() if one is input.dtype)
        return name.replace("torch.", "torch.cuda.") if input.is_cuda else name
    if isinstance(dtype, str):
        if dtype not in _TYPE_NAMES:
            raise ArgumentError(
                f"type: invalid type: {dtype!r}.", hint=f"Known: {', '.join(_TYPE_NAMES)}.", where=user_line()
            )
        return converted(input, _TYPE_NAMES[dtype])
    return converted(input, dtypes.to_dtype(dtype, "type"))


@function(module=False)
def cpu(input: Tensor) -> Tensor:
    """On the CPU; itself if it is there."""
    return converted(input, None, to_device("cpu"))


# Out to Python


@function(module=False)
def item(input: Tensor) -> Any:
    """The number of a tensor with one element, as a Python number.

    Raises:
        GraphError: it has more or fewer. It is a RuntimeError.
    """
    return input._number("item")


@function(module=False)
def tolist(input: Tensor) -> Any:
    """Its numbers as Python numbers in nested lists; one number for a tensor without axes."""
    _told(input)
    return to_host(input._array).tolist()


@function(module=False)
def numpy(input: Tensor, *, force: bool = False) -> np.ndarray[Any, np.dtype[Any]]:
    """Its numbers as a NumPy array that shares their memory (a copy where a recording holds them).

    Args:
        force: also of a tensor that requires gradient or lies on a GPU.

    Raises:
        GraphError: it requires gradient. It is a RuntimeError.
        ArgumentTypeError: it lies on a GPU.
    """
    if not force and input._requires_grad:
        raise GraphError(
            "numpy: Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.",
            hint="NumPy keeps no history, so the gradient would be lost unnoticed.",
            where=user_line(),
            ja="numpy：勾配を必要とするテンソルは、そのままでは NumPy の配列にできません。",
            hint_ja="tensor.detach().numpy() とします。NumPy には履歴が残らず、勾配が途切れるためです。",
        )
    if not force and not isinstance(input._array, np.ndarray):
        raise ArgumentTypeError(
            f"numpy: the tensor lies on {input.device}.", hint="Copy it first: x.cpu().numpy().", where=user_line()
        )
    _told(input)
    array = to_host(input._array)
    return array if array.flags.writeable else array.copy()


def _told(input: Tensor) -> None:
    """Recordings learn that the program looked at the numbers."""
    for recorder in ACTIVE:
        recorder.read(input, "data")


# What it says of itself


@function
def is_floating_point(input: Tensor) -> bool:
    """Whether its elements are floating-point numbers."""
    return input.dtype.is_floating_point


@function
def is_signed(input: Tensor) -> bool:
    """Whether its elements may be negative."""
    return input.dtype.is_signed


@function
def is_complex(input: Tensor) -> bool:
    """Always False: complex numbers are not part of this engine."""
    return input.dtype.is_complex


@function(method=False)
def is_tensor(obj: Any) -> bool:
    """Whether `obj` is a tensor."""
    return isinstance(obj, Tensor)


@function(names=("nelement",))
def numel(input: Tensor) -> int:
    """How many elements it has."""
    return int(input._array.size)


@function(module=False)
def size(input: Tensor, dim: int | None = None) -> Any:
    """Its shape, or the length of one axis.

    Raises:
        AxisError: there is no such axis. It is an IndexError.
    """
    if dim is None:
        return input.shape
    if not input.ndim:
        raise AxisError(f"size: dim is {dim}, but the tensor has no dimensions.", where=user_line())
    return input.shape[dim_of("size", dim, input.ndim)]


@function(module=False, names=("ndimension",))
def dim(input: Tensor) -> int:
    """How many axes it has."""
    return input.ndim


@function(module=False)
def element_size(input: Tensor) -> int:
    """Bytes an element."""
    return input.dtype.itemsize


@function(module=False)
def stride(input: Tensor, dim: int | None = None) -> Any:
    """How many elements to go in memory for one step along each axis, or along one."""
    array = input._array
    steps = tuple(step // array.itemsize for step in array.strides)
    return steps if dim is None else steps[dim_of("stride", dim, input.ndim)]


@function(module=False)
def is_contiguous(input: Tensor) -> bool:
    """Whether its elements lie in memory in the order they are counted."""
    return bool(input._array.flags.c_contiguous)


@function(method=False)
def result_type(tensor1: Any, tensor2: Any) -> dtypes.DType:
    """The dtype that an elementwise op on these two gives."""
    return dtypes.promote(tensor1, tensor2)
