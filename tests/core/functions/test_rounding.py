"""Rounding beside PyTorch: ties, decimals, infinities, dtypes; functions of one tensor stand in test_math."""

from __future__ import annotations

import numpy as np
import pytest

from tests.core.functions.beside import Case, agree
from tracer.core.functions.all import FUNCTIONS, Tensor
from tracer.errors import UnsupportedDtypeError

EDGES = np.array([0.0, -0.0, 0.5, 1.5, -2.5, 3.0, -1e30, np.inf, -np.inf, np.nan])


@pytest.mark.oracle
def test_sgn_is_sign() -> None:
    agree(Case("x.detach().sgn()", {"x": EDGES}))


@pytest.mark.oracle
@pytest.mark.parametrize("decimals", [-2, -1, 0, 1, 3])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
def test_rounding_to_decimals(decimals: int, dtype: str) -> None:
    x = np.array([1.25, -0.35, 149.5, 150.0, 0.05, 2.5]).astype(dtype)
    agree(Case(f"x.round(decimals={decimals})", {"x": x}))


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["floor", "ceil", "trunc", "round", "sign", "fix"])
def test_ties_infinities_and_nan(name: str) -> None:
    agree(Case(f"lib.{name}(x)", {"x": EDGES}))


def test_a_mask_is_not_rounded() -> None:
    with pytest.raises(UnsupportedDtypeError, match="floor: got a bool tensor"):
        FUNCTIONS.floor(Tensor._wrap(np.array([True])))
