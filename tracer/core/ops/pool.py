"""Pooling of pictures: the largest number of each window, or the mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tracer.core.array import put
from tracer.core.backend import namespace
from tracer.core.op import Input, Op, Sample, register
from tracer.core.ops import opened_choices
from tracer.core.ops.conv import PAD, Pair, Sides, added_back, padded, windows
from tracer.text import Text


def best_places(xp: Any, a: Any, kernel: Pair, stride: Pair, padding: Sides, dilation: Pair) -> Any:
    """(N, C, H', W'): where in its own plane, counted row by row, the first largest number of each window stands."""
    cut = windows(xp, padded(xp, a, padding, -xp.inf), kernel, stride, dilation)
    n, c, h, w, kh, kw = cut.shape
    best = xp.argmax(cut.reshape(n, c, h, w, kh * kw), axis=-1)
    rows = best // kw * dilation[0] + (xp.arange(h) * stride[0] - padding[0][0]).reshape(h, 1)
    columns = best % kw * dilation[1] + (xp.arange(w) * stride[1] - padding[1][0])
    # a window of −∞ alone is won by its first place, which may lie in the margin
    return xp.clip(rows, 0, a.shape[2] - 1) * a.shape[3] + xp.clip(columns, 0, a.shape[3] - 1)


def _index(xp: Any, places: Any) -> tuple[Any, Any, Any]:
    n, c = places.shape[:2]
    return xp.arange(n).reshape(n, 1, 1, 1), xp.arange(c).reshape(c, 1, 1), places


def _max_pool2d(xp: Any, a: Any, **static: Any) -> tuple[Any, dict[str, Any]]:
    places = best_places(xp, a, **static)
    return a.reshape(*a.shape[:2], a.shape[2] * a.shape[3])[_index(xp, places)], {"places": places}


def _max_pool2d_vjp(xp: Any, g: Any, out: Any, a: Any, *, places: Any, **_: Any) -> Any:
    n, c, h, w = a.shape
    flat = put(xp, (n, c, h * w), _index(namespace(places), places), g)
    return xp.reshape(flat, (n, c, h, w))


def _pool_samples(rng: Any) -> Iterable[Sample]:
    picture = rng.permutation(40).reshape(1, 2, 4, 5) * 1.0  # far apart: no nudge changes which one wins
    static = {"kernel": (2, 2), "stride": (2, 2), "padding": ((0, 0), (0, 0)), "dilation": (1, 1)}
    yield Sample((picture,), static)
    yield Sample((picture,), {**static, "stride": (1, 2), "padding": ((1, 1), (0, 1))})
    yield Sample((picture,), {**static, "kernel": (2, 3), "dilation": (2, 1)})


MAX_POOL2D = register(
    Op(
        name="max_pool2d",
        steps=opened_choices.max_pool2d,
        grad_fn="MaxPool2DWithIndicesBackward0",
        label="max pool",
        show="max_pool2d({input}, {kernel})",
        what=Text(
            en="Of every window of {input} only the largest number stays; the picture gets smaller.",
            ja="{input} の各窓から最大の数だけを残します。画像は小さくなります。",
        ),
        forward=_max_pool2d,
        inputs=(
            Input(
                "input",
                vjp=_max_pool2d_vjp,
                local="",
                needs=("input",),  # only its shape is read, but PyTorch keeps it, and says so when it was overwritten
                why=Text(
                    en="Only the largest number of a window moves {out}; the others could move a little unseen.",
                    ja="{out} を動かすのは窓の中の最大の数だけです。ほかの数は、少し動いても影響しません。",
                ),
                back=Text(
                    en="The gradient goes to the place that won its window; all others receive 0. Who wins several "
                    "windows receives several.",
                    ja="勾配は、窓の中で最大だった位置に届き、ほかは 0 です。"
                    "複数の窓で最大なら、その分を足し合わせます。",
                ),
            ),
        ),
        samples=_pool_samples,
        saves=("places",),
    )
)


def _avg_pool2d(xp: Any, a: Any, *, kernel: Pair, stride: Pair, padding: Sides, divisor: Any) -> Any:
    cut = windows(xp, padded(xp, a, padding, 0), kernel, stride, (1, 1))
    return xp.sum(cut, axis=(4, 5)) / xp.asarray(divisor, a.dtype)


def _avg_pool2d_vjp(
    xp: Any, g: Any, out: Any, a: Any, *, kernel: Pair, stride: Pair, padding: Sides, divisor: Any
) -> Any:
    each = xp.expand_dims(g / xp.asarray(divisor, g.dtype), (2, 3))
    parts = xp.broadcast_to(each, (*g.shape[:2], *kernel, *g.shape[2:]))
    return added_back(xp, parts, a.shape, padding, stride, (1, 1))


def _avg_pool2d_composite(F: Any, a: Any, *, kernel: Pair, stride: Pair, padding: Sides, divisor: Any) -> Any:
    """Windows by index, their sum, divided by how many there are."""
    from tracer.core.apply import apply

    if any(side for sides in padding for side in sides):
        a = apply(PAD, a, pad=((0, 0), (0, 0), *padding), value=0.0)
    n, c, h, w = a.shape
    xp = namespace(a._array)
    places = windows(xp, xp.arange(h * w).reshape(1, 1, h, w), kernel, stride, (1, 1))[0, 0]
    rows, columns = places.shape[:2]
    cut = F.reshape(a, (n, c, h * w))[:, :, places.reshape(rows, columns, kernel[0] * kernel[1])]
    by = xp.asarray(divisor, a._array.dtype)
    same = bool((by == by.reshape(-1)[0]).all())
    return F.sum(cut, -1) / (float(by.reshape(-1)[0]) if same else type(a)._wrap(by))


def _avg_samples(rng: Any) -> Iterable[Sample]:
    picture = rng.normal(0, 1, (1, 2, 4, 5))
    yield Sample(
        (picture,), {"kernel": (2, 2), "stride": (2, 2), "padding": ((0, 0), (0, 0)), "divisor": [[4.0, 4.0]] * 2}
    )
    yield Sample(
        (picture,), {"kernel": (2, 3), "stride": (1, 2), "padding": ((1, 0), (1, 1)), "divisor": [[6.0] * 3] * 4}
    )


AVG_POOL2D = register(
    Op(
        name="avg_pool2d",
        grad_fn="AvgPool2DBackward0",
        label="avg pool",
        show="avg_pool2d({input}, {kernel})",
        what=Text(
            en="Every window of {input} becomes one number, its mean; the picture gets smaller and smoother.",
            ja="{input} の各窓を、その平均という一つの数にします。画像は小さく、なめらかになります。",
        ),
        forward=_avg_pool2d,
        inputs=(
            Input(
                "input",
                vjp=_avg_pool2d_vjp,
                local="",
                needs=("input",),  # only its shape is read, but PyTorch keeps it, and says so when it was overwritten
                why=Text(
                    en="Each number moves the mean of its window by one part in as many as the window holds.",
                    ja="各要素は、窓の平均を「1 / 窓の要素数」の割合で動かします。",
                ),
                back=Text(
                    en="The gradient of a window is shared out equally among its numbers; overlaps add up.",
                    ja="窓の勾配を、その中の要素に等しく分けます。窓が重なるところでは足し合わせます。",
                ),
            ),
        ),
        samples=_avg_samples,
        composite=_avg_pool2d_composite,
    )
)
