"""The gates between layers. relu, tanh and sigmoid stand with the scalar ops in `elementwise`; here are the rest."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tracer.core.backend import erf
from tracer.core.op import Input, Op, Sample, register
from tracer.core.ops import opened_choices
from tracer.text import Text

N = 5
_PHI = 1 / math.sqrt(2 * math.pi)  # the bell curve at 0
_HALF_ROOT = math.sqrt(0.5)
_TANH_SCALE, _TANH_CUBE = math.sqrt(2 / math.pi), 0.044715


def sigmoid(xp: Any, a: Any) -> Any:
    """1 / (1 + e^−a); e^−a may overflow, and the quotient is then the right 0."""
    return xp.divide(1.0, 1.0 + xp.exp(-a))


def _off_zero(rng: Any, low: float = 0.2, high: float = 3.0) -> Any:
    return rng.uniform(low, high, N) * rng.choice([-1.0, 1.0], N)


LEAKY_RELU = register(
    Op(
        name="leaky_relu",
        steps=opened_choices.leaky_relu,
        grad_fn="LeakyReluBackward0",
        elementwise=True,
        label="leaky relu",
        show="leaky_relu({input}, {negative_slope})",
        what=Text(
            en="A relu that leaks: a positive number stays, any other is made small (times the slope) instead of 0.",
            ja="少しだけ漏らす relu です。正の数はそのまま残し、それ以外は 0 にせず、傾きを掛けて小さくします。",
        ),
        forward=lambda xp, input, *, negative_slope: xp.where(input > 0, input, input * negative_slope),
        inputs=(
            Input(
                "input",
                vjp=lambda xp, g, out, input, *, negative_slope: xp.where(input > 0, g, g * negative_slope),
                local="",
                needs=("input",),
                why=Text(
                    en="Where {input} is positive, {out} moves as far; elsewhere by the small slope times as much.",
                    ja="{input} が正なら {out} は同じだけ動き、そうでなければ小さな傾きの分だけ動きます。",
                ),
                back=Text(
                    en="The gradient passes where {input} is positive; elsewhere a small part of it still gets "
                    "through, so that no neuron is ever dead.",
                    ja="{input} が正なら勾配はそのまま通り、そうでなくても少しは通ります。"
                    "そのためニューロンが死ぬことはありません。",
                ),
            ),
        ),
        samples=lambda rng: [
            Sample((_off_zero(rng),), {"negative_slope": 0.01}),
            Sample((_off_zero(rng),), {"negative_slope": 0.5}),
        ],
        kink=lambda input, *, negative_slope=0.01: input == 0,
    )
)


def _elu(xp: Any, a: Any, *, alpha: float, scale: float, input_scale: float) -> Any:
    below = xp.where(a <= 0, a, 0.0)  # keeps exp from overflowing where its result is not used
    return xp.where(a <= 0, xp.expm1(below * input_scale) * (alpha * scale), a * scale)


def _elu_vjp(xp: Any, g: Any, out: Any, a: Any, *, alpha: float, scale: float, input_scale: float) -> Any:
    below = xp.where(a <= 0, a, 0.0)
    return xp.where(a <= 0, g * xp.exp(below * input_scale) * (input_scale * alpha * scale), g * scale)


ELU = register(
    Op(
        name="elu",
        steps=opened_choices.elu,
        grad_fn="EluBackward0",
        elementwise=True,
        label="elu",
        show="elu({input})",
        what=Text(
            en="Like relu for positive numbers; negative ones bend smoothly towards a floor, alpha · (e^{input} − 1).",
            ja="正の数では relu と同じです。負の数は alpha · (e^{input} − 1) に沿って、なめらかに下限へ近づきます。",
        ),
        forward=_elu,
        inputs=(
            Input(
                "input",
                vjp=_elu_vjp,
                local="",
                needs=("input",),
                why=Text(
                    en="Where {input} is positive, {out} moves along with it; below 0 the slope fades like e^{input}.",
                    ja="{input} が正なら {out} は同じだけ動きます。"
                    "0 より下では、傾きが e^{input} に比例して小さくなります。",
                ),
                back=Text(
                    en="Where {input} is positive the gradient passes; elsewhere it gets the factor alpha · e^{input}.",
                    ja="{input} が正なら勾配はそのまま通り、そうでなければ alpha · e^{input} が掛かります。",
                ),
            ),
        ),
        samples=lambda rng: [
            Sample((_off_zero(rng),), {"alpha": 1.0, "scale": 1.0, "input_scale": 1.0}),
            Sample((_off_zero(rng),), {"alpha": 0.7, "scale": 1.3, "input_scale": 0.5}),
        ],
        kink=lambda input, **_: input == 0,
    )
)


def _gelu(xp: Any, a: Any, *, approximate: str) -> tuple[Any, dict[str, Any]]:
    """a times a gate, which is kept: the normal distribution's share below a, or its approximation by tanh."""
    if approximate == "tanh":
        gate = 0.5 * (1.0 + xp.tanh(_TANH_SCALE * (a + _TANH_CUBE * (a * a * a))))
    else:
        gate = 0.5 * (1.0 + erf(xp, a * _HALF_ROOT))
    return a * gate, {"gate": gate}


def _gelu_vjp(xp: Any, g: Any, out: Any, a: Any, *, approximate: str, gate: Any) -> Any:
    if approximate == "tanh":
        inner = _TANH_SCALE * (1.0 + 3 * _TANH_CUBE * (a * a))
        return g * (gate + a * (2.0 * gate * (1.0 - gate)) * inner)
    return g * (gate + a * (_PHI * xp.exp(-0.5 * (a * a))))


