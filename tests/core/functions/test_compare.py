"""Comparisons and logic beside PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

from tests.core.functions.beside import Case, agree, cases, hold
from tracer.core.functions.all import FUNCTIONS, Tensor
from tracer.errors import ArgumentTypeError, DtypeError, UnsupportedDtypeError

Draw = Callable[..., Any]

CODES = (
    "a == b", "a != b", "a < b", "a <= b", "a > b", "a >= b", "lib.eq(a, 1)", "a.ne(0.5)", "lib.lt(a, 0)", "a.le(1)",
    "lib.gt(a, b)", "a.ge(True)", "a == 1", "0.5 < a", "1 != a", "lib.not_equal(a, b)", "a.less(b)",
    "a.greater_equal(b)", "lib.logical_and(a, b)", "a.logical_or(b)", "lib.logical_xor(a, b)", "lib.logical_not(a)",
    "a.logical_not()", "a & b", "a | b", "a ^ b", "~a", "a & 1", "a | True", "lib.bitwise_and(a, b)",
    "a.bitwise_or(b)", "1 ^ a", "lib.isclose(a, b)", "a.isclose(a, rtol=0.1)", "lib.bitwise_not(a)",
    "(a > 0) & (b > 0)", "~(a > b)",
)  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("code", CODES)
@cases
def test_answers(code: str, cases: int) -> None:
    """Values, dtypes, and what is refused: bits of floating-point numbers, for one."""

    @st.composite
    def case(draw: Draw) -> Case:
        one, two = draw(mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=3)).input_shapes
        dtypes = [draw(st.sampled_from(["float64", "float32", "int64", "bool", "int64", "bool"])) for _ in range(2)]
        rng = np.random.default_rng(draw(st.integers(0, 999)))
        a, b = (
            np.asarray(rng.integers(-1, 3, shape) / (2 if dtype[0] == "f" else 1)).astype(dtype)
            for shape, dtype in zip((one, two), dtypes, strict=True)
        )
        return Case(code, {"a": a, "b": b})

    hold(case(), cases)


@pytest.mark.oracle
@pytest.mark.parametrize(
    "code", ["a == b", "a != b", "a < b", "a >= b", "a.isclose(b)", "a.isclose(b, equal_nan=True)"]
)
def test_nan_equals_nothing(code: str) -> None:
    a = np.array([np.nan, np.nan, 1.0, np.inf, -np.inf])
    agree(Case(code, {"a": a, "b": np.array([np.nan, 1.0, np.nan, np.inf, np.inf])}))


@pytest.mark.oracle
def test_whole_answers_are_python_bools() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    pairs = [([1.0, 2.0], [1.0, 2.0]), ([1.0], [1.0, 1.0]), ([np.nan], [np.nan]), ([1.0], [1.0 + 1e-9])]
    for one, two in pairs:
        mine, theirs = ((make(np.array(one)), make(np.array(two))) for make in (Tensor._wrap, torch.tensor))
        assert FUNCTIONS.equal(*mine) is torch.equal(*theirs)
        assert FUNCTIONS.allclose(*mine) is torch.allclose(*theirs)
        assert FUNCTIONS.allclose(*mine, equal_nan=True) is torch.allclose(*theirs, equal_nan=True)


def test_what_is_refused_says_why() -> None:
    x = Tensor._wrap(np.array([1.0, 2.0]))
    with pytest.raises(UnsupportedDtypeError, match=r"bitwise_and: got torch\.float64") as caught:
        _ = x & x
    assert "(x > 0) & (y > 0)" in str(caught.value)
    assert "test_compare.py" in str(caught.value)
    with pytest.raises(ArgumentTypeError, match=r"bitwise_not: input is torch\.float64"):
        _ = ~x
    with pytest.raises(DtypeError, match=r"input is torch.float64, other is torch\.int64"):
        FUNCTIONS.isclose(x, x.long())
    with pytest.raises(ArgumentTypeError, match="other must be a Tensor or a number"):
        x.eq("a")
    assert x != "a"
