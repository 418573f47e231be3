"""Cross-entropy and likelihood: beside PyTorch with every option, and probability minus target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.core.ops.beside import COUNTS, Call, Case, beside, hold, numbers, seeds, shapes, sizes
from tracer.core.op import find_op
from tracer.core.tensor import Tensor
from tracer.nn import functional as F

Drawn = tuple[Call, Sequence[np.ndarray]]
REDUCTIONS = st.sampled_from(["mean", "sum", "none"])


def classified(name: str) -> Case:
    """Scores of any rank, targets of which some may be ignored, weights or none."""

    def case(draw: st.DrawFn) -> Drawn:
        classes, batch = draw(sizes), draw(st.one_of(st.none(), sizes))
        rest = () if batch is None else shapes(draw, 0, 2)
        rng = np.random.default_rng(draw(seeds))
        front = () if batch is None else (batch,)
        scores = rng.normal(0, 3, (*front, classes, *rest))
        target = rng.integers(0, classes, (*front, *rest))
        ignored = draw(st.sampled_from([-100, -1, 0]))
        if ignored < 0:
            target = np.where(rng.uniform(size=target.shape) < 0.3, ignored, target)
        options: dict[str, Any] = {"reduction": draw(REDUCTIONS), "ignore_index": ignored}
        if name == "cross_entropy":
            options["label_smoothing"] = draw(st.sampled_from([0.0, 0.1, 1.0]))
        weight = rng.uniform(0.2, 2, classes) if draw(st.booleans()) else None

        def call(module: Any, x: Any, t: Any, *more: Any) -> Any:
            return getattr(module, name)(x, t, *(w.detach() for w in more), **options)

        return call, [scores, np.asarray(target), *([] if weight is None else [weight])]

    return case


def soft(draw: st.DrawFn) -> Drawn:
    """Targets that are probabilities; they receive gradient too."""
    batch, classes = draw(sizes), draw(st.integers(2, 4))
    rest = shapes(draw, 0, 1)
    scores, probs = numbers(draw, (batch, classes, *rest), 3), np.abs(numbers(draw, (batch, classes, *rest)))
    options = {"reduction": draw(REDUCTIONS), "label_smoothing": draw(st.sampled_from([0.0, 0.2]))}
    weights = [np.abs(numbers(draw, (classes,))) + 0.1] if draw(st.booleans()) else []

    def call(module: Any, x: Any, t: Any, *more: Any) -> Any:
        return module.cross_entropy(x, t, *(w.detach() for w in more), **options)

    return call, [scores, probs, *weights]


CASES: dict[str, Case] = {
    "cross_entropy": classified("cross_entropy"),
    "nll_loss": classified("nll_loss"),
    "cross_entropy of probabilities": soft,
}


@pytest.mark.oracle
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("name", CASES)
def test_value_and_every_gradient_are_pytorchs(name: str, count: int) -> None:
    hold(count, CASES[name])


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("scores", [[[1e4, -1e4, 0.0]], [[-np.inf, 0.0, 1.0]], [[800.0, 800.0, 800.0]]])
def test_scores_far_apart_are_pytorchs(scores: list[list[float]], dtype: str) -> None:
    for target in range(3):
        beside(lambda module, x, t: module.cross_entropy(x, t), [np.array(scores), np.array([target])], dtype)


@pytest.mark.oracle
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
def test_where_no_row_counts_the_result_is_pytorchs(name: str, reduction: str) -> None:
    """Every row ignored, or no row at all: 0 / 0 for the mean."""
    for scores, target in ((np.ones((2, 3)), np.array([-100, -100])), (np.zeros((0, 3)), np.zeros(0, np.int64))):
        beside(lambda module, x, t: getattr(module, name)(x, t, reduction=reduction), [scores, target], "float64")


def test_the_gradient_is_probability_minus_target() -> None:
    """Section 6.5.3: logits 1, 2, 3, the right class in the middle."""
    x = Tensor._wrap(np.array([1.0, 2.0, 3.0]), requires_grad=True)
    loss = F.cross_entropy(x, Tensor._wrap(np.array(1)))
    loss.backward()
    assert loss.item() == pytest.approx(1.4076, abs=5e-5)
    np.testing.assert_allclose(x._grad._array, [0.0900, -0.7553, 0.6652], atol=5e-5)  # type: ignore[union-attr]


def test_over_a_batch_it_is_divided_by_the_rows_that_count() -> None:
    """(softmax − onehot) / N, and 0 for a row that is ignored."""
    scores = np.random.default_rng(1).normal(size=(4, 3))
    target = np.array([0, 2, -1, 1])
    x = Tensor._wrap(scores, requires_grad=True)
    F.cross_entropy(x, Tensor._wrap(target), ignore_index=-1).backward()
    probs = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    expected = (probs - np.eye(3)[target]) / 3
    expected[2] = 0
    np.testing.assert_allclose(x._grad._array, expected, atol=1e-15)  # type: ignore[union-attr]


def test_a_small_target_type_may_be_ignored_by_a_negative_index() -> None:
    """uint8 has no −100; nothing is ignored then, and nothing breaks."""
    x, target = Tensor._wrap(np.zeros((2, 3))), Tensor._wrap(np.array([0, 2], np.uint8))
    assert F.cross_entropy(x, target).item() == pytest.approx(np.log(3))


def test_the_probabilities_are_kept_for_the_rule() -> None:
    """Computed once, forward; the rule reads no score again."""
    _, saved = find_op("cross_entropy").run(
        np.array([[0.0, 0.0]]), np.array([1]), reduction="mean", ignore_index=-100, label_smoothing=0.0
    )
    np.testing.assert_allclose(saved["probs"], [[0.5, 0.5]])
    assert "input" not in find_op("cross_entropy").inputs[0].reads


def test_the_rule_leaves_what_was_kept_as_it_was() -> None:
    """So a second backward through a retained graph gives the same again."""
    x = Tensor._wrap(np.random.default_rng(2).normal(size=(3, 4)), requires_grad=True)
    loss = F.cross_entropy(x, Tensor._wrap(np.array([0, 1, 2])), label_smoothing=0.1)
    loss.backward(retain_graph=True)
    once = x._grad._array.copy()  # type: ignore[union-attr]
    loss.backward()
    np.testing.assert_allclose(x._grad._array, 2 * once)  # type: ignore[union-attr]


def test_class_weights_say_they_take_no_gradient() -> None:
    for name in ("cross_entropy", "nll_loss"):
        target, weight = find_op(name).inputs[1:]
        assert target.vjp is None
        assert weight.vjp is None
        assert "no gradient" in weight.why.en
