"""Ops that choose between numbers, element by element, or stand between them: maximum, clamp, lerp; and fused sums.

Where an op chooses, the gradient goes to what was chosen. At a tie `maximum` and `minimum` halve it, as PyTorch does;
`clamp` lets it through at its borders.
"""

from __future__ import annotations

from typing import Any

from tracer.core.array import as_float
from tracer.core.op import Input, Op, register
from tracer.core.ops import opened_choices
from tracer.core.ops.math import SHAPE
from tracer.text import Text


def _apart(rng: Any) -> list[tuple[Any, ...]]:
    """Two arrays that nowhere come near each other; the second one broadcasts too."""
    a = rng.normal(0, 2, SHAPE)
    b = a + rng.choice([-1.0, 1.0], SHAPE) * rng.uniform(0.2, 2, SHAPE)
    return [(a, b), (a, a.max() + 0.5), (rng.uniform(-1, 1, (2, 1)), rng.uniform(2, 3, 3))]


def _share(xp: Any, g: Any, won: Any, tied: Any) -> Any:
    """`g` where this input won, half of it at a tie, else 0. nan wins on both sides."""
    return g * (as_float(xp, won, g) - as_float(xp, tied, g) * 0.5)


def _choice(name: str, label: str, forward: Any, first: Any, second: Any, locals_: tuple[str, str], words: Any) -> Op:
    what, a_why, b_why = words
    return register(
        Op(
            name=name,
            steps=getattr(opened_choices, name),
            label=label,
            show=f"{label}({{a}}, {{b}})",
            what=what,
            forward=forward,
            inputs=(
                Input("a", vjp=first, local=locals_[0], needs=("a", "b"), why=a_why),
                Input("b", vjp=second, local=locals_[1], needs=("a", "b"), why=b_why),
            ),
            samples=_apart,
            kink=lambda a, b: a == b,
            grad_fn=f"{name.capitalize()}Backward0",
            elementwise=True,
        )
    )


MAXIMUM = _choice(
    "maximum",
    "max",
    lambda xp, a, b: xp.maximum(a, b),
    lambda xp, g, out, a, b: _share(xp, g, ~(a < b), a == b),
    lambda xp, g, out, a, b: _share(xp, g, ~(b < a), a == b),
    ("step(a - b)", "step(b - a)"),
    (
        Text(
            en="{out} is the larger of {a} and {b}.",
            ja="{out} は {a} と {b} のうち大きい方です。",
        ),
        Text(
            en="Where {a} is the larger, {out} moves with it and all gradient goes to it; where it is the smaller, "
            "nothing. A tie halves the gradient.",
            ja="{a} が大きい所では {out} は {a} と一緒に動き、勾配はすべて {a} に届きます。小さい所には何も届きません。"
            "等しい所では半分ずつです。",
        ),
        Text(
            en="Where {b} is the larger, {out} moves with it and all gradient goes to it; where it is the smaller, "
            "nothing. A tie halves the gradient.",
            ja="{b} が大きい所では {out} は {b} と一緒に動き、勾配はすべて {b} に届きます。小さい所には何も届きません。"
            "等しい所では半分ずつです。",
        ),
    ),
)

MINIMUM = _choice(
    "minimum",
    "min",
    lambda xp, a, b: xp.minimum(a, b),
    lambda xp, g, out, a, b: _share(xp, g, ~(a > b), a == b),
    lambda xp, g, out, a, b: _share(xp, g, ~(b > a), a == b),
    ("step(b - a)", "step(a - b)"),
    (
        Text(
            en="{out} is the smaller of {a} and {b}.",
            ja="{out} は {a} と {b} のうち小さい方です。",
        ),
        Text(
            en="Where {a} is the smaller, {out} moves with it and all gradient goes to it; where it is the larger, "
            "nothing. A tie halves the gradient.",
            ja="{a} が小さい所では {out} は {a} と一緒に動き、勾配はすべて {a} に届きます。大きい所には何も届きません。"
            "等しい所では半分ずつです。",
        ),
        Text(
            en="Where {b} is the smaller, {out} moves with it and all gradient goes to it; where it is the larger, "
            "nothing. A tie halves the gradient.",
            ja="{b} が小さい所では {out} は {b} と一緒に動き、勾配はすべて {b} に届きます。大きい所には何も届きません。"
            "等しい所では半分ずつです。",
        ),
    ),
)

