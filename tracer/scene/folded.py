"""What a fold and a port show at a moment, as strings; read once for each stretch of time in which it stays the same.

A fold stands for thousands of nodes. Between two of its moments (a member is made, or receives a contribution) all that
it shows stays the same, so a step reads again only the few folds in which something happened.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from tracer.layout.fold import Drawn, Fold, Port, stats
from tracer.numbers import MORE_TO_COME, NO_GRADIENT, NOT_YET, format_number, percent
from tracer.scene.picture import PortRow
from tracer.text import Lang, Text, clean
from tracer.trace.cursor import Cursor, GradState
from tracer.trace.segment import PARTS, Pass
from tracer.trace.snapshot import snapshot
from tracer.trace.trace import Trace

NODES = Text(en="{n} nodes", ja="{n} ノード")
ONE_NODE = Text(en="1 node", ja="1 ノード")
SO_FAR = Text(en="{made} of {n} nodes", ja="{made} / {n} ノード")
FLOW = Text(en="flow {share}", ja="流れ {share}")
MORE_PORTS = Text(en="{n} parameters", ja="{n} パラメータ")
FOLDED = Text(en="folded: {boxes} boxes for {n} nodes", ja="折りたたみ: {n} ノードを {boxes} 個の箱で表示")
RANGE = " … "
NONE = np.zeros(0, np.int64)

FEW_PORTS = 4
"""Ports that have a row each in a box; of more there is one row for all."""
FEW_LEAVES = 8
"""Leaves that are asked one by one; of more, a picture of the whole moment is taken."""


@dataclass(frozen=True)
class FoldReading:
    """A fold's strings at one position."""

    count: str
    """`16,210 nodes`; `1,203 of 16,210 nodes` while they are being made."""
    value: str
    """`-2.1 … 3.4`: the least and the greatest value made so far; `nan ×3` where any is nan; or `?`."""
    grad: str
    """`0.031`, the L2 norm of its members' gradients; `0.031 …` while contributions are missing, `?`, `–`."""
    grad_state: GradState
    flow: str
    """`flow 12 %`; '' until the pass is over, and where it is not defined."""
    share: float | None
    """The same as a number."""

    @property
    def known(self) -> bool:
        return self.value != NOT_YET


@dataclass
class FoldReadings:
    """All that has been read off the folds and ports of one arrangement. It holds no trace."""

    digits: int
    lang: Lang
    _folds: dict[tuple[int, int | None, int], FoldReading] = field(default_factory=dict)
    _ports: dict[tuple[bytes, bool, int | None, int], PortRow] = field(default_factory=dict)
    _every: dict[int, Port] = field(default_factory=dict)
    """Box -> all its ports as one, where they are many."""
    _keys: dict[int, bytes] = field(default_factory=dict)
    """By the id of a port, which lives as long as this: what tells its leaves from others'."""

    def fold(self, cursor: Cursor, fold: Fold, at_pass: int | None) -> FoldReading:
        """What to write in a fold's box."""
        key = (fold.id, at_pass, _stretch(cursor, ("fold", fold.id), fold.nodes, at_pass))
        if key not in self._folds:
            self._folds[key] = self._read(cursor, fold)
        return self._folds[key]

    def _read(self, cursor: Cursor, fold: Fold) -> FoldReading:
        now = stats(cursor.trace, fold).at(cursor.position)
        total = f"{now.nodes:,}"
        count = NODES.format(n=total) if now.made == now.nodes else SO_FAR.format(made=f"{now.made:,}", n=total)
        if now.nodes == now.made == 1:
            count = ONE_NODE
        value = NOT_YET
        if now.made:
            value = f"nan ×{now.nans:,}"  # worth more than the range of the others
            if not now.nans and now.low is not None and now.high is not None:
                value = between(now.low, now.high, self.digits)
        state: GradState = "complete"
        if now.grad_norm is None:
            takes = fold.kind != "unused" and cursor.trace.columns.flags[fold.nodes].any()
            state, grad = ("not_yet", NOT_YET) if takes else ("none", NO_GRADIENT)
        else:
            grad = format_number(now.grad_norm, self.digits)
            if now.partial:
                state, grad = "partial", f"{grad} {MORE_TO_COME}"
        flow = "" if now.share is None else FLOW.format(share=percent(now.share))[self.lang]
        return FoldReading(count[self.lang], value, grad, state, flow, now.share)

    def ports(
        self,
        cursor: Cursor,
        box: int,
        ports: Sequence[Port],
        receiving: Collection[int],
        chosen: Collection[int],
        at_pass: int | None,
    ) -> tuple[PortRow, ...]:
        """The rows of a box's ports; of many there is one row, which names the one that receives, or is pointed out.

        Args:
            receiving: numbers of the ports to which contributions of the present step go.
            chosen: number of the port that has the leaf pointed out.
        """
        special = {*receiving, *chosen}
        if shown_ports(ports) == len(ports):
            rows = [self._port(cursor, box, port, at_pass) for port in ports]
            return tuple(
                replace(row, receiving=i in receiving, selected=i in chosen) if i in special else row
                for i, row in enumerate(rows)
            )
        if special:
            i = min(receiving or chosen)
            row = self._port(cursor, box, ports[i], at_pass)
            return (replace(row, receiving=i in receiving, selected=i in chosen),)
        if box not in self._every:
            leaves = np.unique(np.concatenate([port.leaves for port in ports]))
            self._every[box] = Port(MORE_PORTS.format(n=len(ports))[self.lang], leaves, NONE, 0)
        return (self._port(cursor, box, self._every[box], at_pass),)

    def _port(self, cursor: Cursor, box: int, port: Port, at_pass: int | None) -> PortRow:
        which = self._keys.get(id(port))
        if which is None:
            which = self._keys[id(port)] = port.name.encode() + _digest(port.leaves)
        key = (which, box >= 0, at_pass, _stretch(cursor, ("port", which), port.leaves, at_pass))
        if key not in self._ports:
            grad = _grad_text(cursor, port.leaves, self.digits)
            value = ""
            if len(port.leaves) == 1 and box >= 0:
                held = cursor.data(int(port.leaves[0]))
                value = NOT_YET if held is None else format_number(float(held), self.digits) if _plain(held) else ""
            self._ports[key] = PortRow(clean(port.name), grad, value)
        return self._ports[key]


