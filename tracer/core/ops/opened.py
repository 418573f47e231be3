"""Ops in smaller ops, for one who opens them: products and running sums, winners and gates, down to single numbers.

Each function is the `steps` of the op, or the ops, it is named after: `F` is the module of functions, tensors come and
go. What chooses does so in two steps, the winner and then its value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

Dims = tuple[int, ...] | None


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
    return list(F.unbind(line, len(rest)))


def as_kept(F: Any, out: Any, shape: Sequence[int], dim: Any, keepdim: bool) -> Any:
    """A reduction's result with its axes left in at length 1, where that was asked for."""
    if not keepdim or not len(shape):
        return out
    axes = _axes(shape, dim)
    return F.reshape(out, tuple(1 if axis in axes else n for axis, n in enumerate(shape)))


def added(parts: Sequence[Any]) -> Any:
    """One after another."""
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


# Reductions


def total(F: Any, a: Any, *, dim: Any, keepdim: bool) -> Any:
    """Sum."""
    if not _is_float(a):
        a = apply_op("to", a, dtype="int64")
    return as_kept(F, added(parts_of(F, a, dim)), tuple(a.shape), dim, keepdim)


def mean(F: Any, a: Any, *, dim: Any, keepdim: bool) -> Any:
    parts = parts_of(F, a, dim)
    return as_kept(F, added(parts) / len(parts), tuple(a.shape), dim, keepdim)


# Products


def matmul(F: Any, a: Any, b: Any) -> Any:
    """Row times column, number by number, added up."""
    left = F.unsqueeze(a, 0) if a.ndim == 1 else a
    right = F.unsqueeze(b, 1) if b.ndim == 1 else b
    each = F.unsqueeze(left, -1) * F.unsqueeze(right, -3)  # (..., m, n, p)
    out = F.sum(each, -2)
    out = F.squeeze(out, -1) if b.ndim == 1 else out
    return F.squeeze(out, -1 if b.ndim == 1 else -2) if a.ndim == 1 else out


# Choices


def relu(F: Any, a: Any) -> Any:
    """The gate, and what it lets pass."""
    return apply_op("where", apply_op("gate", a), a, 0.0, dtype=a._array.dtype.name)


def _extreme(ties: str, *, largest: bool) -> Any:
    def steps(F: Any, a: Any, *, dim: Any, keepdim: bool) -> Any:
        parts = parts_of(F, a, dim)
        which = apply_op("winner", *parts, rank=0, descending=largest, nan="wins")
        return as_kept(F, apply_op("select", which, *parts, ties=ties), tuple(a.shape), dim, keepdim)

    return steps


maximum_of, minimum_of = _extreme("share", largest=True), _extreme("share", largest=False)
"""`max`, `min` of all elements."""
amax, amin = _extreme("strict", largest=True), _extreme("strict", largest=False)
