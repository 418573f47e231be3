"""Ops in smaller ops, for one who opens them: products and running sums, winners and gates, down to single numbers.

Each function is the `steps` of the op, or the ops, it is named after: `F` is the module of functions, tensors come and
go. What chooses does so in two steps, the winner and then its value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tracer.core.dtype import float64


def apply_op(name: str, *inputs: Any, **static: Any) -> Any:
    """An op that has no function of its own."""
    from tracer.core.apply import apply
    from tracer.core.op import find_op

    return apply(find_op(name), *inputs, **static)


def _is_float(a: Any) -> bool:
    return bool(a._array.dtype.kind == "f")


def _axes(shape: Sequence[int], dim: Any) -> tuple[int, ...]:
    if dim is None:
        return tuple(range(len(shape)))
    return (dim,) if isinstance(dim, int) else tuple(dim)


def parts_of(F: Any, a: Any, dim: Any) -> list[Any]:
    """The numbers that meet in one output, each as a tensor of the shape of all outputs."""
    shape = tuple(a.shape)
    axes = _axes(shape, dim) if shape else ()
    if not axes:
        return [a]
    others = [axis for axis in range(len(shape)) if axis not in axes]
    if len(axes) > 1 or axes[0] != 0:
        a = F.permute(a, (*others, *axes))
    rest = tuple(shape[axis] for axis in others)
    line = a if len(axes) == 1 else F.reshape(a, (*rest, math.prod(shape[axis] for axis in axes)))
    # not `unbind`: of thousands of views on one memory each new one costs a look at all the others
    return [apply_op("index", line, index=(Ellipsis, np.array(place))) for place in range(line.shape[-1])]


def as_kept(F: Any, out: Any, shape: Sequence[int], dim: Any, keepdim: bool) -> Any:
    """A reduction's result with its axes left in at length 1, where that was asked for."""
    if not keepdim or not len(shape):
        return out
    axes = _axes(shape, dim)
    return F.reshape(out, tuple(1 if axis in axes else n for axis, n in enumerate(shape)))


def added(F: Any, parts: Sequence[Any], shape: Sequence[int] = ()) -> Any:
    """One after another; of nothing 0, in `shape`."""
    if not parts:
        return F.zeros(tuple(shape), dtype=float64)
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def best(parts: Sequence[Any], *, largest: bool) -> Any:
    """Which of them is the largest, or the smallest."""
    return apply_op("winner" if largest else "lowest", *parts)


def outer_shape(a: Any, dim: Any) -> tuple[int, ...]:
    """The shape of all outputs, reduced axes left out."""
    axes = _axes(tuple(a.shape), dim)
    return tuple(n for axis, n in enumerate(a.shape) if axis not in axes)


def root(F: Any, a: Any, exponent: float = 0.5) -> Any:
    """A root whose slope at 0, where it is steepest, counts as 0."""
    zero = a._array == 0
    if not zero.any():
        return F.sqrt(a) if exponent == 0.5 else F.pow(a, exponent)
    at_zero = a == 0
    inside = root(F, F.where(at_zero, 1.0, a), exponent)
    return F.where(at_zero, 0.0, inside)


# Reductions


def total(F: Any, a: Any, *, dim: Any, keepdim: bool) -> Any:
    """Sum."""
    if not _is_float(a):
        a = apply_op("to", a, dtype="int64")
    return as_kept(F, added(F, parts_of(F, a, dim), outer_shape(a, dim)), tuple(a.shape), dim, keepdim)


def mean(F: Any, a: Any, *, dim: Any, keepdim: bool) -> Any:
    parts = parts_of(F, a, dim)
    return as_kept(F, added(F, parts, outer_shape(a, dim)) / len(parts), tuple(a.shape), dim, keepdim)


def var(F: Any, a: Any, *, dim: Any, keepdim: bool, correction: float) -> Any:
    """The mean of squared distances from the mean, less the correction in its divisor."""
    axes = _axes(tuple(a.shape), dim)
    freedom = max(math.prod(a.shape[axis] for axis in axes) - correction, 0)
    centred = a - F.mean(a, axes, keepdim=True)
    return F.sum(centred * centred, axes, keepdim=keepdim) / freedom


def std(F: Any, a: Any, *, dim: Any, keepdim: bool, correction: float) -> Any:
    return root(F, apply_op("var", a, dim=dim, correction=correction, keepdim=keepdim))  # F.var may warn


