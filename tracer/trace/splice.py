"""A recording in which one node is replaced by a small recording that comes to the same.

Everything outside keeps its numbers bit for bit: the arrays are shared, only ids move. The last of the new nodes stands
where the old one stood: it has its name, its value, and in every pass the gradient that was recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import BACKWARD, ENDS, FORWARD, NO_LINE, Columns, PassColumns, Table
from tracer.core.op import find_op
from tracer.core.record_tensors import summary
from tracer.core.replay import ancestors
from tracer.core.rerun import Array, Number, delivering, fit, locked, run_again
from tracer.trace.numbering import FORMULAS, KEY, formulas_of
from tracer.trace.segment import PARTS
from tracer.trace.trace import Trace

if TYPE_CHECKING:
    from tracer.core.unfold.part import Part

Ints = NDArray[np.int64]


class Stretch(NamedTuple):
    """The steps of the old node in the old trace, and those of the new nodes that stand for them."""

    start: int
    stop: int
    new_start: int
    new_stop: int


class Spliced(NamedTuple):
    """The new recording, and how its time goes with the old one's."""

    columns: Columns
    first: int
    out: int
    stretches: tuple[Stretch, ...]
    """The forward step first, then one a pass that reached the node, in order of time."""


def splice(trace: Trace, node: int, part: Part) -> Spliced:
    """Put `part` in the place of `node`.

    Args:
        part: a recording of one application of the node's op, on the same numbers.
    """
    return _Splicing(trace, node, part).done()


