"""Picking and overwriting elements: brackets, masks, `where`, as PyTorch has them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tracer.core import dtype as dtypes
from tracer.core.apply import apply
from tracer.core.backend import to_host
from tracer.core.functions.arguments import dim_of, int_of, tensor_of
from tracer.core.functions.registry import METHODS, function
from tracer.core.functions.shape import broadcast_to
from tracer.core.functions.sizes import shape_of, together
from tracer.core.functions.subscript import read_index
from tracer.core.op import find_op
from tracer.core.ops import indexing as ops
from tracer.core.ops.gathering import NONZERO
from tracer.core.ops.shape import CLONE
from tracer.core.subscript import phases, shape_at
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentTypeError, AxisError, DtypeError, IndexingError, PlaceError, ShapeError


@function(module=False)
def _getitem(input: Tensor, index: Any) -> Tensor:
    """`x[index]`: a view where only ints, slices, None and dots are in it, else a copy of the elements picked."""
    shape = shape_of(input)
    if not shape and isinstance(index, slice):
        raise IndexingError("index: a tensor without axes cannot be sliced.", where=user_line())
    read, name = read_index(shape, index)
    return apply(ops.INDEX if name == "IndexBackward0" else ops.SLICE, input, index=read, _grad_fn=name)


@function(module=False)
def _put(input: Tensor, shape: tuple[int, ...], index: Any) -> Tensor:
    """Zeros of `shape` with `input` added at `index`: what the gradient of indexing does."""
    read, _ = read_index(shape, index)
    return apply(ops.PUT, input, shape=tuple(shape), index=read)


@function
def index_put(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of `input` with `values`, broadcast, written at the places named; gradient flows to both.

    Args:
        indices: as between brackets.
        accumulate: add instead of overwriting; a place named twice then receives both.

    Raises:
        ShapeError: values do not broadcast to the places.
    """
    a, given = tensor_of("index_put", input), tensor_of("index_put", values, "values")
    read, _ = read_index(shape_of(a), indices)
    target = _shape_of_pick(shape_of(a), read)
    _broadcasts_to("index_put", given, target)
    if not accumulate:
        return apply(ops.INDEX_PUT, a, given, index=read)
    spread = given if shape_of(given) == target else broadcast_to(given, target)
    added = apply(ops.PUT, spread, shape=shape_of(a), index=read)
    return apply(find_op("add"), a, added, _grad_fn="IndexPutBackward0")


def _shape_of_pick(shape: tuple[int, ...], index: Any) -> tuple[int, ...]:
    first, then = phases(index, len(shape))
    found = shape_at(shape, first)
    return found if then is None else shape_at(found, then)


def _broadcasts_to(name: str, values: Tensor, target: tuple[int, ...]) -> None:
    given = shape_of(values)
    while len(given) > len(target) and given[0] == 1:
        given = given[1:]
    back = list(zip(reversed(given), reversed(target), strict=False))
    if len(given) <= len(target) and all(n in (1, m) for n, m in back):
        return
    raise ShapeError(
        f"{name}: values have shape {shape_of(values)}, the places written to have shape {target}.",
        hint="Counted from the right, sizes of the values must be 1 or those of the places.",
        where=user_line(),
        ja=f"{name}：書き込む値の形は {shape_of(values)}、書き込み先の形は {target} です。",
        hint_ja="右から数えて、値の軸の長さは 1 か、書き込み先と等しくなければなりません。",
    )


