"""Reading and writing along an axis, embedding and one-hot, beside PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.core.functions.beside import Case, agree, array, axis, cases, full_shapes, hold, shapes
from tracer.core.functions import gathering
from tracer.core.functions.all import Tensor
from tracer.errors import ArgumentError, DtypeError, PlaceError, ShapeError

Draw = Callable[..., Any]


def functional(lib_tensor: Any) -> Any:
    """Where `embedding` and `one_hot` live, for a tensor of either library."""
    if isinstance(lib_tensor, Tensor):
        return gathering
    import torch

    return torch.nn.functional


def smaller(draw: Draw, shape: tuple[int, ...], dim: int, *, most: int = 4) -> tuple[int, ...]:
    """A shape of places: no larger but along `dim`; once in a while too large."""
    found = [draw(st.integers(1, n)) for n in shape]
    found[dim] = draw(st.integers(0, most))
    if len(shape) > 1 and draw(st.integers(0, 15)) == 0:
        found[(dim - 1) % len(shape)] += 9
    return tuple(found)


def places(draw: Draw, shape: tuple[int, ...], size: int) -> np.ndarray[Any, Any]:
    wrong = draw(st.integers(0, 9)) == 0
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    kind = draw(st.sampled_from(["int64", "int64", "int32"]))
    return np.asarray(rng.integers(-wrong, size + wrong, shape)).astype(kind)


def gathering_(draw: Draw) -> Case:
    shape = draw(full_shapes)
    dim = axis(draw, len(shape), wrong=False)
    index = places(draw, smaller(draw, shape, dim), shape[dim])
    return Case(f"x.gather({dim}, i)", {"x": array(draw, shape), "i": index})


def scattering(draw: Draw) -> Case:
    shape = draw(full_shapes)
    dim = axis(draw, len(shape), wrong=False)
    word = draw(st.sampled_from(["scatter", "scatter_add"]))
    taken = smaller(draw, shape, dim, most=4 if word == "scatter_add" else shape[dim])
    index = places(draw, taken, shape[dim])
    if word == "scatter":  # places named twice are undefined there
        rng = np.random.default_rng(draw(st.integers(0, 999)))
        order = rng.random((*taken[:dim], shape[dim], *taken[dim:][1:])).argsort(dim)
        index = order.take(np.arange(taken[dim]), dim)
    src = tuple(n + draw(st.integers(0, 1)) for n in taken)
    dtype = draw(st.sampled_from(["float64", "float32"]))
    arrays = {"x": array(draw, shape, dtype), "i": index}
    if word == "scatter" and draw(st.integers(0, 3)) == 0:
        return Case(f"x.scatter({dim}, i, {draw(st.sampled_from(['1.5', 'value=2.0']))})", arrays)
    arrays["src"] = array(draw, src, dtype if draw(st.integers(0, 9)) else "float64")
    # PyTorch's gradient is defined where src has the shape of the index
    return Case(f"x.{word}({dim}, i, src[{', '.join(f':{n}' for n in taken)}])", arrays)


def taking(draw: Draw) -> Case:
    shape = draw(full_shapes)
    if draw(st.integers(0, 2)) == 0:
        size = int(np.prod(shape))
        word = draw(st.sampled_from(["take", "take_along_dim"]))
        index = places(draw, draw(shapes), size).astype("int64")
        return Case(f"x.{word}(i)", {"x": array(draw, shape), "i": index}, names=word != "take")
    dim = axis(draw, len(shape), wrong=False)
    around = [n if draw(st.booleans()) else 1 for n in shape]
    around[dim] = draw(st.integers(1, 3))
    index = places(draw, tuple(around), shape[dim]).astype("int64")
    return Case(f"x.take_along_dim(i, {dim})", {"x": array(draw, shape), "i": index})


def embedding_(draw: Draw) -> Case:
    rows, width = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    padding = draw(st.sampled_from(["", "", f", padding_idx={draw(st.integers(-rows, rows - 1))}"]))
    arrays = {"w": array(draw, (rows, width)), "i": places(draw, draw(shapes), rows)}
    return Case(f"f(w).embedding(i, w{padding})", arrays, {"f": functional})


def one_hot_(draw: Draw) -> Case:
    classes = draw(st.sampled_from(["", f", {draw(st.integers(-1, 4))}"]))
    index = places(draw, draw(shapes), 4).astype("int64")
    return Case(f"f(i).one_hot(i{classes})", {"i": index}, {"f": functional})


OPS: dict[str, Callable[[Draw], Case]] = {
    "gather": gathering_,
    "scatter and scatter_add": scattering,
    "take and take_along_dim": taking,
    "embedding": embedding_,
    "one_hot": one_hot_,
}


@st.composite
def case(draw: Draw, name: str) -> Case:
    return OPS[name](draw)


@pytest.mark.oracle
@cases
@pytest.mark.parametrize("name", OPS)
def test_it_is_pytorchs(name: str, cases: int) -> None:
    """Value, gradient, dtype, node name, and where it raises."""
    hold(case(name), cases)


@pytest.mark.oracle
@pytest.mark.parametrize(
    "code",
    [
        "x.gather(0, i)", "x.gather(2, j)", "x.gather(1, x)", "x.gather(1, j.float())", "x.gather(1, j - 1)",
        "x.gather(1, j + 9)", "s.gather(0, i[0] * 0)", "x.gather(1, [[0]])", "x.gather(0, j[:, :0])",
        "x.scatter(1, j, x.float())", "x.scatter(1, j, x[:, :1])", "x.scatter(1, j, [1.0])", "x.scatter(1, j, 1)",
        "x.scatter_add(1, j, 1.0)", "x.scatter(1, j + 9, x)", "x.scatter(1, i, x)", "x.scatter(1, j.float(), x)",
        "x.take_along_dim(i, 1)", "x.take(i)", "x.take(i + 99)", "x.take(i.int())", "f(x).embedding(i, x[0])",
        "f(x).embedding(i, x.expand(2, 3, 4))", "f(x).embedding(i.float(), x)", "f(x).embedding(i - 1, x)",
        "f(x).embedding(x, i)", "f(x).one_hot(i.int())", "f(x).one_hot(i.float())", "f(x).one_hot(i - 1)",
        "f(x).one_hot(i[:0])", "f(x).one_hot(i[:0], 3)", "f(x).one_hot(i, 2)", "f(x).one_hot(i, 0)",
        "f(x).one_hot([1])", "lib.gather(x, 1, j, sparse_grad=False)", "x.scatter(dim=1, index=j, value=3.0)",
    ],
)  # fmt: skip
def test_the_odd_ones_are_pytorchs_too(code: str) -> None:
    rng = np.random.default_rng(0)
    arrays = {"x": rng.normal(size=(3, 4)), "s": np.array(2.0), "i": np.array([0, 2]), "j": np.array([[0, 3], [1, 2]])}
    agree(Case(code, arrays, {"f": functional}))


def tensor(array: Any) -> Any:
    return Tensor._wrap(np.array(array, np.float32), requires_grad=True)


def whole(array: Any) -> Any:
    return Tensor._wrap(np.array(array, np.int64))


def test_a_row_looked_up_twice_receives_both_gradients_and_one_not_used_none() -> None:
    table = tensor([[1, 2], [3, 4], [5, 6]])
    rows = gathering.embedding(whole([2, 0, 2]), table)
    (rows * tensor([[1, 1], [10, 10], [100, 100]])).sum().backward()
    assert table.grad.tolist() == [[10.0, 10.0], [0.0, 0.0], [101.0, 101.0]]


def test_of_two_elements_scattered_to_one_place_the_one_that_stayed_gets_the_gradient() -> None:
    """PyTorch hands it to both, and calls the case undefined; a finite difference settles it."""
    x, src = tensor([1, 2, 3]), tensor([10, 20])
    y = x.scatter(0, whole([1, 1]), src)
    assert y.tolist() == [1.0, 20.0, 3.0]
    (y * tensor([5, 7, 9])).sum().backward()
    assert (x.grad.tolist(), src.grad.tolist()) == ([5.0, 0.0, 9.0], [0.0, 7.0])


def test_a_source_larger_than_the_index_gets_zeros_where_it_was_not_used() -> None:
    x, src = tensor([[1, 2], [3, 4]]), tensor([[5, 6, 7], [8, 9, 10]])
    x.scatter(1, whole([[1]]), src).sum().backward()
    assert src.grad.tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]


def test_scattering_can_add() -> None:
    x = tensor([1, 2])
    assert x.scatter(0, whole([1, 1]), tensor([3, 4]), reduce="add").tolist() == [1.0, 9.0]
    assert x.scatter(0, whole([1, 1]), 3.0, reduce="add").tolist() == [1.0, 8.0]
    with pytest.raises(ArgumentError, match="'multiply'"):
        x.scatter(0, whole([1]), 3.0, reduce="multiply")


@pytest.mark.parametrize(
    ("call", "kind", "says"),
    [
        (lambda x: x.gather(1, whole([[3]])), PlaceError, "index 3 is out of bounds for axis 1 of shape (2, 3)"),
        (lambda x: x.gather(0, whole([0])), ShapeError, "same number of axes"),
        (lambda x: x.gather(0, x), DtypeError, "int32 or int64"),
        (lambda x: gathering.embedding(whole([2]), x), PlaceError, "2, weight has 2 rows"),
        (lambda x: gathering.embedding(x, whole([2, 1])), ShapeError, "must have two axes"),
        (lambda x: gathering.embedding(x, x), DtypeError, "changed places"),
        (lambda x: gathering.embedding(whole([0]), x, padding_idx=2), ArgumentError, "padding_idx is 2"),
        (lambda x: gathering.embedding(whole([0]), x, max_norm=1.0), ArgumentError, "max_norm"),
        (lambda x: gathering.one_hot(whole([3]), 3), ShapeError, "class 3, num_classes is 3"),
    ],
)
def test_errors_name_the_shapes_the_rule_and_the_users_line(call: Any, kind: type[Exception], says: str) -> None:
    with pytest.raises(kind) as caught:
        call(tensor(np.ones((2, 3))))
    assert says in str(caught.value)
    assert "test_gathering.py:" in str(caught.value)
