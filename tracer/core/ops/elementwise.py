"""Ops that work on each element by itself. Each stands here once, with everything the program knows about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tracer.core.op import Input, Op, register
from tracer.core.ops import opened_choices
from tracer.text import Text

N = 5  # sample length: enough to notice a rule that is right for one element only


def _pair(rng: Any) -> list[tuple[Any, ...]]:
    return [(rng.normal(0, 2, N), rng.normal(0, 2, N)), (rng.normal(0, 100, N), rng.normal(0, 0.01, N))]


def _sub_grad_fn(inputs: Sequence[Any], static: Mapping[str, Any]) -> str:
    return "SubBackward0" if hasattr(inputs[0], "shape") else "RsubBackward1"


def _pow_grad_fn(inputs: Sequence[Any], static: Mapping[str, Any]) -> str:
    if not hasattr(inputs[1], "shape"):
        return "PowBackward0"
    return "PowBackward1" if hasattr(inputs[0], "shape") else "PowBackward2"


def _power(xp: Any, a: Any, b: Any) -> Any:
    """a to the power b; of arrays, the usual exponents without the slow general way (PyTorch's numbers too)."""
    if hasattr(a, "shape") and not hasattr(b, "shape"):
        if b == 2:
            return a * a
        if b == 3:
            return a * a * a
        if b == 0.5:
            return xp.sqrt(a)
    return xp.power(a, b)


def _power_base(xp: Any, g: Any, out: Any, a: Any, b: Any) -> Any:
    """b · a^(b − 1); to the power 0 everything is 1 and nothing moves, not even 0^0."""
    if hasattr(b, "shape"):
        return xp.where(b == 0, 0.0, g * (b * xp.power(a, b - 1)))
    if b == 0:
        if hasattr(g, "requires_grad"):  # a zero that still depends on g, so that it can be differentiated again
            return g * 0.0
        return xp.zeros_like(g) if hasattr(g, "shape") else 0.0  # whatever g is, nan too, as PyTorch has it
    if hasattr(a, "requires_grad"):  # a tensor, to be differentiated again: a power stays one, down to the power 0
        return g * (b * xp.power(a, b - 1))
    return g * (a * 2) if b == 2 else g * (b * _power(xp, a, b - 1))


def _relu_rule(xp: Any, g: Any, out: Any, a: Any) -> Any:
    """g where the gate is open, else 0; of tensors a 0 that still depends on them, so that they have a 2nd slope: 0."""
    return xp.where(out <= 0, out * 0.0 if hasattr(out, "requires_grad") else 0.0, g)


def _off_zero(rng: Any, low: float = 0.2, high: float = 3.0) -> Any:
    return rng.uniform(low, high, N) * rng.choice([-1.0, 1.0], N)


ADD = register(
    Op(
        name="add",
        grad_fn="AddBackward0",
        scalar=True,
        elementwise=True,
        label="+",
        show="{a} + {b}",
        what=Text(
            en="{out} is the sum of {a} and {b}.",
            ja="{out} は {a} と {b} の和です。",
        ),
        forward=lambda xp, a, b: a + b,
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, b: g,
                local="1",
                why=Text(
                    en="A sum passes every change straight on: nudge {a}, and {out} moves by the same amount.",
                    ja="足し算は変化をそのまま伝えます。{a} を動かした分だけ、{out} も動きます。",
                ),
            ),
            Input(
                "b",
                vjp=lambda xp, g, out, a, b: g,
                local="1",
                why=Text(
                    en="A sum passes every change straight on: nudge {b}, and {out} moves by the same amount.",
                    ja="足し算は変化をそのまま伝えます。{b} を動かした分だけ、{out} も動きます。",
                ),
            ),
        ),
        samples=_pair,
    )
)

