"""The length of a vector, by any exponent `p`: `ord` in NumPy's words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tracer.core.array import as_float
from tracer.core.op import Input, Op, Sample, register
from tracer.core.ops import opened
from tracer.core.ops.narrow import along_lines
from tracer.core.ops.reduce import Dims, spread
from tracer.text import Text


def _norm(xp: Any, a: Any, p: float, dim: Dims, keepdim: bool) -> Any:
    if p == 2:
        return xp.sqrt(xp.sum(a * a, axis=dim, keepdims=keepdim))
    size = xp.absolute(a)
    if p == 0:
        return xp.sum(size != 0, axis=dim, keepdims=keepdim, dtype=a.dtype)
    if p == 1:
        return xp.sum(size, axis=dim, keepdims=keepdim)
    if math.isinf(p):
        return (xp.max if p > 0 else xp.min)(size, axis=dim, keepdims=keepdim)
    return xp.power(xp.sum(xp.power(size, p), axis=dim, keepdims=keepdim), 1 / p)


def _norm_back(xp: Any, g: Any, out: Any, a: Any, p: float, dim: Dims, keepdim: bool) -> Any:
    """g · sign(a) · (|a| / out)^(p − 1), and 0 where the norm is 0: the tip of a cone, where no slope is the slope."""
    g = spread(xp, g, a.shape, dim, keepdim)
    out = spread(xp, out, a.shape, dim, keepdim)
    if p == 0:
        return xp.zeros(a.shape, a.dtype)
    if p == 2:
        return a * xp.where(out == 0, 0.0, xp.divide(g, out))
    sign = as_float(xp, a > 0, a) - as_float(xp, a < 0, a)  # of nan 0, as in PyTorch
    if p == 1:
        return g * sign
    size = xp.absolute(a)
    if math.isinf(p):
        share = as_float(xp, (size == out) | ((a != a) & (out != out)), a)
        return g * sign * share / xp.sum(share, axis=dim if dim is not None else tuple(range(a.ndim)), keepdims=True)
    if p < 1:
        return xp.where(a == 0, 0.0, sign * xp.power(size, p - 1)) * g * xp.power(out, 1 - p)
    return sign * xp.power(size, p - 1) * xp.where(out == 0, 0.0, xp.divide(g, xp.power(out, p - 1)))


def _show(inputs: Sequence[str], static: Mapping[str, Any]) -> str:
    p = static["p"]
    return f"‖{inputs[0]}‖" + ("" if p == 2 else "∞" if p == math.inf else f"{p:g}")


def _samples(rng: Any) -> Iterable[Sample]:
    for p in (2.0, 1.0, 3.0, 1.5, 0.5, math.inf, -math.inf):
        for shape, dim, keepdim in (((2, 3), None, False), ((2, 3), (1,), False), ((2, 3, 2), (0, 2), True)):
            a = rng.uniform(0.3, 2, shape) * rng.choice([-1.0, 1.0], shape)
            yield Sample((a,), {"p": p, "dim": dim, "keepdim": keepdim})


NORM = register(
    Op(
        name="norm",
        steps=opened.norm,
        narrow=along_lines,
        label="‖ ‖",
        show=_show,
        what=Text(
            en="{out} is the length of {a}: for p = 2, the root of the sum of squares; for p = 1, the sum of absolute "
            "values.",
            ja="{out} は {a} の大きさ（ノルム）です。p = 2 なら 2 乗の和の平方根、p = 1 なら絶対値の和です。",
        ),
        forward=_norm,
        inputs=(
            Input(
                "a",
                vjp=_norm_back,
                local="",
                needs=("a", "out"),
                why=Text(
                    en="Nudge an element, and the length changes by how much {a} points its way: for p = 2, by "
                    "element / {out}.",
                    ja="要素を動かすと、{a} がその方向を向いている分だけ長さが変わります。"
                    "p = 2 なら 要素 / {out} 倍です。",
                ),
                back=Text(
                    en="Each element receives the gradient times sign(element) · (|element| / {out})^(p − 1): for p = "
                    "2 the unit vector. At length 0 it is 0.",
                    ja="各要素には、勾配に sign(要素) ·（|要素| / {out}）^(p − 1) を掛けたものが届きます。p = 2 なら"
                    "単位ベクトルです。長さ 0 では 0 になります。",
                ),
            ),
        ),
        samples=_samples,
        kink=lambda a, p, dim, keepdim: bool((a == 0).any()),
        grad_fn="LinalgVectorNormBackward0",
    )
)
