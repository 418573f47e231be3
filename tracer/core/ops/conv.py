"""Convolution of pictures, and the margin laid around them.

A convolution is one matrix product: every filter is a row, every window of the picture a column (a view that copies
nothing until the product needs it). The rule for the picture adds the columns back to where they were cut out, offset
by offset of the filter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tracer.core.array import put, take
from tracer.core.op import Input, Op, Sample, register
from tracer.text import Text

Pair = tuple[int, int]
Sides = tuple[Pair, Pair]
"""((above, below), (left, right))"""


def windows(xp: Any, a: Any, kernel: Pair, stride: Pair, dilation: Pair) -> Any:
    """(N, C, H', W', kh, kw): every window of (N, C, H, W), as a view."""
    reach = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
    view = xp.lib.stride_tricks.sliding_window_view(a, reach, axis=(2, 3))
    return view[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]


def padded(xp: Any, a: Any, sides: Sides, value: float) -> Any:
    """`a` with `value` around its last two axes."""
    (above, below), (left, right) = sides
    if not (above or below or left or right):
        return a
    n, c, h, w = a.shape
    out = xp.full((n, c, h + above + below, w + left + right), value, a.dtype)
    out[:, :, above : above + h, left : left + w] = a
    return out


def added_back(xp: Any, parts: Any, shape: Sequence[int], sides: Sides, stride: Pair, dilation: Pair) -> Any:
    """The reverse of `padded` and `windows`: each window's numbers added where they were cut out.

    Args:
        parts: (N, C, kh, kw, H', W').
        shape: (N, C, H, W), of the picture.
    """
    (above, below), (left, right) = sides
    n, c, h, w = shape
    _, _, kh, kw, rows, columns = parts.shape
    out = xp.zeros((n, c, h + above + below, w + left + right), parts.dtype)
    for i in range(kh):
        top = i * dilation[0]
        for j in range(kw):
            start = j * dilation[1]
            across = slice(start, start + stride[1] * (columns - 1) + 1, stride[1])
            out[:, :, top : top + stride[0] * (rows - 1) + 1 : stride[0], across] += parts[:, :, i, j]
    return out[:, :, above : above + h, left : left + w]


def _columns(xp: Any, a: Any, weight: Any, stride: Pair, sides: Sides, dilation: Pair, groups: int) -> Any:
    """(N, groups, C/groups·kh·kw, H'·W'): every window as a column."""
    cut = windows(xp, padded(xp, a, sides, 0), (weight.shape[2], weight.shape[3]), stride, dilation)
    n, c, h, w, kh, kw = cut.shape
    return cut.transpose(0, 1, 4, 5, 2, 3).reshape(n, groups, c // groups * kh * kw, h * w)


def _filters(weight: Any, groups: int) -> Any:
    """(groups, filters/groups, C/groups·kh·kw): every filter as a row."""
    filters, inner, kh, kw = weight.shape
    return weight.reshape(groups, filters // groups, inner * kh * kw)


def _size(length: int, sides: Pair, kernel: int, stride: int, dilation: int) -> int:
    """How many windows fit."""
    return (length + sides[0] + sides[1] - dilation * (kernel - 1) - 1) // stride + 1


def _conv2d(
    xp: Any,
    a: Any,
    weight: Any,
    bias: Any = None,
    *,
    stride: Pair,
    padding: Sides,
    dilation: Pair,
    groups: int,
) -> Any:
    filters, _, kh, kw = weight.shape
    h = _size(a.shape[2], padding[0], kh, stride[0], dilation[0])
    w = _size(a.shape[3], padding[1], kw, stride[1], dilation[1])
    out = xp.matmul(_filters(weight, groups), _columns(xp, a, weight, stride, padding, dilation, groups))
    out = out.reshape(a.shape[0], filters, h, w)
    return out if bias is None else out + bias.reshape(-1, 1, 1)


def _arriving(g: Any, groups: int) -> Any:
    """The gradient as (N, groups, filters/groups, H'·W')."""
    n, filters, h, w = g.shape
    return g.reshape(n, groups, filters // groups, h * w)


def _conv2d_input(
    xp: Any,
    g: Any,
    out: Any,
    a: Any,
    weight: Any,
    bias: Any = None,
    *,
    stride: Pair,
    padding: Sides,
    dilation: Pair,
    groups: int,
) -> Any:
    _, inner, kh, kw = weight.shape
    parts = xp.matmul(_filters(weight, groups).swapaxes(1, 2), _arriving(g, groups))
    parts = parts.reshape(g.shape[0], groups * inner, kh, kw, *g.shape[2:])
    return added_back(xp, parts, a.shape, padding, stride, dilation)


def _conv2d_weight(
    xp: Any,
    g: Any,
    out: Any,
    a: Any,
    weight: Any,
    bias: Any = None,
    *,
    stride: Pair,
    padding: Sides,
    dilation: Pair,
    groups: int,
) -> Any:
    cut = _columns(xp, a, weight, stride, padding, dilation, groups)
    each = xp.matmul(_arriving(g, groups), cut.swapaxes(2, 3))  # one a picture
    return xp.sum(each, axis=0).reshape(weight.shape)


def _conv2d_composite(
    F: Any,
    a: Any,
    weight: Any,
    bias: Any = None,
    *,
    stride: Pair,
    padding: Sides,
    dilation: Pair,
    groups: int,
) -> Any:
    """Windows by index, one matrix product, the bias added."""
    from tracer.core.apply import apply
    from tracer.core.backend import namespace

    (above, below), (left, right) = padding
    if above or below or left or right:
        a = apply(PAD, a, pad=((0, 0), (0, 0), *padding), value=0.0)
    n, c, h, w = a.shape
    filters, inner, kh, kw = weight.shape
    xp = namespace(a._array)
    places = windows(xp, xp.arange(c * h * w).reshape(1, c, h, w), (kh, kw), stride, dilation)
    rows, columns = places.shape[2:4]
    places = places.reshape(groups, inner, rows * columns, kh, kw).transpose(0, 1, 3, 4, 2)
    cut = F.reshape(a, (n, c * h * w))[:, places.reshape(groups, inner * kh * kw, rows * columns)]
    out = F.matmul(F.reshape(weight, (groups, filters // groups, inner * kh * kw)), cut)
    out = F.reshape(out, (n, filters, rows, columns))
    return out if bias is None else out + F.reshape(bias, (filters, 1, 1))


def _conv2d_samples(rng: Any) -> Iterable[Sample]:
    plain = {"stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1}
    picture, filters, bias = rng.normal(0, 1, (2, 2, 4, 5)), rng.normal(0, 1, (2, 2, 2, 3)), rng.normal(0, 1, (2,))
    yield Sample((picture, filters, bias), plain)
    yield Sample((picture, filters), {**plain, "stride": (2, 1), "padding": ((1, 1), (0, 2))})
    yield Sample((picture, filters, bias), {**plain, "dilation": (2, 1), "padding": ((1, 0), (1, 1))})
    yield Sample((picture, rng.normal(0, 1, (4, 1, 2, 2)), rng.normal(0, 1, (4,))), {**plain, "groups": 2})


CONV2D = register(
    Op(
        name="conv2d",
        grad_fn="ConvolutionBackward0",
        label="conv",
        show=lambda names, static: f"conv2d({', '.join(names)})",
        what=Text(
            en="Convolution: each filter of {weight} slides over {input}; at every place the numbers under it are "
            "multiplied with the filter's and added up. The same few weights look at every place.",
            ja="畳み込みです。{weight} の各フィルタを {input} の上で滑らせ、どの位置でも、下にある数とフィルタの数を"
            "掛けて足し合わせます。少数の同じ重みが、すべての位置を見ます。",
        ),
        forward=_conv2d,
        inputs=(
            Input(
                "input",
                vjp=_conv2d_input,
                local="",
                needs=("input", "weight"),  # PyTorch keeps both for either
                why=Text(
                    en="Nudge one pixel: it lies under the filter at several places, and each of those outputs moves "
                    "by the weight that covers the pixel there.",
                    ja="画素を一つ動かすと、その画素はいくつかの位置でフィルタの下にあるので、それぞれの出力が、"
                    "そこで画素に重なる重みの分だけ動きます。",
                ),
                back=Text(
                    en="Each output lays its filter, times its upstream gradient, back on the place it looked at; "
                    "where windows overlap, the parts add up.",
                    ja="各出力が「フィルタ × 上流の勾配」を、見ていた位置に置き戻します。"
                    "窓が重なるところでは足し合わせます。",
                ),
            ),
            Input(
                "weight",
                vjp=_conv2d_weight,
                local="",
                needs=("input", "weight"),
                why=Text(
                    en="Nudge one weight: every output of that filter moves by the pixel that the weight covered.",
                    ja="重みを一つ動かすと、そのフィルタの各出力が、そこで重みが重なっていた画素の分だけ動きます。",
                ),
                back=Text(
                    en="Upstream gradient × pixel, summed over every place and picture: one weight served them all.",
                    ja="「上流の勾配 × 画素」を、すべての位置と画像について足します。"
                    "一つの重みが全部で使われたからです。",
                ),
            ),
            Input(
                "bias",
                vjp=lambda xp, g, out, input, weight, bias, **_: xp.sum(g, axis=(0, 2, 3)),
                local="",
                needs=(),
                why=Text(
                    en="Nudge one bias: every output of its filter moves by the same amount.",
                    ja="バイアスを一つ動かすと、そのフィルタのすべての出力が同じだけ動きます。",
                ),
                back=Text(
                    en="The upstream gradient, summed over every place and picture.",
                    ja="上流の勾配を、すべての位置と画像について足したものです。",
                ),
            ),
        ),
        samples=_conv2d_samples,
        composite=_conv2d_composite,
    )
)


def _pad_bounds(shape: Sequence[int], pad: Sequence[Pair]) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """(what of the input is kept, where in the output it stands); a negative width cuts off."""
    kept = tuple(slice(max(-before, 0), n - max(-after, 0)) for n, (before, after) in zip(shape, pad, strict=True))
    stands = tuple(
        slice(max(before, 0), max(before, 0) + n - max(-before, 0) - max(-after, 0))
        for n, (before, after) in zip(shape, pad, strict=True)
    )
    return kept, stands


def _pad(xp: Any, a: Any, *, pad: tuple[Pair, ...], value: float) -> Any:
    kept, stands = _pad_bounds(a.shape, pad)
    out = xp.full(tuple(n + before + after for n, (before, after) in zip(a.shape, pad, strict=True)), value, a.dtype)
    out[stands] = a[kept]
    return out


def _pad_vjp(xp: Any, g: Any, out: Any, a: Any, *, pad: tuple[Pair, ...], value: float) -> Any:
    kept, stands = _pad_bounds(a.shape, pad)
    inside = take(xp, g, stands)
    return inside if inside.shape == tuple(a.shape) else put(xp, tuple(a.shape), kept, inside)


PAD = register(
    Op(
        name="pad",
        unfolds="moves",
        grad_fn="ConstantPadNdBackward0",
        label="pad",
        show="pad({input})",
        what=Text(
            en="Lays a margin of one constant number around {input} (or cuts one off).",
            ja="{input} の周りに、一定の値の余白を付けます（または切り落とします）。",
        ),
        forward=_pad,
        inputs=(
            Input(
                "input",
                vjp=_pad_vjp,
                local="",
                needs=(),
                why=Text(
                    en="Each number of {input} moves its copy inside the margin by the same amount.",
                    ja="{input} の各要素を動かすと、余白の内側にある写しが同じだけ動きます。",
                ),
                back=Text(
                    en="The gradient without its margin: the constant numbers there came from nowhere.",
                    ja="余白を除いた勾配です。余白の数はどの入力にも由来しません。",
                ),
            ),
        ),
        samples=lambda rng: [
            Sample((rng.normal(0, 1, (2, 3)),), {"pad": ((0, 0), (1, 2)), "value": 0.0}),
            Sample((rng.normal(0, 1, (3, 4)),), {"pad": ((1, -1), (-1, 0)), "value": 2.0}),
        ],
    )
)
