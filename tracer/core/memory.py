"""The memory behind tensors: who shares it, how often it was written, and writing without touching a recording."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tracer.core.tensor import Tensor


class Memory:
    """Shared by a tensor and its views."""

    __slots__ = ("tensors", "version")

    def __init__(self) -> None:
        self.version = 0
        """How often it was written: a rule whose input has another version now would be wrong."""
        self.tensors: list[weakref.ref[Tensor]] = []
        """Those that share it, as far as anyone made a view."""

    def join(self, base: Tensor, view: Tensor) -> None:
        """`view` shares this memory with `base`."""
        if not self.tensors:
            self.tensors.append(weakref.ref(base))
        elif len(self.tensors) > 32:
            self.tensors = [ref for ref in self.tensors if ref() is not None]
        self.tensors.append(weakref.ref(view))


def write(tensor: Tensor, new: Any) -> None:
    """Overwrite the numbers of `tensor`, and so of all that share its memory.

    A recording keeps arrays by reference and marks them read-only; such memory is copied first, for all who share it.

    Args:
        new: an array or number that broadcasts to its shape; converted to its dtype.
    """
    array = tensor._array
    if isinstance(array, np.ndarray) and not array.flags.writeable:
        _move(tensor)
    tensor._array[...] = new
    tensor._memory.version += 1


def replace(tensor: Tensor, new: Any) -> None:
    """Like `write`, but leaves the old array whole where nobody else shares it: rules may still read that one."""
    if any(ref() is not None for ref in tensor._memory.tensors):
        write(tensor, new)
        return
    tensor._array = new
    tensor._memory.version += 1


def same_place(a: Any, b: Any) -> bool:
    """Whether two arrays are the same numbers in the same memory."""
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray):
        return a is b
    return (a.ctypes.data, a.shape, a.strides, a.dtype) == (b.ctypes.data, b.shape, b.strides, b.dtype)


def _move(tensor: Tensor) -> None:
    """Copy the memory; each tensor that shared it looks at the copy, in the same place."""
    sharing = [one for ref in tensor._memory.tensors if (one := ref()) is not None]
    if all(one is not tensor for one in sharing):
        sharing.append(tensor)
    root = _owner(tensor._array)
    fresh = root.copy(order="K")
    start = root.__array_interface__["data"][0]
    for one in sharing:
        old = one._array
        place = old.__array_interface__["data"][0] - start
        if _owner(old) is root and 0 <= place <= root.nbytes:
            one._array = np.ndarray(old.shape, old.dtype, fresh, place, old.strides)
        else:
            one._array = old.copy()


def _owner(array: Any) -> Any:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array
