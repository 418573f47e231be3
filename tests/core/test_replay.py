"""The recorded graph run again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import Program, programs
from tracer import Value, record
from tracer.core.replay import Replay


def replay_of(program: Program) -> tuple[Replay, list[Value]]:
    with record() as rec:
        values = program.run()
        values[-1].backward()
    return Replay(rec.trace.columns, rec.trace.resolve(values[-1])), values


@given(programs())
def test_replay_equals_eager(program: Program) -> None:
    """Values and gradients of every node; math and NumPy differ in the last bits of exp and tanh."""
    with record() as rec:
        values = program.run()
        values[-1].backward()
    trace = rec.trace
    replay = Replay(trace.columns, trace.resolve(values[-1]))
    got_values, got_grads = replay.forward()[:, 0], replay.backward()
    for value in values:
        row = replay.row(trace.resolve(value))
        if row >= 0:
            assert got_values[row] == pytest.approx(value.data, rel=1e-11, abs=1e-12, nan_ok=True)
            if not abs(value.grad) < 1e12:
                continue
            assert got_grads[row] == pytest.approx(value.grad, rel=1e-9, abs=1e-9, nan_ok=True)


@given(programs(), st.floats(-2, 2))
def test_replay_on_a_new_leaf_equals_running_the_program_on_it(program: Program, number: float) -> None:
    replay, _ = replay_of(program)
    moved = Program((number, *program.leaves[1:]), program.steps)
    values = moved.run()
    if replay.row(0) < 0:
        return
    assert replay.forward(leaves={0: number})[-1, 0] == pytest.approx(
        values[-1].data, rel=1e-11, abs=1e-12, nan_ok=True
    )
    values[-1].backward()
    grad = replay.backward(leaves={0: number})[replay.row(0)]
    assert grad == pytest.approx(values[0].grad, rel=1e-9, abs=1e-9, nan_ok=True)


def test_runs_side_by_side_do_not_touch_each_other() -> None:
    replay, values = replay_of(Program((3.0, 2.0), (("mul", (0, 1)), ("add", (2, 0)))))
    nodes = replay.nodes.tolist()
    together = replay.forward([(n, 0.5) for n in nodes])
    for run, node in enumerate(nodes):
        np.testing.assert_array_equal(together[:, run], replay.forward([(node, 0.5)])[:, 0])
    assert together[-1].tolist() == [10.5, 10.5, 9.5, 9.5]
    assert values[-1].data == 9.0


def test_slopes_of_inner_nodes_and_leaves_are_their_gradients() -> None:
    replay, _ = replay_of(Program((0.7, -0.4), (("mul", (0, 1)), ("tanh", (2,)), ("mul", (3, 0)), ("add", (4, 4)))))
    slopes, steps = replay.slopes(replay.nodes.tolist())
    np.testing.assert_allclose(slopes, replay.backward(), rtol=1e-8, atol=1e-9)
    assert (steps > 0).all()


def test_a_leaf_updated_in_between_is_replayed_with_the_number_used() -> None:
    with record() as rec:
        w = Value(1.0, name="w")
        for _ in range(2):
            loss = w * w * 3
            w.grad = 0
            loss.backward()
            w.data -= 0.1 * w.grad
    trace = rec.trace
    first, second = (Replay(trace.columns, p.root) for p in trace.passes)
    assert first.forward()[-1, 0] == 3.0
    assert second.forward()[-1, 0] == pytest.approx(3 * 0.4**2)
    assert second.backward()[second.row(0)] == pytest.approx(2.4)
    assert second.slopes([0])[0][0] == pytest.approx(2.4)
    assert second.forward(leaves={0: 2.0})[-1, 0] == 12.0


def test_a_wide_graph_finds_its_ancestors_by_whole_fronts() -> None:
    with record() as rec:
        leaves = [Value(float(i % 7)) for i in range(3000)]
        row = [v * 2 for v in leaves]
        while len(row) > 1:
            row = [a + b for a, b in zip(row[::2], row[1::2], strict=False)] + row[len(row) - len(row) % 2 :]
        _aside = leaves[0] * 3
        row[0].backward()
    trace = rec.trace
    replay = Replay(trace.columns, trace.passes[0].root)
    assert replay.row(trace.n_nodes - 1) == -1
    np.testing.assert_array_equal(replay.backward()[replay.row(5)], 2.0)
    assert len(replay.groups) < 40
