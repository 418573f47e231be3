"""The recorded graph run again on other numbers, many runs side by side, vectorised by level and op.

Serves finite differences, traces without a program, and training. Nodes of one level and op form a group; backward
pulls: each group writes its contributions into an edge buffer, and a node sums its slice of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import LIVE, Columns
from tracer.core.op import OPS, Op

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bump = tuple[int, float]

CELLS = 4_000_000
"""Numbers held at once while slopes are measured; bounds memory to some 32 MB a copy."""
STEP = 6e-6
"""Relative step of a central difference: about the cube root of float64's epsilon, where its two errors balance."""


@dataclass(frozen=True)
class Group:
    """Nodes of one level and one op."""

    op: Op
    out: Ints
    """(k,) rows of the outputs."""
    ins: tuple[Ints, ...]
    """(k,) rows of each input."""
    edges: tuple[Ints, ...]
    """(k,) place of each input's edge in the edge buffer, -1 where no gradient flows."""


class Replay:
    """The part of a recording that leads to one root.

    A leaf that was updated between two uses has a row for each number it was used with, so the replay computes what the
    program computed.

    Args:
        columns: the recording.
        root: the node to end at.
    """

    def __init__(self, columns: Columns, root: int) -> None:
        self.columns, self.root = columns, root
        self.nodes = ancestors(columns, root)
        """(r,) nodes that lead to the root, ascending; the root is last."""
        self._row = np.full(root + 1, -1, np.int64)
        self._row[self.nodes] = np.arange(len(self.nodes))
        self._edges, self._users, self._sources = self._wire()
        self._level_of = self._levels()
        self.groups = self._group()

    # Building

    def _wire(self) -> tuple[Ints, Ints, Ints]:
        """Edges of the part, the row of each one's user, and the row of the number it carried."""
        c = self.columns
        counts = np.diff(c.offsets)[self.nodes]
        first = np.repeat(c.offsets[self.nodes], counts)
        edges = first + np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        users = np.repeat(np.arange(len(self.nodes)), counts)
        sources = self._row[c.inputs[edges]]
        base = c.value[self.nodes].copy()
        extra: list[float] = []
        owners: list[int] = []
        table = c.updates
        for node in np.unique(table.node).tolist():
            if node > self.root or self._row[node] < 0:
                continue
            rows = np.flatnonzero(table.node == node)
            uses = np.flatnonzero(sources == self._row[node])
            version = np.searchsorted(table.made[rows], self.nodes[users[uses]], side="right")
            for v in np.unique(version[version > 0]).tolist():
                sources[uses[version == v]] = len(self.nodes) + len(extra)
                extra.append(float(table.value[rows[v - 1]]))
                owners.append(int(self._row[node]))
        self._start = np.concatenate([base, extra])
        self._owners = np.array(owners, np.int64)
        return edges, users, sources

    def _levels(self) -> Ints:
        """Length of the longest way from a leaf, for each row."""
        level = [0] * len(self._start)
        at = 0
        users, sources = self._users.tolist(), self._sources.tolist()
        for at in range(len(users)):  # users ascend, so inputs are final when read
            if level[users[at]] <= level[sources[at]]:
                level[users[at]] = level[sources[at]] + 1
        return np.array(level, np.int64)

    def _group(self) -> list[Group]:
        c = self.columns
        codes = c.op[self.nodes].astype(np.int64)
        offsets = np.concatenate([[0], np.cumsum(np.diff(c.offsets)[self.nodes])])
        live = (c.flags[self.nodes] & LIVE) > 0
        owner = self._sources.copy()
        versions = owner >= len(self.nodes)
        owner[versions] = self._owners[owner[versions] - len(self.nodes)]
        carries = live[owner]
        # the buffer holds each node's incoming contributions side by side, newest user first, as the engine adds them
        order = np.lexsort((-self._users, owner))[: len(owner)]
        order = order[carries[order]]
        place = np.full(len(owner), -1, np.int64)
        place[order] = np.arange(len(order))
        self._slices = np.searchsorted(owner[order], np.arange(len(self.nodes) + 1))
        rows = np.flatnonzero(codes)
        if not len(rows):
            return []
        rows = rows[np.lexsort((rows, codes[rows], self._level_of[rows]))]
        keys = self._level_of[rows] * 256 + codes[rows]
        groups = []
        for part in np.split(rows, np.flatnonzero(np.diff(keys)) + 1):
            op = OPS[c.op_names[codes[part[0]] - 1]]
            slots = [offsets[part] + slot for slot in range(len(op.inputs))]
            ins = tuple(self._sources[slot] for slot in slots)
            groups.append(Group(op, part, ins, tuple(place[slot] for slot in slots)))
        return groups

    # Running

    def forward(self, bumps: Sequence[Bump] = (), leaves: Mapping[int, float] | None = None) -> Floats:
        """Run it again.

        Args:
            bumps: (node, delta) pairs; run j adds the j-th delta to its node's value before any user sees it.
            leaves: node -> the number that leaf has in every run, in place of the recorded ones.

        Returns:
            (r, K) values of `self.nodes`, K = max(1, len(bumps)).
        """
        width = max(1, len(bumps))
        values = np.repeat(self._start[:, None], width, axis=1)
        for node, number in (leaves or {}).items():
            values[self._rows_of(node)] = number
        waiting: dict[int, list[tuple[int, int, float]]] = {}
        for run, (node, delta) in enumerate(bumps):
            row = int(self._row[node])
            if self.columns.op[node]:
                waiting.setdefault(int(self._level_of[row]), []).append((row, run, delta))
            else:
                values[self._rows_of(node), run] += delta
        level = 0
        with np.errstate(all="ignore"):
            for group in self.groups:
                now = int(self._level_of[group.out[0]])
                if now != level:
                    _apply(values, waiting.pop(level, ()))
                    level = now
                values[group.out] = group.op.forward(np, *(values[rows] for rows in group.ins))
        _apply(values, waiting.pop(level, ()))
        return values[: len(self.nodes)] if width else values

    def backward(self, leaves: Mapping[int, float] | None = None) -> Floats:
        """(r,) gradient of the root with respect to each of `self.nodes`; NaN-free where the program's is."""
        values = np.repeat(self._start[:, None], 1, axis=1)
        for node, number in (leaves or {}).items():
            values[self._rows_of(node)] = number
        with np.errstate(all="ignore"):
            for group in self.groups:
                values[group.out] = group.op.forward(np, *(values[rows] for rows in group.ins))
            return self._pull(values[:, 0])

    def _pull(self, values: Floats) -> Floats:
        grads = np.zeros(len(self.nodes))
        buffer = np.zeros(int(self._slices[-1]) + 1)
        bottom = len(self.nodes) - 1
        for group in reversed(self.groups):
            grads[group.out] = self._sums(buffer, group.out)
            if group.out[-1] == bottom:
                grads[bottom] = 1.0
            g, out = grads[group.out], values[group.out]
            args = [values[rows] for rows in group.ins]
            for spec, place in zip(group.op.inputs, group.edges, strict=True):
                if spec.vjp is not None and (place >= 0).any():
                    delivered = np.broadcast_to(spec.vjp(np, g, out, *args), g.shape)
                    buffer[place[place >= 0]] = delivered[place >= 0]
        leaves = np.flatnonzero(self.columns.op[self.nodes] == 0)
        grads[leaves] = self._sums(buffer, leaves)
        if self.columns.op[self.root] == 0:
            grads[bottom] = 1.0
        return grads

    def _sums(self, buffer: Floats, rows: Ints) -> Floats:
        """The sum of each row's slice of the edge buffer."""
        starts, stops = self._slices[rows], self._slices[rows + 1]
        counts = stops - starts
        if not counts.any():
            return np.zeros(len(rows))
        index = np.repeat(starts - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
        sums = np.add.reduceat(np.append(buffer[index], 0.0), np.minimum(np.cumsum(counts) - counts, len(index)))
        return np.where(counts > 0, sums, 0.0)

    def slopes(self, nodes: Sequence[int], scale: float = 1.0) -> tuple[Floats, Floats]:
        """Central differences of the root with respect to each node, and the step each one used.

        Args:
            nodes: ids that lead to the root; computed nodes are nudged after they are computed.
            scale: multiplies the step; two scales show how much of a difference is the method's own.

        Returns:
            (len(nodes),) slopes and (len(nodes),) steps.
        """
        at = np.asarray(nodes, np.int64)
        here = self.forward()[:, 0]
        with np.errstate(all="ignore"):
            size = np.abs(here[self._row[at]])
        steps = STEP * scale * np.maximum(np.where(np.isfinite(size), size, 1.0), 1e-2)
        width = max(1, CELLS // max(1, 2 * len(self._start)))
        found = np.empty(len(at))
        for low in range(0, len(at), width):
            some, h = at[low : low + width].tolist(), steps[low : low + width]
            bumps = [(n, d) for n, d in zip(some, h.tolist(), strict=True)]
            bumps += [(n, -d) for n, d in zip(some, h.tolist(), strict=True)]
            last = self.forward(bumps)[-1]
            with np.errstate(all="ignore"):
                found[low : low + width] = (last[: len(some)] - last[len(some) :]) / (2 * h)
        return found, steps

    def row(self, node: int) -> int:
        """Where `node` stands in `self.nodes`, -1 if it does not lead to the root."""
        return int(self._row[node]) if node <= self.root else -1

    def _rows_of(self, node: int) -> Ints:
        """The rows of a leaf: one for each number it was used with."""
        row = int(self._row[node])
        return np.append(row, len(self.nodes) + np.flatnonzero(self._owners == row))


def _apply(values: Floats, bumps: Sequence[tuple[int, int, float]]) -> None:
    for row, run, delta in bumps:
        values[row, run] += delta


def ancestors(columns: Columns, root: int) -> Ints:
    """Nodes that lead to `root`, itself included, ascending."""
    found = np.zeros(root + 1, bool)
    found[root] = True
    edge = int(columns.offsets[root + 1])
    frontier = np.array([root])
    offsets, inputs = columns.offsets, columns.inputs[:edge]
    if root < 4096:  # a plain walk down the ids beats array calls on small graphs and on chains
        return _walk_down(found, offsets.tolist(), inputs.tolist())
    for _ in range(64):  # wide graphs are shallow: whole fronts at once
        counts = offsets[frontier + 1] - offsets[frontier]
        index = np.repeat(offsets[frontier] - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
        frontier = np.unique(inputs[index])
        frontier = frontier[~found[frontier]]
        if not len(frontier):
            return np.flatnonzero(found)
        found[frontier] = True
    return _walk_down(found, offsets.tolist(), inputs.tolist())


def _walk_down(found: NDArray[np.bool_], offsets: list[int], inputs: list[int]) -> Ints:
    leads = found.tolist()
    for node in range(len(leads) - 1, -1, -1):
        if leads[node]:
            for edge in range(offsets[node], offsets[node + 1]):
                leads[inputs[edge]] = True
    return np.flatnonzero(leads)
