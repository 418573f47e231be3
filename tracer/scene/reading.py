"""What a cursor shows of a node or an edge, as strings; read once for each stretch of time in which it cannot change.

A walk redraws hundreds of boxes at every key, and a step changes one or two of them. So each node's moments of change
are listed (it is made, a contribution arrives, ...), and between two of them the strings are kept.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np

from tracer.explain.amount import Amount, brief, is_single, shape_of, shape_text
from tracer.numbers import MORE_TO_COME, NO_GRADIENT, NOT_YET
from tracer.text import Lang
from tracer.trace.cursor import Cursor, GradState
from tracer.trace.trace import Trace

USUAL = "float32"
"""The dtype that goes without saying."""


@dataclass(frozen=True)
class Reading:
    """A node's strings at one position."""

    value: str
    grad: str
    grad_state: GradState
    marks: tuple[str, ...]
    dims: str = ""
    """Of a tensor with axes: `(3, 4)`, and its dtype where that is not float32."""

    @property
    def known(self) -> bool:
        return self.value != NOT_YET


@dataclass
class Readings:
    """All that has been read off one trace. It holds no trace: every call brings its cursor."""

    digits: int
    drawn: frozenset[int]
    """The edges that will be asked for; a large trace has many more."""
    lang: Lang = "en"
    _changes: dict[tuple[int, int | None], list[int]] = field(default_factory=dict)
    _nodes: dict[tuple[int, int | None, int], Reading] = field(default_factory=dict)
    _deliveries: dict[int, dict[int, list[tuple[int, int]]]] = field(default_factory=dict)
    _edges: dict[tuple[int, int, int], str] = field(default_factory=dict)
    _flows: dict[int, str] = field(default_factory=dict)

    def node(self, cursor: Cursor, node: int, at_pass: int | None) -> Reading:
        """What to write in a box. `at_pass` is `cursor.at_pass`, asked for once by the caller."""
        key = (node, at_pass, bisect_right(self.changes(cursor.trace, node, at_pass), cursor.position))
        if key not in self._nodes:
            self._nodes[key] = self._read(cursor, node)
        return self._nodes[key]

    def changes(self, trace: Trace, node: int, at_pass: int | None) -> list[int]:
        """Positions at which what is written in a box may change, ascending."""
        if (node, at_pass) not in self._changes:
            self._changes[node, at_pass] = changes(trace, node, at_pass)
        return self._changes[node, at_pass]

    def _read(self, cursor: Cursor, node: int) -> Reading:
        value, grad, state = cursor.data(node), cursor.grad(node), cursor.grad_state(node)
        number = "" if grad is None else self.text(grad)
        shown = {"none": NO_GRADIENT, "not_yet": NOT_YET, "partial": f"{number} {MORE_TO_COME}", "complete": number}
        return Reading(
            value=NOT_YET if value is None else self.text(value),
            grad=shown[state],
            grad_state=state,
            marks=cursor.marks(node),
            dims="" if value is None else dims(cursor.trace, node),
        )

    def text(self, value: Amount) -> str:
        """A number, or an array as briefly as a box has it."""
        return brief(value, self.digits)[self.lang]

    def flow(self, cursor: Cursor, edge: int, source: int, user: int, at_pass: int | None) -> str:
        """What an edge carries forward. It keeps the number it carried, though its input be updated afterwards."""
        if not cursor.is_made(user):
            return self.node(cursor, source, at_pass).value
        if edge not in self._flows:
            self._flows[edge] = self.text(cursor.trace.edge_value(edge))
        return self._flows[edge]

    def contribution(self, cursor: Cursor, edge: int, at_pass: int | None) -> str:
        """What an edge has delivered in this pass: `5`, or `?`. Where it delivered more than once, their sum."""
        if at_pass is None:
            return NOT_YET
        times = self._times(cursor.trace, edge, at_pass)
        done = bisect_right(times, (cursor.position, len(cursor.trace)))
        if not done:
            return NOT_YET
        key = (edge, at_pass, done)
        if key not in self._edges:
            numbers = [cursor.trace.contribution(at_pass, delivery)[2] for _, delivery in times[:done]]
            assigned = cursor.trace.passes[at_pass].combine == "assign"
            self._edges[key] = self.text(numbers[-1] if assigned or len(numbers) == 1 else sum(numbers))
        return self._edges[key]

    def wire_changes(self, trace: Trace, edge: int, source: int, user: int, at_pass: int | None) -> list[int]:
        """Positions at which what stands on a wire may change, in no order."""
        times = [] if at_pass is None else self._times(trace, edge, at_pass)
        return [*self.changes(trace, source, at_pass), trace.made_at(user), *(position for position, _ in times)]

    def _times(self, trace: Trace, edge: int, at_pass: int) -> list[tuple[int, int]]:
        """(position at which it has been added, delivery) of what an edge delivers in a pass."""
        if at_pass not in self._deliveries:
            self._deliveries[at_pass] = deliveries(trace, at_pass, self.drawn)
        return self._deliveries[at_pass].get(edge, [])


def dims(trace: Trace, node: int) -> str:
    """`(3, 4)`, `(3,) int64`; "" of a plain number, and of one that only unfolding shows."""
    if not trace.is_tensor(node):
        return ""
    shape, kind = trace.shape(node), trace.dtype(node).name
    if not shape and "." in trace.number(node):
        return ""  # its dtype is the unfolding's
    words = [shape_text(shape)] if shape else []
    return " ".join([*words, *([kind] if kind != USUAL else [])])


def changes(trace: Trace, node: int, at_pass: int | None) -> list[int]:
    """Positions at which what a cursor in this pass (or after it) shows of `node` may change, ascending."""
    found = [trace.made_at(node)]
    for kind in ("write", "update", "mark"):
        found += [position for position, _ in trace.events(kind).get(node, ())]
    if at_pass is not None:
        this = trace.passes[at_pass]
        found += [this.position_of(delivery) for delivery in this.deliveries_to(node).tolist()]
    return sorted(found)


def deliveries(trace: Trace, pass_index: int, edges: Collection[int]) -> dict[int, list[tuple[int, int]]]:
    """Edge -> (position at which it has been added, delivery) of its deliveries in a pass, in time order."""
    this = trace.passes[pass_index]
    found: dict[int, list[tuple[int, int]]] = {}
    wanted = np.zeros(trace.n_edges, np.bool_)
    wanted[np.fromiter(edges, np.int64, len(edges))] = True
    for delivery in np.flatnonzero(wanted[this.edges]).tolist():
        found.setdefault(int(this.edges[delivery]), []).append((this.position_of(delivery), delivery))
    return found


def carried(upstream: Amount, local: Amount | None, contribution: Amount | None, digits: int = 4) -> str:
    """What stands on the wire at work: `5 ·`, then `5 · 1`; of arrays the few numbers handed on, else the shapes.

    It is the same in every language.
    """
    if (
        is_single(upstream)
        and (local is None or is_single(local))
        and (contribution is None or is_single(contribution))
    ):
        if local is None and contribution is not None:
            return brief(contribution, digits).en
        return f"{brief(upstream, digits).en} ·" + (f" {brief(local, digits).en}" if local is not None else "")
    if contribution is None:
        said = brief(upstream, digits).en
        return f"{said if said.startswith('[') else shape_text(shape_of(upstream))} ·"
    said = brief(contribution, digits).en
    if is_single(contribution) or said.startswith("["):
        return said
    before, after = shape_text(shape_of(upstream)), shape_text(shape_of(contribution))
    return after if before == after else f"{before} → {after}"
