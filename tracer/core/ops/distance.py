"""Losses that measure how far a prediction is from a number: squared, absolute, and mixtures; and for probabilities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tracer.core.op import JOINT, Input, Op, Sample, register
from tracer.core.ops import opened_losses
from tracer.core.ops.activation import sigmoid
from tracer.text import Text

N = 5
_WEIGHT = Text(
    en="{weight} sets how much each element counts. It is a setting: no gradient flows to it.",
    ja="{weight} は各要素の重要度を決める設定です。勾配は流れません。",
)


def _reduced(xp: Any, elements: Any, reduction: str) -> Any:
    if reduction == "none":
        return elements
    total = xp.sum(elements)
    return total / elements.size if reduction == "mean" else total  # nothing has no mean: nan, without a warning


def _each(g: Any, size: int, reduction: str) -> Any:
    """What arrives at each element: of a mean, one part in `size`."""
    return g / max(size, 1) if reduction == "mean" else g


def _count(*operands: Any) -> int:
    """Elements of what the operands broadcast to."""
    shapes = [tuple(x.shape) for x in operands if x is not None and hasattr(x, "shape")]
    ndim = max(len(shape) for shape in shapes)
    full = [(1,) * (ndim - len(shape)) + shape for shape in shapes]
    count = 1
    for sizes in zip(*full, strict=True):
        count *= 0 if 0 in sizes else max(sizes)
    return count


def _shown(name: str) -> Any:
    def show(names: Sequence[str], static: Mapping[str, Any]) -> str:
        reduction = static.get("reduction", "mean")
        more = f", reduction={reduction!r}" if reduction != "mean" else ""
        return f"{name}({names[0]}, {names[1]}{more})"

    return show


def _pairs(rng: Any) -> Iterable[tuple[Any, Any, str]]:
    for reduction in ("mean", "sum", "none"):
        yield rng.normal(0, 2, (2, 3)), rng.normal(0, 2, (2, 3)), reduction
    yield rng.normal(0, 2, (2, 3)), rng.normal(0, 2, (3,)), "mean"


def _both_ways(rule: Any) -> Any:
    """A joint rule for losses of `input − target`: the target receives what the input does, with the sign turned."""

    def joint(
        xp: Any, g: Any, out: Any, a: Any, target: Any, *, wanted: tuple[bool, ...], reduction: str, **static: Any
    ) -> tuple[Any, Any]:
        apart = a - target
        found = _each(g, _count(apart), reduction) * rule(xp, apart, **static)
        return found if wanted[0] else None, -found if wanted[1] else None

    return joint


def _predicted(why: Text, back: Text) -> tuple[Input, Input]:
    """The two inputs of a loss of `input − target`."""
    return (
        Input("input", vjp=JOINT, local="", why=why, back=back),
        Input(
            "target",
            vjp=JOINT,
            local="",
            why=Text(
                en="Moving the target is like moving the prediction the other way.",
                ja="目標を動かすのは、予測を逆向きに動かすのと同じです。",
            ),
            back=Text(
                en="What {input} receives, with the sign turned. (Targets rarely ask for a gradient.)",
                ja="{input} に届く勾配の符号を変えたものです（目標が勾配を求めることは、めったにありません）。",
            ),
        ),
    )


def _mse_composite(F: Any, a: Any, target: Any, *, reduction: str) -> Any:
    squares = (a - target) ** 2
    return squares if reduction == "none" else getattr(F, reduction)(squares)


MSE_LOSS = register(
    Op(
        name="mse_loss",
        grad_fn="MseLossBackward0",
        label="mse",
        show=_shown("mse_loss"),
        what=Text(
            en="Squared error: how far each number of {input} is from {target}, squared, and averaged (or as reduction "
            "says). A miss twice as far costs four times as much.",
            ja="二乗誤差です。{input} の各要素と {target} の差を 2 乗し、平均します（reduction で変えられます）。"
            "2 倍外れると、損失は 4 倍になります。",
        ),
        forward=lambda xp, input, target, *, reduction: _reduced(xp, (input - target) ** 2, reduction),
        inputs=_predicted(
            Text(
                en="Nudge one prediction: the loss moves by twice its error (divided by the count, for a mean).",
                ja="予測を一つ動かすと、損失はその誤差の 2 倍だけ動きます（平均なら要素数で割ります）。",
            ),
            Text(
                en="Twice the error, 2 · ({input} − {target}), times the upstream gradient; a mean divides by the "
                "count.",
                ja="誤差の 2 倍、2 · ({input} − {target}) に上流の勾配を掛けます。平均なら要素数で割ります。",
            ),
        ),
        joint_vjp=_both_ways(lambda xp, apart: 2.0 * apart),
        needs=("input", "target"),
        samples=lambda rng: [Sample((a, t), {"reduction": r}) for a, t, r in _pairs(rng)],
        composite=_mse_composite,
    )
)


def _smooth_l1(xp: Any, a: Any, target: Any, *, reduction: str, beta: float) -> Any:
    size = xp.absolute(a - target)
    return _reduced(xp, xp.where(size < beta, 0.5 * size * size / beta, size - 0.5 * beta), reduction)


def _huber(xp: Any, a: Any, target: Any, *, reduction: str, delta: float) -> Any:
    size = xp.absolute(a - target)
    return _reduced(xp, xp.where(size <= delta, 0.5 * size * size, delta * (size - 0.5 * delta)), reduction)


SMOOTH_L1_LOSS = register(
    Op(
        name="smooth_l1_loss",
        steps=opened_losses.smooth_l1_loss,
        grad_fn="SmoothL1LossBackward0",
        label="smooth l1",
        show=_shown("smooth_l1_loss"),
        what=Text(
            en="Squares small errors and takes the size of large ones, so that one wild target cannot rule the rest.",
            ja="小さな誤差は 2 乗し、大きな誤差は絶対値で測ります。極端な目標が一つあっても、全体が振り回されません。",
        ),
        forward=_smooth_l1,
        inputs=_predicted(
            Text(
                en="Near the target the loss moves by the error / beta; farther away by 1, however far.",
                ja="目標の近くでは損失は誤差 / beta の分だけ動き、遠くでは、どれだけ離れていても 1 の割合で動きます。",
            ),
            Text(
                en="The error / beta, cut off at −1 and 1, times the upstream gradient.",
                ja="誤差 / beta を −1 から 1 の範囲に切り詰め、上流の勾配を掛けます。",
            ),
        ),
        joint_vjp=_both_ways(
            lambda xp, apart, *, beta: xp.where(xp.absolute(apart) < beta, apart / beta, xp.sign(apart))
        ),
        needs=("input", "target"),
        samples=lambda rng: [Sample((a, t), {"reduction": r, "beta": 0.8}) for a, t, r in _pairs(rng)],
    )
)

HUBER_LOSS = register(
    Op(
        name="huber_loss",
        steps=opened_losses.huber_loss,
        grad_fn="HuberLossBackward0",
        label="huber",
        show=_shown("huber_loss"),
        what=Text(
            en="Squares errors up to delta and grows in a straight line beyond, with no corner between the two.",
            ja="delta までの誤差は 2 乗し、それを超えると直線的に増やします。つなぎ目に角はありません。",
        ),
        forward=_huber,
        inputs=_predicted(
            Text(
                en="Near the target the loss moves by the error; beyond delta by delta, however far.",
                ja="目標の近くでは損失は誤差の分だけ動き、delta を超えると、"
                "どれだけ離れていても delta の割合で動きます。",
            ),
            Text(
                en="The error, cut off at −delta and delta, times the upstream gradient.",
                ja="誤差を −delta から delta の範囲に切り詰め、上流の勾配を掛けます。",
            ),
        ),
        joint_vjp=_both_ways(
            lambda xp, apart, *, delta: xp.where(xp.absolute(apart) <= delta, apart, delta * xp.sign(apart))
        ),
        needs=("input", "target"),
        samples=lambda rng: [Sample((a, t), {"reduction": r, "delta": 0.8}) for a, t, r in _pairs(rng)],
    )
)

_LEAST = -100.0
"""Where PyTorch cuts off the logarithm of a probability, so that a probability of 0 costs 100 and not infinity."""
_NARROWEST = 9.999999960041972e-13
"""The least p · (1 − p) that a gradient is divided by: 10⁻¹² as PyTorch's float32 holds it."""


