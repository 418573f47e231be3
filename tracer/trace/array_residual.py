"""How much of a tensor's gradient came by the residual route: arrays carried along some edges and not along others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tracer.core.rerun import Array
from tracer.trace.array_paths import carry
from tracer.trace.flow import Ints
from tracer.trace.residual import Part, Residual, Stage, fewest_rows, residual_adds
from tracer.trace.segment import Pass
from tracer.trace.sweep import Sweep, sweep_of

if TYPE_CHECKING:
    from tracer.trace.trace import Trace

MOST = 2_000
"""Edges between root and node beyond which it is not worked out."""


def array_residual(trace: Trace, node: int, pass_index: int, element: int | None = None) -> Residual | None:
    """As `residual_share`, of tensors. A part's gradient is how much of it lies along the whole: `<part, whole> /
    <whole, whole>`, or what comes to one `element`; there is no mass (NaN), for norms of arrays do not add up."""
    adds, sweep, this = residual_adds(trace, pass_index), sweep_of(trace, pass_index), trace.passes[pass_index]
    start = np.zeros(trace.n_nodes)
    start[node] = 1.0
    leads = sweep.up(np.ones(len(sweep.edges)), start) > 0
    rows = np.flatnonzero(leads[sweep.targets])
    on_the_way = leads[adds.nodes]
    if not on_the_way.any() or len(rows) > MOST or this.by_hand:
        return None
    whole = np.asarray(this.seed if node == this.root else _summed(trace, node, this.index), np.float64)

    def along(array: Array | None) -> Part:
        if element is not None:
            return Part(0.0 if array is None else float(array.reshape(-1)[element]), math.nan)
        with np.errstate(all="ignore"):
            square = float((whole * whole).sum())
            share = float((np.asarray(array, np.float64) * whole).sum()) if array is not None else 0.0
        return Part(share / square if square else math.nan, math.nan)

    stages = []
    for stage in np.unique(adds.stage[on_the_way]).tolist():
        here = on_the_way & (adds.stage == stage)
        parts = [along(_through(trace, this, sweep, rows, some[here], node)) for some in (adds.identity, adds.branch)]
        stages.append(Stage(tuple(adds.nodes[here].tolist()), *parts))
    branch = np.zeros(len(sweep.edges))
    branch[adds.branch] = 1.0
    least = -sweep.best(-branch)
    allowed = fewest_rows(sweep, branch, least)
    highway = _carried(trace, sweep, rows[allowed[rows]], {sweep.root: np.asarray(this.seed)}, node)
    return Residual(tuple(stages), along(highway), int(least[node]), along(whole))


def _summed(trace: Trace, node: int, pass_index: int) -> Array:
    """What a pass brought to a node, without what it held before."""
    deliveries = trace.passes[pass_index].deliveries_to(node).tolist()
    return np.asarray(trace.total(pass_index, node, deliveries))


def _through(trace: Trace, this: Pass, sweep: Sweep, rows: Ints, first: Ints, node: int) -> Array | None:
    """What comes to `node` along one of the rows `first`."""
    starts: dict[int, Array] = {}
    for row in first.tolist():
        user, target = int(sweep.users[row]), int(sweep.targets[row])
        upstream = np.asarray(this.seed if user == this.root else this.recorded_grad(user))
        handed = carry(trace, int(sweep.edges[row]), upstream)
        starts[target] = starts[target] + handed if target in starts else handed
    return _carried(trace, sweep, rows, starts, node)


def _carried(trace: Trace, sweep: Sweep, rows: NDArray[np.int64], starts: dict[int, Array], node: int) -> Array | None:
    """What of these arrays comes to `node` along these rows."""
    arrays = dict(starts)
    for row in rows.tolist():  # users in descending order: what comes to one is complete before it hands on
        user, target = int(sweep.users[row]), int(sweep.targets[row])
        if user in arrays:
            handed = carry(trace, int(sweep.edges[row]), arrays[user])
            arrays[target] = arrays[target] + handed if target in arrays else handed
    return arrays.get(node)
