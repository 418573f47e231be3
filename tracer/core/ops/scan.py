"""Running sums and products along one axis."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tracer.core.op import Input, Op, Sample, register
from tracer.core.ops import opened
from tracer.core.ops.narrow import whole_lines
from tracer.text import Text


def _samples(rng: Any) -> Iterable[Sample]:
    yield Sample((rng.normal(0, 2, (4,)),), {"dim": 0})
    yield Sample((rng.normal(0, 2, (2, 3)),), {"dim": 1})
    yield Sample((rng.normal(0, 2, (2, 3, 2)),), {"dim": 1})


def _cumsum_back(xp: Any, g: Any, out: Any, a: Any, dim: int) -> Any:
    """The sum of `g` from each place to the end."""
    return xp.flip(xp.cumsum(xp.flip(g, axis=dim), axis=dim), axis=dim) if a.ndim else g


CUMSUM = register(
    Op(
        name="cumsum",
        steps=opened.cumsum,
        narrow=whole_lines,
        label="Σ…",
        show="cumsum({a}, dim={dim})",
        what=Text(
            en="{out} is the running sum of {a} along one axis: at each place, everything up to there.",
            ja="{out} は {a} の一つの軸に沿った累積和です。各位置に、そこまでの和が入ります。",
        ),
        forward=lambda xp, a, dim: xp.cumsum(
            a, axis=dim if a.ndim else None, dtype=xp.int64 if a.dtype.kind in "iub" else a.dtype
        ).reshape(a.shape),
        inputs=(
            Input(
                "a",
                vjp=_cumsum_back,
                local="",
                needs=(),
                why=Text(
                    en="Nudge one element: every sum from its place on moves by the same amount.",
                    ja="要素を一つ動かすと、その位置から後ろの和がすべて同じだけ動きます。",
                ),
                back=Text(
                    en="Each element receives the sum of the gradients from its place to the end: a running sum from "
                    "the other side.",
                    ja="各要素には、その位置から最後までの勾配の和が届きます。つまり、逆側からの累積和です。",
                ),
            ),
        ),
        samples=_samples,
        grad_fn="CumsumBackward0",
    )
)


def _cumprod_back(xp: Any, g: Any, out: Any, a: Any, dim: int) -> Any:
    """Without zeros, (Σ from here on of g · out) / a. Past a zero nothing may be divided: see `_past_zeros`."""
    if not a.ndim:
        return g
    if bool((a != 0).all()):
        return xp.divide(xp.flip(xp.cumsum(xp.flip(g * out, axis=dim), axis=dim), axis=dim), a)
    return _past_zeros(xp, xp.moveaxis(g, dim, 0), xp.moveaxis(out, dim, 0), xp.moveaxis(a, dim, 0), dim)


def _past_zeros(xp: Any, g: Any, out: Any, a: Any, dim: int) -> Any:
    """The product before a place times s, where s gathers from the end: s = g + (next factor) · (next s)."""
    grad = xp.zeros(a.shape, a.dtype)
    s = xp.zeros(a.shape[1:], a.dtype)
    for place in range(len(a) - 1, -1, -1):
        s = g[place] + (a[place + 1] * s if place + 1 < len(a) else 0)
        grad[place] = s * (out[place - 1] if place else 1)
    return xp.moveaxis(grad, 0, dim)


def _cumprod_composite(F: Any, a: Any, *, dim: int) -> Any:
    if not a.ndim:
        return a * 1
    parts = list(F.unbind(a, dim))
    for place in range(1, len(parts)):
        parts[place] = parts[place - 1] * parts[place]
    return F.stack(parts, dim)


def _cumprod_samples(rng: Any) -> Iterable[Sample]:
    yield from _samples(rng)
    zeros = rng.normal(0, 1, (3, 4)) * (rng.uniform(0, 1, (3, 4)) > 0.3)
    yield Sample((zeros,), {"dim": 0})


CUMPROD = register(
    Op(
        name="cumprod",
        narrow=whole_lines,
        label="Π…",
        show="cumprod({a}, dim={dim})",
        what=Text(
            en="{out} is the running product of {a} along one axis: at each place, everything up to there.",
            ja="{out} は {a} の一つの軸に沿った累積積です。各位置に、そこまでの積が入ります。",
        ),
        forward=lambda xp, a, dim: xp.cumprod(
            a, axis=dim if a.ndim else None, dtype=xp.int64 if a.dtype.kind in "iub" else a.dtype
        ).reshape(a.shape),
        inputs=(
            Input(
                "a",
                vjp=_cumprod_back,
                local="",
                needs=("a", "out"),
                why=Text(
                    en="An element is a factor of every product from its place on: it moves each by the product of the "
                    "other factors.",
                    ja="要素は、その位置から後ろのすべての積の因数です。それぞれを、ほかの因数の積の倍率で動かします。",
                ),
                back=Text(
                    en="Each element receives, from every product it is in, the gradient times that product's other "
                    "factors.",
                    ja="各要素には、自分を含むすべての積から、勾配にほかの因数の積を掛けたものが届きます。",
                ),
            ),
        ),
        samples=_cumprod_samples,
        composite=_cumprod_composite,
        grad_fn="CumprodBackward0",
    )
)
