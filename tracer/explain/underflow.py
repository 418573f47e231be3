"""Gradients that became 0 on their way, because their type has nothing so small: float16 ends at 6e-8.

By their own rules and in their own type such numbers are right, and yet they are not the slope: so they earn no ✓.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracer.explain.edges import once
from tracer.explain.tensor_findings import DRIFTS, gradient, rederived, size
from tracer.trace.segment import Pass
from tracer.trace.trace import Trace

RESIDUE = 1e-12
"""By how much of what arrives float64 may itself miss a 0 that terms leave when they cancel."""


class Lost(NamedTuple):
    """An element of a gradient from which something was lost."""

    place: int
    """Where it is, in row-major order."""
    stored: float
    right: float
    """What the same rules give in float64."""
    kind: str
    """The type that was too coarse: `float16`."""


def lost(trace: Trace, this: Pass, node: int) -> Lost | None:
    """The element of a node's gradient that is furthest off because of what became 0; None where none is."""
    kind = once(trace, ("underflow", this.index), lambda: _reached(trace, this)).get(node)
    right = rederived(trace, this).get(node)
    if kind is None or right is None:
        return None
    stored = gradient(trace, this, node).alone
    with np.errstate(all="ignore"):
        off = np.abs(np.asarray(stored, np.float64) - right).reshape(-1)
    gone = (np.asarray(stored).reshape(-1) == 0) & (off > _residue(trace, this, node))
    found = np.flatnonzero(gone | (off > DRIFTS[kind.str[1:]] * size(right)))
    if not len(found):
        return None
    place = int(found[np.argmax(off[found])])
    values = [float(np.asarray(one, np.float64).reshape(-1)[place]) for one in (stored, right)]
    return Lost(place, values[0], values[1], kind.name)


def _reached(trace: Trace, this: Pass) -> dict[int, np.dtype[Any]]:
    """Node -> the type in which something vanished, on it or on the way to it."""
    found = {node: kind for node in this.columns.nodes.tolist() if (kind := _vanished(trace, this, node)) is not None}
    for user, target in zip(this.users.tolist(), this.targets.tolist(), strict=True):  # a user before its inputs
        if user in found:
            found.setdefault(target, found[user])
    return found


def _vanished(trace: Trace, this: Pass, node: int) -> np.dtype[Any] | None:
    right = rederived(trace, this).get(node)
    if right is None:
        return None
    size_of = np.abs(right)
    tiny = (size_of > 0) & (size_of <= np.finfo(this.recorded_grad(node).dtype).smallest_subnormal)
    if not tiny.any():
        return None
    stored: NDArray[Any] = np.asarray(gradient(trace, this, node).alone)
    gone = (stored == 0) & tiny
    return stored.dtype if (gone & (size_of > _residue(trace, this, node))).any() else None


def _residue(trace: Trace, this: Pass, node: int) -> float:
    """What float64 may leave of a true 0 here."""
    grads = rederived(trace, this)
    users = {int(this.users[d]) for d in this.deliveries_to(node)}
    return RESIDUE * size(*(grads[user] for user in users if user in grads))