class _Splicing:
    """The columns as they are made."""

    def __init__(self, trace: Trace, node: int, part: Part) -> None:
        self.trace, self.node, self.part = trace, node, part
        self.old, self.new = trace.columns, part.columns
        leads = ancestors(part.columns, part.out)
        self.inner: Ints = leads[~np.isin(leads, part.inputs)]
        """Nodes of the part that come in, ascending; the last is its output."""
        assert len(self.inner), "a part computes something"
        assert self.inner[-1] == part.out, "and its output comes last"
        self.more = len(self.inner) - 1
        """How many nodes there are more than before."""
        self.out = node + self.more
        self.arena: list[Array] = list(self.old.arena)
        place = np.full(len(part.columns.op), -1, np.int64)
        for leaf, source in zip(part.inputs, trace.inputs(node), strict=True):
            place[leaf] = source
        place[self.inner] = node + np.arange(len(self.inner))
        self.place = place
        """Node of the part -> its id."""

    def done(self) -> Spliced:
        columns = self._graph()
        columns, counts = self._passes(columns)
        segments, stretches = self._time(counts)
        before = self.old.info
        formulas = [*formulas_of(before), self.trace.formula(self.node)]
        info = {**before, KEY: [*before.get(KEY, ()), [self.node, len(self.inner)]], FORMULAS: formulas}
        columns = replace(columns, segments=locked(segments), arena=tuple(self.arena), info=info)
        return Spliced(columns, self.node, self.out, stretches)

    def moved(self, ids: Any) -> NDArray[Any]:
        """Old ids as they are now."""
        found = np.asarray(ids)
        return locked(found + (found >= self.node).astype(found.dtype) * found.dtype.type(self.more))

    # The graph

    def _graph(self) -> Columns:
        """The columns, all but time and passes."""
        old, new, inner, node = self.old, self.new, self.inner, self.node
        low, high = int(old.offsets[node]), int(old.offsets[node + 1])
        counts = np.diff(new.offsets)[inner]
        edges = np.repeat(new.offsets[inner] - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
        sources = self.place[new.inputs[edges]]
        all_counts = np.concatenate([np.diff(old.offsets)[:node], counts, np.diff(old.offsets)[node + 1 :]])
        self.edges_more = len(edges) - (high - low)
        names = list(old.op_names)
        names += [name for name in new.op_names if name not in names]
        codes = np.array([0, *(names.index(name) + 1 for name in new.op_names)])
        assert len(names) < 256, "an op's code is one byte"
        n, leafs = len(inner), new.op[inner] == 0
        flags = new.flags[inner].copy()
        flags[-1] = old.flags[node]
        lines = np.where(leafs, NO_LINE, old.line[node])  # a leaf is known by its line: these are none of the program
        return replace(
            old,
            op=self._put(old.op, codes[new.op[inner]]),
            offsets=locked(np.concatenate([[0], np.cumsum(all_counts)]).astype(old.offsets.dtype)),
            inputs=locked(
                np.concatenate([old.inputs[:low], sources, self.moved(old.inputs[high:])]).astype(old.inputs.dtype)
            ),
            value=self._put(old.value, np.append(new.value[inner[:-1]], old.value[node])),
            flags=self._put(old.flags, flags),
            scope=self._put(old.scope, np.full(n, old.scope[node])),
            line=self._put(old.line, lines),
            slot=self._put(old.slot, np.append(self._keep(inner[:-1]), old.slot[node])),
            static=self._put(old.static, np.where(new.static[inner] < 0, -1, new.static[inner] + len(old.statics))),
            statics=(*old.statics, *new.statics),
            op_names=tuple(names),
            names=self._names(),
            writes=self._table(old.writes),
            updates=self._table(old.updates),
            marks=self._table(old.marks),
            frozen=tuple((int(self.moved(at)), kind, line) for at, kind, line in old.frozen),
            taps={name: tuple(self.moved(one) for one in things) for name, things in old.taps.items()},
            parameters={name: self.moved(one) for name, one in old.parameters.items()},
            arena=(),
            passes=(),
        )

    def _put(self, column: NDArray[Any], values: Any) -> NDArray[Any]:
        """A column of nodes with the new ones in."""
        parts = [column[: self.node], np.asarray(values), column[self.node + 1 :]]
        return locked(np.concatenate(parts).astype(column.dtype))

    def _keep(self, nodes: Ints) -> Ints:
        """Arena rows of nodes of the part."""
        found = []
        for slot in self.new.slot[nodes].tolist():
            found.append(-1 if slot < 0 else len(self.arena))
            if slot >= 0:
                self.arena.append(self.new.arena[slot])
        return np.array(found, np.int64)

    def _names(self) -> dict[int, str]:
        trace, part = self.trace, self.part
        found = {int(self.moved(node)): name for node, name in self.old.names.items()}
        owners = [trace.label(source) for source in trace.inputs(self.node)]
        for at, suffix in part.names.items():
            whose = part.of.get(at, -1)
            place = int(self.place[at])
            if suffix and self.node <= place < self.out:
                found[place] = (trace.label(self.node) if whose < 0 else owners[whose]) + suffix
        return found

    def _table(self, table: Table) -> Table:
        made = locked(table.made + (table.made > self.node).astype(table.made.dtype) * np.int32(self.more))
        return replace(table, node=self.moved(table.node), made=made)

    # The passes

    def _passes(self, columns: Columns) -> tuple[Columns, list[tuple[int, int, int]]]:
        """The columns with their passes; and of each pass how many deliveries came before those of the node, how many
        it made, and how many are made in its place."""
        flows = delivering(columns)
        walk = _Walk(self, columns, flows)
        passes, counts = [], []
        for index, old in enumerate(self.old.passes):
            made, delivered = self._pass(old, walk)
            this = self.trace.passes[index]
            users = this.users
            counts.append((int((users > self.node).sum()), int((users == self.node).sum()), delivered))
            passes.append(made)
        return replace(columns, passes=tuple(passes)), counts

    def _pass(self, old: PassColumns, walk: _Walk) -> tuple[PassColumns, int]:
        """One pass, and how many deliveries the new nodes make in it."""
        moved = replace(
            old,
            root=int(self.moved(old.root)),
            nodes=self.moved(old.nodes),
            hooked=tuple(self.moved(np.array(old.hooked, np.int64)).tolist()),
            aside=tuple(self.moved(np.array(old.aside, np.int64)).tolist()),
        )
        if old.schedule is not None:
            first = int(self.old.offsets[self.node + 1])
            shift = (old.schedule >= first).astype(np.int32) * np.int32(self.edges_more)
            moved = replace(moved, schedule=locked(old.schedule + shift))
        if old.slots is None or self.node not in old.nodes:
            return moved, 0
        at = int(np.searchsorted(moved.nodes, self.out))
        grads, delivered = walk.back(self.arena[old.slots[at]])
        nodes = sorted(grads)
        rows = np.arange(len(nodes)) + len(self.arena)
        self.arena += [grads[n] for n in nodes]
        return replace(
            moved,
            nodes=_insert(moved.nodes, at, nodes),
            grads=_insert(moved.grads, at, [summary(grads[n]) for n in nodes]),
            slots=_insert(old.slots, at, rows),
        ), delivered

    # Time

    def _time(self, counts: Sequence[tuple[int, int, int]]) -> tuple[NDArray[np.int64], tuple[Stretch, ...]]:
        node, more = self.node, self.more
        rows, stretches = [], []
        at = new_at = 0
        for kind, first, stop, index, seed in self.old.segments.tolist():
            length = new_length = stop - first
            row = [kind, first, stop, index, seed]
            if kind == FORWARD:
                if first <= node < stop:
                    start = at + node - first
                    stretches.append(Stretch(start, start + 1, new_at + node - first, new_at + node - first + more + 1))
                row[1:3] = [first + more * (first > node), stop + more * (stop > node)]
                new_length = row[2] - row[1]
            elif kind == BACKWARD:
                before, old_count, new_count = counts[index]
                row[1:3] = [_count(n, before, old_count, new_count) for n in (first, stop)]
                length, new_length = PARTS * length + seed, PARTS * (row[2] - row[1]) + seed
                if old_count and first <= before < stop:
                    start, new_start = (x + seed + PARTS * (before - first) for x in (at, new_at))
                    stop_, new_stop = start + PARTS * old_count, new_start + PARTS * new_count
                    stretches.append(Stretch(start, stop_, new_start, new_stop))
            rows.append(row)
            at, new_at = at + length, new_at + new_length
        return np.array(rows, np.int64).reshape(-1, 5), tuple(stretches)


class _Walk:
    """The rules of the new nodes, backward from the last of them."""

    def __init__(self, splicing: _Splicing, columns: Columns, flows: NDArray[np.bool_]) -> None:
        self.columns, self.first, self.out = columns, splicing.node, splicing.out
        self.arena = splicing.arena
        self.flows = flows
        self.given = dict(zip(splicing.trace.inputs(splicing.node), splicing.trace.args(splicing.node), strict=True))
        """What the node was computed from, as it was then."""

    def back(self, gradient: Array) -> tuple[dict[int, Array], int]:
        """The gradient of each new node but the last, which has `gradient`; and how many contributions were made."""
        grads: dict[int, Array] = {self.out: gradient}
        c, delivered = self.columns, 0
        offsets, inputs = c.offsets, c.inputs
        for node in range(self.out, self.first - 1, -1):
            g = grads.get(node)
            if g is None or not c.op[node] or c.flags[node] & ENDS:
                continue
            low, high = int(offsets[node]), int(offsets[node + 1])
            wanted = self.flows[low:high].tolist()
            delivered += sum(wanted)
            sources = inputs[low:high].tolist()
            inside = [want and source >= self.first for want, source in zip(wanted, sources, strict=True)]
            if not any(inside):
                continue
            for source, contribution in zip(sources, self._handed(node, g, inside, sources), strict=True):
                if contribution is not None:
                    before = grads.get(source)
                    with np.errstate(all="ignore"):
                        grads[source] = contribution if before is None else locked(before + contribution)
        del grads[self.out]
        return grads, delivered

    def _handed(self, node: int, g: Array, wanted: list[bool], sources: list[int]) -> list[Array | None]:
        c = self.columns
        op = find_op(c.op_names[c.op[node] - 1])
        args: list[Number] = [self._number(source) for source in sources]
        static = c.statics[c.static[node]] if c.static[node] >= 0 else {}
        out = self.arena[c.slot[node]]
        with np.errstate(all="ignore"):
            saved = run_again(op, args, static, out.dtype)[1] if op.saves else {}
            found = op.contributions(np, wanted, g, out, args, static, saved)
            return [fit(part, arg) if want else None for part, arg, want in zip(found, args, wanted, strict=True)]

    def _number(self, node: int) -> Number:
        if node < self.first:
            return self.given[node]
        slot = int(self.columns.slot[node])
        return self.arena[slot] if slot >= 0 else float(self.columns.value[node])


def _count(deliveries: int, before: int, old: int, new: int) -> int:
    """How many deliveries there are now where there were so many."""
    if deliveries <= before:
        return deliveries
    return before + new + deliveries - before - old if deliveries >= before + old else before + min(deliveries, new)


def _insert(column: NDArray[Any], at: int, values: Sequence[Any] | NDArray[Any]) -> NDArray[Any]:
    return locked(np.concatenate([column[:at], np.asarray(values, column.dtype), column[at:]]))
