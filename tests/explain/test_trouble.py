"""The first culprit of inf and nan is found, and its cause said; nothing is said before it happens."""

from __future__ import annotations

import math

import pytest

from tests.explain import programs
from tracer.core.record import record
from tracer.core.value import Value
from tracer.explain.explain import explain
from tracer.explain.trouble import backward_trouble, closed, first_trouble, forward_trouble, spoilt_by
from tracer.trace.trace import Trace


def run(program: str) -> Trace:
    """A program of one line, with x = 0, big = 1e200, less = −1."""
    with record() as rec:
        names = {"x": Value(0.0, name="x"), "big": Value(1e200, name="big"), "less": Value(-1.0, name="less")}
        y = eval(program, names)
        (y + 1).named("y").backward()
    return rec.trace


@pytest.mark.parametrize(
    ("program", "numbers", "cause"),
    [
        ("1 / x", "1 / 0 gives inf", "It divides by zero."),
        ("x / x", "0 / 0 gives nan", "0 divided by 0 is no number at all."),
        ("x.log()", "log(0) gives -inf", "Towards 0 the logarithm falls without end."),
        ("less.log()", "log(-1) gives nan", "A negative number has no real logarithm."),
        ("less.sqrt()", "√(-1) gives nan", "A negative number has no real square root."),
        ("(big * big)", "1e200 × 1e200 gives inf", "larger than the largest float"),
        ("big.exp()", "exp(1e200) gives inf", "Above about 709.8"),
        ("big ** 2", "1e200 ^ 2 gives inf", "larger than the largest float"),
        ("less ** 0.5", "(-1) ^ 0.5 gives nan", "no real broken power"),
        ("big / 1e-200", "1e200 / 1e-200 gives inf", "larger than the largest float"),
    ],
)
def test_each_cause_forward_is_told_from_the_others(program: str, numbers: str, cause: str) -> None:
    trace = run(program)
    found = forward_trouble(trace.cursor(len(trace)))
    assert found is not None
    assert found.text.en.startswith(numbers)
    assert cause in found.text.en
    assert found.text.ja
    assert found.line == trace.source(found.node)


def test_nothing_is_said_before_it_happens() -> None:
    trace = programs.spoilt()
    for position in range(len(trace) + 1):
        cursor = trace.cursor(position)
        found = first_trouble(cursor)
        assert (found is not None) == (position >= trace.made_at(trace.find("bad")))


def test_what_spreads_is_traced_back_to_the_culprit() -> None:
    trace = programs.spoilt()
    cursor = trace.cursor(len(trace))
    assert spoilt_by(cursor, trace.find("s")) == trace.find("bad")
    assert spoilt_by(cursor, trace.find("x")) is None
    told = explain(trace.cursor(trace.made_at(trace.find("y"))))
    assert [n.text.en for n in told.notes if n.kind == "trouble"] == [
        "The trouble began earlier, at bad = log(x); it has spread to here."
    ]


def test_zero_times_infinity_is_found_in_a_backward_pass_whose_values_are_fine() -> None:
    with record() as rec:
        x = Value(0.0, name="x")
        root = x.sqrt().named("root")
        y = (root * 0 + x).named("y")
        y.backward()
    trace = rec.trace
    assert math.isnan(x.grad)
    found = backward_trouble(trace.cursor(len(trace)))
    assert found is not None
    assert (trace.label(found.node), found.user) == ("x", trace.find("root"))
    assert found.text.en.startswith("0 · inf is nan: nothing arrives, the slope of root in x is infinite")
    assert backward_trouble(trace.cursor(found.position - 1)) is None
    assert backward_trouble(trace.cursor(found.position)) == found
    assert forward_trouble(trace.cursor(len(trace))) is None


def test_an_infinite_slope_and_an_overflow_backward_are_told_apart() -> None:
    with record() as rec:
        x, big = Value(0.0, name="x"), Value(1e200, name="big")
        (x.sqrt() + big * 1e-200).named("y").backward()
    steep = backward_trouble(rec.trace.cursor(len(rec.trace)))
    assert steep is not None
    assert "is infinite here" in steep.text.en
    with record() as rec:
        small = Value(1e-200, name="small")
        ((small * 1e200) * 1e200).named("y").backward()
    over = backward_trouble(rec.trace.cursor(len(rec.trace)))
    assert over is not None
    assert over.text.en.startswith("1e200 · 1e200 is larger than the largest float")


def test_a_leaf_that_is_nan_from_the_start_is_the_culprit() -> None:
    with record() as rec:
        x = Value(float("nan"), name="x")
        (x * 2).named("y")
    found = first_trouble(rec.trace.cursor(len(rec.trace)))
    assert found is not None
    assert (found.node, found.text.en) == (0, "x is nan from the start: the program made it so.")


def test_a_dead_relu_is_said_to_be_closed_and_an_open_one_is_not() -> None:
    trace = programs.gates()
    shut = next(iter(trace.edges_in(trace.find("h"))))
    open_ = trace.uses(trace.find("w"))[-1]
    words = closed(trace, shut)
    assert words is not None
    assert words.ja.startswith("ゲートは閉じています。z = -0.35")
    assert closed(trace, open_) is None


@pytest.mark.parametrize("gate", ["exp", "relu"])
def test_where_nan_passes_an_edge_of_slope_0_it_is_not_said_that_nothing_passes(gate: str) -> None:
    with record() as rec:
        z = Value(-800.0, name="z")
        h = getattr(z, gate)().named("h")
        (h + 0).log().named("y").backward()
    trace, said = rec.trace, []
    for position in range(len(trace) + 1):
        cursor = trace.cursor(position)
        moment = cursor.moment
        if moment.kind == "edge" and moment.node == trace.find("z") and moment.part >= 2:
            said += [note.text for note in explain(cursor, by="part").notes if note.kind == "closed"]
    assert len(said) == 3
    assert "nothing" not in said[0].en, "the product is not known yet"
    for text in said[1:]:
        assert ("nothing" in text.en) == ("通し" in text.ja) == math.isfinite(z.grad), (
            "ReLU chooses, it does not multiply"
        )
    if math.isnan(z.grad):
        assert said[-1].en.endswith("Yet inf · 0 is no number, so nan goes on to z.")
        assert said[-1].ja.endswith("それでも inf · 0 は定まらないので、z には nan が渡ります。")


def test_a_finite_program_has_no_trouble() -> None:
    for name in ("product", "cross_entropy", "loop", "recursion"):
        trace = programs.ALL[name]()
        assert first_trouble(trace.cursor(len(trace))) is None
