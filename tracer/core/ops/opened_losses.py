"""Losses in smaller ops: what each row or element costs, and how they are brought together.

Each function is the `steps` of the op it is named after; see `tracer.core.ops.opened`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tracer.core.ops.opened import apply_op


def _brought_together(F: Any, elements: Any, reduction: str) -> Any:
    return elements if reduction == "none" else getattr(F, reduction)(elements)


def smooth_l1_loss(F: Any, a: Any, target: Any, *, reduction: str, beta: float) -> Any:
    size = F.abs(a - target)
    if beta:
        size = F.where(size < beta, size * size * 0.5 / beta, size - 0.5 * beta)
    return _brought_together(F, size, reduction)


def huber_loss(F: Any, a: Any, target: Any, *, reduction: str, delta: float) -> Any:
    size = F.abs(a - target)
    each = F.where(size <= delta, size * size * 0.5, (size - 0.5 * delta) * delta)
    return _brought_together(F, each, reduction)


def binary_cross_entropy(F: Any, a: Any, target: Any, weight: Any = None, *, reduction: str) -> Any:
    if reduction != "none":
        given = (a, target) if weight is None else (a, target, weight)
        each = apply_op("binary_cross_entropy", *given, reduction="none")
        return _brought_together(F, each, reduction)
    right, wrong = F.log(a), F.log1p(-a)
    if (right._array < -100).any() or (wrong._array < -100).any():
        return None  # logarithms are cut off there, and the gradient is not that of the cut
    each = (target - 1.0) * wrong - target * right
    return each if weight is None else each * weight


def _rows(F: Any, a: Any) -> Any:
    """(N, C, d1, ...) as (rows, C)."""
    if a.ndim == 1:
        return F.unsqueeze(a, 0)
    if a.ndim == 2:
        return a
    return F.reshape(F.permute(a, (0, *range(2, a.ndim), 1)), (-1, a.shape[1]))


def _at_targets(F: Any, logs: Any, target: Any, weight: Any, ignore_index: int) -> tuple[Any, Any, Any]:
    """(−log-probability of each row that counts, its weight or None, which rows count)."""
    labels = target._array.reshape(-1)
    counts = np.flatnonzero(labels != ignore_index)
    labels = labels[counts]
    index = target if target.ndim == 1 else F.reshape(target, (-1,))
    index = index if len(counts) == len(index) else index[counts]
    taken = apply_op("select", index, logs[counts, labels], ties="one", number=labels)
    share = None if weight is None else apply_op("select", index, weight[labels], ties="one", number=labels)
    return -taken, share, counts


def _of_rows(F: Any, rows: Any, share: Any, counts: Any, shape: tuple[int, ...], reduction: str) -> Any:
    if reduction == "none":
        whole = F.zeros((int(np.prod(shape)),), dtype=rows.dtype)
        return F.reshape(apply_op("index_put", whole, rows, index=(counts,)), shape)
    if reduction == "mean" and share is None and len(counts):
        return F.mean(rows)
    total = F.sum(rows)
    return total if reduction == "sum" else total / (len(counts) if share is None else F.sum(share))


def nll_loss(F: Any, logs: Any, target: Any, weight: Any = None, *, reduction: str, ignore_index: int) -> Any:
    rows, share, counts = _at_targets(F, _rows(F, logs), target, weight, ignore_index)
    rows = rows if share is None else rows * share
    return _of_rows(F, rows, share, counts, tuple(target.shape), reduction)


def cross_entropy(
    F: Any,
    scores: Any,
    target: Any,
    weight: Any = None,
    *,
    reduction: str,
    ignore_index: int,
    label_smoothing: float,
) -> Any:
    """log_softmax, the number at the target with its sign turned, and the mean."""
    logs = F.log_softmax(_rows(F, scores), 1)
    rows, share, counts = _at_targets(F, logs, target, weight, ignore_index)
    rows = rows if share is None else rows * share
    if label_smoothing:
        logs = logs if len(counts) == len(logs) else logs[counts]
        others = -F.sum(logs if weight is None else logs * weight, 1)
        rows = rows * (1 - label_smoothing) + others * (label_smoothing / scores.shape[1 if scores.ndim > 1 else 0])
    return _of_rows(F, rows, share, counts, tuple(target.shape), reduction)