@function
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The layer at `index` of an axis, without that axis. Shares memory.

    Raises:
        IndexingError: index is out of range. AxisError: there is no such axis.
    """
    a = tensor_of("select", input)
    if not a.ndim:
        raise AxisError("select: a tensor without axes has none to select along.", where=user_line())
    axis = dim_of("select", dim, a.ndim)
    return _getitem(a, (slice(None),) * axis + (int_of("select", "index", index),))


@function
def narrow(input: Tensor, dim: int, start: int | Tensor, length: int) -> Tensor:
    """The stretch of `length` from `start` along an axis. Shares memory.

    Raises:
        ShapeError: it reaches beyond the end. IndexingError: start does. AxisError: there is no such axis.
    """
    a = tensor_of("narrow", input)
    if not a.ndim:
        raise ShapeError("narrow: a tensor without axes cannot be narrowed.", where=user_line())
    count = int_of("narrow", "length", length)
    if count < 0:
        raise ShapeError(f"narrow: length is {count}; it must not be negative.", where=user_line())
    axis, first = dim_of("narrow", dim, a.ndim), int_of("narrow", "start", start)
    size = shape_of(a)[axis]
    if not -size <= first <= size:
        raise IndexingError(
            f"narrow: start is {first}, axis {axis} has {size}.",
            hint=f"It must lie between {-size} and {size}.",
            where=user_line(),
        )
    first += size if first < 0 else 0
    if first + count > size:
        raise ShapeError(
            f"narrow: start {first} and length {count} reach beyond axis {axis} of shape {shape_of(a)}.",
            hint=f"start + length must be at most {size}.",
            where=user_line(),
        )
    return apply(ops.SLICE, a, index=(slice(None),) * axis + (slice(first, first + count),))


def places_of(name: str, index: Any, size: int) -> Any:
    """A vector of places in [0, size) for `index_select` and its kin, as a NumPy array."""
    given = tensor_of(name, index, "index")
    if given.ndim > 1:
        raise IndexingError(f"{name}: index has shape {shape_of(given)}; it must be a vector.", where=user_line())
    if given.dtype not in (dtypes.int64, dtypes.int32):
        raise DtypeError(
            f"{name}: index is {given.dtype}; int32 or int64 is expected.",
            hint="Convert it: i.long().",
            where=user_line(),
        )
    places = to_host(given._array).reshape(-1).astype(np.int64)
    if places.size and not (places.min() >= 0 and places.max() < size):
        wrong = places[(places < 0) | (places >= size)][0]
        raise PlaceError(
            f"{name}: index out of range: {wrong}, the axis has {size}.",
            hint=f"Places must lie between 0 and {size - 1}.",
            where=user_line(),
            ja=f"{name}：{wrong} は範囲外です。軸の長さは {size} です。",
            hint_ja=f"0 から {size - 1} までの番号を使ってください。",
        )
    return places


@function
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The layers of an axis at the places listed.

    Raises:
        PlaceError: a place out of range (negative ones too). IndexingError: no vector. DtypeError: no ints.
    """
    a = tensor_of("index_select", input)
    axis = dim_of("index_select", dim, a.ndim)
    places = places_of("index_select", index, shape_of(a)[axis] if a.ndim else 1)
    if not a.ndim:
        return apply(CLONE, a, order="K", _grad_fn="IndexSelectBackward0")
    return apply(ops.INDEX, a, index=(slice(None),) * axis + (places,), _grad_fn="IndexSelectBackward0")


@function
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Tensor:
    """A copy of `input` with the layers of `source` added at the places listed; a place may be listed twice."""
    a, added, at = _along("index_add", input, dim, index, source)
    if alpha != 1:
        added = apply(find_op("mul"), added, alpha)
    put = apply(ops.PUT, added, shape=shape_of(a), index=at)
    return apply(find_op("add"), a, put, _grad_fn="IndexAddBackward0")


@function
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy of `input` with the layers of `source` written at the places listed."""
    a, written, at = _along("index_copy", input, dim, index, source)
    return apply(ops.INDEX_PUT, a, written, index=at, _grad_fn="IndexCopyBackward0")


@function
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy of `input` with one number written at the places listed."""
    a = tensor_of("index_fill", input)
    axis = dim_of("index_fill", dim, a.ndim)
    at = (slice(None),) * axis + (places_of("index_fill", index, shape_of(a)[axis]),)
    number = value.ndim == 0 if isinstance(value, Tensor) else dtypes.is_scalar(value)
    if not number:
        raise ShapeError("index_fill: value must be one number.", where=user_line())
    return apply(ops.INDEX_PUT, a, value, index=at, _grad_fn="IndexFillBackward0")


def _along(name: str, input: Any, dim: int, index: Any, source: Any) -> tuple[Tensor, Tensor, Any]:
    a, given = tensor_of(name, input), tensor_of(name, source, "source")
    axis = dim_of(name, dim, a.ndim)
    places = places_of(name, index, shape_of(a)[axis] if a.ndim else 1)
    target = (*shape_of(a)[:axis], places.size, *shape_of(a)[axis + 1 :])
    if shape_of(given) != target:
        number = given.ndim == a.ndim and a.ndim and shape_of(given)[axis] != places.size
        raise (IndexingError if number and name == "index_copy" else ShapeError)(  # as in PyTorch
            f"{name}: source has shape {shape_of(given)}, the places written to have shape {target}.", where=user_line()
        )
    if given.dtype is not a.dtype:
        raise DtypeError(f"{name}: source is {given.dtype}, input is {a.dtype}; they must agree.", where=user_line())
    return a, given, (slice(None),) * axis + (places,)