def between(low: float, high: float, digits: int) -> str:
    """`-2.1 … 3.4`; one number where both are the same."""
    first, last = format_number(low, digits), format_number(high, digits)
    return first if first == last else f"{first}{RANGE}{last}"


def _digest(leaves: NDArray[np.int64]) -> bytes:
    return blake2b(leaves.tobytes(), digest_size=16).digest()


def _plain(value: object) -> bool:
    return isinstance(value, float) or getattr(value, "size", 0) == 1


def _grad_text(cursor: Cursor, leaves: NDArray[np.int64], digits: int) -> str:
    """The norm of the gradients that leaves have by now, as far as they have any."""
    trace = cursor.trace
    if len(leaves) <= FEW_LEAVES:
        states = {cursor.grad_state(node) for node in leaves.tolist()}
        found = [g for g in (cursor.grad(node) for node in leaves.tolist()) if g is not None]
        if not found:
            return NOT_YET if states != {"none"} else NO_GRADIENT
        if len(leaves) == 1 and isinstance(found[0], float):
            number = format_number(found[0], digits)  # with its sign: it is the gradient itself
        else:
            number = format_number(float(np.sqrt(sum(float(np.sum(np.square(g))) for g in found))), digits)
        return f"{number} {MORE_TO_COME}" if states & {"partial", "not_yet"} else number
    now = snapshot(trace, cursor.position)
    has = now.has_grad[leaves]
    if not has.any():
        return NOT_YET if trace.columns.flags[leaves].any() else NO_GRADIENT
    number = format_number(float(np.sqrt(np.square(now.grad_norm[leaves][has]).sum())), digits)
    return number if bool(now.complete[leaves].all()) else f"{number} {MORE_TO_COME}"


# --- moments of change -----------------------------------------------------------------------------------------------


def _stretch(cursor: Cursor, what: tuple[object, ...], nodes: NDArray[np.int64], at_pass: int | None) -> int:
    """The number of the stretch of time, in this pass or after it, in which nothing about `nodes` changes."""
    key = ("scene.changes", *what, at_pass)
    if key not in cursor.trace.kept:
        cursor.trace.kept[key] = changes(cursor.trace, nodes, at_pass)
    return int(cursor.trace.kept[key].searchsorted(cursor.position, "right"))


