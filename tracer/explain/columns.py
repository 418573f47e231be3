"""Three checks of a whole trace at once, by columns: values from their inputs, gradients from their contributions, and
each rule against nudging its op alone. Nothing here runs the graph; `slopes` does.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import LIVE
from tracer.core.op import Op
from tracer.explain.edges import Floats, applications, carried, grads_of, once
from tracer.trace.segment import Pass
from tracer.trace.trace import Trace

Bools = NDArray[np.bool_]

EPS = float(np.finfo(np.float64).eps)
ROUNDING = 1e-12
"""Relative difference that recomputing may show: NumPy and the program round the last bits differently."""
STEP = 6e-6
"""Relative step of a central difference: about the cube root of EPS, where its two errors balance."""
AGREES = 1e-6
"""Relative difference between a rule and a finite difference beyond the difference's own error."""
RESOLVES = 1e-3
"""A finite difference whose own error is more than this part of the gradient decides nothing."""
JUMP = 1e-3
"""A local gradient that changes by more than this over a nudge has a kink in between."""


def agree(a: Floats, b: Floats, allowed: Floats) -> Bools:
    """Where two numbers are the same, infinities and nan included, or differ by no more than is allowed."""
    with np.errstate(all="ignore"):
        near: Bools = (np.abs(a - b) <= allowed) | (a == b) | (np.isnan(a) & np.isnan(b))
    return near


def difference(a: Floats, b: Floats) -> Floats:
    """(k,) |a − b|, 0 where both are the same infinity or nan."""
    with np.errstate(all="ignore"):
        found: Floats = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.abs(a - b))
    return found


class Values(NamedTuple):
    """Every value, computed again from the numbers its inputs had."""

    again: Floats
    """(n,) as stored for leaves and constants, which follow from nothing."""
    wrong: Bools
    """(n,)"""


def values(trace: Trace) -> Values:
    """Re-derive all values of a trace."""
    return once(trace, ("values",), lambda: _values(trace))


def _values(trace: Trace) -> Values:
    again: Floats = trace.columns.value.astype(np.float64)
    wrong = np.zeros(trace.n_nodes, bool)
    for app in applications(trace):
        with np.errstate(all="ignore"):
            found = np.asarray(app.op.forward(np, *app.args), np.float64)
            allowed = ROUNDING * np.maximum(np.abs(found), np.abs(app.out))
        again[app.nodes] = found
        wrong[app.nodes] = ~agree(found, app.out, np.where(np.isfinite(allowed), allowed, 0.0))
    return Values(again, wrong)


class Sums(NamedTuple):
    """The gradients of one pass, added up again from what every edge delivered."""

    recorded: Floats
    """(n,) what the program had when the pass ended; NaN where the pass brought nothing."""
    expected: Floats
    """(n,) what its contributions make, on top of what a leaf held before."""
    alone: Floats
    """(n,) what this pass brought, without what was held before."""
    wrong: Bools
    reached: Bools


def sums(trace: Trace, this: Pass) -> Sums:
    """Add up all contributions of a pass again."""
    return once(trace, ("sums", this.index), lambda: _sums(trace, this))


def _sums(trace: Trace, this: Pass) -> Sums:
    n, targets = trace.n_nodes, this.targets
    contribution = carried(trace, this.index).contribution
    recorded = grads_of(trace, this)
    reached = np.zeros(n, bool)
    reached[this.columns.nodes] = True
    before, known = held_before(trace)[this.index]
    size = np.abs(before)
    with np.errstate(all="ignore"):
        if this.combine == "assign":
            alone = np.zeros(n)
            alone[this.root] = 1.0
            alone[targets] = contribution  # the last delivery to a node stays
            received = np.zeros(n, bool)
            received[targets] = True
            expected = np.where(received, alone, alone + before)
            size = size + np.abs(alone)
        else:
            alone = np.zeros(n)
            if len(targets):
                alone = np.bincount(targets, weights=contribution, minlength=n).astype(np.float64)
            alone[this.root] += 1.0
            expected = before + alone
            if len(targets):
                size = size + np.bincount(targets, weights=np.abs(contribution), minlength=n)
        allowed = ROUNDING * size
    wrong = reached & known & ~agree(recorded, expected, np.where(np.isfinite(allowed), allowed, 0.0))
    return Sums(recorded, expected, alone, wrong, reached)


def held_before(trace: Trace) -> list[tuple[Floats, Bools]]:
    """For each pass: (n,) what each node held when it began, and whether that settles what it held when it ended.

    Inner nodes start afresh. A gradient written while a pass was under way leaves nothing to compare.
    """
    return once(trace, ("held",), lambda: _held_before(trace))


