"""What is known of a place at a moment: its number, its gradient, and every contribution that has reached it.

Nothing later than the moment is read. What a user hands on it has received before, so the chain never leaves what is
known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tracer.trace.cursor import Cursor
from tracer.trace.flow import flow
from tracer.trace.segment import Pass
from tracer.trace.trace import Trace
from tracer.trace.why.answer import Link, Place
from tracer.trace.why.rows import aligned, largest, products, rule_of, spoiling, supporting

MANY = 64
"""Contributions to one node from which on they are read off the whole pass at once."""
LONG = 500
"""Contributions in all, worked out one by one, after which the same is done for every node."""
By = Literal["largest", "zero", "broken"]
"""Which element of a user a contribution is followed to: the one that handed on the most; one that hands on nothing;
one that is not finite."""


@dataclass(frozen=True)
class Term:
    """One contribution to a place."""

    delivery: int
    edge: int
    user: int
    slot: int
    contribution: float
    upstream: float | None = None
    local: float | None = None
    element: int | None = None
    """Of the user, where it is a tensor and one of them is known to be the one."""
    part: float | None = None
    """What that element alone handed on."""

    @property
    def other(self) -> Place:
        return Place(self.user, self.element)


class Reader:
    """A trace as it is at one position.

    Args:
        earlier: updates over which a question has been followed back to this position.
    """

    def __init__(self, trace: Trace, position: int, earlier: int = 0) -> None:
        self.trace, self.position, self.earlier = trace, position, earlier
        self._worked_out = 0
        self._done: dict[int, int] = {}
        """Pass -> how many of its deliveries are complete now."""
        self._grads: dict[Place, float] = {}
        """Gradients met on the way: what a user handed on, it had."""

    @cached_property
    def cursor(self) -> Cursor:
        return self.trace.cursor(self.position)

    # Numbers

    def value(self, place: Place) -> float | None:
        """None before it is made, and of a tensor as a whole."""
        return None if self._many(place) else _element(self.cursor.data(place.node), place.element)

    def grad(self, place: Place) -> float | None:
        """None where there is none, and of a tensor as a whole."""
        met = self._grads.get(place)
        if met is not None:
            return met
        return None if self._many(place) else _element(self.cursor.grad(place.node), place.element)

    def _many(self, place: Place) -> bool:
        """Whether no single number stands at a place."""
        return place.element is None and self.trace.is_tensor(place.node) and self.trace.shape(place.node) != ()

    def arg(self, edge: int, element: int | None = None) -> float | None:
        """The number an edge carried when its user was made."""
        return _element(self.trace.edge_value(edge), element)

    def op_name(self, node: int) -> str:
        """The op that made `node`; "" of a leaf."""
        op = self.trace.op(node)
        return "" if op is None else op.name

    # The pass

    def pass_of(self, node: int) -> Pass | None:
        """The pass that the gradient of `node` comes from: the last one begun that reaches it and leaves it there."""
        for this in reversed(self.trace.passes):
            stays = this.keeps(node) or self.position <= this.stop
            if this.start < self.position and stays and this.reached(node):
                return this
        return None

    def written(self, node: int) -> tuple[int, int] | None:
        """(position, row) of the write that the gradient of `node` is now; None where a pass came after it."""
        rows = [e for e in self.trace.events("write").get(node, ()) if e[0] <= self.position]
        this = self.pass_of(node)
        return rows[-1] if rows and (this is None or rows[-1][0] > this.start) else None

    def held(self, place: Place, this: Pass) -> float | None:
        """What a leaf held when the pass began."""
        return _element(self.cursor.held(place.node, this), place.element)

    @cached_property
    def _last_pass(self) -> int:
        """The last pass begun: what its users have no other pass has changed."""
        return max((this.index for this in self.trace.passes if this.start < self.position), default=-1)

    # Contributions

    def terms(self, place: Place, this: Pass, before: int | None = None) -> list[Term]:
        """The contributions to `place` in a pass, in time order.

        Args:
            before: a delivery; only earlier ones count.
        """
        if this.index not in self._done:
            self._done[this.index] = this.delivered_by(self.position)
        done = self._done[this.index]
        limit = done if before is None else min(done, before)
        deliveries = this.deliveries_to(place.node)
        deliveries = deliveries[: int(np.searchsorted(deliveries, limit))]
        if this.combine == "assign":
            deliveries = deliveries[-1:]
        self._worked_out += len(deliveries)
        if not self.trace.is_tensor(place.node) and (len(deliveries) >= MANY or self._worked_out > LONG):
            return self._at_once(this, deliveries)
        return [self._term(place, this, int(d)) for d in deliveries]

    def _at_once(self, this: Pass, deliveries: NDArray[np.int64]) -> list[Term]:
        carried = flow(self.trace, this.index)
        if len(deliveries) == 1:
            d = int(deliveries[0])
            edge, user, c = int(this.edges[d]), int(this.users[d]), float(carried.contribution[d])
            slot = edge - int(self.trace.columns.offsets[user])
            return [Term(d, edge, user, slot, c, float(carried.upstream[d]), float(carried.local[d]), None, c)]
        slots = this.edges[deliveries] - self.trace.columns.offsets[this.users[deliveries]]
        columns = (
            deliveries,
            this.edges[deliveries],
            this.users[deliveries],
            slots,
            carried.contribution[deliveries],
            carried.upstream[deliveries],
            carried.local[deliveries],
        )
        rows = zip(*(column.tolist() for column in columns), strict=True)
        return [Term(d, e, u, s, c, g, local, None, c) for d, e, u, s, c, g, local in rows]

    def _term(self, place: Place, this: Pass, delivery: int) -> Term:
        edge, user = int(this.edges[delivery]), int(this.users[delivery])
        slot = edge - int(self.trace.columns.offsets[user])
        upstream, local, contribution = self.trace.contribution(this.index, delivery)
        if not isinstance(upstream, np.ndarray):
            given = _element(contribution, place.element)
            assert given is not None, "a delivery hands something on"
            return Term(delivery, edge, user, slot, given, float(upstream), float(local), None, given)
        part = _element(contribution, place.element)
        assert part is not None, "a delivery hands something on"
        return Term(delivery, edge, user, slot, part)

    def opened(self, term: Term, place: Place, this: Pass, by: By) -> Term:
        """The same contribution, traced to one element of the user; as it was where none can be told."""
        if term.upstream is not None or not self.trace.is_tensor(term.user):
            return term
        upstream, local, _ = self.trace.contribution(this.index, term.delivery)
        found: tuple[int, float] | None
        if local is not None:
            shape = np.shape(self.trace.edge_value(term.edge))
            element = 0 if place.element is None else place.element
            places = aligned(shape, upstream.shape, element)
            found = _pick_of(places, local.reshape(-1)[places], upstream.reshape(-1), by)
        elif (row := self._product(term, upstream.shape, place.element or 0)) is not None:
            found = _pick_of(*row, upstream.reshape(-1), by)
        else:
            rule = rule_of(self.trace, term.user, term.slot, place.element or 0)
            look = {"largest": largest, "zero": supporting, "broken": spoiling}[by]
            found = look(rule, upstream)
            if found is None and by == "zero":
                found = self._opposite(term, upstream.shape, place.element or 0)
        if found is None:
            return term
        at, slope = found
        g = float(upstream.reshape(-1)[at])
        with np.errstate(all="ignore"):
            return replace(term, upstream=g, local=slope, element=at, part=float(np.float64(g) * slope))

    def _product(
        self, term: Term, shape: tuple[int, ...], element: int
    ) -> tuple[NDArray[np.int64], NDArray[Any]] | None:
        """The row or column of a matrix product that an element of an input goes into, with its local gradients."""
        op = self.trace.op(term.user)
        assert op is not None, "only an op's output hands gradient on"
        if op.name not in ("linear", "matmul"):
            return None
        return products(op.name, self.trace.args(term.user), term.slot, shape, element)

    def _opposite(self, term: Term, shape: tuple[int, ...], element: int) -> tuple[int, float] | None:
        """The element of the output that one of the input goes into, where the op works element by element."""
        op = self.trace.op(term.user)
        assert op is not None, "only an op's output hands gradient on"
        if not (op.elementwise or op.unfolds == "elements"):
            return None
        places = aligned(np.shape(self.trace.edge_value(term.edge)), shape, element)
        return (int(places[0]), 0.0) if len(places) else None

    def best_of_all(self, place: Place, this: Pass) -> tuple[Term, float, float, int] | None:
        """The largest contribution to a plain node, and of all of them the sizes, the sum and the number.

        Read off tables of the whole pass. None where it has none, and where they do not serve: of tensors, of a pass by
        hand, and of a place that may still receive more.
        """
        if this.by_hand or this.columns.slots is not None or self._grads.get(place) is None:
            return None
        table = self.trace.kept.get(("strongest", this.index))
        if table is None:
            table = self.trace.kept["strongest", this.index] = _strongest(self.trace, this)
        best, sizes, sums, counts = table
        delivery = int(best[place.node])
        if delivery < 0:
            return None
        (term,) = self._at_once(this, np.array([delivery]))
        return term, float(sizes[place.node]), float(sums[place.node]), int(counts[place.node])

    # Links

    def handed(self, place: Place, term: Term, this: Pass, total: float, routes: int) -> Link:
        """The step of the chain from `place` to the user that handed `term` to it.

        Args:
            total: the sizes of all contributions, added.
        """
        part = term.contribution if term.part is None else term.part
        stands = this.index == self._last_pass and not this.by_hand and term.user not in self.trace.events("write")
        if stands and term.upstream is not None:
            self._grads[term.other] = term.upstream
        share = abs(part) / total if total and math.isfinite(total) and math.isfinite(part) else None
        return Link(
            place,
            "handed",
            term.edge,
            term.other,
            term.upstream,
            term.local,
            part,
            self.value(place),
            self.grad(place),
            None if share is None else min(share, 1.0),
            routes,
            this.position_of(term.delivery),
        )

    def parts(self, place: Place, this: Pass, before: int | None = None) -> tuple[Link, ...]:
        """The largest contributions of either sign: what cancels at a place."""
        terms = [self.opened(term, place, this, "largest") for term in self.terms(place, this, before)]
        total = sum(abs(term.contribution) for term in terms)
        ranked = sorted(terms, key=lambda term: term.contribution)
        chosen = {term.delivery: term for term in (ranked[-1], ranked[0])} if ranked else {}
        links = (self.handed(place, term, this, total, len(terms)) for term in chosen.values())
        return tuple(replace(link, kind="part") for link in links)

    def made(self, place: Place, edge: int, source: Place) -> Link:
        """The step of the chain from a value to one that it was computed from."""
        return Link(
            place,
            "made",
            edge,
            source,
            value=self.value(place),
            grad=self.grad(place),
            position=self.trace.made_at(place.node),
        )

    def last(self, place: Place, kind: Literal["start", "end"], position: int | None = None) -> Link:
        """The end of a chain."""
        at = self.trace.made_at(place.node) if position is None else position
        return Link(place, kind, value=self.value(place), grad=self.grad(place), position=at)


def _element(found: Any, element: int | None) -> float | None:
    """One number of what a node holds; of a whole array the first that is not finite, else the largest."""
    if found is None:
        return None
    if not isinstance(found, np.ndarray):
        return float(found)
    flat = found.reshape(-1)
    if element is not None:
        return float(flat[element])
    if not flat.size or flat.dtype.kind not in "fiub":
        return None
    return float(flat[standing_for(flat)])


def standing_for(flat: NDArray[Any]) -> int:
    """The element that stands for a whole array: the first that is not a number, not finite, else the largest."""
    numbers = flat.astype(np.float64)
    for odd in (np.isnan(numbers), np.isinf(numbers)):
        if odd.any():
            return int(np.argmax(odd))
    return int(np.argmax(np.abs(numbers)))


def _pick_of(
    candidates: NDArray[np.int64], local: NDArray[Any], upstream: NDArray[Any], by: By
) -> tuple[int, float] | None:
    """Of the elements of an output that an input's element went into, the one to follow, and its local gradient."""
    if not len(candidates):
        return None
    g, slope = upstream[candidates].astype(np.float64), local.astype(np.float64)
    with np.errstate(all="ignore"):
        parts = g * slope
    if by == "broken":
        at = int(np.argmin(np.isfinite(parts)))  # one that is not finite first
    elif by == "zero":  # one that hands on after all, one where something arrived and nothing went on, one that is open
        at = int(np.argmax(4 * (parts != 0) + 2 * ((slope == 0) & (g != 0)) + (slope != 0)))
    else:
        at = int(np.argmax(np.abs(np.where(np.isnan(parts), np.inf, parts))))
    return int(candidates[at]), float(slope[at])


def _strongest(trace: Trace, this: Pass) -> tuple[NDArray[Any], ...]:
    """(n,) each: the largest contribution to a node (-1: none), the sizes of all, their sum, their number."""
    given, targets, n = flow(trace, this.index).contribution, this.targets, trace.n_nodes
    sizes = np.abs(np.where(np.isnan(given), np.inf, given))
    order = np.lexsort((-np.arange(len(given)), sizes, targets))  # of equals the first is the largest
    best = np.full(n, -1, np.int64)
    ends = np.flatnonzero(np.diff(targets[order], append=-1))
    best[targets[order[ends]]] = order[ends]
    return best, np.bincount(targets, sizes, n), np.bincount(targets, given, n), np.bincount(targets, minlength=n)
