"""Functions of one number: trigonometry, the other exponentials and logarithms, reciprocals, the error function."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from tracer.core import backend
from tracer.core.op import Input, Op, register
from tracer.text import Text

SHAPE = (2, 3)


def normal(scale: float = 1.0) -> Callable[[Any], list[tuple[Any, ...]]]:
    """Samples of one input from the bell curve."""
    return lambda rng: [(rng.normal(0, scale, SHAPE),)]


def between(low: float, high: float) -> Callable[[Any], list[tuple[Any, ...]]]:
    """Samples of one input, evenly from a range that keeps off poles."""
    return lambda rng: [(rng.uniform(low, high, SHAPE),)]


def unary(
    name: str,
    forward: Callable[..., Any],
    vjp: Callable[..., Any],
    local: str,
    *,
    needs: tuple[str, ...],
    what: Text,
    why: Text,
    samples: Callable[[Any], Any],
    show: str = "",
    label: str = "",
    domain: Text | None = None,
    kink: Callable[..., Any] | None = None,
    grad_fn: str = "",
    floating: bool = True,
) -> Op:
    """Register an elementwise op of one input, called `a`; `floating`: integers count as floats."""
    return register(
        Op(
            name=name,
            label=label or name,
            show=show or f"{name}({{a}})",
            what=what,
            forward=forward,
            inputs=(Input("a", vjp=vjp, local=local, why=why, needs=needs),),
            samples=samples,
            domain=domain,
            kink=kink,
            grad_fn=grad_fn or f"{name.capitalize()}Backward0",
            elementwise=True,
            floating=floating,
        )
    )


SIN = unary(
    "sin",
    lambda xp, a: xp.sin(a),
    lambda xp, g, out, a: g * xp.cos(a),
    "cos(a)",
    needs=("a",),
    what=Text(
        en="{out} is the sine of {a}, an angle in radians.",
        ja="{out} は角 {a}（ラジアン）の正弦です。",
    ),
    why=Text(
        en="The slope of the sine is the cosine: nudge {a}, and {out} moves cos({a}) times as far.",
        ja="正弦の傾きは余弦です。{a} を少し動かすと、{out} はその cos({a}) 倍動きます。",
    ),
    samples=normal(2),
)

COS = unary(
    "cos",
    lambda xp, a: xp.cos(a),
    lambda xp, g, out, a: -(g * xp.sin(a)),
    "-sin(a)",
    needs=("a",),
    what=Text(
        en="{out} is the cosine of {a}, an angle in radians.",
        ja="{out} は角 {a}（ラジアン）の余弦です。",
    ),
    why=Text(
        en="The slope of the cosine is minus the sine: nudge {a}, and {out} moves −sin({a}) times as far.",
        ja="余弦の傾きは、正弦の符号を変えたものです。{a} を少し動かすと、{out} はその −sin({a}) 倍動きます。",
    ),
    samples=normal(2),
)

TAN = unary(
    "tan",
    lambda xp, a: xp.tan(a),
    lambda xp, g, out, a: g * (1.0 + out * out),
    "1 + out^2",
    needs=("out",),
    what=Text(
        en="{out} is the tangent of {a}: its sine divided by its cosine.",
        ja="{out} は {a} の正接、つまり正弦を余弦で割った値です。",
    ),
    why=Text(
        en="The tangent only rises, by 1 at least, and the steeper the farther {out} is from 0.",
        ja="正接はどこでも増加し、傾きは最小でも 1 です。{out} が 0 から離れるほど急になります。",
    ),
    samples=between(-1.2, 1.2),
)

LOG1P = unary(
    "log1p",
    lambda xp, a: xp.log1p(a),
    lambda xp, g, out, a: xp.divide(g, 1.0 + a),
    "1 / (1 + a)",
    needs=("a",),
    grad_fn="Log1PBackward0",
    what=Text(
        en="{out} is the natural logarithm of 1 + {a}, exact even where {a} is tiny.",
        ja="{out} は 1 + {a} の自然対数です。{a} がごく小さくても精度が落ちません。",
    ),
    why=Text(
        en="A logarithm's slope is 1 over what stands in it: here 1 / (1 + {a}).",
        ja="対数の傾きは、中身分の 1 です。ここでは 1 / (1 + {a}) になります。",
    ),
    samples=between(-0.8, 4),
    domain=Text(
        en="log1p exists for numbers above −1 only; at −1 it is minus infinity.",
        ja="log1p は −1 より大きい数でだけ定義されます。−1 では負の無限大になります。",
    ),
)

EXPM1 = unary(
    "expm1",
    lambda xp, a: xp.expm1(a),
    lambda xp, g, out, a: g * (out + 1.0),
    "out + 1",
    needs=("out",),
    what=Text(
        en="{out} is e to the power {a}, less 1, exact even where {a} is tiny.",
        ja="{out} は e の {a} 乗から 1 を引いた値です。{a} がごく小さくても精度が落ちません。",
    ),
    why=Text(
        en="exp is its own slope, and taking 1 away does not change the slope: it is {out} + 1.",
        ja="exp の傾きは exp 自身で、1 を引いても傾きは変わりません。つまり {out} + 1 です。",
    ),
    samples=normal(1.5),
    domain=Text(
        en="Above about 709.8, exp is larger than any float.",
        ja="入力が約 709.8 を超えると、exp は浮動小数点数の範囲をあふれます。",
    ),
)

_LOG_DOMAIN = Text(
    en="The logarithm exists for positive numbers only; at zero it is minus infinity.",
    ja="対数は正の数でだけ定義されます。0 では負の無限大になります。",
)

LOG2 = unary(
    "log2",
    lambda xp, a: xp.log2(a),
    lambda xp, g, out, a: xp.divide(g, a * math.log(2)),
    "1 / (a * log(2))",
    needs=("a",),
    what=Text(
        en="{out} is the power to which 2 must be raised to give {a}.",
        ja="{out} は、2 を何乗すれば {a} になるかを表す数です。",
    ),
    why=Text(
        en="It is the natural logarithm divided by log(2), and so is its slope: 1 / ({a} · log(2)).",
        ja="自然対数を log(2) で割ったものなので、傾きも同じだけ割られて 1 / ({a} · log(2)) です。",
    ),
    samples=between(0.1, 5),
    domain=_LOG_DOMAIN,
)

LOG10 = unary(
    "log10",
    lambda xp, a: xp.log10(a),
    lambda xp, g, out, a: xp.divide(g, a * math.log(10)),
    "1 / (a * log(10))",
    needs=("a",),
    what=Text(
        en="{out} is the power to which 10 must be raised to give {a}.",
        ja="{out} は、10 を何乗すれば {a} になるかを表す数です。",
    ),
    why=Text(
        en="It is the natural logarithm divided by log(10), and so is its slope: 1 / ({a} · log(10)).",
        ja="自然対数を log(10) で割ったものなので、傾きも同じだけ割られて 1 / ({a} · log(10)) です。",
    ),
    samples=between(0.1, 5),
    domain=_LOG_DOMAIN,
)

ERF = unary(
    "erf",
    lambda xp, a: backend.erf(xp, a),
    lambda xp, g, out, a: g * (2 / math.sqrt(math.pi) * xp.exp(-(a * a))),
    "2 / sqrt(3.141592653589793) * exp(-a^2)",
    needs=("a",),
    what=Text(
        en="{out} is the error function of {a}: the share of a bell curve around 0, from −1 to 1.",
        ja="{out} は {a} の誤差関数の値で、釣り鐘型の曲線の 0 から {a} までの面積にあたります。−1 から 1 の範囲です。",
    ),
    why=Text(
        en="The error function adds up a bell curve, so its slope is that curve: highest at 0, soon flat either side.",
        ja="誤差関数は釣り鐘型の曲線を積み上げたものなので、その曲線が傾きになります。"
        "0 で最も急で、左右ではすぐ平らになります。",
    ),
    samples=normal(),
)

RSQRT = unary(
    "rsqrt",
    lambda xp, a: xp.divide(1.0, xp.sqrt(a)),
    lambda xp, g, out, a: g * (out * out * out) * -0.5,
    "-out^3 / 2",
    needs=("out",),
    label="1/√",
    show="1 / √({a})",
    what=Text(
        en="{out} is 1 divided by the square root of {a}.",
        ja="{out} は 1 を {a} の平方根で割った値です。",
    ),
    why=Text(
        en="The larger {a}, the smaller {out}: it falls by half its cube.",
        ja="{a} が大きくなるほど {out} は小さくなります。減り方は {out} の 3 乗の半分です。",
    ),
    samples=between(0.2, 5),
    domain=Text(
        en="A negative number has no real square root, and 1 over the root of zero is infinite.",
        ja="負の数の平方根は実数になりません。0 では無限大になります。",
    ),
)

RECIPROCAL = unary(
    "reciprocal",
    lambda xp, a: xp.divide(1.0, a),
    lambda xp, g, out, a: -g * (out * out),
    "-out^2",
    needs=("out",),
    label="1/x",
    show="1 / ({a})",
    what=Text(
        en="{out} is 1 divided by {a}.",
        ja="{out} は {a} の逆数です。",
    ),
    why=Text(
        en="The larger {a}, the smaller {out}: it falls by its own square.",
        ja="{a} が大きくなるほど {out} は小さくなります。減り方は {out} の 2 乗です。",
    ),
    samples=between(0.2, 3),
    domain=Text(en="Division by zero has no finite result.", ja="0 で割ると、有限の値になりません。"),
)
