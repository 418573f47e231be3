"""All nodes at one position are what `Cursor` says of each of them, to the last bit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import Program, programs
from tests.tensor_programs import TensorProgram, tensor_programs
from tracer.core.autograd import grad
from tracer.core.record import mark, record
from tracer.core.tensor import Tensor
from tracer.core.value import Value, by_hand
from tracer.trace.snapshot import Snapshot, snapshot
from tracer.trace.summaries import summary
from tracer.trace.trace import Trace


def bits(number: float) -> bytes:
    """To tell 0.0 from -0.0, but no nan from another."""
    return b"nan" if number != number else np.float64(number).tobytes()


def check(trace: Trace, found: Snapshot) -> None:
    """`found` agrees with the cursor at its position."""
    cursor = trace.cursor(found.position)
    for node in range(trace.n_nodes):
        data, grad = cursor.data(node), cursor.grad(node)
        assert found.made[node] == (data is not None)
        assert found.has_grad[node] == (grad is not None), (node, found.position)
        assert found.complete[node] == (cursor.grad_state(node) == "complete"), (node, found.position)
        assert found.tensor[node] == trace.is_tensor(node)
        value, low, high, _ = peaks(data)
        assert bits(found.value[node]) == bits(value)
        assert (bits(found.low[node]), bits(found.high[node])) == (bits(low), bits(high))
        peak, _, _, norm = peaks(grad)
        assert bits(found.grad[node]) == bits(peak), (node, found.position, found.grad[node], grad)
        assert bits(found.grad_norm[node]) == bits(norm)


def peaks(number: Any) -> tuple[float, float, float, float]:
    if number is None:
        return np.nan, np.nan, np.nan, np.nan
    return summary(number) if isinstance(number, np.ndarray) else (number, number, number, abs(number))


def check_all(trace: Trace, jumps: list[int]) -> None:
    """Walked to the end and back by single steps, then by jumps."""
    end = len(trace)
    for position in (*range(end + 1), *range(end, -1, -1), *(jump % (end + 1) for jump in jumps)):
        check(trace, snapshot(trace, position))


FEWER = settings(max_examples=settings().max_examples // 2)
"""Each example here goes through many moments."""
JUMPS = st.lists(st.integers(0, 999), max_size=6)


@FEWER
@given(programs(), st.integers(1, 3), st.booleans(), JUMPS)
def test_a_snapshot_says_what_the_cursor_says(program: Program, backwards: int, update: bool, jumps: list[int]) -> None:
    check_all(program.record(backwards, update=update), jumps)


@FEWER
@given(tensor_programs(max_steps=6), JUMPS)
def test_so_it_is_for_tensors(program: TensorProgram, jumps: list[int]) -> None:
    """With `autograd.grad`, hooks, gradients written, zeroed and set to None, and leaves updated."""
    trace = program.run().trace
    for position in (*range(0, len(trace) + 1, 3), *(jump % (len(trace) + 1) for jump in jumps), len(trace)):
        check(trace, snapshot(trace, position))


EVENTS = st.sampled_from(("backward", "nested", "by hand", "assign", "write", "none", "update", "mark", "more"))


@given(programs(max_steps=5), st.lists(st.tuples(EVENTS, st.integers(0, 20), st.integers(0, 20)), max_size=7), JUMPS)
def test_so_it_is_whatever_a_program_does(
    program: Program, events: list[tuple[str, int, int]], jumps: list[int]
) -> None:
    """Passes by hand, in any order and inside each other, that add and that assign; gradients written in between."""
    with record() as rec:
        values = program.run()
        for event, i, j in events:
            happen(event, values, i, j)
    check_all(rec.trace, jumps)


def happen(event: str, values: list[Value], i: int, j: int) -> None:
    value = values[i % len(values)]
    leaf = values[0]
    if event == "backward":
        value.backward()
    elif event == "more":
        values.append(value * values[j % len(values)])
    elif event == "write":
        value.grad = (0.0, -0.0, 2.5)[j % 3]
    elif event == "none":
        value.grad = None
    elif event == "update":
        leaf.data = leaf.data - 0.25
    elif event == "mark":
        mark(value, "seen")
    else:
        with by_hand(value, combine="assign" if event == "assign" else "add") as hand:
            for k in range(j):
                user = values[(i + 3 * k) % len(values)]
                if user.inputs:
                    hand.deliver(user, k % len(user.inputs))
                if event == "nested" and k % 3 == 1:
                    happen(("backward", "write", "mark", "update")[j % 4], values, i + k, k)


def test_of_a_tensor_the_element_that_says_most_stands() -> None:
    numbers = np.array([[1.0, -3.0], [3.0, 2.0]])
    assert summary(numbers) == (-3.0, -3.0, 3.0, np.sqrt(23.0))
    assert summary(np.array([1.0, np.inf, np.nan]))[:1] == (np.inf,)
    assert summary(np.broadcast_to(np.float32(2.0), (1000, 1000, 1000)))[3] == 2.0 * np.sqrt(1e9)
    assert np.isnan(summary(np.zeros((0, 3))).peak)
    assert summary(np.array([True, False])) == (1.0, 0.0, 1.0, 1.0)


def test_the_last_few_are_kept_and_nobody_can_write_into_them() -> None:
    trace = Program((1.0,), (("mul", (0, 0)),)).record()
    assert snapshot(trace, 3) is snapshot(trace, 3)
    assert not any(a.flags.writeable for a in vars(snapshot(trace, 3)).values() if isinstance(a, np.ndarray))


@pytest.mark.parametrize("combine", ["add", "assign", "engine"])
def test_sums_of_many_uses_are_made_in_their_order(combine: str) -> None:
    """Hundreds of contributions to one weight, of sizes that make the order matter."""
    with record() as rec:
        w = Value(1.0, name="w")
        uses = [w * (1e10 if i % 7 == 0 else 0.1 * i) for i in range(150)]
        total = uses[0]
        for use in uses[1:]:
            total = total + use
        if combine == "engine":
            total.backward()
        else:
            with by_hand(total, combine=combine) as hand:
                for use in uses:
                    use.grad = 1.0
                    hand.deliver(use, 0)
    trace = rec.trace
    for position in (*range(trace.passes[0].start, len(trace), 37), len(trace) - 1, len(trace) - 5, len(trace)):
        grad = trace.cursor(position).grad(0)
        assert bits(snapshot(trace, position).grad[0]) == bits(np.nan if grad is None else grad)


def test_a_gradient_written_within_a_pass_stays_whatever_the_pass_still_brings() -> None:
    """Walked over in both directions, step by step."""
    with record() as rec:
        x = Value(3.0, name="x")
        y = (x * x).named("y")
        with by_hand(y) as hand:
            hand.deliver(y, 0)
            x.grad = 7.0
            hand.deliver(y, 1)
    check_all(rec.trace, [])


def test_zeros_keep_their_sign_as_the_engine_keeps_it() -> None:
    """-0.0 is brought to a -0.0 that a file says was written: they make 0.0, for a sum starts from 0.0."""
    with record() as rec:
        x = Value(0.0, name="x")
        x.grad = 1.0
        with by_hand(x * -0.0) as hand:
            hand.deliver(hand.root, 0)
    columns = rec.columns()
    trace = Trace(replace(columns, writes=replace(columns.writes, value=np.array([-0.0]))))
    check_all(trace, [])
    assert bits(snapshot(trace, len(trace)).grad[0]) == bits(0.0) != bits(-0.0)


def test_gradients_that_a_program_only_asked_for_are_shown_until_the_pass_is_over() -> None:
    with record() as rec:
        x = Tensor._wrap(np.array([1.0, -2.0]), True).named("x")
        (x * x).sum().backward()
        loss = (x * x * x).sum()
        grad(loss, [x])
        x * 2
    trace = rec.trace
    for this in trace.passes:
        for position in range(this.start, this.stop + 2):
            check(trace, snapshot(trace, position))
    end = trace.passes[1].stop
    shown = [snapshot(trace, position).grad_norm[0] for position in (trace.passes[1].start, end, end + 1)]
    assert shown == [np.sqrt(20.0), np.sqrt(9.0 + 144.0), np.sqrt(20.0)]
