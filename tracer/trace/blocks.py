"""The arena of a recording as one run of bytes and a table of arrays in it: dtype, shape, strides, place.

Memory that several arrays look at is written once, and a view stays a view. Memory order is kept: a matrix product or a
sum over a transposed array may differ in its last bits, and what is read back shall be what the program had.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.trace.refused import must
from tracer.trace.tensors import bounds

Array = NDArray[Any]

DTYPES = tuple(np.dtype(name) for name in ("f4", "f8", "f2", "i8", "i4", "i2", "i1", "u1", "?", "u2", "u4", "u8"))
"""Element types by their code in a file; new ones go to the end."""
ALIGN = 64
"""Bytes: a block begins where vector instructions like it."""
LARGE = 64 << 20
"""Bytes an array may have however small its file is: one number broadcast to a big shape takes no memory until somebody
computes with it."""


def pack(arrays: Sequence[Array]) -> dict[str, Array]:
    """The columns that say all about `arrays`."""
    blocks = _Blocks()
    rows = blocks.place(arrays)
    return {
        "bytes": blocks.joined(),
        "start": np.array([start for start, _, _ in rows], np.int64),
        "dtype": np.array([DTYPES.index(a.dtype) for a in arrays], np.uint8),
        "axes": np.cumsum([0, *(len(shape) for _, shape, _ in rows)], dtype=np.int64),
        "shape": np.array([n for _, shape, _ in rows for n in shape], np.int64),
        "stride": np.array([n for _, _, strides in rows for n in strides], np.int64),
    }


Row = tuple[int, tuple[int, ...], tuple[int, ...]]
"""(byte of the first element, shape, strides in bytes)."""


class _Blocks:
    """Pieces of memory, one after the other."""

    def __init__(self) -> None:
        self._parts: list[Array] = []
        self._size = 0

    def joined(self) -> Array:
        return np.concatenate(self._parts) if self._parts else np.zeros(0, np.uint8)

    def add(self, raw: Array) -> int:
        """Append bytes; returns where they begin."""
        start, gap = self._size, -len(raw) % ALIGN
        self._parts.append(raw)
        if gap:
            self._parts.append(np.zeros(gap, np.uint8))
        self._size += len(raw) + gap
        return start

    def place(self, arrays: Sequence[Array]) -> list[Row]:
        """Where each array stands; those that share memory stand in one block."""
        rows: dict[int, Row] = {}
        groups = _sharing(arrays)
        for i, array in enumerate(arrays):
            if i in rows:
                continue
            group = [k for k in groups.get(i, [i]) if not _spread(arrays[k])]
            owner = _owner(array) if i in group else None
            if len(group) > 1 and owner is not None and all(_owner(arrays[k]) is owner for k in group):
                spans = [bounds(arrays[k]) for k in group]
                low, high = min(s[0] for s in spans), max(s[1] for s in spans)
                base = bounds(owner)[0]
                start = self.add(_raw(owner)[low - base : high - base])
                for k in group:
                    one = arrays[k]
                    place = int(one.__array_interface__["data"][0]) - low
                    rows[k] = start + place, one.shape, one.strides
            else:
                raw, strides = _alone(array)
                rows[i] = self.add(raw), array.shape, strides
        return [rows[i] for i in range(len(arrays))]


def _sharing(arrays: Sequence[Array]) -> dict[int, list[int]]:
    """Array -> all those whose memory overlaps with it, itself included, ascending."""
    spans = sorted((*bounds(a), i) for i, a in enumerate(arrays) if a.size)
    found: dict[int, list[int]] = {}
    group: list[int] = []
    end = 0
    for low, high, i in spans:
        if low >= end:
            group = []
        group.append(i)
        found[i] = group
        end = max(end, high)
    for group in found.values():
        group.sort()
    return found


def _owner(array: Array) -> Array | None:
    """The array whose memory `array` looks at, where its bytes can be read in one run."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array if array.flags.c_contiguous or array.flags.f_contiguous else None


def _raw(owner: Array) -> Array:
    """The bytes of an array that is contiguous in one of the two orders."""
    flat = owner.reshape(-1) if owner.flags.c_contiguous else owner.T.reshape(-1)
    return flat.view(np.uint8)


def _alone(array: Array) -> tuple[Array, tuple[int, ...]]:
    """The bytes of an array without gaps, in the order its axes have in memory; and its strides there."""
    if not array.size:
        return np.zeros(0, np.uint8), (0,) * array.ndim
    if _spread(array):
        array = np.asarray(array, order="C")
    repeated = [n > 1 and stride == 0 for n, stride in zip(array.shape, array.strides, strict=True)]
    once = array[tuple(slice(0, 1) if again else slice(None) for again in repeated)]
    axes = sorted(range(once.ndim), key=lambda axis: (-abs(once.strides[axis]), axis))
    dense = np.asarray(once.transpose(axes), order="C")
    strides = [0] * once.ndim
    for axis, stride in zip(axes, dense.strides, strict=True):
        strides[axis] = 0 if repeated[axis] else stride
    return dense.reshape(-1).view(np.uint8), tuple(strides)


def _spread(array: Array) -> bool:
    """Whether an array is a broadcast so large that it is written out, because a reader would refuse it."""
    return array.nbytes > LARGE and bounds(array)[1] - bounds(array)[0] < array.nbytes


def unpack(get: Callable[[str], Array]) -> tuple[Array, ...]:
    """The arrays again, read-only views of one run of bytes.

    Args:
        get: a column by its name, of the right type.

    Raises:
        Refused: an array lies outside the bytes, or is larger than they can account for.
    """
    data, start, dtype = get("bytes"), get("start"), get("dtype")
    axes, shape, stride = get("axes"), get("shape"), get("stride")
    count = len(start)
    must(
        len(dtype) == count and len(axes) == count + 1 and len(shape) == len(stride),
        "its arena's columns differ in length",
    )
    must(
        axes[0] == 0 and axes[-1] == len(shape) and not (np.diff(axes) < 0).any(),
        "the axes of its tensors do not fit their shapes",
    )
    must(not count or int(dtype.max()) < len(DTYPES), "a tensor has an unknown element type")
    most = max(LARGE, len(data))
    begins, bounds_ = start.tolist(), axes.tolist()
    shapes, strides = shape.tolist(), stride.tolist()
    kinds = dtype.tolist()
    return tuple(
        _array(data, DTYPES[kinds[i]], begins[i], shapes[a:b], strides[a:b], most)
        for i, (a, b) in enumerate(pairwise(bounds_))
    )


def _array(data: Array, dtype: np.dtype[Any], start: int, shape: list[int], strides: list[int], most: int) -> Array:
    """One array in `data`; Python's integers do not overflow on hostile shapes."""
    must(len(shape) <= 32 and min(shape, default=0) >= 0, "the shape of a tensor is broken")
    must(math.prod(max(1, n) for n in shape) * dtype.itemsize <= most, "a tensor is larger than its data")
    spans = [(n - 1) * s if n else 0 for n, s in zip(shape, strides, strict=True)]
    low, high = start + sum(min(0, x) for x in spans), start + sum(max(0, x) for x in spans) + dtype.itemsize
    empty = 0 in shape
    must(empty or 0 <= low <= high <= len(data), "a tensor lies outside its data")
    if empty:
        found: Array = np.zeros(shape, dtype)
    else:
        found = np.ndarray(tuple(shape), dtype, data, start, tuple(strides))
        must(dtype.kind != "b" or not (found.view(np.uint8) > 1).any(), "a truth value is neither true nor false")
    found.flags.writeable = False
    return found
