"""Another shape for the same elements: reshape, transpose, squeeze, expand and their kin, as PyTorch has them.

Sizes and axes are made final here (no -1, nothing counted from the end); the ops get only what they must do.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any, cast

from tracer.core.apply import apply
from tracer.core.functions.arguments import dim_of, dims_of, sizes_of, tensor_of
from tracer.core.functions.registry import METHODS, function
from tracer.core.functions.sizes import can_view, final_sizes, infer_sizes, listed_sizes, shape_of, together
from tracer.core.ops import shape as ops
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentTypeError, ShapeError


@function
def reshape(input: Tensor, *sizes: Any, shape: Any = None) -> Tensor:
    """The elements of `input`, read row by row, in a new shape. Shares memory where it can.

    Args:
        sizes: one by one or as a tuple; one may be -1 and is worked out.

    Raises:
        ShapeError: another number of elements.
    """
    a = tensor_of("reshape", input)
    final = final_sizes("reshape", a, listed_sizes("reshape", sizes, shape))
    return apply(ops.RESHAPE, a, shape=final, _grad_fn=_reshape_name(a, final))


def _reshape_name(a: Tensor, final: tuple[int, ...]) -> str:
    """PyTorch's name for a reshape: of rows in order, of memory that can be read so, or of a copy."""
    if a._array.flags.c_contiguous:
        return "ViewBackward0"
    return "ReshapeAliasBackward0" if can_view(shape_of(a), a._array.strides, final) else "UnsafeViewBackward0"


@function(module=False)
def view(input: Tensor, *sizes: Any, size: Any = None) -> Tensor:
    """`input` in a new shape, on the same memory: nothing is copied.

    Raises:
        ShapeError: another number of elements, or the memory cannot be read in that shape.
    """
    listed = listed_sizes("view", sizes, size, "size")
    final = final_sizes("view", input, listed)
    if not can_view(input._array.shape, input._array.strides, final):
        raise ShapeError(
            f"view: input has shape {shape_of(input)}, but does not lie row by row in memory (it was transposed, or "
            f"cut out of a larger tensor), so it cannot be seen as {final}.",
            hint="Use reshape, which copies where it must.",
            where=user_line(),
            ja=f"view：形 {shape_of(input)} の input はメモリ上で行の順に並んでいないため（転置や切り出しのあとなど）、"
            f"{final} として見ることができません。",
            hint_ja="必要なら複製を作る reshape を使ってください。",
        )
    return apply(ops.VIEW, input, shape=final)


@function(module=False)
def view_as(input: Tensor, other: Tensor) -> Tensor:
    """`input.view(other.size())`."""
    return view(input, shape_of(tensor_of("view_as", other, "other")))


@function(module=False)
def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """`input.reshape(other.size())`."""
    return reshape(input, shape_of(tensor_of("reshape_as", other, "other")))


@function
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The axes from `start_dim` to `end_dim` as one. A tensor without axes gets one.

    Raises:
        ShapeError: start_dim stands after end_dim. AxisError: there is no such axis.
    """
    a = tensor_of("flatten", input)
    start = dim_of("flatten", start_dim, a.ndim, "start_dim")
    end = dim_of("flatten", end_dim, a.ndim, "end_dim")
    if start > end:
        raise ShapeError(
            f"flatten: start_dim ({start_dim}) comes after end_dim ({end_dim}).",
            hint="start_dim must not stand behind end_dim.",
            where=user_line(),
        )
    if start == end and a.ndim:
        return a
    shape = shape_of(a)
    merged = (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :])
    return apply(ops.FLATTEN, a, shape=merged, _grad_fn=_reshape_name(a, merged))


@function
def ravel(input: Tensor) -> Tensor:
    """All elements in one row. Shares memory where they lie so already."""
    a = contiguous(tensor_of("ravel", input))
    return apply(ops.FLATTEN, a, shape=(a._array.size,), _grad_fn="ViewBackward0")


@function
def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Axis `dim` split into several; one size may be -1.

    Raises:
        ShapeError: the sizes do not multiply to the axis's.
    """
    a = tensor_of("unflatten", input)
    if not isinstance(sizes, tuple | list):
        raise ArgumentTypeError(
            f"unflatten: sizes must be a tuple of ints, got {type(sizes).__name__}.", where=user_line()
        )
    axis, listed, shape = dim_of("unflatten", dim, a.ndim), sizes_of(*sizes, name="unflatten"), shape_of(a)
    if not shape:
        raise ShapeError("unflatten: input has no axes, so there is none to split.", where=user_line())
    size = shape[axis]
    split = infer_sizes("unflatten", listed, size, f"axis {axis} of shape {shape}, which has {size}")
    return apply(ops.VIEW, a, shape=(*shape[:axis], *split, *shape[axis + 1 :]))


