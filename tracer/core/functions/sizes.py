"""What sizes mean: -1 worked out, whether memory can be read in a new shape, the shape that several tensors share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tracer.core.functions.arguments import sizes_of
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentTypeError, ShapeError


def shape_of(a: Tensor) -> tuple[int, ...]:
    """Its shape as a plain tuple, for messages and arithmetic."""
    return tuple(a._array.shape)


def can_view(shape: Sequence[int], strides: Sequence[int], new: Sequence[int]) -> bool:
    """Whether memory with these strides (bytes) can be read in the new shape without copying.

    Axes that run through memory without a break form a stretch; each new axis must fit into one stretch.
    """
    if math.prod(shape) == 0:
        return True
    axes = [(n, stride) for n, stride in zip(shape, strides, strict=True) if n != 1]
    stretches: list[int] = []  # their sizes, from the last to the first
    for i in reversed(range(len(axes))):
        n, stride = axes[i]
        if i + 1 < len(axes) and stride == axes[i + 1][0] * axes[i + 1][1]:
            stretches[-1] *= n
        else:
            stretches.append(n)
    sizes = [n for n in reversed(new) if n != 1]
    for stretch in stretches:
        filled = 1
        while filled < stretch and sizes:
            filled *= sizes.pop(0)
        if filled != stretch:
            return False
    return True


def together(name: str, *tensors: Tensor) -> tuple[int, ...]:
    """The shape that tensors broadcast to.

    Raises:
        ShapeError: two axes, counted from the right, are neither equal nor 1.
    """
    shapes = [shape_of(one) for one in tensors]
    shape: list[int] = []
    for back in range(1, 1 + max(map(len, shapes), default=0)):
        sizes = {given[-back] for given in shapes if len(given) >= back} - {1}
        if len(sizes) > 1:
            listed = " and ".join(map(str, sorted(sizes)))
            raise ShapeError(
                f"{name}: shapes {', '.join(map(str, shapes))} do not broadcast.",
                hint=f"Counted from the right, axes must be equal or 1; at axis {-back} they are {listed}.",
                where=user_line(),
                ja=f"{name}：形 {'、'.join(map(str, shapes))} は互いに合わせられません。",
                hint_ja=f"右から数えて、軸の長さは等しいか 1 でなければなりません。軸 {-back} では {listed} です。",
            )
        shape.insert(0, sizes.pop() if sizes else 1)
    return tuple(shape)


def listed_sizes(name: str, one_by_one: Sequence[Any], whole: Any, keyword: str = "shape") -> tuple[int, ...]:
    """Sizes or axes as given: one by one, as a tuple, or by keyword.

    Raises:
        ArgumentTypeError: none are given, or not ints.
    """
    if whole is not None:
        return sizes_of(*whole, name=name, argument=keyword) if isinstance(whole, tuple | list) else sizes_of(whole)
    if not one_by_one:
        raise ArgumentTypeError(f"{name}: {keyword} is missing.", where=user_line())
    return sizes_of(*one_by_one, name=name, argument=keyword)


def final_sizes(name: str, a: Tensor, listed: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that a reshape to the sizes listed gives.

    Raises:
        ShapeError: it would have another number of elements.
    """
    return infer_sizes(name, listed, a._array.size, f"a tensor of shape {shape_of(a)}, which has {a._array.size}")


def infer_sizes(name: str, listed: tuple[int, ...], size: int, owner: str) -> tuple[int, ...]:
    """The sizes with a -1 worked out, so that they multiply to `size`."""
    if math.prod(listed) == size and min(listed, default=0) >= 0:
        return listed
    open_ = [place for place, n in enumerate(listed) if n == -1]
    known = math.prod(n for n in listed if n != -1)
    hint = hint_ja = None
    if any(n < -1 for n in listed):
        hint, hint_ja = "Sizes must not be negative; one may be -1 and is worked out.", "長さは負にできません。"
    elif len(open_) > 1:
        hint, hint_ja = "Only one size can be -1 (worked out).", "-1（自動で決まる長さ）は一つだけ使えます。"
    elif open_ and known == 0:
        hint, hint_ja = (
            "With a size of 0, the size at -1 could be anything.",
            "長さ 0 の軸があるので、-1 は決まりません。",
        )
    elif (size % known if open_ else size != known) != 0:
        hint = f"The sizes must multiply to {size}" + (f"; {known} does not divide it." if open_ else f", not {known}.")
        hint_ja = f"長さの積が {size} になるようにしてください（今は {known}{' の倍数' if open_ else ''}）。"
    if hint is not None:
        raise ShapeError(
            f"{name}: {listed} is no shape for {owner} elements.",
            hint=hint,
            where=user_line(),
            ja=f"{name}：要素数 {size} のテンソルを形 {listed} にはできません。",
            hint_ja=hint_ja,
        )
    return tuple(size // known if n == -1 else n for n in listed)
