"""Predicting the next gradient: what is asked when, and what a wrong answer is told."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.core.record import record
from tracer.core.value import Value
from tracer.explain.predict import is_right, judge, next_question, question_for
from tracer.text import LANGS
from tracer.trace.trace import Trace


def two_routes() -> Trace:
    """y = (x + 2)(x - 1) at x = 3: x gets 5 through b and 2 through a."""
    with record() as rec:
        x = Value(3.0)
        a = x + 2
        b = x - 1
        y = a * b
        y.backward()
    return rec.trace


TRACE = two_routes()
PASS = TRACE.passes[0]


def after(user: str, node: str) -> int:
    """The position at which this edge has just delivered."""
    for d, (u, t) in enumerate(zip(PASS.users.tolist(), PASS.targets.tolist(), strict=True)):
        if (TRACE.label(u), TRACE.label(t)) == (user, node):
            return PASS.position_of(d)
    raise AssertionError(f"no edge {user} -> {node}")


@pytest.mark.parametrize(
    ("position", "node", "answer"),
    [
        (0, "y", 1.0),
        (PASS.start, "y", 1.0),
        (PASS.start + 1, "a", 2.0),
        (after("y", "a"), "b", 5.0),
        (after("y", "b"), "x", 7.0),
        (after("b", "x"), "x", 7.0),
    ],
)
def test_the_next_gradient_is_asked_for_as_a_whole(position: int, node: str, answer: float) -> None:
    question = next_question(TRACE.cursor(position))
    assert question is not None
    assert (TRACE.label(question.node), question.answer) == (node, answer)


def test_nothing_is_asked_at_the_end() -> None:
    assert next_question(TRACE.cursor(-1)) is None


def test_a_node_can_be_asked_for_until_its_gradient_is_complete() -> None:
    x = int(TRACE.find("x"))
    early = question_for(TRACE.cursor(0), x)
    assert early is not None
    assert early.position == len(TRACE)
    assert question_for(TRACE.cursor(-1), x) is None


def test_one_route_alone_is_recognised_and_the_other_user_is_named() -> None:
    """The reply of SCREENS: 5 where 7 is due."""
    cursor = TRACE.cursor(after("b", "x"))
    question = next_question(cursor)
    assert question is not None
    reply = judge(cursor, question, 5.0)
    assert not reply.right
    assert reply.words["en"] == (
        "That is the route through b alone. x is used by a as well: which number arrives there?"
    )
    assert "b を通る経路だけ" in reply.words["ja"]


@pytest.mark.parametrize(
    ("at", "typed", "part"),
    [
        (after("y", "b"), 10.0, "multiplied the routes"),
        (after("y", "b"), 1.0, "local gradient"),
        (after("y", "b"), 6.0, "added upstream and local"),
        (after("y", "b"), -7.0, "sign"),
        (after("y", "b"), 3.0, "added upstream and local gradient of a"),
        (after("y", "b"), 123.0, "Each route brings upstream × local"),
        (0, 44.0, "starts at y"),
        (PASS.start, 10.0, "value of y"),
    ],
)
def test_what_a_wrong_number_leaves_out_is_named(at: int, typed: float, part: str) -> None:
    cursor = TRACE.cursor(at)
    question = next_question(cursor)
    assert question is not None
    reply = judge(cursor, question, typed)
    assert not reply.right
    assert part in reply.words["en"]


def test_a_node_used_twice_by_one_user_is_told_of_its_other_edge() -> None:
    with record() as rec:
        x = Value(3.0)
        y = x * x
        y.backward()
    cursor = rec.trace.cursor(4)
    question = question_for(cursor, int(rec.trace.find("x")))
    assert question is not None
    assert "more than once" in judge(cursor, question, 3.0).words["en"]


@given(position=st.integers(0, len(TRACE)), typed=st.integers(-20, 20))
def test_a_wrong_answer_is_told_no_number(position: int, typed: int) -> None:
    """Neither the answer nor any other gradient: replies are words and formulas."""
    cursor = TRACE.cursor(position)
    question = next_question(cursor)
    if question is not None and not is_right(question, typed):
        for lang in LANGS:
            assert not re.search(r"\d", judge(cursor, question, typed).words[lang])


def test_a_rounded_gradient_may_be_answered_rounded_and_an_integer_may_not() -> None:
    with record() as rec:
        x = Value(1.0)
        y = x.tanh()
        y.backward()
    question = next_question(rec.trace.cursor(3))
    assert question is not None
    assert is_right(question, 0.42)
    assert not is_right(question, 0.4)
    exact = question_for(TRACE.cursor(0), int(TRACE.find("x")))
    assert exact is not None
    assert not is_right(exact, 7.01)


def test_a_gradient_that_is_not_finite_is_answered_by_its_name() -> None:
    with record() as rec:
        x = Value(0.0)
        y = x.log()
        y.backward()
    question = next_question(rec.trace.cursor(3))
    assert question is not None
    assert is_right(question, float("inf"))
    assert not is_right(question, 1e300)
