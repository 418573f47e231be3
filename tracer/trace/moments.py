"""Numbers of many nodes, each at a position of its own: what `Cursor` says there, to the last bit.

A `Snapshot` answers for all nodes at one position; this is for what happens to nodes over the time of a trace.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import LIVE
from tracer.trace.arrivals import Held
from tracer.trace.query.rows import Bools, Floats, Ints, Rows
from tracer.trace.segment import PARTS, Kind, Pass
from tracer.trace.snapshot import arrivals
from tracer.trace.summaries import Summaries
from tracer.trace.trace import Trace


def numbers_at(trace: Trace, nodes: Ints, positions: Ints) -> Rows:
    """The numbers of `nodes[i]` at `positions[i]`; both (k,)."""
    c = trace.columns
    tensor = c.slot[nodes] >= 0 if len(c.slot) else np.zeros(len(nodes), bool)
    made = made_at(trace)[nodes] <= positions
    value = _values(trace, nodes, positions, tensor)
    value[~made] = np.nan
    held, whole = _Gradients(trace).at(nodes, positions)
    complete = held.has & whole & (c.flags[nodes] & LIVE > 0)

    def array(of: str, row: int) -> NDArray[Any]:
        cursor, node = trace.cursor(int(positions[row])), int(nodes[row])
        return np.asarray(cursor.data(node) if of == "value" else cursor.grad(node))

    return Rows(trace, nodes, made, value, held.has, complete, held.grad, held.norm, tensor, array)


def row_positions(trace: Trace, kind: Kind) -> Ints:
    """(rows,) the position at which each row of one kind of step has just happened: nodes made, updates, writes."""
    found = [s.start + 1 + np.arange(len(s)) for s in trace.segments if s.kind == kind]
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def made_at(trace: Trace) -> Ints:
    """(n,) the position at which each node has just been made."""
    found: Ints | None = trace.kept.get("made at")
    if found is None:
        found = trace.kept["made at"] = row_positions(trace, "forward")
    return found


def delivered_by(this: Pass, positions: Ints) -> Ints:
    """How many deliveries of a pass are complete at each position after its start."""
    starts = np.array([s.start for s in this.segments])
    stops = np.array([s.stop for s in this.segments])
    seeds = np.array([int(s.seed) for s in this.segments])
    firsts = np.array([s.first for s in this.segments])
    at = np.searchsorted(starts, positions) - 1
    inside = np.minimum(positions, stops[at]) - starts[at] - seeds[at]
    found: Ints = firsts[at] + np.maximum(inside, 0) // PARTS
    return found


def _values(trace: Trace, nodes: Ints, positions: Ints, tensor: Bools) -> Floats:
    """The latest version of each node, whether made or not."""
    c, table = trace.columns, trace.columns.updates
    row = _Last(trace, table.node, row_positions(trace, "update")).before(nodes, positions)
    changed = row >= 0
    found = c.value[nodes]
    found[changed] = table.value[row[changed]]
    arrays = np.flatnonzero(tensor)
    if len(arrays):
        slots = c.slot[nodes[arrays]]
        newer = row[arrays] >= 0
        slots[newer] = table.slot[row[arrays[newer]]]
        found[arrays] = _summaries(trace).of(slots)[0]
    return found


def _summaries(trace: Trace) -> Summaries:
    found: Summaries | None = trace.kept.get("summaries")
    if found is None:
        found = trace.kept["summaries"] = Summaries(trace.columns.arena)
    return found


class _Last:
    """The last event on a node by a position. Events come in time order."""

    def __init__(self, trace: Trace, nodes: NDArray[Any], positions: Ints) -> None:
        self._span = len(trace) + 1
        self._nodes, self._order = nodes, np.argsort(nodes, kind="stable")
        self._keys = nodes[self._order].astype(np.int64) * self._span + positions[self._order]

    def before(self, nodes: Ints, positions: Ints) -> Ints:
        """Of each node the event at `positions` or last before it, -1 where there is none."""
        if not len(self._keys):
            return np.full(len(nodes), -1)
        at = np.searchsorted(self._keys, nodes * self._span + positions, side="right") - 1
        found: Ints = self._order[np.maximum(at, 0)]
        return np.where((at >= 0) & (self._nodes[found] == nodes), found, -1)


class _Gradients:
    """Which pass or which write each gradient is from, and how far it has come."""

    def __init__(self, trace: Trace) -> None:
        self._trace, self._passes = trace, trace.passes
        self._starts = np.array([p.start for p in self._passes], np.int64)
        self._stops = np.array([p.stop for p in self._passes], np.int64)

    def at(self, nodes: Ints, positions: Ints) -> tuple[Held, Bools]:
        """What nodes hold at positions, and whether nothing is missing from it."""
        held, whole = Held(len(nodes)), np.ones(len(nodes), bool)
        source = self._source(nodes, positions)
        order = np.argsort(source, kind="stable")
        ends = np.searchsorted(source[order], np.arange(len(self._passes) + 1))
        for index in range(len(self._passes)):
            rows = order[ends[index] : ends[index + 1]]
            if len(rows):
                self._of_pass(index, nodes[rows], positions[rows], rows, held, whole)
        self._written(nodes, positions, source, held)
        return held, whole

    def _source(self, nodes: Ints, positions: Ints) -> Ints:
        """The last pass begun before each position whose gradients the node shows; -1 for none."""
        begun = np.searchsorted(self._starts, positions)
        many = len(self._passes)
        found = np.full(len(nodes), -1)
        if not many:
            return found
        pairs = []
        for index, this in enumerate(self._passes):
            reached = this.columns.nodes.astype(np.int64)
            stays = ~np.isin(reached, this.columns.aside) if this.accumulates else np.zeros(len(reached), bool)
            pairs.append(reached[stays] * many + index)
        keys = np.sort(np.concatenate(pairs))
        at = np.searchsorted(keys, nodes * many + begun - 1, side="right") - 1
        if len(keys):
            key = keys[np.maximum(at, 0)]
            found = np.where((at >= 0) & (key // many == nodes), key % many, -1)
        for index, this in enumerate(self._passes):  # gradients that are only shown until the pass is over
            if not this.accumulates or this.columns.aside:
                shown = (self._starts[index] < positions) & (positions <= self._stops[index])
                shown &= np.isin(nodes, this.columns.nodes)
                found[shown] = np.maximum(found[shown], index)
        return found

    def _of_pass(self, index: int, nodes: Ints, positions: Ints, rows: Ints, held: Held, whole: Bools) -> None:
        this, arrived = self._passes[index], arrivals(self._trace, index)
        place = np.searchsorted(arrived.nodes, nodes)
        done = delivered_by(this, positions)
        held.take(rows, arrived.base.has[place], arrived.base.grad[place], arrived.base.norm[place])
        whole[rows] = (arrived.counts[place] == 0) | (positions >= self._stops[index])
        span = len(arrived.targets) + 1
        keys = arrived.targets[this.order] * span + this.order
        at = np.searchsorted(keys, nodes * span + done) - 1  # the last delivery to the node before `done`
        if not len(keys):
            return
        delivery = this.order[np.maximum(at, 0)]
        some = (at >= 0) & (arrived.targets[delivery] == nodes)
        delivery, to = delivery[some], rows[some]
        arrived.know(delivery)
        held.take(to, np.ones(len(to), bool), arrived.after[delivery], arrived.norm[delivery])
        whole[to] |= arrived.last[delivery]

    def _written(self, nodes: Ints, positions: Ints, source: Ints, held: Held) -> None:
        """Writes after the pass began say what there is."""
        table, times = self._trace.columns.writes, row_positions(self._trace, "write")
        row = _Last(self._trace, table.node, times).before(nodes, positions)
        at = np.flatnonzero(row >= 0)
        if not len(at):
            return
        start = np.append(self._starts, -1)[source[at]]
        at = at[times[row[at]] > start]
        rows = row[at]
        has = table.flag[rows] == 0
        grad = np.where(has, table.value[rows], np.nan)
        norm = np.abs(grad)
        arrays = np.flatnonzero(has & (table.slot[rows] >= 0)) if len(table.slot) else np.zeros(0, np.int64)
        if len(arrays):
            found = _summaries(self._trace).of(table.slot[rows[arrays]])
            grad[arrays], norm[arrays] = found[0], found[3]
        held.take(at, has, grad, norm)