def _bce(xp: Any, a: Any, target: Any, weight: Any = 1.0, *, reduction: str) -> Any:
    right, wrong = xp.maximum(xp.log(a), _LEAST), xp.maximum(xp.log1p(-a), _LEAST)
    return _reduced(xp, ((target - 1.0) * wrong - target * right) * weight, reduction)


def _bce_input(xp: Any, g: Any, out: Any, a: Any, target: Any, weight: Any = 1.0, *, reduction: str) -> Any:
    each = _each(g, _count(a, target, weight), reduction) * weight
    return xp.divide(each * (a - target), xp.maximum(a * (1.0 - a), _NARROWEST))


def _bce_target(xp: Any, g: Any, out: Any, a: Any, target: Any, weight: Any = 1.0, *, reduction: str) -> Any:
    each = _each(g, _count(a, target, weight), reduction) * weight
    return each * (xp.log1p(-a) - xp.log(a))


def _bce_samples(rng: Any) -> Iterable[Sample]:
    for reduction in ("mean", "sum", "none"):
        pair = (rng.uniform(0.1, 0.9, (2, 3)), rng.uniform(0.1, 0.9, (2, 3)))
        yield Sample(pair, {"reduction": reduction})
        yield Sample((*pair, rng.uniform(0.5, 2, (3,))), {"reduction": reduction})


