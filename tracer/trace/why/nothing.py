"""Why a gradient is exactly 0: the places where something arrived and nothing went on.

From the node the walk goes towards the loss along every use, sharing itself out equally, and stops where the user did
receive something: there it was lost. The culprit is where most of the walk ends. A gate that is shut where nothing
arrives anyway stops nothing, and is walked through.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field

import numpy as np

from tracer.trace.segment import Pass
from tracer.trace.why.answer import Link, Place, Verdict
from tracer.trace.why.faults import PICKS, in_softmax, stopped
from tracer.trace.why.reader import Reader, Term
from tracer.trace.why.rows import rule_of

MOST = 4_000
"""Places at most that are walked through."""


@dataclass
class Ending:
    """One place where the gradient was lost."""

    at: Place
    term: Term | None
    """The contribution that is 0; None where `at` itself is the culprit."""
    kind: Verdict
    mass: float


@dataclass
class Walk:
    """What the walk has met."""

    mass: dict[Place, float] = field(default_factory=dict)
    came: dict[Place, tuple[float, Place, Term, int]] = field(default_factory=dict)
    """Place -> (mass, from where, along which contribution, how many that place had), of the largest part."""
    endings: list[Ending] = field(default_factory=list)
    more: bool = False


@dataclass(frozen=True)
class Found:
    """The culprit of a gradient that is 0."""

    verdict: Verdict
    culprit: Place
    edge: int | None
    chain: tuple[Link, ...]
    others: int
    more: bool
    share: float


def find(reader: Reader, start: Place, this: Pass) -> Found:
    """Where the gradient of `start` was lost."""
    walk = _walk(reader, start, this)
    # the nearest of those that explain most
    best = max(walk.endings, key=lambda one: (round(one.mass, 9), -one.at.node))
    chain = _chain(reader, walk, best, start, this)
    verdict, culprit, edge = best.kind, best.at, None
    if best.term is not None:
        edge = best.term.edge
        culprit = best.at if best.kind == "cancelled" else best.term.other
        if best.kind == "flat":
            verdict, culprit, more = stopped(reader, edge, best.at, best.term.other)
            chain = (*chain, *(more or (reader.last(culprit, "end"),)))
        elif best.kind != "cancelled":
            chain = (*chain, reader.last(culprit, "end"))
    places = {(one.at if one.term is None else one.term.other) for one in walk.endings}
    total = sum(one.mass for one in walk.endings)
    same = sum(
        one.mass
        for one in walk.endings
        if (one.at if one.term is None else one.term.other) == (best.at if best.term is None else best.term.other)
    )
    return Found(verdict, culprit, edge, chain, len(places) - 1, walk.more, same / total if total else 1.0)


def _walk(reader: Reader, start: Place, this: Pass) -> Walk:
    walk = Walk(mass={start: 1.0})
    queue = [(start.node, start.element or 0, -1 if start.element is None else start.element)]
    before: dict[Place, int | None] = {start: None}
    visited = 0
    while queue:
        node, _, element = heapq.heappop(queue)  # users have higher numbers: all shares of a place have come by now
        place = Place(node, None if element < 0 else element)
        mass = walk.mass[place]
        visited += 1
        if visited > MOST and walk.endings:
            walk.more = True
            break
        terms = reader.terms(place, this, before[place])
        ending = _own(reader, place, this, terms)
        if ending is not None:
            walk.endings.append(Ending(place, None, ending, mass))
            continue
        met = _met(reader, place, terms, this)
        part = mass / len(met)
        for opened, kind in met:
            if kind is not None:
                walk.endings.append(Ending(place, opened, kind, part))
                continue
            other = opened.other
            if other not in walk.mass:
                walk.mass[other] = 0.0
                before[other] = opened.delivery
                heapq.heappush(queue, (other.node, other.element or 0, -1 if other.element is None else other.element))
            walk.mass[other] += part
            if other not in walk.came or walk.came[other][0] < part:
                walk.came[other] = part, place, opened, len(terms)
    return walk


def _met(reader: Reader, place: Place, terms: list[Term], this: Pass) -> list[tuple[Term, Verdict | None]]:
    """Each contribution traced to an element of its user, and where it was lost.

    An op that takes out other elements never had to do with this one: it counts only where there is nothing else.
    """
    found = []
    for term in terms:
        opened = reader.opened(term, place, this, "zero")
        found.append((opened, _lost(reader, place, opened, this)))
    taken = [one for one in found if not (one[1] == "flat" and reader.op_name(one[0].user) in PICKS)]
    return taken or found


def _own(reader: Reader, place: Place, this: Pass, terms: list[Term]) -> Verdict | None:
    """What makes the gradient of `place` 0 at the place itself."""
    if place.node in this.columns.hooked and any(term.contribution for term in terms):
        return "hooked"
    if any(term.contribution for term in terms):
        return "cancelled" if not _of_softmax(reader, place) else "saturated softmax"
    if place.node == this.root and not terms:
        return "zero start"
    return None if terms else "flat"


def _of_softmax(reader: Reader, place: Place) -> bool:
    op = reader.trace.op(place.node)
    return op is not None and op.name == "exp" and in_softmax(reader, place.node)


def _lost(reader: Reader, place: Place, term: Term, this: Pass) -> Verdict | None:
    """What became of a contribution that is 0: "flat" where the local gradient is; None where nothing had arrived."""
    if term.upstream is None:
        return _lost_inside(reader, place, term, this)
    assert term.local is not None, "known together"
    if term.upstream == 0:
        return None
    if term.local == 0:
        return "flat"
    if not term.part or place.element is None:
        return "gradient underflow"
    return "gradient underflow" if _exact(reader, place, term, this) != 0 else "cancelled"


def _lost_inside(reader: Reader, place: Place, term: Term, this: Pass) -> Verdict | None:
    """The same of an op that no element of can be told to be the one: it does not react at all, or it cancels."""
    upstream = np.asarray(reader.trace.contribution(this.index, term.delivery)[0], np.float64)
    if not upstream.any():
        return None if upstream.size else "flat"
    exact = _exact(reader, place, term, this)
    return "gradient underflow" if exact != 0 and math.isfinite(exact) else "flat"


def _exact(reader: Reader, place: Place, term: Term, this: Pass) -> float:
    """The contribution in float64."""
    upstream = np.asarray(reader.trace.contribution(this.index, term.delivery)[0], np.float64)
    return rule_of(reader.trace, term.user, term.slot, place.element or 0)(upstream)


def _chain(reader: Reader, walk: Walk, ending: Ending, start: Place, this: Pass) -> tuple[Link, ...]:
    """The steps from the start to the ending, along the largest shares."""
    steps: list[Link] = []
    place = ending.at
    while place != start:
        _, source, term, routes = walk.came[place]
        steps.append(reader.handed(source, term, this, 0.0, routes))
        place = source
    steps.reverse()
    if ending.kind == "cancelled" or (ending.term is None and ending.kind == "saturated softmax"):
        steps.extend(reader.parts(ending.at, this))
    if ending.kind == "cancelled":
        steps.append(reader.last(ending.at, "end"))
    elif ending.term is not None:
        terms = reader.terms(ending.at, this, None)
        steps.append(reader.handed(ending.at, ending.term, this, 0.0, len(terms)))
    else:
        steps.append(reader.last(ending.at, "end"))
    return tuple(steps)
