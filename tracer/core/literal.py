"""Numbers as a user writes them, in lists of lists, as an array: its shape and dtype are PyTorch's.

The first element at each depth decides what must stand at that depth; the dtype is the smallest into which all go.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tracer.core import dtype as dtypes
from tracer.core.backend import to_host
from tracer.core.where import user_line
from tracer.errors import ArgumentError, ArgumentTypeError, DtypeError

Array = np.ndarray[Any, np.dtype[Any]]

_INT64_MAX = 2**63 - 1


def array_of(data: Any, dtype: dtypes.DType | None) -> Array:
    """A fresh array of what a user wrote.

    Args:
        data: a number, lists or tuples of numbers to any depth (arrays and one-element tensors may stand in them), or a
            NumPy array.
        dtype: of the result; None takes what the numbers ask for.

    Raises:
        ArgumentError: lists of different lengths, a number too large for int64. It is a ValueError.
        ArgumentTypeError: text, complex numbers, a list where others have a number. It is a TypeError.
        DtypeError: something that is no number, or a number that `dtype` cannot hold. It is a RuntimeError.
    """
    if isinstance(data, np.ndarray):
        found = checked_array(data, "tensor")
        return found.astype(found.dtype if dtype is None else dtype.numpy)
    sizes, flat = _levels(data)
    inferred = _infer(flat)
    return _converted(flat, inferred, dtype or inferred).reshape(sizes)


def checked_array(array: Array, name: str) -> Array:
    """A NumPy array that a tensor can take over.

    Raises:
        ArgumentTypeError: its elements are of a type no tensor holds.
        ArgumentError: it is walked backwards (`a[::-1]`), which PyTorch's tensors cannot be.
    """
    dtypes.from_numpy_dtype(array.dtype)
    if any(stride < 0 for stride in array.strides):
        raise ArgumentError(
            f"{name}: the array is walked backwards (strides {array.strides}).",
            hint="Copy it first: a[::-1].copy().",
            where=user_line(),
        )
    return array


def _levels(data: Any) -> tuple[list[int], list[Any]]:
    """The shape of nested sequences, and their elements in order."""
    sizes: list[int] = []
    level = [data]
    while level and _is_sequence(level[0]):
        length = len(level[0])
        for one in level:
            if not _is_sequence(one):
                raise ArgumentTypeError(
                    f"tensor: a {_kind(one)} stands where others have a sequence of {length}, at depth {len(sizes)}.",
                    hint="Every list at one depth must hold the same kind of thing.",
                    where=user_line(),
                )
            if len(one) != length:
                raise ArgumentError(
                    f"tensor: expected sequence of length {length} at dim {len(sizes)} (got {len(one)}).",
                    hint="All lists at one depth must have the same length.",
                    where=user_line(),
                    ja=f"tensor：軸 {len(sizes)} の長さが揃っていません（{length} のはずが {len(one)}）。",
                    hint_ja="同じ深さのリストは、すべて同じ長さでなければなりません。",
                )
        sizes.append(length)
        level = [one for sequence in level for one in sequence]
    if sizes and level and isinstance(level[0], str) and level[0]:
        raise ArgumentError("tensor: too many dimensions 'str'.", hint="Give numbers, not text.", where=user_line())
    return sizes, level


def _is_sequence(thing: Any) -> bool:
    if isinstance(thing, str | bytes | bytearray):
        return False
    if isinstance(thing, np.ndarray):
        return thing.ndim > 0
    return isinstance(thing, Sequence)


def _infer(flat: list[Any]) -> dtypes.DType:
    """The smallest type all elements go into. One-element tensors and arrays are replaced by their numbers."""
    kinds: dict[Any, dtypes.DType] = {}
    for kind in set(map(type, flat)):
        if hasattr(kind, "_wrap") or kind is np.ndarray:  # a Tensor
            for place, one in enumerate(flat):
                if type(one) is kind:
                    array = to_host(getattr(one, "_array", one))
                    if array.size != 1:
                        raise ArgumentError(
                            f"tensor: a tensor of shape {array.shape} stands in the list; "
                            "only one element tensors can be converted to Python scalars.",
                            hint="Join tensors with stack or cat.",
                            where=user_line(),
                        )
                    flat[place] = array.item()
                    kinds[array.dtype] = dtypes.from_numpy_dtype(array.dtype)
        else:
            kinds[kind] = _type_of(kind)
    found: dtypes.DType | None = None
    for dtype in kinds.values():
        found = dtype if found is None else dtypes.promote_types(found, dtype)
    return found or dtypes.get_default_dtype()


def _type_of(kind: type) -> dtypes.DType:
    if issubclass(kind, np.number | np.bool_):
        return dtypes.from_numpy_dtype(kind)
    if issubclass(kind, bool):
        return dtypes.bool_
    if issubclass(kind, int):
        return dtypes.int64
    if issubclass(kind, float):
        return dtypes.get_default_dtype()
    refusal = (
        ArgumentTypeError if kind in (str, bytes, bytearray, complex) or issubclass(kind, Sequence) else DtypeError
    )
    raise refusal(
        f"tensor: could not infer a dtype; a {kind.__name__} is no number.",
        hint="Give numbers, or lists of numbers, all lists of one depth with the same length.",
        where=user_line(),
    )


def _converted(flat: list[Any], inferred: dtypes.DType, target: dtypes.DType) -> Array:
    if target.is_floating_point:
        numbers = np.array(flat, np.float64)
        with np.errstate(over="ignore"):
            if target is dtypes.float16:  # by way of float32, as C++ goes
                numbers = numbers.astype(np.float32)
            return numbers.astype(target.numpy)
    try:
        exact = np.array(flat, inferred.numpy if not inferred.is_floating_point else np.float64)
    except OverflowError:
        raise ArgumentError(
            f"tensor: {next(n for n in flat if abs(n) > _INT64_MAX)} is larger than int64 holds.",
            hint="Write it as a float, or give dtype=float64.",
            where=user_line(),
        ) from None
    if target is dtypes.bool_:
        return np.asarray(exact != 0)
    whole = [
        one.item() if isinstance(one, np.generic) else one for one in flat
    ]  # each by itself: -1 wraps, -1.0 does not
    for number in whole:
        check_fits(number, target, "tensor")
    return np.array([int(number) for number in whole], np.int64).reshape(exact.shape).astype(target.numpy)


def check_fits(number: Any, dtype: dtypes.DType, name: str) -> None:
    """Refuse a number an integer type cannot hold; a negative integer may wrap around to an unsigned type, as in C.

    Raises:
        DtypeError: out of range, or not finite.
    """
    if dtype.category != 1:
        return
    limits = np.iinfo(dtype.numpy)
    most = int(limits.max)
    least = -most if not limits.min and isinstance(number, int) else int(limits.min)
    if not math.isfinite(number) or not least <= number <= most:
        raise DtypeError(
            f"{name}: {number} cannot be converted to {dtype} without overflow.",
            hint=f"{dtype} holds whole numbers from {limits.min} to {limits.max}.",
            where=user_line(),
        )


def _kind(thing: Any) -> str:
    return type(thing).__name__
