"""Reductions on plain arrays: axes given back, zeros in products, constants, how applications are written."""

from __future__ import annotations

import numpy as np
import pytest

from tracer.core.op import OPS
from tracer.core.ops.reduce import count, kept, spread


def test_axes_come_back_at_length_1() -> None:
    assert kept((2, 3, 4), (1,)) == (2, 1, 4)
    assert kept((2, 3), None) == (1, 1)
    assert spread(np, np.zeros((2, 4)), (2, 3, 4), (1,), False).shape == (2, 1, 4)
    assert count((2, 3, 4), (0, 2)) == 8
    assert count((2, 3), None) == 6
    assert count((), ()) == 1


def test_a_sum_copies_its_gradient_to_every_element() -> None:
    """Row sums hand row gradients to their rows."""
    x, g = np.ones((2, 3)), np.array([1.0, 2.0])
    rule = OPS["sum"].inputs[0].vjp
    assert rule is not None
    np.testing.assert_array_equal(rule(np, g, None, x, dim=(1,), keepdim=False), [[1, 1, 1], [2, 2, 2]])


@pytest.mark.parametrize("zeros", [0, 1, 2, 3])
def test_a_product_hands_back_the_product_of_the_others(zeros: int) -> None:
    x = np.array([2.0, 3.0, 4.0])
    x[:zeros] = 0
    rule = OPS["prod"].inputs[0].vjp
    assert rule is not None
    others = [np.prod(np.delete(x, i)) for i in range(3)]
    np.testing.assert_allclose(rule(np, np.array(1.0), np.prod(x), x, dim=None, keepdim=False), others)


def test_a_running_product_hands_back_the_other_factors_past_zeros_too() -> None:
    x = np.array([2.0, 0.0, 3.0, 0.0, 5.0])
    g = np.array([1.0, 10.0, 100.0, 1000.0, 10000.0])
    rule = OPS["cumprod"].inputs[0].vjp
    assert rule is not None
    expected = [sum(g[j] * np.prod(np.delete(x[: j + 1], k)) for j in range(k, 5)) for k in range(5)]
    np.testing.assert_allclose(rule(np, g, np.cumprod(x), x, dim=0), expected)


def test_how_reductions_are_written() -> None:
    assert OPS["sum"].written(["x"], {"dim": None, "keepdim": False}) == "sum(x)"
    assert OPS["mean"].written(["x"], {"dim": (1,), "keepdim": False}) == "mean(x, dim=1)"
    assert OPS["amax"].written(["x"], {"dim": (0, 2), "keepdim": True}) == "amax(x, dim=(0, 2))"
    assert OPS["norm"].written(["x"], {"p": 2.0, "dim": None}) == "‖x‖"
    assert OPS["norm"].written(["x"], {"p": 1.0, "dim": None}) == "‖x‖1"


@pytest.mark.parametrize(
    ("dtype", "result"), [("int64", "int64"), ("bool", "int64"), ("uint8", "int64"), ("float32", "float32")]
)
def test_sums_of_whole_numbers_and_answers_are_int64(dtype: str, result: str) -> None:
    x = np.ones((2, 3), dtype)
    for name in ("sum", "prod"):
        assert OPS[name].run(x, dim=None, keepdim=False)[0].dtype == result
    assert OPS["cumsum"].run(x, dim=0)[0].dtype == result
