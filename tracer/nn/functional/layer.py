"""What layers compute, given their parameters: linear, embedding, normalisation, dropout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tracer.core import draw
from tracer.core.apply import apply
from tracer.core.backend import device_of, move
from tracer.core.functions.all import FUNCTIONS as F
from tracer.core.functions.arguments import int_of
from tracer.core.generator import default_generator
from tracer.core.ops.fat import LINEAR
from tracer.core.ops.normalisation import LAYER_NORM, RMS_NORM
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentError, ArgumentTypeError, DtypeError
from tracer.nn.functional.checks import (
    floating_of,
    maybe_in_place,
    same_dtype,
    shape_of,
    tensor_of,
    wrong_shape,
)


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input @ weightᵀ + bias.

    Args:
        input: (..., in).
        weight: (out, in), or (in,) for one output without an axis of its own.
        bias: (out,).

    Returns:
        (..., out).

    Raises:
        ShapeError: the last axis of input is not the last of weight, or bias does not fit.
        DtypeError: different dtypes.
    """
    name = "linear"
    x, w = tensor_of(name, "input", input), tensor_of(name, "weight", weight)
    b = None if bias is None else tensor_of(name, "bias", bias)
    same_dtype(name, input=x, weight=w, bias=b)
    got, rows = shape_of(x), shape_of(w)
    if not got or len(rows) not in (1, 2) or (len(rows) == 1 and b is not None):
        raise wrong_shape(
            f"{name}: input has shape {got}, weight has shape {rows}.",
            "input must be (..., in) and weight (out, in).",
            f"{name}：input の形は {got}、weight の形は {rows} です。",
            "input の形は (..., in)、weight の形は (out, in) です。",
        )
    if got[-1] != rows[-1]:
        raise wrong_shape(
            f"{name}: input has shape {got}, weight has shape {rows}.",
            f"The last axis of input ({got[-1]}) must equal the last axis of weight ({rows[-1]}); weight is (out, in).",
            f"{name}：input の形は {got}、weight の形は {rows} です。",
            f"input の最後の軸（{got[-1]}）と weight の最後の軸（{rows[-1]}）は等しくなければなりません。"
            "weight の形は (out, in) です。",
        )
    if len(rows) == 1:
        out: Tensor = F.matmul(x, w)
        return out
    if b is None:
        return apply(LINEAR, x, w)
    if shape_of(b) == rows[:1]:
        return apply(LINEAR, x, w, b)
    made = apply(LINEAR, x, w)
    _fits_output(name, b, shape_of(made))
    added: Tensor = made + b
    return added


