"""A recorded graph of tensors run again: the same numbers, and what nudging moves."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings

import tracer.core.functions.all  # noqa: F401  gives tensors their methods
from tests.tensor_programs import TensorProgram, tensor_programs
from tracer.core.grad_mode import no_grad
from tracer.core.record import record
from tracer.core.tensor import Tensor
from tracer.core.tensor_replay import TensorReplay


def tensor(values: Any, requires_grad: bool = True, dtype: str = "float64") -> Any:
    return Tensor._wrap(np.array(values, dtype), requires_grad)


@settings(max_examples=40)
@given(tensor_programs(dtype="float64"))
def test_in_float64_it_computes_what_a_float64_program_computed(program: TensorProgram) -> None:
    trace = program.run().trace
    for this in trace.passes:
        replay = TensorReplay(trace.columns, this.root)
        for node, number in replay.forward().items():
            np.testing.assert_allclose(number, trace.value(node), rtol=1e-12)
        if this.columns.hooked:
            continue
        for node, g in replay.backward(this.seed).items():
            deliveries = this.deliveries_to(node).tolist()
            if deliveries:
                np.testing.assert_allclose(g, trace.total(this.index, node, deliveries), rtol=1e-9, atol=1e-12)


@settings(max_examples=40)
@given(tensor_programs(smooth=True, events=False))
def test_the_gradient_is_the_slope_that_nudging_a_leaf_shows(program: TensorProgram) -> None:
    """Along one random direction, for every leaf that the last pass reached."""
    ran = program.run()
    rng = np.random.default_rng(1)
    for this in ran.trace.passes:
        replay = TensorReplay(ran.trace.columns, this.root)
        grads = replay.backward(this.seed)
        for leaf in (node for node in grads if not replay.computed(node)):
            way = rng.normal(size=grads[leaf].shape)
            up, down = (replay.forward({leaf: h * way})[this.root].sum() for h in (1e-6, -1e-6))
            np.testing.assert_allclose((up - down) / 2e-6, (grads[leaf] * way).sum(), rtol=1e-4, atol=1e-6)


def test_what_takes_no_gradient_stays_where_it_was() -> None:
    with record() as rec:
        x = tensor([1.0, 2.0])
        y = (x * x.detach()).sum()
        with no_grad():
            frozen = x * 10
        L = y + frozen.sum()
    trace = rec.trace
    replay = TensorReplay(trace.columns, trace.resolve(L))
    moved = replay.forward({trace.resolve(x): np.array([1.0, 0.0])})
    assert float(moved[trace.resolve(y)]) == 2 * 1 + 2 * 2
    assert float(moved[trace.resolve(L)]) == 6 + 30
    np.testing.assert_array_equal(moved[trace.resolve(frozen)], [10, 20])


def test_an_updated_leaf_has_the_numbers_of_each_use() -> None:
    with record() as rec:
        w = tensor([1.0, 2.0])
        first = (w * 3).sum()
        with no_grad():
            w.mul_(10)
        L = first + (w * 5).sum()
    trace = rec.trace
    replay = TensorReplay(trace.columns, trace.resolve(L))
    assert float(replay.forward()[trace.resolve(L)]) == 3 * 3 + 30 * 5
    moved = replay.forward({trace.resolve(w): np.array([1.0, 0.0])})
    assert float(moved[trace.resolve(L)]) == 3 * 3 + 30 * 5 + 8


def test_a_nudge_reaches_no_further_than_what_follows_from_it() -> None:
    with record() as rec:
        a, b = tensor([1.0]).named("a"), tensor([2.0]).named("b")
        left, right = (a * 2).named("left"), (b * 2).named("right")
        L = (left + right).sum()
    trace = rec.trace
    replay = TensorReplay(trace.columns, trace.resolve(L))
    found = replay.descendants({trace.resolve(a): 1.0})
    assert trace.resolve(left) in found
    assert trace.resolve(right) not in found


def test_float32_is_run_again_in_float64_casts_included() -> None:
    with record() as rec:
        x = tensor([0.1], dtype="float32")
        y = (x.half().float() * 3).sum()
    trace = rec.trace
    values = TensorReplay(trace.columns, trace.resolve(y)).forward()
    assert float(values[trace.resolve(y)]) == 3 * float(np.float32(0.1))
