"""Time: which step each position is, and where coarser steps end.

Positions count parts, the finest steps. Forward, a node is one step. A backward pass is one step for its seed and four
for each delivered edge: read the upstream gradient, find the local gradient, multiply, add.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import BACKWARD, FORWARD, MARK, UPDATE, WRITE, Columns, PassColumns

if TYPE_CHECKING:
    from tracer.core.rerun import Number
    from tracer.trace.trace import Trace

PARTS = 4
"""Steps inside one contribution."""
By = Literal["part", "edge", "node", "scope", "pass"]
GRANULARITIES: tuple[By, ...] = ("part", "edge", "node", "scope", "pass")
"""Finest first."""

Kind = Literal["forward", "backward", "write", "update", "mark"]
_KINDS: dict[int, Kind] = {
    FORWARD: "forward",
    BACKWARD: "backward",
    WRITE: "write",
    UPDATE: "update",
    MARK: "mark",
}


@dataclass(frozen=True)
class Segment:
    """A stretch of time of one kind. It covers positions start+1..stop: after step `start + 1` its first is done."""

    kind: Kind
    start: int
    stop: int
    first: int
    """First node, delivery or table row of the stretch."""
    pass_index: int = -1
    seed: bool = False
    """Whether the stretch opens its pass, with the step that gives the root its 1."""

    def __len__(self) -> int:
        return self.stop - self.start


def segments_of(columns: Columns) -> tuple[Segment, ...]:
    """The timeline of a recording, in order."""
    found: list[Segment] = []
    at = 0
    for kind, first, stop, pass_index, seed in columns.segments.tolist():
        length = stop - first
        if kind == BACKWARD:
            length = PARTS * length + seed
        if length:
            found.append(Segment(_KINDS[kind], at, at + length, first, pass_index, bool(seed)))
            at += length
    return tuple(found)


class Pass:
    """One backward pass: which edge each delivery uses, and what each node had received by when."""

    def __init__(self, trace: Trace, index: int, columns: PassColumns, segments: Sequence[Segment]) -> None:
        self._trace, self.index, self.columns = trace, index, columns
        self.root, self.combine = columns.root, columns.combine
        self.segments = tuple(segments)
        self.start = self.segments[0].start
        self.stop = self.segments[-1].stop

    @property
    def by_hand(self) -> bool:
        """Delivered by the user's own code, in its own order."""
        return self.columns.schedule is not None

    @cached_property
    def edges(self) -> NDArray[np.int64]:
        """(D,) the edge of each delivery, in order."""
        if self.columns.schedule is not None:
            return self.columns.schedule.astype(np.int64)
        c = self._trace.columns
        nodes = self.columns.nodes[::-1].astype(np.int64)
        counts = c.offsets[nodes + 1] - c.offsets[nodes]
        first = np.repeat(c.offsets[nodes], counts)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        edges = first + within
        live: NDArray[np.int64] = edges[self._trace.delivering[edges]]
        return live

    @cached_property
    def users(self) -> NDArray[np.int64]:
        """(D,) the node whose gradient each delivery reads."""
        offsets = self._trace.columns.offsets
        return np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))[self.edges]

    @cached_property
    def targets(self) -> NDArray[np.int64]:
        """(D,) the node that receives each delivery."""
        return self._trace.columns.inputs[self.edges].astype(np.int64)

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """(D,) deliveries by the node that receives them, those to one node in time order."""
        return np.argsort(self.targets, kind="stable")

    @cached_property
    def _sorted_targets(self) -> NDArray[np.int64]:
        return self.targets[self.order]

    def deliveries_to(self, node: int) -> NDArray[np.int64]:
        """Deliveries that reach `node`, in time order."""
        low, high = np.searchsorted(self._sorted_targets, [node, node + 1])
        return self.order[low:high]

    def deliveries_to_all(self, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Deliveries that reach any of these nodes, which are ascending; node by node, each node's in time order."""
        low = self._sorted_targets.searchsorted(nodes)
        counts = self._sorted_targets.searchsorted(nodes, "right") - low
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        found: NDArray[np.int64] = self.order[np.repeat(low, counts) + within]
        return found

    def position_of(self, delivery: int) -> int:
        """The position at which this delivery has just been added."""
        for segment in self.segments:
            count = (len(segment) - segment.seed) // PARTS
            if delivery < segment.first + count:
                return segment.start + segment.seed + PARTS * (delivery - segment.first + 1)
        raise IndexError(delivery)

    def delivered_by(self, position: int) -> int:
        """How many deliveries are complete at `position`."""
        done = 0
        for segment in self.segments:
            if position <= segment.start:
                break
            inside = min(position, segment.stop) - segment.start - segment.seed
            done = segment.first + max(0, inside) // PARTS
        return done

    def reached(self, node: int) -> bool:
        """Whether `node` received gradient in this pass."""
        nodes = self.columns.nodes
        at = int(nodes.searchsorted(nodes.dtype.type(node)))  # a plain int would have the whole array copied first
        return at < len(nodes) and int(nodes[at]) == node

    @property
    def accumulates(self) -> bool:
        """Whether leaves keep what arrives in `.grad`; `autograd.grad` only hands it to the program."""
        return self.columns.accumulates

    def keeps(self, node: int) -> bool:
        """Whether what arrives at `node` stays in its `.grad` after the pass."""
        return self.columns.accumulates and node not in self.columns.aside

    @property
    def seed(self) -> Number:
        """What the root's gradient starts from: 1, ones, or the array given to `backward(gradient=...)`."""
        if self.columns.seed >= 0:
            return self._trace.columns.arena[self.columns.seed]
        return np.ones_like(self._trace.value(self.root)) if self._trace.is_tensor(self.root) else 1.0

    def recorded_grad(self, node: int) -> Number:
        """`.grad` of `node` as the program itself had it when the pass ended; None if it received none."""
        nodes = self.columns.nodes
        at = int(nodes.searchsorted(nodes.dtype.type(node)))  # a plain int would have the whole array copied first
        if at >= len(nodes) or int(nodes[at]) != node:
            return None
        slots = self.columns.slots
        return float(self.columns.grads[at]) if slots is None else self._trace.columns.arena[slots[at]]
