"""`tracer.linalg` beside PyTorch's."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tracer
from tests.core.functions.beside import Case, agree
from tracer.core import linalg
from tracer.core.functions.all import Tensor
from tracer.errors import OptionError, ShapeError


class Both:
    """Stands for the library: PyTorch's `linalg` or ours, whichever the tensor is of."""

    def __getattr__(self, name: str):  # type: ignore[no-untyped-def]
        def call(x, *args, **keywords):  # type: ignore[no-untyped-def]
            if isinstance(x, Tensor):
                return getattr(linalg, name)(x, *args, **keywords)
            return getattr(pytest.importorskip("torch").linalg, name)(x, *args, **keywords)

        return call


@pytest.mark.oracle
@pytest.mark.parametrize(
    "code",
    ["la.norm(x)", "la.norm(x, 'fro')", "la.norm(x, 1)", "la.norm(x, -1)", "la.norm(x, inf)", "la.norm(x, -inf)",
     "la.norm(x, 2, 0)", "la.norm(x, 3, dim=1, keepdim=True)", "la.norm(x, 1, (0, 1))", "la.vector_norm(x)",
     "la.vector_norm(x, 3, 1)", "la.vector_norm(x, inf)", "la.vector_norm(x, 0.5, (0, 1), True)", "la.matrix_norm(x)",
     "la.matrix_norm(x, 1)", "la.matrix_norm(x, inf, keepdim=True)", "la.norm(x[0], 1)", "la.norm(x[0], 'fro')",
     "la.norm(x[None], 3)", "la.matrix_norm(x[0])", "la.norm(x, 'best')", "la.vector_norm(x, 2, 5)"],
)  # fmt: skip
def test_norms_are_pytorchs(code: str) -> None:
    x = np.random.default_rng(0).normal(0, 2, (3, 4))
    agree(Case(code, {"x": x}, extra={"la": Both()}, names=False))


def test_it_is_found_under_its_public_name() -> None:
    assert tracer.linalg.norm(Tensor._wrap(np.array([3.0, 4.0]))).item() == 5.0


def test_norms_that_need_singular_values_say_so() -> None:
    x = Tensor._wrap(np.ones((2, 2)))
    with pytest.raises(OptionError, match="singular values"):
        linalg.matrix_norm(x, 2)
    with pytest.raises(ShapeError, match="at least two axes"):
        linalg.matrix_norm(x[0], math.inf)
