"""Matrix products on plain arrays: how they are computed, and that the rule reads only the other factor."""

from __future__ import annotations

import numpy as np
import pytest

from tracer.core.op import OPS
from tracer.core.ops import linalg
from tracer.core.ops.linalg import dense, product

SHAPES = [
    ((2, 3), (3, 4)),
    ((5, 2, 3), (3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((2, 5, 2, 3), (3, 1)),
    ((0, 2, 3), (3, 4)),
    ((3,), (3,)),
]


@pytest.mark.parametrize(("left", "right"), SHAPES)
def test_a_stack_times_one_matrix_is_the_same_as_one_by_one(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=left), rng.normal(size=right)
    np.testing.assert_allclose(product(np, a, b), np.matmul(a, b), rtol=1e-13)


@pytest.mark.parametrize(("left", "right"), SHAPES)
def test_each_gradient_has_the_shape_of_its_factor(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    """One matrix that served a whole stack gets one gradient, summed over the stack in the product itself."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=left), rng.normal(size=right)
    out = product(np, a, b)
    g = np.ones_like(out)
    first, second = (spec.vjp(np, g, out, a, b) for spec in OPS["matmul"].inputs)  # type: ignore[misc]
    assert first.shape == left
    assert second.shape == right


def test_memory_that_repeats_one_number_is_copied_before_it_goes_to_blas() -> None:
    repeated = np.broadcast_to(np.float32(1), (3, 4))
    assert 0 not in dense(np, repeated).strides
    plain = np.ones((3, 4))
    assert dense(np, plain) is plain


def test_a_product_with_a_sum_does_not_read_what_beta_0_leaves_out() -> None:
    nan = np.full((2, 2), np.nan)
    out = linalg.ADDMM.forward(np, nan, np.eye(2), np.eye(2), beta=0, alpha=3)
    np.testing.assert_array_equal(out, 3 * np.eye(2))


def test_how_a_product_with_a_sum_is_written() -> None:
    op = linalg.ADDMM
    assert op.written(["c", "a", "b"], {"beta": 1, "alpha": 1}) == "c + a @ b"
    assert op.written(["c", "a", "b"], {"beta": 0.5, "alpha": 2}) == "0.5 × c + 2 × a @ b"