_INSIDE = Text(
    en="Between the limits {out} is {a} itself and the gradient passes; outside, {out} stands still and it stops.",
    ja="範囲の中では {out} は {a} そのもので、勾配はそのまま通ります。外では {out} が動かないので、そこで止まります。",
)
_LOW = Text(
    en="Where {a} lies below {low}, {out} is {low} and moves with it.",
    ja="{a} が {low} を下回る所では、{out} は {low} になり、一緒に動きます。",
)
_HIGH = Text(
    en="Where {a} lies above {high}, {out} is {high} and moves with it.",
    ja="{a} が {high} を上回る所では、{out} は {high} になり、一緒に動きます。",
)


def _limits(rng: Any) -> list[tuple[Any, ...]]:
    return [
        (rng.choice([-2.0, 0.0, 2.0], SHAPE) + rng.uniform(-0.4, 0.4, SHAPE), -1.0, 1.0),
        (
            rng.choice([-2.0, 0.0, 2.0], SHAPE) + rng.uniform(-0.4, 0.4, SHAPE),
            *rng.uniform([[-1.2] * 3, [0.6] * 3], 1.2),
        ),
    ]


def _limit(rng: Any) -> list[tuple[Any, ...]]:
    a = rng.choice([-1.0, 1.0], SHAPE) * rng.uniform(0.5, 2, SHAPE)
    return [(a, 0.25), (a, rng.uniform(-0.4, 0.4, 3))]


def _number_or_tensor(number: str, tensor: str) -> Any:
    return lambda inputs, static: tensor if any(hasattr(x, "shape") for x in inputs[1:]) else number


CLAMP = register(
    Op(
        name="clamp",
        steps=opened_choices.clamp,
        label="clamp",
        show="clamp({a}, {low}, {high})",
        what=Text(
            en="{out} is {a}, held between {low} and {high}.",
            ja="{out} は {a} を {low} から {high} の範囲に収めた値です。",
        ),
        forward=lambda xp, a, low, high: xp.minimum(xp.maximum(a, low), high),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, low, high: g * as_float(xp, (a >= low) & (a <= high), g),
                local="step(a - low) * step(high - a)",
                needs=("a", "low", "high"),
                why=_INSIDE,
            ),
            Input(
                "low",
                vjp=lambda xp, g, out, a, low, high: g * as_float(xp, (a < low) & (low < high), g),
                local="step(low - a) * step(high - low)",
                needs=("a", "low", "high"),
                why=_LOW,
            ),
            Input(
                "high",
                vjp=lambda xp, g, out, a, low, high: g * as_float(xp, (a > high) | (high < low), g),
                local="step(a - high)",
                needs=("a", "low", "high"),
                why=_HIGH,
            ),
        ),
        samples=_limits,
        kink=lambda a, low, high: (a == low) | (a == high),
        grad_fn=_number_or_tensor("ClampBackward1", "ClampBackward0"),
        elementwise=True,
    )
)

CLAMP_MIN = register(
    Op(
        name="clamp_min",
        steps=opened_choices.clamp_min,
        label="clamp",
        show="max({a}, {low})",
        what=Text(
            en="{out} is {a}, but no less than {low}.",
            ja="{out} は {a} ですが、{low} を下回りません。",
        ),
        forward=lambda xp, a, low: xp.maximum(a, low),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, low: g * as_float(xp, a >= low, g),
                local="step(a - low)",
                needs=("a", "low"),
                why=_INSIDE,
            ),
            Input(
                "low",
                vjp=lambda xp, g, out, a, low: g * as_float(xp, a < low, g),
                local="step(low - a)",
                needs=("a", "low"),
                why=_LOW,
            ),
        ),
        samples=_limit,
        kink=lambda a, low: a == low,
        grad_fn=_number_or_tensor("ClampMinBackward0", "ClampMinBackward1"),
        elementwise=True,
    )
)

