"""What every edge carried, as columns: the arithmetic of a whole trace in a few array calls.

NumPy's `exp` or `tanh` may differ from the program's in the last bit: compare what is found here with a tolerance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from tracer.core.op import OPS, Op, find_op
from tracer.trace.segment import Pass
from tracer.trace.trace import Trace

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
T = TypeVar("T")

_KEPT: WeakKeyDictionary[Trace, dict[tuple[Any, ...], Any]] = WeakKeyDictionary()


def once(trace: Trace, key: tuple[Any, ...], make: Callable[[], T]) -> T:
    """`make()`, remembered for as long as the trace lives."""
    kept = _KEPT.setdefault(trace, {})
    if key not in kept:
        kept[key] = make()
    found: T = kept[key]
    return found


class Application(NamedTuple):
    """All nodes made by one op."""

    op: Op
    nodes: Ints
    """(k,)"""
    edges: tuple[Ints, ...]
    """(k,) the edge of each input slot."""
    args: tuple[Floats, ...]
    """(k,) the number of each input slot, as it was then."""
    out: Floats
    """(k,)"""


def edge_values(trace: Trace) -> Floats:
    """(m,) the number each edge carried forward: its input's value when the user was made."""
    return once(trace, ("edge values",), lambda: _edge_values(trace))


def _edge_values(trace: Trace) -> Floats:
    c = trace.columns
    values: Floats = c.value[c.inputs].astype(np.float64)
    updated = np.unique(c.updates.node)
    if len(updated):
        users = np.repeat(np.arange(trace.n_nodes), np.diff(c.offsets))
        for node in updated.tolist():
            rows = np.flatnonzero(c.updates.node == node)
            uses = np.array(trace.uses(node), np.int64)
            if len(uses):
                version = np.searchsorted(c.updates.made[rows], users[uses], side="right")
                values[uses] = np.append(c.value[node], c.updates.value[rows])[version]
    return values


def applications(trace: Trace) -> tuple[Application, ...]:
    """The plain nodes of a trace by op; tensors are read one by one."""
    return once(trace, ("applications",), lambda: tuple(_applications(trace)))


def _applications(trace: Trace) -> Iterator[Application]:
    c, values = trace.columns, edge_values(trace)
    plain = c.slot < 0 if len(c.slot) else np.ones(len(c.op), bool)
    for code in np.unique(c.op).tolist():
        if code:
            op = find_op(c.op_names[code - 1])
            nodes = np.flatnonzero((c.op == code) & plain)
            if not len(nodes):
                continue
            edges = tuple(c.offsets[nodes] + slot for slot in range(len(op.inputs)))
            yield Application(op, nodes, edges, tuple(values[e] for e in edges), c.value[nodes].astype(np.float64))


class Carried(NamedTuple):
    """The deliveries of one pass, in time order."""

    upstream: Floats
    local: Floats
    contribution: Floats


def carried(trace: Trace, pass_index: int) -> Carried:
    """(D,) upstream gradient, local gradient and contribution of every delivery of a pass."""
    return once(trace, ("carried", pass_index), lambda: _carried(trace, trace.passes[pass_index]))


def grads_of(trace: Trace, this: Pass) -> Floats:
    """(n,) what each node held when the pass ended; NaN where it received nothing."""
    grads = np.full(trace.n_nodes, np.nan)
    grads[this.columns.nodes] = this.columns.grads
    return grads


def _carried(trace: Trace, this: Pass) -> Carried:
    values, c = edge_values(trace), trace.columns
    edges, users = this.edges, this.users
    upstream = this.columns.upstream
    g = grads_of(trace, this)[users] if upstream is None else upstream.astype(np.float64)
    slots, codes = edges - c.offsets[users], c.op[users]
    local, contribution = np.zeros(len(edges)), np.zeros(len(edges))
    for code, slot in np.unique(np.stack([codes, slots], axis=1), axis=0).tolist() if len(edges) else ():
        op = OPS[c.op_names[code - 1]]
        rows = np.flatnonzero((codes == code) & (slots == slot))
        vjp = op.inputs[slot].vjp
        assert vjp is not None, "only edges with a rule deliver"
        args = [values[c.offsets[users[rows]] + i] for i in range(len(op.inputs))]
        out = c.value[users[rows]]
        with np.errstate(all="ignore"):
            local[rows] = vjp(np, np.ones(len(rows)), out, *args)
            contribution[rows] = vjp(np, g[rows], out, *args)
    return Carried(g, local, contribution)
