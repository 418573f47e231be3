"""Matrix products beside PyTorch, for every combination of ranks, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

from tests.core.functions.beside import Case, agree, array, cases, hold
from tracer.core.functions.all import FUNCTIONS, Tensor
from tracer.errors import DtypeError, OptionError, ShapeError, UnsupportedDtypeError

Draw = Callable[..., Any]


def sized(draw: Draw) -> int:
    return int(draw(st.sampled_from([1, 2, 3, 4, 0])))


@pytest.mark.oracle
@pytest.mark.parametrize("left", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("right", [0, 1, 2, 3, 4])
@cases
def test_matmul_of_every_rank(left: int, right: int, cases: int) -> None:
    """Leading axes broadcast; some sizes do not fit, and dtypes sometimes differ: then both refuse."""

    @st.composite
    def case(draw: Draw) -> Case:
        n, m, p = sized(draw), sized(draw), sized(draw)
        batch = draw(mutually_broadcastable_shapes(num_shapes=2, max_dims=2, min_dims=2, min_side=1, max_side=3))
        one, two = (
            shape[2 - max(rank - 2, 0) :] for shape, rank in zip(batch.input_shapes, (left, right), strict=True)
        )
        a_shape = {0: (), 1: (m,)}.get(left, (*one, n, m))
        inner = m + (draw(st.integers(0, 9)) == 0)
        b_shape = {0: (), 1: (inner,)}.get(right, (*two, inner, p))
        dtype = draw(st.sampled_from(["float64", "float64", "float32", "int64"]))
        other = (
            draw(st.sampled_from([dtype] * 9 + ["float32"])) if n and m and p else dtype
        )  # of nothing PyTorch says yes
        code = draw(st.sampled_from(["a @ b", "lib.matmul(a, b)", "a.matmul(b)"]))
        names = max(left, right) < 3  # of stacks PyTorch's name tells how it laid them out
        return Case(code, {"a": array(draw, a_shape, dtype), "b": array(draw, b_shape, other)}, names=names)

    hold(case(), cases)


@pytest.mark.oracle
@pytest.mark.parametrize("code", ["a.transpose(-1, -2) @ b", "a.mT @ b.mT.mT", "(a * 2).mT @ (b + 1)"])
@pytest.mark.parametrize("batch", [(), (3,), (2, 1)])
def test_factors_that_do_not_lie_row_by_row(code: str, batch: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    agree(Case(code, {"a": rng.normal(size=(*batch, 4, 2)), "b": rng.normal(size=(4, 3))}, names=False))


@pytest.mark.oracle
def test_a_sums_gradient_which_is_one_number_everywhere_goes_through_a_product() -> None:
    """`sum` hands back an array that repeats one number; BLAS takes no such memory."""
    rng = np.random.default_rng(0)
    agree(Case("(a @ b).sum()", {"a": rng.normal(size=(3, 4)), "b": rng.normal(size=(4, 5))}))
    agree(Case("(a @ b).mean()", {"a": rng.normal(size=(2, 3, 4)), "b": rng.normal(size=(4, 5))}))


STRICT = {
    "lib.mm(a, b)": ((2, 3), (3, 4)), "a.mm(b)": ((1, 3), (3, 1)), "lib.bmm(a, b)": ((2, 2, 3), (2, 3, 2)),
    "a.bmm(b)": ((1, 2, 3), (1, 3, 2)), "lib.mv(a, b)": ((2, 3), (3,)), "a.mv(b)": ((2, 0), (0,)),
    "lib.dot(a, b)": ((3,), (3,)), "a.dot(b)": ((0,), (0,)), "lib.vdot(a, b)": ((3,), (3,)),
    "lib.outer(a, b)": ((3,), (2,)), "a.outer(b)": ((0,), (2,)), "lib.ger(a, b)": ((3,), (2,)),
    "lib.inner(a, b)": ((3,), (3,)), "lib.kron(a, b)": ((2, 2), (2, 3)), "a.kron(b)": ((2,), (2, 3)),
    "lib.mm(a, a)": ((2, 3), (1,)), "lib.mm(b, a)": ((3,), (3, 3)), "lib.bmm(b, a)": ((2, 3, 2), (1, 2, 3)),
    "lib.bmm(a, a)": ((2, 2), (1,)), "lib.mv(b, a)": ((2, 3), (3,)), "lib.dot(a, b[1:])": ((3,), (3,)),
    "lib.dot(a, a)": ((2, 2), (1,)), "lib.outer(a, a)": ((2, 2), (1,)), "lib.trace(a)": ((3, 3), (1,)),
    "a.trace()": ((2, 3), (1,)), "a.trace( )": ((2,), (1,)), "lib.mv(a, b[1:])": ((2, 3), (3,)),
}  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("code", STRICT)
@cases
def test_the_strict_forms(code: str, cases: int) -> None:
    """They take their own numbers of axes and no others."""

    @st.composite
    def case(draw: Draw) -> Case:
        dtype = draw(st.sampled_from(["float64", "float32", "int64"]))
        other = draw(st.sampled_from([dtype] * 9 + ["float32"])) if "inner" not in code else dtype
        a, b = STRICT[code]
        return Case(
            code,
            {"a": array(draw, a, dtype), "b": array(draw, b, other)},
            names="kron" not in code and "inner" not in code,
        )

    hold(case(), cases)


SUMS = {
    "lib.addmm(c, a, b)": ((2, 3), (3, 4), [(4,), (2, 4), (), (2, 1), (3,), (1, 2, 4)]),
    "c.addmm(a, b, beta=0.5, alpha=2)": ((2, 3), (3, 4), [(4,), (2, 4), (1, 1)]),
    "lib.addmm(c, a, b, beta=0)": ((2, 3), (3, 4), [(4,), (2, 4)]),
    "lib.baddbmm(c, a, b)": ((2, 2, 3), (2, 3, 4), [(4,), (2, 2, 4), (2, 1, 4), (3,)]),
    "c.baddbmm(a, b, beta=2, alpha=0.5)": ((2, 2, 3), (2, 3, 4), [(2, 2, 4), (1, 2, 1)]),
    "lib.addmv(c, a, b)": ((2, 3), (3,), [(2,), (1,), (), (3,)]),
    "c.addmv(a, b, alpha=3)": ((2, 3), (3,), [(2,)]),
}


@pytest.mark.oracle
@pytest.mark.parametrize("code", SUMS)
@cases
def test_products_with_a_sum(code: str, cases: int) -> None:
    @st.composite
    def case(draw: Draw) -> Case:
        a, b, inputs = SUMS[code]
        dtype = draw(st.sampled_from(["float64", "float32"]))
        arrays = {
            "a": array(draw, a, dtype),
            "b": array(draw, b, dtype),
            "c": array(draw, draw(st.sampled_from(inputs)), dtype),
        }
        return Case(code, arrays)

    hold(case(), cases)


REFUSED: list[tuple[str, type[Exception], str]] = [
    ("lib.ones(8, 16) @ lib.ones(8, 4)", ShapeError, "The last axis of a (16) must equal the first axis of b (8)."),
    ("lib.ones(8, 16) @ lib.ones(4, 16)", ShapeError, "With b.T it would fit."),
    ("lib.ones(2, 2, 3) @ lib.ones(3, 3, 4)", ShapeError, "The axes before the last two, (2,) and (3,)"),
    ("lib.ones(3) @ lib.tensor(2.0)", ShapeError, "to multiply by a number, write *"),
    ("lib.ones(2, 3) @ lib.ones(3, 2).double()", DtypeError, "They must have the same dtype"),
    ("lib.mm(lib.ones(3), lib.ones(3))", ShapeError, "input must be a matrix (2 axes), mat2 a matrix (2 axes)"),
    ("lib.bmm(lib.ones(2, 2, 3), lib.ones(1, 3, 4))", ShapeError, "their first axes (2, 1) each other"),
    ("lib.ones(2, 2).bool() @ lib.ones(2, 2).bool()", UnsupportedDtypeError, "Convert them to numbers first"),
    ("lib.addmm(lib.ones(3), lib.ones(2, 3), lib.ones(3, 4))", ShapeError, "input must broadcast"),
    ("lib.addmm(lib.ones(4).long(), lib.ones(2, 3).long(), lib.ones(3, 4).long(), beta=0.5)", OptionError, "whole"),
    ("lib.ones(2).trace()", ShapeError, "It must be a matrix"),
]


@pytest.mark.parametrize(("code", "kind", "message"), REFUSED)
def test_what_is_refused_names_the_shapes_and_the_rule(code: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as caught:
        eval(code, {"lib": FUNCTIONS})
    assert message in str(caught.value)


def test_the_message_of_a_product_that_does_not_fit_is_the_styles() -> None:
    with pytest.raises(ShapeError) as caught:
        _ = Tensor._wrap(np.ones((8, 16))) @ Tensor._wrap(np.ones((8, 4)))
    lines = str(caught.value).split("\n")
    assert lines[0] == "matmul: a has shape (8, 16), b has shape (8, 4)."
    assert lines[1] == "  The last axis of a (16) must equal the first axis of b (8)."
    assert "test_linalg.py:" in lines[2]
    assert caught.value.told("ja").startswith("matmul：a の形は (8, 16)、b の形は (8, 4) です。")
