"""Queries on columns find what a filter in plain Python finds, and are written as they are read."""

from __future__ import annotations

import contextlib
import fnmatch
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from tests.strategies import Program, programs
from tests.tensor_programs import TensorProgram, tensor_programs
from tests.trace.query.plain import filtered
from tracer.core.record import record
from tracer.core.scope import scope
from tracer.core.value import Value, constant
from tracer.trace.query import Query, QueryError, parse_query
from tracer.trace.query.steps import (
    ALONE,
    COMPARISONS,
    FIELDS,
    GRAD_STATES,
    JOINTS,
    KINDS,
    MEASURES,
    VALUE_STATES,
    Compare,
    Is,
    Match,
    Phrase,
    Ranking,
    Shape,
    Step,
    Word,
)
from tracer.trace.query.words import Glob
from tracer.trace.trace import Trace

# Queries

NUMBERS = st.one_of(
    st.sampled_from((0.0, 1.0, -1.0, 0.5, 2.0, 1e-2, float("inf"), float("-inf"))), st.floats(allow_nan=False)
)
TEXTS = st.one_of(
    st.sampled_from(("x0", "x", "x1", "block", "block.inner", "block.in", "w[3,5]", "w[3, 5]", "w[1][2]", "", "add")),
    st.text("x0[],. *?\"'\\|()<=>!~「", max_size=6),
    st.text(max_size=4),
)
GLOBS = st.sampled_from(("x*", "*0", "w[*,5]", "w[3][?]", "?0", "*", "x?", "layer*.w[3,*]", "a *b"))
OPS = st.sampled_from(("add", "mul", "relu", "×", "*", "-", "Tanh", "sigmoid", "σ"))


def literal(field: str, sign: str) -> st.SearchStrategy[Word]:
    if field == "kind" and sign != "~":
        return st.sampled_from(KINDS).map(Word)
    if field == "op" and sign != "~":
        return OPS.map(Word)
    plain = TEXTS.map(Word)
    if field == "name" and sign != "~":
        return st.one_of(plain, GLOBS.filter(lambda text: text != "*").map(lambda text: Word(tightened(text), True)))
    return plain


def tightened(text: str) -> str:
    return text.replace(" ", "") if "[" in text else text


@st.composite
def matches(draw: st.DrawFn) -> Match:
    field = draw(st.sampled_from(("op", "scope", "file", "name", "kind")))
    sign = draw(st.sampled_from(("==", "!=", "~", "in")))
    words = draw(st.lists(literal(field, sign), min_size=1, max_size=3 if sign == "in" else 1))
    return Match(field, sign, tuple(words))  # type: ignore[arg-type]


SIZES = st.lists(st.one_of(st.none(), st.integers(1, 3)), max_size=3).map(tuple)
TESTS: st.SearchStrategy[Step] = st.one_of(
    st.builds(Compare, st.sampled_from(MEASURES), st.sampled_from(COMPARISONS), NUMBERS),
    st.builds(Is, st.just("value"), st.sampled_from(VALUE_STATES)),
    st.builds(Is, st.just("grad"), st.sampled_from(GRAD_STATES)),
    st.builds(Is, st.just(""), st.sampled_from(ALONE)),
    matches(),
    st.builds(Shape, st.sampled_from(("==", "!=")), SIZES),
    st.builds(Phrase, TEXTS.map(Word)),
    st.builds(Phrase, GLOBS.filter(lambda text: text != "*").map(lambda text: Word(text, True))),
)  # fmt: skip


@st.composite
def conditions(draw: st.DrawFn) -> tuple[Step, ...]:
    """Postfix steps of any shape."""
    steps: list[Step] = [draw(TESTS)]
    open_ = 1
    for _ in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(("test", "test", "not", "and", "or")))
        if kind == "test":
            steps.append(draw(TESTS))
            open_ += 1
        elif kind == "not":
            steps.append("not")
        elif open_ > 1:
            steps.append(kind)  # type: ignore[arg-type]
            open_ -= 1
    for _ in range(open_ - 1):
        steps.append(draw(st.sampled_from(("and", "or"))))
    return tuple(steps)


