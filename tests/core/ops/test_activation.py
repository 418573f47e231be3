"""Gates: beside PyTorch, at their ends, and what their rules say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.core.ops.beside import COUNTS, Call, Case, beside, hold, numbers, shapes
from tracer.core.op import find_op
from tracer.core.tensor import Tensor
from tracer.nn import functional as F

Drawn = tuple[Call, Sequence[np.ndarray]]


def plain(name: str) -> Case:
    """A function of one tensor and nothing else."""

    def case(draw: st.DrawFn) -> Drawn:
        return lambda module, x: getattr(module, name)(x), [numbers(draw, shapes(draw), 3)]

    return case


def with_number(name: str, argument: str, low: float, high: float) -> Case:
    """A function of one tensor and one option."""

    def case(draw: st.DrawFn) -> Drawn:
        option = draw(st.floats(low, high))
        return lambda module, x: getattr(module, name)(x, **{argument: option}), [numbers(draw, shapes(draw), 3)]

    return case


def gelu(draw: st.DrawFn) -> Drawn:
    approximate = draw(st.sampled_from(["none", "tanh"]))
    return lambda module, x: module.gelu(x, approximate=approximate), [numbers(draw, shapes(draw), 3)]


def softplus(draw: st.DrawFn) -> Drawn:
    beta, threshold = draw(st.floats(0.1, 5)), draw(st.floats(1, 30))
    return lambda module, x: module.softplus(x, beta, threshold), [numbers(draw, shapes(draw), 6)]


def celu(draw: st.DrawFn) -> Drawn:
    """PyTorch's backward rounds alpha to float32, so alpha is one that survives that."""
    alpha = draw(st.sampled_from([0.25, 0.5, 1.0, 2.0]))
    return lambda module, x: module.celu(x, alpha), [numbers(draw, shapes(draw), 3)]


def hardtanh(draw: st.DrawFn) -> Drawn:
    low, high = draw(st.floats(-2, 0)), draw(st.floats(0.5, 2))
    return lambda module, x: module.hardtanh(x, low, high), [numbers(draw, shapes(draw), 2)]


CASES: dict[str, Case] = {
    **{
        name: plain(name)
        for name in ("relu", "sigmoid", "tanh", "silu", "mish", "relu6", "selu", "logsigmoid", "softsign", "tanhshrink")
    },
    "leaky_relu": with_number("leaky_relu", "negative_slope", 0.0, 0.5),
    "elu": with_number("elu", "alpha", 0.1, 2.0),
    "celu": celu,
    "gelu": gelu,
    "softplus": softplus,
    "hardtanh": hardtanh,
}


@pytest.mark.oracle
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("name", CASES)
def test_value_and_gradient_are_pytorchs(name: str, count: int) -> None:
    hold(count, CASES[name])


ENDS = np.array([0.0, -0.0, 1e-30, 50.0, -50.0, 800.0, -800.0, 1e30, -1e30])


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    "name", [name for name in CASES if name not in ("mish", "tanhshrink", "softsign", "hardtanh", "relu6")]
)
def test_far_out_and_at_zero_they_are_pytorchs(name: str, dtype: str) -> None:
    """Large numbers overflow nowhere that PyTorch's do not, and the corner at 0 takes the same side."""
    beside(lambda module, x: getattr(module, name)(x), [ENDS], dtype)


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "sigmoid", "tanh"])
def test_what_is_not_a_number_stays_none(name: str) -> None:
    """A nan must arise where it arises in PyTorch, and reach the end."""
    got, expected = beside(lambda module, x: getattr(module, name)(x).sum(), [np.array([np.nan, 1.0])], "float64")
    assert np.isnan(got.item())
    assert np.isnan(expected.item())


def test_a_leaking_gate_lets_some_gradient_through() -> None:
    x = Tensor._wrap(np.array([-2.0, 3.0]), requires_grad=True)
    F.leaky_relu(x, 0.1).sum().backward()
    np.testing.assert_allclose(x._grad._array, [0.1, 1.0])  # type: ignore[union-attr]


def test_gelu_keeps_its_gate_for_the_rule() -> None:
    """The share of the bell curve below each number: computed once, at 0 a half."""
    out, saved = find_op("gelu").run(np.array([0.0, 100.0, -100.0]), approximate="none")
    np.testing.assert_allclose(saved["gate"], [0.5, 1.0, 0.0])
    np.testing.assert_allclose(out, [0.0, 100.0, 0.0])


@pytest.mark.parametrize(
    ("name", "what"), [("gelu", "gelu(x)"), ("leaky_relu", "leaky_relu(x, 0.2)"), ("silu", "silu(x)")]
)
def test_an_application_is_written_as_its_call(name: str, what: str) -> None:
    static: dict[str, Any] = {"gelu": {"approximate": "none"}, "leaky_relu": {"negative_slope": 0.2}}.get(name, {})
    assert find_op(name).written(["x"], static) == what
