"""Ops that work on each element by itself. Each stands here once, with everything the program knows about it."""

from __future__ import annotations

from typing import Any

from tracer.core.op import Input, Op, register
from tracer.text import Text

N = 5  # sample length: enough to notice a rule that is right for one element only


def _pair(rng: Any) -> list[tuple[Any, ...]]:
    return [(rng.normal(0, 2, N), rng.normal(0, 2, N)), (rng.normal(0, 100, N), rng.normal(0, 0.01, N))]


def _off_zero(rng: Any, low: float = 0.2, high: float = 3.0) -> Any:
    return rng.uniform(low, high, N) * rng.choice([-1.0, 1.0], N)


ADD = register(
    Op(
        name="add",
        label="+",
        show="{a} + {b}",
        forward=lambda xp, a, b: a + b,
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, b: g,
                local="1",
                why=Text(
                    en="A sum passes every change straight on: nudge a, and out moves by the same amount.",
                    ja="足し算は変化をそのまま伝えます。a を動かした分だけ、out も動きます。",
                ),
            ),
            Input(
                "b",
                vjp=lambda xp, g, out, a, b: g,
                local="1",
                why=Text(
                    en="A sum passes every change straight on: nudge b, and out moves by the same amount.",
                    ja="足し算は変化をそのまま伝えます。b を動かした分だけ、out も動きます。",
                ),
            ),
        ),
        samples=_pair,
    )
)

SUB = register(
    Op(
        name="sub",
        label="−",
        show="{a} − {b}",
        forward=lambda xp, a, b: a - b,
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, b: g,
                local="1",
                why=Text(
                    en="Nudge a, and the difference moves by the same amount.",
                    ja="a を動かした分だけ、差 out も同じだけ動きます。",
                ),
            ),
            Input(
                "b",
                vjp=lambda xp, g, out, a, b: -g,
                local="-1",
                why=Text(
                    en="b is taken away, so out moves the opposite way by the same amount.",
                    ja="b は引かれる側なので、b を増やすと out は同じだけ減ります。",
                ),
            ),
        ),
        samples=_pair,
    )
)

MUL = register(
    Op(
        name="mul",
        label="×",
        show="{a} × {b}",
        forward=lambda xp, a, b: a * b,
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, b: g * b,
                local="b",
                why=Text(en="Nudging a moves out b times as much.", ja="a を少し動かすと、out はその b 倍動きます。"),
            ),
            Input(
                "b",
                vjp=lambda xp, g, out, a, b: g * a,
                local="a",
                why=Text(en="Nudging b moves out a times as much.", ja="b を少し動かすと、out はその a 倍動きます。"),
            ),
        ),
        samples=_pair,
    )
)

DIV = register(
    Op(
        name="div",
        label="÷",
        show="{a} / {b}",
        forward=lambda xp, a, b: xp.divide(a, b),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, b: xp.divide(g, b),
                local="1 / b",
                why=Text(
                    en="Nudging a moves the quotient by one b-th of that.", ja="a を少し動かすと、商 out はその 1/b 倍動きます。"
                ),
            ),
            Input(
                "b",
                vjp=lambda xp, g, out, a, b: -g * xp.divide(out, b),
                local="-out / b",
                why=Text(
                    en="A larger divisor makes the quotient smaller: by out / b for each unit of b.",
                    ja="割る数 b が大きくなると商は小さくなります。b が 1 増えるごとに out / b の割合で減ります。",
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
        label="^",
        show="{a} ^ {b}",
        forward=lambda xp, a, b: xp.power(a, b),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, b: g * (b * xp.power(a, b - 1)),
                local="b * a^(b - 1)",
                why=Text(
                    en="The power rule: the exponent comes down in front, and the power drops by one.",
                    ja="べき乗の微分です。指数 b が前に下り、指数は 1 減ります。",
                ),
            ),
            Input(
                "b",
                # 0^b stays 0 for every b > 0, so its slope there is 0 and not 0 · log 0
                vjp=lambda xp, g, out, a, b: g * xp.where((a == 0) & (b > 0), 0.0, out * xp.log(a)),
                local="out * log(a)",
                why=Text(
                    en="Growth in the exponent is proportional to the result itself, times log a.",
                    ja="指数 b を動かしたときの変化は、out 自身に log a を掛けたものです。",
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
        label="−",
        show="−{a}",
        forward=lambda xp, a: -a,
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a: -g,
                local="-1",
                why=Text(
                    en="A minus sign turns every change around.", ja="マイナスは変化の向きを逆にします。"
                ),
            ),
        ),
        samples=lambda rng: [(rng.normal(0, 2, N),)],
    )
)

