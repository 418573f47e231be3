"""How far a prediction is from a number, or a probability from yes or no."""

from __future__ import annotations

import warnings
from typing import Any

from tracer.core.apply import apply
from tracer.core.functions.all import FUNCTIONS as F
from tracer.core.ops.distance import (
    BINARY_CROSS_ENTROPY,
    BINARY_CROSS_ENTROPY_WITH_LOGITS,
    HUBER_LOSS,
    MSE_LOSS,
    SMOOTH_L1_LOSS,
)
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentError, DtypeError
from tracer.nn.functional.checks import (
    floating_of,
    promoted,
    reduction_of,
    same_dtype,
    setting,
    shape_of,
    tensor_of,
    wrong_option,
    wrong_shape,
)


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Mean of (input − target)².

    Args:
        input, target: of the same shape; others are broadcast, with a warning.
        size_average, reduce: PyTorch's old words for `reduction`.
        reduction: "mean", "sum" or "none".
        weight: how much each element counts; with "mean" the sum is divided by the weights' sum.

    Returns:
        A scalar, or the common shape with "none". The gradient is 2 · (input − target) / count.

    Raises:
        ShapeError: shapes that do not broadcast.
    """
    name = "mse_loss"
    reduction = reduction_of(name, reduction, size_average, reduce)
    a, b = _measured(name, input, target)
    if weight is None:
        return apply(MSE_LOSS, a, b, reduction=reduction)
    return _weighted(name, apply(MSE_LOSS, a, b, reduction="none"), weight, reduction)


def _weighted(name: str, each: Tensor, weight: Tensor, reduction: str) -> Tensor:
    """Losses of the elements times their weights; a mean divides by the weights' sum."""
    weights = tensor_of(name, "weight", weight)
    if shape_of(weights) != shape_of(each):
        raise ArgumentError(
            f"{name}: weight has shape {shape_of(weights)}, the losses have shape {shape_of(each)}.",
            hint="Inputs and weight must have the same size.",
            where=user_line(),
        )
    each = each * weights
    if reduction == "none":
        return each
    total: Tensor = F.sum(each)
    return total / F.sum(weights) if reduction == "mean" else total


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Mean of |input − target|. Arguments are those of `mse_loss`."""
    name = "l1_loss"
    reduction = reduction_of(name, reduction, size_average, reduce)
    a, b = _measured(name, input, target)
    each: Tensor = F.abs(a - b)
    if weight is not None:
        return _weighted(name, each, weight, reduction)
    return each if reduction == "none" else getattr(F, reduction)(each)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """Mean of 0.5 · error² / beta for errors below `beta`, |error| − 0.5 · beta beyond.

    Raises:
        OptionError: beta below 0.
    """
    name = "smooth_l1_loss"
    reduction = reduction_of(name, reduction, size_average, reduce)
    if beta < 0:
        raise wrong_option(f"{name}: beta is {beta:g}.", "It must be 0 or more.")
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    a, b = _measured(name, input, target)
    return apply(SMOOTH_L1_LOSS, a, b, reduction=reduction, beta=float(beta))


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """Mean of 0.5 · error² for errors up to `delta`, delta · (|error| − 0.5 · delta) beyond.

    Arguments are those of `mse_loss`.

    Raises:
        OptionError: delta is not above 0.
    """
    name = "huber_loss"
    reduction = reduction_of(name, reduction)
    if delta <= 0:
        raise wrong_option(f"{name}: delta is {delta:g}.", "It must be above 0.")
    a, b = _measured(name, input, target)
    if weight is not None:
        return _weighted(name, apply(HUBER_LOSS, a, b, reduction="none", delta=float(delta)), weight, reduction)
    return apply(HUBER_LOSS, a, b, reduction=reduction, delta=float(delta))


def _measured(name: str, input: Any, target: Any) -> tuple[Tensor, Tensor]:
    """Both in one dtype, shapes checked; where they differ PyTorch warns, for a column beside a row gives a table."""
    a, b = tensor_of(name, "input", input), tensor_of(name, "target", target)
    if shape_of(a) != shape_of(b):
        _broadcast(name, a, b, "input", "target")
        warnings.warn(
            f"Using a target size ({b.shape}) that is different to the input size ({a.shape}). This will likely lead "
            "to incorrect results due to broadcasting. Please ensure they have the same size.",
            UserWarning,
            stacklevel=3,
        )
    return promoted(name, a, b)


def _broadcast(name: str, a: Tensor, b: Tensor, first: str, second: str) -> tuple[int, ...]:
    """The common shape.

    Raises:
        ShapeError: there is none.
    """
    one, other = shape_of(a), shape_of(b)
    sizes: list[int] = []
    for place in range(-max(len(one), len(other)), 0):
        m, n = one[place] if -place <= len(one) else 1, other[place] if -place <= len(other) else 1
        if m != n and 1 not in (m, n):
            raise wrong_shape(
                f"{name}: {first} has shape {one}, {second} has shape {other}.",
                f"Counted from the right, axes must be equal or 1; at axis {place} they are {m} and {n}.",
                f"{name}：{first} の形は {one}、{second} の形は {other} です。",
                f"右から数えて、どの軸の長さも等しいか 1 でなければなりません。軸 {place} では {m} と {n} です。",
            )
        sizes.append(n if m == 1 else m)
    return tuple(sizes)


def _same_size(name: str, a: Tensor, b: Tensor) -> None:
    if shape_of(a) != shape_of(b):
        raise ArgumentError(
            f"{name}: input has shape {shape_of(a)}, target has shape {shape_of(b)}.",
            hint="They must have the same shape: one target for each element.",
            where=user_line(),
            ja=f"{name}：input の形は {shape_of(a)}、target の形は {shape_of(b)} です。",
            hint_ja="同じ形でなければなりません。要素ごとに一つの目標が必要です。",
        )


def _fits(name: str, argument: str, x: Tensor, shape: tuple[int, ...]) -> None:
    """Refuse an `x` that would make the loss larger than `shape`."""
    got = shape_of(x)
    if len(got) > len(shape) or any(n not in (1, m) for n, m in zip(got[::-1], shape[::-1], strict=False)):
        raise wrong_shape(
            f"{name}: {argument} has shape {got}, input has shape {shape}.",
            f"{argument} must be broadcastable to the shape of input: counted from the right, equal or 1.",
            f"{name}：{argument} の形は {got}、input の形は {shape} です。",
            f"{argument} は input の形に広げられなければなりません。右から数えて、等しいか 1 です。",
        )


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Mean of −(target · log(input) + (1 − target) · log(1 − input)); a logarithm goes no lower than −100.

    Args:
        input: probabilities.
        target: of input's shape and dtype, between 0 and 1.
        weight: how much each element counts; broadcast to input's shape.
        size_average, reduce: PyTorch's old words for `reduction`.
        reduction: "mean", "sum" or "none".

    Raises:
        ArgumentError: different shapes.
        OptionError: a number outside [0, 1].
        DtypeError: different dtypes.
    """
    name = "binary_cross_entropy"
    reduction = reduction_of(name, reduction, size_average, reduce)
    a, b = floating_of(name, "input", input), tensor_of(name, "target", target)
    _same_size(name, a, b)
    same_dtype(name, input=a, target=b)
    for argument, x in (("input", a), ("target", b)):
        if bool(((x._array < 0) | (x._array > 1)).any()):
            raise wrong_option(
                f"{name}: all elements of {argument} should be between 0 and 1.",
                "Raw scores belong into binary_cross_entropy_with_logits, or through sigmoid first.",
                f"{name}：{argument} の要素は 0 から 1 の間でなければなりません。",
                "生のスコアには binary_cross_entropy_with_logits を使うか、先に sigmoid を通します。",
            )
    weights = setting(name, "weight", weight)
    if weights is None:
        return apply(BINARY_CROSS_ENTROPY, a, b, reduction=reduction)
    _fits(name, "weight", weights, shape_of(a))
    return apply(BINARY_CROSS_ENTROPY, a, b, weights.to(a.dtype), reduction=reduction)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """binary_cross_entropy of sigmoid(input), in one step that no score is too large for.

    Args:
        input: raw scores.
        target: of input's shape, floating point.
        weight: how much each element counts; broadcast to input's shape.
        size_average, reduce: PyTorch's old words for `reduction`.
        reduction: "mean", "sum" or "none".
        pos_weight: how much a target of 1 counts, beside 1 for a target of 0; broadcast to input's shape.

    Returns:
        A scalar, or input's shape with "none". Without weights the gradient is (sigmoid(input) − target) / count.

    Raises:
        ArgumentError: different shapes.
        DtypeError: target holds whole numbers.
    """
    name = "binary_cross_entropy_with_logits"
    reduction = reduction_of(name, reduction, size_average, reduce)
    a, b = floating_of(name, "input", input), tensor_of(name, "target", target)
    _same_size(name, a, b)
    if b._array.dtype.kind != "f":
        raise DtypeError(
            f"{name}: target is {b.dtype}, input is {a.dtype}.",
            hint="Convert it: target.float().",
            where=user_line(),
            ja=f"{name}：target は {b.dtype}、input は {a.dtype} です。",
            hint_ja="target.float() で変換します。",
        )
    a, b = promoted(name, a, b)
    given: list[Any] = [a, b]
    weights, positive = setting(name, "weight", weight), setting(name, "pos_weight", pos_weight)
    if weights is not None or positive is not None:
        given.append(1.0 if weights is None else weights.to(a.dtype))
    if positive is not None:
        given.append(positive.to(a.dtype))
    for argument, x in (("weight", weights), ("pos_weight", positive)):
        if x is not None:
            _fits(name, argument, x, shape_of(a))
    return apply(BINARY_CROSS_ENTROPY_WITH_LOGITS, *given, reduction=reduction)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """Kullback–Leibler divergence: target · (log(target) − input), where `input` holds log-probabilities.

    Args:
        input: log-probabilities.
        target: probabilities, or their logarithms with `log_target`.
        size_average, reduce: PyTorch's old words for `reduction`.
        reduction: "mean" over all elements, "batchmean" over the first axis (the mathematician's), "sum" or "none".
        log_target: whether target holds logarithms.
    """
    name = "kl_div"
    batch = reduction == "batchmean"
    if reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size. 'batchmean' divides "
            "only by the batch size, and aligns with the KL div math definition.",
            UserWarning,
            stacklevel=2,
        )
    reduction = "sum" if batch else reduction_of(name, reduction, size_average, reduce)
    a, b = tensor_of(name, "input", input), tensor_of(name, "target", target)
    if log_target:
        each: Tensor = F.exp(b) * (b - a)
    else:
        each = F.where(b > 0, b * F.log(F.where(b > 0, b, F.ones_like(b))), F.zeros_like(b)) - b * a
    if reduction == "none":
        return each
    total: Tensor = getattr(F, reduction)(each)
    return total / shape_of(a)[0] if batch and a.ndim else total