@function(names=("swapaxes", "swapdims"))
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """`input` with two axes swapped. Shares memory.

    Raises:
        AxisError: there is no such axis.
    """
    a = tensor_of("transpose", input)
    one, other = (dim_of("transpose", dim, a.ndim, word) for dim, word in ((dim0, "dim0"), (dim1, "dim1")))
    return apply(ops.TRANSPOSE, a, dim0=one, dim1=other)


@function
def permute(input: Tensor, *order: Any, dims: Any = None) -> Tensor:
    """`input` with its axes in this order. Shares memory.

    Raises:
        ShapeError: not each axis once. AxisError: there is no such axis.
    """
    a = tensor_of("permute", input)
    listed = listed_sizes("permute", order, dims, "dims")
    if len(listed) != a.ndim:
        raise ShapeError(
            f"permute: input has shape {shape_of(a)}, dims is {listed}.",
            hint=f"dims must name each of the {a.ndim} axes once.",
            where=user_line(),
            ja=f"permute：input の形は {shape_of(a)}、dims は {listed} です。",
            hint_ja=f"dims には {a.ndim} 本の軸を一度ずつ並べてください。",
        )
    return apply(ops.PERMUTE, a, dims=dims_of("permute", listed, a.ndim, "dims"))


@function
def t(input: Tensor) -> Tensor:
    """A matrix transposed; a tensor with fewer axes as it is.

    Raises:
        ShapeError: more than two axes.
    """
    a = tensor_of("t", input)
    if a.ndim > 2:
        raise ShapeError(
            f"t: input has shape {shape_of(a)}; t() expects at most 2 axes.",
            hint="Say which axes to swap: x.transpose(-2, -1).",
            where=user_line(),
        )
    return apply(ops.TRANSPOSE, a, dim0=0, dim1=max(a.ndim - 1, 0), _grad_fn="TBackward0")


def _reversed(input: Tensor) -> Tensor:
    """`input` with its axes in reverse order: `x.T`. Warns where it is no matrix, as PyTorch does."""
    if input.ndim != 2:
        warnings.warn(
            f"T: the tensor has shape {shape_of(input)}; x.T of anything but a matrix is deprecated. Use x.mT for a "
            "batch of matrices, x.permute(...) to reorder axes.",
            UserWarning,
            stacklevel=2,
        )
    return apply(ops.PERMUTE, input, dims=tuple(reversed(range(input.ndim))))


def _matrices(input: Tensor) -> Tensor:
    """Each matrix of a batch transposed: `x.mT`.

    Raises:
        ShapeError: one axis only.
    """
    if input.ndim == 1:
        raise ShapeError(
            f"mT: input has shape {shape_of(input)}; only matrices and batches of matrices have it.",
            where=user_line(),
        )
    return apply(ops.TRANSPOSE, input, dim0=max(input.ndim - 2, 0), dim1=max(input.ndim - 1, 0))


for _name, _getter in (("T", _reversed), ("mT", _matrices), ("H", _matrices), ("mH", _matrices)):
    METHODS[_name] = cast(Any, property(_getter))


