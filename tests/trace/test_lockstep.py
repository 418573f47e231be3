"""Two traces side by side: how their times go together, and the first fact on which they disagree."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.core.record import mark, record
from tracer.core.value import Value, by_hand
from tracer.trace.lockstep import Lockstep, phases
from tracer.trace.segment import GRANULARITIES
from tracer.trace.trace import Trace


def twice(a_value: float = 1.0) -> tuple[Value, Value, Value]:
    """Section 3.3: b = a + a, c = b + b."""
    a = Value(a_value, name="a")
    b = (a + a).named("b")
    return a, b, (b + b).named("c")


def in_order() -> Trace:
    with record() as rec:
        twice()[2].backward()
    return rec.trace


def recursive(*, visited: bool = False, marked: bool = False) -> Trace:
    with record() as rec:
        c = twice()[2]
        seen: set[Value] = set()
        with by_hand(c) as hand:
            _hand_on(hand, c, seen if visited else None, marked)
    return rec.trace


def _hand_on(hand: object, v: Value, seen: set[Value] | None, marked: bool) -> None:
    if seen is not None:
        if v in seen:
            return
        seen.add(v)
    if marked:
        mark(v, "visited")
    for slot, source in enumerate(v.inputs):
        hand.deliver(v, slot)  # type: ignore[attr-defined]
        _hand_on(hand, source, seen, marked)


def squared(combine: str | None, x_value: float = 3.0) -> Trace:
    """y = x * x, delivered with `+=` or `=`."""
    with record() as rec:
        x = Value(x_value, name="x")
        y = (x * x).named("y")
        if combine is None:
            y.backward()
        else:
            with by_hand(y, combine) as hand:
                hand.deliver(y, 0)
                hand.deliver(y, 1)
    return rec.trace


def trained(*, zeroing: bool) -> Trace:
    with record() as rec:
        w = Value(2.0, name="w")
        for _ in range(2):
            (w * w).backward()
            if zeroing:
                w.grad = 0.0
    return rec.trace


def branching(x_value: float) -> Trace:
    with record() as rec:
        x = Value(x_value, name="x")
        y = x * 2 if x > 0 else x + 5
        y.backward()
    return rec.trace


PAIRS: dict[str, Callable[[], tuple[Trace, Trace]]] = {
    "recursion": lambda: (recursive(), in_order()),
    "visited": lambda: (recursive(visited=True, marked=True), in_order()),
    "assign": lambda: (squared("assign"), squared("add")),
    "zero_grad": lambda: (trained(zeroing=False), trained(zeroing=True)),
    "branch": lambda: (branching(1.0), branching(-1.0)),
}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS.keys())
def test_both_walk_from_start_to_end_without_going_back(pair: Callable[[], tuple[Trace, Trace]]) -> None:
    both = Lockstep(*pair())
    steps = both.pairs[1:] - both.pairs[:-1]
    assert both.pairs[0].tolist() == [0, 0]
    assert both.pairs[-1].tolist() == [len(both.left), len(both.right)]
    assert steps.min() >= 0
    assert steps.max() == 1
    assert steps.sum(axis=1).min() >= 1, "every step moves one of them"


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS.keys())
@given(moves=st.lists(st.tuples(st.integers(-3, 3), st.sampled_from(GRANULARITIES)), max_size=12))
def test_a_lockstep_moment_depends_only_on_its_index(
    pair: Callable[[], tuple[Trace, Trace]], moves: list[tuple[int, str]]
) -> None:
    both = Lockstep(*pair())
    cursor = both.cursor()
    for n, by in moves:
        cursor = cursor.step(n, by)  # type: ignore[arg-type]
    straight = both.cursor(cursor.index)
    assert (straight.left.position, straight.right.position) == (cursor.left.position, cursor.right.position)


def test_deliveries_stand_beside_deliveries_even_where_marks_come_between() -> None:
    both = Lockstep(recursive(marked=True), in_order())
    cursor = both.cursor()
    for _ in range(3):  # a, b, c made
        cursor = cursor.step(1, "edge")
    assert [p.kind for p in phases(both.left)] == ["forward", "backward"]
    cursor = cursor.step(1, "edge")
    assert cursor.left.moment.kind == cursor.right.moment.kind == "seed"


def test_marks_alone_are_no_divergence() -> None:
    def run(marked: bool) -> Trace:
        with record() as rec:
            x = Value(2.0, name="x")
            if marked:
                mark(x, "visited")
            (x * x).backward()
            if marked:
                mark(x, "done")
        return rec.trace

    both = Lockstep(run(True), run(False))
    assert both.first_divergence is None
    assert both.pairs[-1].tolist() == [len(both.left), len(both.right)]


def test_the_same_run_twice_does_not_diverge() -> None:
    assert Lockstep(in_order(), in_order()).first_divergence is None


def test_another_valid_order_is_no_divergence() -> None:
    """Only numbers count: the same contributions in another order leave the same gradients."""

    def run(slots: tuple[int, int]) -> Trace:
        with record() as rec:
            a, b = Value(2.0, name="a"), Value(3.0, name="b")
            y = a * b
            with by_hand(y) as hand:
                for slot in slots:
                    hand.deliver(y, slot)
        return rec.trace

    assert Lockstep(run((0, 1)), run((1, 0))).first_divergence is None


@pytest.mark.parametrize("visited", [False, True])
def test_recursion_hands_b_on_before_it_is_complete(visited: bool) -> None:
    """3.3: b still misses a contribution when it delivers to a, so the edge brings 1 where 2 is due."""
    both = Lockstep(recursive(visited=visited), in_order())
    first = both.first_divergence
    assert first is not None
    assert first.fact == "contribution"
    assert [both.left.label(n) for n in first.nodes if n is not None] == ["a", "a"]
    assert first.numbers == (1.0, 2.0)
    there = both.cursor(first.index)
    assert there.diverged
    assert not both.cursor(first.index - 1).diverged
    assert there.left.grad("a") == 1.0
    assert there.right.grad("a") is None, "the right run has not got there: its number is not shown yet"


def test_assigning_loses_the_first_contribution() -> None:
    both = Lockstep(squared("assign"), squared("add"))
    first = both.first_divergence
    assert first is not None
    assert first.fact == "gradient"
    assert first.numbers == (3.0, 6.0)
    assert both.left.label(first.nodes[0] or 0) == "x"


def test_an_ordinary_pass_agrees_with_the_same_pass_by_hand() -> None:
    assert Lockstep(squared(None), squared("add")).first_divergence is None


def test_a_zeroing_left_out_is_the_divergence() -> None:
    both = Lockstep(trained(zeroing=False), trained(zeroing=True))
    first = both.first_divergence
    assert first is not None
    assert first.fact == "event"
    assert first.nodes == (None, 0)
    assert first.positions[0] is None
    there = both.cursor(first.index)
    assert there.moved() == (False, True), "the run without it waits"
    assert [there.left.grad("w"), there.right.grad("w")] == [4.0, 0.0]
    assert both.cursor(len(both)).left.grad("w") == 8.0


def test_an_edited_leaf_is_the_first_divergence() -> None:
    both = Lockstep(squared(None, 3.0), squared(None, 4.0))
    first = both.first_divergence
    assert first is not None
    assert (first.fact, first.nodes, first.positions, first.numbers) == ("value", (0, 0), (1, 1), (3.0, 4.0))


def test_a_program_whose_if_flips_shows_the_other_node() -> None:
    left, right = branching(1.0), branching(1.0)
    assert Lockstep(left, right).first_divergence is None

    def run(op: str) -> Trace:
        with record() as rec:
            x = Value(2.0, name="x")
            y = x * 2 if op == "mul" else x + 2
            y.backward()
        return rec.trace

    first = Lockstep(run("mul"), run("add")).first_divergence
    assert first is not None
    assert (first.fact, first.nodes) == ("node", (2, 2))


def test_a_run_that_ended_early_diverges_where_it_ended() -> None:
    with record() as rec:
        x = Value(2.0, name="x")
        _ = x * x
    with record() as longer:
        x = Value(2.0, name="x")
        y = x * x
        _ = y + 1.0
    first = Lockstep(rec.trace, longer.trace).first_divergence
    assert first is not None
    assert (first.fact, first.nodes) == ("node", (None, 2))


def test_nan_agrees_with_nan() -> None:
    assert Lockstep(squared(None, math.nan), squared(None, math.nan)).first_divergence is None


def test_empty_traces_stand_still() -> None:
    with record() as rec:
        pass
    both = Lockstep(rec.trace, rec.trace)
    assert len(both) == 0
    assert both.cursor(5).index == 0
    assert both.cursor().step(1, "pass").index == 0


def test_two_tensor_programs_diverge_where_one_element_does() -> None:
    import tracer.core.functions.all  # noqa: F401  gives tensors their methods
    from tracer.core.tensor import Tensor

    def run(last: float, factor: float = 2.0, zero: bool = True) -> Trace:
        with record() as rec:
            x: Any = Tensor._wrap(np.array([1.0, last]), True).named("x")
            ((x * factor) ** 2).sum().backward()
            if zero:
                x.grad = None
            (x * 3).sum().backward()
        return rec.trace

    assert Lockstep(run(5.0), run(5.0)).first_divergence is None
    value = Lockstep(run(5.0), run(6.0)).first_divergence
    assert value is not None
    assert (value.fact, value.nodes) == ("value", (0, 0))
    np.testing.assert_array_equal(value.numbers[1], [1, 6])
    factor = Lockstep(run(0.0, 2.0), run(0.0, -2.0)).first_divergence
    assert factor is not None
    assert factor.fact == "value"
    event = Lockstep(run(5.0), run(5.0, zero=False)).first_divergence
    assert event is not None
    assert event.fact == "event"
