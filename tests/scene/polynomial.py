"""The one graph that every picture is first tried on: (x + 2)(x - 1) at x = 3."""

from __future__ import annotations

from collections import Counter

from tracer.core.record import record
from tracer.core.value import Value
from tracer.layout.fold import is_folded
from tracer.trace.trace import Trace


def polynomial() -> Trace:
    """(x + 2)(x - 1) at x = 3, with its backward pass."""
    with record() as rec:
        x = Value(3.0, name="x")
        a = (x + 2).named("a")
        b = (x - 1).named("b")
        (a * b).named("y").backward()
    return rec.trace


def graph_edges(trace: Trace) -> Counter[tuple[int, int]]:
    """(input, user) -> how many edges, those of leaves that stand inside their user's box left out."""
    return Counter((e.input, e.user) for e in trace.edges if not is_folded(trace, e.input))
