"""A recording of tensors, read at every position."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import tracer.core.functions.all  # noqa: F401  gives tensors their methods
from tests.tensor_programs import TensorProgram, same, tensor_programs
from tracer.core.autograd import grad
from tracer.core.grad_mode import no_grad
from tracer.core.record import record
from tracer.core.tensor import Tensor
from tracer.trace.cursor import Cursor, Moment
from tracer.trace.segment import PARTS
from tracer.trace.tensors import Recent, memory
from tracer.trace.trace import Trace


def tensor(values: Any, requires_grad: bool = False, dtype: str = "float32") -> Any:
    return Tensor._wrap(np.array(values, dtype), requires_grad)


def everything(cursor: Cursor) -> list[Any]:
    """All numbers that a cursor shows."""
    found: list[Any] = []
    for node in range(cursor.trace.n_nodes):
        found += [cursor.data(node), cursor.grad(node)]
        found += [route.contribution for route in cursor.routes(node)]
    moment = cursor.moment
    return found + [
        getattr(moment, field.name) for field in fields(Moment) if field.name not in ("note", "kind", "text")
    ]


def agree(a: list[Any], b: list[Any]) -> bool:
    return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))


@given(tensor_programs())
def test_the_end_of_the_walk_is_what_the_program_holds(program: TensorProgram) -> None:
    """Every leaf's numbers and `.grad`, and every retained gradient, bit for bit."""
    ran = program.run()
    end = ran.trace.cursor(-1)
    # of a computed tensor the walk shows every gradient, the program only what came after `retain_grad`
    for one in (*ran.leaves, *(one for one in ran.retained if one._grad is not None)):
        held = None if one._grad is None else one._grad._array
        assert same(end.grad(one), held)
        assert same(end.data(one), one._array)


@given(tensor_programs(), st.data())
def test_state_depends_only_on_position(program: TensorProgram, data: st.DataObject) -> None:
    """However you got here, you see what a fresh reader of the trace sees here."""
    trace = program.run().trace
    straight = Trace(trace.columns)
    kept = [(position, everything(straight.cursor(position))) for position in range(len(trace) + 1)]
    for _ in range(12):
        at = data.draw(st.integers(0, len(trace)))
        assert agree(everything(trace.cursor(at)), kept[at][1])
    assert all(agree(everything(straight.cursor(position)), numbers) for position, numbers in kept)


@given(tensor_programs(events=False))
def test_contributions_add_up_to_what_the_engine_had(program: TensorProgram) -> None:
    """Computed again one by one, and added in their order, they are the engine's sum bit for bit."""
    trace = program.run().trace
    for this in trace.passes:
        for node in this.columns.nodes.tolist():
            deliveries = this.deliveries_to(node).tolist()
            if deliveries:
                assert same(trace.total(this.index, node, deliveries), this.recorded_grad(node))


@given(tensor_programs())
def test_each_step_of_a_pass_adds_its_contribution(program: TensorProgram) -> None:
    """before + contribution = after, except where a hook has the last word."""
    trace = program.run().trace
    for position in range(1, len(trace) + 1):
        moment = trace.cursor(position).moment
        if moment.kind != "edge" or moment.part != PARTS:
            continue
        assert moment.pass_index is not None
        assert moment.node is not None
        assert moment.contribution.shape == moment.after.shape == trace.shape(moment.node)
        if moment.node in trace.passes[moment.pass_index].columns.hooked:
            continue
        before = 0 if moment.before is None else moment.before
        np.testing.assert_allclose(moment.after, before + moment.contribution, rtol=1e-5, atol=1e-5)


@given(tensor_programs(), st.data())
def test_nothing_read_can_be_written(program: TensorProgram, data: st.DataObject) -> None:
    trace = program.run().trace
    cursor = trace.cursor(data.draw(st.integers(0, len(trace))))
    for one in everything(cursor):
        assert not isinstance(one, np.ndarray) or not one.flags.writeable


