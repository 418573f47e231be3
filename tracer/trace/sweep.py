"""Sums over all routes of a backward pass at once, without listing one: a sweep along the deliveries, level by level.

A route's product is the product of the local gradients along it. What sums over routes need is one number a node; a
node's level is the longest way to it from the root, so that whole levels are worked out in one array call each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tracer.core.growing import locked
from tracer.core.rerun import hand_back
from tracer.trace.flow import Floats, Ints, flow

if TYPE_CHECKING:
    from tracer.trace.trace import Trace

DEEP = 5_000
"""Levels from which on deliveries are gone through one by one: an array call for a handful of numbers does not pay."""
EXACT_FLOATS = 2.0**53
"""Whole numbers below this are exact as floats."""


@dataclass(frozen=True)
class _Plan:
    """Rows put in the order in which nodes can be worked out: by level, then by node."""

    order: Ints
    """(D,) rows."""
    sources: Ints
    """(D,) the node at the other end of each, in that order."""
    starts: Ints
    """(g,) where the rows of each node begin."""
    nodes: Ints
    """(g,) the nodes."""
    levels: tuple[tuple[int, int, int, int], ...]
    """For each level: its rows from..to, its nodes from..to."""

    def run(self, x: Floats, weights: Floats, keep: NDArray[np.bool_] | None) -> Floats:
        """Add to each node of `x` what comes along its rows; where `keep` says no, the node becomes 0."""
        ordered = weights[self.order]
        if x.ndim > ordered.ndim:
            ordered = ordered[:, None]
        with np.errstate(all="ignore"):
            for low, high, first, last in self.levels:
                nodes = self.nodes[first:last]
                came = np.add.reduceat(x[self.sources[low:high]] * ordered[low:high], self.starts[first:last] - low)
                x[nodes] += came
                if keep is not None:
                    x[nodes] *= keep[nodes]
        return x

    def best(self, x: Floats, weights: Floats) -> Floats:
        """Raise each node of `x` to the greatest sum that comes along its rows."""
        ordered = weights[self.order]
        for low, high, first, last in self.levels:
            sums = x[self.sources[low:high]] + ordered[low:high]
            x[self.nodes[first:last]] = np.maximum.reduceat(sums, self.starts[first:last] - low)
        return x


class Sweep:
    """The deliveries of one pass as a graph: every edge once, users in reverse creation order.

    Args:
        pass_index: as in `trace.passes`.
        before: only deliveries before this one; all if None. Only of use where a pass was delivered by hand.
    """

    def __init__(self, trace: Trace, pass_index: int, before: int | None = None) -> None:
        this = trace.passes[pass_index]
        self.n_nodes, self.root = trace.n_nodes, this.root
        self.first: Ints = np.arange(len(this.edges))
        """(D,) which delivery of the pass used the edge first."""
        if this.by_hand:
            edges, self.first = np.unique(this.edges[:before], return_index=True)
            order = np.lexsort((edges, -this.users[self.first]))
            self.first = self.first[order]
        self.edges, self.users, self.targets = (a[self.first] for a in (this.edges, this.users, this.targets))
        handed = flow(trace, pass_index)
        self._exact: dict[int, int] = {}
        """Counts that no float holds, of the nodes that were asked for."""
        self.local, self.numeric = _factors(trace, handed.local[self.first], handed.tensor[self.first], self.edges)

    @cached_property
    def size(self) -> Floats:
        """(D,) |local gradient|."""
        return locked(np.abs(self.local))

    # Order

    @cached_property
    def _levels(self) -> NDArray[np.int32] | None:
        """(n,) the most deliveries on a way from the root; None where that is too deep for levels to pay."""
        out = np.bincount(self.users, minlength=self.n_nodes)
        begin = len(self.users) - np.cumsum(out)  # users come in descending order
        waiting = np.bincount(self.targets, minlength=self.n_nodes)
        levels = np.zeros(self.n_nodes, np.int32)
        front, depth = np.flatnonzero((waiting == 0) & (out > 0)), 0
        while len(front):
            depth += 1
            if depth > DEEP:
                return None
            k = out[front]
            rows = np.repeat(begin[front] - (np.cumsum(k) - k), k) + np.arange(k.sum())
            reached, times = np.unique(self.targets[rows], return_counts=True)
            waiting[reached] -= times
            ready = reached[waiting[reached] == 0]
            levels[ready] = depth
            front = ready[out[ready] > 0]
        return levels

    def _plan(self, ends: Ints, sources: Ints, levels: NDArray[np.int32], direction: int) -> _Plan:
        order = np.lexsort((ends, direction * levels[ends]))
        starts = np.flatnonzero(np.diff(ends[order], prepend=-1))
        nodes = ends[order][starts]
        cuts = np.flatnonzero(np.diff(levels[nodes], prepend=-1))
        row_cuts = [*starts[cuts].tolist(), len(order)]
        node_cuts = [*cuts.tolist(), len(nodes)]
        pieces = zip(row_cuts, row_cuts[1:], node_cuts, node_cuts[1:], strict=False)
        return _Plan(order, sources[order], starts, nodes, tuple(pieces))

    @cached_property
    def into(self) -> _Plan | None:
        """What comes into each node, the root's level first."""
        return None if self._levels is None else self._plan(self.targets, self.users, self._levels, 1)

    @cached_property
    def out_of(self) -> _Plan | None:
        """What goes out of each node, the last level first."""
        return None if self._levels is None else self._plan(self.users, self.targets, self._levels, -1)

    @cached_property
    def _by_target(self) -> tuple[Ints, Ints]:
        order = np.argsort(self.targets, kind="stable")
        return order, self.targets[order]

    def rows_to(self, node: int) -> Ints:
        """The rows that lead to a node, in order."""
        order, targets = self._by_target
        low, high = np.searchsorted(targets, [node, node + 1])
        return order[low:high]

    # Sums

    def down(self, weights: Floats, keep: NDArray[np.bool_] | None = None) -> Floats:
        """For each node the sum, over all routes from the root to it, of the products of `weights`.

        Args:
            weights: (D,) one for each row.
            keep: (n,) or (n, C): nodes that routes may pass; with C columns, C sums at once.
        """
        x = np.zeros(self.n_nodes if keep is None else keep.shape)
        x[self.root] = 1.0
        if self.into is not None:
            return self.into.run(x, weights, keep)
        return _one_by_one(x, self.users, self.targets, weights, keep)

    def up(self, weights: Floats, start: Floats) -> Floats:
        """For each node the sum, over all routes from it down to the nodes of `start`, of product x start there."""
        x = np.array(start, np.float64)
        if self.out_of is not None:
            return self.out_of.run(x, weights, None)
        return _one_by_one(x, self.targets[::-1], self.users[::-1], weights[::-1], None)

    def best(self, weights: Floats) -> Floats:
        """For each node the greatest sum of `weights` along a route from the root; -inf where none leads to it.

        Args:
            weights: (D,) one for each row, all finite.
        """
        x = np.full(self.n_nodes, -np.inf)
        x[self.root] = 0.0
        if self.into is not None:
            return self.into.best(x, weights)
        found = x.tolist()
        for user, target, weight in zip(self.users.tolist(), self.targets.tolist(), weights.tolist(), strict=True):
            if found[user] + weight > found[target]:
                found[target] = found[user] + weight
        return np.array(found)

    @cached_property
    def mass_down(self) -> Floats:
        """(n,) for each node the sum of |product| over all routes from the root to it."""
        return locked(self.down(self.size))

    @cached_property
    def sum_down(self) -> Floats:
        """(n,) for each node the sum of products over all routes from the root: its gradient."""
        return locked(self.down(self.local))

    def count(self, node: int) -> int:
        """How many routes lead from the root to a node, exactly."""
        return self.counts([node])[0]

    def counts(self, nodes: Sequence[int]) -> list[int]:
        """The same of several nodes."""
        large = [node for node in nodes if not self._about[node] < EXACT_FLOATS and node not in self._exact]
        if large:
            self._exact.update(self._count_exactly(frozenset(large)))
        return [self._exact[node] if node in self._exact else int(self._about[node]) for node in nodes]

    @cached_property
    def _about(self) -> Floats:
        return locked(self.down(np.ones(len(self.edges))))

    def _count_exactly(self, wanted: frozenset[int]) -> dict[int, int]:
        """Those of `wanted`; and of all nodes, where no count has hundreds of digits. Those are let go again as soon as
        nobody needs them any more."""
        keep = bool(np.isfinite(self._about).all())
        found, last, here = {self.root: 1}, -1, 1
        for user, target in zip(self.users.tolist(), self.targets.tolist(), strict=True):
            if user != last:  # all that comes to a user has come, and all it hands on stands together
                if last >= 0 and not keep and last not in wanted:
                    found.pop(last, None)
                last, here = user, found.get(user, 0)
            found[target] = found.get(target, 0) + here
        return found if keep else {node: found.get(node, 0) for node in wanted}


