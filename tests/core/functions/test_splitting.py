"""Cutting a tensor apart, beside PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.core.functions.beside import Case, agree, array, axis, cases, hold, laid_out, shape_after, shapes
from tracer.core.functions.all import Tensor
from tracer.errors import ShapeError

Draw = Callable[..., Any]


def splitting(draw: Draw, shape: tuple[int, ...]) -> str:
    dim = axis(draw, len(shape), wrong=draw(st.integers(0, 5)) == 0)
    if not shape or draw(st.booleans()):
        return f"split({draw(st.integers(-1, 5))}, {dim})"
    total = shape[dim] if -len(shape) <= dim < len(shape) else 3
    ends = sorted(draw(st.lists(st.integers(0, total), max_size=2)))
    sizes = [b - a for a, b in zip([0, *ends], [*ends, total], strict=True)]
    if draw(st.integers(0, 6)) == 0:
        sizes[0] += draw(st.integers(-2, 2))
    return f"split({sizes}, dim={dim})"


def parting(draw: Draw, shape: tuple[int, ...]) -> str:
    listed = tuple(draw(st.lists(st.integers(-3, 5), max_size=3)))
    return f"tensor_split({draw(st.sampled_from([listed, draw(st.integers(0, 5))]))}, {axis(draw, len(shape))})"


OPS: dict[str, Callable[[Draw, tuple[int, ...]], str]] = {
    "split": splitting,
    "chunk": lambda draw, shape: f"chunk({draw(st.integers(0, 5))}, {axis(draw, len(shape))})",
    "tensor_split": parting,
    "unbind": lambda draw, shape: f"unbind({axis(draw, len(shape))})",
}


@st.composite
def case(draw: Draw, name: str) -> Case:
    shape = draw(shapes)
    way = laid_out(draw, shape)
    return Case(f"{way}.{OPS[name](draw, shape_after(way, shape))}", {"x": array(draw, shape)})


@pytest.mark.oracle
@cases
@pytest.mark.parametrize("name", OPS)
def test_it_is_pytorchs(name: str, cases: int) -> None:
    """Each piece, its gradient, node name and memory, and where it raises."""
    hold(case(name), cases)


@pytest.mark.oracle
@pytest.mark.parametrize("code", ["x.split(2.0)", "x.chunk('a')", "list(x)", "x.unbind()[1]", "x.split(2)[0] * x[1:3]"])
def test_the_odd_ones_are_pytorchs_too(code: str) -> None:
    agree(Case(code, {"x": np.arange(8.0).reshape(4, 2)}))


def test_each_piece_hands_its_gradient_to_its_own_place() -> None:
    x: Any = Tensor._wrap(np.zeros(5, np.float32), requires_grad=True)
    first, _, last = x.split(2)
    (first.sum() * 3 + last.sum() * 7).backward()
    assert x.grad.tolist() == [3.0, 3.0, 0.0, 0.0, 7.0]


def test_lengths_that_do_not_add_up_are_told() -> None:
    x: Any = Tensor._wrap(np.zeros((2, 5)))
    with pytest.raises(ShapeError, match=r"(?s)shape \(2, 5\), the lengths are \(2, 2\), in all 4.*the 5 of axis 1"):
        x.split([2, 2], 1)
