"""Losses that measure a distance, and those of yes and no: beside PyTorch, and at their ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.core.ops.beside import COUNTS, Call, Case, beside, hold, numbers, seeds, shapes
from tracer.core.tensor import Tensor
from tracer.nn import functional as F

Drawn = tuple[Call, Sequence[np.ndarray]]
REDUCTIONS = st.sampled_from(["mean", "sum", "none"])


def apart(name: str, option: str = "") -> Case:
    """Input, target and perhaps a weight, all of one shape; targets receive gradient too."""

    def case(draw: st.DrawFn) -> Drawn:
        shape = shapes(draw)
        options: dict[str, Any] = {"reduction": draw(REDUCTIONS)}
        if option:
            options[option] = draw(st.floats(0.1, 3))
        weights = []
        if name in ("mse_loss", "l1_loss") and draw(st.booleans()):
            weights = [np.abs(numbers(draw, shape)) + 0.1]

        def call(module: Any, a: Any, b: Any, *more: Any) -> Any:
            return getattr(module, name)(a, b, **options, **({"weight": more[0]} if more else {}))

        return call, [numbers(draw, shape), numbers(draw, shape), *weights]

    return case


def yes_or_no(draw: st.DrawFn) -> Drawn:
    shape, rng = shapes(draw), np.random.default_rng(draw(seeds))
    weights = [rng.uniform(0.2, 2, draw(st.sampled_from([shape, shape[1:], ()])))] if draw(st.booleans()) else []
    reduction = draw(REDUCTIONS)

    def call(module: Any, p: Any, t: Any, *more: Any) -> Any:
        return module.binary_cross_entropy(p, t, *(w.detach() for w in more), reduction=reduction)

    return call, [rng.uniform(0.05, 0.95, shape), rng.uniform(0, 1, shape), *weights]


def yes_or_no_of_scores(draw: st.DrawFn) -> Drawn:
    shape, rng = shapes(draw, 1), np.random.default_rng(draw(seeds))
    names = draw(st.lists(st.sampled_from(["weight", "pos_weight"]), unique=True))
    weights = [rng.uniform(0.2, 2, draw(st.sampled_from([shape, shape[-1:]]))) for _ in names]
    reduction = draw(REDUCTIONS)

    def call(module: Any, x: Any, t: Any, *more: Any) -> Any:
        given = {name: w.detach() for name, w in zip(names, more, strict=True)}
        return module.binary_cross_entropy_with_logits(x, t, reduction=reduction, **given)

    return call, [rng.normal(0, 4, shape), rng.uniform(0, 1, shape), *weights]


def divergence(draw: st.DrawFn) -> Drawn:
    shape, logs = shapes(draw, 1), draw(st.booleans())
    reduction = draw(st.sampled_from(["mean", "sum", "none", "batchmean"]))
    target = numbers(draw, shape)
    arrays = [numbers(draw, shape), target if logs else np.abs(target) + 0.01]
    return lambda module, a, b: module.kl_div(a, b, reduction=reduction, log_target=logs), arrays


CASES: dict[str, Case] = {
    "mse_loss": apart("mse_loss"),
    "l1_loss": apart("l1_loss"),
    "smooth_l1_loss": apart("smooth_l1_loss", "beta"),
    "huber_loss": apart("huber_loss", "delta"),
    "binary_cross_entropy": yes_or_no,
    "binary_cross_entropy_with_logits": yes_or_no_of_scores,
    "kl_div": divergence,
}


@pytest.mark.oracle
@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides the total loss")
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("name", CASES)
def test_value_and_every_gradient_are_pytorchs(name: str, count: int) -> None:
    hold(count, CASES[name])


@pytest.mark.oracle
@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
@pytest.mark.parametrize("second", [(3,), (2, 1), (1,), ()])
def test_a_target_of_another_shape_is_spread_as_pytorch_spreads_it(name: str, second: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(2, 3)), rng.normal(size=second)]
    for pair in (arrays, arrays[::-1]):
        beside(lambda module, a, b: getattr(module, name)(a, b), pair, "float64")


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_scores_far_out_cost_what_they_cost_in_pytorch(dtype: str) -> None:
    """No logarithm of 0 arises, however sure the answer."""
    scores = np.array([1e4, -1e4, 800.0, -800.0, 0.0, 40.0])
    for target in (np.zeros(6), np.ones(6)):
        call = lambda module, x, t: module.binary_cross_entropy_with_logits(x, t)  # noqa: E731
        beside(call, [scores, target], dtype)


@pytest.mark.oracle
def test_a_sure_and_wrong_probability_costs_a_hundred() -> None:
    """PyTorch cuts the logarithm off there, and the gradient at 10^12."""
    arrays = [np.array([0.0, 1.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0, 1.0])]
    got, _ = beside(lambda module, p, t: module.binary_cross_entropy(p, t, reduction="none"), arrays, "float64")
    np.testing.assert_allclose(got._array, [100, 100, 0, 0])


@pytest.mark.oracle
def test_a_mean_over_nothing_is_pytorchs() -> None:
    for name in ("mse_loss", "smooth_l1_loss", "binary_cross_entropy_with_logits"):
        arrays = [np.zeros((0, 2)), np.zeros((0, 2))]
        beside(lambda module, a, b, name=name: getattr(module, name)(a, b), arrays, "float32")


def test_a_squared_error_pulls_by_twice_the_error() -> None:
    a = Tensor._wrap(np.array([1.0, 5.0]), requires_grad=True)
    loss = F.mse_loss(a, Tensor._wrap(np.array([0.0, 2.0])))
    loss.backward()
    assert loss.item() == 5
    np.testing.assert_allclose(a._grad._array, [1, 3])  # type: ignore[union-attr]


def test_the_gradient_of_yes_or_no_is_probability_minus_target() -> None:
    x = Tensor._wrap(np.array([0.0, 2.0]), requires_grad=True)
    F.binary_cross_entropy_with_logits(x, Tensor._wrap(np.array([1.0, 0.0])), reduction="sum").backward()
    np.testing.assert_allclose(x._grad._array, [-0.5, 1 / (1 + np.exp(-2))])  # type: ignore[union-attr]
