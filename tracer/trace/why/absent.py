"""Why there is no gradient: not yet, never for such a node, or cut off on the way to the loss.

A node that takes gradient but got none is followed forward, use by use, to where the way ends: a result that was cut
off, a number that the program read, a node that nobody used. Where several ways end, the one that would have led on to
the loss is to blame, for only there something was lost.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from tracer.core.columns import ENDS
from tracer.trace.segment import Pass
from tracer.trace.why.answer import Link, Place, Verdict
from tracer.trace.why.faults import takes_gradient
from tracer.trace.why.reader import Reader

MOST = 20_000
"""Nodes at most that are followed forward."""
CUTS: frozenset[Verdict] = frozenset(("detached", "no_grad", "no slope"))


@dataclass(frozen=True)
class Found:
    """Why it is not there."""

    verdict: Verdict
    culprit: Place | None
    edge: int | None
    chain: tuple[Link, ...]
    others: int = 0
    more: bool = False
    until: int | None = None


def find(reader: Reader, start: Place) -> Found:
    """Why `start` has no gradient now."""
    trace, node, position = reader.trace, start.node, reader.position
    if not reader.cursor.is_made(node):
        return _not_yet(reader, start, trace.made_at(node))
    row = reader.written(node)
    if row is not None:
        return Found("cleared", start, None, (reader.last(start, "end", row[0]),))
    if not takes_gradient(reader, node):
        return _never(reader, start)
    begun = [this for this in trace.passes if this.start < position]
    if not begun:
        if trace.passes:
            return _not_yet(reader, start, _arrival(trace.passes[0], node))
        return Found("no pass", start, None, (reader.last(start, "end"),))
    this = begun[-1]
    if this.reached(node):
        if position < this.stop:
            return _not_yet(reader, start, _arrival(this, node))
        verdict: Verdict = "set aside" if this.accumulates else "handed out"
        if this.keeps(node):
            verdict = "cleared"
        return Found(verdict, start, None, (reader.last(start, "end", this.stop),))
    if node > this.root:
        return Found("after", start, None, (reader.last(start, "end"),))
    return _cut_off(reader, start, this)


def _not_yet(reader: Reader, start: Place, until: int | None) -> Found:
    made = reader.cursor.is_made(start.node)
    # of what is not made yet nothing is shown
    link = reader.last(start, "end") if made else Link(start, "end", position=reader.position)
    return Found("not yet", None, None, (link,), until=until)


def _arrival(this: Pass, node: int) -> int | None:
    """The position at which the first contribution to `node` has been added."""
    if node == this.root:
        return this.start + 1
    deliveries = this.deliveries_to(node)
    return this.position_of(int(deliveries[0])) if len(deliveries) else None


def _never(reader: Reader, start: Place) -> Found:
    """Of a node that takes no gradient: back to the input that did, and what was done with it."""
    trace = reader.trace
    links: list[Link] = []
    place = start
    while True:
        op = trace.op(place.node)
        if op is None:
            links.append(reader.last(place, "end"))
            return Found("takes none", place, None, tuple(links))
        edges = list(trace.edges_in(place.node))
        live = [edge for edge in edges if takes_gradient(reader, trace.edge(edge).input)]
        if live:
            links.append(reader.made(place, live[0], Place(trace.edge(live[0]).input)))
            links.append(reader.last(Place(trace.edge(live[0]).input), "end"))
            return Found(_cut(reader, live[0]), place, live[0], tuple(links))
        computed = [edge for edge in edges if trace.op(trace.edge(edge).input) is not None]
        if not computed:
            links.append(reader.last(place, "end"))
            return Found("takes none", place, None, tuple(links))
        links.append(reader.made(place, computed[0], Place(trace.edge(computed[0]).input)))
        place = Place(trace.edge(computed[0]).input)


def _cut(reader: Reader, edge: int) -> Verdict:
    """Why no gradient flows along an edge whose input would take some."""
    trace = reader.trace
    e = trace.edge(edge)
    op = trace.op(e.user)
    assert op is not None, "an edge leads into an op's output"
    if op.name == "detach":
        return "detached"
    if op.spec(e.slot).vjp is None or not trace.dtype(e.user).is_floating_point:
        return "no slope"
    return "made a leaf" if trace.columns.flags[e.user] & ENDS else "no_grad"


@dataclass(frozen=True)
class End:
    """Where a way forward ends."""

    node: int
    edge: int | None
    """The use at which it ends; None where there is none."""
    kind: Verdict
    leads_on: bool
    """Whether the loss was computed from what comes after."""


def _cut_off(reader: Reader, start: Place, this: Pass) -> Found:
    """Where the ways from `start` to the loss end."""
    trace = reader.trace
    came: dict[int, int] = {}
    ends: list[End] = []
    queue, seen, more = deque([start.node]), {start.node}, False
    ancestors = _Ancestors(reader, this.root)
    while queue:
        node = queue.popleft()
        uses = [use for use in trace.uses(node) if reader.cursor.is_made(trace.edge(use).user)]
        reads = [kind for kind, _ in trace.frozen.get(node, ()) if kind == "data"]
        if reads:
            ends.append(End(node, None, "read", False))
        elif not uses:
            ends.append(End(node, None, "unused", False))
        for use in uses:
            user = trace.edge(use).user
            if not trace.delivers(use) or not takes_gradient(reader, user):
                ends.append(End(node, use, _cut(reader, use), user in ancestors))
            elif user not in seen:
                seen.add(user)
                came[user] = use
                queue.append(user)
        if len(seen) > MOST:
            more = True
            break
    if not ends:
        return Found("unused", start, None, (reader.last(start, "end"),), more=more)
    best = min(enumerate(ends), key=lambda one: (-_weight(one[1]), one[0]))[1]
    links = []
    at = best.node
    while at != start.node:
        use = came[at]
        links.append(_forward(reader, trace.edge(use).input, use, at))
        at = trace.edge(use).input
    links.reverse()
    culprit = best.node
    if best.edge is not None:
        culprit = trace.edge(best.edge).user
        links.append(_forward(reader, best.node, best.edge, culprit))
    links.append(reader.last(Place(culprit), "end"))
    places = {one.node if one.edge is None else trace.edge(one.edge).user for one in ends}
    return Found(best.kind, Place(culprit), best.edge, tuple(links), len(places) - 1, more)


def _weight(end: End) -> int:
    """How likely it is that the way was meant to lead on."""
    if end.kind in CUTS or end.kind == "made a leaf":
        return 3 if end.leads_on else 1
    return 2 if end.kind == "read" else 0


def _forward(reader: Reader, node: int, edge: int, user: int) -> Link:
    """A use along which no gradient came back."""
    place = Place(node)
    return Link(
        place,
        "handed",
        edge,
        Place(user),
        value=reader.value(place),
        grad=reader.grad(place),
        position=reader.trace.made_at(user),
    )


class _Ancestors:
    """What the root was computed from, worked out when it is first asked for."""

    def __init__(self, reader: Reader, root: int) -> None:
        self._reader, self._root = reader, root
        self._found: np.ndarray[tuple[int], np.dtype[np.bool_]] | None = None

    def __contains__(self, node: int) -> bool:
        if self._found is None:
            c = self._reader.trace.columns
            found = np.zeros(self._reader.trace.n_nodes, np.bool_)
            found[self._root] = True
            stack = [self._root]
            while stack:
                at = stack.pop()
                for source in c.inputs[c.offsets[at] : c.offsets[at + 1]].tolist():
                    if not found[source]:
                        found[source] = True
                        stack.append(source)
            self._found = found
        return bool(self._found[node])
