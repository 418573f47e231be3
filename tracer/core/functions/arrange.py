"""Joining, repeating, turning round, triangles and diagonals, as PyTorch has them.

Cutting apart is in `splitting`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from tracer.core import dtype as dtypes
from tracer.core.apply import apply
from tracer.core.backend import to_host
from tracer.core.functions.arguments import dim_of, dims_of, int_of, tensor_of, tensors_of
from tracer.core.functions.registry import function
from tracer.core.functions.shape import atleast_1d, atleast_2d, flatten, reshape
from tracer.core.functions.sizes import listed_sizes, shape_of
from tracer.core.ops import arrange as ops
from tracer.core.ops import indexing
from tracer.core.ops import shape as shape_ops
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentError, AxisError, ShapeError


@function(method=False, names=("concat", "concatenate"))
def cat(tensors: Sequence[Tensor], dim: int = 0, *, axis: int | None = None) -> Tensor:
    """Tensors one after another along an axis they have. An empty one of shape (0,) is passed over.

    Raises:
        ShapeError: they differ in another axis. ArgumentError: there are none. AxisError: there is no such axis.
    """
    given = tensors_of("cat", tensors)
    if not given:
        raise ArgumentError("cat: expected at least one tensor, got an empty list.", where=user_line())
    for place, one in enumerate(given):
        if not one.ndim:
            raise ShapeError(
                f"cat: tensors[{place}] has no axes, so there is none to join along.",
                hint="Use stack, which makes a new axis.",
                where=user_line(),
                ja=f"cat：tensors[{place}] には軸がないので、つなぐことができません。",
                hint_ja="新しい軸を作る stack を使ってください。",
            )
    whole = next((one for one in given if shape_of(one) != (0,)), None)
    if whole is None:
        return apply(ops.CAT, *given, dim=0, dtype=_common(given))
    along = dim_of("cat", dim if axis is None else axis, whole.ndim)
    empty = (*shape_of(whole)[:along], 0, *shape_of(whole)[along + 1 :])
    joined = [one if shape_of(one) != (0,) or whole.ndim == 1 else reshape(one, empty) for one in given]
    for one in joined:
        _same_but(along, whole, one)
    return apply(ops.CAT, *joined, dim=along, dtype=_common(given))


def _same_but(dim: int, first: Tensor, other: Tensor) -> None:
    one, two = shape_of(first), shape_of(other)
    if len(one) == len(two) and all(n == m or axis == dim for axis, (n, m) in enumerate(zip(one, two, strict=True))):
        return
    raise ShapeError(
        f"cat: a has shape {one}, b has shape {two}.",
        hint=f"Sizes must be equal in every axis but {dim}, along which they are joined.",
        where=user_line(),
        ja=f"cat：a の形は {one}、b の形は {two} です。",
        hint_ja=f"つなぐ軸 {dim} 以外では、軸の長さが等しくなければなりません。",
    )


def _common(tensors: Sequence[Tensor]) -> str:
    return reduce(dtypes.promote_types, (one.dtype for one in tensors)).name


@function(method=False)
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape side by side along a new axis.

    Raises:
        ShapeError: shapes differ, or there are no tensors. AxisError: there can be no such axis.
    """
    given = _some("stack", tensors)
    along = dim_of("stack", dim, given[0].ndim + 1)
    for place, one in enumerate(given):
        if shape_of(one) != shape_of(given[0]):
            raise ShapeError(
                f"stack: tensors[0] has shape {shape_of(given[0])}, tensors[{place}] has shape {shape_of(one)}.",
                hint="All must have the same shape.",
                where=user_line(),
                ja=f"stack：tensors[0] の形は {shape_of(given[0])}、tensors[{place}] の形は {shape_of(one)} です。",
                hint_ja="すべて同じ形でなければなりません。",
            )
    return apply(ops.STACK, *given, dim=along, dtype=_common(given))


@function(method=False)
def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors beside each other: along the second axis, or the only one."""
    given = [atleast_1d(one) for one in _some("hstack", tensors)]
    return cat(given, 0 if given[0].ndim == 1 else 1)


@function(method=False, names=("row_stack",))
def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors below each other, as rows."""
    return cat([atleast_2d(one) for one in _some("vstack", tensors)], 0)


def _some(name: str, tensors: Any) -> list[Tensor]:
    given = tensors_of(name, tensors)
    if not given:
        raise ShapeError(f"{name}: expected at least one tensor, got an empty list.", where=user_line())
    return given


