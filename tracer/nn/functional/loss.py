"""How wrong a choice among classes is, as one number: the roots of backward passes."""

from __future__ import annotations

from tracer.core.apply import apply
from tracer.core.backend import namespace
from tracer.core.functions.all import FUNCTIONS as F
from tracer.core.functions.arguments import int_of
from tracer.core.ops.fat import LOG_SOFTMAX
from tracer.core.ops.loss import CROSS_ENTROPY, NLL_LOSS, class_axis
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentError, DtypeError, IndexingError
from tracer.nn.functional.checks import (
    floating_of,
    reduction_of,
    same_dtype,
    setting,
    shape_of,
    tensor_of,
    wrong_option,
    wrong_shape,
)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Mean negative log-likelihood of `target` under softmax(input), in nats.

    Args:
        input: raw scores, (C,), (N, C) or (N, C, d1, ...).
        target: class indices in [0, C), (), (N,) or (N, d1, ...), int64 or uint8; or probabilities of input's shape.
        weight: (C,), how much each class counts.
        size_average, reduce: PyTorch's old words for `reduction`.
        ignore_index: rows with this index do not count.
        reduction: "mean", "sum", or "none" for one loss a row.
        label_smoothing: in [0, 1]; this share of each target is spread evenly over all classes.

    Returns:
        A scalar, or target's shape with "none". The gradient for indices is (softmax(input) − onehot) / N.

    Raises:
        ShapeError, DtypeError: input and target, or weight, do not fit together.
        IndexingError: an index outside [0, C). It is an IndexError.
        OptionError: label_smoothing outside [0, 1].
    """
    name = "cross_entropy"
    reduction = reduction_of(name, reduction, size_average, reduce)
    scores, answers = tensor_of(name, "input", input), tensor_of(name, "target", target)
    weights = setting(name, "weight", weight)
    ignored = int_of(name, "ignore_index", ignore_index)
    smoothing = float(label_smoothing)
    if not 0 <= smoothing <= 1:
        raise wrong_option(f"{name}: label_smoothing is {smoothing:g}.", "It must lie between 0 and 1.")
    if shape_of(scores) == shape_of(answers):
        return _soft_cross_entropy(scores, answers, weights, ignored, reduction, smoothing)
    given = _classified(name, floating_of(name, "input", scores), answers, weights, ignored)
    return apply(CROSS_ENTROPY, *given, reduction=reduction, ignore_index=ignored, label_smoothing=smoothing)


def _soft_cross_entropy(
    scores: Tensor, probs: Tensor, weight: Tensor | None, ignored: int, reduction: str, smoothing: float
) -> Tensor:
    """Cross-entropy whose target gives each class a probability."""
    name = "cross_entropy"
    if probs._array.dtype.kind != "f":
        raise DtypeError(
            f"{name}: target has input's shape {shape_of(probs)}, so it must hold probabilities, but it is "
            f"{probs.dtype}.",
            hint="Convert it: target.float(); or give class indices, one a row.",
            where=user_line(),
        )
    if ignored >= 0:
        raise wrong_option(
            f"{name}: ignore_index is {ignored}, but target holds probabilities.",
            "Only class indices can be ignored; leave ignore_index out.",
        )
    axis = class_axis(scores.ndim)
    classes = shape_of(scores)[axis] if scores.ndim else 1
    _check_weight(name, scores, weight, classes)
    if smoothing:
        probs = probs * (1 - smoothing) + smoothing / classes
    logs = apply(LOG_SOFTMAX, floating_of(name, "input", scores), dim=axis) * probs
    if weight is not None:
        logs = logs * F.reshape(weight, (1,) * axis + (classes,) + (1,) * (scores.ndim - axis - 1))
    total: Tensor = -(F.sum(logs, axis) if reduction == "none" else F.sum(logs))
    return total / (scores._array.size // classes) if reduction == "mean" else total


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Mean of −input at the target: the negative log-likelihood, where `input` holds log-probabilities.

    Arguments and errors are those of `cross_entropy` for class indices.
    """
    name = "nll_loss"
    reduction = reduction_of(name, reduction, size_average, reduce)
    logs, answers = tensor_of(name, "input", input), tensor_of(name, "target", target)
    weights, ignored = setting(name, "weight", weight), int_of(name, "ignore_index", ignore_index)
    given = _classified(name, floating_of(name, "input", logs), answers, weights, ignored)
    return apply(NLL_LOSS, *given, reduction=reduction, ignore_index=ignored)


