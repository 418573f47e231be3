"""Deliveries as columns are the deliveries one by one."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import Program, programs
from tests.tensor_programs import TensorProgram, same, tensor_programs
from tracer.core.op import scalar_ops
from tracer.core.record import record
from tracer.core.value import Value, apply, by_hand
from tracer.trace.flow import edge_values, flow
from tracer.trace.trace import Trace

AWKWARD = (0.0, -0.0, 1.0, -1.5, 2.0, 3.0, 0.5, -0.5, 1e-320, 1e308, 800.0, math.inf, -math.inf, math.nan)


def check(trace: Trace) -> None:
    """Every row of every pass is what `Trace.contribution` says."""
    for index, this in enumerate(trace.passes):
        columns = flow(trace, index)
        for delivery in range(len(this.edges)):
            told = trace.contribution(index, delivery)
            row = (columns.upstream[delivery], columns.local[delivery], columns.contribution[delivery])
            if columns.tensor[delivery]:
                assert trace.is_tensor(int(this.users[delivery]))
                assert np.isnan(row).all()
            else:
                assert all(same_float(a, b) for a, b in zip(row, told, strict=True)), (row, told)


def same_float(a: float, b: float) -> bool:
    """To the bit; any nan counts as nan."""
    return (a != a and b != b) or np.float64(a).tobytes() == np.float64(b).tobytes()


MORE = tuple(np.random.default_rng(0).uniform(0, 5, 12).tolist())  # last bits of powers that NumPy has otherwise


@pytest.mark.parametrize("name", list(scalar_ops()))
def test_every_op_on_plain_numbers_hands_on_the_same_bits(name: str) -> None:
    """At zeros of both signs, infinities, nan, numbers that overflow, and with every kind of upstream gradient."""
    arity = len(scalar_ops()[name].inputs)
    with record() as rec:
        total = Value(0.0)
        numbers_of = (*itertools.product(AWKWARD, repeat=arity), *itertools.product(MORE, repeat=arity))
        for i, numbers in enumerate(numbers_of):
            total = total + apply(name, *(Value(x) for x in numbers)) * AWKWARD[i % len(AWKWARD)]
        total.backward()
    check(rec.trace)


@given(programs(), st.integers(1, 2))
def test_random_programs_hand_on_the_same_bits(program: Program, backwards: int) -> None:
    check(program.record(backwards, update=True))


@given(tensor_programs())
def test_deliveries_of_tensors_are_marked_and_their_edges_left_out(program: TensorProgram) -> None:
    trace = program.run().trace
    check(trace)
    check_edges(trace)


def test_passes_by_hand_carry_the_upstream_they_had() -> None:
    with record() as rec:
        x = Value(3.0, name="x")
        y = (x * x).named("y")
        z = y * y
        with by_hand(z) as hand:
            for value, slot in ((z, 0), (y, 0), (z, 1), (y, 0)):
                hand.deliver(value, slot)
    assert flow(rec.trace, 0).upstream.tolist() == [1.0, 9.0, 1.0, 18.0]
    check(rec.trace)


def test_an_edge_carries_the_number_its_leaf_had_then() -> None:
    with record() as rec:
        w = Value(1.0, name="w")
        for _ in range(3):
            (w * 3).backward()
            w.data += 1.0
    trace = rec.trace
    assert edge_values(trace).tolist() == [trace.edge_value(e) for e in range(trace.n_edges)]
    assert edge_values(trace).tolist() == [1.0, 3.0, 2.0, 3.0, 3.0, 3.0]


def test_the_very_next_node_already_sees_an_update() -> None:
    with record() as rec:
        w = Value(-1.0, name="w")
        w.data = 2.0
        w.relu().backward()
    assert edge_values(rec.trace).tolist() == [rec.trace.edge_value(0)] == [2.0]


def check_edges(trace: Trace) -> None:
    for e, value in enumerate(edge_values(trace).tolist()):
        told = trace.edge_value(e)
        assert math.isnan(value) if trace.is_tensor(int(trace.columns.inputs[e])) else same(value, told)
