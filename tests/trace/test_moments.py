"""Numbers of nodes at positions of their own are what `Cursor` says there."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import Program, programs
from tests.tensor_programs import TensorProgram, tensor_programs
from tests.trace.test_snapshot import EVENTS, FEWER, bits, happen, peaks
from tracer.core.record import record
from tracer.trace.moments import made_at, numbers_at
from tracer.trace.trace import Trace

WHEN = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 9999)), min_size=1, max_size=60)


def check(trace: Trace, rows: list[tuple[int, int]]) -> None:
    nodes = np.array([node % trace.n_nodes for node, _ in rows])
    positions = np.array([position % (len(trace) + 1) for _, position in rows])
    found = numbers_at(trace, nodes, positions)
    for i, (node, position) in enumerate(zip(nodes.tolist(), positions.tolist(), strict=True)):
        cursor = trace.cursor(position)
        data, grad = cursor.data(node), cursor.grad(node)
        assert (found.made[i], found.has_grad[i]) == (data is not None, grad is not None)
        assert found.complete[i] == (cursor.grad_state(node) == "complete")
        assert bits(found.value[i]) == bits(peaks(data)[0])
        assert (bits(found.grad[i]), bits(found.norm[i])) == (bits(peaks(grad)[0]), bits(peaks(grad)[3]))


@given(programs(max_steps=5), st.lists(st.tuples(EVENTS, st.integers(0, 20), st.integers(0, 20)), max_size=7), WHEN)
def test_whatever_a_program_does(
    program: Program, events: list[tuple[str, int, int]], rows: list[tuple[int, int]]
) -> None:
    with record() as rec:
        values = program.run()
        for event, i, j in events:
            happen(event, values, i, j)
    check(rec.trace, rows)


@FEWER
@given(tensor_programs(), WHEN)
def test_so_it_is_for_tensors(program: TensorProgram, rows: list[tuple[int, int]]) -> None:
    check(program.run().trace, rows)


@given(programs(), st.integers(0, 2))
def test_nodes_are_made_when_the_trace_says(program: Program, backwards: int) -> None:
    trace = program.record(backwards)
    assert made_at(trace).tolist() == [trace.made_at(node) for node in range(trace.n_nodes)]
