"""What every delivery of a backward pass carried, as columns: upstream x local = contribution.

The numbers are those of `Trace.contribution`, to the last bit. Rules made of nothing but + - x / and comparisons are
run on whole columns, for NumPy rounds those as Python does; the others (a power) go delivery by delivery.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tracer.core import floats
from tracer.core.columns import Table
from tracer.core.growing import locked
from tracer.core.op import Op, find_op

if TYPE_CHECKING:
    from tracer.trace.trace import Trace

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EXACT = frozenset(("add", "sub", "mul", "div", "neg", "exp", "log", "relu", "tanh", "sigmoid", "sqrt", "abs"))
"""Ops whose backward rules NumPy computes to the bit as Python floats do: they call no exp, log or pow."""


@dataclass(frozen=True)
class Flow:
    """One row a delivery of a pass, in order; read-only."""

    upstream: Floats
    """(D,) the user's gradient. NaN where the user is a tensor: see `tensor`."""
    local: Floats
    """(D,) d user / d input, NaN likewise."""
    contribution: Floats
    """(D,) what the input received, NaN likewise."""
    tensor: NDArray[np.bool_]
    """(D,) whether arrays were handed on, which no single number stands for."""


def flow(trace: Trace, pass_index: int) -> Flow:
    """The deliveries of a pass. Worked out once a trace.

    Args:
        pass_index: as in `trace.passes`; NaN stands only where a number is NaN, or where `tensor` says so.
    """
    key = ("flow", pass_index)
    found: Flow | None = trace.kept.get(key)
    if found is None:
        found = trace.kept[key] = _flow(trace, pass_index)
    return found


def edge_values(trace: Trace) -> Floats:
    """(m,) the number each edge carried, as `Trace.edge_value`: its input's when the user was made. NaN for tensors."""
    found: Floats | None = trace.kept.get("edge values")
    if found is None:
        found = trace.kept["edge values"] = locked(_edge_values(trace))
    return found


def _edge_values(trace: Trace) -> Floats:
    c = trace.columns
    found: Floats = c.value[c.inputs]
    if len(c.updates.node):
        edges = np.flatnonzero(np.isin(c.inputs, c.updates.node))
        users = np.searchsorted(c.offsets, edges, side="right") - 1
        row = last_row_of(c.updates, c.inputs[edges], users)
        changed = row >= 0
        found[edges[changed]] = c.updates.value[row[changed]]
    if len(c.slot):
        found[c.slot[c.inputs] >= 0] = np.nan
    return found


def last_row_of(table: Table, nodes: NDArray[np.int32], seen: Ints) -> Ints:
    """The last row on each of `nodes` that was written when at most `seen` nodes existed; -1 where there is none."""
    span = 1 + max(int(table.made.max(initial=0)), int(seen.max(initial=0)))
    order = np.argsort(table.node, kind="stable")  # rows of one node stay in time order, and so does `made`
    keys = table.node[order].astype(np.int64) * span + table.made[order]
    at = np.searchsorted(keys, nodes.astype(np.int64) * span + seen, side="right") - 1
    rows: Ints = order[np.maximum(at, 0)]
    return np.where((at >= 0) & (table.node[rows] == nodes), rows, -1)


def _flow(trace: Trace, pass_index: int) -> Flow:
    c, this = trace.columns, trace.passes[pass_index]
    edges, users = this.edges, this.users
    n = len(edges)
    tensor = c.slot[users] >= 0 if len(c.slot) else np.zeros(n, bool)
    upstream, local, contribution = (np.full(n, np.nan) for _ in range(3))
    if this.columns.upstream is not None:
        upstream[:] = this.columns.upstream
    elif n:
        nodes = this.columns.nodes
        upstream[:] = this.columns.grads[np.searchsorted(nodes, users.astype(nodes.dtype))]
    upstream[tensor] = np.nan
    values = edge_values(trace)
    slots = edges - c.offsets[users]
    kinds = np.where(tensor, 0, c.op[users] * np.int64(8) + np.minimum(slots, 7))
    with np.errstate(all="ignore"):
        for kind in np.unique(kinds[kinds > 0]).tolist():
            op, slot = find_op(c.op_names[kind // 8 - 1]), kind % 8
            rows = np.flatnonzero(kinds == kind)
            first = c.offsets[users[rows]]
            args = [values[first + k] for k in range(len(op.inputs))]
            g, out = upstream[rows], c.value[users[rows]]
            contribution[rows] = _contributions(op, slot, g, out, args)
            local[rows] = _contributions(op, slot, np.ones(len(rows)), out, args)
    return Flow(locked(upstream), locked(local), locked(contribution), locked(tensor))


def _contributions(op: Op, slot: int, g: Floats, out: Floats, args: list[Floats]) -> Floats:
    """What one input of many applications of one op is handed."""
    rule = op.inputs[slot].vjp
    assert rule is not None, "only edges with a rule deliver"
    if op.name in EXACT:
        return np.asarray(rule(np, g, out, *args))
    if op.name == "pow" and slot == 0 and bool((args[1] == 2).all()):
        return g * (args[0] * 2)  # squares are what powers mostly are
    rows = zip(g.tolist(), out.tolist(), *(a.tolist() for a in args), strict=True)
    return np.array([float(rule(floats, *row)) for row in rows])
