"""A moment in a trace. Everything on screen is read off one of these; nothing is ever undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from tracer.core.rerun import Number, locked
from tracer.errors import TracerError, did_you_mean
from tracer.text import clean
from tracer.trace.node import SourceLine
from tracer.trace.segment import GRANULARITIES, PARTS, By, Pass
from tracer.trace.trace import Trace

GradState = Literal["not_yet", "none", "partial", "complete"]
RouteState = Literal["received", "arriving", "coming"]
MomentKind = Literal["start", "forward", "mark", "seed", "edge", "write", "update"]


_TOTALS: WeakKeyDictionary[Pass, dict[int, list[float | None]]] = WeakKeyDictionary()
"""Running sums of the contributions to a node in a pass, as far as somebody asked."""


@dataclass(frozen=True)
class Route:
    """One use of a node, and what it hands back in a pass."""

    edge: int
    user: int
    contribution: Number | None
    """None before it is known."""
    state: RouteState


@dataclass(frozen=True)
class Moment:
    """What the last step did. Numbers are floats of plain nodes, arrays of tensors."""

    kind: MomentKind
    node: int | None = None
    """Made, marked, written, updated, seeded, or receiving a contribution."""
    edge: int | None = None
    user: int | None = None
    """The node whose gradient is handed on."""
    part: int = 0
    """Inside a contribution: 1 upstream read, 2 local gradient found, 3 multiplied, 4 added."""
    delivery: int | None = None
    pass_index: int | None = None
    upstream: Number | None = None
    local: Number | None = None
    """Of a tensor: element by element, in the shape of the user; None where its op is not elementwise."""
    contribution: Number | None = None
    before: Number | None = None
    """The gradient before an addition or a write; the value before an update. None where there was none."""
    after: Number | None = None
    text: str = ""
    """Of a mark."""
    note: Mapping[str, Any] | None = None
    """Of an update: how an optimizer came to it, {"rule": "adam", "lr": ..., "m": array, ...}."""
    brought: bool = False
    """Of a write: whether the node came with this gradient from before the recording."""


@dataclass(frozen=True)
class Cursor:
    """A moment in a trace: `position` steps have happened.

    Moving returns a new cursor. State is read off the trace, never undone, so stepping back costs what stepping on
    does and cannot drift.
    """

    trace: Trace
    position: int = 0

    # Moving

    def step(self, n: int = 1, by: By = "edge") -> Cursor:
        """`n` steps of this granularity later (earlier if negative), stopping at either end.

        Raises:
            TracerError: `by` is no granularity.
        """
        if by not in GRANULARITIES:
            raise TracerError(
                f"step: by is {by!r}; it must be one of {', '.join(GRANULARITIES)}.",
                hint=did_you_mean(str(by), GRANULARITIES),
            )
        if by == "part":
            return replace(self, position=max(0, min(self.position + n, len(self.trace))))
        stops = self.trace.stops(by)
        if n > 0:
            at = int(np.searchsorted(stops, self.position, side="right")) + n - 1
        elif n < 0:
            at = int(np.searchsorted(stops, self.position, side="left")) + n
        else:
            return self
        if at < 0:
            return replace(self, position=0)
        return replace(self, position=int(stops[at]) if at < len(stops) else len(self.trace))

    def index(self, by: By = "edge") -> tuple[int, int]:
        """(steps of this granularity completed or under way, all of them)."""
        if by == "part":
            return self.position, len(self.trace)
        stops = self.trace.stops(by)
        return int(np.searchsorted(stops, self.position, side="left")) + (self.position > 0), len(stops)

    # Numbers

    def data(self, node: Any) -> Number | None:
        """The value of `node`, a float or a read-only array, or None before it is made.

        Args:
            node: an id, a name, or a recorded `Value` or tensor.
        """
        at = self.trace.resolve(node)
        if not self.is_made(at):
            return None
        value = self.trace.value(at)
        for position, row in self.trace.events("update").get(at, ()):
            if position <= self.position:
                value = self.trace.written("update", row)
        return value

    def grad(self, node: Any) -> Number | None:
        """The gradient of `node`: the contributions delivered so far, or None before the first.

        Leaves go on from what earlier passes left; inner nodes hold that of the last pass. A pass of `autograd.grad`
        shows its own gradients up to its last step, and leaves those from before.
        """
        return self._grad(self.trace.resolve(node), self.position)

    def is_made(self, node: int) -> bool:
        """Whether the forward step of `node` has happened."""
        return self.trace.made_at(node) <= self.position

    def grad_state(self, node: Any) -> GradState:
        """Whether the gradient is not known yet, does not exist, misses a contribution, or is complete."""
        at = self.trace.resolve(node)
        if not self.trace.requires_grad(at):
            return "none"
        if self.grad(at) is None:
            return "not_yet"
        this = self._pass_of(at, self.position)
        if this is None or self.position >= this.stop:
            return "complete"
        deliveries = this.deliveries_to(at)
        return "partial" if len(deliveries) and deliveries[-1] >= this.delivered_by(self.position) else "complete"

    def _pass_of(self, node: int, position: int, *, left: bool = False) -> Pass | None:
        """The last pass begun before `position` that reaches `node`.

        Args:
            left: whether the question is what passes left behind: then not one that only handed gradients out.
        """
        for this in reversed(self.trace.passes):
            stays = this.keeps(node) or (position <= this.stop and not left)
            if this.start < position and stays and this.reached(node):
                return this
        return None

    def _grad(self, node: int, position: int, *, left: bool = False) -> Number | None:
        this = self._pass_of(node, position, left=left)
        written = [e for e in self.trace.events("write").get(node, ()) if e[0] <= position]
        if written and (this is None or written[-1][0] > this.start):
            return self.trace.written("write", written[-1][1])
        if this is None:
            return None
        deliveries = this.deliveries_to(node)
        done = int(np.searchsorted(deliveries, this.delivered_by(position)))
        if self.trace.is_tensor(node):
            return self._tensor_grad(node, this, deliveries, done)
        if 0 < done == len(deliveries) and not this.by_hand:
            return this.recorded_grad(node)  # the engine made the same sum, and a weight has thousands of terms
        return self._totals(node, this, deliveries, done)[done]

    def _tensor_grad(self, node: int, this: Pass, deliveries: NDArray[np.int64], done: int) -> Number | None:
        """The gradient of a tensor after `done` deliveries of a pass; a hook speaks after the last one."""
        if done == len(deliveries):
            return this.recorded_grad(node)
        before = self.held(node, this)
        if not done:
            return before
        arrived = self.trace.total(this.index, node, deliveries[:done].tolist())
        # the engine adds what came to what a leaf held, once all has come
        return arrived if before is None else locked(before + arrived)

    def _totals(self, node: int, this: Pass, deliveries: NDArray[np.int64], done: int) -> list[float | None]:
        """What `node` holds after 0, 1, 2, ... (at least `done`) of the deliveries to it. Sums once made are kept."""
        kept = _TOTALS.setdefault(this, {})
        if node in kept and done < len(kept[node]):
            return kept[node]
        totals = list(kept.get(node, ()))  # a copy: another thread may be reading
        if not totals:
            total = self.held(node, this)
            if node == this.root:
                total = 1.0 if this.by_hand else (total or 0.0) + 1.0  # user code assigns the 1, the engine adds it
            totals.append(total)
        for delivery in deliveries[len(totals) - 1 : done].tolist():
            contribution = self.trace.contribution(this.index, delivery)[2]
            # from 0.0, as the engine starts: 0.0 + -0.0 is 0.0
            totals.append(contribution if this.combine == "assign" else (totals[-1] or 0.0) + contribution)
        kept[node] = totals
        return totals

    def held(self, node: int, this: Pass) -> Number | None:
        """What a leaf held when the pass began; None where nothing: inner nodes and `autograd.grad` start afresh."""
        if not (self.trace.accumulates(node) and this.keeps(node)):
            return None
        written = [e for e in self.trace.events("write").get(node, ()) if e[0] <= this.start]
        earlier = self._pass_of(node, this.start, left=True)
        if written and (earlier is None or written[-1][0] > earlier.start):
            return self.trace.written("write", written[-1][1])
        return None if earlier is None else earlier.recorded_grad(node)

    # What happens

    @property
    def at_pass(self) -> int | None:
        """The backward pass under way, else the last one finished, else None."""
        begun = [p.index for p in self.trace.passes if p.start < self.position]
        return begun[-1] if begun else None

    @cached_property
    def moment(self) -> Moment:
        """What the step that led here did."""
        segment = self.trace.segment_at(self.position)
        if segment is None:
            return Moment("start")
        k = self.position - segment.start  # 1 for the segment's first step
        if segment.kind == "forward":
            return Moment("forward", node=segment.first + k - 1)
        if segment.kind == "backward":
            if segment.seed and k == 1:
                return Moment("seed", node=self.trace.passes[segment.pass_index].root, pass_index=segment.pass_index)
            delivery, part = divmod(k - segment.seed - 1, PARTS)
            return self._delivering(segment.pass_index, segment.first + delivery, part + 1)
        row = segment.first + k - 1
        table = self.trace.table(segment.kind)
        node = int(table.node[row])
        if segment.kind == "mark":
            return Moment("mark", node=node, text=clean(self.trace.columns.mark_texts[row]))
        if segment.kind == "update":
            before, after = self.trace.before_update(row), self.trace.written("update", row)
            return Moment("update", node=node, before=before, after=after, note=self.trace.note(row))
        held = self._grad(node, self.position - 1, left=True)
        brought = self.trace.info.get("brought")
        came = isinstance(brought, list) and row in brought
        return Moment("write", node=node, before=held, after=self.trace.written("write", row), brought=came)

    def _delivering(self, pass_index: int, delivery: int, part: int) -> Moment:
        this = self.trace.passes[pass_index]
        upstream, local, contribution = self.trace.contribution(pass_index, delivery)
        node = int(this.targets[delivery])
        return Moment(
            "edge",
            node=node,
            edge=int(this.edges[delivery]),
            user=int(this.users[delivery]),
            part=part,
            delivery=delivery,
            pass_index=pass_index,
            upstream=upstream,
            local=local if part >= 2 else None,
            contribution=contribution if part >= 3 else None,
            before=self._grad(node, self.position - 1) if part == PARTS else self.grad(node),
            after=self.grad(node) if part == PARTS else None,
        )

    def routes(self, node: Any) -> tuple[Route, ...]:
        """Every use of `node` that hands gradient back in the pass under way (or the last), in order of arrival.

        Before any pass: its uses, all still to come.
        """
        at = self.trace.resolve(node)
        index = self.at_pass
        if index is None:
            edges = [self.trace.edge(e) for e in self.trace.uses(at)]
            return tuple(
                Route(e.id, e.user, None, "coming")
                for e in reversed(edges)
                if self.is_made(e.user) and self.trace.requires_grad(at)
            )
        this, moment = self.trace.passes[index], self.moment
        done = this.delivered_by(self.position)
        found = []
        for delivery in this.deliveries_to(at).tolist():
            state: RouteState = "received" if delivery < done else "coming"
            if moment.kind == "edge" and moment.delivery == delivery:
                state = "arriving"
            known = delivery < done or (state == "arriving" and moment.contribution is not None)
            contribution = self.trace.contribution(index, delivery)[2] if known else None
            found.append(Route(int(this.edges[delivery]), int(this.users[delivery]), contribution, state))
        return tuple(found)

    def marks(self, node: Any) -> tuple[str, ...]:
        """Texts hung on `node` so far."""
        rows = self.trace.events("mark").get(self.trace.resolve(node), ())
        return tuple(clean(self.trace.columns.mark_texts[row]) for position, row in rows if position <= self.position)

    # Where in the user's program

    @property
    def line(self) -> SourceLine | None:
        """The user's line of this moment: the one that made the node at work, or that delivered by hand."""
        moment, trace = self.moment, self.trace
        if moment.kind == "edge" and moment.pass_index is not None and moment.user is not None:
            lines = trace.passes[moment.pass_index].columns.lines
            return trace.source(moment.user) if lines is None else trace.line_at(int(lines[moment.delivery]))
        if moment.kind in ("write", "update", "mark"):
            segment = trace.segment_at(self.position)
            assert segment is not None, "a moment of a table lies in a segment"
            row = segment.first + self.position - segment.start - 1
            return trace.line_at(int(trace.table(moment.kind).line[row]))
        return None if moment.node is None else trace.source(moment.node)

    @property
    def also_line(self) -> SourceLine | None:
        """In a backward pass: the line that called it, or, delivered by hand, the line that made the node at work."""
        moment = self.moment
        if moment.pass_index is None:
            return None
        this = self.trace.passes[moment.pass_index]
        if moment.kind == "edge" and this.by_hand and moment.user is not None:
            return self.trace.source(moment.user)
        return self.trace.line_at(this.columns.line)
