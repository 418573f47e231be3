"""What backward rules need beyond NumPy's own functions, for arrays and, in second derivatives, for `Tensor`s."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def take(xp: Any, a: Any, index: Any) -> Any:
    """`a[index]`."""
    return a[index]


MANY = 2048
"""Elements from which on it pays to work out flat places."""


def put(xp: Any, shape: tuple[int, ...], index: Any, g: Any) -> Any:
    """Zeros of `shape` with `g` added at `index`; an element that stands there twice receives both.

    Args:
        g: its shape is that of `a[index]` for an `a` of that shape.
    """
    tensors = getattr(xp, "put_at", None)
    if tensors is not None:
        return tensors(shape, index, g)
    out = xp.zeros(shape, g.dtype)
    if _is_basic(index):
        out[index] = g
    elif xp is np and g.size > MANY and _names_rows(index):
        width = math.prod(shape[1:])  # whole rows: one flat index is five times as fast
        places = index[0].reshape(-1, 1) % shape[0] * width + np.arange(width)
        np.add.at(out.reshape(-1), places.reshape(-1), g.reshape(-1))
    elif xp is np:
        np.add.at(out, index, g)
    else:
        xp.add.at(out, index, g)
    return out


def _names_rows(index: Any) -> bool:
    """Whether the index is one array of places along the first axis, perhaps with the other axes written out."""
    if not (isinstance(index, tuple) and index and getattr(index[0], "dtype", None) == np.int64):
        return False
    return all(isinstance(part, slice) and part == slice(None) for part in index[1:])


def as_float(xp: Any, mask: Any, like: Any) -> Any:
    """A plain bool or int array as numbers of the dtype of `like`."""
    convert = getattr(xp, "constant", None)
    return mask.astype(like.dtype) if convert is None else convert(mask, like)


def unbroadcast(xp: Any, g: Any, shape: tuple[int, ...]) -> Any:
    """`g` summed over the axes along which a tensor of `shape` was repeated to meet the others."""
    if g.shape == shape:
        return g
    extra = g.ndim - len(shape)
    if extra > 0:
        g = xp.sum(g, axis=tuple(range(extra)))
    axes = tuple(i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1)
    if axes:
        g = xp.sum(g, axis=axes, keepdims=True)
    return g if g.shape == shape else xp.broadcast_to(g, shape)  # a rule may return one number for all


def _is_basic(index: Any) -> bool:
    """Whether every place occurs at most once, because the index has neither arrays nor lists."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(part is None or part is Ellipsis or isinstance(part, int | slice | np.integer) for part in parts)
