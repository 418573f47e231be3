"""First values and where they lie."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tracer import nn
from tracer.core.functions.all import FUNCTIONS as T
from tracer.core.record import record
from tracer.errors import ArgumentError
from tracer.nn import init


def numbers(tensor: Any) -> Any:
    return tensor._array


def test_constants() -> None:
    p = nn.Parameter(T.empty(2, 3))
    assert init.ones_(p) is p
    assert (numbers(p) == 1).all()
    assert (numbers(init.zeros_(p)) == 0).all()
    assert (numbers(init.constant_(p, 2.5)) == 2.5).all()
    assert numbers(init.eye_(p)).tolist() == [[1, 0, 0], [0, 1, 0]]
    with pytest.raises(ArgumentError, match="must have 2"):
        init.eye_(T.ones(3))


@pytest.mark.parametrize(
    ("fill", "bound"),
    [
        (lambda t: init.uniform_(t, -2.0, 2.0), 2.0),
        (lambda t: init.xavier_uniform_(t, gain=2.0), 2 * math.sqrt(6 / 150)),
        (lambda t: init.kaiming_uniform_(t), math.sqrt(2) * math.sqrt(3 / 50)),
        (lambda t: init.kaiming_uniform_(t, mode="fan_out", nonlinearity="linear"), math.sqrt(3 / 100)),
        (lambda t: init.kaiming_uniform_(t, a=math.sqrt(5)), 1 / math.sqrt(50)),
        (lambda t: init.trunc_normal_(t, std=1.0, a=-0.5, b=0.5), 0.5),
    ],
)
def test_even_ones_fill_their_range(fill: Any, bound: float) -> None:
    """Within it, and nearly up to both ends. The tensor has fan in 50 and fan out 100."""
    T.manual_seed(0)
    found = numbers(fill(T.empty(100, 50)))
    assert -bound <= found.min() < -0.98 * bound
    assert 0.98 * bound < found.max() <= bound


@pytest.mark.parametrize(
    ("fill", "mean", "std"),
    [
        (lambda t: init.normal_(t, 3.0, 0.5), 3.0, 0.5),
        (lambda t: init.xavier_normal_(t), 0.0, math.sqrt(2 / 150)),
        (lambda t: init.kaiming_normal_(t, nonlinearity="relu"), 0.0, math.sqrt(2 / 50)),
        (lambda t: init.kaiming_normal_(t, mode="fan_out", nonlinearity="tanh"), 0.0, 5 / 3 / 10),
        (lambda t: init.trunc_normal_(t, std=0.02), 0.0, 0.02),
    ],
)
def test_normal_ones_have_their_width(fill: Any, mean: float, std: float) -> None:
    T.manual_seed(0)
    found = numbers(fill(T.empty(100, 50)))
    assert abs(found.mean() - mean) < std / 20
    assert abs(found.std() - std) < std / 20


def test_a_tail_is_drawn_in_another_way() -> None:
    """From 2 to 4 standard deviations little would be left of plain draws; their mean is 2.37."""
    T.manual_seed(0)
    found = numbers(init.trunc_normal_(T.empty(2000), a=2.0, b=4.0))
    assert 2 <= found.min() < 2.01
    assert 2.3 < found.mean() < 2.45
    with pytest.warns(UserWarning, match="more than 2 std"):
        init.trunc_normal_(T.empty(1), mean=9.0)


@pytest.mark.parametrize(
    ("name", "gain"),
    [("linear", 1), ("conv2d", 1), ("sigmoid", 1), ("tanh", 5 / 3), ("relu", math.sqrt(2)), ("selu", 0.75)],
)
def test_gains(name: str, gain: float) -> None:
    assert init.calculate_gain(name) == pytest.approx(gain)


def test_a_leaky_relus_gain_depends_on_its_slope() -> None:
    assert init.calculate_gain("leaky_relu", 1.0) == 1.0
    assert init.calculate_gain("leaky_relu") == pytest.approx(math.sqrt(2 / 1.0001))
    with pytest.raises(ArgumentError, match="not a number"):
        init.calculate_gain("leaky_relu", True)
    with pytest.raises(ArgumentError, match="unsupported nonlinearity 'swish'"):
        init.calculate_gain("swish")


def test_a_bias_has_no_fan() -> None:
    with pytest.raises(ArgumentError, match="no fan in and fan out") as caught:
        init.xavier_uniform_(T.empty(3))
    assert isinstance(caught.value, ValueError)
    with pytest.raises(ArgumentError, match="mode 'in'"):
        init.kaiming_normal_(T.empty(3, 3), mode="in")


def test_a_kernel_counts_as_often_as_it_has_places() -> None:
    assert init.fans(T.empty(8, 4, 3, 5)) == (60, 120)


def test_nothing_to_fill_is_warned_of() -> None:
    with pytest.warns(UserWarning, match="zero-element"):
        init.kaiming_uniform_(T.empty(0, 3))


@pytest.mark.parametrize("fill", [init.normal_, init.kaiming_uniform_, init.trunc_normal_, init.ones_, init.zeros_])
def test_filling_a_recorded_parameter_is_one_update(fill: Any) -> None:
    layer = nn.Linear(3, 3)
    with record() as rec:
        fill(layer.weight)
    assert len(rec.columns().updates.node) == 1
    assert len(rec.columns().op) == 1
    np.testing.assert_array_equal(rec.columns().arena[rec.columns().updates.slot[0]], numbers(layer.weight))
