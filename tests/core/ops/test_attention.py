"""Attention: beside PyTorch with every kind of mask, its weights computed once, nothing from the future."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.core.ops.beside import COUNTS, Call, beside, hold, numbers, seeds, sizes
from tracer.core.op import find_op
from tracer.core.ops import attention
from tracer.core.tensor import Tensor
from tracer.nn import functional as F

Drawn = tuple[Call, Sequence[np.ndarray]]


def masked(draw: st.DrawFn) -> Drawn:
    """Any number of batch axes, as many keys as queries or not, and no mask, a causal one, bools, or numbers."""
    batch = tuple(draw(st.lists(st.integers(1, 3), max_size=2)))
    queries, keys, size, out = (draw(sizes) for _ in range(4))
    options: dict[str, Any] = {"scale": draw(st.sampled_from([None, 0.3]))}
    kind = draw(st.sampled_from(["none", "causal", "bools", "numbers"]))
    arrays = [
        numbers(draw, (*batch, queries, size)),
        numbers(draw, (*batch, keys, size)),
        numbers(draw, (*batch, keys, out)),
    ]
    options["is_causal"] = kind == "causal"
    lead = draw(st.sampled_from([(), batch]))
    rng = np.random.default_rng(draw(seeds))
    if kind == "bools":
        mask = rng.uniform(size=(*lead, queries, keys)) < 0.7
        mask[..., 0] = True  # what a query without any key gets has a test of its own
        arrays.append(mask)
    elif kind == "numbers":
        arrays.append(rng.normal(size=(*lead, queries, keys)))

    def call(module: Any, q: Any, k: Any, v: Any, mask: Any = None) -> Any:
        return module.scaled_dot_product_attention(q, k, v, mask, **options)

    return call, arrays


def grouped(draw: st.DrawFn) -> Drawn:
    """Fewer heads in key and value than in query."""
    own, times, length, size = draw(sizes), draw(sizes), draw(sizes), draw(sizes)
    arrays = [numbers(draw, (2, heads, length, size)) for heads in (own * times, own, own)]

    def call(module: Any, q: Any, k: Any, v: Any) -> Any:
        return module.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)

    return call, arrays


@pytest.mark.oracle
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("case", [masked, grouped])
def test_value_and_every_gradient_are_pytorchs(case: Any, count: int) -> None:
    hold(count, case)


@pytest.mark.oracle
def test_batches_of_different_size_meet_as_in_pytorch() -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape) for shape in ((2, 1, 4, 3), (1, 3, 4, 3), (1, 1, 4, 3))]
    beside(lambda module, *xs: module.scaled_dot_product_attention(*xs), arrays, "float64")
    arrays = [rng.normal(size=shape) for shape in ((2, 4, 3), (4, 3), (4, 3))]
    beside(lambda module, *xs: module.scaled_dot_product_attention(*xs), arrays, "float64")


@pytest.mark.oracle
@pytest.mark.parametrize("shape", [(3, 2), (2, 2, 3, 2)])
def test_a_query_that_may_see_nothing_gets_nothing(shape: tuple[int, ...]) -> None:
    """Zeros, as in PyTorch, and no gradient; not nan."""
    rng = np.random.default_rng(1)
    mask = np.ones((3, 3), bool)
    mask[1] = False
    arrays = [*(rng.normal(size=shape) for _ in range(3)), mask]
    got, _ = beside(lambda module, *xs: module.scaled_dot_product_attention(*xs), arrays, "float64")
    assert not got._array[..., 1, :].any()


def test_the_weights_are_computed_once_and_kept() -> None:
    """What panels show is what the rule used."""
    rng = np.random.default_rng(2)
    q, k, v = (rng.normal(size=(2, 4, 3)) for _ in range(3))
    out, saved = find_op("scaled_dot_product_attention").run(q, k, v, is_causal=True, scale=0.5)
    weights = saved["weights"]
    np.testing.assert_allclose(weights.sum(-1), 1)
    np.testing.assert_array_equal(weights, np.tril(weights))
    np.testing.assert_allclose(out, weights @ v)


def test_the_rule_computes_no_softmax_again(monkeypatch: pytest.MonkeyPatch) -> None:
    leaves = [Tensor._wrap(np.ones((2, 3)), requires_grad=True) for _ in range(3)]
    out = F.scaled_dot_product_attention(*leaves)
    monkeypatch.setattr(attention, "weights_of", None)
    out.sum().backward()
    assert all(leaf._grad is not None for leaf in leaves)


def test_no_gradient_flows_from_the_past_to_the_future() -> None:
    """With a causal mask the first output depends on the first key and value alone."""
    leaves = [Tensor._wrap(np.random.default_rng(i).normal(size=(4, 2)), requires_grad=True) for i in range(3)]
    F.scaled_dot_product_attention(*leaves, is_causal=True)[0].sum().backward()
    for leaf in leaves[1:]:
        assert not leaf._grad._array[1:].any()  # type: ignore[union-attr]


def test_dropped_weights_are_a_visible_step() -> None:
    """With dropout attention is made of smaller ops, the mask among them; all dropped, nothing is left."""
    leaves = [Tensor._wrap(np.ones((2, 3)), requires_grad=True) for _ in range(3)]
    out = F.scaled_dot_product_attention(*leaves, dropout_p=1.0)
    np.testing.assert_array_equal(out._array, 0)
    assert "Mul" in out.grad_fn.next_functions[0][0].name()  # type: ignore[union-attr]
