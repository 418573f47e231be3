"""The list of breakpoints, and what it marks: nothing of the future."""

from __future__ import annotations

import numpy as np

from tests.tui.stepping import program
from tracer.trace.breakpoints import parse_break
from tracer.tui.breaks import Breaks, marked_at, marks


def breaks(*texts: str) -> Breaks:
    found = Breaks()
    for text in texts:
        found = found.plus(parse_break(text))
    return found


def test_one_that_is_there_already_is_there_once_and_on() -> None:
    set_ = breaks("op == mul", "nan")
    again = set_.switched(0).plus(parse_break("op  ==  mul"))
    assert [str(one.point) for one in again] == ["nan", "op == mul"]
    assert all(one.on for one in again)


def test_one_that_is_off_neither_stops_nor_marks() -> None:
    trace, off = program(), breaks("op == mul").switched(0)
    assert off.run(trace, 0, 1) is None
    assert marks(trace, off) is None


def test_running_forward_and_back_meets_the_same_stops() -> None:
    trace, set_ = program(), breaks("op == mul", "|grad| > 4")
    there, position = [], 0
    while (stop := set_.run(trace, position, 1)) is not None:
        position = stop.position
        there.append(stop)
    back, position = [], len(trace) + 1
    while (stop := set_.run(trace, position, -1)) is not None:
        position = stop.position
        back.append(stop)
    assert there
    assert there == back[::-1]
    assert all(set_.stop_at(trace, stop.position) == stop for stop in there)
    assert [p for p in range(len(trace) + 1) if set_.stop_at(trace, p)] == [stop.position for stop in there]


def test_what_depends_on_numbers_marks_nothing_ahead() -> None:
    """At every position the picture's marks are those of the hits so far."""
    trace, set_ = program(), breaks("|grad| > 4")
    hits = set_.on[0].hits(trace)
    for position in range(len(trace) + 1):
        seen = marked_at(trace.cursor(position), set_)
        assert seen is not None
        past = set(hits.nodes[hits.positions <= position].tolist())
        assert {node for node in range(trace.n_nodes) if seen.at(node)} == past
        foreseen, lived = seen.marks.ticks(position)
        assert not len(foreseen)
        assert (lived <= position).all()


def test_what_depends_on_the_graph_alone_is_marked_from_the_start() -> None:
    trace = program()
    seen = marked_at(trace.cursor(0), breaks("op == mul"))
    assert seen is not None
    assert [node for node in range(trace.n_nodes) if seen.at(node)] == [trace.resolve("y")]
    assert seen.among("all", np.arange(trace.n_nodes))
    assert not seen.among("none", np.arange(2))
