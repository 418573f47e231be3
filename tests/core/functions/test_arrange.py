"""Joining, repeating, turning and cutting out triangles, beside PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.core.functions.beside import (
    Case,
    agree,
    array,
    axis,
    cases,
    full_shapes,
    hold,
    laid_out,
    shape_after,
    shapes,
)
from tracer.core.functions.all import FUNCTIONS, Tensor
from tracer.errors import ArgumentError, ShapeError

Draw = Callable[..., Any]


def joining(draw: Draw, word: str) -> Case:
    """Tensors of fitting shapes, once in a while not, of one dtype or several."""
    shape = list(draw(full_shapes))
    dim = draw(st.integers(0, len(shape) - 1))
    arrays = {}
    for name in "abc"[: draw(st.integers(1, 3))]:
        if word in ("cat", "concat"):
            shape[dim] = draw(st.integers(0, 3))
        if draw(st.integers(0, 9)) == 0:
            shape[draw(st.integers(0, len(shape) - 1))] += 1
        arrays[name] = array(draw, tuple(shape) if draw(st.integers(0, 9)) else (0,))
    given = dim - len(shape) * draw(st.booleans()) if draw(st.integers(0, 6)) else axis(draw, len(shape) + 1)
    listed = f"{'[('[draw(st.integers(0, 1))]}{', '.join(arrays)},"
    return Case(f"lib.{word}({listed}{']' if listed[0] == '[' else ')'}, {given})", arrays)


def beside(draw: Draw, word: str) -> Case:
    shape = draw(shapes)
    arrays = {name: array(draw, shape) for name in "ab"}
    return Case(f"lib.{word}([a, b])", arrays)


def on_x(code: Callable[[Draw, str, tuple[int, ...]], str]) -> Callable[[Draw], Case]:
    def made(draw: Draw) -> Case:
        shape = draw(shapes)
        way = laid_out(draw, shape)
        return Case(code(draw, way, shape_after(way, shape)), {"x": array(draw, shape)})

    return made


def repeating(draw: Draw, way: str, shape: tuple[int, ...]) -> str:
    times = [draw(st.integers(0, 2)) for _ in shape]
    times = draw(st.lists(st.integers(0, 2), max_size=1)) + times
    if times and draw(st.integers(0, 6)) == 0:
        times = times[1:] if 0 in (*shape, *times) else [-1, *times[1:]]
    return f"{way}.{draw(st.sampled_from(['repeat', 'tile']))}({', '.join(map(str, times)) or '()'})"


def interleaving(draw: Draw, way: str, shape: tuple[int, ...]) -> str:
    if not shape or draw(st.booleans()):
        return f"{way}.repeat_interleave({draw(st.integers(-1, 3))})"
    return f"{way}.repeat_interleave({draw(st.integers(0, 3))}, dim={axis(draw, len(shape))})"


def rolling(draw: Draw, way: str, shape: tuple[int, ...]) -> str:
    number = draw(st.integers(0, 2))
    if not number:
        return f"{way}.roll({draw(st.integers(-5, 5))})"
    wrong = 0 not in shape and draw(st.integers(0, 5)) == 0  # of no elements PyTorch does not ask for the axis
    dims = tuple(axis(draw, len(shape), wrong=wrong) for _ in range(number))
    shifts = tuple(draw(st.integers(-5, 5)) for _ in range(number + (draw(st.integers(0, 7)) == 0)))
    return f"{way}.roll({shifts}, {dims})"


def flipping(draw: Draw, way: str, shape: tuple[int, ...]) -> str:
    dims = tuple(axis(draw, len(shape), wrong=draw(st.integers(0, 5)) == 0) for _ in range(draw(st.integers(0, 2))))
    return f"{way}.flip({dims})"


def diagonals(draw: Draw, way: str, shape: tuple[int, ...]) -> str:
    return f"{way}.diagonal({draw(st.integers(-4, 4))}, {axis(draw, len(shape))}, {axis(draw, len(shape))})"


OPS: dict[str, Callable[[Draw], Case]] = {
    "cat": lambda draw: joining(draw, draw(st.sampled_from(["cat", "concat"]))),
    "stack": lambda draw: joining(draw, "stack"),
    "hstack and vstack": lambda draw: beside(draw, draw(st.sampled_from(["hstack", "vstack"]))),
    "repeat": on_x(repeating),
    "repeat_interleave": on_x(interleaving),
    "flip": on_x(flipping),
    "fliplr and flipud": on_x(lambda d, x, s: f"{x}.{d(st.sampled_from(['fliplr', 'flipud']))}()"),
    "roll": on_x(rolling),
    "tril": on_x(lambda d, x, s: f"{x}.tril({d(st.integers(-4, 4))})"),
    "triu": on_x(lambda d, x, s: f"{x}.triu(diagonal={d(st.integers(-4, 4))})"),
    "diagonal": on_x(diagonals),
    "diag": on_x(lambda d, x, s: f"{x}.diag({d(st.integers(-4, 4))})"),
    "diag_embed": on_x(lambda d, x, s: f"{x}.diag_embed({d(st.integers(-2, 2))})"),
}


@st.composite
def case(draw: Draw, name: str) -> Case:
    return OPS[name](draw)


@pytest.mark.oracle
@cases
@pytest.mark.parametrize("name", OPS)
def test_it_is_pytorchs(name: str, cases: int) -> None:
    """Value, gradient, dtype, node name, shared memory, and where it raises."""
    hold(case(name), cases)


@pytest.mark.oracle
@pytest.mark.parametrize(
    "code",
    [
        "lib.cat([])", "lib.cat(x)", "lib.cat([x, 1.0])", "lib.cat([x, s])", "lib.stack([])", "lib.stack([x, s])",
        "lib.hstack([])", "lib.cat([x, x.double()], dim=-1)", "lib.cat(tensors=[x, x], dim=1)", "x.repeat()",
        "lib.concatenate([x, x])", "x.repeat(2)", "x.repeat_interleave(i, dim=0)", "x.repeat_interleave(i, dim=1)",
        "x.repeat_interleave(-i, dim=0)", "x.repeat_interleave(2.0)", "s.repeat_interleave(2)", "x.flip()",
        "x.tril(1.0)", "x[0].tril()", "lib.meshgrid(v, v[1:], indexing='ij')", "lib.meshgrid(v, s, indexing='xy')",
        "lib.meshgrid([v, v, v], indexing='xy')", "lib.meshgrid(v, indexing='xx')", "lib.meshgrid(x, indexing='ij')",
        "x.roll((1, 2))", "s.roll(1, 0)", "lib.diag(x.expand(2, 2, 3))", "s.diag_embed()", "x.diagonal(0, 1, 1)",
    ],
)  # fmt: skip
def test_the_odd_ones_are_pytorchs_too(code: str) -> None:
    rng = np.random.default_rng(0)
    x, v = rng.normal(size=(2, 3)).astype(np.float32), rng.normal(size=3)
    arrays = {"x": x, "v": v, "s": np.array(2.0), "i": np.array([2, 1])}
    agree(Case(code, arrays))


def tensor(array: Any) -> Any:
    return Tensor._wrap(np.array(array, np.float32), requires_grad=True)


def test_cat_hands_each_tensor_its_own_stretch_of_the_gradient() -> None:
    a, b = tensor([1, 2]), tensor([3])
    (FUNCTIONS.cat([a, b]) * tensor([5, 6, 7])).sum().backward()
    assert (a.grad.tolist(), b.grad.tolist()) == ([5.0, 6.0], [7.0])


def test_a_tensor_joined_to_itself_collects_both_stretches() -> None:
    a = tensor([1, 2])
    (FUNCTIONS.cat([a, a]) * tensor([1, 2, 30, 40])).sum().backward()
    assert a.grad.tolist() == [31.0, 42.0]


def test_a_number_that_stood_outside_the_triangle_gets_none_of_an_infinite_gradient() -> None:
    """0 × inf would be nan."""
    x = tensor([[1, 2], [3, 4]])
    x.tril().backward(tensor([[1, np.inf], [1, 1]]).detach())
    assert x.grad.tolist() == [[1.0, 0.0], [1.0, 1.0]]


def test_errors_say_what_does_not_fit() -> None:
    with pytest.raises(ShapeError, match=r"(?s)cat: a has shape \(2, 3\), b has shape \(3, 2\)\..*every axis but 0"):
        FUNCTIONS.cat([tensor(np.ones((2, 3))), tensor(np.ones((3, 2)))])
    with pytest.raises(ArgumentError, match="at least one tensor"):
        FUNCTIONS.cat([])
    with pytest.raises(ShapeError, match=r"tensors\[1\] has shape \(2,\)"):
        FUNCTIONS.stack([tensor([1]), tensor([1, 2])])