def test_a_reading_of_every_kind() -> None:
    with record() as rec:
        x = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], True).named("x")
        b = tensor([10.0, 20.0, 30.0], True).named("b")
        y = ((x + b) * 2).named("y")
        L = y.sum().named("L")
        L.backward()
    trace = rec.trace
    two = trace.inputs(int(trace.find("y")))[1]
    assert trace.is_tensor(trace.find("x"))
    assert not trace.is_tensor(two)
    assert (trace.shape(trace.find("y")), trace.shape(two), trace.shape(trace.find("L"))) == ((2, 3), (), ())
    assert (repr(trace.dtype(trace.find("y"))), repr(trace.dtype(two))) == ("torch.float32", "torch.float64")
    assert trace.label(two) == "2"
    assert trace.formula(trace.find("L")) == "sum(y)"
    assert trace.value(two) == 2.0
    assert same(trace.value(trace.find("b")), b._array)
    assert [np.shape(arg) for arg in trace.args(trace.find("y"))] == [(2, 3), ()]
    sum_ = next(n for n in trace.nodes if n.op is not None and n.op.name == "sum")
    assert "dim" in trace.static(sum_)
    assert trace.static(two) == {}
    assert trace.find("x").shape == (2, 3)
    assert repr(trace.find("x").dtype) == "torch.float32"
    # x and b, their sum, twice that, L; the gradients of b and x: those of the others are these, or broadcast ones
    assert trace.memory >= 4 * (6 + 3 + 6 + 6 + 1)
    upstream, local, contribution = trace.contribution(0, trace.passes[0].deliveries_to(trace.find("b"))[0])
    assert upstream.shape == local.shape == (2, 3)
    np.testing.assert_array_equal(contribution, [4, 4, 4])
    assert trace.contribution(0, 0)[1] is None, "a sum has no local gradient element by element"


def test_an_edge_carries_the_numbers_its_input_had_then() -> None:
    with record() as rec:
        w = tensor([1.0, 2.0], True).named("w")
        first = (w * 3).named("first")
        with no_grad():
            w -= 1
        second = (w * 3).named("second")
        (first.sum() + second.sum()).backward()
    trace, end = rec.trace, rec.trace.cursor(-1)
    np.testing.assert_array_equal(trace.args(trace.find("first"))[0], [1, 2])
    np.testing.assert_array_equal(trace.args(trace.find("second"))[0], [0, 1])
    np.testing.assert_array_equal(trace.value(trace.find("w")), [1, 2])
    np.testing.assert_array_equal(end.data("w"), [0, 1])
    update = next(c.moment for c in map(trace.cursor, range(len(trace) + 1)) if c.moment.kind == "update")
    np.testing.assert_array_equal(update.before, [1, 2])
    np.testing.assert_array_equal(update.after, [0, 1])
    assert update.note == {"rule": "sub_", "operand": 1}


def test_autograd_grad_shows_its_gradients_and_leaves_dot_grad_alone() -> None:
    with record() as rec:
        w = tensor([1.0, 2.0], True).named("w")
        L = (w * w).sum().named("L")
        L.backward(retain_graph=True)
        grad(L, [w])
        w + 1
    trace = rec.trace
    aside = trace.passes[1]
    assert not aside.accumulates
    np.testing.assert_array_equal(trace.cursor(aside.start).grad("w"), [2, 4])
    middle = aside.position_of(int(aside.deliveries_to(trace.find("w"))[0]))
    np.testing.assert_array_equal(trace.cursor(middle).grad("w"), [1, 2])
    np.testing.assert_array_equal(trace.cursor(aside.stop).grad("w"), [2, 4])
    assert same(trace.cursor(-1).grad("w"), w._grad._array)