def logsumexp(F: Any, a: Any, *, dim: Any, keepdim: bool) -> Any:
    """The largest is taken out first, so that no exponent is above 0."""
    axes = _axes(tuple(a.shape), dim)
    if not math.prod(a.shape[axis] for axis in axes):
        return F.log(F.sum(a, axes, keepdim=keepdim))
    top = F.detach(F.amax(a, axes, keepdim=True))
    finite = F.isfinite(top)
    if not finite._array.all():
        top = F.where(finite, top, 0.0)
    out = F.log(F.sum(F.exp(a - top), axes, keepdim=True)) + top
    return out if keepdim else F.reshape(out, outer_shape(a, dim))


def norm(F: Any, a: Any, *, p: float, dim: Any, keepdim: bool) -> Any:
    axes = _axes(tuple(a.shape), dim)
    if p == 2:
        return root(F, F.sum(a * a, axes, keepdim=keepdim))
    if p == 0:
        return F.sum(apply_op("to", a != 0, dtype="float64"), axes, keepdim=keepdim)
    size = F.abs(a)
    if p == 1:
        return F.sum(size, axes, keepdim=keepdim)
    if math.isinf(p):
        parts = parts_of(F, size, dim)
        found = apply_op("select", best(parts, largest=p > 0), *parts, ties="share")
        return as_kept(F, found, tuple(a.shape), dim, keepdim)
    if p < 1 and not a._array.all():  # a power below 1 is infinitely steep at 0: there the slope counts as 0
        zero = a == 0
        powers = F.where(zero, 0.0, F.pow(F.where(zero, 1.0, size), p))
    else:
        powers = F.pow(size, p)
    return root(F, F.sum(powers, axes, keepdim=keepdim), 1 / p)


def _is_true(F: Any, a: Any) -> Any:
    return a if a._array.dtype == bool else a != 0


def _joined_answers(combine: str) -> Any:
    def steps(F: Any, a: Any, *, dim: Any, keepdim: bool) -> Any:
        parts = parts_of(F, _is_true(F, a), dim)
        if not parts:
            return F.full(outer_shape(a, dim), combine == "logical_and")
        found = parts[0]
        for part in parts[1:]:
            found = getattr(F, combine)(found, part)
        return as_kept(F, found, tuple(a.shape), dim, keepdim)

    return steps


all_of, any_of = _joined_answers("logical_and"), _joined_answers("logical_or")


def count_nonzero(F: Any, a: Any, *, dim: Any, keepdim: bool) -> Any:
    return total(F, _is_true(F, a), dim=dim, keepdim=keepdim)


def cumsum(F: Any, a: Any, *, dim: int) -> Any:
    """Each sum is the one before it and the next number."""
    if not _is_float(a):
        a = apply_op("to", a, dtype="int64")
    if not a.ndim:
        return a * 1
    parts = list(F.unbind(a, dim))
    for place in range(1, len(parts)):
        parts[place] = parts[place - 1] + parts[place]
    return F.stack(parts, dim) if parts else a * 1


# Products


def matmul(F: Any, a: Any, b: Any) -> Any:
    """Row times column, number by number, added up."""
    left = F.unsqueeze(a, 0) if a.ndim == 1 else a
    right = F.unsqueeze(b, 1) if b.ndim == 1 else b
    each = F.unsqueeze(left, -1) * F.unsqueeze(right, -3)  # (..., m, n, p)
    out = F.sum(each, -2)
    out = F.squeeze(out, -1) if b.ndim == 1 else out
    return F.squeeze(out, -1 if b.ndim == 1 else -2) if a.ndim == 1 else out


def outer(F: Any, a: Any, b: Any) -> Any:
    return F.unsqueeze(a, 1) * b


def added_product(F: Any, input: Any, a: Any, b: Any, *, beta: float, alpha: float) -> Any:
    """`addmm` and its kin. With beta 0, `input` is not read."""
    out = F.matmul(a, b)
    out = out if alpha == 1 else out * alpha
    return out if beta == 0 else out + (input if beta == 1 else input * beta)


def trace(F: Any, a: Any) -> Any:
    return F.sum(F.diagonal(a))


def einsum(F: Any, *operands: Any, equation: str) -> Any:
    """Matrix products and sums, operands taken from left to right."""
    from tracer.core.ops.einsum import contract, sizes, terms
    from tracer.core.tensor_namespace import TENSORS

    words, target = terms(equation)
    out = contract(TENSORS, words, target, operands, sizes(words, [tuple(a.shape) for a in operands]))
    return out if not any(out is a for a in operands) else F.clone(out)