def _gelu_composite(F: Any, a: Any, *, approximate: str) -> Any:
    if approximate == "tanh":
        return a * (F.tanh((a + a**3 * _TANH_CUBE) * _TANH_SCALE) + 1.0) * 0.5
    return a * (F.erf(a * _HALF_ROOT) + 1.0) * 0.5


def _gelu_show(names: Sequence[str], static: Mapping[str, Any]) -> str:
    tanh = static.get("approximate") == "tanh"
    return f"gelu({names[0]}, approximate='tanh')" if tanh else f"gelu({names[0]})"


def _two_gelus(rng: Any) -> Iterable[Sample]:
    for approximate in ("none", "tanh"):
        yield Sample((rng.normal(0, 2, N),), {"approximate": approximate})


GELU = register(
    Op(
        name="gelu",
        grad_fn="GeluBackward0",
        elementwise=True,
        label="gelu",
        show=_gelu_show,
        what=Text(
            en="A soft relu: {input} times the share of a bell curve that lies below it. Large numbers pass, strongly "
            "negative ones become almost 0, and in between the gate opens smoothly.",
            ja="なめらかな relu です。{input} に、釣鐘型の正規分布でそれより下にある割合を掛けます。"
            "大きな数は通り、大きな負の数はほぼ 0 になり、その間ではゲートが少しずつ開きます。",
        ),
        forward=_gelu,
        inputs=(
            Input(
                "input",
                vjp=_gelu_vjp,
                local="",
                needs=("input",),
                why=Text(
                    en="Nudging {input} moves {out} twice: through the factor {input}, and by opening the gate wider.",
                    ja="{input} を動かすと、{out} は二通りに動きます。掛け算の {input} を通じて、"
                    "そしてゲートの開き方が変わることによってです。",
                ),
                back=Text(
                    en="The gradient is multiplied by gate + {input} × the gate's slope: near 1 for large {input}, "
                    "near 0 for strongly negative, and for some negative numbers slightly below 0.",
                    ja="勾配には「ゲート + {input} × ゲートの傾き」が掛かります。{input} が大きければほぼ 1、"
                    "大きな負ならほぼ 0 で、一部の負の数では 0 を少し下回ります。",
                ),
            ),
        ),
        samples=_two_gelus,
        saves=("gate",),
        composite=_gelu_composite,
    )
)

SILU = register(
    Op(
        name="silu",
        grad_fn="SiluBackward0",
        elementwise=True,
        label="silu",
        show="silu({input})",
        what=Text(
            en="A number times its own sigmoid: the sigmoid is a gate that each number opens for itself.",
            ja="数に、それ自身のシグモイドを掛けます。シグモイドが、それぞれの数が自分で開くゲートになります。",
        ),
        forward=lambda xp, input: input * sigmoid(xp, input),
        inputs=(
            Input(
                "input",
                vjp=lambda xp, g, out, input: g * (sigmoid(xp, input) * (1.0 + input * (1.0 - sigmoid(xp, input)))),
                local="sigmoid(input) * (1 + input * (1 - sigmoid(input)))",
                why=Text(
                    en="Nudging {input} moves {out} twice: through the factor {input}, and by opening the gate wider.",
                    ja="{input} を動かすと、{out} は二通りに動きます。掛け算の {input} を通じて、"
                    "そしてゲートの開き方が変わることによってです。",
                ),
            ),
        ),
        samples=lambda rng: [(rng.normal(0, 2, N),)],
        composite=lambda F, input: input * F.sigmoid(input),
    )
)


def _softplus(xp: Any, a: Any, *, beta: float, threshold: float) -> Any:
    steep = a * beta
    straight = steep > threshold
    return xp.where(straight, a, xp.log1p(xp.exp(xp.where(straight, 0.0, steep))) / beta)


SOFTPLUS = register(
    Op(
        name="softplus",
        steps=opened_choices.softplus,
        grad_fn="SoftplusBackward0",
        elementwise=True,
        label="softplus",
        show="softplus({input})",
        what=Text(
            en="A relu with its corner rounded off: log(1 + e^{input}), always above 0.",
            ja="角を丸めた relu です。log(1 + e^{input}) で、つねに 0 より大きくなります。",
        ),
        forward=_softplus,
        inputs=(
            Input(
                "input",
                # past the threshold the forward step is the identity, and so is the rule
                vjp=lambda xp, g, out, input, *, beta, threshold: xp.where(
                    input * beta > threshold, g, g * sigmoid(xp, input * beta)
                ),
                local="",
                needs=("input",),
                why=Text(
                    en="The slope is the sigmoid of {input}: almost 0 far below zero, 1/2 at zero, almost 1 far above.",
                    ja="傾きは {input} のシグモイドです。0 よりずっと下ではほぼ 0、0 で 1/2、ずっと上ではほぼ 1 です。",
                ),
                back=Text(
                    en="The gradient is multiplied by the sigmoid of {input}.",
                    ja="勾配には {input} のシグモイドが掛かります。",
                ),
            ),
        ),
        samples=lambda rng: [
            Sample((rng.normal(0, 2, N),), {"beta": 1.0, "threshold": 20.0}),
            Sample((rng.normal(0, 2, N),), {"beta": 2.5, "threshold": 20.0}),
        ],
    )
)