def test_backward_of_named_inputs_leaves_the_others_alone() -> None:
    with record() as rec:
        x, w = tensor([1.0, 2.0], True).named("x"), tensor([3.0, 4.0], True).named("w")
        L = (x * w).sum()
        L.backward(inputs=[x])
        x + 1
    trace = rec.trace
    assert trace.passes[0].keeps(trace.find("x"))
    np.testing.assert_array_equal(trace.cursor(trace.passes[0].stop).grad("w"), [1, 2])
    assert trace.cursor(-1).grad("w") is None
    np.testing.assert_array_equal(trace.cursor(-1).grad("x"), x._grad._array)


def test_a_hook_speaks_after_the_last_contribution() -> None:
    with record() as rec:
        w = tensor([1.0], True).named("w")
        y = (w + w).named("y")
        y.register_hook(lambda g: g * 10)
        w.register_hook(lambda g: g + 1)
        y.sum().backward()
    trace = rec.trace
    assert trace.passes[0].columns.hooked == (0, 1)
    seen = [trace.cursor(p).grad("w") for p in range(trace.passes[0].stop + 1)]  # then come the hooks' own nodes
    assert [None if g is None else float(g[0]) for g in seen[-5:]] == [10, 10, 10, 10, 21]
    np.testing.assert_array_equal(trace.cursor(-1).grad("y"), [10])


def test_a_result_that_was_made_a_leaf_keeps_gradients_and_hands_none_on() -> None:
    with record() as rec:
        start = tensor([1.0, 2.0]).named("start")
        w = (start * 0.5).requires_grad_().named("w")
        for _ in range(2):
            (w * 3).sum().backward()
        with no_grad():
            w -= w._grad
    trace = rec.trace
    assert trace.kind(trace.find("w")) == "op"
    assert trace.accumulates(trace.find("w"))
    assert w._requires_grad
    for this in trace.passes:
        assert set(this.targets.tolist()) & {int(trace.find("start"))} == set()
    np.testing.assert_array_equal(trace.cursor(-1).grad("w"), [6, 6])
    np.testing.assert_array_equal(trace.cursor(-1).data("w"), w._array)


def test_zeroing_to_zeros_and_to_none() -> None:
    with record() as rec:
        w = tensor([1.0], True).named("w")
        (w * 3).sum().backward()
        w._grad.zero_()
        w.grad = None
    positions = range(len(rec.trace) + 1)
    held = [rec.trace.cursor(p).grad("w") for p in positions]
    assert [None if g is None else float(g[0]) for g in held][-3:] == [3, 0, None]


def test_integer_operands_stay_integers() -> None:
    """A recording keeps 2 as 2.0; an op on integers still runs again as it ran."""
    with record() as rec:
        i = tensor([3, 4], dtype="int64")
        twice = i * 2
    node = next(n for n in rec.trace.nodes if n.kind == "op")
    from tracer.core.rerun import run_again

    out, _ = run_again(node.op, rec.trace.args(node), {}, twice._array.dtype)
    assert same(out, twice._array)


def test_memory_that_is_shared_counts_once() -> None:
    base = np.zeros((4, 4), np.float32)
    assert memory([base, base.T, base[1:3], np.broadcast_to(base[0], (9, 4))]) == 64
    assert memory([base, base.copy(), np.zeros(0)]) == 128


def test_what_was_used_last_is_remembered() -> None:
    recent = Recent(most=100)
    for i in range(5):
        recent.put(i, i, 30)
    assert [recent.get(i) for i in range(5)] == [None, None, 2, 3, 4]
    recent.put(9, 9, 500)
    assert recent.get(9) == 9
    assert recent.get(4) is None
    assert recent.held == 500


def test_the_graph_says_shapes() -> None:
    with record() as rec:
        x = tensor([[1.0, 2.0]], True).named("x")
        x.sum().backward()
    node = rec.trace.to_networkx().nodes[0]
    assert (node["shape"], node["dtype"]) == ((1, 2), "float32")
    np.testing.assert_array_equal(node["grad"], [[1, 1]])
