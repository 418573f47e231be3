"""Choices that stand on the edge: a gate whose number is exactly 0, a winner with an equal beside it.

Unfolded, a kink is such a choice. It is a node of its own, which no gradient flows through and which a replay holds
still; so it is asked here whether the least move would turn it.
"""

from __future__ import annotations

import numpy as np

from tracer.core.rerun import run_again
from tracer.explain.columns import STEP
from tracer.explain.edges import once
from tracer.explain.tensor_findings import replay_of
from tracer.trace.segment import Pass
from tracer.trace.trace import Trace

TRIES = 4
"""Random directions in which the inputs of a choice are moved."""
LEAST = 1e-9
"""How far, as a part of each input; where that is 0, in itself."""
SEED = 20


def ties(trace: Trace, this: Pass) -> tuple[int, ...]:
    """Choices inside what is unfolded that the least move turns, and that decide where gradient flows in a pass."""

    def found() -> tuple[int, ...]:
        return tuple(node for span in trace.unfolded for node in span if _ties(trace, this, node))

    return once(trace, ("ties", this.index), found)


def tie(trace: Trace, this: Pass, node: int) -> int | None:
    """A choice on the edge that a nudge of `node` would turn; None where there is none."""
    waiting = ties(trace, this)
    if not waiting:
        return None
    replay = replay_of(trace, this)
    base = replay.forward()
    with np.errstate(all="ignore"):
        at = np.asarray(base[node], np.float64)
        reach = np.maximum(np.where(np.isfinite(at), np.abs(at), 1.0), 1e-2)
        direction = STEP * reach * np.random.default_rng(SEED).uniform(0.5, 1.5, at.shape)
    moved = replay.forward({node: direction})
    for choice in waiting:
        for source in trace.inputs(choice):
            if source in moved and not np.array_equal(np.asarray(moved[source]), np.asarray(base[source])):
                return choice
    return None


def _ties(trace: Trace, this: Pass, node: int) -> bool:
    op = trace.op(node)
    if op is None or trace.dtype(node).is_floating_point:
        return False
    if not any(this.reached(trace.edge(edge).user) for edge in trace.uses(node)):
        return False
    args, static, out = trace.args(node), trace.static(node), trace.value(node)
    rng = np.random.default_rng(SEED)
    for _ in range(TRIES):
        near = [_moved(arg, rng) for arg in args]
        if not np.array_equal(run_again(op, near, static, out.dtype)[0], out):
            return True
    return False


def _moved(arg: object, rng: np.random.Generator) -> object:
    """An array a little off; numbers that the program wrote, and whole ones, as they are."""
    if not isinstance(arg, np.ndarray) or arg.dtype.kind != "f":
        return arg
    far = np.where(arg == 0, LEAST, np.abs(arg) * LEAST)
    return np.asarray(arg.astype(np.float64) + rng.choice([-1.0, 1.0], arg.shape) * far)
