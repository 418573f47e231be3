"""Stops are found by what happens to whom, in any run; words take their numbers from the cursor."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lessons.running import run
from tests.strategies import programs
from tracer.core.record import mark, record
from tracer.core.value import Value
from tracer.lessons.claim import agrees
from tracer.lessons.stop import Event, Stop, arrivals, events
from tracer.lessons.words import fields, fill
from tracer.text import Text
from tracer.trace.trace import Trace

SAY = Text("Here.", "ここです。")


def example() -> Trace:
    """x is used twice by y; a mark, an update and a write follow."""
    with record() as rec:
        x = Value(3.0, name="x")
        y = (x * x).named("y")
        mark(y, "made")
        y.backward()
        x.data -= 1.0
        x.grad = 0
    return rec.trace


# Events


def test_what_a_stop_can_wait_for() -> None:
    """Made, marked, seeded, each arrival, the last arrival, updated, written: each at the position where it is done."""
    x, y = 0, 1
    assert events(example()) == [
        Event(1, "forward", x),
        Event(2, "forward", y),
        Event(3, "mark", y),
        Event(4, "backward", y),
        Event(4, "complete", y),
        Event(8, "backward", x, y),
        Event(12, "backward", x, y),
        Event(12, "complete", x, y),
        Event(13, "update", x),
        Event(14, "write", x),
    ]


@settings(deadline=None)
@given(programs())
def test_events_are_what_the_cursor_sees(program: object) -> None:
    """For any program: the same happenings as reading every moment, and "complete" as the cursor means it."""
    trace: Trace = program.record(backwards=2, update=True)  # type: ignore[attr-defined]
    found = events(trace)
    seen = set()
    for position in range(1, len(trace) + 1):
        moment = trace.cursor(position).moment
        if moment.kind == "seed" or (moment.kind == "edge" and moment.part == 4):
            seen.add((position, "backward", moment.node))
        elif moment.kind != "edge":
            seen.add((position, moment.kind, moment.node))
    assert {(e.position, e.kind, e.node) for e in found if e.kind != "complete"} == seen
    for event in found:
        if event.kind == "complete":
            assert trace.cursor(event.position).grad_state(event.node) == "complete"
        elif event.kind == "backward" and (event.position, "complete", event.node) not in {e[:3] for e in found}:
            assert trace.cursor(event.position).grad_state(event.node) == "partial"


def test_stops_are_sorted_by_time_and_missing_ones_left_out() -> None:
    """What does not happen in this run is no error: an edit may have changed the graph."""
    stops = (
        Stop("x", "write", SAY),
        Stop("q", "forward", SAY),
        Stop("x", "forward", SAY),
        Stop("x", "forward", SAY, 2),
    )
    assert [(a.position, a.stop.kind) for a in arrivals(stops, example())] == [(1, "forward"), (14, "write")]


def test_via_picks_the_route() -> None:
    """`via` names the user through which a contribution comes, `occurrence` counts among those."""
    with record() as rec:
        x = Value(2.0, name="x")
        a, b = (x + 1).named("a"), (x * 3).named("b")
        (a * b).named("y").backward()
    for via in ("a", "b"):
        (met,) = arrivals((Stop("x", "backward", SAY, via=via),), rec.trace)
        assert rec.trace.label(rec.trace.cursor(met.position).moment.user or 0) == via


def test_a_run_with_another_graph_keeps_the_stops_it_has(tmp_path: Path) -> None:
    """The program branches on a leaf; after an edit it takes the other branch, and stops common to both stay."""
    program = tmp_path / "branch.py"
    program.write_text(
        "from tracer import Value\n"
        "x = Value(2.0, name='x')\n"
        "if x > 0:\n    up = (x * 3).named('up')\n    y = up + 1\n"
        "else:\n    down = -x\n    y = down + 1\n"
        "y.backward()\n"
    )
    stops = (Stop("up", "forward", SAY), Stop("down", "forward", SAY), Stop("x", "complete", Text("{∂x}", "{∂x}")))
    original = run(program)
    edited = run(program, {"x": -2.0}, original)
    assert [(a.stop.node, a.say.en) for a in arrivals(stops, original)] == [("up", "Here."), ("x", "3")]
    assert [(a.stop.node, a.say.en) for a in arrivals(stops, edited)] == [("down", "Here."), ("x", "-1")]


# Expected numbers


@pytest.mark.parametrize(
    ("written", "got", "holds"),
    [
        ("6", 6.0, True),
        ("6", 6.0000001, False),
        ("0.0900", 0.09003057, True),
        ("0.0900", 0.09006, False),
        ("0.09", 0.09003057, False),
        ("0.3", 0.1 + 0.2, True),
        ("-4.122e-9", -4.1223072e-9, True),
        ("-4.122e-9", -4.1229e-9, False),
        ("0", -0.0, True),
        ("inf", float("inf"), True),
        ("inf", float("-inf"), False),
        ("nan", float("nan"), True),
        ("nan", 1.0, False),
        ("1", float("nan"), False),
        ("1", float("inf"), False),
        ("1", None, False),
    ],
)
def test_agrees(written: str, got: float | None, holds: bool) -> None:
    """Four decimals or more are rounded there; fewer claim the number itself."""
    assert agrees(Decimal(written), got) is holds


@given(st.floats(allow_nan=False))
def test_a_number_agrees_with_itself(number: float) -> None:
    """Whatever float a trace holds can be expected."""
    assert agrees(Decimal(repr(number)), number)


# Words


def test_fields_are_filled_from_the_cursor() -> None:
    """Values, gradients and the parts of the edge that has just delivered."""
    words = Text("{x} {y} {∂x} {upstream} {local} {contribution}", "{∂y}")
    trace = example()
    assert fill(words, trace.cursor(8)) == Text("3 9 3 1 3 3", "1")
    assert fill(words, trace.cursor(12)) == Text("3 9 6 1 3 3", "1")
    assert fill(Text("{x} {∂x}", "{x}"), trace.cursor(14)) == Text("2 0", "2")


def test_no_number_before_its_time() -> None:
    """At the start everything is unknown; so is a gradient before the backward pass, and a name nobody has."""
    words = Text("{x} {∂x} {contribution} {nobody}", "{y}")
    assert fill(words, example().cursor(0)) == Text("? ? ? ?", "?")
    assert fill(words, example().cursor(2)).en == "3 ? ? ?"


def test_equals_sign_says_when_a_number_is_rounded() -> None:
    """`{=}` is ≈ beside a number that is not shown in full."""
    with record() as rec:
        x = Value(2.0, name="x")
        x.log().named("y")
    words = Text("ln {x} {=} {y}", "{x} {=} {x}")
    assert fill(words, rec.trace.cursor(-1)) == Text("ln 2 ≈ 0.6931", "2 = 2")


def test_a_name_used_in_a_loop_means_the_newest_known() -> None:
    """`loss` in the words is the loss of this turn."""
    with record() as rec:
        w = Value(4.0, name="w")
        for _ in range(2):
            loss = (w * w).named("loss")
            w.data -= 1.0
        assert loss
    stops = tuple(Stop("loss", "forward", Text.same("{loss}"), n) for n in (1, 2))
    assert [a.say.en for a in arrivals(stops, rec.trace)] == ["16", "9"]


@pytest.mark.parametrize("words", ["{x", "x}", "{}", "{{x}}", "a {b {c}"])
def test_malformed_fields_are_refused(words: str) -> None:
    """A brace that opens or closes nothing is a slip of the author's."""
    with pytest.raises(ValueError, match="brace"):
        fields(Text("fine", words))