SUB = register(
    Op(
        name="sub",
        grad_fn=_sub_grad_fn,
        scalar=True,
        elementwise=True,
        label="−",
        show="{a} − {b}",
        what=Text(
            en="{out} is {a} minus {b}.",
            ja="{out} は {a} から {b} を引いた差です。",
        ),
        forward=lambda xp, a, b: a - b,
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, b: g,
                local="1",
                why=Text(
                    en="Nudge {a}, and {out} moves by the same amount.",
                    ja="{a} を動かした分だけ、{out} も動きます。",
                ),
            ),
            Input(
                "b",
                vjp=lambda xp, g, out, a, b: -g,
                local="-1",
                why=Text(
                    en="{b} is taken away: nudge it, and {out} moves by the same amount the other way.",
                    ja="{b} は引く数なので、{b} を増やすと {out} は同じだけ減ります。",
                ),
            ),
        ),
        samples=_pair,
    )
)

MUL = register(
    Op(
        name="mul",
        grad_fn="MulBackward0",
        scalar=True,
        elementwise=True,
        label="×",
        show="{a} × {b}",
        what=Text(
            en="{out} is the product of {a} and {b}.",
            ja="{out} は {a} と {b} の積です。",
        ),
        forward=lambda xp, a, b: a * b,
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, b: g * b,
                local="b",
                why=Text(
                    en="Nudge {a}, and {out} moves {b} times as far.",
                    ja="{a} を少し動かすと、{out} はその {b} 倍動きます。",
                ),
            ),
            Input(
                "b",
                vjp=lambda xp, g, out, a, b: g * a,
                local="a",
                why=Text(
                    en="Nudge {b}, and {out} moves {a} times as far.",
                    ja="{b} を少し動かすと、{out} はその {a} 倍動きます。",
                ),
            ),
        ),
        samples=_pair,
    )
)

DIV = register(
    Op(
        name="div",
        grad_fn="DivBackward0",
        scalar=True,
        elementwise=True,
        floating=True,
        label="÷",
        show="{a} / {b}",
        what=Text(
            en="{out} is {a} divided by {b}.",
            ja="{out} は {a} を {b} で割った商です。",
        ),
        forward=lambda xp, a, b: xp.divide(a, b),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, b: xp.divide(g, b),
                local="1 / b",
                why=Text(
                    en="Nudge {a}, and {out} moves by that nudge divided by {b}.",
                    ja="{a} を少し動かすと、{out} は動かした分を {b} で割っただけ動きます。",
                ),
            ),
            Input(
                "b",
                vjp=lambda xp, g, out, a, b: -g * xp.divide(xp.divide(a, b), b),
                local="-out / b",
                needs=("a", "b"),
                why=Text(
                    en="{b} is the divisor. Nudge it, and {out} moves −{out} / {b} times as far.",
                    ja="{b} は割る数です。少し動かすと、{out} はその −{out} / {b} 倍動きます。",
                ),
            ),
        ),
        samples=lambda rng: [(rng.normal(0, 2, N), _off_zero(rng))],
        domain=Text(en="Division by zero has no finite result.", ja="0 で割ると、有限の値になりません。"),
    )
)

POW = register(
    Op(
        name="pow",
        grad_fn=_pow_grad_fn,
        scalar=True,
        elementwise=True,
        label="^",
        show="{a} ^ {b}",
        what=Text(
            en="{out} is {a} to the power {b}.",
            ja="{out} は {a} の {b} 乗です。",
        ),
        forward=_power,
        inputs=(
            Input(
                "a",
                vjp=_power_base,
                local="b * a^(b - 1)",
                why=Text(
                    en="The power rule: the exponent {b} comes down in front, and the power drops by one.",
                    ja="べき乗の微分です。指数 {b} が前に下り、指数は 1 減ります。",
                ),
            ),
            Input(
                "b",
                # 0^b stays 0 for every b > 0, so its slope there is 0 and not 0 · log 0 (at b = 0 by PyTorch's choice)
                vjp=lambda xp, g, out, a, b: g * xp.where((a == 0) & (b >= 0), 0.0, out * xp.log(a)),
                local="out * log(a)",
                needs=("a", "b", "out"),
                why=Text(
                    en="Nudge the exponent {b}, and {out} moves in proportion to {out} itself, times log({a}).",
                    ja="指数 {b} を動かしたときの変化率は、{out} 自身に log({a}) を掛けたものです。",
                ),
            ),
        ),
        samples=lambda rng: [(rng.uniform(0.3, 3, N), rng.uniform(-2, 3, N))],
        domain=Text(
            en="A negative number has no real broken power, zero no negative one, and large powers overflow.",
            ja="負の数の整数でない乗、0 の負の乗は実数になりません。大きすぎるべき乗はあふれます。",
        ),
    )
)