BINARY_CROSS_ENTROPY = register(
    Op(
        name="binary_cross_entropy",
        steps=opened_losses.binary_cross_entropy,
        unfolds="elements",
        grad_fn="BinaryCrossEntropyBackward0",
        label="bce",
        show=_shown("binary_cross_entropy"),
        what=Text(
            en="Cross-entropy of yes and no: −log of the probability {input} where {target} is 1, −log of 1 − {input} "
            "where it is 0, averaged.",
            ja="「はい」か「いいえ」の交差エントロピーです。{target} が 1 なら確率 {input} の −log、"
            "0 なら 1 − {input} の −log を取り、平均します。",
        ),
        forward=_bce,
        inputs=(
            Input(
                "input",
                vjp=_bce_input,
                local="",
                needs=("input", "target", "weight"),
                why=Text(
                    en="Raise a probability: the loss falls by 1 / p where yes was right, and rises by 1 / (1 − p) "
                    "where no was.",
                    ja="確率 p を増やすと、正解が「はい」なら損失は 1 / p の割合で減り、「いいえ」なら 1 / (1 − p) の"
                    "割合で増えます。",
                ),
                back=Text(
                    en="({input} − {target}) / (p · (1 − p)) with p = {input}, times the upstream gradient: huge where "
                    "a sure answer is wrong.",
                    ja="p = {input} として ({input} − {target}) / (p · (1 − p)) に上流の勾配を掛けます。"
                    "自信のある誤答では非常に大きくなります。",
                ),
            ),
            Input(
                "target",
                vjp=_bce_target,
                local="",
                needs=("input", "target", "weight"),
                why=Text(
                    en="The loss moves with the target by log(1 − p) − log(p), p being {input}.",
                    ja="p = {input} とすると、目標に対する損失の変化率は log(1 − p) − log(p) です。",
                ),
                back=Text(
                    en="log(1 − p) − log(p) times the upstream gradient. (Targets rarely ask for a gradient.)",
                    ja="log(1 − p) − log(p) に上流の勾配を掛けます（目標が勾配を求めることは、めったにありません）。",
                ),
            ),
            Input("weight", vjp=None, local="", why=_WEIGHT),
        ),
        samples=_bce_samples,
        domain=Text(en="Probabilities lie between 0 and 1.", ja="確率は 0 から 1 の間の数です。"),
    )
)


def _steeper(a: Any, target: Any, pos_weight: Any) -> Any:
    """How much each element's logarithm counts: 1, or 1 + (pos_weight − 1) · target."""
    return 1.0 if pos_weight is None else 1.0 + (pos_weight - 1.0) * target


def _softplus_down(xp: Any, a: Any) -> Any:
    """log(1 + e^−a) without overflow."""
    return xp.log1p(xp.exp(-xp.absolute(a))) + xp.maximum(-a, 0.0)


def _logits(xp: Any, a: Any, target: Any, weight: Any = 1.0, pos_weight: Any = None, *, reduction: str) -> Any:
    elements = (1.0 - target) * a + _steeper(a, target, pos_weight) * _softplus_down(xp, a)
    return _reduced(xp, elements * weight, reduction)