def _classified(name: str, x: Tensor, target: Tensor, weight: Tensor | None, ignored: int) -> tuple[Tensor, ...]:
    """(input, target[, weight]) where all fits together: shapes, dtypes, and every index names a class."""
    shape, labels = shape_of(x), shape_of(target)
    if not shape:
        raise ArgumentError(
            f"{name}: input has shape ().", hint="It must have an axis of classes: (C,) or (N, C).", where=user_line()
        )
    if len(shape) == 1 and labels == (1,):
        target = F.reshape(target, ())
    elif len(shape) > 1 and labels[:1] != shape[:1] and labels:
        raise ArgumentError(
            f"{name}: input has shape {shape}, target has shape {labels}.",
            hint=f"The first axis of input ({shape[0]}) and of target ({labels[0]}), the batch, must be equal.",
            where=user_line(),
            ja=f"{name}：input の形は {shape}、target の形は {labels} です。",
            hint_ja=f"バッチの軸、つまり input の最初の軸（{shape[0]}）と target の最初の軸（{labels[0]}）は"
            "等しくなければなりません。",
        )
    elif labels != shape[:1] * (len(shape) > 1) + shape[2:]:
        expected = shape[:1] * (len(shape) > 1) + shape[2:]
        raise wrong_shape(
            f"{name}: input has shape {shape}, target has shape {labels}.",
            f"target must hold one class a row: its shape must be input's without the axis of classes, {expected}.",
            f"{name}：input の形は {shape}、target の形は {labels} です。",
            f"target は行ごとに一つのクラスです。形は input からクラスの軸を除いた {expected} でなければなりません。",
        )
    if target.dtype.name not in ("int64", "uint8"):
        raise DtypeError(
            f"{name}: target is {target.dtype}; expected class indices of torch.int64 (or torch.uint8).",
            hint="Convert it: target.long().",
            where=user_line(),
            ja=f"{name}：target は {target.dtype} です。クラスの番号（torch.int64）でなければなりません。",
            hint_ja="target.long() で変換します。",
        )
    classes = shape[class_axis(len(shape))]
    _check_weight(name, x, weight, classes)
    array = target._array
    given = (x, target) if weight is None else (x, target, weight)
    if not array.size or (array.min() >= 0 and array.max() < classes):
        return given
    wrong = ((array < 0) | (array >= classes)) & (array != ignored)
    if bool(namespace(array).any(wrong)):
        first = array[wrong].reshape(-1)[0].item()
        raise IndexingError(
            f"{name}: Target {first} is out of bounds for {classes} classes.",
            hint=f"Class indices lie between 0 and {classes - 1}, or are ignore_index ({ignored}).",
            where=user_line(),
            ja=f"{name}：target に {first} がありますが、クラスは {classes} 個です。",
            hint_ja=f"クラスの番号は 0 から {classes - 1} まで、または ignore_index（{ignored}）です。",
        )
    return given


def _check_weight(name: str, x: Tensor, weight: Tensor | None, classes: int) -> None:
    if weight is None:
        return
    same_dtype(name, input=x, weight=weight)
    if shape_of(weight) != (classes,):
        raise wrong_shape(
            f"{name}: weight has shape {shape_of(weight)}, but there are {classes} classes.",
            f"weight must hold one number a class: ({classes},).",
            f"{name}：weight の形は {shape_of(weight)} ですが、クラスは {classes} 個です。",
            f"weight の形は、クラスごとに一つの ({classes},) です。",
        )
