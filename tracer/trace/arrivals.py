"""What every node holds after every delivery of a backward pass, as columns.

A sum is made in the order of arrival, one addition after the other, as `Cursor.grad` makes it: its last bits depend
on that. All nodes' first arrivals are added at once, then all second ones, and so on.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tracer.core.rerun import locked
from tracer.trace.flow import Floats, Ints, flow
from tracer.trace.summaries import Summaries, summary

if TYPE_CHECKING:
    from tracer.trace.segment import Pass
    from tracer.trace.trace import Trace

Bools = NDArray[np.bool_]
SIDE_BY_SIDE = 64
"""Arrivals at one node up to which nodes are added up side by side; few nodes receive more."""


class Held:
    """Gradients that some nodes hold: whether there is one, its number (of a tensor: its peak) and its norm."""

    def __init__(self, size: int) -> None:
        self.has = np.zeros(size, bool)
        self.grad, self.norm = np.full(size, np.nan), np.full(size, np.nan)

    def take(self, at: Ints, has: Bools, grad: Floats, norm: Floats) -> None:
        """What these nodes hold from now on."""
        self.has[at], self.grad[at], self.norm[at] = has, grad, norm


class Arrivals:
    """One pass.

    Args:
        held: what the nodes that the pass reached held when it began, in the order of `this.columns.nodes`.
    """

    def __init__(self, trace: Trace, this: Pass, held: Held, summaries: Summaries) -> None:
        self._trace, self._this, self._summaries = trace, this, summaries
        columns = trace.columns
        self.nodes: Ints = this.columns.nodes.astype(np.int64)
        """(R,) nodes that the pass reached."""
        self.targets = this.targets
        """(D,) the node each delivery reaches."""
        self.tensors: Bools = columns.slot[self.nodes] >= 0 if len(columns.slot) else np.zeros(len(self.nodes), bool)
        """(R,) which of the nodes are arrays."""
        place = np.zeros(trace.n_nodes, np.int64)
        place[self.nodes] = np.arange(len(self.nodes))
        self._place = place[self.targets]
        self.counts = np.bincount(self._place, minlength=len(self.nodes))
        """(R,) deliveries to each node."""
        self._first = np.cumsum(self.counts) - self.counts
        self.recorded, self.recorded_norm = self._as_recorded()
        """(R,) gradients as the program had them when the pass ended."""
        self.base = held
        """(R,) before the first delivery."""
        self._begin()

    @cached_property
    def last(self) -> Bools:
        """(D,) whether nothing more comes to that node in this pass."""
        found = np.zeros(len(self.targets), bool)
        found[self._ends()] = True
        return found

    @cached_property
    def had(self) -> Bools:
        """(D,) whether the node held anything before."""
        found = np.ones(len(self.targets), bool)
        firsts = self._this.order[self._first[self.counts > 0]]
        found[firsts] = self.base.has[self._place[firsts]]
        return found

    @property
    def before(self) -> Floats:
        """(D,) what the node held before each delivery."""
        return self._sums[0]

    @property
    def after(self) -> Floats:
        """(D,) what it held after. Of tensors known where it is the last one, else when `know` was told."""
        return self._sums[1]

    @cached_property
    def norm(self) -> Floats:
        """(D,) the size of what it held after."""
        found = np.abs(self.after)
        ends = self._ends()
        arrays = ends[self.tensors[self._place[ends]]]
        found[arrays] = self.recorded_norm[self._place[arrays]]
        return found

    @cached_property
    def _unknown(self) -> Bools:
        """(D,) sums of arrays that are not recorded: they are made when asked for."""
        return self.tensors[self._place] & ~self.last

    @cached_property
    def _sums(self) -> tuple[Floats, Floats]:
        return self._add_up()

    def _ends(self) -> Ints:
        """The last delivery to each node that receives any."""
        found: Ints = self._this.order[(self._first + self.counts - 1)[self.counts > 0]]
        return found

    def _as_recorded(self) -> tuple[Floats, Floats]:
        this = self._this.columns
        if this.slots is None:
            return this.grads, np.abs(this.grads)
        found = self._summaries.of(this.slots)
        return found[0], found[3]

    def _begin(self) -> None:
        """The seed; and what nothing is delivered to."""
        this, plain = self._this, ~self.tensors
        root = np.flatnonzero((self.nodes == this.root) & plain)
        # user code that delivers by hand assigns the 1, the engine adds it to what a leaf held
        held = np.where(self.base.has[root], self.base.grad[root], 0.0) + 0.0
        seeded = np.ones(len(root)) if this.by_hand else held + 1.0
        self.base.take(root, np.ones(len(root), bool), seeded, np.abs(seeded))
        alone = np.flatnonzero(self.tensors & (self.counts == 0))
        self.base.take(alone, np.ones(len(alone), bool), self.recorded[alone], self.recorded_norm[alone])

    def _add_up(self) -> tuple[Floats, Floats]:
        """What each delivery found and left, in the order of deliveries."""
        this, order = self._this, self._this.order
        arrived = flow(self._trace, this.index).contribution[order]
        before, after = np.empty(len(order)), np.empty(len(order))
        start = np.where(self.base.has, self.base.grad, np.nan)
        total = np.where(self.base.has, self.base.grad, 0.0) + 0.0  # as the engine starts: 0.0 + -0.0 is 0.0
        assign = this.combine == "assign"
        going = np.flatnonzero(self.counts > 0)
        at = self._first[going]
        before[at] = start[going]
        with np.errstate(all="ignore"):
            for turn in range(SIDE_BY_SIDE):
                if turn:
                    going = going[self.counts[going] > turn]
                    at = self._first[going] + turn
                    before[at] = total[going]
                if not len(going):
                    break
                total[going] = arrived[at] if assign else total[going] + arrived[at]
                after[at] = total[going]
            for node in np.flatnonzero(self.counts > SIDE_BY_SIDE).tolist():
                low, stop = int(self._first[node]) + SIDE_BY_SIDE, int(self._first[node] + self.counts[node])
                rest = arrived[low:stop]
                sums = rest if assign else np.add.accumulate(np.concatenate([total[node : node + 1], rest]))[1:]
                after[low:stop] = sums
                before[low], before[low + 1 : stop] = total[node], sums[:-1]
        if not this.by_hand:  # the engine made the same sum; of a tensor it is known from here
            ends = (self._first + self.counts - 1)[self.counts > 0]
            after[ends] = self.recorded[self.counts > 0]
        found = np.empty(len(order)), np.empty(len(order))
        found[0][order], found[1][order] = before, after
        return found

    def know(self, deliveries: Ints) -> None:
        """Have `after` and `norm` hold the sums after these deliveries."""
        for delivery in deliveries[self._unknown[deliveries]].tolist():
            found = summary(self._sum(delivery))
            self.after[delivery], self.norm[delivery] = found.peak, found.norm
            self._unknown[delivery] = False

    def _sum(self, delivery: int) -> NDArray[np.float64]:
        trace, this = self._trace, self._this
        node = int(self.targets[delivery])
        deliveries = this.deliveries_to(node)
        done = int(np.searchsorted(deliveries, delivery)) + 1
        arrived = trace.total(this.index, node, deliveries[:done].tolist())
        before = trace.cursor(0).held(node, this)
        return arrived if before is None else locked(before + arrived)

    def done(self) -> tuple[Bools, Floats, Floats]:
        """(R,) whether the nodes hold anything when the pass is over, what, and its size."""
        has, grad, norm = self.base.has.copy(), self.base.grad.copy(), self.base.norm.copy()
        received = self.counts > 0
        has[received] = True
        if self._this.by_hand:
            ends = self._ends()
            grad[received], norm[received] = self.after[ends], self.norm[ends]
        else:  # what the engine left: no sum needs to be made again
            grad[received], norm[received] = self.recorded[received], self.recorded_norm[received]
        return has, grad, norm
