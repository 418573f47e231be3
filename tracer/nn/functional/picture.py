"""Pictures: convolution, pooling, and margins around the last axes of any tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tracer.core.apply import apply
from tracer.core.backend import namespace
from tracer.core.functions.all import FUNCTIONS as F
from tracer.core.functions.arguments import int_of
from tracer.core.ops.conv import CONV2D, PAD, Pair, Sides
from tracer.core.ops.pool import AVG_POOL2D, MAX_POOL2D, best_places
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentTypeError, UnsupportedDtypeError
from tracer.nn.functional.checks import same_dtype, shape_of, tensor_of, wrong_option, wrong_shape

_KINDS = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Tensor:
    """Each filter of `weight` slid over `input`: at every place, products summed.

    Args:
        input: (N, C, H, W) or (C, H, W).
        weight: (filters, C / groups, kh, kw).
        bias: (filters,).
        stride: how far the filter moves each time.
        padding: zeros around the picture; "valid" for none, "same" for an output of input's size.
        dilation: the distance between the numbers a filter looks at.
        groups: channels and filters are split into this many parts that do not see each other.

    Returns:
        (N, filters, H', W') or (filters, H', W').

    Raises:
        ShapeError: shapes that do not fit, or a filter larger than the padded picture.
        DtypeError: different dtypes.
        OptionError: a stride, padding, dilation or groups out of range.
    """
    name = "conv2d"
    x, w = tensor_of(name, "input", input), tensor_of(name, "weight", weight)
    b = None if bias is None else tensor_of(name, "bias", bias)
    same_dtype(name, input=x, weight=w, bias=b)
    got, filters = shape_of(x), shape_of(w)
    if len(got) not in (3, 4) or len(filters) != 4:
        raise wrong_shape(
            f"{name}: input has shape {got}, weight has shape {filters}.",
            "input must be (N, C, H, W) or (C, H, W), weight (filters, C / groups, height, width).",
            f"{name}：input の形は {got}、weight の形は {filters} です。",
            "input は (N, C, H, W) か (C, H, W)、weight は (フィルタ数, C / groups, 高さ, 幅) です。",
        )
    steps, gaps = _pair(name, "stride", stride, least=1), _pair(name, "dilation", dilation, least=1)
    parts = int_of(name, "groups", groups)
    if parts < 1 or filters[0] % parts:
        raise wrong_option(
            f"{name}: groups is {parts}, weight has {filters[0]} filters.",
            "groups must be above 0 and divide the number of filters.",
        )
    if got[-3] != filters[1] * parts:
        raise wrong_shape(
            f"{name}: input has shape {got}, weight has shape {filters}, groups is {parts}.",
            f"With this weight input must have {filters[1] * parts} channels, but it has {got[-3]}.",
            f"{name}：input の形は {got}、weight の形は {filters}、groups は {parts} です。",
            f"この weight なら input のチャンネルは {filters[1] * parts} 個ですが、{got[-3]} 個あります。",
        )
    if b is not None and shape_of(b) != filters[:1]:
        raise wrong_shape(
            f"{name}: bias has shape {shape_of(b)}, weight has shape {filters}.",
            f"bias must hold one number a filter: ({filters[0]},).",
            f"{name}：bias の形は {shape_of(b)}、weight の形は {filters} です。",
            f"bias の形は、フィルタごとに一つの ({filters[0]},) です。",
        )
    sides = _sides(name, padding, filters[2:], steps, gaps)
    reach = tuple(d * (k - 1) + 1 for k, d in zip(filters[2:], gaps, strict=True))
    room = tuple(n + sum(side) for n, side in zip(got[-2:], sides, strict=True))
    if min(filters[2:]) < 1 or any(r > n for r, n in zip(reach, room, strict=True)):
        raise wrong_shape(
            f"{name}: the padded picture is {room}, the filter reaches over {reach}.",
            "The filter can't be larger than the picture it slides over.",
            f"{name}：余白を含めた画像は {room}、フィルタは {reach} です。",
            "フィルタは、その上を滑る画像より大きくできません。",
        )
    batch = x if x.ndim == 4 else F.unsqueeze(x, 0)
    given = (batch, w) if b is None else (batch, w, b)
    out = apply(CONV2D, *given, stride=steps, padding=sides, dilation=gaps, groups=parts)
    return out if x.ndim == 4 else F.squeeze(out, 0)


def _pair(name: str, argument: str, given: Any, least: int) -> Pair:
    """One number for both axes, or one each."""
    numbers = tuple(given) if isinstance(given, tuple | list) else (given,)
    found = tuple(int_of(name, argument, number) for number in numbers)
    if len(found) == 1:
        found *= 2
    if len(found) != 2 or min(found) < least:
        raise wrong_option(
            f"{name}: {argument} is {given!r}.",
            f"It must be one whole number, or two (height, width), of at least {least}.",
            f"{name}：{argument} に {given!r} が渡されました。",
            f"{least} 以上の整数一つか、(高さ, 幅) の二つです。",
        )
    return found[0], found[1]


def _sides(name: str, padding: Any, kernel: Sequence[int], stride: Pair, dilation: Pair) -> Sides:
    if not isinstance(padding, str):
        down, across = _pair(name, "padding", padding, least=0)
        return (down, down), (across, across)
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding != "same":
        raise wrong_option(
            f"{name}: padding is {padding!r}.", "It must be a whole number, a pair of them, 'valid' or 'same'."
        )
    if stride != (1, 1):
        raise wrong_option(f"{name}: padding='same' with stride {stride}.", "'same' needs a stride of 1.")
    (above, left) = (d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True))
    (rows, columns) = (d * (k - 1) for k, d in zip(kernel, dilation, strict=True))
    return (above, rows - above), (left, columns - left)


def max_pool2d(
    input: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest number of each window.

    Args:
        input: (N, C, H, W) or (C, H, W).
        kernel_size: the window's height and width.
        stride: how far the window moves each time; kernel_size where left out.
        padding: a margin that never wins, at most half the window.
        dilation: the distance between the numbers a window looks at.
        ceil_mode: whether a window that reaches over the edge counts.
        return_indices: also return where in its plane, counted row by row, each winner stands.

    Returns:
        (N, C, H', W'), or a pair of it and the int64 indices.

    Raises:
        ShapeError: no such axes, or no window fits.
        OptionError: an option out of range.
    """
    name = "max_pool2d"
    x = _picture(name, input)
    kernel, steps, margin = _window(name, kernel_size, stride, padding)
    gaps = _pair(name, "dilation", dilation, least=1)
    batch = x if x.ndim == 4 else F.unsqueeze(x, 0)
    sides = _reach(name, shape_of(batch), kernel, steps, margin, gaps, ceil_mode)
    static: dict[str, Any] = {"kernel": kernel, "stride": steps, "padding": sides, "dilation": gaps}
    out = apply(MAX_POOL2D, batch, **static)
    flat = out if x.ndim == 4 else F.squeeze(out, 0)
    if not return_indices:
        return flat
    places = Tensor._wrap(best_places(namespace(batch._array), batch._array, **static))
    return flat, places if x.ndim == 4 else F.squeeze(places, 0)


