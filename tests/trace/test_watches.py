"""A watch shows what `Cursor` says at every moment, and `?` before its time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import Program, programs
from tests.tensor_programs import TensorProgram, tensor_programs
from tests.trace.query.plain import satisfies
from tests.trace.query.test_query import conditions
from tests.trace.test_snapshot import bits
from tracer.core.record import record
from tracer.core.value import Value
from tracer.trace.query import Query, QueryError
from tracer.trace.trace import Trace
from tracer.trace.watches import FIGURES, WATCHED, Reading, Watch, parse_watch

FEWER = settings(max_examples=settings().max_examples // 2)
WHERE = st.one_of(st.none(), st.builds(Query, conditions()))
FIGURED = st.one_of(
    st.builds(Watch, st.just(""), st.sampled_from(FIGURES[:-1]), st.sampled_from(WATCHED), WHERE),
    st.builds(Watch, st.just(""), st.just("count"), st.just("grad"), st.builds(Query, conditions())),
)
NAMES = st.one_of(st.sampled_from(("x0", "max", "norm", "w[3,5]", "a b", "v3")), st.text(min_size=1, max_size=5))


def figured(watch: Watch, trace: Trace, position: int) -> tuple[float | None, int]:
    """The figure in plain Python."""
    cursor = trace.cursor(position)
    chosen = [n for n in range(trace.n_nodes) if watch.where is None or satisfies(watch.where, cursor, n)]
    if watch.figure == "count":
        return float(len(chosen)), len(chosen)
    plain: list[float] = []
    arrays: list[float] = []
    of = 0
    for node in chosen:
        held: Any = cursor.data(node) if "value" in watch.measure else cursor.grad(node)
        if held is not None:
            of += 1
            to = arrays if trace.is_tensor(node) else plain
            to.extend(np.asarray(held, np.float64).reshape(-1).tolist())
    numbers = np.array(plain + arrays)
    if not len(numbers):
        return None, of
    with np.errstate(all="ignore"):
        numbers = np.abs(numbers) if watch.measure[0] == "|" else numbers
        reduce: Any = np.linalg.norm if watch.figure == "norm" else getattr(np, watch.figure)
        return float(reduce(numbers)), of


def agree(trace: Trace, watch: Watch, when: float) -> None:
    position = round(when * len(trace))
    found, expected = watch.read(trace.cursor(position)), figured(watch, trace, position)
    assert (found.number is None) == (expected[0] is None)
    assert bits(found.number or 0.0) == bits(expected[0] or 0.0)
    assert found.of == expected[1]


@FEWER
@given(programs(), FIGURED, st.floats(0, 1))
def test_figures_are_those_of_the_numbers_known_at_the_cursor(program: Program, watch: Watch, when: float) -> None:
    agree(program.record(2, update=True), watch, when)


@FEWER
@given(tensor_programs(), FIGURED, st.floats(0, 1))
def test_so_it_is_among_tensors(program: TensorProgram, watch: Watch, when: float) -> None:
    agree(program.run().trace, watch, when)


@given(st.one_of(FIGURED, NAMES.map(Watch)))
def test_what_is_written_reads_the_same(watch: Watch) -> None:
    assert parse_watch(str(watch)) == watch


def trace_of_two() -> Trace:
    with record() as rec:
        w = Value(3.0, name="W[1, 2]")
        x = Value(-4.0, name="x")
        (w * x).named("y").backward()
    return rec.trace


def test_a_node_is_watched_by_its_name() -> None:
    trace = trace_of_two()
    end, begin = trace.cursor(-1), trace.cursor(0)
    assert parse_watch("W[1, 2]").read(end) == Reading("W[1, 2]", 0, 3.0, -4.0, "complete")
    assert parse_watch("w[1][2]").read(begin) == Reading("W[1, 2]", 0, None, None, "not_yet")
    assert parse_watch("v1").read(end).value == -4.0
    assert parse_watch('"x"').read(end).node == 1
    assert parse_watch("nobody").read(end) == Reading("nobody")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("norm grad of kind == leaf", 5.0),
        ("norm", math.sqrt(26.0)),
        ("norm of w[1,2]", 4.0),
        ("max |value| of kind == leaf", 4.0),
        ("min value", -12.0),
        ("mean value of x or y", -8.0),
        ("sum grad of kind == leaf", -1.0),
        ("count of grad < 0", 1.0),
        ("max value of op == relu", None),
    ],
)
def test_figures(text: str, number: float | None) -> None:
    assert parse_watch(text).read(trace_of_two().cursor(-1)).number == number


def test_before_its_time_a_figure_is_not_known() -> None:
    trace = trace_of_two()
    assert parse_watch("max value").read(trace.cursor(0)).number is None
    assert parse_watch("norm grad").read(trace.cursor(3)).number is None
    assert parse_watch("count of grad > 0").read(trace.cursor(0)).number == 0


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("", 0, "nothing to watch"),
        ("max gard", 4, "what to look at"),
        ("max |grad", 9, "closing |"),
        ("norm grad off x", 10, "expected 'of'"),
        ("count grad", 6, "expected 'of'"),
        ("count of", 8, "missing at the end"),
        ("norm of gard > 1", 8, "no field 'gard'"),
        ("norm of largest 3 grad", 8, "ranking"),
        ("grad > 1", 5, "a watch is the name"),
    ],
)
def test_a_mistake_is_pointed_at(text: str, at: int, words: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_watch(text)
    assert caught.value.at == at
    assert words in caught.value.words.en
    assert caught.value.words.ja != caught.value.words.en
