"""Normalisation of the last axes: by mean and spread (layer norm), or by size alone (rms norm).

Both keep one number a row for the rule, 1 / spread; means are taken from centred numbers, so that float32 keeps its
digits however far the numbers lie from 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tracer.core.op import JOINT, Input, Op, Sample, register
from tracer.text import Text


def _last(a: Any, axes: int) -> tuple[int, ...]:
    return tuple(range(a.ndim - axes, a.ndim))


def _mean(a: Any, axes: int) -> Any:
    """Of each row, in an axis of size 1 that stays. A sum and a quotient: NumPy's own mean takes twice as long."""
    last = _last(a, axes)
    return a.sum(axis=last, keepdims=True) / math.prod(a.shape[axis] for axis in last)


def _over_rows(xp: Any, g: Any, axes: int) -> Any:
    """Summed over all rows: what one weight, used in every row, receives."""
    return xp.sum(g, axis=tuple(range(g.ndim - axes)))


def _wide(xp: Any, a: Any) -> Any:
    """float16 is computed in float32."""
    return a.astype(xp.float32) if a.dtype == xp.float16 else a


def _scaled(a: Any, dtype: Any, weight: Any, bias: Any) -> Any:
    out = a if weight is None else a * weight
    if bias is not None:
        out = out + bias
    return out.astype(dtype, copy=False)


def _layer_norm(
    xp: Any, a: Any, weight: Any = None, bias: Any = None, *, axes: int, eps: float
) -> tuple[Any, dict[str, Any]]:
    wide = _wide(xp, a)
    mean = _mean(wide, axes)
    centred = wide - mean
    rstd = 1.0 / xp.sqrt(_mean(centred * centred, axes) + eps)
    return _scaled(centred * rstd, a.dtype, weight, bias), {"mean": mean, "rstd": rstd}


def _layer_norm_vjp(
    xp: Any,
    g: Any,
    out: Any,
    a: Any,
    weight: Any = None,
    bias: Any = None,
    *,
    wanted: tuple[bool, ...],
    axes: int,
    eps: float,
    mean: Any,
    rstd: Any,
) -> tuple[Any, ...]:
    wide = _wide(xp, a)
    even = (wide - mean) * rstd
    found: list[Any] = [None, None, None]
    if wanted[0]:
        arriving = g if weight is None else g * weight
        # what all share, and what is in proportion to the numbers themselves, is undone by the normalisation
        same = _mean(arriving, axes)
        along = _mean(arriving * even, axes)
        found[0] = rstd * (arriving - same - even * along)
    if wanted[1:2] == (True,):
        found[1] = _over_rows(xp, g * even, axes)
    if wanted[2:3] == (True,):
        found[2] = _over_rows(xp, g, axes)
    return tuple(found[: len(wanted)])


def _layer_norm_composite(F: Any, a: Any, weight: Any = None, bias: Any = None, *, axes: int, eps: float) -> Any:
    last = _last(a, axes)
    centred = a - F.mean(a, last, keepdim=True)
    out = centred / F.sqrt(F.mean(centred * centred, last, keepdim=True) + eps)
    out = out if weight is None else out * weight
    return out if bias is None else out + bias


def _samples(rng: Any, most: int) -> Iterable[Sample]:
    for shape, axes in (((2, 4), 1), ((5,), 1), ((2, 3, 2), 2)):
        inner = shape[len(shape) - axes :]
        args = (rng.normal(1, 2, shape), rng.uniform(0.5, 2, inner), rng.normal(0, 1, inner))
        for count in range(1, most + 1):
            yield Sample(args[:count], {"axes": axes, "eps": 1e-5})


def _shown(name: str) -> Any:
    def show(names: Sequence[str], static: Mapping[str, Any]) -> str:
        return f"{name}({', '.join(names)})"

    return show


_WEIGHT_WHY = Text(
    en="Nudge one number of {weight}: its column of {out} moves by the normalised number it multiplies, in every row.",
    ja="{weight} の要素を一つ動かすと、{out} のその列が、掛けられた正規化後の値の分だけ動きます。どの行でも同じです。",
)
_WEIGHT_BACK = Text(
    en="Upstream gradient × normalised number, summed over the rows that used the weight.",
    ja="「上流の勾配 × 正規化後の値」を、その重みを使った行すべてで足します。",
)

