"""Inverse and hyperbolic functions beside PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.core.functions.beside import Case, agree, array, cases, hold, shapes

Draw = Callable[..., Any]
NAMES = ("asin", "acos", "atan", "sinh", "cosh", "exp2", "arcsin", "arccos", "arctan")


@pytest.mark.oracle
@pytest.mark.parametrize("name", NAMES)
@cases
def test_functions_of_one_tensor(name: str, cases: int) -> None:
    @st.composite
    def case(draw: Draw) -> Case:
        x = array(draw, draw(shapes))
        if x.dtype.kind == "f" and name not in ("atan", "arctan"):
            x = np.asarray(np.tanh(x / 3), x.dtype)  # inside the domain, and small
        return Case(draw(st.sampled_from([f"x.{name}()", f"lib.{name}(x)"])), {"x": x})

    hold(case(), cases)


@pytest.mark.oracle
@cases
def test_the_soft_maximum_of_two(cases: int) -> None:
    @st.composite
    def case(draw: Draw) -> Case:
        dtype = draw(st.sampled_from(["float64", "float32"]))
        shape = draw(st.sampled_from([(), (3,), (2, 3), (0,)]))
        return Case("lib.logaddexp(a, b)", {"a": array(draw, shape, dtype), "b": array(draw, (), dtype)})

    hold(case(), cases)


@pytest.mark.oracle
@pytest.mark.parametrize("name", NAMES[:6])
def test_at_the_edges(name: str) -> None:
    agree(Case(f"x.{name}()", {"x": np.array([0.0, -0.0, 1.0, -1.0, 2.0, 800.0, np.inf, -np.inf, np.nan])}))


@pytest.mark.oracle
def test_the_soft_maximum_of_large_numbers() -> None:
    a, b = np.array([1e4, -1e4, 5.0, 3.0]), np.array([1e4, -1e4, -1e4, 3.0])
    agree(Case("a.logaddexp(b)", {"a": a, "b": b}))