@function
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the mask, broadcast, is true, in one row.

    Raises:
        DtypeError: the mask is not bool. ShapeError: it does not broadcast.
    """
    a, chosen = tensor_of("masked_select", input), _mask("masked_select", mask)
    shape = together("masked_select", a, chosen)
    places = np.broadcast_to(to_host(chosen._array), shape).copy()
    if shape_of(a) != shape:
        a = broadcast_to(a, shape)
    index = (places,) if places.ndim else (bool(places),)
    return apply(ops.INDEX, a, index=index, _grad_fn="MaskedSelectBackward0")


@function
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """`input` with `value` wherever the mask, broadcast, is true.

    Args:
        value: a number, or a tensor without axes.

    Raises:
        DtypeError: the mask is not bool. ShapeError: it does not broadcast, or value has axes.
    """
    a, chosen = tensor_of("masked_fill", input), _mask("masked_fill", mask)
    if isinstance(value, Tensor):
        if value.ndim:
            raise ShapeError(
                f"masked_fill: value has shape {shape_of(value)}; it must be one number, without axes.",
                hint="To choose between two tensors, use where(mask, a, b).",
                where=user_line(),
                ja=f"masked_fill：value の形は {shape_of(value)} ですが、軸のないひとつの数でなければなりません。",
                hint_ja="二つのテンソルから選ぶには where(mask, a, b) を使います。",
            )
    elif not dtypes.is_scalar(value):
        raise ArgumentTypeError(f"masked_fill: value must be a number, got {type(value).__name__}.", where=user_line())
    together("masked_fill", a, chosen)
    name = "MaskedFillBackward1" if isinstance(value, Tensor) else "MaskedFillBackward0"
    return apply(ops.MASKED_FILL, a, chosen, value, _grad_fn=name)


def _mask(name: str, given: Any) -> Tensor:
    mask = tensor_of(name, given, "mask")
    if mask.dtype is dtypes.bool_:
        return mask
    raise DtypeError(
        f"{name}: mask is {mask.dtype}; only boolean masks are supported.",
        hint="Compare to get one: x > 0; or convert it: mask.bool().",
        where=user_line(),
        ja=f"{name}：mask は {mask.dtype} ですが、bool でなければなりません。",
        hint_ja="x > 0 のように比較するか、mask.bool() で変換してください。",
    )


@function(method=False)
def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """Each element from `input` where the condition is true, else from `other`; all three broadcast.

    With the condition alone: the places where it is true, one tensor of places for each axis.

    Args:
        input, other: tensors or numbers.

    Raises:
        DtypeError: the condition is not bool. ShapeError: shapes do not broadcast.
    """
    chosen = tensor_of("where", condition, "condition")
    if input is None and other is None:
        return nonzero(chosen, as_tuple=True)
    if chosen.dtype not in (dtypes.bool_, dtypes.uint8):
        raise DtypeError(
            f"where: condition is {chosen.dtype}; a boolean tensor is expected.",
            hint="Compare to get one: where(x > 0, a, b).",
            where=user_line(),
            ja=f"where：condition は {chosen.dtype} ですが、bool でなければなりません。",
            hint_ja="where(x > 0, a, b) のように比較してください。",
        )
    for word, one in (("input", input), ("other", other)):
        if not dtypes.is_scalar(one):
            tensor_of("where", one, word)
    together("where", chosen, *(one for one in (input, other) if isinstance(one, Tensor)))
    return apply(ops.WHERE, chosen, input, other, dtype=dtypes.promote(input, other).name)


def _where_method(input: Tensor, condition: Tensor, other: Any) -> Tensor:
    """`x.where(condition, other)`: x where the condition is true."""
    made: Tensor = where(condition, input, other)
    return made


METHODS["where"] = _where_method


@function
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The places of elements that are not 0: one a row; as a tuple, one tensor for each axis. Takes no gradient."""
    a = tensor_of("nonzero", input)
    if not as_tuple:
        return apply(NONZERO, a)
    found = apply(NONZERO, a if a.ndim else a.reshape(1))
    return tuple(apply(ops.SLICE, found, index=(slice(None), axis)) for axis in range(max(a.ndim, 1)))


@function
def argwhere(input: Tensor) -> Tensor:
    """The places of elements that are not 0, one a row."""
    return apply(NONZERO, tensor_of("argwhere", input))
