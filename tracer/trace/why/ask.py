"""The question that a node's state asks, and the walk that answers it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tracer.errors import TracerError, did_you_mean
from tracer.trace.segment import Pass
from tracer.trace.trace import Trace
from tracer.trace.why import absent, amounts, broken, nothing
from tracer.trace.why.answer import QUESTIONS, Link, Place, Question, Verdict, Why
from tracer.trace.why.reader import Reader, standing_for


def why(
    trace: Trace,
    node: Any,
    position: int | None = None,
    *,
    question: Question | None = None,
    element: int | None = None,
    huge: float = amounts.HUGE,
    tiny: float = amounts.TINY,
) -> Why:
    """Why the gradient of a node is what it is at a moment; of a value that is not finite, why that is not.

    Args:
        node: an id, a name, or a recorded `Value` or tensor.
        position: the moment; None is the end.
        question: what to ask; None asks what the node's state suggests.
        element: of a tensor, row by row counted; None takes the one that the question suggests.
        huge, tiny: see `amounts`.

    Raises:
        NotFoundError: there is no such node or position.
        TracerError: there is no such question, or no such element.
    """
    if question is not None and question not in QUESTIONS:
        raise TracerError(
            f"why: question is {question!r}; it must be one of {', '.join(QUESTIONS)}.",
            hint=did_you_mean(str(question), QUESTIONS),
        )
    at = trace.cursor(len(trace) if position is None else position)
    reader = Reader(trace, at.position)
    start = _place(reader, trace.resolve(node), element, question)
    return _answered(reader, start, question or asked(reader, start, huge=huge, tiny=tiny))


def _place(reader: Reader, node: int, element: int | None, question: Question | None) -> Place:
    """The element of a tensor that is asked about."""
    trace = reader.trace
    if not trace.is_tensor(node):
        if element is not None:
            raise TracerError(f"why: {trace.label(node)} is a single number; it has no element {element}.")
        return Place(node)
    size = int(np.prod(trace.shape(node), dtype=np.int64))
    if element is not None:
        if not 0 <= element < size:
            raise TracerError(f"why: {trace.label(node)} has {size:,} elements; there is no element {element}.")
        return Place(node, element)
    value, grad = reader.cursor.data(node), reader.cursor.grad(node)
    if not size or (grad is None and (value is None or bool(np.isfinite(value).all()))):
        return Place(node)  # none of its elements has a gradient
    return Place(node, _element_for(reader, node, question))


def _element_for(reader: Reader, node: int, question: Question | None) -> int:
    grad = reader.cursor.grad(node)
    numbers = grad if grad is not None else reader.cursor.data(node)
    if numbers is None:
        return 0
    flat = np.asarray(numbers).reshape(-1).astype(np.float64)
    value = reader.cursor.data(node)
    if grad is not None and np.isfinite(flat).all() and value is not None and question in (None, "nan", "inf"):
        values = np.asarray(value).reshape(-1)
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            return standing_for(values)
    if question in ("zero", "tiny"):
        size = np.where(np.isnan(flat) | ((flat == 0) if question == "tiny" else False), np.inf, np.abs(flat))
        return int(np.argmin(size))
    return standing_for(flat)


def asked(reader: Reader, start: Place, *, huge: float = amounts.HUGE, tiny: float = amounts.TINY) -> Question:
    """What there is to ask about a place as it stands now."""
    grad, value = reader.grad(start), reader.value(start)
    for number in (grad, value):
        if number is not None and not math.isfinite(number):
            return "nan" if math.isnan(number) else "inf"
    if grad is None:
        return "none"
    if grad == 0:
        return "zero"
    return amounts.size_of(grad, huge, tiny)


def _answered(reader: Reader, start: Place, question: Question) -> Why:
    grad, value = reader.grad(start), reader.value(start)
    if grad is None and 0 in reader.trace.shape(start.node) and reader.cursor.grad(start.node) is not None:
        return _plain(reader, start, "ordinary", "ordinary")  # none of its no elements lacks one
    if grad is None and not (value is not None and not math.isfinite(value) and question in ("nan", "inf")):
        gone = absent.find(reader, start)
        return Why(
            "none" if question in ("none", "ordinary") else question,
            "grad",
            start,
            gone.verdict,
            gone.culprit,
            gone.edge,
            gone.chain,
            reader.position,
            gone.others,
            gone.more,
            until=gone.until,
        )
    if grad is None or (question in ("nan", "inf") and math.isfinite(grad) and value is not None):
        return _of_value(reader, start, question)
    return _of_gradient(reader, start, question, grad)


def _of_value(reader: Reader, start: Place, question: Question) -> Why:
    value = reader.value(start)
    assert value is not None, "only of a value that is there"
    if math.isfinite(value):
        return _plain(reader, start, question, "ordinary")
    found = broken.value(reader, start)
    return Why(
        question, "value", start, found.verdict, found.culprit, found.edge, found.chain, reader.position, share=1.0
    )


def _of_gradient(reader: Reader, start: Place, question: Question, grad: float) -> Why:
    row = reader.written(start.node)
    if row is not None:
        verdict: Verdict = "zeroed" if grad == 0 else "written"
        links = (reader.last(start, "end", row[0]),)
        return Why(question, "grad", start, verdict, start, None, links, reader.position, share=1.0)
    this = reader.pass_of(start.node)
    assert this is not None, "a gradient comes from a pass or from a write"
    if start.node in this.columns.hooked and _replaced(reader, start, this, grad):
        links = (reader.last(start, "end", this.stop),)
        return Why(question, "grad", start, "hooked", start, None, links, reader.position, share=1.0)
    if question == "none":
        return _plain(reader, start, question, "ordinary")
    if question in ("nan", "inf"):
        if not math.isfinite(grad):
            found = broken.gradient(reader, start, this)
            return Why(question, "grad", start, found.verdict, found.culprit, found.edge, found.chain, reader.position)
        question = "ordinary"
    if question == "zero" and grad == 0:
        if reader.held(start, this):
            return Why(question, "grad", start, "cancelled", start, None, (reader.last(start, "end"),), reader.position)
        lost = nothing.find(reader, start, this)
        return Why(
            question,
            "grad",
            start,
            lost.verdict,
            lost.culprit,
            lost.edge,
            lost.chain,
            reader.position,
            lost.others,
            lost.more,
            lost.share,
        )
    if question == "zero":
        question = "ordinary"  # it is not
    size = amounts.find(reader, start, this, "ordinary" if grad == 0 else question)
    verdict = size.verdict
    if verdict in ("small factor", "vanishing product") and _subnormal(reader, start, grad):
        verdict = "subnormal"
    return Why(
        question,
        "grad",
        start,
        verdict,
        size.culprit,
        size.edge,
        size.chain,
        reader.position,
        stretch=size.stretch,
        start=size.start,
        factor=size.factor,
    )


def _plain(reader: Reader, start: Place, question: Question, verdict: Verdict) -> Why:
    """An answer without a way: nothing is wrong."""
    links: tuple[Link, ...] = (reader.last(start, "end"),)
    return Why(question, "grad", start, verdict, None, None, links, reader.position)


def _replaced(reader: Reader, start: Place, this: Pass, grad: float) -> bool:
    """Whether the gradient is another number than what arrived."""
    terms = reader.terms(start, this)
    arrived = sum(term.contribution for term in terms) + (reader.held(start, this) or 0.0)
    if start.node == this.root:
        return True
    return not math.isclose(arrived, grad, rel_tol=1e-4, abs_tol=1e-30) and not math.isnan(arrived)


def _subnormal(reader: Reader, start: Place, grad: float) -> bool:
    """Whether a gradient is below the smallest float of full precision of its type."""
    kind = reader.trace.dtype(start.node).numpy
    return kind.kind == "f" and 0 < abs(grad) < float(np.finfo(kind).tiny)
