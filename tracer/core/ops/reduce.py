"""Sums and what is built on them: mean, product, variance, norms, logsumexp.

A reduction makes many numbers into one, so its rules hand one gradient out to many: `spread` gives it back the axes
that were reduced, at length 1, and broadcasting does the rest. `dim` is a tuple of axes counted from the front, or
None for all of them; of a tensor without axes it is ().
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tracer.core.backend import namespace
from tracer.core.op import Input, Op, Sample, register
from tracer.core.ops import opened
from tracer.core.ops.narrow import along_lines
from tracer.text import Text

Dims = tuple[int, ...] | None


def kept(shape: Sequence[int], dim: Dims) -> tuple[int, ...]:
    """`shape` with the reduced axes left in at length 1."""
    return tuple(1 if dim is None or i in dim else n for i, n in enumerate(shape))


def spread(xp: Any, g: Any, shape: Sequence[int], dim: Dims, keepdim: bool) -> Any:
    """A reduced array with the reduced axes back at length 1, so that it broadcasts against the input."""
    return g if keepdim else xp.reshape(g, kept(shape, dim))


def count(shape: Sequence[int], dim: Dims) -> int:
    """How many elements go into one output."""
    return math.prod(n for i, n in enumerate(shape) if dim is None or i in dim)


def by_dim(name: str) -> Any:
    """PyTorch's two nodes: 0 for all axes, 1 for those named."""
    return lambda inputs, static: f"{name}Backward{0 if static['dim'] is None else 1}"


def shown(name: str) -> Any:
    """`sum(x)`, `sum(x, dim=1)`."""

    def show(inputs: Sequence[str], static: Mapping[str, Any]) -> str:
        dim = static.get("dim")
        if dim is None or dim == ():
            return f"{name}({inputs[0]})"
        return f"{name}({inputs[0]}, dim={dim[0] if isinstance(dim, tuple) and len(dim) == 1 else dim})"

    return show


def over_axes(**more: Any) -> Any:
    """Samples of one input: all axes, one, two, kept or not."""

    def samples(rng: Any) -> Iterable[Sample]:
        yield Sample((rng.normal(0, 2, (2, 3)),), {"dim": None, "keepdim": False, **more})
        yield Sample((rng.normal(0, 2, (2, 3)),), {"dim": (1,), "keepdim": False, **more})
        yield Sample((rng.normal(0, 2, (2, 3, 4)),), {"dim": (0, 2), "keepdim": True, **more})

    return samples


def _sum(xp: Any, a: Any, dim: Dims, keepdim: bool) -> Any:
    return xp.sum(a, axis=dim, keepdims=keepdim, dtype=xp.int64 if a.dtype.kind in "iub" else a.dtype)


SUM = register(
    Op(
        name="sum",
        steps=opened.total,
        narrow=along_lines,
        label="Σ",
        show=shown("sum"),
        what=Text(
            en="{out} adds up elements of {a}: all of them, or those along the axes named.",
            ja="{out} は {a} の要素の和です。全要素、または指定した軸に沿って足します。",
        ),
        forward=_sum,
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, dim, keepdim: xp.broadcast_to(spread(xp, g, a.shape, dim, keepdim), a.shape),
                local="",
                needs=(),
                why=Text(
                    en="Every element enters its sum once: nudge one, and the sum moves by the same amount.",
                    ja="どの要素も和に一度だけ入ります。一つ動かすと、和も同じだけ動きます。",
                ),
                back=Text(
                    en="The gradient of each sum is copied to every element that was added into it.",
                    ja="和の勾配は、足されたすべての要素にそのまま配られます。",
                ),
            ),
        ),
        samples=over_axes(),
        grad_fn=by_dim("Sum"),
    )
)


def _mean(xp: Any, a: Any, dim: Dims, keepdim: bool) -> Any:
    return xp.divide(xp.sum(a, axis=dim, keepdims=keepdim), a.dtype.type(count(a.shape, dim)))


def _mean_back(xp: Any, g: Any, out: Any, a: Any, dim: Dims, keepdim: bool) -> Any:
    shared = g / max(count(a.shape, dim), 1)  # of no elements there is nobody to receive it
    return xp.broadcast_to(spread(xp, shared, a.shape, dim, keepdim), a.shape)


MEAN = register(
    Op(
        name="mean",
        steps=opened.mean,
        narrow=along_lines,
        label="mean",
        show=shown("mean"),
        what=Text(
            en="{out} is the mean of {a}: the sum of its elements, divided by their number.",
            ja="{out} は {a} の平均です。要素の和を要素の数で割ります。",
        ),
        forward=_mean,
        inputs=(
            Input(
                "a",
                vjp=_mean_back,
                local="",
                needs=(),
                why=Text(
                    en="Each of n elements has the weight 1/n: nudge one, and the mean moves 1/n times as far.",
                    ja="n 個の要素はそれぞれ重み 1/n で入ります。一つ動かすと、平均はその 1/n 倍動きます。",
                ),
                back=Text(
                    en="The gradient is divided by the number of elements, and each of them receives the same share.",
                    ja="勾配を要素の数で割り、すべての要素に同じだけ配ります。",
                ),
            ),
        ),
        samples=over_axes(),
        grad_fn=by_dim("Mean"),
        domain=Text(en="The mean of no elements is not a number.", ja="要素が一つもない平均は非数（nan）です。"),
    )
)


