"""Finite differences of a pass's root: the graph is run again with one number nudged up, then down.

A central difference has two errors, one from the curve (it falls with the step) and one from rounding (it grows as the
step shrinks). Both are estimated at every node, so that a verdict can say what it is worth: the curve's from a second
step twice as long, rounding's from how strongly every number of the graph acts on the root.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tracer.core.replay import CELLS, Replay
from tracer.explain.columns import EPS, JUMP, RESOLVES, STEP, Bools, own_error
from tracer.explain.edges import Floats, Ints, edge_values, once
from tracer.trace.trace import Trace

COLUMNS = 4
"""Runs for one slope: two steps, each up and down."""
LONGER = (50.0, 2000.0)
"""Steps tried where rounding hides a small slope."""
SHORTER = (1e-2, 1e-4)
"""Steps tried where a kink lies within the nudge, or the curve bends too much."""


class Slopes(NamedTuple):
    """Slopes of one root with respect to k nodes."""

    slope: Floats
    """(k,) NaN where the nudged runs are not finite."""
    error: Floats
    """(k,) what the finite difference may be off by on its own account."""
    kink: Ints
    """(k,) a node whose kink lies within the shortest nudge, -1 where none does."""

    def take(self, rows: Ints | slice) -> Slopes:
        """Some of them."""
        return Slopes(self.slope[rows], self.error[rows], self.kink[rows])

    def put(self, rows: Ints | slice, new: Slopes) -> None:
        """Write some of them over."""
        self.slope[rows], self.error[rows], self.kink[rows] = new

    def and_(self, other: Slopes) -> Slopes:
        """These, then others."""
        return Slopes(
            np.concatenate([self.slope, other.slope]),
            np.concatenate([self.error, other.error]),
            np.concatenate([self.kink, other.kink]),
        )


def replay_of(trace: Trace, root: int) -> Replay:
    """The graph under `root`, ready to be run again; the last one asked for is kept."""
    kept: dict[int, Replay] = once(trace, ("replay",), dict)
    if root not in kept:
        made = Replay(trace.columns, root)
        kept.clear()
        kept[root] = made
    return kept[root]


def slopes(trace: Trace, root: int, nodes: Sequence[int], expected: Floats) -> Slopes:
    """Nudge each of `nodes` and watch the root.

    Args:
        root: where the pass began.
        nodes: ids that lead to the root.
        expected: (k,) the gradients to be checked; they say how fine a slope must be measured.
    """
    runner = Runner(trace, replay_of(trace, root))
    at = np.asarray(nodes, np.int64)
    found = runner.run(at, 1.0)
    for scale in SHORTER:
        rough = np.flatnonzero((found.kink >= 0) | ~np.isfinite(found.error))
        if not len(rough):
            break
        found.put(rough, runner.run(at[rough], scale))
    for scale in LONGER:
        with np.errstate(all="ignore"):
            size = np.maximum(np.abs(expected), np.abs(found.slope))
            vague = (found.error > RESOLVES * size) & np.isfinite(found.error) & (expected != 0) & (found.kink < 0)
            vague = np.flatnonzero(vague)
        if not len(vague):
            break
        again = runner.run(at[vague], scale)
        better = np.flatnonzero((again.error < found.error[vague]) & (again.kink < 0))
        found.put(vague[better], again.take(better))
    return found


class Runner:
    """Runs one replay nudged, a bounded number of nodes at a time, and looks out for kinks on the way."""

    def __init__(self, trace: Trace, replay: Replay) -> None:
        self.trace, self.replay = trace, replay
        self.base = replay.forward()[:, 0]
        self.rounding = self._rounding()
        self.kinked = [group for group in replay.groups if group.op.kink is not None]

    def _rounding(self) -> float:
        """How uncertain the root is: every number is rounded once, and acts on the root by its gradient."""
        with np.errstate(all="ignore"):
            acts = self.base * self.replay.backward()
            return float(4 * EPS * np.sqrt(np.sum(acts[np.isfinite(acts)] ** 2)))

    def run(self, nodes: Ints, scale: float) -> Slopes:
        """Slopes at one step size (and twice that, for the error)."""
        k, rows = len(nodes), len(self.replay.nodes)
        found = Slopes(np.empty(k), np.empty(k), np.full(k, -1))
        width = max(1, CELLS // (COLUMNS * rows))
        for low in range(0, k, width):
            part = slice(low, min(low + width, k))
            found.put(part, self._batch(nodes[part], scale))
        return found

    def _batch(self, nodes: Ints, scale: float) -> Slopes:
        at = self.base[[self.replay.row(n) for n in nodes.tolist()]]
        with np.errstate(all="ignore"):
            step = STEP * scale * np.maximum(np.where(np.isfinite(at), np.abs(at), 1.0), 1e-2)
            bumps = [
                (n, d) for sign in (1, -1, 2, -2) for n, d in zip(nodes.tolist(), (sign * step).tolist(), strict=True)
            ]
            values = self.replay.forward(bumps)
            up, down, far_up, far_down = values[-1].reshape(COLUMNS, -1)
            near = (up - down) / ((at + step) - (at - step))
            far = (far_up - far_down) / ((at + 2 * step) - (at - 2 * step))
            error = own_error(near, far, self.rounding / step)
        return Slopes(near, error, self._crossed(values, nodes, bumps))

    def _crossed(self, values: Floats, nodes: Ints, bumps: list[tuple[int, float]]) -> Ints:
        """(k,) for each nudge, a node whose local gradient jumps within it, or -1."""
        found = np.full(len(nodes), -1)
        for group in self.kinked:
            made = self.replay.nodes[group.out]
            args = [self._argument(values, made, slot, rows, bumps) for slot, rows in enumerate(group.ins)]
            base = [self._argument(self.base[:, None], made, slot, rows, []) for slot, rows in enumerate(group.ins)]
            for spec in group.op.inputs:
                if spec.vjp is None:
                    continue
                with np.errstate(all="ignore"):
                    here = spec.vjp(np, np.ones(base[0].shape), self.base[group.out][:, None], *base)
                    there = spec.vjp(np, np.ones(args[0].shape), values[group.out], *args)
                    moved: Bools = np.any([arg != before for arg, before in zip(args, base, strict=True)], axis=0)
                    jumps = (np.abs(there - here) > JUMP) & moved
                # one answer for the four runs of a node
                which = jumps.reshape(len(made), COLUMNS, -1).any(axis=1)
                hit = which.any(axis=0) & (found < 0)
                found[hit] = made[np.argmax(which, axis=0)[hit]]
        return found

    def _argument(self, values: Floats, made: Ints, slot: int, rows: Ints, bumps: list[tuple[int, float]]) -> Floats:
        """(g, K) one input of a group of nodes in every run.

        A leaf that was updated between two uses has a row for each number it was used with, beyond those the replay
        hands out; such an input is what the edge carried, and the nudge where the nudged node is that leaf.
        """
        inside = rows < len(values)
        found: Floats = values[np.where(inside, rows, 0)]
        for i in np.flatnonzero(~inside).tolist():
            edge = int(self.trace.columns.offsets[made[i]]) + slot
            source = int(self.trace.columns.inputs[edge])
            found[i] = edge_values(self.trace)[edge]
            found[i] += np.array([delta if node == source else 0.0 for node, delta in bumps] or [0.0])
        return found


def along(trace: Trace, root: int, leaves: Ints, direction: Floats) -> tuple[float, float]:
    """The slope of the root when all `leaves` move together, and what it may be off by on its own account.

    Args:
        leaves: leaves that were never updated.
        direction: (k,) how far each moves per unit.
    """
    runner = Runner(trace, replay_of(trace, root))
    at = trace.columns.value[leaves]
    step = STEP

    def root_at(t: float) -> float:
        moved = dict(zip(leaves.tolist(), (at + t * direction).tolist(), strict=True))
        return float(runner.replay.forward(leaves=moved)[-1, 0])

    near = (root_at(step) - root_at(-step)) / (2 * step)
    far = (root_at(2 * step) - root_at(-2 * step)) / (4 * step)
    return near, float(own_error(np.array(near), np.array(far), np.array(runner.rounding / step)))
