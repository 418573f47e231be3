"""The largest, the smallest, the middle, and orders, under PyTorch's names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tracer.core import return_types
from tracer.core.apply import apply
from tracer.core.functions.arguments import dim_of, int_of, tensor_of
from tracer.core.functions.math import maximum, minimum
from tracer.core.functions.reduce import axes_of
from tracer.core.functions.registry import function
from tracer.core.op import Op
from tracer.core.ops import extremes
from tracer.core.ops import order as ops
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentTypeError, AxisError, OptionError, ShapeError, UnsupportedDtypeError


def _nothing_there(name: str, dim: int | None) -> Exception:
    if dim is None:
        return ShapeError(
            f"{name}: there are no elements to choose from.",
            hint="Of no elements there is no result; name an axis that has a length: dim=...",
            where=user_line(),
            ja=f"{name}：要素が一つもありません。",
            hint_ja="要素がなければ結果もありません。長さのある軸を dim=... で指定してください。",
        )
    return AxisError(
        f"{name}: axis {dim} has length 0, so there is nothing to choose from.",
        hint=f"{name}() needs an axis of non-zero size.",
        where=user_line(),
        ja=f"{name}：軸 {dim} の長さが 0 なので、選べる要素がありません。",
        hint_ja="長さが 0 でない軸を指定してください。",
    )


def _axis(name: str, a: Tensor, dim: Any) -> int:
    axis = dim_of(name, dim, a.ndim)
    if a.ndim and not a._array.shape[axis]:
        raise _nothing_there(name, axis)
    return axis


def _extreme(
    name: str, ops_: tuple[Op, Op, Op], pair: Any, input: Any, dim: Any, keepdim: bool, other: Any
) -> Tensor | return_types.ValuesIndices:
    """`max` and `min` in their three forms."""
    a = tensor_of(name, input)
    if isinstance(dim, Tensor):
        dim, other = None, dim
    if other is not None:
        return (maximum if name == "max" else minimum)(a, tensor_of(name, other, "other"))
    whole, places, along = ops_
    if dim is None:
        if keepdim:
            raise ArgumentTypeError(
                f"{name}: keepdim is given, but no dim.",
                hint=f"Write x.{name}(dim=0, keepdim=True).",
                where=user_line(),
            )
        if not a._array.size:
            raise _nothing_there(name, None)
        return apply(whole, a, dim=None, keepdim=False)
    axis = _axis(name, a, dim)
    index = apply(places, a, dim=axis, keepdim=keepdim)
    made: return_types.ValuesIndices = pair(apply(along, a, index, dim=axis, keepdim=keepdim), index)
    return made


@function
def max(
    input: Tensor,
    dim: int | Tensor | None = None,
    keepdim: bool = False,
    *,
    other: Tensor | None = None,
    axis: int | None = None,
    keepdims: bool = False,
) -> Any:
    """The largest element; or with `dim` the largest along it, as (values, indices); or of two tensors the larger.

    Without `dim`, equal elements share the gradient; with it, the one at `indices` (the first) gets it all.

    Raises:
        ShapeError: no elements. AxisError: there is no such axis, or it has length 0.
    """
    which = dim if axis is None else axis
    chosen = (extremes.MAX, ops.ARGMAX, ops.MAX_DIM)
    return _extreme("max", chosen, return_types.max, input, which, keepdim or keepdims, other)


@function
def min(
    input: Tensor,
    dim: int | Tensor | None = None,
    keepdim: bool = False,
    *,
    other: Tensor | None = None,
    axis: int | None = None,
    keepdims: bool = False,
) -> Any:
    """The smallest element; or with `dim` the smallest along it, as (values, indices); or of two tensors the smaller.

    Without `dim`, equal elements share the gradient; with it, the one at `indices` (the first) gets it all.

    Raises:
        ShapeError: no elements. AxisError: there is no such axis, or it has length 0.
    """
    which = dim if axis is None else axis
    chosen = (extremes.MIN, ops.ARGMIN, ops.MIN_DIM)
    return _extreme("min", chosen, return_types.min, input, which, keepdim or keepdims, other)


def _shared_extreme(op: Op, input: Any, dim: Any, keepdim: bool) -> Tensor:
    a = tensor_of(op.name, input)
    over = axes_of(op.name, None if dim == () else dim, a.ndim)
    if not a._array.size:
        if over is None:
            raise _nothing_there(op.name, None)
        for axis in over:
            _axis(op.name, a, axis)
    return apply(op, a, dim=over, keepdim=keepdim)


@function
def amax(
    input: Tensor, dim: int | Sequence[int] = (), keepdim: bool = False, *, axis: Any = None, keepdims: bool = False
) -> Tensor:
    """The largest elements over one or several axes; equal ones share the gradient evenly.

    Raises:
        ShapeError: no elements. AxisError: there is no such axis, or it has length 0.
    """
    return _shared_extreme(extremes.AMAX, input, dim if axis is None else axis, keepdim or keepdims)


@function
def amin(
    input: Tensor, dim: int | Sequence[int] = (), keepdim: bool = False, *, axis: Any = None, keepdims: bool = False
) -> Tensor:
    """The smallest elements over one or several axes; equal ones share the gradient evenly.

    Raises:
        ShapeError: no elements. AxisError: there is no such axis, or it has length 0.
    """
    return _shared_extreme(extremes.AMIN, input, dim if axis is None else axis, keepdim or keepdims)


def _place(op: Op, input: Any, dim: Any, keepdim: bool) -> Tensor:
    a = tensor_of(op.name, input)
    if a._array.dtype.kind == "b":
        raise UnsupportedDtypeError(
            f"{op.name}: got a bool tensor.", hint="Convert it first: x.long().", where=user_line()
        )
    if dim is None:
        if not a._array.size:
            raise AxisError(f"{op.name}: there are no elements to choose from.", where=user_line())
        return apply(op, a, dim=None, keepdim=keepdim)
    return apply(op, a, dim=_axis(op.name, a, dim), keepdim=keepdim)


@function
def argmax(
    input: Tensor, dim: int | None = None, keepdim: bool = False, *, axis: int | None = None, keepdims: bool = False
) -> Tensor:
    """Where the largest element stands (the first of equal ones), as int64; without `dim`, in the flattened tensor.

    Raises:
        AxisError: there is no such axis, or nothing to choose from.
    """
    return _place(ops.ARGMAX, input, dim if axis is None else axis, keepdim or keepdims)


@function
def argmin(
    input: Tensor, dim: int | None = None, keepdim: bool = False, *, axis: int | None = None, keepdims: bool = False
) -> Tensor:
    """Where the smallest element stands (the first of equal ones), as int64; without `dim`, in the flattened tensor.

    Raises:
        AxisError: there is no such axis, or nothing to choose from.
    """
    return _place(ops.ARGMIN, input, dim if axis is None else axis, keepdim or keepdims)


@function
def sort(
    input: Tensor, dim: int = -1, descending: bool = False, stable: bool | None = None
) -> return_types.ValuesIndices:
    """In order of size along `dim`, as (values, indices). Equal elements keep their order; nan counts as largest.

    Raises:
        AxisError: there is no such axis.
    """
    a = tensor_of("sort", input)
    index, axis = argsort(a, dim, descending), dim_of("sort", dim, a.ndim)
    node = "SortBackward0" if stable is None else "SortBackward1"
    return return_types.sort(apply(ops.SORT, a, index, dim=axis, keepdim=True, _grad_fn=node), index)


@function
def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool | None = None) -> Tensor:
    """The places of the elements in order of size along `dim`, as int64."""
    a = tensor_of("argsort", input)
    return apply(ops.ARGSORT, a, dim=dim_of("argsort", dim, a.ndim), descending=bool(descending))


@function
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> return_types.ValuesIndices:
    """The `k` largest (or smallest) elements along `dim`, largest first, as (values, indices).

    Raises:
        OptionError: there are not so many. AxisError: there is no such axis.
    """
    a = tensor_of("topk", input)
    axis, wanted = dim_of("topk", dim, a.ndim), int_of("topk", "k", k)
    there = a._array.shape[axis] if a.ndim else 1
    if not 0 <= wanted <= there:
        raise OptionError(
            f"topk: selected index k out of range: k is {wanted}, but axis {axis} has {there} elements.",
            hint=f"k must lie between 0 and {there}.",
            where=user_line(),
            ja=f"topk：k に {wanted} が渡されましたが、軸 {axis} の要素は {there} 個です。",
            hint_ja=f"k は 0 から {there} までです。",
        )
    index = apply(ops.ARGSORT, a, dim=axis, descending=bool(largest))
    if a.ndim and wanted < there:
        first: list[Any] = [slice(None)] * a.ndim
        first[axis] = slice(0, wanted)
        index = index[tuple(first)]
    return return_types.topk(apply(ops.TOPK, a, index, dim=axis, keepdim=True), index)


@function
def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The middle element, the lower of two; with `dim` along it, as (values, indices). nan if there is any.

    Raises:
        AxisError: there is no such axis, or it has length 0.
    """
    a = tensor_of("median", input)
    if dim is None:
        return apply(extremes.MEDIAN, a, dim=None, keepdim=False)
    axis = _axis("median", a, dim)
    index = apply(ops.ARGMEDIAN, a, dim=axis, keepdim=keepdim)
    return return_types.median(apply(ops.MEDIAN_DIM, a, index, dim=axis, keepdim=keepdim), index)
