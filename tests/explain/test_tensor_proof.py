"""Checks of tensors: right numbers get a ✓, and whatever is corrupted turns its mark."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer.core.functions.all  # noqa: F401  gives tensors their methods
from tests.tensor_programs import TensorProgram, tensor_programs
from tracer.core.autograd import grad
from tracer.core.columns import Columns
from tracer.core.op import OPS
from tracer.core.record import record
from tracer.core.tensor import Tensor
from tracer.core.value import Value
from tracer.explain.proof import check_at, check_node, check_trace
from tracer.explain.tensor_check import element
from tracer.trace.trace import Trace


def tensor(values: Any, requires_grad: bool = True, dtype: str = "float32") -> Any:
    return Tensor._wrap(np.array(values, dtype), requires_grad)


def two_layers(dtype: str = "float32") -> Trace:
    rng = np.random.default_rng(3)
    with record() as rec:
        x = tensor(rng.normal(size=(5, 3)), False, dtype).named("x")
        w, b = (
            tensor(rng.normal(size=(3, 4)), dtype=dtype).named("w"),
            tensor(rng.normal(size=4), dtype=dtype).named("b"),
        )
        v = tensor(rng.normal(size=(4, 2)), dtype=dtype).named("v")
        h = (x @ w + b).relu().named("h")
        L = ((h @ v) ** 2).mean().named("L")
        L.backward()
    return rec.trace


def corrupted(columns: Columns, row: int, place: int, by: float = 0.2) -> Columns:
    """One element of one array of the arena changed by a fifth of its size, or of 1 where it is small."""
    array = columns.arena[row].copy()
    flat = array.reshape(-1)
    flat[place] += by * max(abs(float(flat[place])), 1.0)
    arena = list(columns.arena)
    arena[row] = array
    return replace(columns, arena=tuple(arena))


@settings(max_examples=30)
@given(tensor_programs())
def test_no_right_number_is_called_wrong(program: TensorProgram) -> None:
    """Whatever the program does: kinks, hooks, several passes, both dtypes."""
    found = check_trace(program.run().trace)
    assert found.ok, found.summary.en


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_gradient_of_a_right_pass_is_checked(dtype: str) -> None:
    trace = two_layers(dtype)
    found = check_trace(trace)
    marks = {trace.label(node): found.of(node).mark for node in range(trace.n_nodes)}
    assert {marks[name] for name in ("w", "b", "v", "L")} == {"✓"}
    assert set(marks.values()) <= {"✓", "", "?"}
    assert found.counts["nudged"] == len(trace.passes[0].columns.nodes)
    assert "Nothing is wrong" in found.summary.en


@pytest.mark.parametrize("name", ["w", "b", "v", "h", "L"])
def test_one_corrupted_element_of_a_gradient_turns_its_mark(name: str) -> None:
    trace = two_layers()
    node, this = int(trace.find(name)), trace.passes[0]
    slots = this.columns.slots
    assert slots is not None
    row = int(slots[this.columns.nodes.tolist().index(node)])
    for place in range(trace.columns.arena[row].size):
        bad = Trace(corrupted(trace.columns, row, place))
        check = check_node(bad, node)
        assert check.mark == "✗"
        assert element(f"{name}.grad", trace.shape(node), place) in check.reason.en
        assert check.reason.en != check.reason.ja
    assert not check_trace(bad).ok


def test_one_corrupted_element_of_a_value_turns_its_mark() -> None:
    trace = two_layers()
    for node in (n for n in range(trace.n_nodes) if trace.op(n) is not None):
        bad = Trace(corrupted(trace.columns, int(trace.columns.slot[node]), 0))
        assert check_node(bad, node).mark == "✗"
        first = check_trace(bad).first_wrong
        assert first is not None
        assert first.mark == "✗"


@pytest.mark.parametrize("name", ["relu", "matmul", "pow", "mean", "add"])
def test_one_wrong_rule_turns_marks(name: str) -> None:
    """Wrong when the program ran, or wrong only now: both are found."""
    right = two_layers()
    spec = OPS[name].inputs[0]
    rule = spec.vjp
    assert rule is not None
    object.__setattr__(spec, "vjp", lambda *args, **static: rule(*args, **static) * 1.01)
    try:
        for trace in (two_layers(), Trace(right.columns)):
            found = check_trace(trace)
            assert not found.ok
            assert found.first_wrong is not None
            assert found.first_wrong.mark == "✗"
    finally:
        object.__setattr__(spec, "vjp", rule)
    assert check_trace(right).ok


def test_a_wrong_rule_is_named() -> None:
    spec = OPS["tanh"].inputs[0]
    rule = spec.vjp
    assert rule is not None
    object.__setattr__(spec, "vjp", lambda *args, **static: rule(*args, **static) * 1.01)
    try:
        with record() as rec:
            x = tensor([0.5, 0.2]).named("x")
            x.tanh().sum().backward()
        assert "the rule of tanh says" in check_node(rec.trace, "x").reason.en
    finally:
        object.__setattr__(spec, "vjp", rule)


def test_a_kink_is_said_with_the_node() -> None:
    with record() as rec:
        x = tensor([1.0, 0.0, -1.0]).named("x")
        y = x.relu().named("y")
        y.sum().backward()
    check = check_node(rec.trace, "x")
    assert check.mark == "?"
    assert "a kink: y = relu(x)" in check.reason.en
    with record() as rec:
        x = tensor([1.0, 1.0]).named("x")
        x.amax(dim=0).backward()
    assert check_node(rec.trace, "x").mark == "?"
    assert check_trace(rec.trace).unchecked["kink"] == 1


def test_a_hooked_gradient_is_not_judged() -> None:
    with record() as rec:
        x = tensor([1.0, 2.0]).named("x")
        y = (x * 3).named("y")
        y.register_hook(lambda g: g * 2)
        y.sum().backward()
    for name in ("x", "y"):
        check = check_node(rec.trace, name)
        assert check.mark == "?"
        assert "hook" in check.reason.en
    assert check_trace(rec.trace).ok


def test_detached_values_are_held_constant() -> None:
    with record() as rec:
        x = tensor([1.0, 2.0]).named("x")
        (x * x.detach()).sum().backward()
    assert check_node(rec.trace, "x").mark == "✓"


def test_what_a_leaf_held_before_counts() -> None:
    with record() as rec:
        x = tensor([1.0, 2.0]).named("x")
        for _ in range(2):
            (x * x).sum().backward()
        x._grad.zero_()
        (x * x).sum().backward()
        grad((x * 5).sum(), [x])
    assert [check_node(rec.trace, "x", p).mark for p in range(4)] == ["✓"] * 4


def test_a_large_tensor_is_moved_along_directions() -> None:
    with record() as rec:
        x = tensor(np.linspace(-1, 1, 100)).named("x")
        x.sin().sum().backward()
    assert "random directions" in check_node(rec.trace, "x").reason.en
    assert check_node(rec.trace, "x").mark == "✓"


def test_not_finite_is_said() -> None:
    with record() as rec:
        x = tensor([0.0, 1.0]).named("x")
        x.log().sum().backward()
    check = check_node(rec.trace, "x")
    assert (check.mark, "not finite" in check.reason.en) == ("?", True)


def half_precision(scale: float) -> Trace:
    """Two routes with the same slope, 2 ** -16; one of them leads through 2 ** -26, which float16 has not."""
    with record() as rec:
        w = tensor([1.0, 1.0]).named("w")
        h = (w.half() * tensor([1024.0, 4.0], False, "float16")).named("h")
        out = h * tensor([1 / 1024, 1 / 4], False, "float16")
        L = (out.float().sum() / 65536 * scale).named("L")
        L.backward()
    return rec.trace


def test_a_gradient_that_float16_lost_earns_no_mark_of_being_right() -> None:
    """Its rules were followed, but it is not the slope; what is told is where, and what float64 has there."""
    trace = half_precision(1.0)
    for name, right in (("h", "1.49e-8"), ("w", "1.526e-5")):
        found = check_node(trace, trace.find(name))
        assert found.mark == "?"
        assert found.reason.en == (
            f"∂L/∂{name}[0] is 0 because a number on its way was too small for float16 and became 0; "
            f"in float64 it is {right}"
        )
    whole = check_trace(trace)
    assert whole.ok
    assert whole.summary.en.endswith("3 gradients could not be: 3 partly rounded to 0 on the way.")
    scaled = half_precision(1024.0)
    assert {check_node(scaled, scaled.find(name)).mark for name in ("h", "w", "L")} == {"✓"}


def test_zeros_that_are_zeros_in_float16_stay_right() -> None:
    """Shut gates, and terms that cancel."""
    with record() as rec:
        x = tensor([-1.0, 2.0, -0.5, 3.0], dtype="float16").named("x")
        L = (x.relu().sum() + (x.softmax(dim=0)).sum() * 0.25).named("L")
        L.backward()
    found = check_node(rec.trace, rec.trace.find("x"))
    assert found.mark == "✓", found.reason.en


def test_a_gradient_of_zero_that_rounding_leaves_is_no_error() -> None:
    """softmax sums to 1 whatever its input is: float32 leaves 1e-9, the slope is 0."""
    with record() as rec:
        x = tensor(np.random.default_rng(0).normal(size=(3, 5))).named("x")
        x.softmax(dim=1).sum().backward()
    assert check_trace(rec.trace).ok


def test_numbers_and_tensors_in_one_trace() -> None:
    with record() as rec:
        a = Value(2.0, name="a")
        (a * a).backward()
        x = tensor([1.0, 2.0]).named("x")
        (x * x).sum().backward()
    found = check_trace(rec.trace)
    assert found.ok
    assert [found.of(rec.trace.resolve(one)).mark for one in (a, x)] == ["✓", "✓"]
    assert found.counts["nudged"] == 5


def test_no_mark_before_the_gradient_is_complete() -> None:
    trace = two_layers()
    this, w = trace.passes[0], trace.find("w")
    assert check_at(trace.cursor(this.start), w).mark == "?"
    assert check_at(trace.cursor(-1), w).mark == "✓"


@settings(max_examples=20)
@given(tensor_programs(max_steps=5, events=False), st.data())
def test_any_corrupted_gradient_is_found(program: TensorProgram, data: st.DataObject) -> None:
    """Of any node in any pass; the survey finds something wrong, wherever it is."""
    trace = program.run().trace
    rows = [int(row) for p in trace.passes for row in (() if p.columns.slots is None else p.columns.slots)]
    rows = [row for row in rows if row not in trace.columns.slot]
    if not rows:
        return
    row = data.draw(st.sampled_from(sorted(set(rows))))
    place = data.draw(st.integers(0, trace.columns.arena[row].size - 1))
    assert not check_trace(Trace(corrupted(trace.columns, row, place, by=0.5))).ok