def avg_pool2d(
    input: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window.

    Args:
        input: (N, C, H, W) or (C, H, W), floating point.
        kernel_size, stride, padding, ceil_mode: as for `max_pool2d`; the margin is of zeros.
        count_include_pad: whether the zeros of the margin count in the mean.
        divisor_override: what to divide the sum by instead of the count.

    Raises:
        ShapeError: no such axes, or no window fits.
        OptionError: an option out of range.
    """
    name = "avg_pool2d"
    x = _picture(name, input)
    if x._array.dtype.kind != "f":
        raise UnsupportedDtypeError(
            f"{name}: input is {x.dtype}; a mean is no whole number.", hint="Convert it: x.float().", where=user_line()
        )
    kernel, steps, margin = _window(name, kernel_size, stride, padding)
    if divisor_override == 0:
        raise wrong_option(f"{name}: divisor_override is 0.", "The divisor must be not zero.")
    batch = x if x.ndim == 4 else F.unsqueeze(x, 0)
    shape = shape_of(batch)
    sides = _reach(name, shape, kernel, steps, margin, (1, 1), ceil_mode)
    counts = []
    for axis in (0, 1):
        size, edge = shape[2 + axis], margin[axis]
        rows = (size + sum(sides[axis]) - kernel[axis]) // steps[axis] + 1
        start = np.arange(rows) * steps[axis] - edge
        stop = np.minimum(start + kernel[axis], size + edge)
        counts.append(stop - start if count_include_pad else np.minimum(stop, size) - np.maximum(start, 0))
    divisor = counts[0][:, None] * counts[1] if divisor_override is None else np.array(divisor_override)
    out = apply(AVG_POOL2D, batch, kernel=kernel, stride=steps, padding=sides, divisor=divisor.astype(np.float64))
    return out if x.ndim == 4 else F.squeeze(out, 0)


def _picture(name: str, given: Any) -> Tensor:
    x = tensor_of(name, "input", given)
    got = shape_of(x)
    if len(got) not in (3, 4) or 0 in got[-3:]:
        raise wrong_shape(
            f"{name}: input has shape {got}.",
            "It must be (N, C, H, W) or (C, H, W), not empty.",
            f"{name}：input の形は {got} です。",
            "(N, C, H, W) か (C, H, W) でなければなりません。",
        )
    return x


def _window(name: str, kernel_size: Any, stride: Any, padding: Any) -> tuple[Pair, Pair, Pair]:
    kernel = _pair(name, "kernel_size", kernel_size, least=1)
    given = stride is not None and stride != [] and stride != ()
    steps = _pair(name, "stride", stride, least=1) if given else kernel
    return kernel, steps, _pair(name, "padding", padding, least=0)


def _reach(
    name: str, shape: Sequence[int], kernel: Pair, stride: Pair, margin: Pair, dilation: Pair, ceil: bool
) -> Sides:
    """The margin on all sides, longer at the end where a last window reaches over the edge."""
    sides: list[Pair] = []
    for k, step, edge, gap, size in zip(kernel, stride, margin, dilation, shape[2:], strict=True):
        reach = gap * (k - 1) + 1
        if edge > reach // 2:
            raise wrong_option(
                f"{name}: padding is {margin}, kernel_size is {kernel}.",
                "pad should be at most half of effective kernel size, or a window could see nothing but margin.",
            )
        room = size + 2 * edge - reach
        count = (-(-room // step) if ceil else room // step) + 1
        if ceil and (count - 1) * step >= size + edge:
            count -= 1  # a window that would start in the margin
        if count < 1:
            raise wrong_shape(
                f"{name}: input has shape {tuple(shape)}, the window is {kernel}.",
                "Output size is too small: no window fits into the picture.",
                f"{name}：input の形は {tuple(shape)}、窓は {kernel} です。",
                "窓が画像に収まりません。",
            )
        sides.append((edge, max(edge, (count - 1) * step + reach - size - edge)))
    return sides[0], sides[1]


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """A margin around the last axes.

    Args:
        input: any shape.
        pad: widths before and after, from the last axis on: (left, right, above, below, ...). Negative ones cut off.
        mode: "constant", or "reflect", "replicate", "circular" for a margin made of what lies inside.
        value: of a constant margin; 0 where left out.

    Raises:
        ShapeError: an odd number of widths, more than there are axes, or less than nothing left.
        UnsupportedDtypeError: an unknown mode. It is a NotImplementedError, as in PyTorch.
    """
    x = tensor_of("pad", "input", input)
    if not isinstance(pad, tuple | list):
        raise ArgumentTypeError(
            f"pad: pad must be a tuple of ints, got {type(pad).__name__}.",
            hint="Write (left, right).",
            where=user_line(),
        )
    widths = [int_of("pad", "pad", width) for width in pad]
    got = shape_of(x)
    if len(widths) % 2 or len(widths) > 2 * len(got):
        raise wrong_shape(
            f"pad: input has shape {got}, pad is {tuple(widths)}.",
            f"pad must name two widths an axis, from the last axis forwards: at most {2 * len(got)} numbers.",
            f"pad：input の形は {got}、pad は {tuple(widths)} です。",
            f"pad には、最後の軸から順に、軸ごとに二つの幅を書きます。最大 {2 * len(got)} 個です。",
        )
    pairs = [(0, 0)] * len(got)
    for i in range(0, len(widths), 2):
        pairs[-1 - i // 2] = (widths[i], widths[i + 1])
    if any(
        n + before + after < 0 or n + min(before, 0) + min(after, 0) < 0
        for n, (before, after) in zip(got, pairs, strict=True)
    ):
        raise wrong_shape(f"pad: input has shape {got}, pad is {tuple(widths)}.", "No axis can become shorter than 0.")
    if mode == "constant":
        return apply(PAD, x, pad=tuple(pairs), value=0.0 if value is None else value)
    if mode not in _KINDS:
        raise UnsupportedDtypeError(
            f"pad: Unrecognised padding mode {mode!r}.",
            hint="It must be 'constant', 'reflect', 'replicate' or 'circular'.",
            where=user_line(),
        )
    if value is not None:
        raise wrong_option(f"pad: mode {mode!r} takes no value.", "Leave value out.")
    return _pad_from_inside(x, pairs, mode)


def _pad_from_inside(x: Tensor, pairs: Sequence[Pair], mode: str) -> Tensor:
    """Each axis read at the places its margin is made of."""
    most = {"reflect": -1, "circular": 0}
    for axis, (before, after) in enumerate(pairs):
        if (before, after) == (0, 0):
            continue
        size = shape_of(x)[axis]
        if mode in most and max(before, after) > size + most[mode]:
            raise wrong_shape(
                f"pad: axis {axis} has {size} elements, the margin is {(before, after)}.",
                f"With mode {mode!r} a margin can be at most {size + most[mode]} wide here.",
            )
        places = np.pad(np.arange(size), (max(before, 0), max(after, 0)), _KINDS[mode])  # type: ignore[call-overload]
        places = places[max(-before, 0) : len(places) - max(-after, 0)]
        x = x[(slice(None),) * axis + (places,)]
    return x
