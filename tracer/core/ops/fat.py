"""Softmax, its logarithm, and the linear layer: one step each to a learner, and each also in smaller ops.

The rule of a fat op is the short formula of the literature; a test holds it equal to the composite's gradient. Second
derivatives and unfolding go through the composite.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tracer.core.op import Input, Op, Sample, register
from tracer.core.ops.narrow import rows_and_columns, whole_lines
from tracer.text import Text


def axis_of(a: Any, dim: int) -> int | tuple[()]:
    """`dim` for NumPy, which knows no axis 0 of an array without axes."""
    return dim if a.ndim else ()


def _along(rng: Any) -> Iterable[Sample]:
    return [
        Sample((rng.normal(0, 2, (3, 4)),), {"dim": 1}),
        Sample((rng.normal(0, 2, (3, 4)),), {"dim": 0}),
        Sample((rng.normal(0, 30, (5,)),), {"dim": 0}),
        Sample((rng.normal(0, 2, (2, 3, 2)),), {"dim": 1}),
    ]


def shifted_exp(xp: Any, a: Any, axis: Any) -> tuple[Any, Any, Any]:
    """a − max, its exponential and the sum of that along `axis`: no exponent is above 0, so nothing overflows."""
    shifted = a - a.max(axis=axis, keepdims=True)
    powers = xp.exp(shifted)
    return shifted, powers, powers.sum(axis=axis, keepdims=True)


def softmax_forward(xp: Any, a: Any, dim: int) -> Any:
    """exp(a) divided by its sum along `dim`, whatever the size of `a`."""
    if not a.size:
        return xp.zeros(a.shape, a.dtype)
    _, powers, total = shifted_exp(xp, a, axis_of(a, dim))
    return powers / total


def softmax_backward(xp: Any, g: Any, out: Any, dim: int) -> Any:
    """p · (g − Σ p g): what a softmax hands back, also inside attention."""
    return out * (g - (g * out).sum(axis=axis_of(out, dim), keepdims=True))


def _softmax_composite(F: Any, a: Any, *, dim: int) -> Any:
    powers = F.exp(a - F.amax(a, dim, keepdim=True).detach())
    return powers / F.sum(powers, dim, keepdim=True)


SOFTMAX = register(
    Op(
        name="softmax",
        narrow=whole_lines,
        grad_fn="SoftmaxBackward0",
        label="softmax",
        show="softmax({input}, dim={dim})",
        what=Text(
            en="Softmax turns the numbers of {input} along one axis into probabilities: each becomes e to its power, "
            "divided by the sum of all of them. They lie between 0 and 1 and add up to 1.",
            ja="softmax は {input} の一つの軸に並ぶ数を確率に変えます。それぞれを e の肩に乗せ、全部の和で割ります。"
            "結果は 0 から 1 の間で、合計は 1 です。",
        ),
        forward=lambda xp, input, *, dim: softmax_forward(xp, input, dim),
        inputs=(
            Input(
                "input",
                vjp=lambda xp, g, out, input, *, dim: softmax_backward(xp, g, out, dim),
                local="",
                needs=("out",),
                why=Text(
                    en="Raise one number of {input}: its own probability p rises by p · (1 − p) times as much, and "
                    "each other probability q falls by p · q times as much, for the sum must stay 1.",
                    ja="{input} の一つの数を増やすと、その確率 p は p · (1 − p) 倍だけ増え、ほかの確率 q はそれぞれ "
                    "p · q 倍だけ減ります。合計は 1 のままだからです。",
                ),
                back=Text(
                    en="The upstream gradients are averaged with the probabilities as weights; each number receives "
                    "its p times (its own upstream gradient − that average). What is the same for all cancels.",
                    ja="上流の勾配を確率で重み付けして平均します。各要素には p ×（自分の上流の勾配 − その平均）が"
                    "届きます。全体に共通な分は打ち消し合います。",
                ),
            ),
        ),
        samples=_along,
        composite=_softmax_composite,
    )
)


def log_softmax_forward(xp: Any, a: Any, dim: int) -> Any:
    """log softmax without ever taking the logarithm of a small number."""
    if not a.size:
        return xp.zeros(a.shape, a.dtype)
    shifted, _, total = shifted_exp(xp, a, axis_of(a, dim))
    return shifted - xp.log(total)


def _log_softmax_composite(F: Any, a: Any, *, dim: int) -> Any:
    shifted = a - F.amax(a, dim, keepdim=True).detach()
    return shifted - F.log(F.sum(F.exp(shifted), dim, keepdim=True))


LOG_SOFTMAX = register(
    Op(
        name="log_softmax",
        narrow=whole_lines,
        grad_fn="LogSoftmaxBackward0",
        label="log softmax",
        show="log_softmax({input}, dim={dim})",
        what=Text(
            en="The logarithm of softmax, in one step: each number of {input} minus the logarithm of the sum of all "
            "exponentials along the axis. No probability is so small that its logarithm is lost.",
            ja="softmax の対数を一度に求めます。{input} の各要素から、その軸に沿った指数の和の対数を引きます。"
            "どんなに小さい確率でも、対数が失われません。",
        ),
        forward=lambda xp, input, *, dim: log_softmax_forward(xp, input, dim),
        inputs=(
            Input(
                "input",
                vjp=lambda xp, g, out, input, *, dim: g - xp.exp(out) * g.sum(axis=axis_of(out, dim), keepdims=True),
                local="",
                needs=("out",),
                why=Text(
                    en="Raise one number of {input}: its own log-probability rises by 1 − p times as much, and every "
                    "other falls by p times as much, p being its probability.",
                    ja="{input} の一つの数を増やすと、その対数確率は 1 − p 倍だけ増え、ほかはすべて p 倍だけ"
                    "減ります。p はその数の確率です。",
                ),
                back=Text(
                    en="Each number receives its own upstream gradient, minus its probability times the sum of all "
                    "upstream gradients along the axis.",
                    ja="各要素には、自分の上流の勾配から「確率 × 軸に沿った上流の勾配の和」を引いたものが届きます。",
                ),
            ),
        ),
        samples=_along,
        composite=_log_softmax_composite,
    )
)


def _linear(xp: Any, x: Any, weight: Any, bias: Any = None) -> Any:
    """x @ weightᵀ + bias as one matrix product, whatever axes stand before the last."""
    out = xp.matmul(x.reshape(_rows(x.shape), x.shape[-1]), weight.T)
    if bias is not None:
        out += bias
    return out.reshape(*x.shape[:-1], weight.shape[0])


def _rows(shape: Sequence[int]) -> int:
    """How many rows a stack of vectors has: the product of all sizes but the last."""
    rows = 1
    for size in shape[:-1]:
        rows *= size
    return rows


def _linear_weight(xp: Any, g: Any, out: Any, x: Any, weight: Any, bias: Any = None) -> Any:
    rows = _rows(x.shape)
    return xp.matmul(xp.transpose(xp.reshape(g, (rows, weight.shape[0])), (1, 0)), xp.reshape(x, (rows, x.shape[-1])))


def _linear_input(xp: Any, g: Any, out: Any, x: Any, weight: Any, bias: Any = None) -> Any:
    return xp.reshape(xp.matmul(xp.reshape(g, (_rows(x.shape), weight.shape[0])), weight), tuple(x.shape))


def _linear_grad_fn(inputs: Sequence[Any], static: Mapping[str, Any]) -> str:
    axes, biased = len(inputs[0].shape), len(inputs) == 3
    if axes == 2:
        return "AddmmBackward0" if biased else "MmBackward0"
    if biased:
        return "ViewBackward0"
    return "SqueezeBackward4" if axes == 1 else "UnsafeViewBackward0"


def _linear_samples(rng: Any) -> Iterable[Sample]:
    for shape in ((2, 3), (3,), (2, 2, 3)):
        yield Sample((rng.normal(0, 1, shape), rng.normal(0, 1, (4, 3)), rng.normal(0, 1, (4,))))
        yield Sample((rng.normal(0, 1, shape), rng.normal(0, 1, (4, 3))))


def _linear_composite(F: Any, x: Any, weight: Any, bias: Any = None) -> Any:
    out = F.matmul(x, F.transpose(weight, 0, 1))
    return out if bias is None else out + bias


LINEAR = register(
    Op(
        name="linear",
        narrow=rows_and_columns,
        grad_fn=_linear_grad_fn,
        label="linear",
        show=lambda names, static: f"{names[0]} @ {names[1]}ᵀ" + (f" + {names[2]}" if len(names) > 2 else ""),
        what=Text(
            en="A linear layer: each output is a weighted sum of the numbers in the last axis of {input}. The weights "
            "of one output are one row of {weight}; a bias, where there is one, is added.",
            ja="線形層です。各出力は {input} の最後の軸に並ぶ数の重み付き和で、その重みが {weight} の一行です。"
            "バイアスがあれば足します。",
        ),
        forward=_linear,
        inputs=(
            Input(
                "input",
                vjp=_linear_input,
                local="",
                needs=("weight",),
                why=Text(
                    en="Nudge one number of {input}: every output of its row moves by the weight that joins the two.",
                    ja="{input} の一つの数を動かすと、同じ行のすべての出力が、両者を結ぶ重みの分だけ動きます。",
                ),
                back=Text(
                    en="The upstream gradient times {weight}: each input sums, over the outputs, upstream gradient × "
                    "the weight it was multiplied by.",
                    ja="上流の勾配と {weight} の行列積です。各入力は、すべての出力について「上流の勾配 × "
                    "掛けられた重み」を足し合わせます。",
                ),
            ),
            Input(
                "weight",
                vjp=_linear_weight,
                local="",
                needs=("input",),
                why=Text(
                    en="Nudge one weight: its output moves by the number of {input} that the weight multiplies, in "
                    "every row of the batch.",
                    ja="重みを一つ動かすと、その出力は、重みが掛かる {input} の値の分だけ動きます。"
                    "バッチのどの行でも同じです。",
                ),
                back=Text(
                    en="Upstream gradientᵀ times {input}: each weight's gradient is upstream gradient × input, summed "
                    "over the rows that used it (for one row, an outer product).",
                    ja="上流の勾配の転置と {input} の行列積です。各重みの勾配は「上流の勾配 × 入力」を、"
                    "その重みを使った行すべてで足したものです（1 行なら外積）。",
                ),
            ),
            Input(
                "bias",
                vjp=lambda xp, g, out, input, weight, bias: g,
                local="",
                needs=(),
                why=Text(
                    en="Nudge one bias, and its output moves by the same amount in every row.",
                    ja="バイアスを一つ動かすと、その出力はどの行でも同じだけ動きます。",
                ),
                back=Text(
                    en="One bias serves every row, so its gradient is the upstream gradient summed over the rows.",
                    ja="一つのバイアスがすべての行で使われるので、勾配は上流の勾配を行について足したものです。",
                ),
            ),
        ),
        samples=_linear_samples,
        composite=_linear_composite,
    )
)