def _logits_input(
    xp: Any, g: Any, out: Any, a: Any, target: Any, weight: Any = 1.0, pos_weight: Any = None, *, reduction: str
) -> Any:
    each = _each(g, _count(a, target, weight, pos_weight), reduction) * weight
    if pos_weight is None:
        return each * (sigmoid(xp, a) - target)
    return each * ((1.0 - target) - _steeper(a, target, pos_weight) * sigmoid(xp, -a))


def _logits_target(
    xp: Any, g: Any, out: Any, a: Any, target: Any, weight: Any = 1.0, pos_weight: Any = None, *, reduction: str
) -> Any:
    each = _each(g, _count(a, target, weight, pos_weight), reduction) * weight
    return each * (-a if pos_weight is None else (pos_weight - 1.0) * _softplus_down(xp, a) - a)


def _logits_samples(rng: Any) -> Iterable[Sample]:
    for reduction in ("mean", "sum", "none"):
        pair = (rng.normal(0, 2, (2, 3)), rng.uniform(0, 1, (2, 3)))
        yield Sample(pair, {"reduction": reduction})
        yield Sample((*pair, rng.uniform(0.5, 2, (2, 1)), rng.uniform(0.5, 2, (3,))), {"reduction": reduction})


def _logits_composite(F: Any, a: Any, target: Any, weight: Any = 1.0, pos_weight: Any = None, *, reduction: str) -> Any:
    size = F.where(a < 0, -a, a)  # not abs, whose slope at 0 is 0: here the slope from above is the right one
    down = F.log1p(F.exp(-size)) + F.relu(-a)  # −log σ(a)
    elements = (1.0 - target) * a + (down if pos_weight is None else _steeper(a, target, pos_weight) * down)
    elements = elements * weight if hasattr(weight, "shape") else elements
    return elements if reduction == "none" else getattr(F, reduction)(elements)


BINARY_CROSS_ENTROPY_WITH_LOGITS = register(
    Op(
        name="binary_cross_entropy_with_logits",
        grad_fn="BinaryCrossEntropyWithLogitsBackward0",
        label="bce σ",
        show=_shown("binary_cross_entropy_with_logits"),
        what=Text(
            en="Cross-entropy of yes and no from raw scores: the sigmoid turns {input} into a probability, and the "
            "loss is −log of what the right answer got. In one step, so that no logarithm of 0 can arise.",
            ja="生のスコアから求める「はい」か「いいえ」の交差エントロピーです。シグモイドで {input} を確率に変え、"
            "正解に与えられた確率の −log を取ります。一度に計算するので、0 の対数は現れません。",
        ),
        forward=_logits,
        inputs=(
            Input(
                "input",
                vjp=_logits_input,
                local="",
                needs=("input", "target", "weight", "pos_weight"),
                why=Text(
                    en="Raise one score: the loss moves by its probability minus the target (divided by the count, "
                    "for a mean).",
                    ja="スコアを一つ増やすと、損失は「確率 − 目標」の分だけ動きます（平均なら要素数で割ります）。",
                ),
                back=Text(
                    en="Probability minus target, σ({input}) − {target}, times the upstream gradient; a mean divides "
                    "by the count.",
                    ja="確率から目標を引いたもの、σ({input}) − {target} に上流の勾配を掛けます。"
                    "平均なら要素数で割ります。",
                ),
            ),
            Input(
                "target",
                vjp=_logits_target,
                local="",
                needs=("input", "target", "weight", "pos_weight"),
                why=Text(
                    en="The loss falls as the target rises wherever the score {input} is positive.",
                    ja="スコア {input} が正のところでは、目標が増えると損失は減ります。",
                ),
                back=Text(
                    en="−{input} times the upstream gradient. (Targets rarely ask for a gradient.)",
                    ja="−{input} に上流の勾配を掛けます（目標が勾配を求めることは、めったにありません）。",
                ),
            ),
            Input("weight", vjp=None, local="", why=_WEIGHT),
            Input(
                "pos_weight",
                vjp=None,
                local="",
                why=Text(
                    en="{pos_weight} sets how much a yes counts. It is a setting: no gradient flows to it.",
                    ja="{pos_weight} は「はい」の重要度を決める設定です。勾配は流れません。",
                ),
            ),
        ),
        samples=_logits_samples,
        composite=_logits_composite,
    )
)
