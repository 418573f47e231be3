"""Losses of a classifier: cross-entropy from raw scores, and the negative log-likelihood of log-probabilities.

A target is a class index a row; `ignore_index` marks rows that do not count. With reduction "mean" the sum is divided
by the weight of the rows that count, as PyTorch divides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tracer.core.array import as_float, put
from tracer.core.backend import namespace
from tracer.core.op import Input, Op, Sample, register
from tracer.core.ops import opened_losses
from tracer.core.ops.fat import shifted_exp
from tracer.text import Text

NO_GRADIENT = Text(
    en="{target} says which answer is right. It is a choice, not an amount: there is nothing to nudge.",
    ja="{target} は正解がどれかを表します。量ではなく選択なので、少し動かすということがありません。",
)
WEIGHTS = Text(
    en="{weight} sets how much each class counts. It is a setting: no gradient flows to it.",
    ja="{weight} は各クラスの重要度を決める設定です。勾配は流れません。",
)


def class_axis(ndim: int) -> int:
    """Where classes lie: (C,), (N, C), (N, C, d1, ...)."""
    return 1 if ndim > 1 else 0


def at_targets(xp: Any, labels: Any) -> tuple[Any, ...]:
    """The index that picks, from (N, C, d1, ...), each row's number at its label; labels are (N, d1, ...)."""
    if not labels.ndim:
        return (labels,)
    rows, *others = (
        xp.arange(n).reshape((1,) * i + (n,) + (1,) * (labels.ndim - i - 1)) for i, n in enumerate(labels.shape)
    )
    return (rows, labels, *others)


def counted(xp: Any, target: Any, weight: Any, ignore_index: int, dtype: Any) -> tuple[Any, Any, Any]:
    """(labels with ignored ones set to 0, which rows count, the weight of each row: 0 for ignored ones)."""
    kept = target != ignore_index
    labels = xp.where(kept, target, 0)
    share = kept.astype(dtype)
    return labels, kept, share if weight is None else share * weight[labels]


def reduced(xp: Any, rows: Any, share: Any, reduction: str) -> Any:
    """Losses of the rows brought together."""
    if reduction == "none":
        return rows
    total = xp.sum(rows)
    return total / xp.sum(share) if reduction == "mean" else total


def _nll(xp: Any, logs: Any, target: Any, weight: Any = None, *, reduction: str, ignore_index: int) -> Any:
    labels, kept, share = counted(xp, target, weight, ignore_index, logs.dtype)
    return reduced(xp, xp.where(kept, -logs[at_targets(xp, labels)] * share, 0), share, reduction)


def _nll_vjp(
    xp: Any, g: Any, out: Any, logs: Any, target: Any, weight: Any = None, *, reduction: str, ignore_index: int
) -> Any:
    plain = getattr(target, "_array", target)
    weights = getattr(weight, "_array", weight)
    arrays = namespace(plain)
    labels, kept, share = counted(arrays, plain, weights, ignore_index, getattr(logs.dtype, "numpy", logs.dtype))
    if reduction == "mean":
        share = arrays.where(kept, share / arrays.sum(share), 0).astype(share.dtype)  # 0 also where no row counts
    # one number a row, times g: a number for "mean" and "sum", (N, d1, ...) for "none"
    return put(xp, tuple(logs.shape), at_targets(arrays, labels), -g * as_float(xp, share, logs))


def _per_class(name: str) -> Any:
    """grad_fn as PyTorch names it: with axes behind the classes it runs another kernel."""

    def named(inputs: Sequence[Any], static: Mapping[str, Any]) -> str:
        return f"{name}2DBackward0" if len(inputs[0].shape) > 2 else f"{name}Backward0"

    return named


IGNORED = -100
"""The target that marks a row to be ignored unless the program names another."""


def _shown(name: str) -> Any:
    def show(names: Sequence[str], static: Mapping[str, Any]) -> str:
        reduction = static.get("reduction", "mean")
        more = f", reduction={reduction!r}" if reduction != "mean" else ""
        ignored = static.get("ignore_index", IGNORED)
        more += f", ignore_index={ignored}" if ignored != IGNORED else ""
        return f"{name}({names[0]}, {names[1]}{more})"

    return show