def _prod_axis(a: Any, dim: Dims) -> int:
    """The one axis along which is multiplied, of an array that lies in a line if that is all of them."""
    return 0 if dim is None or dim == () else dim[0]


def _prod_back(xp: Any, g: Any, out: Any, a: Any, dim: Dims, keepdim: bool) -> Any:
    """out / a, which is the product of the others; where a zero stands, that product is taken without dividing."""
    g = spread(xp, g, a.shape, dim, keepdim)
    if bool((a != 0).all()):
        return g * xp.divide(spread(xp, out, a.shape, dim, keepdim), a)
    lined = a.reshape(-1) if dim is None or dim == () else a
    axis = _prod_axis(a, dim)
    ones = xp.ones_like(xp.take(lined, xp.arange(1), axis=axis))
    inner = [slice(None)] * lined.ndim
    inner[axis] = slice(None, -1)
    before = xp.cumprod(xp.concatenate([ones, lined[tuple(inner)]], axis), axis)
    turned = xp.flip(lined, axis)
    after = xp.flip(xp.cumprod(xp.concatenate([ones, turned[tuple(inner)]], axis), axis), axis)
    return g * xp.reshape(before * after, a.shape)


def _prod_composite(F: Any, a: Any, *, dim: Dims, keepdim: bool) -> Any:
    axis = 0 if dim is None or dim == () else dim[0]
    parts = F.unbind(F.reshape(a, (-1,)) if dim is None or dim == () else a, axis)
    out = parts[0]
    for part in parts[1:]:
        out = out * part
    return F.unsqueeze(out, axis) if keepdim and dim else out


def _prod_samples(rng: Any) -> Iterable[Sample]:
    for shape, dim in (((2, 3), None), ((2, 3), (1,)), ((2, 3, 2), (1,))):
        yield Sample((rng.normal(0, 1.5, shape),), {"dim": dim, "keepdim": False})
    zeros = rng.normal(0, 1, (3, 4)) * (rng.uniform(0, 1, (3, 4)) > 0.3)
    yield Sample((zeros,), {"dim": (1,), "keepdim": True})


PROD = register(
    Op(
        name="prod",
        narrow=along_lines,
        label="Π",
        show=shown("prod"),
        what=Text(
            en="{out} multiplies elements of {a}: all of them, or those along one axis.",
            ja="{out} は {a} の要素の積です。全要素、または一つの軸に沿って掛けます。",
        ),
        forward=lambda xp, a, dim, keepdim: xp.prod(
            a, axis=dim, keepdims=keepdim, dtype=xp.int64 if a.dtype.kind in "iub" else a.dtype
        ),
        inputs=(
            Input(
                "a",
                vjp=_prod_back,
                local="",
                needs=("a", "out"),
                why=Text(
                    en="To one factor, the product of all the others is a multiplier: nudge it, and {out} moves that "
                    "many times as far.",
                    ja="一つの因数から見ると、ほかの因数すべての積が倍率です。動かすと、{out} はその倍率だけ動きます。",
                ),
                back=Text(
                    en="Each element receives the gradient times the product of all the other elements.",
                    ja="各要素には、勾配にほかの要素すべての積を掛けたものが届きます。",
                ),
            ),
        ),
        samples=_prod_samples,
        composite=_prod_composite,
        grad_fn=by_dim("Prod"),
    )
)


def _centred(xp: Any, a: Any, dim: Dims) -> Any:
    """a less its mean along `dim`."""
    total = xp.sum(a, axis=dim if dim is not None else tuple(range(a.ndim)), keepdims=True)
    return a - total / max(count(a.shape, dim), 1)


def _var(xp: Any, a: Any, dim: Dims, keepdim: bool, correction: float) -> Any:
    centred = _centred(xp, a, dim)
    freedom = max(count(a.shape, dim) - correction, 0)
    return xp.divide(xp.sum(centred * centred, axis=dim, keepdims=keepdim), a.dtype.type(freedom))


def _var_back(xp: Any, g: Any, a: Any, dim: Dims, correction: float) -> Any:
    """g · 2 (a − mean) / (n − correction), `g` with its axes back."""
    centred = _centred(xp, a, dim)
    freedom = count(a.shape, dim) - correction
    if freedom <= 0 and dim is None:  # PyTorch's answers where there is none
        return g * xp.where(centred == 0, math.nan, math.inf)
    return g * (centred * (2 / freedom if freedom else math.inf))


