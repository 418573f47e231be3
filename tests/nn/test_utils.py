"""Clipping, and all parameters as one vector, by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tracer.core.functions.all import FUNCTIONS as T
from tracer.core.record import record
from tracer.errors import GraphError, ShapeError
from tracer.nn.utils import clip_grad_norm_, clip_grad_value_, parameters_to_vector, vector_to_parameters


def leaf(*grad: float) -> Any:
    made = T.zeros(len(grad), dtype=T.tensor(0.0).double().dtype, requires_grad=True)
    made.grad = T.tensor(list(grad), dtype=made.dtype)
    return made


def test_gradients_shrink_together_to_the_norm() -> None:
    """(3, 0) and (0, 4) have the norm 5 together; at most 1 makes them (0.6, 0) and (0, 0.8)."""
    a, b = leaf(3.0, 0.0), leaf(0.0, 4.0)
    norm = clip_grad_norm_([a, b, T.zeros(1, requires_grad=True)], 1.0)
    assert norm.item() == 5.0
    assert a.grad._array.tolist() == pytest.approx([0.6, 0.0], rel=1e-6)
    assert b.grad._array.tolist() == pytest.approx([0.0, 0.8], rel=1e-6)


def test_a_small_norm_is_left_alone() -> None:
    """And records nothing."""
    a = leaf(3.0, 4.0)
    with record() as rec:
        assert clip_grad_norm_(a, 5.1).item() == 5.0
    assert a.grad._array.tolist() == [3.0, 4.0]
    assert len(rec.columns().writes.node) == 0


@pytest.mark.filterwarnings("error")
def test_a_norm_that_overflows_says_nothing() -> None:
    """As in PyTorch: it is inf, and the gradients become 0; one that is nan spreads."""
    a, b = leaf(1e300, 1.0), leaf(math.nan)
    assert clip_grad_norm_(a, 1.0).item() == math.inf
    assert a.grad._array.tolist() == [0.0, 0.0]
    assert math.isnan(clip_grad_norm_(b, 1.0).item())
    clip_grad_value_(leaf(math.inf, math.nan), 1.0)


@pytest.mark.parametrize(("kind", "norm"), [(1.0, 7.0), (math.inf, 4.0), ("inf", 4.0), (0, 2.0)])
def test_other_norms(kind: Any, norm: float) -> None:
    assert clip_grad_norm_([leaf(3.0), leaf(-4.0), leaf()], 100.0, norm_type=kind).item() == pytest.approx(norm)


def test_without_gradients_the_norm_is_zero() -> None:
    assert clip_grad_norm_([], 1.0).item() == 0.0
    with pytest.warns(UserWarning, match="empty generator"):
        clip_grad_norm_((p for p in ()), 1.0)


def test_a_norm_that_is_not_finite_is_an_error_if_asked() -> None:
    """Otherwise it spreads: everything becomes nan or 0, as in PyTorch."""
    a = leaf(math.inf, 1.0)
    with pytest.raises(GraphError, match="is inf; it cannot be clipped") as caught:
        clip_grad_norm_(a, 1.0, error_if_nonfinite=True)
    assert isinstance(caught.value, RuntimeError)
    assert a.grad._array.tolist() == [math.inf, 1.0]
    clip_grad_norm_(a, 1.0)
    assert math.isnan(a.grad._array[0])
    assert a.grad._array[1] == 0.0


def test_values_are_cut_off() -> None:
    a = leaf(-3.0, 0.5, 2.0)
    clip_grad_value_([a], 1.0)
    assert a.grad._array.tolist() == [-1.0, 0.5, 1.0]


def test_clipping_is_an_event_on_each_gradient_that_changes() -> None:
    """What the norm was computed from becomes no part of the graph."""
    a, b = leaf(3.0, 0.0), leaf(0.0, 4.0)
    with record() as rec:
        clip_grad_norm_([a, b], 1.0)
    columns = rec.columns()
    assert not columns.op.any()
    writes = columns.writes
    last = {int(node): columns.arena[slot].tolist() for node, slot in zip(writes.node, writes.slot, strict=True)}
    assert last[0] == pytest.approx([0.6, 0.0], rel=1e-6)
    assert last[1] == pytest.approx([0.0, 0.8], rel=1e-6)


def test_parameters_become_one_vector_and_back() -> None:
    """The way there has gradients; the way back writes into the same parameters."""
    a, b = T.tensor([[1.0, 2.0], [3.0, 4.0]]).requires_grad_(), T.tensor([5.0]).requires_grad_()
    vector = parameters_to_vector([a, b])
    assert vector._array.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
    (vector * T.arange(5)).sum().backward()
    assert (a.grad._array.tolist(), b.grad._array.tolist()) == ([[0.0, 1.0], [2.0, 3.0]], [4.0])
    vector_to_parameters(vector.detach() * 10, (p for p in (a, b)))
    assert (a._array.tolist(), b._array.tolist()) == ([[10.0, 20.0], [30.0, 40.0]], [50.0])
    assert a.is_leaf
    assert a.requires_grad
    with pytest.raises(ShapeError, match=r"5 elements.*3"):
        vector_to_parameters(T.ones(3), [a, b])
    assert a._array.tolist() == [[10.0, 20.0], [30.0, 40.0]]