@function(names=("moveaxis",))
def movedim(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """`input` with some axes moved, the others keeping their order.

    Raises:
        ShapeError: unequal numbers of axes, or one twice. AxisError: there is no such axis.
    """
    a = tensor_of("movedim", input)
    origin = dims_of("movedim", source, a.ndim, "source")
    target = dims_of("movedim", destination, a.ndim, "destination")
    if len(origin) != len(target):
        raise ShapeError(
            f"movedim: source is {source}, destination is {destination}.",
            hint="Both must name the same number of axes.",
            where=user_line(),
        )
    if not a.ndim:
        return apply(ops.PERMUTE, a, dims=(), _grad_fn="AliasBackward0")
    rest = iter(axis for axis in range(a.ndim) if axis not in origin)
    placed = dict(zip(target, origin, strict=True))
    return apply(ops.PERMUTE, a, dims=tuple(placed[i] if i in placed else next(rest) for i in range(a.ndim)))


@function
def squeeze(input: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """`input` without its axes of length 1, or without those of `dim` that have length 1. Shares memory.

    Raises:
        AxisError: there is no such axis.
    """
    a = tensor_of("squeeze", input)
    named = dims_of("squeeze", dim, a.ndim)
    gone = tuple(axis for axis in named if a.ndim and a._array.shape[axis] == 1)
    name = "SqueezeBackward0" if dim is None else "SqueezeBackward2" if isinstance(dim, tuple | list) else None
    return apply(ops.SQUEEZE, a, dims=gone, _grad_fn=name)


@function
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """`input` with a new axis of length 1 at `dim`. Shares memory.

    Raises:
        AxisError: dim is outside -ndim-1..ndim.
    """
    a = tensor_of("unsqueeze", input)
    return apply(ops.UNSQUEEZE, a, dim=dim_of("unsqueeze", dim, a.ndim + 1))


@function(module=False)
def expand(input: Tensor, *sizes: Any, size: Any = None) -> Tensor:
    """`input` as if repeated along new axes and along those of length 1; nothing is copied. -1 keeps a size.

    Raises:
        ShapeError: an axis of another length than 1 would have to grow.
    """
    return _expand("expand", input, listed_sizes("expand", sizes, size, "size"))


@function(module=False)
def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """`input.expand(other.size())`."""
    return _expand("expand_as", input, shape_of(tensor_of("expand_as", other, "other")))


@function
def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """`input.expand(size)`."""
    return _expand("broadcast_to", tensor_of("broadcast_to", input), sizes_of(size, name="broadcast_to"))


@function(method=False)
def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """All tensors expanded to the shape they have together.

    Raises:
        ShapeError: they do not broadcast.
    """
    given = [tensor_of("broadcast_tensors", one) for one in tensors]
    shape = together("broadcast_tensors", *given)
    return tuple(one if shape_of(one) == shape else _expand("broadcast_tensors", one, shape) for one in given)


@function
def clone(input: Tensor, *, memory_format: Any = None) -> Tensor:
    """A copy with memory of its own. Gradient passes through it."""
    return apply(ops.CLONE, tensor_of("clone", input), order="K")


@function(module=False)
def contiguous(input: Tensor, memory_format: Any = None) -> Tensor:
    """`input` itself where it lies row by row in memory, else a copy that does."""
    return input if input._array.flags.c_contiguous else apply(ops.CLONE, input, order="C")


@function(module=False)
def is_contiguous(input: Tensor, memory_format: Any = None) -> bool:
    """Whether the elements lie row by row in memory."""
    return bool(input._array.flags.c_contiguous)


@function
def atleast_1d(input: Tensor) -> Tensor:
    """`input`, a tensor without axes given one."""
    a = tensor_of("atleast_1d", input)
    return a if a.ndim else apply(ops.VIEW, a, shape=(1,))


@function
def atleast_2d(input: Tensor) -> Tensor:
    """`input`, one with fewer than two axes given new ones in front."""
    a = tensor_of("atleast_2d", input)
    if a.ndim == 1:
        return unsqueeze(a, 0)
    return a if a.ndim else apply(ops.VIEW, a, shape=(1, 1))


def _expand(name: str, a: Tensor, listed: tuple[int, ...]) -> Tensor:
    shape = shape_of(a)
    new = len(listed) - len(shape)
    final: list[int] = []
    for place, n in enumerate(listed):
        old = shape[place - new] if place >= new else None
        fits = n >= 0 if old is None else n in (-1, old) or (old == 1 and n >= 0)
        if not fits:
            what = f"axis {place} would be new, so it needs a size" if old is None else f"axis {place - new} has {old}"
            raise ShapeError(
                f"{name}: input has shape {shape}, the new shape is {listed}: {what}, got {n}.",
                hint="Only new axes in front and axes of length 1 can be repeated; -1 keeps a size.",
                where=user_line(),
                ja=f"{name}：形 {shape} の input を形 {listed} に広げることはできません。",
                hint_ja="繰り返せるのは、前に加える新しい軸と長さ 1 の軸だけです。-1 は元の長さを保ちます。",
            )
        final.append(old if n == -1 and old is not None else n)
    if new < 0:
        raise ShapeError(
            f"{name}: input has shape {shape}, the new shape {listed} has fewer axes.",
            hint=f"Give at least {len(shape)} sizes; -1 keeps a size.",
            where=user_line(),
            ja=f"{name}：input の形は {shape} で、新しい形 {listed} の方が軸が少なくなっています。",
            hint_ja=f"少なくとも {len(shape)} 個の長さを指定してください。-1 は元の長さを保ちます。",
        )
    return apply(ops.EXPAND, a, shape=tuple(final))