def changes(trace: Trace, nodes: NDArray[np.int64], at_pass: int | None) -> NDArray[np.int64]:
    """Positions at which what a cursor in this pass (or after it) shows of these nodes may change, ascending.

    Args:
        nodes: ascending.
    """
    found = [_made(trace, nodes)]
    for segment in trace.segments:
        if segment.kind in ("write", "update"):
            rows = trace.table(segment.kind).node[segment.first : segment.first + len(segment)]
            hit = np.flatnonzero(_among(rows.astype(np.int64), nodes))
            found.append(segment.start + 1 + hit)
    if at_pass is not None:
        this = trace.passes[at_pass]
        found.append(_received(trace, at_pass, nodes))
        found.append(np.array([this.start + 1, this.stop]))
    return np.sort(np.concatenate(found))


def _is_stretch(nodes: NDArray[np.int64]) -> bool:
    """Whether these nodes, which are ascending, leave none out; most folds are of this kind."""
    return len(nodes) > 0 and int(nodes[-1]) - int(nodes[0]) + 1 == len(nodes)


def _received(trace: Trace, at_pass: int, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The positions at which these nodes have just received something in a pass, in no order."""
    if not len(nodes):
        return NONE
    key = ("scene.received", at_pass)
    if key not in trace.kept:
        this = trace.passes[at_pass]
        counts = np.bincount(this.targets, minlength=trace.n_nodes)
        positions = _positions(this, np.arange(len(this.edges)))
        trace.kept[key] = positions[this.order], np.concatenate([[0], np.cumsum(counts)])
    positions, starts = trace.kept[key]
    if _is_stretch(nodes):
        stretch: NDArray[np.int64] = positions[starts[nodes[0]] : starts[nodes[-1] + 1]]
        return stretch
    low = starts[nodes]
    counts = starts[nodes + 1] - low
    rows: NDArray[np.int64] = positions[np.repeat(low - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())]
    return rows


def _made(trace: Trace, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The positions at which nodes have just been made."""
    segments = [s for s in trace.segments if s.kind == "forward"]
    firsts = np.array([s.first for s in segments])
    which = firsts.searchsorted(nodes, "right") - 1
    found: NDArray[np.int64] = np.array([s.start for s in segments])[which] + nodes - firsts[which] + 1
    return found


def _among(values: NDArray[np.int64], nodes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each value is one of these nodes, which are ascending."""
    if _is_stretch(nodes):
        return np.asarray((values >= nodes[0]) & (values <= nodes[-1]), np.bool_)
    at = np.minimum(nodes.searchsorted(values), len(nodes) - 1)
    return np.asarray(nodes[at] == values, np.bool_)


def _positions(this: Pass, deliveries: NDArray[np.int64]) -> NDArray[np.int64]:
    """The positions at which deliveries have just been added, in no order."""
    found = [np.zeros(0, np.int64)]
    for segment in this.segments:
        count = (len(segment) - segment.seed) // PARTS
        inside = deliveries[(deliveries >= segment.first) & (deliveries < segment.first + count)] - segment.first
        found.append(segment.start + segment.seed + PARTS * (inside + 1))
    return np.concatenate(found)


def first_delivery(trace: Trace, at_pass: int, bundle: int, edges: NDArray[np.int64]) -> int | None:
    """The position at which the first edge of a bundle has delivered in a pass; None if none does."""
    key = ("scene.first_delivery", at_pass, bundle, len(edges), int(edges[0]))
    if key not in trace.kept:
        delivery, this = int(_by_edge(trace, at_pass)[edges].min()), trace.passes[at_pass]
        trace.kept[key] = this.position_of(delivery) if delivery < len(this.edges) else None
    found: int | None = trace.kept[key]
    return found


def _by_edge(trace: Trace, at_pass: int) -> NDArray[np.int64]:
    """(m,) the first delivery of each edge in a pass; their number where there is none."""
    key = ("scene.first_delivery", at_pass)
    if key not in trace.kept:
        edges = trace.passes[at_pass].edges
        first = np.full(trace.n_edges, len(edges), np.int64)
        first[edges[::-1]] = np.arange(len(edges))[::-1]
        trace.kept[key] = first
    found: NDArray[np.int64] = trace.kept[key]
    return found


def folded_words(trace: Trace, drawn: Drawn) -> Text | None:
    """`folded: 9 boxes for 259,443 nodes`; None where no part of the graph is folded."""
    if not drawn.folds:
        return None
    return FOLDED.format(boxes=f"{len(drawn.graph):,}", n=f"{trace.n_nodes:,}")


def shown_ports(ports: Sequence[Port]) -> int:
    """Rows that a box's ports take: one each, or one for all."""
    return len(ports) if len(ports) <= FEW_PORTS else 1