EXP = register(
    Op(
        name="exp",
        label="exp",
        show="exp({a})",
        forward=lambda xp, a: xp.exp(a),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a: g * out,
                local="out",
                why=Text(
                    en="exp is its own slope: out grows in proportion to itself.",
                    ja="exp の傾きは exp 自身です。out の値がそのまま変化率になります。",
                ),
            ),
        ),
        samples=lambda rng: [(rng.normal(0, 1.5, N),)],
        domain=Text(en="Above about 709.8, exp is larger than any float.", ja="入力が約 709.8 を超えると、exp は浮動小数点数の範囲をあふれます。"),
    )
)

LOG = register(
    Op(
        name="log",
        label="log",
        show="log({a})",
        forward=lambda xp, a: xp.log(a),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a: xp.divide(g, a),
                local="1 / a",
                why=Text(
                    en="The logarithm is steep near zero and flat far out: its slope is 1 / a.",
                    ja="対数は 0 の近くで急、遠くで緩やかです。傾きは 1 / a です。",
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
        label="relu",
        show="relu({a})",
        # a compare keeps nan, as PyTorch does: nan < 0 is false
        forward=lambda xp, a: xp.where(a < 0, 0.0, a),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a: xp.where(a > 0, g, 0.0),
                local="step(a)",
                why=Text(
                    en="A gate: open for a > 0, where the gradient passes unchanged; closed otherwise, where it stops.",
                    ja="ゲートの役をします。a > 0 なら開いて勾配をそのまま通し、それ以外では閉じて止めます。",
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
        label="tanh",
        show="tanh({a})",
        forward=lambda xp, a: xp.tanh(a),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a: g * (1.0 - out * out),
                local="1 - out^2",
                why=Text(
                    en="Steepest (1) in the middle; flat where tanh saturates near -1 or 1.",
                    ja="中央で最も急（傾き 1）で、±1 に近づいて飽和すると平らになります。",
                ),
            ),
        ),
        samples=lambda rng: [(rng.normal(0, 1, N),)],
    )
)

SIGMOID = register(
    Op(
        name="sigmoid",
        label="σ",
        show="σ({a})",
        forward=lambda xp, a: xp.divide(1.0, 1.0 + xp.exp(-a)),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a: g * (out * (1.0 - out)),
                local="out * (1 - out)",
                why=Text(
                    en="At most 1/4, in the middle; near 0 where the sigmoid saturates.",
                    ja="傾きは中央で最大 1/4、0 や 1 に近づいて飽和するとほぼ 0 になります。",
                ),
            ),
        ),
        samples=lambda rng: [(rng.normal(0, 1.5, N),)],
    )
)

SQRT = register(
    Op(
        name="sqrt",
        label="√",
        show="√({a})",
        forward=lambda xp, a: xp.sqrt(a),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a: xp.divide(g, 2.0 * out),
                local="1 / (2 * out)",
                why=Text(
                    en="The root flattens as it grows: its slope is one over twice the root.",
                    ja="平方根は大きくなるほど緩やかで、傾きは 1 / (2√a) です。",
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
        label="abs",
        show="|{a}|",
        forward=lambda xp, a: xp.absolute(a),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a: g * xp.sign(a),
                local="sign(a)",
                why=Text(
                    en="The size moves with a when a is positive, against it when a is negative.",
                    ja="a が正なら同じ向きに、負なら逆向きに動きます。",
                ),
            ),
        ),
        samples=lambda rng: [(_off_zero(rng),)],
        kink=lambda a: a == 0,
    )
)