LAYER_NORM = register(
    Op(
        name="layer_norm",
        grad_fn="NativeLayerNormBackward0",
        label="layer norm",
        show=_shown("layer_norm"),
        what=Text(
            en="Layer norm: each row of {input} is shifted to mean 0 and scaled to spread 1, then each column gets a "
            "weight and a bias of its own. Rows of any size thus reach the next layer at the same scale.",
            ja="レイヤー正規化です。{input} の各行を平均 0、標準偏差 1 にそろえ、列ごとに重みを掛けて"
            "バイアスを足します。どんな大きさの行も、同じ尺度で次の層に届きます。",
        ),
        forward=_layer_norm,
        inputs=(
            Input(
                "input",
                vjp=JOINT,
                local="",
                why=Text(
                    en="Nudge one number: it moves, and with it the mean and the spread, so the whole row moves a "
                    "little the other way.",
                    ja="一つの数を動かすと、その数だけでなく平均と標準偏差も動くので、行全体が少し逆向きに動きます。",
                ),
                back=Text(
                    en="The gradient divided by the row's spread, less its mean and less its part in proportion to the "
                    "row: shifting or stretching the whole row changes nothing, so no gradient asks for it.",
                    ja="行の標準偏差で割った勾配から、その平均と、行に比例する成分とを引きます。"
                    "行全体をずらしても伸ばしても結果は変わらないので、その向きの勾配はありません。",
                ),
            ),
            Input("weight", vjp=JOINT, local="", why=_WEIGHT_WHY, back=_WEIGHT_BACK),
            Input(
                "bias",
                vjp=JOINT,
                local="",
                why=Text(
                    en="Nudge one number of {bias}, and its column of {out} moves by the same amount.",
                    ja="{bias} の要素を一つ動かすと、{out} のその列が同じだけ動きます。",
                ),
                back=Text(
                    en="The upstream gradient, summed over the rows.",
                    ja="上流の勾配を行について足したものです。",
                ),
            ),
        ),
        joint_vjp=_layer_norm_vjp,
        needs=("input", "weight"),
        samples=lambda rng: _samples(rng, 3),
        saves=("mean", "rstd"),
        composite=_layer_norm_composite,
    )
)


def _rms_norm(xp: Any, a: Any, weight: Any = None, *, axes: int, eps: float) -> tuple[Any, dict[str, Any]]:
    wide = _wide(xp, a)
    rstd = 1.0 / xp.sqrt(_mean(wide * wide, axes) + eps)
    return _scaled(wide * rstd, a.dtype, weight, None), {"rstd": rstd}


def _rms_norm_vjp(
    xp: Any,
    g: Any,
    out: Any,
    a: Any,
    weight: Any = None,
    *,
    wanted: tuple[bool, ...],
    axes: int,
    eps: float,
    rstd: Any,
) -> tuple[Any, ...]:
    even = _wide(xp, a) * rstd
    found: list[Any] = [None, None]
    if wanted[0]:
        arriving = g if weight is None else g * weight
        found[0] = rstd * (arriving - even * _mean(arriving * even, axes))
    if wanted[1:] == (True,):
        found[1] = _over_rows(xp, g * even, axes)
    return tuple(found[: len(wanted)])


def _rms_norm_composite(F: Any, a: Any, weight: Any = None, *, axes: int, eps: float) -> Any:
    out = a / F.sqrt(F.mean(a * a, _last(a, axes), keepdim=True) + eps)
    return out if weight is None else out * weight


RMS_NORM = register(
    Op(
        name="rms_norm",
        grad_fn="MulBackward0",
        label="rms norm",
        show=_shown("rms_norm"),
        what=Text(
            en="RMS norm: each row of {input} is divided by its root mean square, the square root of the mean of its "
            "squares. Its direction stays, its size becomes 1 a number on average.",
            ja="RMS 正規化です。{input} の各行を二乗平均平方根（2 乗の平均の平方根）で割ります。"
            "向きはそのままで、要素の大きさが平均して 1 になります。",
        ),
        forward=_rms_norm,
        inputs=(
            Input(
                "input",
                vjp=JOINT,
                local="",
                why=Text(
                    en="Nudge one number: it moves, and the size of the row with it, so that all the others shrink or "
                    "grow a little.",
                    ja="一つの数を動かすと、行の大きさも変わるので、ほかの数もすべて少し縮むか伸びるかします。",
                ),
                back=Text(
                    en="The gradient divided by the row's size, less its part in proportion to the row: stretching the "
                    "row changes nothing, so no gradient asks for it.",
                    ja="行の大きさで割った勾配から、行に比例する成分を引きます。"
                    "行全体を伸ばしても結果は変わらないので、その向きの勾配はありません。",
                ),
            ),
            Input("weight", vjp=JOINT, local="", why=_WEIGHT_WHY, back=_WEIGHT_BACK),
        ),
        joint_vjp=_rms_norm_vjp,
        needs=("input", "weight"),
        samples=lambda rng: _samples(rng, 2),
        saves=("rstd",),
        composite=_rms_norm_composite,
    )
)
