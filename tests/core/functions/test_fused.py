"""lerp, addcmul and addcdiv beside PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

from tests.core.functions.beside import Case, array, cases, hold
from tracer.core.functions.all import FUNCTIONS, Tensor
from tracer.errors import DtypeError, UnsupportedDtypeError

Draw = Callable[..., Any]
BLENDS = (
    "lib.lerp(a, b, 0.3)", "a.lerp(b, c)", "a.lerp(b, 0.75)", "lib.addcmul(a, b, c)", "a.addcmul(b, c, value=0.5)",
    "lib.addcdiv(a, b, c.abs() + 1)", "a.addcdiv(b, c.abs() + 1, value=-2)",
)  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("code", BLENDS)
@cases
def test_blends(code: str, cases: int) -> None:
    @st.composite
    def case(draw: Draw) -> Case:
        dtype = draw(st.sampled_from(["float64", "float32"]))
        some = draw(mutually_broadcastable_shapes(num_shapes=3, max_dims=3, min_side=0, max_side=3)).input_shapes
        a, b, c = (array(draw, shape, dtype) for shape in some)
        return Case(code, {"a": a, "b": b, "c": c})

    hold(case(), cases)


REFUSED: list[tuple[str, type[Exception], str]] = [
    ("lib.lerp(x, x.double(), 0.5)", DtypeError, r"input is torch\.float32, end is torch\.float64"),
    ("lib.lerp(x.long(), x.long(), 0.5)", UnsupportedDtypeError, r"lerp: input is torch\.int64"),
    ("lib.addcdiv(x, x.long(), x.long())", DtypeError, "it does not divide whole numbers"),
]


@pytest.mark.parametrize(("code", "kind", "message"), REFUSED)
def test_what_is_refused_says_why(code: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        eval(code, {"lib": FUNCTIONS, "x": Tensor._wrap(np.ones(3, np.float32))})