RANKED = st.sampled_from(tuple(m for m in MEASURES if m not in ("id", "line")))
QUERIES = st.one_of(
    st.builds(Query, conditions()),
    st.builds(
        Query, st.one_of(st.just(()), conditions()), st.builds(Ranking, st.booleans(), st.integers(1, 9), RANKED)
    ),
)


# Laws


@given(QUERIES)
def test_what_is_written_reads_the_same(query: Query) -> None:
    assert parse_query(str(query)) == query
    assert str(parse_query(str(query))) == str(query)


def named(program: Program) -> Trace:
    """The program with scopes, names of elements, numbers that are not finite, and a zeroed gradient."""
    with record() as rec:
        with scope("Block"):
            values = program.run()
            with scope("inner"):
                w = values[-1].named("w[3, 5]") * Value(-0.0, name="w[1][2]")
                big = (values[0] * 1e308).exp()
                loss = w + big - big
        loss.backward()
        values[0].grad = 0.0
        values[0].data = 0.25
    return rec.trace


@given(programs(), QUERIES, st.floats(0, 1))
def test_columns_find_what_a_plain_filter_finds(program: Program, query: Query, when: float) -> None:
    agree(named(program), query, when)


@given(tensor_programs(), QUERIES, st.floats(0, 1))
def test_so_it_is_among_tensors(program: TensorProgram, query: Query, when: float) -> None:
    agree(program.run().trace, query, when)


def agree(trace: Trace, query: Query, when: float) -> None:
    position = round(when * len(trace))
    cursor = trace.cursor(position)
    found = query.matches(trace, position)
    assert found.dtype == np.int64
    assert found.tolist() == filtered(query, cursor), str(query)
    for node in range(0, trace.n_nodes, 3):
        assert query.holds(trace, position, node) == (node in found.tolist())
    if query.structural:
        assert found.tolist() == query.matches(trace, 0).tolist()


@given(st.text("ab*?", max_size=7), st.text("ab", max_size=9))
def test_stars_stand_for_anything(pattern: str, text: str) -> None:
    assert Glob(pattern).whole(text) == fnmatch.fnmatchcase(text, pattern)
    assert Glob(pattern).part(text) == fnmatch.fnmatchcase(text, f"*{pattern}*")


def test_the_ends_of_a_pattern_do_not_share_a_character() -> None:
    assert not Glob("ab*ba").whole("aba")
    assert Glob("ab*ba").whole("abba")
    assert not Glob("a*a").whole("a")
    assert Glob("a*a").part("bab") is False


# By hand


def network() -> Trace:
    with record() as rec:
        x = Value(-3.0, name="x")
        w = Value(0.5, name="layer1.w[3,5]")
        with scope("layer 1"):
            h = x * w
            with scope("gate"):
                r = h.relu()
        y = ((r + 1).log() + x / 0).named("y")
        y.backward()
    return rec.trace


TRACE = network()


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("layer1.w[3,5]", ["layer1.w[3,5]"]),
        ("layer1.w[3, 5]", ["layer1.w[3,5]"]),
        ("layer1.w[3][5]", ["layer1.w[3,5]"]),
        ("layer*.w[3,*]", ["layer1.w[3,5]"]),
        ("op == relu", ["r"]),
        ("op == ×", ["h"]),
        ("op in (relu, log)", ["r", "v6"]),
        ('scope == "layer 1"', ["h", "r"]),
        ("scope == layer 1.gate", ["r"]),
        ("scope ~ gate", ["r"]),
        ("kind == leaf", ["x", "layer1.w[3,5]"]),
        ("kind == const and value == 0", ["0"]),
        ("name ~ w[", ["layer1.w[3,5]"]),
        ("op == relu and grad > 0", ["r"]),
        ("|value| == 3 or value = 0.5", ["x", "layer1.w[3,5]"]),
        ("inf and not grad is none", ["x", "v8", "y"]),
        ("grad is inf", ["x"]),
        ("uses > 1", ["x"]),
        ("id == 2", ["h"]),
        ("largest 2 |grad|", ["x", "r"]),
        ("smallest 2 value where kind == op", ["v8", "y"]),
        ("GRAD IS NAN", []),
        ("value ≤ −1.5 and finite and kind == op", ["h"]),
        ("ｏｐ　＝＝　ｒｅｌｕ", ["r"]),
        ('"x"', ["x"]),
        ("not not (((op == relu)))", ["r"]),
        ("op not in (relu, mul, add, div) and kind == op", ["v6"]),
    ],
)
def test_what_is_asked_is_found(text: str, labels: list[str]) -> None:
    found = parse_query(text).matches(TRACE, len(TRACE))
    assert [TRACE.label(int(node)) for node in found] == labels