CLAMP_MAX = register(
    Op(
        name="clamp_max",
        steps=opened_choices.clamp_max,
        label="clamp",
        show="min({a}, {high})",
        what=Text(
            en="{out} is {a}, but no more than {high}.",
            ja="{out} は {a} ですが、{high} を上回りません。",
        ),
        forward=lambda xp, a, high: xp.minimum(a, high),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, high: g * as_float(xp, a <= high, g),
                local="step(high - a)",
                needs=("a", "high"),
                why=_INSIDE,
            ),
            Input(
                "high",
                vjp=lambda xp, g, out, a, high: g * as_float(xp, a > high, g),
                local="step(a - high)",
                needs=("a", "high"),
                why=_HIGH,
            ),
        ),
        samples=_limit,
        kink=lambda a, high: a == high,
        grad_fn=_number_or_tensor("ClampMaxBackward0", "ClampMaxBackward1"),
        elementwise=True,
    )
)

LERP = register(
    Op(
        name="lerp",
        steps=opened_choices.lerp,
        label="lerp",
        show="lerp({a}, {b}, {weight})",
        what=Text(
            en="{out} lies between {a} and {b}: at {a} where {weight} is 0, at {b} where it is 1.",
            ja="{out} は {a} と {b} の間の値です。{weight} が 0 なら {a}、1 なら {b} になります。",
        ),
        forward=lambda xp, a, b, weight: xp.where(
            abs(weight) < 0.5,
            a + weight * (b - a),
            b - (b - a) * (1.0 - weight),  # exact at both ends
        ),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, b, weight: g * (1.0 - weight),
                local="1 - weight",
                why=Text(
                    en="{a} counts for what {weight} leaves: nudge it, and {out} moves 1 − {weight} times as far.",
                    ja="{a} の重みは {weight} の残りです。少し動かすと、{out} はその 1 − {weight} 倍動きます。",
                ),
            ),
            Input(
                "b",
                vjp=lambda xp, g, out, a, b, weight: g * weight,
                local="weight",
                why=Text(
                    en="{b} has the weight {weight}: nudge it, and {out} moves {weight} times as far.",
                    ja="{b} の重みは {weight} です。少し動かすと、{out} はその {weight} 倍動きます。",
                ),
            ),
            Input(
                "weight",
                vjp=lambda xp, g, out, a, b, weight: g * (b - a),
                local="b - a",
                why=Text(
                    en="{weight} says how far along the way from {a} to {b}; the way is {b} − {a} long.",
                    ja="{weight} は {a} から {b} までの道のりのどこに立つかを決めます。道のりの長さは {b} − {a} です。",
                ),
            ),
        ),
        samples=lambda rng: [
            (rng.normal(0, 2, SHAPE), rng.normal(0, 2, SHAPE), 0.25),
            (rng.normal(0, 2, SHAPE), rng.normal(0, 2, 3), rng.uniform(0, 1, (2, 1))),
        ],
        grad_fn=lambda inputs, static: "LerpBackward1" if hasattr(inputs[2], "shape") else "LerpBackward0",
        elementwise=True,
    )
)

