"""Shapes given anew, beside PyTorch: values, gradients, shared memory, node names and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.core.functions.beside import Case, agree, array, axis, cases, hold, laid_out, shape_after, shapes
from tracer.core.functions.all import FUNCTIONS, Tensor
from tracer.errors import ArgumentTypeError, AxisError, ShapeError

Draw = Callable[..., Any]


def sizes_for(draw: Draw, count: int) -> list[int]:
    """Sizes that multiply to `count`, one of them perhaps -1; now and then sizes that do not."""
    sizes, left = [], count
    while left > 1 and len(sizes) < 3:
        factor = draw(st.sampled_from([n for n in range(1, left + 1) if left % n == 0]))
        sizes.append(factor)
        left //= factor
    sizes.append(left)
    sizes = list(draw(st.permutations(sizes)))
    spoil = draw(st.integers(0, 6))
    if spoil == 0:
        sizes[0] = draw(st.integers(-2, 5))
    elif spoil < 4:
        sizes[draw(st.integers(0, len(sizes) - 1))] = -1
    return sizes


def reshaping(draw: Draw, way: str, shape: tuple[int, ...]) -> str:
    word = draw(st.sampled_from(["reshape", "view", "lib.reshape"]))
    sizes = sizes_for(draw, math.prod(shape))
    if word == "lib.reshape":
        return f"lib.reshape({way}, {tuple(sizes)})"
    return f"{way}.{word}({', '.join(map(str, sizes)) if draw(st.booleans()) else tuple(sizes)})"


def permuting(draw: Draw, way: str, shape: tuple[int, ...]) -> str:
    order = [n - len(shape) * draw(st.booleans()) for n in draw(st.permutations(range(len(shape))))]
    if order and draw(st.integers(0, 5)) == 0:
        order[0] = axis(draw, len(shape))
    return f"{way}.permute({tuple(order)})"


def moving(draw: Draw, way: str, shape: tuple[int, ...]) -> str:
    number = draw(st.integers(0, len(shape)))
    source, target = (
        tuple(draw(st.permutations(range(-len(shape), 0)))[:number]) or axis(draw, len(shape)) for _ in range(2)
    )
    return f"{way}.movedim({source}, {target})"


def squeezing(draw: Draw, way: str, shape: tuple[int, ...]) -> str:
    some = tuple(axis(draw, len(shape), wrong=False) for _ in range(draw(st.integers(0, 2))))
    return draw(
        st.sampled_from([f"{way}.squeeze()", f"{way}.squeeze({axis(draw, len(shape))})", f"{way}.squeeze({some})"])
    )


def expanding(draw: Draw, way: str, shape: tuple[int, ...]) -> str:
    target = [draw(st.sampled_from([n, -1] if n != 1 else [1, -1, 3, 0])) for n in shape]
    target = draw(st.lists(st.integers(0, 3), max_size=2)) + target
    if target and draw(st.integers(0, 5)) == 0:
        target[draw(st.integers(0, len(target) - 1))] = draw(st.integers(-1, 5))
    word = draw(st.sampled_from(["expand", "broadcast_to"]))
    if not shape:  # of -1 for a new axis PyTorch says different things
        target = [abs(n) for n in target]
    return f"{way}.{word}({tuple(target)})"


def unflattening(draw: Draw, way: str, shape: tuple[int, ...]) -> str:
    place = axis(draw, len(shape), wrong=False)
    return f"{way}.unflatten({place}, {tuple(sizes_for(draw, shape[place] if shape else 1))})"


def flattening(draw: Draw, way: str, shape: tuple[int, ...]) -> str:
    ends = f"{axis(draw, len(shape))}, {axis(draw, len(shape))}"
    return f"{way}.flatten({ends if draw(st.booleans()) else ''})"


def transposing(draw: Draw, way: str, shape: tuple[int, ...]) -> str:
    word = draw(st.sampled_from(["transpose", "swapaxes", "swapdims"]))
    return f"{way}.{word}({axis(draw, len(shape))}, {axis(draw, len(shape))})"


def turning(draw: Draw, way: str, shape: tuple[int, ...]) -> str:
    words = ["t()"] + ["mT"] * (len(shape) > 0) + ["T"] * (len(shape) == 2)
    return f"{way}.{draw(st.sampled_from(words))}"


OPS: dict[str, Callable[[Draw, str, tuple[int, ...]], str]] = {
    "reshape and view": reshaping,
    "flatten": flattening,
    "ravel": lambda d, x, s: f"{x}.ravel()",
    "unflatten": unflattening,
    "transpose": transposing,
    "permute": permuting,
    "T, mT and t": turning,
    "movedim": moving,
    "squeeze": squeezing,
    "unsqueeze": lambda d, x, s: f"{x}.unsqueeze({axis(d, len(s) + 1)})",
    "expand": expanding,
    "clone and contiguous": lambda d, x, s: f"{x}.{d(st.sampled_from(['clone', 'contiguous']))}()",
    "atleast": lambda d, x, s: f"lib.{d(st.sampled_from(['atleast_1d', 'atleast_2d']))}({x})",
}


@st.composite
def case(draw: Draw, name: str) -> Case:
    shape = draw(shapes)
    way = laid_out(draw, shape)
    return Case(OPS[name](draw, way, shape_after(way, shape)), {"x": array(draw, shape)})


@pytest.mark.oracle
@cases
@pytest.mark.parametrize("name", OPS)
def test_it_is_pytorchs(name: str, cases: int) -> None:
    """Value, gradient, node name, shared memory, and where it raises."""
    hold(case(name), cases)


@pytest.mark.oracle
@pytest.mark.parametrize(
    "code",
    [
        "x.view(3, 2)", "x.reshape_as(x.T)", "x.view_as(x.T)", "x.expand_as(y)",
        "lib.broadcast_tensors(x, y)", "lib.broadcast_tensors(x, x.T)", "x.reshape(shape=(3, 2))", "x.reshape(2.0, 3)",
        "x.reshape(True, 6)", "x.reshape()", "lib.reshape([1, 2], (2,))", "x.transpose(0.0, 1)", "x.permute()",
        "x.unsqueeze('a')", "x.expand()", "y.mT", "x[0].mT", "x.view(size=(6,))",
        "x.T.contiguous().view(-1)", "x.T.clone().view(-1)", "x.contiguous()", "x.permute(dims=(1, 0))",
    ],
)  # fmt: skip
def test_the_odd_ones_are_pytorchs_too(code: str) -> None:
    rng = np.random.default_rng(0)
    agree(Case(code, {"x": rng.normal(size=(2, 3)), "y": rng.normal(size=(1, 2, 3))}))


def tensor(*shape: int) -> Any:
    return Tensor._wrap(np.arange(math.prod(shape), dtype=np.float32).reshape(shape), requires_grad=True)


def test_the_gradient_comes_back_in_the_inputs_shape() -> None:
    x = tensor(2, 3)
    y = x.T.reshape(6)
    (y * Tensor._wrap(np.arange(6, dtype=np.float32))).sum().backward()
    assert x.grad.tolist() == [[0.0, 2.0, 4.0], [1.0, 3.0, 5.0]]


def test_an_expanded_axis_is_summed_on_the_way_back() -> None:
    x = tensor(3)
    x.expand(4, 3).sum().backward()
    assert x.grad.tolist() == [4.0, 4.0, 4.0]


def test_t_of_anything_but_a_matrix_warns_as_in_pytorch() -> None:
    """`x.T` of a vector is the vector: not what most who write it expect."""
    with pytest.warns(UserWarning, match=r"shape \(3,\)"):
        assert tensor(3).T.shape == (3,)
    assert tensor(2, 3).T.shape == (3, 2)


def test_a_view_sees_what_is_written_and_a_copy_does_not() -> None:
    x = tensor(2, 3).detach()
    view, copy = x.T, x.T.clone()
    view[0, 0] = 9.0
    assert (x[0, 0].item(), copy[0, 0].item()) == (9.0, 0.0)


@pytest.mark.parametrize(
    ("call", "kind", "says"),
    [
        (lambda x: x.reshape(4, 2), ShapeError, "(2, 3), which has 6"),
        (lambda x: x.T.view(6), ShapeError, "Use reshape"),
        (lambda x: x.transpose(0, 2), AxisError, "between -2 and 1"),
        (lambda x: x.permute(0, 0), ShapeError, "axis 0 appears twice"),
        (lambda x: x.permute(0), ShapeError, "each of the 2 axes"),
        (lambda x: x.expand(2, 4), ShapeError, "axis 1 has 3"),
        (lambda x: FUNCTIONS.flatten([1, 2]), ArgumentTypeError, "must be a Tensor, got list"),
        (lambda x: FUNCTIONS.broadcast_tensors(x, tensor(2, 2)), ShapeError, "at axis -1 they are 2 and 3"),
    ],
)
def test_errors_name_the_shapes_the_rule_and_the_users_line(call: Any, kind: type[Exception], says: str) -> None:
    with pytest.raises(kind) as caught:
        call(tensor(2, 3))
    assert says in str(caught.value)
    assert "test_shape.py:" in str(caught.value)
