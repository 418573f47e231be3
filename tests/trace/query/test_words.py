"""Finding nodes by name, operation and scope."""

from __future__ import annotations

import pytest

from tracer.core.record import record
from tracer.core.scope import scope
from tracer.core.value import Value
from tracer.trace.query import find_nodes
from tracer.trace.trace import Trace


def network() -> Trace:
    with record() as rec:
        x = Value(3.0, name="x")
        with scope("head.query"):
            xa = (x * 2).named("xa")
        axis = (xa + 1).named("axis")
        (axis * xa).backward()
    return rec.trace


TRACE = network()


@pytest.mark.parametrize(
    ("typed", "labels"),
    [
        ("x", ["x", "xa", "axis"]),  # the very name, then as a beginning, then inside
        ("XA", ["xa"]),
        ("axi", ["axis"]),
        ("*", ["xa", "v5"]),
        ("mul", ["xa", "v5"]),
        ("add", ["axis"]),
        ("query", ["xa"]),
        ("v5", ["v5"]),
        ("v99", []),
        ("nothing", []),
        ("", ["x", "xa", "axis"]),
    ],
)
def test_what_is_typed_finds_nodes(typed: str, labels: list[str]) -> None:
    assert [TRACE.label(node) for node in find_nodes(TRACE, typed)] == labels


def test_no_more_than_asked_for_are_found() -> None:
    assert len(find_nodes(TRACE, "x", most=2)) == 2