ADD_SCALED = register(
    Op(
        name="add_scaled",
        steps=opened_choices.add_scaled,
        label="+",
        show="{a} + {alpha} × {b}",
        what=Text(
            en="{out} is {a} plus {alpha} times {b}.",
            ja="{out} は {a} に {b} の {alpha} 倍を足した値です。",
        ),
        forward=lambda xp, a, b, alpha: a + alpha * b,
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, b, alpha: g,
                local="1",
                why=Text(
                    en="A sum passes every change straight on: nudge {a}, and {out} moves by the same amount.",
                    ja="足し算は変化をそのまま伝えます。{a} を動かした分だけ、{out} も動きます。",
                ),
            ),
            Input(
                "b",
                vjp=lambda xp, g, out, a, b, alpha: g * alpha,
                local="alpha",
                why=Text(
                    en="{b} counts {alpha} times: nudge it, and {out} moves {alpha} times as far.",
                    ja="{b} は {alpha} 倍されて加わります。少し動かすと、{out} はその {alpha} 倍動きます。",
                ),
            ),
            Input("alpha", vjp=None, local="0", why=Text(en="A fixed number.", ja="決まった数です。")),
        ),
        samples=lambda rng: [(rng.normal(0, 2, SHAPE), rng.normal(0, 2, 3), -1.5)],
        grad_fn="AddBackward0",
        elementwise=True,
    )
)


def _product(name: str, sign: str, forward: Any, first: Any, second: Any, locals_: tuple[str, str], why: Text) -> Op:
    """`a + value · b × c` or `a + value · b / c`."""
    return register(
        Op(
            name=name,
            steps=getattr(opened_choices, name),
            label=f"+{sign}",
            show=f"{{a}} + {{value}} × {{b}} {sign} {{c}}",
            what=Text(
                en=f"{{out}} is {{a}} plus {{value}} × {{b}} {sign} {{c}}, element by element, in one step.",
                ja=f"{{out}} は {{a}} に {{value}} × {{b}} {sign} {{c}} を要素ごとに足した値で、一度に計算します。",
            ),
            forward=forward,
            inputs=(
                Input(
                    "a",
                    vjp=lambda xp, g, out, a, b, c, value: g,
                    local="1",
                    why=Text(
                        en="A sum passes every change straight on: nudge {a}, and {out} moves by the same amount.",
                        ja="足し算は変化をそのまま伝えます。{a} を動かした分だけ、{out} も動きます。",
                    ),
                ),
                Input(
                    "b",
                    vjp=first,
                    local=locals_[0],
                    why=Text(
                        en=f"{{b}} comes in as {{value}} × {{b}} {sign} {{c}}, and so does every change of it.",
                        ja=f"{{b}} は {{value}} × {{b}} {sign} {{c}} の形で加わり、変化も同じ倍率で伝わります。",
                    ),
                ),
                Input("c", vjp=second, local=locals_[1], why=why),
                Input("value", vjp=None, local="0", why=Text(en="A fixed number.", ja="決まった数です。")),
            ),
            samples=lambda rng: [
                (rng.normal(0, 2, SHAPE), rng.normal(0, 2, 3), rng.uniform(0.5, 2, (2, 1)), -1.5),
            ],
            grad_fn=f"{name.capitalize()}Backward0",
            elementwise=True,
        )
    )


ADDCMUL = _product(
    "addcmul",
    "×",
    lambda xp, a, b, c, value: a + value * b * c,
    lambda xp, g, out, a, b, c, value: g * (value * c),
    lambda xp, g, out, a, b, c, value: g * (value * b),
    ("value * c", "value * b"),
    Text(
        en="{c} comes in as {value} × {b} × {c}, and so does every change of it.",
        ja="{c} は {value} × {b} × {c} の形で加わり、変化も同じ倍率で伝わります。",
    ),
)

ADDCDIV = _product(
    "addcdiv",
    "/",
    lambda xp, a, b, c, value: a + value * xp.divide(b, c),
    lambda xp, g, out, a, b, c, value: g * xp.divide(value, c),
    lambda xp, g, out, a, b, c, value: -g * xp.divide(value * b, c * c),
    ("value / c", "-value * b / c^2"),
    Text(
        en="{c} is the divisor: the larger it is, the less {b} adds, by {value} × {b} / {c}^2.",
        ja="{c} は割る数です。大きくなるほど加わる分は減り、その割合は {value} × {b} / {c}^2 です。",
    ),
)