NEG = register(
    Op(
        name="neg",
        grad_fn="NegBackward0",
        scalar=True,
        elementwise=True,
        label="−",
        show="−{a}",
        what=Text(
            en="{out} is {a} with its sign turned.",
            ja="{out} は {a} の符号を変えた数です。",
        ),
        forward=lambda xp, a: -a,
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a: -g,
                local="-1",
                why=Text(
                    en="A minus sign turns every change around: nudge {a}, and {out} moves as far the other way.",
                    ja="マイナスは変化の向きを逆にします。{a} を動かした分だけ、{out} は逆向きに動きます。",
                ),
            ),
        ),
        samples=lambda rng: [(rng.normal(0, 2, N),)],
    )
)

EXP = register(
    Op(
        name="exp",
        grad_fn="ExpBackward0",
        scalar=True,
        elementwise=True,
        floating=True,
        label="exp",
        show="exp({a})",
        what=Text(
            en="{out} is e ≈ 2.718 to the power {a}: small for negative {a}, soon huge for positive.",
            ja="{out} は e（約 2.718）の {a} 乗です。{a} が負なら小さく、正なら急に大きくなります。",
        ),
        forward=lambda xp, a: xp.exp(a),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a: g * out,
                local="out",
                why=Text(
                    en="exp is its own slope: nudge {a}, and {out} moves {out} times as far.",
                    ja="exp の傾きは exp 自身です。{a} を少し動かすと、{out} はその {out} 倍動きます。",
                ),
            ),
        ),
        samples=lambda rng: [(rng.normal(0, 1.5, N),)],
        domain=Text(
            en="Above about 709.8, exp is larger than any float.",
            ja="入力が約 709.8 を超えると、exp は浮動小数点数の範囲をあふれます。",
        ),
    )
)

LOG = register(
    Op(
        name="log",
        grad_fn="LogBackward0",
        scalar=True,
        elementwise=True,
        floating=True,
        label="log",
        show="log({a})",
        what=Text(
            en="{out} is the power to which e must be raised to give {a}: the natural logarithm.",
            ja="{out} は、e を何乗すれば {a} になるかを表す数、つまり自然対数です。",
        ),
        forward=lambda xp, a: xp.log(a),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a: xp.divide(g, a),
                local="1 / a",
                why=Text(
                    en="The logarithm is steep near zero and flat far out: its slope at {a} is 1 / {a}.",
                    ja="対数は 0 の近くで急、遠くで緩やかです。{a} での傾きは 1 / {a} です。",
                ),
            ),
        ),
        samples=lambda rng: [(rng.uniform(0.1, 5, N),)],
        domain=Text(
            en="The logarithm exists for positive numbers only; at zero it is minus infinity.",
            ja="対数は正の数でだけ定義されます。0 では負の無限大になります。",
        ),
    )
)

RELU = register(
    Op(
        name="relu",
        steps=opened_choices.relu,
        grad_fn="ReluBackward0",
        scalar=True,
        elementwise=True,
        label="relu",
        show="relu({a})",
        what=Text(
            en="relu keeps a positive number as it is and turns every other into 0.",
            ja="relu は正の数をそのまま残し、それ以外を 0 にします。",
        ),
        # a compare keeps nan, as PyTorch does: nan < 0 is false
        forward=lambda xp, a: xp.where(a < 0, 0.0, a),
        inputs=(
            Input(
                "a",
                # out <= 0 is a <= 0; reading out, as PyTorch does, lets a be overwritten; nan passes, as there
                vjp=_relu_rule,
                local="step(a)",
                needs=("out",),
                why=Text(
                    en="A gate: open while {a} > 0, and the gradient passes unchanged; else closed, and it stops.",
                    ja="ゲートの役をします。{a} > 0 なら開いて勾配をそのまま通し、そうでなければ閉じて止めます。",
                ),
            ),
        ),
        samples=lambda rng: [(_off_zero(rng),)],
        kink=lambda a: a == 0,
    )
)

