"""The numbers of all nodes at one position, as columns.

What `Cursor` answers node by node, to the last bit. Gradients are laid on in the order in which passes began and
gradients were written; passes that are over leave a layer that no longer depends on the position, which is kept. A step
inside a pass changes the rows that its deliveries reach, and costs one copy of the columns.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import ENDS, LIVE
from tracer.core.growing import locked
from tracer.trace.arrivals import Arrivals, Bools, Held
from tracer.trace.flow import Floats, Ints
from tracer.trace.segment import Kind, Pass
from tracer.trace.summaries import Summaries

if TYPE_CHECKING:
    from tracer.trace.trace import Trace

MOST = 3
"""Snapshots kept: here, the one before, and one elsewhere."""
LANDINGS = 16
"""Layers of finished passes kept, spread over the time of a trace with many."""


@dataclass(frozen=True)
class Snapshot:
    """All nodes at one position; arrays are (n,) and read-only."""

    position: int
    made: Bools
    value: Floats
    """The latest version; NaN where not made. Of a tensor its first element that is not finite, else its largest."""
    has_grad: Bools
    complete: Bools
    """Whether the gradient is there and no contribution is missing: `Cursor.grad_state` is "complete"."""
    grad: Floats
    """NaN where there is none; of a tensor one element, as for `value`."""
    grad_norm: Floats
    """|grad|; of a tensor the square root of the sum of its gradient's squares."""
    low: Floats
    """The least element of the value: the value itself of a plain number."""
    high: Floats
    tensor: Bools
    """Whether the node is an array. The same at every position."""


def snapshot(trace: Trace, position: int) -> Snapshot:
    """All numbers at `position`, 0 to `len(trace)`. The last few are kept; neighbours are cheap."""
    snapshots: Snapshots | None = trace.kept.get("snapshots")
    if snapshots is None:
        snapshots = trace.kept.setdefault("snapshots", Snapshots(trace))
    return snapshots.at(position)


def arrivals(trace: Trace, pass_index: int) -> Arrivals:
    """What each delivery of a pass found and left."""
    snapshot(trace, 0)
    snapshots: Snapshots = trace.kept["snapshots"]
    return snapshots.arrivals(pass_index)


@dataclass
class _Grads:
    """Gradients at a moment that depends on these numbers only."""

    key: tuple[int, ...]
    """(passes begun, first of them that is not over, writes done)."""
    done: int
    """Deliveries of the last pass."""
    held: Held
    whole: Bools
    """Whether nothing is missing, should there be a gradient."""


@dataclass
class _Values:
    key: tuple[int, int]
    """(nodes made, updates done)."""
    current: Floats
    """The latest version of every node, made or not."""
    rows: NDArray[np.int32] | None
    """Arena rows of the latest versions; None where no node is an array."""
    shown: tuple[Bools, Floats, Floats, Floats]
    """made, value, low, high."""


