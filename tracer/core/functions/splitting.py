"""Cutting a tensor apart along an axis, as PyTorch has it.

Several tensors come of it, so it is that many slices: each piece is a node of its own, and hands its gradient to its
own place.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

from tracer.core.apply import apply
from tracer.core.functions.arguments import dim_of, int_of, tensor_of
from tracer.core.functions.registry import function
from tracer.core.functions.sizes import shape_of
from tracer.core.ops.indexing import SLICE
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import AxisError, ShapeError


@function
def split(input: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces along an axis: of one length (the last may be shorter), or of the lengths listed. Share memory.

    Raises:
        ShapeError: negative lengths, or lengths that do not add up to the axis's.
    """
    a = tensor_of("split", input)
    listed = split_size_or_sections
    if isinstance(listed, tuple | list):
        axis, total = _axis("split", a, dim)
        sizes = tuple(int_of("split", "split_sizes", one) for one in listed)
        if min(sizes, default=0) < 0 or sum(sizes) != total:
            raise ShapeError(
                f"split: input has shape {shape_of(a)}, the lengths are {sizes}, in all {sum(sizes)}.",
                hint=f"They must not be negative and must add up to the {total} of axis {axis}.",
                where=user_line(),
                ja=f"split：input の形は {shape_of(a)}、長さの指定は {sizes}（合計 {sum(sizes)}）です。",
                hint_ja=f"0 以上で、合計が軸 {axis} の長さ {total} に等しくなければなりません。",
            )
        return _cut(a, axis, sizes, "SplitWithSizesBackward0")
    size = int_of("split", "split_size", listed)
    if size < 0:
        raise _too_short(a, size)
    axis, total = _axis("split", a, dim)
    if size == 0 and total:
        raise _too_short(a, size)
    return _cut(a, axis, [min(size, total - start) for start in range(0, total, size or 1)] or [0], "SplitBackward0")


def _too_short(a: Tensor, size: int) -> ShapeError:
    return ShapeError(
        f"split: split_size is {size}, input has shape {shape_of(a)}.",
        hint="Each piece must have a length of at least 1.",
        where=user_line(),
        ja=f"split：split_size は {size}、input の形は {shape_of(a)} です。",
        hint_ja="一片の長さは 1 以上でなければなりません。",
    )


@function
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` pieces along an axis, as long as each other but for the last. Share memory.

    Raises:
        ShapeError: chunks is not positive.
    """
    a = tensor_of("chunk", input)
    number = int_of("chunk", "chunks", chunks)
    if a.ndim and number <= 0:
        raise ShapeError(f"chunk: chunks is {number}; it must be at least 1.", where=user_line())
    axis, total = _axis("chunk", a, dim)
    return split(a, -(-total // number), axis) if total else split(a, [0] * number, axis)


@function
def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces along an axis: so many of nearly equal length, or cut at the places listed. Share memory.

    Raises:
        ShapeError: no pieces are asked for.
    """
    a = tensor_of("tensor_split", input)
    axis, total = _axis("tensor_split", a, dim)
    given = indices_or_sections.tolist() if isinstance(indices_or_sections, Tensor) else indices_or_sections
    if isinstance(given, tuple | list):
        ends = [int_of("tensor_split", "indices", one) for one in given]
    else:
        number = int_of("tensor_split", "sections", given)
        if number <= 0:
            raise ShapeError(f"tensor_split: sections is {number}; it must be at least 1.", where=user_line())
        longer = total % number  # that many pieces are one longer
        ends = [place * (total // number) + min(place, longer) for place in range(1, number)]
    return tuple(
        _part(a, axis, slice(start, end), "SliceBackward0")
        for start, end in zip([None, *ends], [*ends, None], strict=True)
    )


@function
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The layers along an axis, each without it. Share memory.

    Raises:
        AxisError: there is no such axis.
    """
    a = tensor_of("unbind", input)
    axis = dim_of("unbind", dim, a.ndim)
    if not a.ndim:
        raise AxisError("unbind: a tensor without axes has none to take apart.", where=user_line())
    return tuple(_part(a, axis, place, "UnbindBackward0") for place in range(shape_of(a)[axis]))


def _part(a: Tensor, axis: int, part: Any, name: str) -> Tensor:
    return apply(SLICE, a, index=((slice(None),) * axis + (part,)), _grad_fn=name)


def _cut(a: Tensor, axis: int, sizes: Sequence[int], name: str) -> tuple[Tensor, ...]:
    ends = accumulate(sizes, initial=0)
    return tuple(_part(a, axis, slice(*pair), name) for pair in pairwise(ends))


def _axis(name: str, a: Tensor, dim: int) -> tuple[int, int]:
    """The axis to cut along and its size."""
    if not a.ndim:
        raise ShapeError(f"{name}: input has no axes to cut along.", hint="Its shape is ().", where=user_line())
    axis = dim_of(name, dim, a.ndim)
    return axis, shape_of(a)[axis]