TANH = register(
    Op(
        name="tanh",
        grad_fn="TanhBackward0",
        scalar=True,
        elementwise=True,
        floating=True,
        label="tanh",
        show="tanh({a})",
        what=Text(
            en="tanh squeezes any number into the range from -1 to 1.",
            ja="tanh はどんな数も -1 から 1 の範囲に押し縮めます。",
        ),
        forward=lambda xp, a: xp.tanh(a),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a: g * (1.0 - out * out),
                local="1 - out^2",
                why=Text(
                    en="tanh is steepest in the middle, with slope 1, and flattens out as {out} nears -1 or 1.",
                    ja="tanh の傾きは中央で最大の 1、{out} が ±1 に近づくと飽和して平らになります。",
                ),
            ),
        ),
        samples=lambda rng: [(rng.normal(0, 1, N),)],
    )
)

SIGMOID = register(
    Op(
        name="sigmoid",
        grad_fn="SigmoidBackward0",
        scalar=True,
        elementwise=True,
        floating=True,
        label="σ",
        show="σ({a})",
        what=Text(
            en="σ, the sigmoid, squeezes any number into the range from 0 to 1.",
            ja="σ（シグモイド）はどんな数も 0 から 1 の範囲に押し縮めます。",
        ),
        forward=lambda xp, a: xp.divide(1.0, 1.0 + xp.exp(-a)),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a: g * (out * (1.0 - out)),
                local="out * (1 - out)",
                why=Text(
                    en="The sigmoid's slope is at most 1/4, in the middle, and fades as {out} nears 0 or 1.",
                    ja="シグモイドの傾きは中央で最大の 1/4、{out} が 0 や 1 に近づくと飽和してほぼ 0 になります。",
                ),
            ),
        ),
        samples=lambda rng: [(rng.normal(0, 1.5, N),)],
    )
)

SQRT = register(
    Op(
        name="sqrt",
        grad_fn="SqrtBackward0",
        scalar=True,
        elementwise=True,
        floating=True,
        label="√",
        show="√({a})",
        what=Text(
            en="{out} is the number, never negative, whose square is {a}.",
            ja="{out} は、2 乗すると {a} になる 0 以上の数です。",
        ),
        forward=lambda xp, a: xp.sqrt(a),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a: xp.divide(g, 2.0 * out),
                local="1 / (2 * out)",
                why=Text(
                    en="The root flattens as it grows: its slope is 1 over twice {out}.",
                    ja="平方根は大きくなるほど緩やかで、傾きは 1 / (2 · {out}) です。",
                ),
            ),
        ),
        samples=lambda rng: [(rng.uniform(0.1, 5, N),)],
        domain=Text(en="A negative number has no real square root.", ja="負の数の平方根は実数になりません。"),
    )
)

ABS = register(
    Op(
        name="abs",
        grad_fn="AbsBackward0",
        scalar=True,
        elementwise=True,
        label="abs",
        show="|{a}|",
        what=Text(
            en="{out} is the size of {a}, whatever its sign.",
            ja="{out} は {a} の大きさです。符号は問いません。",
        ),
        forward=lambda xp, a: xp.absolute(a),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a: xp.where(a == a, g * xp.sign(a), 0.0),  # of nan 0, as in PyTorch
                local="sign(a)",
                why=Text(
                    en="{out} moves with {a} where {a} is positive, and against it where {a} is negative.",
                    ja="{out} は、{a} が正なら同じ向きに、負なら逆向きに動きます。",
                ),
            ),
        ),
        samples=lambda rng: [(_off_zero(rng),)],
        kink=lambda a: a == 0,
    )
)