@function(module=False)
def repeat(input: Tensor, *times: Any, repeats: Any = None) -> Tensor:
    """Copies of the whole, one after another: so many along each axis; further axes come in front.

    Raises:
        ShapeError: fewer numbers than axes, or a negative one.
    """
    listed = listed_sizes("repeat", times, repeats, "repeats")
    if len(listed) < input.ndim or min(listed, default=0) < 0:
        raise ShapeError(
            f"repeat: input has shape {shape_of(input)}, repeats is {listed}.",
            hint=f"Give a number, 0 or more, for each of the {input.ndim} axes at least.",
            where=user_line(),
            ja=f"repeat：input の形は {shape_of(input)}、repeats は {listed} です。",
            hint_ja=f"少なくとも {input.ndim} 本の軸それぞれに、0 以上の回数を指定してください。",
        )
    return apply(ops.REPEAT, input, repeats=listed)


@function
def tile(input: Tensor, *times: Any, dims: Any = None) -> Tensor:
    """`repeat`, where missing numbers in front are 1."""
    a = tensor_of("tile", input)
    listed = listed_sizes("tile", times, dims, "dims")
    return repeat(a, (1,) * (a.ndim - len(listed)) + listed)


@function
def repeat_interleave(
    input: Tensor, repeats: int | Tensor, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element along an axis so many times in a row; without `dim`, all elements in one row.

    Args:
        repeats: one number, or a tensor with one for each place along the axis.

    Raises:
        ShapeError: a negative number, or not one for each place.
    """
    a = tensor_of("repeat_interleave", input)
    if dim is None:
        a, dim = flatten(a), 0
    a = atleast_1d(a)
    axis = dim_of("repeat_interleave", dim, a.ndim)
    if isinstance(repeats, Tensor):
        numbers = to_host(repeats._array)
    else:
        numbers = np.asarray(int_of("repeat_interleave", "repeats", repeats))
    size = shape_of(a)[axis]
    if numbers.ndim > 1 or (numbers < 0).any() or numbers.size not in (1, size):
        raise ShapeError(
            f"repeat_interleave: input has shape {shape_of(a)}, repeats is {numbers.tolist()}.",
            hint=f"Give one number, 0 or more, or one for each of the {size} places of axis {axis}.",
            where=user_line(),
            ja=f"repeat_interleave：input の形は {shape_of(a)}、repeats は {numbers.tolist()} です。",
            hint_ja=f"0 以上の数をひとつ、または軸 {axis} の {size} か所それぞれに指定してください。",
        )
    if not isinstance(repeats, Tensor):
        return apply(ops.REPEAT_INTERLEAVE, a, repeats=int(numbers), dim=axis)
    places = np.repeat(np.arange(size), numbers)
    return apply(indexing.INDEX, a, index=(slice(None),) * axis + (places,), _grad_fn="IndexSelectBackward0")


@function
def flip(input: Tensor, *axes: Any, dims: Any = None) -> Tensor:
    """`input` in reverse order along some axes: a copy.

    Raises:
        AxisError: there is no such axis. ShapeError: the same axis twice.
    """
    a = tensor_of("flip", input)
    named = dims_of("flip", listed_sizes("flip", axes, dims, "dims"), a.ndim, "dims")
    return apply(ops.FLIP, a, dims=named if a.ndim else ())


@function
def fliplr(input: Tensor) -> Tensor:
    """`input` with its columns in reverse order."""
    a = _with_axes("fliplr", input, 2)
    return flip(a, 1)


@function
def flipud(input: Tensor) -> Tensor:
    """`input` with its rows in reverse order."""
    return flip(_with_axes("flipud", input, 1), 0)


@function
def roll(input: Tensor, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None) -> Tensor:
    """`input` pushed along some axes, what falls off at one end coming back at the other; without dims, in one row.

    Raises:
        ShapeError: not as many shifts as dims. AxisError: there is no such axis.
    """
    a = tensor_of("roll", input)
    pushes = tuple(int_of("roll", "shifts", one) for one in (shifts if isinstance(shifts, tuple | list) else [shifts]))
    listed = () if dims is None else dims if isinstance(dims, tuple | list) else (dims,)
    if len(pushes) != (len(listed) or 1):
        raise ShapeError(
            f"roll: shifts is {shifts}, dims is {dims}.", hint="Each shift needs its axis.", where=user_line()
        )
    if listed and not a.ndim:
        raise AxisError("roll: a tensor without axes has none to push along.", where=user_line())
    axes = tuple(dim_of("roll", one, a.ndim, "dims") for one in listed)
    return apply(ops.ROLL, a, shifts=pushes, dims=axes)


@function
def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle of each matrix, 0 above it.

    Args:
        diagonal: how far right of the main diagonal the triangle still reaches.
    """
    return apply(ops.TRIL, _with_axes("tril", input, 2), diagonal=int_of("tril", "diagonal", diagonal))


@function
def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle of each matrix, 0 below it.

    Args:
        diagonal: how far right of the main diagonal the triangle begins.
    """
    return apply(ops.TRIU, _with_axes("triu", input, 2), diagonal=int_of("triu", "diagonal", diagonal))


@function
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A diagonal of the matrices in two of the axes, as the last axis. Shares memory.

    Raises:
        ShapeError: dim1 and dim2 are the same. AxisError: there is no such axis.
    """
    a = tensor_of("diagonal", input)
    one, other = dim_of("diagonal", dim1, a.ndim, "dim1"), dim_of("diagonal", dim2, a.ndim, "dim2")
    if one == other:
        raise ShapeError(f"diagonal: dim1 and dim2 are both {one}; they must differ.", where=user_line())
    return apply(ops.DIAGONAL, a, offset=int_of("diagonal", "offset", offset), dim1=one, dim2=other)


@function
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """Of a matrix, its diagonal; of a vector, the matrix that has it on the diagonal.

    Raises:
        ShapeError: neither one axis nor two.
    """
    a = tensor_of("diag", input)
    offset = int_of("diag", "diagonal", diagonal)
    if a.ndim == 1:
        return apply(ops.DIAG_EMBED, a, offset=offset)
    if a.ndim == 2:
        along = apply(ops.DIAGONAL, a, offset=offset, dim1=0, dim2=1)
        return apply(shape_ops.CLONE, along, order="K", _grad_fn="DiagonalBackward0_copy")
    raise ShapeError(
        f"diag: input has shape {shape_of(a)}; only vectors and matrices are taken.",
        hint="Of a batch of matrices: x.diagonal(dim1=-2, dim2=-1).",
        where=user_line(),
    )


@function
def diag_embed(input: Tensor, offset: int = 0) -> Tensor:
    """Square matrices with the last axis of `input` on a diagonal."""
    a = tensor_of("diag_embed", input)
    if not a.ndim:
        raise AxisError("diag_embed: input has no axes; it needs at least one.", where=user_line())
    return apply(ops.DIAG_EMBED, a, offset=int_of("diag_embed", "offset", offset))


@function(method=False)
def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Vectors spread over the grid they span, one tensor each.

    Args:
        indexing: "ij": the first vector runs along the first axis; "xy": along the second.

    Raises:
        ShapeError: a tensor with more than one axis. ArgumentError: another indexing.
    """
    listed = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], tuple | list) else tensors
    given = [atleast_1d(one) for one in tensors_of("meshgrid", list(listed))]
    if indexing not in ("ij", "xy"):
        raise ShapeError(f"meshgrid: indexing is {indexing!r}; it must be 'ij' or 'xy'.", where=user_line())
    if any(one.ndim > 1 for one in given):
        raise ShapeError(
            f"meshgrid: got shapes {', '.join(str(shape_of(one)) for one in given)}; each must have one axis at most.",
            where=user_line(),
        )
    order = list(range(len(given)))
    if indexing == "xy":
        order[:2] = order[1::-1]
    shape = tuple(given[place]._array.size for place in order)
    grids = []
    for place, one in enumerate(given):
        axis = order.index(place)
        column = apply(shape_ops.VIEW, one, shape=(one._array.size,) + (1,) * (len(shape) - axis - 1))
        grids.append(apply(shape_ops.EXPAND, column, shape=shape))
    return tuple(grids)


def _with_axes(name: str, input: Any, least: int) -> Tensor:
    a = tensor_of(name, input)
    if a.ndim < least:
        raise ShapeError(
            f"{name}: input has shape {shape_of(a)}; it needs at least {least} {'axes' if least > 1 else 'axis'}.",
            where=user_line(),
            ja=f"{name}：input の形は {shape_of(a)} です。軸が少なくとも {least} 本必要です。",
        )
    return a
