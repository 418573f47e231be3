"""What is large, what is small, and what made a gradient so: a factor, a product of many, a sum, a cancellation.

A gradient is huge from `HUGE` (1e3) on, tiny up to `TINY` (1e-8): so many times the 1 that a loss starts from. Sizes
of other gradients say nothing here: behind an exploding factor nearly all of them are huge. The limits are not alike
because averaging makes every gradient small: in a healthy GPT step of 260,000 nodes the median is 1e-3, three in a
thousand lie below 1e-6, one node below 1e-8, and none beyond 10.

From the node the walk goes to the loss along the largest contribution each time. Every step multiplies what the user
has by a local gradient, and adds the other contributions to it; the logarithms of both add up to that of the gradient,
so it is plain which of them made it what it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tracer.trace.segment import Pass
from tracer.trace.why.answer import Link, Place, Verdict
from tracer.trace.why.faults import CHOICES, FLAT_ENDS, GATES, SOFTMAXES, in_softmax
from tracer.trace.why.reader import LONG, Reader

HUGE, TINY = 1e3, 1e-8
"""Factors from which on a gradient is called so."""
MOST_OF_IT = 0.5
"""Share of the decades from which on one factor alone is to blame."""
LARGE_FACTOR, SMALL_FACTOR = 1e3, 1e-3
"""A factor that is to blame whatever its share is."""


def size_of(grad: float, huge: float = HUGE, tiny: float = TINY) -> Literal["huge", "tiny", "ordinary"]:
    """What a finite gradient is called that is not 0."""
    if abs(grad) >= huge:
        return "huge"
    return "tiny" if abs(grad) <= tiny else "ordinary"


@dataclass(frozen=True)
class Found:
    """How a gradient came to be as large as it is."""

    verdict: Verdict
    culprit: Place | None
    edge: int | None
    chain: tuple[Link, ...]
    factor: float | None = None
    stretch: tuple[int, int] | None = None
    start: float | None = None


@dataclass(frozen=True)
class Step:
    """One step of the way to the loss."""

    link: Link
    local: float
    gathered: float
    """What the place has, divided by this contribution: more than 1 where others add to it, less where they cancel."""


def find(reader: Reader, start: Place, this: Pass, question: str) -> Found:
    """Why the gradient of `start` is huge or tiny, or ("ordinary") where it came from."""
    held = reader.held(start, this)
    grad = reader.grad(start)
    if question == "huge" and held and grad and abs(held) >= MOST_OF_IT * abs(grad):
        return Found("accumulated", start, None, (reader.last(start, "end"),), factor=held / grad)
    steps, end = _way(reader, start, this)
    chain = (*(step.link for step in steps), end)
    at_start = reader.grad(end.at) if end.kind == "start" else None
    if question == "ordinary":
        return Found("ordinary", None, None, chain, start=at_start)
    found = _blame(reader, steps, chain, at_start, question)
    if found.verdict == "cancelled" and found.culprit is not None:
        before = next(i for i, step in enumerate(steps) if step.link.at == found.culprit)
        way = tuple(step.link for step in steps[:before])
        return Found("cancelled", found.culprit, None, _ended(reader, way, found.culprit, this), found.factor)
    return Found(found.verdict, found.culprit, found.edge, chain, found.factor, found.stretch, at_start)


def _ended(reader: Reader, way: tuple[Link, ...], place: Place, this: Pass) -> tuple[Link, ...]:
    """A way that ends where contributions cancel: there the largest of either sign are shown."""
    before = int(np.argmax(this.edges == way[-1].edge)) if way else None
    return (*way, *reader.parts(place, this, before), reader.last(place, "end"))


def _way(reader: Reader, start: Place, this: Pass) -> tuple[list[Step], Link]:
    """The largest contribution each time, up to the root."""
    steps: list[Step] = []
    place, before = start, None
    while True:
        quick = reader.best_of_all(place, this) if len(steps) > LONG else None
        if quick is not None:
            best, total, all_of_it, routes = quick
            link = reader.handed(place, best, this, total, routes)
            assert best.local is not None, "of plain numbers"
            steps.append(Step(link, best.local, all_of_it / best.contribution if best.contribution else 1.0))
            place, before = best.other, best.delivery
            continue
        terms = reader.terms(place, this, before)
        if not terms:
            first = place.node == this.root
            return steps, reader.last(place, "start" if first else "end", this.start + 1 if first else None)
        best = reader.opened(max(terms, key=lambda term: abs(term.contribution)), place, this, "largest")
        total = sum(abs(term.contribution) for term in terms)
        if best.upstream is None:  # nothing was handed on: then along one that does not
            best = reader.opened(best, place, this, "zero")
        if best.upstream is None or best.local is None:
            return steps, reader.last(place, "end")
        part = best.contribution if best.part is None else best.part
        all_of_it = sum(term.contribution for term in terms)
        total += max(0.0, abs(part) - abs(best.contribution))  # of a tensor: what the others of its elements took back
        link = reader.handed(place, best, this, total, len(terms))
        steps.append(Step(link, best.local, all_of_it / part if part else 1.0))
        place, before = best.other, best.delivery


def _blame(reader: Reader, steps: list[Step], chain: tuple[Link, ...], start: float | None, question: str) -> Found:
    sign = 1.0 if question == "huge" else -1.0
    local = [sign * _log(step.local) for step in steps]
    gathered = [sign * _log(step.gathered) for step in steps]
    begun = sign * _log(1.0 if start is None else start)
    whole = sum(local) + sum(gathered) + begun
    enough = min(MOST_OF_IT * whole, math.log(LARGE_FACTOR if sign > 0 else 1 / SMALL_FACTOR))
    most = max((*local, *gathered, begun), default=0.0)
    if most <= 0 or whole <= 0:
        return Found("ordinary", None, None, chain)
    if begun == most and begun >= enough:
        return Found("large start" if sign > 0 else "small start", chain[-1].at, None, chain, start)
    if max(local, default=0.0) == most and most >= enough:
        i = local.index(most)
        link = steps[i].link
        assert link.other is not None, "handed on by somebody"
        return Found(_factor(reader, link, sign), link.other, link.edge, chain, steps[i].local)
    if max(gathered, default=0.0) == most and most >= enough:
        i = gathered.index(most)
        verdict: Verdict = "many contributions" if sign > 0 else "cancelled"
        if verdict == "cancelled" and _softmax_at(reader, steps[i].link.at):
            verdict = "saturated softmax"
        return Found(verdict, steps[i].link.at, None, chain, steps[i].gathered)
    first, last = _stretch(local)
    link = steps[last].link  # the one nearest the loss, where it begins
    assert link.other is not None, "handed on by somebody"
    product = math.prod(step.local for step in steps[first : last + 1])
    verdict = "exploding product" if sign > 0 else "vanishing product"
    return Found(verdict, link.other, link.edge, chain, product, (first, last))


def _softmax_at(reader: Reader, place: Place) -> bool:
    op = reader.trace.op(place.node)
    return op is not None and op.name == "exp" and in_softmax(reader, place.node)


def _factor(reader: Reader, link: Link, sign: float) -> Verdict:
    """What kind of factor it is."""
    assert link.other is not None, "handed on by somebody"
    op = reader.trace.op(link.other.node)
    assert op is not None, "an edge leads into an op's output"
    if sign > 0:
        return "dominating factor"
    if op.name in GATES:
        return "closed gate"
    if op.name in FLAT_ENDS:
        return "saturated"
    if op.name in SOFTMAXES or (op.name == "exp" and in_softmax(reader, link.other.node)):
        return "saturated softmax"
    return "masked" if op.name in CHOICES and link.local == 0 else "small factor"


def _stretch(logs: list[float]) -> tuple[int, int]:
    """The run of steps whose product is largest."""
    best, found, total, begin = -math.inf, (0, 0), 0.0, 0
    for i, one in enumerate(logs):
        if total <= 0:
            total, begin = 0.0, i
        total += one
        if total > best:
            best, found = total, (begin, i)
    return found


def _log(number: float) -> float:
    size = abs(number)
    return math.log(size) if size and math.isfinite(size) else 0.0
