"""The rules on the edges of a pass over tensors, each against nudging its op alone; in float64.

Single numbers are tried side by side, and so are the inputs of an op that takes many.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracer.core.tensor_replay import TensorReplay
from tracer.explain.columns import AGREES, EPS, JUMP, STEP, own_error
from tracer.explain.edges import once
from tracer.explain.tensor_findings import SEED, jumps, replay_of
from tracer.trace.segment import Pass
from tracer.trace.trace import Trace

Array = NDArray[Any]

TOGETHER = 8
"""Inputs of one op that are nudged each by itself; of more all at once first."""


class RuleCheck(NamedTuple):
    """The rule of one edge against nudging its op alone, along one direction."""

    wrong: bool
    decided: bool
    says: float
    measured: float


def rule(trace: Trace, this: Pass, edge: int) -> RuleCheck:
    """Nudge one input of one op, and compare with what its rule says; in float64."""
    return once(trace, ("tensor rule", this.root, edge), lambda: _rule(trace, this, edge))


def _rule(trace: Trace, this: Pass, edge: int) -> RuleCheck:
    replay, e = replay_of(trace, this), trace.edge(edge)
    live = [one for one in trace.edges_in(e.user) if trace.delivers(one)]
    if len(live) > TOGETHER:
        all_of_them = once(trace, ("tensor rules", this.root, e.user), lambda: _rules_together(replay, e.user, live))
        if all_of_them.decided and not all_of_them.wrong:
            return all_of_them
    args = replay.args(e.user, replay.forward())
    out = np.asarray(replay.run(e.user, args)[0], np.float64)
    at = np.asarray(args[e.slot], np.float64)
    rng = np.random.default_rng(SEED)
    g = rng.uniform(0.5, 1.5, out.shape) * rng.choice([-1.0, 1.0], out.shape)
    with np.errstate(all="ignore"):
        direction = rng.uniform(0.5, 1.5, at.shape) * np.maximum(np.where(np.isfinite(at), np.abs(at), 1.0), 1e-2)

        def along(t: float) -> float:
            moved = [*args[: e.slot], at + t * direction, *args[e.slot + 1 :]]
            return float(np.sum((np.asarray(replay.run(e.user, moved)[0], np.float64) - out) * g))

        moves = np.array([[along(t)] for t in (STEP, -STEP, 2 * STEP, -2 * STEP)])
        part = replay.handed(e.user, g)[e.slot]
        assert part is not None, "only edges with a rule are asked about"
        noise = 16 * EPS * float(np.sqrt(np.sum((out * g) ** 2))) / STEP
        found = _judged(moves, np.reshape(part * direction, (-1, 1)), np.array([noise]))[0]
        if found.wrong:  # several elements may stand near kinks of their own
            moved = [*args[: e.slot], at + STEP * direction, *args[e.slot + 1 :]]
            wrong = not jumps(replay, e.user, args, moved)
            return found._replace(wrong=wrong, decided=wrong)
    return found


def _rules_together(replay: TensorReplay, user: int, edges: list[int]) -> RuleCheck:
    """All inputs of an op nudged at once, each in a direction of its own."""
    first = int(replay.columns.offsets[user])
    slots = [edge - first for edge in edges]
    args = replay.args(user, replay.forward())
    out = np.asarray(replay.run(user, args)[0], np.float64)
    rng = np.random.default_rng(SEED)
    g = rng.uniform(0.5, 1.5, out.shape) * rng.choice([-1.0, 1.0], out.shape)
    with np.errstate(all="ignore"):
        at = {slot: np.asarray(args[slot], np.float64) for slot in slots}
        reach = {slot: np.maximum(np.where(np.isfinite(a), np.abs(a), 1.0), 1e-2) for slot, a in at.items()}
        direction = {slot: rng.uniform(0.5, 1.5, np.shape(a)) * a for slot, a in reach.items()}

        def along(t: float) -> float:
            moved = [at[i] + t * direction[i] if i in at else arg for i, arg in enumerate(args)]
            return float(np.sum((np.asarray(replay.run(user, moved)[0], np.float64) - out) * g))

        up, down, far_up, far_down = (along(t) for t in (STEP, -STEP, 2 * STEP, -2 * STEP))
        handed = replay.handed(user, g)
        terms = np.concatenate([np.reshape(np.asarray(handed[slot]) * direction[slot], -1) for slot in slots])
        noise = 16 * EPS * float(np.sqrt(np.sum((out * g) ** 2))) / STEP
    return _judged(np.array([[up], [down], [far_up], [far_down]]), terms[:, None], np.array([noise]))[0]


def _judged(moves: Array, terms: Array, noise: Array) -> list[RuleCheck]:
    """What each rule says against what its op did.

    Args:
        moves: (4, k) how far the outputs moved for a step up, down, two up and two down.
        terms: (m, k) what the rule says, in the parts that it sums.
        noise: (k,) what rounding makes of no move at all.
    """
    up, down, far_up, far_down = moves
    with np.errstate(all="ignore"):
        near, far = (up - down) / (2 * STEP), (far_up - far_down) / (4 * STEP)
        own = np.asarray(own_error(near, far, noise))
        says, total = terms.sum(axis=0), np.sqrt((terms**2).sum(axis=0))
        smooth = np.abs(up + down) / STEP <= np.maximum(JUMP * np.maximum(np.abs(near), total), 20 * noise)
        fine = np.isfinite(says) & np.isfinite(near) & np.isfinite(own) & smooth
        wrong = fine & (np.abs(says - near) > own + AGREES * (total + np.abs(near)))
    columns = (wrong.tolist(), fine.tolist(), says.tolist(), near.tolist())
    return [RuleCheck(*row) for row in zip(*columns, strict=True)]


def rules(trace: Trace, this: Pass) -> list[RuleCheck]:
    """The rules of all edges of a pass, in the order of its deliveries; those on single numbers side by side."""
    known = once(trace, ("tensor rules of numbers", this.root), lambda: _rules_of_numbers(replay_of(trace, this)))
    found = []
    for edge in this.edges.tolist():
        one = known.get(edge)
        if one is not None and not one.wrong:
            found.append(once(trace, ("tensor rule", this.root, edge), lambda one=one: one))  # type: ignore[misc]
        else:
            found.append(rule(trace, this, edge))
    return found


def _rules_of_numbers(replay: TensorReplay) -> dict[int, RuleCheck]:
    found: dict[int, RuleCheck] = {}
    base = replay.forward()
    rng = np.random.default_rng(SEED)
    for group in replay.groups:
        args = group.arrays(base)
        count = len(group.nodes)
        g = rng.uniform(0.5, 1.5, count) * rng.choice([-1.0, 1.0], count)
        first = replay.columns.offsets[list(group.nodes)].tolist()
        with np.errstate(all="ignore"):
            out = np.asarray(group.op.forward(np, *args), np.float64)
            parts = group.op.contributions(np, [any(flows) for flows in group.flows], g, out, args, {}, {})
            for slot, part in enumerate(parts):
                if part is None:
                    continue
                reach = np.maximum(np.where(np.isfinite(args[slot]), np.abs(args[slot]), 1.0), 1e-2)
                direction = rng.uniform(0.5, 1.5, count) * reach
                moves = []
                for t in (STEP, -STEP, 2 * STEP, -2 * STEP):
                    moved = [*args[:slot], args[slot] + t * direction, *args[slot + 1 :]]
                    moves.append((np.asarray(group.op.forward(np, *moved), np.float64) - out) * g)
                terms = np.broadcast_to(np.asarray(part, np.float64), g.shape) * direction
                judged = _judged(np.array(moves), terms[None], 16 * EPS * np.abs(out * g) / STEP)
                found |= {
                    first[i] + slot: one
                    for i, (one, flows) in enumerate(zip(judged, group.flows[slot], strict=True))
                    if flows
                }
    return found