def _fits_output(name: str, bias: Tensor, shape: tuple[int, ...]) -> None:
    got = shape_of(bias)
    if len(got) > len(shape) or any(n not in (1, m) for n, m in zip(got[::-1], shape[::-1], strict=False)):
        raise wrong_shape(
            f"{name}: bias has shape {got}, the output has shape {shape}.",
            f"bias must hold one number an output: ({shape[-1]},).",
            f"{name}：bias の形は {got}、出力の形は {shape} です。",
            f"bias の形は、出力ごとに一つの ({shape[-1]},) です。",
        )


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each element 0 with probability `p`, the others divided by 1 − p; the mask is a node of the graph.

    Args:
        input: floating point, any shape.
        p: in [0, 1].
        training: without it, input as it is.
        inplace: write into input.

    Raises:
        ArgumentError: p outside [0, 1].
        DtypeError: whole numbers.
    """
    x = tensor_of("dropout", "input", input)
    if not 0 <= p <= 1:
        raise ArgumentError(
            f"dropout: probability has to be between 0 and 1, but got {p}.",
            hint="p is the share of elements that are set to 0.",
            where=user_line(),
            ja=f"dropout：p に {p} が渡されました。",
            hint_ja="p は 0 にする要素の割合で、0 から 1 の間の数です。",
        )
    if p == 0 or not training or not x._array.size:
        return x
    if x._array.dtype.kind != "f":
        raise DtypeError(
            f"dropout: input is {x.dtype}; the elements kept are divided by 1 − p, which gives no whole numbers.",
            hint="Convert it: x.float().",
            where=user_line(),
        )
    mask = dropout_mask(x, p)
    return maybe_in_place("dropout_", x, inplace, lambda old: old * mask)


def dropout_mask(x: Tensor, p: float) -> Tensor:
    """0 with probability `p`, else 1 / (1 − p), one number for each element of `x`."""
    host = np.zeros(x._array.shape, x._array.dtype)
    if p < 1:
        if isinstance(x._array, np.ndarray):
            host = np.empty_like(x._array)
        draw.bernoulli(host, 1 - p, default_generator)
        host /= 1 - p
    mask: Tensor = Tensor._wrap(move(host, device_of(x._array)))
    return mask.named("mask")


def _normalized(name: str, x: Tensor, normalized_shape: Any) -> int:
    """How many of the last axes are normalised together."""
    if not isinstance(normalized_shape, Sequence) or isinstance(normalized_shape, str):
        raise ArgumentTypeError(
            f"{name}: normalized_shape must be a tuple of ints, got {type(normalized_shape).__name__}.",
            hint="Write (8,) for the last axis of size 8, or x.shape[-1:].",
            where=user_line(),
        )
    sizes = tuple(int_of(name, "normalized_shape", size) for size in normalized_shape)
    got = shape_of(x)
    if not sizes or got[len(got) - len(sizes) :] != sizes or len(sizes) > len(got):
        raise wrong_shape(
            f"{name}: input has shape {got}, normalized_shape is {sizes}.",
            "normalized_shape must name the sizes of the last axes of input, at least one.",
            f"{name}：input の形は {got}、normalized_shape は {sizes} です。",
            "normalized_shape は、input の最後の軸（一つ以上）の長さと一致しなければなりません。",
        )
    return len(sizes)


def _parameter(name: str, argument: str, given: Any, x: Tensor, axes: int) -> Tensor | None:
    if given is None:
        return None
    parameter = tensor_of(name, argument, given)
    sizes = shape_of(x)[x.ndim - axes :]
    if shape_of(parameter) != sizes:
        raise wrong_shape(
            f"{name}: {argument} has shape {shape_of(parameter)}, normalized_shape is {sizes}.",
            f"{argument} must have the shape of what is normalised, {sizes}.",
            f"{name}：{argument} の形は {shape_of(parameter)}、normalized_shape は {sizes} です。",
            f"{argument} の形は、正規化する軸の長さ {sizes} と同じです。",
        )
    return parameter


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Each row shifted to mean 0 and scaled to spread 1, then times `weight` plus `bias`.

    Args:
        input: floating point, (..., *normalized_shape).
        normalized_shape: sizes of the last axes, which are normalised together.
        weight, bias: of that shape.
        eps: added to the variance, so that a constant row is not divided by 0.

    Raises:
        ShapeError: normalized_shape, weight or bias does not fit input.
        DtypeError: different dtypes.

    Source: J. L. Ba et al., "Layer Normalization", 2016.
    """
    name = "layer_norm"
    x = floating_of(name, "input", input)
    axes = _normalized(name, x, normalized_shape)
    w, b = _parameter(name, "weight", weight, x, axes), _parameter(name, "bias", bias, x, axes)
    same_dtype(name, input=x, weight=w, bias=b)
    given: list[Any] = [x]
    if w is not None or b is not None:
        given.append(1.0 if w is None else w)
    if b is not None:
        given.append(b)
    return apply(LAYER_NORM, *given, axes=axes, eps=float(eps))


def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """Each row divided by its root mean square, then times `weight`.

    Args:
        input: floating point, (..., *normalized_shape).
        normalized_shape: sizes of the last axes, which are normalised together.
        weight: of that shape.
        eps: added to the mean of the squares; left out, the smallest step from 1 in input's dtype.

    Raises:
        ShapeError: normalized_shape or weight does not fit input.

    Source: B. Zhang and R. Sennrich, "Root Mean Square Layer Normalization", 2019.
    """
    name = "rms_norm"
    x = floating_of(name, "input", input)
    axes = _normalized(name, x, normalized_shape)
    w = _parameter(name, "weight", weight, x, axes)
    small = float(np.finfo(x._array.dtype).eps) if eps is None else float(eps)
    if w is None:
        return apply(RMS_NORM, x, axes=axes, eps=small)
    return apply(RMS_NORM, x, w if w.dtype is x.dtype else w.to(x.dtype), axes=axes, eps=small)


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """`input` divided by its p-norm along `dim` (by `eps` where that is smaller): vectors of length 1."""
    x = floating_of("normalize", "input", input)
    length = F.norm(x, p, dim, keepdim=True)
    out: Tensor = x / F.clamp(length, eps).expand_as(x)
    return out


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along `dim`: 1 for the same direction, −1 for opposite ones."""
    a, b = floating_of("cosine_similarity", "x1", x1), floating_of("cosine_similarity", "x2", x2)
    out: Tensor = F.sum(normalize(a, 2.0, dim, eps) * normalize(b, 2.0, dim, eps), dim)
    return out