def test_unknown_numbers_and_nan_match_no_comparison() -> None:
    with record() as rec:
        x = Value(float("nan"), name="x")
        (x * 2).backward()
    trace = rec.trace
    for sign in COMPARISONS:
        assert not len(parse_query(f"value {sign} 0 and name == x").matches(trace, len(trace)))
        assert not len(parse_query(f"grad {sign} 0").matches(trace, 1))
    assert parse_query("nan").matches(trace, len(trace)).tolist() == [0, 2]
    assert parse_query("not value == 0 and name == x").matches(trace, 1).tolist() == [0]


def test_what_takes_no_gradient_misses_no_contribution() -> None:
    """Not even where the program wrote one to it."""
    with record() as rec:
        two = constant(2.0)
        two.grad = 1.0
    assert parse_query("grad is partial").matches(rec.trace, len(rec.trace)).tolist() == []
    assert parse_query("grad is none and grad is known").matches(rec.trace, len(rec.trace)).tolist() == [0]


def test_a_query_of_the_graph_alone_says_so() -> None:
    assert parse_query("op == relu and line > 3").structural
    assert parse_query("largest 3 uses").structural
    assert not parse_query("op == relu and grad > 3").structural
    assert not parse_query("nan").structural
    assert not parse_query("largest 3 grad").structural
    assert parse_query("largest 3 grad").ranked
    assert not parse_query("grad > 3").ranked


def test_what_nests_deeply_and_what_is_long_is_read_at_once() -> None:
    start = time.process_time()
    deep = "(" * 10_000 + "op == relu" + ")" * 10_000
    assert str(parse_query(deep)) == "op == relu"
    assert parse_query("not " * 10_000 + "nan").matches(TRACE, 0).tolist() == []
    many = parse_query(" and ".join(["(x or y)"] * 100))
    assert parse_query(str(many)) == many
    assert hash(many) == hash(parse_query(str(many)))
    for hostile in ("[" * 90_000, "*a" * 40_000, "a[" * 40_000 + "]", "x " * 45_000, "\\" * 90_000, "|" * 9):
        with contextlib.suppress(QueryError):
            parse_query(hostile).matches(TRACE, 0)
    assert time.process_time() - start < 3


def test_every_word_of_the_language_can_be_searched_for_in_quotes() -> None:
    for word in (*FIELDS, *JOINTS, *ALONE, "is", "in", "where", "largest"):
        query = Query((Phrase(Word(word)),))
        assert parse_query(str(query)) == query == parse_query(f'"{word}"')


@pytest.mark.parametrize(
    ("text", "ops"),
    [
        ("op == sigmoid", ["sigmoid"]),
        ("op == σ", ["sigmoid"]),
        ("op == Σ", ["sum"]),
        ("op == sum", ["sum"]),
        ("op != sigmoid and kind == op", ["sum"]),
        ("Σ", ["sum"]),
        ("σ", ["sigmoid"]),
    ],
)
def test_a_sum_s_sign_is_not_a_sigmoid_s(text: str, ops: list[str]) -> None:
    """Without upper and lower case, Σ and σ are one letter."""
    with record() as rec:
        tracer.tensor([1.0, 2.0], requires_grad=True).sigmoid().sum()
    found = parse_query(text).matches(rec.trace, len(rec.trace)).tolist()
    assert [op.name for node in found if (op := rec.trace.op(node)) is not None] == ops