class Snapshots:
    """Those of one trace. Safe to share between threads."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        c = trace.columns
        self._lock = threading.RLock()
        self._summaries = Summaries(c.arena)
        self._kept: OrderedDict[int, Snapshot] = OrderedDict()
        self._n = trace.n_nodes
        self._live = (c.flags & LIVE) > 0
        self._tensor = locked(c.slot >= 0 if len(c.slot) else np.zeros(self._n, bool))
        self._tensors = bool(self._tensor.any())
        self._times = {kind: _Times(trace, kind) for kind in ("forward", "update", "write")}
        self._passes: tuple[Pass, ...] = trace.passes
        self._starts = np.array([p.start for p in self._passes], np.int64)
        self._stops = np.array([p.stop for p in self._passes], np.int64)
        written = self._times["write"].positions
        self._writes_from = np.searchsorted(np.searchsorted(self._starts, written), np.arange(len(self._passes) + 1))
        """Row of the first write after as many passes have begun."""
        self._bases: list[Held] | None = None
        self._arrivals: dict[int, Arrivals] = {}
        self._landings: dict[int, tuple[Held, Bools]] = {}
        self._recent: tuple[int, tuple[Held, Bools]] | None = None
        self._grads: _Grads | None = None
        self._values: _Values | None = None

    def at(self, position: int) -> Snapshot:
        """The snapshot at a position."""
        with self._lock:
            found = self._kept.get(position)
            if found is None:
                found = self._kept[position] = self._make(position)
                if len(self._kept) > MOST:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(position)
            return found

    def arrivals(self, index: int) -> Arrivals:
        """What each delivery of a pass found and left."""
        with self._lock:
            if index not in self._arrivals:
                if self._bases is None:
                    self._bases = self._all_bases()
                made = Arrivals(self._trace, self._passes[index], self._bases[index], self._summaries)
                self._arrivals[index] = made
            return self._arrivals[index]

    def _make(self, position: int) -> Snapshot:
        values, grads = self._values_at(position), self._grads_at(position)
        made, value, low, high = values.shown
        held = grads.held
        complete = held.has & self._live & grads.whole
        return Snapshot(
            position,
            made,
            value,
            locked(held.has),
            locked(complete),
            locked(held.grad),
            locked(held.norm),
            low,
            high,
            self._tensor,
        )

    # Values

    def _values_at(self, position: int) -> _Values:
        made, updated = self._times["forward"].done(position), self._times["update"].done(position)
        last = self._values
        if last is not None and last.key == (made, updated):
            return last
        c, table = self._trace.columns, self._trace.columns.updates
        if last is not None and last.key[1] == updated:
            current, rows = last.current, last.rows
        else:
            go_on = last is not None and last.key[1] < updated
            first = last.key[1] if last is not None and go_on else 0
            current = (last.current if last is not None and go_on else c.value).copy()
            current[table.node[first:updated]] = table.value[first:updated]  # of several the last stays
            rows = None
            if self._tensors:
                rows = (last.rows if last is not None and last.rows is not None and go_on else c.slot).copy()
                rows[table.node[first:updated]] = table.slot[first:updated]
        is_made = np.zeros(self._n, bool)
        is_made[:made] = True
        value = current.copy()
        value[made:] = np.nan
        low = high = value
        if rows is not None:
            arrays = np.flatnonzero(rows[:made] >= 0)
            found = self._summaries.of(rows[arrays])
            low, high = value.copy(), value.copy()
            value[arrays], low[arrays], high[arrays] = found[:3]
        shown = (locked(is_made), locked(value), locked(low), locked(high))
        self._values = _Values((made, updated), current, rows, shown)
        return self._values

    # Gradients

    def _grads_at(self, position: int) -> _Grads:
        begun = int(np.searchsorted(self._starts, position))
        pending = np.flatnonzero(self._stops[:begun] >= position)
        first = int(pending[0]) if len(pending) else begun
        key = (begun, first, self._times["write"].done(position))
        under_way = first < begun
        done = self._passes[begun - 1].delivered_by(position) if under_way else 0
        over = under_way and position >= int(self._stops[begun - 1])
        last = self._grads
        simple = under_way and first == begun - 1 and key[2] == self._writes_from[begun]
        if last is not None and last.key == key and (last.done == done or simple) and not over and not self._tensors:
            if last.done != done:
                self._grads = self._moved(last, done)
            return self._grads or last
        held, whole = self._settled(first)
        if first < begun or key[2] > self._writes_from[first]:
            held, whole = _copied(held), whole.copy()
        for index in range(first, begun):
            self._write(held, int(self._writes_from[index]), int(self._writes_from[index + 1]))
            if self._stops[index] >= position:
                self._lay_live(held, whole, index, position)
            else:
                self._lay(held, whole, index)
        self._write(held, int(self._writes_from[begun]), key[2])
        self._grads = _Grads(key, done, held, whole)
        return self._grads

    def _moved(self, last: _Grads, done: int) -> _Grads:
        """The same pass a few deliveries later or earlier. Plain numbers only."""
        arrived = self.arrivals(last.key[0] - 1)
        held, whole = _copied(last.held), last.whole.copy()
        if done > last.done:
            some = slice(last.done, done)
            to = arrived.targets[some]
            held.take(to, np.ones(len(to), bool), arrived.after[some], arrived.norm[some])  # of several the last stays
            whole[to] = arrived.last[some]
        else:
            back = np.arange(last.done - 1, done - 1, -1)
            to = arrived.targets[back]
            held.take(to, arrived.had[back], arrived.before[back], np.abs(arrived.before[back]))
            whole[to] = False
        return _Grads(last.key, done, held, whole)

    def _lay_live(self, held: Held, whole: Bools, index: int, position: int) -> None:
        """A pass that is under way, or at its last step."""
        arrived, this = self.arrivals(index), self._passes[index]
        if position >= this.stop:
            held.take(arrived.nodes, *arrived.done())
            whole[arrived.nodes] = True
            return
        done = this.delivered_by(position)
        held.take(arrived.nodes, arrived.base.has, arrived.base.grad, arrived.base.norm)
        whole[arrived.nodes] = arrived.counts == 0
        to = arrived.targets[:done]
        if self._tensors:
            arrived.know(_last_of_each(to))
        held.take(to, np.ones(len(to), bool), arrived.after[:done], arrived.norm[:done])  # of several the last stays
        whole[to] = arrived.last[:done]

    def _lay(self, held: Held, whole: Bools, index: int) -> None:
        """What a pass leaves behind."""
        arrived, this = self.arrivals(index), self._passes[index]
        stays = self._stays(this, arrived.nodes)
        has, grad, norm = arrived.done()
        held.take(arrived.nodes[stays], has[stays], grad[stays], norm[stays])
        whole[arrived.nodes[stays]] = True

    def _stays(self, this: Pass, nodes: Ints) -> Bools:
        """Of these nodes, those that keep what came when the pass is over."""
        if not this.accumulates:
            return np.zeros(len(nodes), bool)
        return ~np.isin(nodes, this.columns.aside)

    def _write(self, held: Held, first: int, stop: int) -> None:
        """Gradients that the program wrote."""
        if stop > first:
            table, rows = self._trace.columns.writes, np.arange(first, stop)
            held.take(table.node[rows].astype(np.int64), *self._written(rows))

    def _written(self, rows: Ints) -> tuple[Bools, Floats, Floats]:
        table = self._trace.columns.writes
        has = table.flag[rows] == 0
        grad = np.where(has, table.value[rows], np.nan)
        norm = np.abs(grad)
        arrays = np.flatnonzero(has & (table.slot[rows] >= 0)) if len(table.slot) else np.zeros(0, np.int64)
        if len(arrays):
            found = self._summaries.of(table.slot[rows[arrays]])
            grad[arrays], norm[arrays] = found[0], found[3]
        return has, grad, norm

    def _settled(self, passes: int) -> tuple[Held, Bools]:
        """What so many passes and the writes between them left. Not to be written into."""
        if self._recent is not None and self._recent[0] == passes:
            return self._recent[1]
        known = {0: (Held(self._n), np.ones(self._n, bool)), **self._landings}
        if self._recent is not None:
            known[self._recent[0]] = self._recent[1]
        at = max(k for k in known if k <= passes)
        held, whole = _copied(known[at][0]), known[at][1].copy()
        apart = max(1, len(self._passes) // LANDINGS)
        for index in range(at, passes):
            if index % apart == 0 and index and index not in self._landings:
                self._landings[index] = _copied(held), whole.copy()
            self._write(held, int(self._writes_from[index]), int(self._writes_from[index + 1]))
            self._lay(held, whole, index)
        self._recent = passes, (held, whole)
        return held, whole

    def _all_bases(self) -> list[Held]:
        """For each pass, what the nodes it reaches held when it began: leaves go on, the others start afresh."""
        c = self._trace.columns
        adds = (c.op == 0) | (c.flags & ENDS > 0)
        left = Held(self._n)
        found = []
        for index, this in enumerate(self._passes):
            self._write(left, int(self._writes_from[index]), int(self._writes_from[index + 1]))
            nodes = this.columns.nodes.astype(np.int64)
            stays = np.flatnonzero(adds[nodes] & self._stays(this, nodes))
            leaves = nodes[stays]
            base = Held(len(nodes))
            base.take(stays, left.has[leaves], left.grad[leaves], left.norm[leaves])
            found.append(base)
            left.take(leaves, np.ones(len(leaves), bool), *self._recorded(this, stays))
        return found

    def _recorded(self, this: Pass, rows: Ints) -> tuple[Floats, Floats]:
        """Gradients of some nodes of a pass when it ended, and their sizes."""
        if this.columns.slots is None:
            grads = this.columns.grads[rows]
            return grads, np.abs(grads)
        found = self._summaries.of(this.columns.slots[rows])
        return found[0], found[3]


class _Times:
    """How far the rows of one kind of step have come at a position."""

    def __init__(self, trace: Trace, kind: Kind) -> None:
        segments = [s for s in trace.segments if s.kind == kind]
        self._starts = np.array([s.start for s in segments], np.int64)
        self._firsts = np.array([s.first for s in segments], np.int64)
        self._sizes = np.array([len(s) for s in segments], np.int64)

    @property
    def positions(self) -> Ints:
        """(rows,) the position at which each row has just happened."""
        rows = np.arange(int(self._sizes.sum()))
        return rows - np.repeat(self._firsts, self._sizes) + np.repeat(self._starts, self._sizes) + 1

    def done(self, position: int) -> int:
        """Rows that have happened by `position`."""
        at = int(np.searchsorted(self._starts, position)) - 1
        if at < 0:
            return 0
        return int(self._firsts[at] + min(position - self._starts[at], self._sizes[at]))


def _copied(held: Held) -> Held:
    made = Held(0)
    made.has, made.grad, made.norm = held.has.copy(), held.grad.copy(), held.norm.copy()
    return made


def _last_of_each(targets: NDArray[Any]) -> Ints:
    """The last of the deliveries to each target."""
    _, at = np.unique(targets[::-1], return_index=True)
    found: Ints = len(targets) - 1 - at
    return found