def _held_before(trace: Trace) -> list[tuple[Floats, Bools]]:
    c, passes = trace.columns, trace.passes
    moments = [(this.start, 1, this.index) for this in passes] + [(this.stop, 0, this.index) for this in passes]
    for segment in trace.segments:
        if segment.kind == "write":
            moments += [(segment.start + i + 1, 2, segment.first + i) for i in range(len(segment))]
    held, leaf = np.zeros(trace.n_nodes), c.op == 0
    found = [(np.zeros(0), np.ones(trace.n_nodes, bool)) for _ in passes]
    under_way: set[int] = set()
    for _, what, index in sorted(moments):
        if what == 1:
            found[index] = (np.where(leaf, held, 0.0), found[index][1])
            under_way.add(index)
        elif what == 0:
            nodes = passes[index].columns.nodes
            held[nodes] = passes[index].columns.grads
            under_way.discard(index)
        else:
            node = int(c.writes.node[index])
            held[node] = 0.0 if c.writes.flag[index] else c.writes.value[index]
            for one in under_way:
                found[one][1][node] = False
    return found


class Rules(NamedTuple):
    """Every local gradient against nudging its op alone."""

    measured: Floats
    """(m,) what nudging this input of the user shows; NaN where it cannot be tried."""
    rule: Floats
    """(m,) what the rule says."""
    wrong: Bools
    """(m,)"""
    decided: Bools
    """(m,) false at a kink, out of the domain, or where the slope is too small to be measured."""


def rules(trace: Trace) -> Rules:
    """Check the rule of every edge along which gradient flows."""
    return once(trace, ("rules",), lambda: _rules(trace))


def _rules(trace: Trace) -> Rules:
    c, m = trace.columns, trace.n_edges
    found = Rules(np.full(m, np.nan), np.full(m, np.nan), np.zeros(m, bool), np.zeros(m, bool))
    live = (c.flags[c.inputs] & LIVE) > 0
    for app in applications(trace):
        for slot, edges in enumerate(app.edges):
            if app.op.inputs[slot].vjp is None:
                continue
            which = np.flatnonzero(live[edges])
            if len(which):
                args = [arg[which] for arg in app.args]
                for column, part in zip(found, nudged(app.op, slot, args), strict=True):
                    column[edges[which]] = part
    return found


def own_error(near: Floats, far: Floats, rounding: Floats) -> Floats:
    """What a central difference may be off by, from one with twice the step and what rounding can do.

    Infinite where the two differ by much more than rounding explains: then the step is too long for the curve (it
    reaches over a pole, say), and the difference means nothing.
    """
    with np.errstate(all="ignore"):
        bend = 4 * np.abs(far - near)
        size = np.maximum(np.abs(near), np.abs(far))
        found: Floats = np.where((bend > RESOLVES * size) & (bend > 10 * rounding), np.inf, bend + rounding)
    return found


def nudged(op: Op, slot: int, args: list[Floats]) -> Rules:
    """(k,) one rule of an op against central differences of the op itself, at k places."""
    vjp = op.inputs[slot].vjp
    assert vjp is not None, "a rule to check"
    at, ones = args[slot], np.ones(len(args[slot]))

    def with_(a: Floats) -> list[Floats]:
        return [*args[:slot], a, *args[slot + 1 :]]

    def local(a: Floats) -> Floats:
        moved = with_(a)
        return np.broadcast_to(vjp(np, ones, op.forward(np, *moved), *moved), a.shape)

    def slope(step: Floats) -> tuple[Floats, Floats]:
        """The central difference, and its error from rounding."""
        up, down = at + step, at - step
        f_up, f_down = op.forward(np, *with_(up)), op.forward(np, *with_(down))
        return (f_up - f_down) / (up - down), 4 * EPS * np.maximum(np.abs(f_up), np.abs(f_down)) / step

    with np.errstate(all="ignore"):
        rule = np.array(local(at), np.float64)
        measured, error = np.full(len(at), np.nan), np.full(len(at), np.inf)
        kinked = np.zeros(len(at), bool)
        for step in (STEP * np.maximum(np.abs(at), 1e-2), STEP * np.abs(at), 1e-3 * np.maximum(np.abs(at), 1e-2)):
            (near, noise), (far, _) = slope(step), slope(2 * step)
            own = own_error(near, far, noise)
            better = np.isfinite(near) & np.isfinite(own) & (own < error)
            measured, error = np.where(better, near, measured), np.where(better, own, error)
        if op.kink is not None:
            reach = 2 * STEP * np.maximum(np.abs(at), 1e-2)
            kinked = np.abs(local(at + reach) - local(at - reach)) > JUMP
        size = np.maximum(np.abs(rule), np.abs(measured))
        off = np.abs(rule - measured)
        fine = np.isfinite(rule) & np.isfinite(measured) & ~kinked
        wrong = fine & (off > error + AGREES * size)
        decided = fine & ((error <= RESOLVES * size) | (rule == 0) | wrong)
    return Rules(measured, rule, wrong, decided)
