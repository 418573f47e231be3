"""Why a number is not finite: back to where one first came out of numbers that were finite.

A gradient: along the contributions that are not finite, the earliest of them each time, to the one whose upstream
gradient is finite. If the local gradient there was worked out from a value that is not finite, that value is followed;
values: from input to input, to the one whose inputs are finite. A leaf that an update spoilt is followed to the
gradient it was updated with.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from tracer.trace.segment import Pass
from tracer.trace.why.answer import Link, Place, Verdict
from tracer.trace.why.faults import CHOICES, broken_value, meant, operand
from tracer.trace.why.reader import Reader, Term, standing_for

UPDATES = 50
"""Updates at most over which a number is followed back."""


@dataclass(frozen=True)
class Found:
    """Where it stopped being finite."""

    verdict: Verdict
    culprit: Place
    edge: int | None
    chain: tuple[Link, ...]


def gradient(reader: Reader, start: Place, this: Pass) -> Found:
    """Why the gradient of `start` is not finite."""
    links: list[Link] = []
    place, before = start, None
    while True:
        terms = reader.terms(place, this, before)
        bad = [term for term in terms if not math.isfinite(term.contribution)]
        if not bad:  # finite contributions, or none: the sum, what was held, the start or a hook
            verdict: Verdict = "gradient overflow" if terms else "bad data"
            if place.node in this.columns.hooked:
                verdict = "hooked"
            return Found(verdict, place, None, (*links, reader.last(place, "end")))
        if all(math.isinf(term.contribution) for term in bad) and len({term.contribution > 0 for term in bad}) == 2:
            grad = reader.grad(place)
            if grad is not None and math.isnan(grad) and all(_finite_before(reader, place, t, this) for t in bad):
                return Found("inf minus inf", place, None, (*links, reader.last(place, "end")))
        term = reader.opened(bad[0], place, this, "broken")
        links.append(reader.handed(place, term, this, 0.0, len(terms)))
        if term.upstream is not None and not math.isfinite(term.upstream):
            place, before = term.other, term.delivery
            continue
        return _at_edge(reader, place, term, links)


def _finite_before(reader: Reader, place: Place, term: Term, this: Pass) -> bool:
    opened = reader.opened(term, place, this, "broken")
    return opened.upstream is not None and math.isfinite(opened.upstream)


def _at_edge(reader: Reader, place: Place, term: Term, links: list[Link]) -> Found:
    """A contribution that is not finite although what arrived is."""
    out = term.other
    source = _broken_number(reader, term.edge, out)
    if source is not None:
        found = value(reader, source, None if source.node == out.node else reader.trace.made_at(out.node))
        return Found(found.verdict, found.culprit, found.edge, (*links, *found.chain))
    if term.local is not None and math.isfinite(term.local):
        verdict: Verdict = "gradient overflow"
    elif term.upstream == 0:
        verdict = "zero times inf"
    else:
        verdict = "infinite slope"
    return Found(verdict, out, term.edge, (*links, reader.last(out, "end")))


def _broken_number(reader: Reader, edge: int, out: Place) -> Place | None:
    """A number that is not finite among those that an edge's local gradient is made of: the user's, or an input's."""
    trace = reader.trace
    for one in trace.edges_in(out.node):
        source = trace.edge(one).input
        if meant(reader, source):
            continue
        found = _bad_in(trace.edge_value(one), operand(reader, one, out))
        if found is not None:
            return Place(source, found if trace.is_tensor(source) else None)
    value_ = _bad_in(trace.value(out.node), out.element)
    return None if value_ is None else Place(out.node, value_ if trace.is_tensor(out.node) else None)


def _bad_in(number: object, element: int | None) -> int | None:
    """The element that is not finite: this one, or where none is said, the first that is no number, or infinite."""
    flat = np.asarray(number)
    if flat.dtype.kind not in "fc" or not flat.size:
        return None
    flat = flat.reshape(-1)
    at = standing_for(flat) if element is None else element
    return None if np.isfinite(flat[at]) else at


def value(reader: Reader, start: Place, until: int | None = None) -> Found:
    """Why the value of `start` is not finite.

    Args:
        until: the position at which it was so; that of the reader if None.
    """
    links: list[Link] = []
    place, then = start, reader.position if until is None else until
    while True:
        step = _worse_input(reader, place)
        if step is None:
            row = _spoiling_update(reader, place, then)
            if row is not None:
                found = _at_update(reader, place, row)
                return Found(found.verdict, found.culprit, found.edge, (*links, *found.chain))
            verdict = broken_value(reader, place)
            was = Reader(reader.trace, then).value(place)  # an update may have changed it since
            return Found(verdict, place, None, (*links, replace(reader.last(place, "end"), value=was)))
        links.append(reader.made(place, *step))
        place, then = step[1], reader.trace.made_at(place.node)


def _spoiling_update(reader: Reader, place: Place, until: int) -> int | None:
    """The position of the update since which a leaf is not finite; None where it was made so, or is no leaf."""
    trace = reader.trace
    rows = [e for e in trace.events("update").get(place.node, ()) if e[0] <= min(until, reader.position)]
    since: int | None = None
    for position, row in reversed(rows):
        if _bad_in(trace.written("update", row), place.element) is None:
            return since
        since = position
    return since if _bad_in(trace.value(place.node), place.element) is None else None


def _at_update(reader: Reader, place: Place, position: int) -> Found:
    """Why an update made a leaf not finite: as its gradient was, if that was not finite."""
    before = Reader(reader.trace, position - 1, reader.earlier + 1)
    grad, this = before.grad(place), before.pass_of(place.node)
    broken = grad is not None and not math.isfinite(grad) and before.written(place.node) is None
    if broken and this is not None and before.earlier <= UPDATES:
        return gradient(before, place, this)
    return Found("bad update", place, None, (Reader(reader.trace, position).last(place, "end", position),))


def _worse_input(reader: Reader, place: Place) -> tuple[int, Place] | None:
    """(edge, input) that made `place` what it is; None where it did so itself.

    A nan goes back to a nan, else to an infinity that an op made; an infinity to an infinity. One that the program
    wrote down itself is no mistake: then what was done with it is.
    """
    trace = reader.trace
    mine = reader.value(place)
    if mine is None or math.isfinite(mine):
        return None
    found: list[tuple[int, int, int, Place]] = []
    for edge in trace.edges_in(place.node):
        source = trace.edge(edge).input
        at = _bad_in(trace.edge_value(edge), operand(reader, edge, place))
        if at is None or meant(reader, source):
            continue
        number = reader.arg(edge, at)
        assert number is not None, "it is not finite, so it is there"
        there = Place(source, at if trace.is_tensor(source) else None)
        if math.isnan(mine) and math.isinf(number) and written_down(reader, there):
            continue
        found.append((0 if math.isnan(number) else 1, source, edge, there))
    if not found:
        return None
    _, _, edge, source_place = min(found, key=lambda one: one[:3])
    return edge, source_place


def written_down(reader: Reader, place: Place) -> bool:
    """Whether an infinity is one that the program wrote itself: a leaf, a mask, and what was added to it."""
    found = value(reader, place)
    op = reader.trace.op(found.culprit.node)
    return found.verdict == "bad data" and (op is None or op.name in CHOICES)
