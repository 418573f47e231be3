"""Ops that choose, in smaller ops: first the choice, a node of its own, and then what it lets through.

Each function is the `steps` of the op, or the ops, it is named after; see `tracer.core.ops.opened`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tracer.core.dtype import float64
from tracer.core.ops.opened import added, apply_op, as_kept, best, parts_of
from tracer.core.subscript import pick


def _where(condition: Any, a: Any, b: Any) -> Any:
    like = next(x for x in (a, b, condition) if hasattr(x, "_array"))
    return apply_op("where", condition, a, b, dtype=like._array.dtype.name)


def _has_nan(*given: Any) -> bool:
    return any(bool((x != x).any() if hasattr(x, "any") else x != x) for x in (getattr(x, "_array", x) for x in given))


# Gates and limits, element by element


def relu(F: Any, a: Any) -> Any:
    """The gate, and what it lets pass."""
    return apply_op("gated", apply_op("gate", a), a)


def leaky_relu(F: Any, a: Any, *, negative_slope: float) -> Any:
    return _where(a > 0, a, a * negative_slope)


def elu(F: Any, a: Any, *, alpha: float, scale: float, input_scale: float) -> Any:
    low = a <= 0
    below = _where(low, a, 0.0)  # keeps exp from overflowing where its result is not used
    curve = F.expm1(_times(below, input_scale))
    return _where(low, _times(curve, alpha * scale), _times(a, scale))


def _times(a: Any, factor: float) -> Any:
    return a if factor == 1 else a * factor


def softplus(F: Any, a: Any, *, beta: float, threshold: float) -> Any:
    steep = _times(a, beta)
    straight = steep > threshold
    curve = F.log1p(F.exp(_where(straight, 0.0, steep)))
    return _where(straight, a, curve if beta == 1 else curve / beta)


def _larger(*, largest: bool) -> Any:
    def steps(F: Any, a: Any, b: Any) -> Any:
        if _has_nan(a, b):
            return None  # there both receive the whole gradient
        return apply_op("select", best((a, b), largest=largest), a, b, ties="share")

    return steps


maximum, minimum = _larger(largest=True), _larger(largest=False)


def clamp(F: Any, a: Any, low: Any, high: Any) -> Any:
    if _has_nan(a, low, high) or not bool(np.all(np.less(*(getattr(x, "_array", x) for x in (low, high))))):
        return None
    return _where(F.gt(a, high), high, _where(F.lt(a, low), low, a))


def clamp_min(F: Any, a: Any, low: Any) -> Any:
    return None if _has_nan(a, low) else _where(F.lt(a, low), low, a)


def clamp_max(F: Any, a: Any, high: Any) -> Any:
    return None if _has_nan(a, high) else _where(F.gt(a, high), high, a)


# Sums and products in one


def lerp(F: Any, a: Any, b: Any, weight: Any) -> Any:
    return a + (b - a) * weight


def add_scaled(F: Any, a: Any, b: Any, alpha: Any) -> Any:
    return a + b * alpha


def addcmul(F: Any, a: Any, b: Any, c: Any, value: Any) -> Any:
    return a + _times(b, value) * c


def addcdiv(F: Any, a: Any, b: Any, c: Any, value: Any) -> Any:
    return a + _times(b, value) / c


# The largest, the smallest, the one in the middle


def _extreme(ties: str, *, largest: bool) -> Any:
    def steps(F: Any, a: Any, *, dim: Any, keepdim: bool) -> Any:
        parts = parts_of(F, a, dim)
        found = apply_op("select", best(parts, largest=largest), *parts, ties=ties)
        return as_kept(F, found, tuple(a.shape), dim, keepdim)

    return steps


max_of, min_of = _extreme("share", largest=True), _extreme("share", largest=False)
"""`max`, `min` of all elements."""
amax, amin = _extreme("strict", largest=True), _extreme("strict", largest=False)


def _middle(parts: Sequence[Any]) -> Any:
    return apply_op("ranked", *parts, rank=(len(parts) - 1) // 2, descending=False, nan="wins")


def median(F: Any, a: Any, *, dim: Any, keepdim: bool) -> Any:
    """Of two in the middle the lower."""
    parts = parts_of(F, a, dim)
    if not parts:
        return F.full((), float("nan"), dtype=float64)
    return apply_op("select", _middle(parts), *parts, ties="share")


def _which(*, largest: bool) -> Any:
    def steps(F: Any, a: Any, *, dim: Any, keepdim: bool) -> Any:
        return as_kept(F, best(parts_of(F, a, dim), largest=largest), tuple(a.shape), dim, keepdim)

    return steps


argmax, argmin = _which(largest=True), _which(largest=False)


def argmedian(F: Any, a: Any, *, dim: Any, keepdim: bool) -> Any:
    return as_kept(F, _middle(parts_of(F, a, dim)), tuple(a.shape), dim, keepdim)


def argsort(F: Any, a: Any, *, dim: int, descending: bool, at: Any) -> Any:
    """`at`: of each line, whose turn is asked for."""
    return apply_op("ranked", *parts_of(F, a, dim), rank=at, descending=descending, nan="last")


def picked(F: Any, a: Any, index: Any, *, dim: int, **_: Any) -> Any:
    """`gather`, `sort`, `max(dim)`: of each line the number at the index."""
    return apply_op("select", index, *parts_of(F, a, dim), ties="one")


def max_pool2d(F: Any, a: Any, *, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    """Of each window which number wins, and that number."""
    from tracer.core.ops.conv import windows

    if any(side for sides in padding for side in sides):
        a = apply_op("pad", a, pad=((0, 0), (0, 0), *padding), value=-np.inf)
    n, c, h, w = a.shape
    places = windows(np, np.arange(h * w).reshape(1, 1, h, w), kernel, stride, dilation)[0, 0]
    rows, columns = places.shape[:2]
    cut = F.reshape(a, (n, c, h * w))[:, :, places.reshape(rows, columns, kernel[0] * kernel[1])]
    parts = parts_of(F, cut, cut.ndim - 1)
    return apply_op("select", best(parts, largest=True), *parts, ties="one")


# Looked up and written to


def _looked_up(index: Any, taken: Any, numbers: Any) -> Any:
    """What an index found, the index being an input of it."""
    return apply_op("select", index, taken, ties="one", number=np.broadcast_to(numbers, tuple(taken.shape)))


def embedding(F: Any, weight: Any, idx: Any, *, padding_idx: int | None) -> Any:
    rows = idx._array
    found = weight[rows] if rows.ndim else weight[int(rows)]
    index = F.reshape(idx, (*rows.shape, *(1,) * (weight.ndim - 1)))
    padded = rows == padding_idx if padding_idx is not None else np.zeros(rows.shape, bool)
    if padded.any():  # no gradient reaches the row that pads
        whole = np.broadcast_to(padded[..., None], tuple(found.shape)).copy()
        found = apply_op("index_put", found, F.detach(found)[whole], index=(whole,))
    return _looked_up(index, found, rows.reshape(tuple(index.shape)))


def one_hot(F: Any, idx: Any, *, num_classes: int) -> Any:
    classes = type(idx)._wrap(np.arange(num_classes))
    return apply_op("to", F.unsqueeze(idx, -1) == classes, dtype="int64")


def nonzero(F: Any, a: Any) -> Any:
    """In order of their places, those that are not 0 come before those that are; each place is then taken apart."""
    count = int((a._array != 0).sum())
    shape = tuple(a.shape)
    answers = [part.expand(count) for part in parts_of(F, a != 0, None)]
    place = apply_op("ranked", *answers, rank=np.arange(count), descending=True, nan="last")
    coordinates = []
    for size in reversed(shape):
        coordinates.append(F.remainder(place, size))
        place = F.floor_divide(place, size)
    return F.stack(coordinates[::-1], 1)


def _sums_at(F: Any, a: Any, to: Any, size: int, start: Any) -> Any:
    """`start` (None: zeros) in a line, with each number of `a` added at its place."""
    line, to = F.reshape(a, (-1,)), np.asarray(to).reshape(-1)
    order = np.argsort(to, kind="stable")
    places, first, counts = np.unique(to[order], return_index=True, return_counts=True)
    out = F.zeros((size,), dtype=a.dtype) if start is None else start
    for count in np.unique(counts).tolist():
        some = counts == count
        parts = [line[order[first[some] + turn]] for turn in range(count)]
        if start is not None:
            parts.insert(0, start[places[some]])
        out = apply_op("index_put", out, added(F, parts), index=(places[some],))
    return out


def put(F: Any, a: Any, *, shape: Sequence[int], index: Any) -> Any:
    size = int(np.prod(tuple(shape)))
    to = pick(np, np.arange(size).reshape(tuple(shape)), index)
    return F.reshape(_sums_at(F, a, np.broadcast_to(to, tuple(a.shape)), size, None), tuple(shape))


def _sent(F: Any, a: Any, index: Any, src: Any, dim: int) -> tuple[Any, Any]:
    """(numbers to write, each with the index it goes by; their places in `a`)."""
    from tracer.core.ops.gathering import places

    numbers = index._array
    sent = _looked_up(index, src[tuple(slice(0, n) for n in numbers.shape)] if numbers.ndim else src, numbers)
    return sent, np.arange(a._array.size).reshape(tuple(a.shape))[places(numbers, dim)]


def scatter(F: Any, a: Any, index: Any, src: Any, *, dim: int) -> Any:
    sent, to = _sent(F, a, index, src, dim)
    line = apply_op("index_put", F.reshape(a, (-1,)), F.reshape(sent, (-1,)), index=(to.reshape(-1),))
    return F.reshape(line, tuple(a.shape))


def scatter_add(F: Any, a: Any, index: Any, src: Any, *, dim: int) -> Any:
    sent, to = _sent(F, a, index, src, dim)
    return F.reshape(_sums_at(F, sent, to, a._array.size, F.reshape(a, (-1,))), tuple(a.shape))
