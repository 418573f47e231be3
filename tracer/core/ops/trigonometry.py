"""The inverse and the hyperbolic functions, powers of 2, and the soft maximum of two numbers."""

from __future__ import annotations

import math
from typing import Any

from tracer.core.op import Input, Op, register
from tracer.core.ops.math import SHAPE, between, normal, unary
from tracer.text import Text

_UNIT = Text(
    en="It exists for numbers from −1 to 1 only, and is infinitely steep at both ends.",
    ja="−1 から 1 までの数でだけ定義され、両端では傾きが無限大になります。",
)

ASIN = unary(
    "asin",
    lambda xp, a: xp.arcsin(a),
    lambda xp, g, out, a: xp.divide(g, xp.sqrt(1.0 - a * a)),
    "1 / sqrt(1 - a^2)",
    needs=("a",),
    what=Text(
        en="{out} is the angle, in radians from −π/2 to π/2, whose sine is {a}.",
        ja="{out} は、正弦が {a} になる角（−π/2 から π/2 ラジアン）です。",
    ),
    why=Text(
        en="Where the sine is flat, its inverse is steep: the slope is 1 / √(1 − {a}^2).",
        ja="正弦が平らな所では逆関数が急になります。傾きは 1 / √(1 − {a}^2) です。",
    ),
    samples=between(-0.8, 0.8),
    domain=_UNIT,
)

ACOS = unary(
    "acos",
    lambda xp, a: xp.arccos(a),
    lambda xp, g, out, a: -xp.divide(g, xp.sqrt(1.0 - a * a)),
    "-1 / sqrt(1 - a^2)",
    needs=("a",),
    what=Text(
        en="{out} is the angle, in radians from 0 to π, whose cosine is {a}.",
        ja="{out} は、余弦が {a} になる角（0 から π ラジアン）です。",
    ),
    why=Text(
        en="The larger the cosine, the smaller the angle: the slope is −1 / √(1 − {a}^2).",
        ja="余弦が大きいほど角は小さくなります。傾きは −1 / √(1 − {a}^2) です。",
    ),
    samples=between(-0.8, 0.8),
    domain=_UNIT,
)

ATAN = unary(
    "atan",
    lambda xp, a: xp.arctan(a),
    lambda xp, g, out, a: xp.divide(g, 1.0 + a * a),
    "1 / (1 + a^2)",
    needs=("a",),
    what=Text(
        en="{out} is the angle, in radians from −π/2 to π/2, whose tangent is {a}.",
        ja="{out} は、正接が {a} になる角（−π/2 から π/2 ラジアン）です。",
    ),
    why=Text(
        en="It is steepest at 0, with slope 1, and flattens out to both sides: 1 / (1 + {a}^2).",
        ja="0 で最も急（傾き 1）で、左右に行くほど平らになります。傾きは 1 / (1 + {a}^2) です。",
    ),
    samples=normal(2),
)

SINH = unary(
    "sinh",
    lambda xp, a: xp.sinh(a),
    lambda xp, g, out, a: g * ((xp.exp(a) + xp.exp(-a)) * 0.5),
    "(exp(a) + exp(-a)) / 2",
    needs=("a",),
    what=Text(
        en="{out} is the hyperbolic sine of {a}: half of e^{a} less e^−{a}.",
        ja="{out} は {a} の双曲線正弦です。e の {a} 乗から e の −{a} 乗を引き、2 で割ります。",
    ),
    why=Text(
        en="Its slope is the hyperbolic cosine of {a}: never below 1.",
        ja="傾きは {a} の双曲線余弦で、1 を下回りません。",
    ),
    samples=normal(),
)

COSH = unary(
    "cosh",
    lambda xp, a: xp.cosh(a),
    lambda xp, g, out, a: g * ((xp.exp(a) - xp.exp(-a)) * 0.5),
    "(exp(a) - exp(-a)) / 2",
    needs=("a",),
    what=Text(
        en="{out} is the hyperbolic cosine of {a}: half of e^{a} plus e^−{a}.",
        ja="{out} は {a} の双曲線余弦です。e の {a} 乗と e の −{a} 乗を足し、2 で割ります。",
    ),
    why=Text(
        en="Its slope is the hyperbolic sine of {a}: 0 in the middle, steep to both sides.",
        ja="傾きは {a} の双曲線正弦です。中央では 0、左右に行くほど急になります。",
    ),
    samples=normal(),
)

EXP2 = unary(
    "exp2",
    lambda xp, a: xp.exp2(a),
    lambda xp, g, out, a: g * (out * math.log(2)),
    "out * log(2)",
    needs=("out",),
    what=Text(
        en="{out} is 2 to the power {a}.",
        ja="{out} は 2 の {a} 乗です。",
    ),
    why=Text(
        en="It grows in proportion to itself: nudge {a}, and {out} moves {out} · log(2) times as far.",
        ja="自分自身に比例して増えます。{a} を少し動かすと、{out} はその {out} · log(2) 倍動きます。",
    ),
    samples=normal(),
)


def _logaddexp(first: str, second: str) -> Input:
    def vjp(xp: Any, g: Any, out: Any, a: Any, b: Any) -> Any:
        return g * xp.exp((a if first == "a" else b) - out)

    return Input(
        first,
        vjp=vjp,
        local=f"exp({first} - out)",
        why=Text(
            en=f"{{out}} follows the larger of the two: {{{first}}} moves it by its share, exp({{{first}}} − "
            f"{{out}}), and "
            f"{{{second}}} by the rest.",
            ja=f"{{out}} は大きい方に従います。{{{first}}} は exp({{{first}}} − {{out}}) の割合で動かし、"
            f"残りは {{{second}}} の分です。",
        ),
    )


LOGADDEXP = register(
    Op(
        name="logaddexp",
        label="log(e+e)",
        show="logaddexp({a}, {b})",
        what=Text(
            en="{out} is the logarithm of exp({a}) + exp({b}): a soft maximum of the two, safe from overflow.",
            ja="{out} は exp({a}) + exp({b}) の対数です。二つのなめらかな最大値にあたり、あふれないように計算します。",
        ),
        forward=lambda xp, a, b: xp.logaddexp(a, b),
        inputs=(_logaddexp("a", "b"), _logaddexp("b", "a")),
        samples=lambda rng: [(rng.normal(0, 2, SHAPE), rng.normal(0, 2, 3))],
        grad_fn="LogaddexpBackward0",
        elementwise=True,
        floating=True,
    )
)