def _class_samples(rng: Any) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Scores, targets and perhaps weights, over shapes, reductions and an ignored row."""
    scores, labels = rng.normal(0, 2, (4, 3)), rng.integers(0, 3, 4)
    ignored = labels.copy()
    ignored[1] = -100
    made: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    for reduction in ("mean", "sum", "none"):
        made.append(((scores, labels), {"reduction": reduction, "ignore_index": -100}))
        made.append(((scores, ignored, rng.uniform(0.5, 2, 3)), {"reduction": reduction, "ignore_index": -100}))
    made.append(((rng.normal(0, 2, (5,)), rng.integers(0, 5, ())), {"reduction": "mean", "ignore_index": -100}))
    deep = (rng.normal(0, 2, (2, 3, 2)), rng.integers(0, 3, (2, 2)))
    made.append((deep, {"reduction": "mean", "ignore_index": 1}))
    return made


NLL_LOSS = register(
    Op(
        name="nll_loss",
        steps=opened_losses.nll_loss,
        grad_fn=_per_class("NllLoss"),
        label="nll",
        show=_shown("nll_loss"),
        what=Text(
            en="Negative log-likelihood: of each row of log-probabilities {input}, the one at the target, with its "
            "sign turned. It is 0 if the right answer had probability 1, and large if it had hardly any.",
            ja="負の対数尤度です。対数確率 {input} の各行から正解の位置の値を取り、符号を変えます。"
            "正解の確率が 1 なら 0、確率がほとんどなければ大きくなります。",
        ),
        forward=_nll,
        inputs=(
            Input(
                "input",
                vjp=_nll_vjp,
                local="",
                needs=("target", "weight"),
                why=Text(
                    en="Only the log-probability at the target counts: raise it, and the loss falls as much (divided "
                    "by the number of rows, for a mean).",
                    ja="効くのは正解の位置の対数確率だけです。それを増やすと、損失は同じだけ（平均なら行数で割った分だけ）"
                    "減ります。",
                ),
                back=Text(
                    en="The gradient, with its sign turned and shared among the rows, goes to the place of each "
                    "target; all others receive 0.",
                    ja="符号を変えて行の数で分けた勾配が、各行の正解の位置に届きます。ほかの位置は 0 です。",
                ),
            ),
            Input("target", vjp=None, local="", why=NO_GRADIENT),
            Input("weight", vjp=None, local="", why=WEIGHTS),
        ),
        samples=lambda rng: [Sample(args, static) for args, static in _class_samples(rng)],
    )
)


def _over_classes(xp: Any, weight: Any, ndim: int) -> Any:
    """(C,) weights in the shape that meets (N, C, d1, ...)."""
    axis = class_axis(ndim)
    return xp.reshape(weight, (1,) * axis + (-1,) + (1,) * (ndim - axis - 1))


def _cross_entropy(
    xp: Any,
    scores: Any,
    target: Any,
    weight: Any = None,
    *,
    reduction: str,
    ignore_index: int,
    label_smoothing: float,
) -> tuple[Any, dict[str, Any]]:
    axis = class_axis(scores.ndim)
    labels, kept, share = counted(xp, target, weight, ignore_index, scores.dtype)
    if not scores.size:  # no rows: the sum is 0, the mean 0 / 0
        return reduced(xp, share, share, reduction), {"probs": scores}
    shifted, powers, total = shifted_exp(xp, scores, axis)
    height = xp.log(total)
    rows = (height.squeeze(axis) - shifted[at_targets(xp, labels)]) * share
    if label_smoothing:
        spread = height - shifted if weight is None else (height - shifted) * _over_classes(xp, weight, scores.ndim)
        rows = rows * (1 - label_smoothing) + xp.sum(spread, axis=axis) * (label_smoothing / scores.shape[axis])
    powers /= total
    return reduced(xp, xp.where(kept, rows, 0), share, reduction), {"probs": powers}


def _cross_entropy_vjp(
    xp: Any,
    g: Any,
    out: Any,
    scores: Any,
    target: Any,
    weight: Any = None,
    *,
    reduction: str,
    ignore_index: int,
    label_smoothing: float,
    probs: Any,
) -> Any:
    """(probs − onehot) / N, each row times its weight; with smoothing a mix of onehot and 1 / C stands in its place."""
    axis = class_axis(probs.ndim)
    labels, kept, share = counted(xp, target, weight, ignore_index, probs.dtype)
    scale = xp.where(kept, g / xp.sum(share), 0).astype(g.dtype) if reduction == "mean" else g
    aimed = share * (1 - label_smoothing) if label_smoothing else share
    whole = aimed
    if label_smoothing:
        each = label_smoothing / probs.shape[axis]
        whole = aimed + kept * (each * (probs.shape[axis] if weight is None else xp.sum(weight)))
    found = probs * xp.expand_dims(whole * scale, axis)
    if label_smoothing:
        weights = 1 if weight is None else _over_classes(xp, weight, probs.ndim)
        found -= xp.expand_dims(kept * scale, axis) * (each * weights)
    if probs.size:
        found[at_targets(xp, labels)] -= aimed * scale
    return found


def _cross_entropy_composite(
    F: Any,
    scores: Any,
    target: Any,
    weight: Any = None,
    *,
    reduction: str,
    ignore_index: int,
    label_smoothing: float,
) -> Any:
    """log_softmax, the number at the target, and its mean with the sign turned."""
    axis, xp = class_axis(scores.ndim), namespace(target._array)
    weights = None if weight is None else weight._array
    labels, kept, share = counted(xp, target._array, weights, ignore_index, scores._array.dtype)

    def constant(array: Any) -> Any:
        return type(target)._wrap(xp.asarray(array))

    logs = F.log_softmax(scores, axis)
    rows = -logs[at_targets(xp, labels)] * constant(share)
    if label_smoothing:
        spread = logs if weights is None else logs * constant(_over_classes(xp, weights, scores.ndim))
        spread = F.sum(spread, axis) * constant(kept.astype(share.dtype))
        rows = rows * (1 - label_smoothing) - spread * (label_smoothing / scores.shape[axis])
    if reduction == "none":
        return rows
    return F.sum(rows) / constant(xp.asarray(xp.sum(share))) if reduction == "mean" else F.sum(rows)


def _cross_entropy_samples(rng: Any) -> Iterable[Sample]:
    for i, (args, static) in enumerate(_class_samples(rng)):
        yield Sample(args, {**static, "label_smoothing": 0.1 if i % 2 else 0.0})


def _cross_entropy_grad_fn(inputs: Sequence[Any], static: Mapping[str, Any]) -> str:
    if static["label_smoothing"]:
        return "AddBackward0"
    return "NllLoss2DBackward0" if len(inputs[0].shape) > 2 else "NllLossBackward0"


CROSS_ENTROPY = register(
    Op(
        name="cross_entropy",
        steps=opened_losses.cross_entropy,
        grad_fn=_cross_entropy_grad_fn,
        label="cross-entropy",
        show=_shown("cross_entropy"),
        what=Text(
            en="Cross-entropy: softmax turns each row of {input} into probabilities, and the loss is −log of the one "
            "that the right answer got, averaged over the rows (or as reduction says). Sure and right costs "
            "almost nothing; sure and wrong costs much.",
            ja="交差エントロピーです。{input} の各行を softmax で確率に変え、正解に与えられた確率の −log を取り、"
            "行について平均します（reduction で変えられます）。"
            "自信をもって正解すれば損失はほぼ 0、自信をもって間違えると大きくなります。",
        ),
        forward=_cross_entropy,
        inputs=(
            Input(
                "input",
                vjp=_cross_entropy_vjp,
                local="",
                needs=("target", "weight"),
                why=Text(
                    en="Raise one score: the loss rises by its probability for a wrong class, and falls by 1 − its "
                    "probability for the right one (divided by the number of rows, for a mean).",
                    ja="スコアを一つ増やすと、損失は、不正解のクラスならその確率の分だけ増え、正解のクラスなら"
                    "1 − 確率の分だけ減ります（平均なら行数で割ります）。",
                ),
                back=Text(
                    en="Probability minus target: (softmax − onehot) / N, N being the number of rows that count (1 "
                    "where they are not averaged). Wrong classes are pushed down by their probability, the right one "
                    "is pulled up by what it lacks to 1; each row adds up to 0. A row to be ignored receives 0.",
                    ja="確率から正解を引いたもの、(softmax − onehot) / N です。N は数える行の数です"
                    "（平均しないなら 1）。"
                    "不正解のクラスは確率の分だけ下へ、正解は 1 に足りない分だけ上へ引かれます。"
                    "どの行も合計は 0 です。無視する行（ignore_index）には 0 が届きます。",
                ),
            ),
            Input("target", vjp=None, local="", why=NO_GRADIENT),
            Input("weight", vjp=None, local="", why=WEIGHTS),
        ),
        samples=_cross_entropy_samples,
        saves=("probs",),
        composite=_cross_entropy_composite,
    )
)