def sweep_of(trace: Trace, pass_index: int) -> Sweep:
    """The deliveries of a pass, all of them. Put in order once a trace."""
    key = ("sweep", pass_index)
    found: Sweep | None = trace.kept.get(key)
    if found is None:
        found = trace.kept[key] = Sweep(trace, pass_index)
    return found


def _one_by_one(x: Floats, sources: Ints, ends: Ints, weights: Floats, keep: NDArray[np.bool_] | None) -> Floats:
    """The same sum delivery by delivery, for graphs that are long and thin."""
    if x.ndim > 1:
        assert keep is not None, "columns come from `keep`"
        columns = [_one_by_one(x[:, i], sources, ends, weights, keep[:, i]) for i in range(x.shape[1])]
        return np.stack(columns, axis=1)
    found, may = x.tolist(), None if keep is None else keep.tolist()
    for source, end, weight in zip(sources.tolist(), ends.tolist(), weights.tolist(), strict=True):
        if may is None or may[end]:
            found[end] += found[source] * weight
    return np.array(found)


def _factors(trace: Trace, local: Floats, tensor: NDArray[np.bool_], edges: Ints) -> tuple[Floats, NDArray[np.bool_]]:
    """Local gradients, those between tensors of one element too; and which of them are numbers at all."""
    if not tensor.any():
        return local, locked(np.ones(len(local), bool))
    found, numeric = np.array(local), ~tensor
    for row in np.flatnonzero(tensor).tolist():
        factor = _factor(trace, int(edges[row]))
        if factor is not None:
            found[row], numeric[row] = factor, True
    return locked(found), locked(numeric)


def _factor(trace: Trace, edge: int) -> float | None:
    """d user / d input along an edge between tensors, if both have one element."""
    e = trace.edge(edge)
    out: Any = trace.value(e.user)
    if out.size != 1 or np.size(trace.value(e.input)) != 1:
        return None
    op, args = trace.op(e.user), trace.args(e.user)
    assert op is not None, "an edge leads into an op's output"
    wanted = [slot == e.slot for slot in range(len(args))]
    ones = np.ones(out.shape, out.dtype)
    handed = hand_back(op, wanted, ones, out, args, trace.static(e.user), trace.kept_by(e.user))
    part = handed.contribution[e.slot]
    return None if part is None else float(part.reshape(-1)[0])
