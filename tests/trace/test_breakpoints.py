"""Breakpoints are hit where a walk step by step with `Cursor` finds them, forward and backward."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import Program, programs
from tests.tensor_programs import TensorProgram, tensor_programs
from tests.trace.query.plain import compare, satisfies
from tests.trace.query.test_query import conditions
from tests.trace.test_snapshot import EVENTS, FEWER, happen
from tracer.core.record import record
from tracer.core.value import Value
from tracer.trace.breakpoints import Breakpoint, parse_break, run_to
from tracer.trace.query import Query, QueryError
from tracer.trace.query.steps import COMPARISONS, Compare, Is
from tracer.trace.segment import PARTS
from tracer.trace.summaries import summary
from tracer.trace.trace import Trace

WHERE = st.one_of(st.none(), st.builds(Query, conditions()))
NUMBERS = st.sampled_from((0.0, 0.5, 1.0, 2.0, 10.0))
BREAKS = st.one_of(
    st.builds(Breakpoint, st.sampled_from(("condition", "first")), st.builds(Query, conditions())),
    st.builds(Breakpoint, st.just("total"), WHERE, st.sampled_from(COMPARISONS), NUMBERS),
    st.builds(Breakpoint, st.sampled_from(("grad sign", "value sign")), WHERE),
)


def walked(one: Breakpoint, trace: Trace) -> list[tuple[int, int]]:
    """(position, node) of every hit, found by going through all positions."""
    found: list[tuple[int, int]] = []
    signs: dict[int, Any] = {}
    for position in range(1, len(trace) + 1):
        cursor = trace.cursor(position)
        moment = cursor.moment
        node, kind = moment.node, moment.kind
        if one.kind == "total":
            hit = total_at(one, trace, position)
            found += [] if hit is None else [(position, hit)]
            continue
        if node is None or (kind == "edge" and moment.part != PARTS) or kind == "mark":
            continue
        if one.kind in ("grad sign", "value sign"):
            assert moment.kind != "start"
            if one.kind == "value sign":
                turned = kind in ("forward", "update") and turns(signs, node, cursor.data(node))
            else:
                last = kind == "edge" and is_last(trace, moment.pass_index, moment.delivery)
                turned = last and turns(signs, node, cursor.grad(node))
            if turned and (one.where is None or satisfies(one.where, cursor, node)):
                found.append((position, node))
            continue
        assert one.where is not None
        touches = {"forward": "value", "update": "value"}.get(kind, "grad")
        if touches in looked_at(one.where) and satisfies(one.where, cursor, node):
            found.append((position, node))
    return found[:1] if one.kind == "first" else found


def looked_at(query: Query) -> set[str]:
    both = {"value", "grad"}
    found: set[str] = set()
    for step in query.steps:
        if isinstance(step, Is):
            found |= {step.of} if step.of else both
        elif isinstance(step, Compare) and step.measure not in ("uses", "id", "line"):
            found.add("value" if "value" in step.measure else "grad")
    return found or both


def is_last(trace: Trace, pass_index: int | None, delivery: int | None) -> bool:
    assert pass_index is not None
    this = trace.passes[pass_index]
    assert delivery is not None
    return bool(this.deliveries_to(int(this.targets[delivery]))[-1] == delivery)


def turns(signs: dict[int, Any], node: int, number: Any) -> bool:
    if number is None:
        return False
    now = np.sign(np.nan_to_num(np.asarray(number, np.float64), nan=0.0, posinf=1.0, neginf=-1.0))
    before = signs.get(node, np.zeros_like(now))
    signs[node] = np.where(now != 0, now, before)
    return bool((now * before < 0).any())


def total_at(one: Breakpoint, trace: Trace, position: int) -> int | None:
    if all(this.stop != position for this in trace.passes):
        return None
    cursor = trace.cursor(position)
    norms = {}
    for node in range(trace.n_nodes):
        chosen = trace.kind(node) == "leaf" if one.where is None else satisfies(one.where, cursor, node)
        grad = cursor.grad(node)
        if chosen and grad is not None:
            norms[node] = summary(grad).norm if isinstance(grad, np.ndarray) else abs(grad)
    if not norms or not compare(float(np.linalg.norm(list(norms.values()))), one.sign, one.number):
        return None
    largest = [node for node in norms if math.isnan(norms[node])] or [
        node for node in norms if norms[node] == max(norms.values())
    ]
    return largest[0]


def agree(trace: Trace, one: Breakpoint) -> None:
    expected = walked(one, trace)
    hits = one.hits(trace)
    assert list(zip(hits.positions.tolist(), hits.nodes.tolist(), strict=True)) == expected, str(one)


@given(programs(max_steps=5), st.lists(st.tuples(EVENTS, st.integers(0, 20), st.integers(0, 20)), max_size=6), BREAKS)
def test_hits_are_where_a_walk_finds_them(
    program: Program, events: list[tuple[str, int, int]], one: Breakpoint
) -> None:
    with record() as rec:
        values = program.run()
        for event, i, j in events:
            happen(event, values, i, j)
        values[-1].backward()
    agree(rec.trace, one)


@given(tensor_programs(max_steps=5), BREAKS)
def test_so_it_is_among_tensors(program: TensorProgram, one: Breakpoint) -> None:
    agree(program.run().trace, one)


@FEWER
@given(programs(), st.lists(BREAKS, min_size=1, max_size=3), st.integers(0, 99), st.sampled_from((1, -1)))
def test_a_run_ends_at_the_nearest_hit(program: Program, several: list[Breakpoint], start: int, direction: int) -> None:
    trace = program.record(2, update=True)
    position = start % (len(trace) + 1)
    beyond = []
    for which, one in enumerate(several):
        beyond += [(p, which, n) for p, n in walked(one, trace) if (p - position) * direction > 0]
    expected = min(beyond, key=lambda hit: (hit[0] * direction, hit[1])) if beyond else None
    assert run_to(trace, position, several, direction) == expected


def test_of_two_that_are_hit_at_one_step_the_first_is_named() -> None:
    trace = training()
    twice = [parse_break("name == w"), parse_break("kind == leaf")]
    for position, direction in ((0, 1), (len(trace), -1), (9, 1), (9, -1)):
        found = run_to(trace, position, twice, direction)
        assert found is not None
        assert found.which == 0


@given(BREAKS)
def test_what_is_written_reads_the_same(one: Breakpoint) -> None:
    assert parse_break(str(one)) == one


def training() -> Trace:
    """w goes 1, -1, 1, ...: each update overshoots; the third gradient is nan."""
    with record() as rec:
        w = Value(1.0, name="w")
        for step in range(4):
            loss = (w * w * (math.nan if step == 3 else 1.0)).named(f"loss{step}")
            w.grad = 0
            loss.backward()
            w.data = w.data - 1.0 * w.grad
    return rec.trace


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("name == w", ["forward", *(["write", "edge", "edge", "update"] * 4)]),
        ("value < 0 and kind == leaf", ["update", "update"]),
        ("first nan", ["forward"]),
        ("first grad is nan and name == w", ["edge"]),
        ("sign of value", ["update", "update", "update"]),
        ("sign of grad where name == w", ["edge", "edge"]),
        ("total norm > 1", ["edge", "edge", "edge"]),
        ("total norm < 1 where op == add", []),
        ("op == mul and grad is complete", ["edge", "seed"] * 4),
    ],
)
def test_what_is_hit_in_a_training_loop(text: str, kinds: list[str]) -> None:
    trace = training()
    hits = parse_break(text).hits(trace)
    found = [trace.cursor(position).moment.kind for position in hits.positions.tolist()]
    assert sorted(found) == sorted(kinds)
    assert found == [trace.cursor(p).moment.kind for p in sorted(hits.positions.tolist())]


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("first", 5, ""),
        ("first gard > 1", 6, "no field 'gard'"),
        ("largest 3 grad", 0, "a ranking is no condition"),
        ("first largest 3 grad", 6, "a ranking is no condition"),
        ("total norm", 10, "compared with a number"),
        ("total norm > x", 13, "compared with a number"),
        ("total norm > 3 were x", 15, "expected 'where'"),
        ("total norm > 3 where", 20, "missing at the end"),
        ("total norm > 3 where gard > 1", 21, "no field 'gard'"),
        ("sign of x", 8, "what changes its sign"),
        ("grad >", 6, "expected a number"),
    ],
)
def test_a_mistake_is_pointed_at(text: str, at: int, words: str) -> None:
    if not words:
        assert str(parse_break(text)) == text  # a word as any other
        return
    with pytest.raises(QueryError) as caught:
        parse_break(text)
    assert caught.value.at == at
    assert words in caught.value.words.en
    assert f"\n  {text}\n" in str(caught.value)


def test_what_the_graph_alone_tells_is_known_beforehand() -> None:
    assert parse_break("op == relu").structural
    assert parse_break("first name == w").structural
    assert not parse_break("grad > 1").structural
    assert not parse_break("total norm > 1").structural
    assert not parse_break("sign of grad where name == w").structural
