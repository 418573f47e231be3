"""Softmax, its logarithm and the linear layer: beside PyTorch, and the numbers a learner meets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.core.ops.beside import COUNTS, Call, Case, beside, hold, numbers, shapes, sizes
from tracer.core.op import find_op
from tracer.core.tensor import Tensor
from tracer.nn import functional as F

Drawn = tuple[Call, Sequence[np.ndarray]]


def along(name: str) -> Case:
    """A softmax along any axis, counted from either end."""

    def case(draw: st.DrawFn) -> Drawn:
        shape = shapes(draw, 0, 4)
        axes = max(len(shape), 1)
        dim = draw(st.integers(-axes, axes - 1))
        return lambda module, x: getattr(module, name)(x, dim), [numbers(draw, shape, draw(st.sampled_from([1, 20])))]

    return case


def linear(draw: st.DrawFn) -> Drawn:
    shape, width, outputs = shapes(draw, 0, 3), draw(sizes), draw(sizes)
    arrays = [numbers(draw, (*shape, width)), numbers(draw, (outputs, width))]
    if draw(st.booleans()):
        arrays.append(numbers(draw, draw(st.sampled_from([(outputs,), (1,), ()]))))
    return lambda module, *xs: module.linear(*xs), arrays


def linear_of_one(draw: st.DrawFn) -> Drawn:
    width = draw(sizes)
    arrays = [numbers(draw, (*shapes(draw, 0, 2), width)), numbers(draw, (width,))]
    return lambda module, x, w: module.linear(x, w), arrays


CASES: dict[str, Case] = {
    "softmax": along("softmax"),
    "log_softmax": along("log_softmax"),
    "softmin": along("softmin"),
    "linear": linear,
    "linear of one output": linear_of_one,
}


@pytest.mark.oracle
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("name", CASES)
def test_value_and_every_gradient_are_pytorchs(name: str, count: int) -> None:
    hold(count, CASES[name])


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    "row", [[1000.0, 1001.0, -1000.0], [-np.inf, 0.0, 1.0], [np.inf, 0.0, 1.0], [np.nan, 0.0, 1.0], [-np.inf] * 3]
)
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_huge_and_missing_numbers_are_pytorchs(name: str, row: list[float], dtype: str) -> None:
    beside(lambda module, x: getattr(module, name)(x, 0), [np.array(row)], dtype)


@pytest.mark.oracle
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (2, 0, 2)])
def test_nothing_in_gives_nothing_out(shape: tuple[int, ...]) -> None:
    for name in ("softmax", "log_softmax"):
        beside(lambda module, x, name=name: getattr(module, name)(x, 1), [np.zeros(shape)], "float32")


@pytest.mark.oracle
def test_a_linear_layer_of_nothing_is_pytorchs() -> None:
    beside(lambda module, *xs: module.linear(*xs), [np.zeros((0, 3)), np.ones((2, 3)), np.ones(2)], "float32")
    beside(lambda module, *xs: module.linear(*xs), [np.zeros((2, 0)), np.ones((3, 0)), np.ones(3)], "float32")


def test_softmax_of_one_two_three() -> None:
    """The probabilities of the documents' section 6.5.3."""
    p = F.softmax(Tensor._wrap(np.array([1.0, 2.0, 3.0])), 0)
    np.testing.assert_allclose(p._array, [0.0900, 0.2447, 0.6652], atol=5e-5)
    assert p._array.sum() == pytest.approx(1)


def test_what_all_upstream_gradients_share_moves_no_softmax() -> None:
    """Raising every score by the same amount changes nothing, so the gradients of a row add up to 0."""
    x = Tensor._wrap(np.random.default_rng(0).normal(size=(4, 5)), requires_grad=True)
    F.softmax(x, 1).backward(Tensor._wrap(np.full((4, 5), 3.0)))
    np.testing.assert_allclose(x._grad._array, 0, atol=1e-15)  # type: ignore[union-attr]


def test_softmax_keeps_nothing_but_its_output() -> None:
    op = find_op("softmax")
    assert op.saves == ()
    assert op.inputs[0].reads == {"out"}


def test_a_weights_gradient_is_an_outer_product() -> None:
    """Section 6.5.1: for one row, upstream gradient times input."""
    x, w, b = (
        Tensor._wrap(np.array(a), requires_grad=True)
        for a in ([1.0, 2.0, 3.0], [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], [0.0, 1.0])
    )
    F.linear(x, w, b).backward(Tensor._wrap(np.array([1.0, -2.0])))
    np.testing.assert_allclose(w._grad._array, np.outer([1, -2], [1, 2, 3]))  # type: ignore[union-attr]
    np.testing.assert_allclose(b._grad._array, [1, -2])  # type: ignore[union-attr]
    np.testing.assert_allclose(x._grad._array, [-0.7, -0.8, -0.9])  # type: ignore[union-attr]


def test_a_frozen_weight_keeps_no_input() -> None:
    """What only the weight's rule reads may be overwritten where the weight takes no gradient, as in PyTorch."""
    x, w = (Tensor._wrap(np.ones((2, 2)), requires_grad=flag) for flag in (True, False))
    hidden = x * 1
    out = F.linear(hidden, w)
    hidden += 1
    out.sum().backward()
    np.testing.assert_allclose(x._grad._array, 2)  # type: ignore[union-attr]
