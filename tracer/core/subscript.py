"""What stands between the brackets of `a[...]`, as PyTorch reads it, in NumPy's terms.

An index here is a tuple of ints, slices, None, Ellipsis, Python bools and NumPy arrays (int64 or bool), one entry for
each thing the user wrote. NumPy and PyTorch agree about all of them but one: beside an array, NumPy takes an int for an
array too, and may move axes because of it. So ints (and slices) act first, and the arrays on what they leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tracer.core.array import put, take
from tracer.core.backend import namespace

Index = tuple[Any, ...]

EVERYTHING = slice(None)


def consumes(part: Any) -> int:
    """How many axes this entry of an index stands for; Ellipsis, which stands for the rest, counts none."""
    if part is None or part is Ellipsis or isinstance(part, bool | np.bool_):
        return 0
    if isinstance(part, np.ndarray) and part.dtype == np.bool_:
        return part.ndim
    return 1


def has_arrays(index: Index) -> bool:
    """Whether the index picks elements one by one, so that the result cannot share memory."""
    return any(isinstance(part, np.ndarray | bool | np.bool_) for part in index)


def phases(index: Index, ndim: int) -> tuple[Index, Index | None]:
    """The index as what acts first, and what then acts on the result (None where nothing is left).

    What acts first ends with dots, which keep a single element an array of no axes, and a view.
    """
    if not has_arrays(index):
        return (index if Ellipsis in index else (*index, Ellipsis)), None
    full = spelled_out(index, ndim)  # to NumPy, dots that stand for no axis keep arrays apart; to PyTorch they don't
    if not any(isinstance(part, int | np.integer) and not isinstance(part, bool) for part in full):
        return full, None
    first: list[Any] = []
    then: list[Any] = []
    for part in full:
        if isinstance(part, np.ndarray | bool):
            first += [EVERYTHING] * consumes(part)
            then.append(part)
        else:
            first.append(part)
            if not isinstance(part, int | np.integer):
                then.append(EVERYTHING)
    return (*first, Ellipsis), tuple(then)


def spelled_out(index: Index, ndim: int) -> Index:
    """The index with its dots written as slices, one for each axis that no other entry stands for."""
    rest = (EVERYTHING,) * (ndim - sum(consumes(part) for part in index))
    place = next((i for i, part in enumerate(index) if part is Ellipsis), len(index))
    return (*index[:place], *rest, *(part for part in index[place:] if part is not Ellipsis))


def shape_at(shape: Sequence[int], index: Index) -> tuple[int, ...]:
    """The shape of `a[index]` for an `a` of this shape."""
    return np.broadcast_to(np.empty((), np.bool_), tuple(shape))[index].shape


def here(xp: Any, index: Index) -> Index:
    """The index with its arrays where `xp` computes."""
    if xp is np or hasattr(xp, "put_at"):  # a Tensor takes NumPy's arrays as indices
        return index
    return tuple(xp.asarray(part) if isinstance(part, np.ndarray) else part for part in index)


def plain(xp: Any, g: Any) -> Any:
    """The module of plain arrays behind `xp`, for masks: where rules run on tensors, that of the tensor `g`."""
    return namespace(g._array) if hasattr(xp, "put_at") else xp


def pick(xp: Any, a: Any, index: Index) -> Any:
    """`a[index]` as PyTorch reads it; shares memory with `a` where no array is in the index."""
    first, then = phases(index, a.ndim)
    found = take(xp, a, here(xp, first))
    return found if then is None else take(xp, found, here(xp, then))


def scatter(xp: Any, shape: tuple[int, ...], index: Index, g: Any) -> Any:
    """Zeros of `shape` with `g` added where `pick` reads; what is read twice receives both."""
    first, then = phases(index, len(shape))
    if then is not None:
        g = put(xp, shape_at(shape, first), here(xp, then), g)
    return put(xp, shape, here(xp, first), g)


def assign(xp: Any, out: Any, index: Index, value: Any) -> None:
    """`out[index] = value` in place, as PyTorch reads it."""
    first, then = phases(index, out.ndim)
    if then is None:
        out[here(xp, first)] = value
    else:
        out[here(xp, first)][here(xp, then)] = value  # first has no arrays: a view


def written(index: Index) -> str:
    """The index as a user writes it: `0, 1:3`; long arrays shortened."""
    return ", ".join(_part(part) for part in index)


def _part(part: Any) -> str:
    if part is Ellipsis:
        return "..."
    if isinstance(part, slice):
        ends = ["" if end is None else str(end) for end in (part.start, part.stop)]
        return ":".join(ends if part.step in (None, 1) else [*ends, str(part.step)])
    if not isinstance(part, np.ndarray):
        return str(part)
    if part.dtype == np.bool_ and part.size > 4:
        return f"mask of {int(part.sum())}"
    if part.size <= 6:
        return str(part.tolist())
    first = ", ".join(str(one) for one in part.ravel()[:3].tolist())
    return f"[{first}, … {part.size}]"