def _std_back(xp: Any, g: Any, out: Any, a: Any, dim: Dims, keepdim: bool, correction: float) -> Any:
    slope = xp.where(out == 0, 0.0, xp.divide(g, out * 2.0))  # at 0, where the root is steepest, PyTorch's 0
    return _var_back(xp, spread(xp, slope, a.shape, dim, keepdim), a, dim, correction)


_FREEDOM = Text(
    en="With no more elements than the correction there is nothing to divide by.",
    ja="要素の数が補正の値以下だと、割る数が 0 になります。",
)


def _var_samples(rng: Any) -> Iterable[Sample]:
    for correction in (1, 0):
        yield from over_axes(correction=correction)(rng)


VAR = register(
    Op(
        name="var",
        steps=opened.var,
        narrow=along_lines,
        label="var",
        show=shown("var"),
        what=Text(
            en="{out} is the variance of {a}: squared distances from the mean, added up and divided by n − 1 "
            "(or n less another correction).",
            ja="{out} は {a} の分散です。平均からの差の 2 乗を足し、n − 1（補正を変えたときは n − 補正）で割ります。",
        ),
        forward=_var,
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, dim, keepdim, correction: _var_back(
                    xp, spread(xp, g, a.shape, dim, keepdim), a, dim, correction
                ),
                local="",
                needs=("a",),
                why=Text(
                    en="Move an element away from the mean, and the variance grows, in proportion to its distance.",
                    ja="要素を平均から遠ざけると、分散は平均との差に比例して増えます。",
                ),
                back=Text(
                    en="Each element receives the gradient times 2 · (element − mean) / (n − correction).",
                    ja="各要素には、勾配に 2 ·（要素 − 平均）/ (n − 補正) を掛けたものが届きます。",
                ),
            ),
        ),
        samples=_var_samples,
        domain=_FREEDOM,
        grad_fn="VarBackward0",
    )
)

STD = register(
    Op(
        name="std",
        steps=opened.std,
        narrow=along_lines,
        label="std",
        show=shown("std"),
        what=Text(
            en="{out} is the standard deviation of {a}: the root of its variance.",
            ja="{out} は {a} の標準偏差、つまり分散の平方根です。",
        ),
        forward=lambda xp, a, dim, keepdim, correction: xp.sqrt(_var(xp, a, dim, keepdim, correction)),
        inputs=(
            Input(
                "a",
                vjp=_std_back,
                local="",
                needs=("a", "out"),
                why=Text(
                    en="Move an element away from the mean, and {out} grows, in proportion to its distance.",
                    ja="要素を平均から遠ざけると、{out} は平均との差に比例して増えます。",
                ),
                back=Text(
                    en="Each element receives the gradient times (element − mean) / ((n − correction) · {out}).",
                    ja="各要素には、勾配に（要素 − 平均）/ ((n − 補正) · {out}) を掛けたものが届きます。",
                ),
            ),
        ),
        samples=_var_samples,
        domain=_FREEDOM,
        kink=lambda a, dim, keepdim, correction: _var(namespace(a), a, dim, True, correction) == 0,
        grad_fn="StdBackward0",
    )
)


def _logsumexp(xp: Any, a: Any, dim: Dims, keepdim: bool) -> Any:
    if count(a.shape, dim) == 0:
        return xp.log(xp.sum(a, axis=dim, keepdims=keepdim))  # the sum of nothing is 0
    top = xp.max(a, axis=dim, keepdims=True)
    top = xp.where(xp.isfinite(top), top, top.dtype.type(0))  # inf − inf would be nan
    total = xp.log(xp.sum(xp.exp(a - top), axis=dim, keepdims=keepdim))
    return total + (top if keepdim else top.reshape(total.shape))


LOGSUMEXP = register(
    Op(
        name="logsumexp",
        steps=opened.logsumexp,
        narrow=along_lines,
        label="log Σ exp",
        show=shown("logsumexp"),
        what=Text(
            en="{out} is the logarithm of the sum of exp({a}): a soft maximum, safe from overflow.",
            ja="{out} は exp({a}) の和の対数です。なめらかな最大値にあたり、あふれないように計算します。",
        ),
        forward=_logsumexp,
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, dim, keepdim: (
                    spread(xp, g, a.shape, dim, keepdim) * xp.exp(a - spread(xp, out, a.shape, dim, keepdim))
                ),
                local="",
                needs=("a", "out"),
                why=Text(
                    en="An element moves {out} by its share of the sum of exponentials: its softmax probability.",
                    ja="要素が {out} を動かす割合は、指数の和に占める分、つまり softmax の確率です。",
                ),
                back=Text(
                    en="The gradient is shared out by softmax: each element receives it times exp(element − {out}).",
                    ja="勾配を softmax の割合で配ります。各要素には exp(要素 − {out}) を掛けたものが届きます。",
                ),
            ),
        ),
        samples=over_axes(),
        grad_fn="LogsumexpBackward0",
    )
)
