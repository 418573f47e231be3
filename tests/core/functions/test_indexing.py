"""Picking and overwriting elements, beside PyTorch: brackets of every kind, masks, `where`, places along an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.core.functions.beside import Case, agree, array, axis, cases, full_shapes, hold, shapes
from tracer.core.functions.all import FUNCTIONS, Tensor
from tracer.core.functions.indexing import index_put
from tracer.errors import ArgumentError, DtypeError, IndexingError, ShapeError

Draw = Callable[..., Any]


def bound(draw: Draw, size: int) -> str:
    return draw(st.sampled_from(["", str(draw(st.integers(-size - 1, size + 1)))]))


def slicing(draw: Draw, size: int) -> str:
    step = f":{draw(st.integers(1, 3))}" if draw(st.booleans()) else ""
    return f"{bound(draw, size)}:{bound(draw, size)}{step}"


class Picker:
    """Draws what stands between the brackets; arrays of places get names."""

    def __init__(self, draw: Draw, shape: tuple[int, ...], *, unique: bool = False) -> None:
        self.draw, self.shape, self.unique = draw, shape, unique
        self.arrays: dict[str, np.ndarray[Any, Any]] = {}
        self.together = draw(st.sampled_from([(), (2,), (3,), (2, 2)]))
        """The shape that arrays of places have."""
        self.masked = False

    def entry(self, place: int) -> tuple[str, int]:
        """Text, and how many axes it stands for."""
        draw, size = self.draw, self.shape[place]
        kind = draw(st.sampled_from(["slice"] * 3 + ["int", "int", ":", "array", "array", "mask", "list"]))
        if kind == "slice":
            return slicing(draw, size), 1
        if kind == "int":
            low, high = (-size, size - 1) if size and draw(st.integers(0, 15)) else (-size - 1, size)
            return str(draw(st.integers(low, high))), 1
        if kind in ("array", "list") and size and not (self.masked or (self.unique and self.arrays)):
            return self.places(size, kind), 1
        if kind == "mask" and not self.arrays and not self.masked:
            self.masked = True
            return self.mask(place)
        return ":", 1

    def places(self, size: int, kind: str) -> str:
        rng = np.random.default_rng(self.draw(st.integers(0, 999)))
        if self.unique:
            found = rng.permutation(size)[: self.draw(st.integers(1, size))]
            found = found - size * (rng.random(found.shape) < 0.3)
        else:
            wrong = self.draw(st.integers(0, 15)) == 0 and 0 not in self.shape  # of no elements PyTorch does not look
            found = rng.integers(-size, size + wrong, self.together)
        if kind == "list" and found.ndim == 1:
            return str(found.tolist())
        name = f"i{len(self.arrays)}"
        self.arrays[name] = found.astype(self.draw(st.sampled_from(["int64", "int64", "int32"])))
        return name

    def mask(self, place: int) -> tuple[str, int]:
        axes = min(self.draw(st.integers(1, 2)), len(self.shape) - place)
        wrong = self.draw(st.integers(0, 20)) == 0
        shape = [n + wrong for n in self.shape[place : place + axes]]
        name = f"i{len(self.arrays)}"
        self.arrays[name] = np.random.default_rng(self.draw(st.integers(0, 999))).random(shape) < 0.6
        return name, axes

    def text(self) -> str:
        entries, place, dots = [], 0, False
        until = self.draw(st.integers(0, len(self.shape)))
        while place < until:
            text, axes = self.entry(place)
            entries.append(text)
            place += axes
            extra = self.draw(st.integers(0, 12))
            if extra == 0 and not dots:
                skipped = self.draw(st.integers(0, len(self.shape) - place))
                entries.append("...")
                place, dots = place + skipped, True
                until = len(self.shape) if skipped or place == len(self.shape) else until
                while place < until:  # what follows the dots must reach the last axis
                    text, axes = self.entry(place)
                    entries.append(text)
                    place += axes
            elif extra == 1:
                entries.append("None")
            elif extra == 2 and not self.unique:
                entries.append(self.draw(st.sampled_from(["True", "False"])))
        if dots:
            return ", ".join(entries)
        if self.draw(st.integers(0, 60)) == 0:
            entries += ["0"] * (len(self.shape) + 1 - place)
        return ", ".join(entries) or self.draw(st.sampled_from(["...", "None", "()"]))


def bracketed(draw: Draw) -> Case:
    shape = draw(shapes)
    picker = Picker(draw, shape)
    text = picker.text()
    way = draw(st.sampled_from(["x", "x", "x.mT" if len(shape) > 1 else "x"]))
    stored = (*shape[:-2], shape[-1], shape[-2]) if way == "x.mT" else shape
    return Case(f"{way}[{text}]", {"x": array(draw, stored), **picker.arrays})


def put(x: Any, index: Any, value: Any) -> Any:
    """`y[index] = value` on a copy, as a user writes it."""
    y = x.clone()
    y[index] = value
    return y


def put_op(x: Any, index: Any, value: Any) -> Any:
    """The same by PyTorch's assignment and our op."""
    return index_put(x, index, value) if isinstance(x, Tensor) else put(x, index, value)


def assigning(draw: Draw) -> Case:
    shape = draw(shapes)
    picker = Picker(draw, shape, unique=True)
    text = picker.text()
    try:
        target = np.empty(shape)[eval(f"_[{text}]", {"_": np.s_, **picker.arrays})].shape
    except (IndexError, ValueError):
        target = ()
    kept = tuple(n if draw(st.booleans()) else 1 for n in target)[draw(st.integers(0, len(target))) :]
    if draw(st.integers(0, 9)) == 0:
        kept = (*kept, 7)
    index = f"_[{text}]" if text != "()" else "()"
    dtype = draw(st.sampled_from(["float64", "float32"]))
    arrays = {"x": array(draw, shape, dtype), "value": array(draw, kept, dtype), **picker.arrays}
    return Case(
        f"put(x, {index}, value)", arrays, {"put": draw(st.sampled_from([put, put_op])), "_": np.s_}, names=False
    )


def selecting(draw: Draw) -> Case:
    shape = draw(full_shapes)
    dim = axis(draw, len(shape))
    size = shape[dim] if -len(shape) <= dim < len(shape) else 2
    word = draw(st.sampled_from(["select", "narrow"]))
    first = draw(st.integers(-size - 1, size))
    return Case(
        f"x.{word}({dim}, {first}{'' if word == 'select' else f', {draw(st.integers(-1, size))}'})",
        {"x": array(draw, shape)},
    )


def along(draw: Draw) -> Case:
    shape = draw(full_shapes)
    dim = axis(draw, len(shape), wrong=draw(st.integers(0, 9)) == 0)
    size = shape[dim] if -len(shape) <= dim < len(shape) else 2
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    word = draw(st.sampled_from(["index_select", "index_select", "index_add", "index_copy", "index_fill"]))
    wrong = draw(st.integers(0, 9)) == 0
    number = draw(st.integers(0, size))
    index = (
        rng.integers(-wrong, size + wrong, number) if word in ("index_select", "index_add") else rng.permutation(size)
    )
    index = index[:number].astype(
        "int64" if word in ("index_copy", "index_fill") else draw(st.sampled_from(["int64", "int32"]))
    )
    arrays = {"x": array(draw, shape, "float64"), "i": index}
    if word in ("index_add", "index_copy"):
        source = list(shape)
        source[dim % len(shape)] = number + (draw(st.integers(0, 9)) == 0)
        arrays["source"] = array(draw, tuple(source), "float64")
    last = {"index_select": "", "index_fill": ", 2.5"}.get(word, ", source")
    more = ", alpha=0.5" if word == "index_add" and draw(st.booleans()) else ""
    return Case(f"x.{word}({dim}, i{last}{more})", arrays)


def broadcasting(draw: Draw, number: int) -> list[tuple[int, ...]]:
    """Shapes that broadcast, once in a while not."""
    full = draw(shapes)
    found = []
    for _ in range(number):
        one = tuple(n if draw(st.integers(0, 3)) else 1 for n in full)[draw(st.integers(0, len(full))) if full else 0 :]
        if draw(st.integers(0, 15)) == 0:
            one = (*one, 7)
        found.append(one)
    return found


def masking(draw: Draw) -> Case:
    first, second = broadcasting(draw, 2)
    dtype = draw(st.sampled_from(["float64", "float32", "int64", "bool"]))
    arrays = {"x": array(draw, first, dtype), "m": array(draw, second, "bool" if draw(st.integers(0, 9)) else "int64")}
    word = draw(st.sampled_from(["masked_fill", "masked_select"]))
    if word == "masked_select":
        return Case("x.masked_select(m)", arrays)
    if dtype in ("float64", "float32") and draw(st.booleans()):
        arrays["v"] = array(draw, () if draw(st.integers(0, 5)) else (1,), dtype)
        return Case("x.masked_fill(m, v)", arrays)
    value = {"bool": "True", "int64": "-3"}.get(dtype, draw(st.sampled_from(["-inf", "0", "2.5"])))
    return Case(f"lib.masked_fill(x, m, {value})", arrays)


def choosing(draw: Draw) -> Case:
    condition, first, second = broadcasting(draw, 3)
    arrays = {"m": array(draw, condition, "bool" if draw(st.integers(0, 9)) else "int64")}
    words = []
    for name, shape in (("a", first), ("b", second)):
        if draw(st.integers(0, 3)):
            arrays[name] = array(draw, shape)
            words.append(name)
        else:
            words.append(draw(st.sampled_from(["0", "1.5", "True"])))
    if words[0] == "a" and draw(st.booleans()):
        return Case(f"a.where(m, {words[1]})", arrays)
    return Case(f"lib.where(m, {', '.join(words)})", arrays)


def finding(draw: Draw) -> Case:
    codes = ["lib.nonzero(x)", "lib.nonzero(x, as_tuple=True)", "lib.where(x > 0)", "x.argwhere()", "x.nonzero()"]
    return Case(draw(st.sampled_from(codes)), {"x": array(draw, draw(shapes))})


OPS: dict[str, Callable[[Draw], Case]] = {
    "brackets": bracketed,
    "assignment": assigning,
    "select and narrow": selecting,
    "index_select and its kin": along,
    "masked_fill and masked_select": masking,
    "where": choosing,
    "nonzero": finding,
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
        "x[0]", "x[:, 1]", "x[1, 2]", "x[-1]", "x[...]", "x[None]", "x[:, None]", "x[::2]", "x[::-1]", "x[::0]", "x[5]",
        "x[0, 0, 0]", "x[1.0]", "x['a']", "x[1.5:]", "x[x]", "x[i]", "x[[0, 2]]", "x[[True, False, True]]", "x[i, i]",
        "x[[0, 1], [1, 2]]", "x[[[0, 1], [1, 2]]]", "x[range(2)]", "x[[]]", "x[([0, 1],)]", "x[[slice(0, 1), 0]]",
        "x[[0, None]]", "x[True]", "x[False]", "x[True, 0]", "x[m]", "x[m, 0]", "x[m, i]", "x[:, m]", "x[x > 1]",
        "x[i.short()]", "x[i.byte()]", "x[i, [0, 1, 2]]", "x[..., ...]", "x[0, ..., None]", "x[i[0]]",
        "x[i > 0]", "s[0]", "s[:]", "s[...]", "s[None]", "s[True]", "x[n]", "x[n.astype('int32')]", "x[[1.0]]",
        "x[np.int64(1)]", "x[np.array(1)]", "x[np.array([True, False, True])]", "x[:, :, None][..., 0]", "x[:, [1]]",
        "x[i][:, i]", "x[slice(i[0], None)]", "x[i[0]:]", "x[0:0]", "x[i == 0, 0]", "x[...][0, :]",
        "x[None][:, i, ..., i]",
    ],
)  # fmt: skip
def test_every_kind_of_bracket_is_pytorchs(code: str) -> None:
    rng = np.random.default_rng(0)
    arrays = {
        "x": rng.normal(size=(3, 4)), "s": np.array(2.0), "i": np.array([0, 2]), "m": np.array([True, False, True]),
    }  # fmt: skip
    agree(Case(code, arrays, {"n": np.array([0, 1, 1]), "np": np}))


@pytest.mark.oracle
@pytest.mark.parametrize(
    "code",
    [
        "lib.where(True, x, x)", "x.masked_fill(m, [1.0])", "x.index_select(0, i.float())", "x.index_select(0, x)",
        "x.index_select(0, i[None])", "x.index_select(0, i[0])", "s.index_select(0, i[:1])", "x.select(0, 1.0)",
        "s.select(0, 0)", "s.narrow(0, 0, 1)", "x.narrow(0, i[1], 1)", "x.where(m[:, None], 0)", "x.masked_fill(m, 0)",
        "x.index_put((i,), x[0])", "x.index_put((i, i), s)", "x.index_put((i,), s, accumulate=True)",
        "x.index_put((i * 0,), x[:2], accumulate=True)", "x.index_put([i], x)", "lib.argwhere(m)", "lib.where(m)",
        "lib.masked_fill(x[0], m[:, None], 1.5)", "(x * 1).int().masked_fill(m[:, None], 1.5)",
    ],
)  # fmt: skip
def test_the_odd_ones_are_pytorchs_too(code: str) -> None:
    rng = np.random.default_rng(0)
    m = np.array([True, False, True])
    agree(Case(code, {"x": rng.normal(size=(3, 4)), "s": np.array(2.0), "i": np.array([0, 2]), "m": m}))


def tensor(array: Any) -> Any:
    return Tensor._wrap(np.array(array, np.float32), requires_grad=True)


def test_what_pytorch_warns_of_is_warned_of() -> None:
    x = tensor([[1, 2], [3, 4]])
    with pytest.warns(UserWarning, match="taken for a tuple"):
        assert x[[[0, 1], [1, 0]]].tolist() == [2.0, 3.0]
    with pytest.warns(UserWarning, match="taken for a mask"):
        assert x[Tensor._wrap(np.array([0, 1], np.uint8))].tolist() == [[3.0, 4.0]]


def test_an_element_picked_twice_receives_both_gradients_and_one_not_picked_zero() -> None:
    x = tensor([1, 2, 3])
    (x[[0, 2, 0]] * tensor([10, 20, 30])).sum().backward()
    assert x.grad.tolist() == [40.0, 0.0, 20.0]


def test_of_two_values_written_to_one_place_the_one_that_stayed_gets_the_gradient() -> None:
    """PyTorch hands it to both, and calls the case undefined; a finite difference settles it."""
    x, value = tensor([1, 2, 3]), tensor([10, 20, 30])
    y = index_put(x, ([1, 0, 1],), value)
    assert y.tolist() == [20.0, 30.0, 3.0]
    (y * tensor([5, 7, 9])).sum().backward()
    assert (x.grad.tolist(), value.grad.tolist()) == ([0.0, 0.0, 9.0], [0.0, 5.0, 7.0])


def test_assignment_sends_gradient_to_both_sides() -> None:
    x, value = tensor([1, 2, 3]), tensor(4)
    y = x * 1
    y[1:] = value
    (y * tensor([5, 7, 9])).sum().backward()
    assert (x.grad.tolist(), value.grad.tolist()) == ([5.0, 0.0, 0.0], 16.0)


def test_where_switches_the_gradient() -> None:
    x = tensor([-1, 2])
    FUNCTIONS.where(x > 0, x * x, 0.0).sum().backward()
    assert x.grad.tolist() == [0.0, 4.0]


def test_a_later_change_of_the_index_does_not_change_what_was_picked() -> None:
    x, index = tensor([1, 2, 3]), Tensor._wrap(np.array([0, 0]))
    y = x[index]
    index[0] = 2
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("call", "kind", "says"),
    [
        (lambda x: x[3], IndexingError, "3 is out of bounds for axis 0 of shape (2, 3)"),
        (lambda x: x[:, [0, -4]], IndexingError, "between -3 and 2"),
        (lambda x: x[0, 0, 0], IndexingError, "3 axes are indexed"),
        (lambda x: x[::-1], ArgumentError, "use flip"),
        (lambda x: x[1.0], IndexingError, "a float is no index"),
        (lambda x: x[x > 1, 0], IndexingError, "3 axes are indexed"),
        (lambda x: x[Tensor._wrap(np.zeros(3, bool))], IndexingError, "the mask has shape (3,)"),
        (lambda x: x[[0, 1], [0, 1, 2]], IndexingError, "shapes (2,), (3,) do not broadcast"),
        (lambda x: x.masked_fill(x, 0), DtypeError, "only boolean masks"),
        (lambda x: FUNCTIONS.where(x > 0, x, tensor([1, 2])), ShapeError, "at axis -1 they are 2 and 3"),
        (lambda x: index_put(x, (0,), tensor([1, 2])), ShapeError, "places written to have shape (3,)"),
    ],
)
def test_errors_name_the_shapes_the_rule_and_the_users_line(call: Any, kind: type[Exception], says: str) -> None:
    with pytest.raises(kind) as caught:
        call(tensor(np.ones((2, 3))))
    assert says in str(caught.value)
    assert "test_indexing.py:" in str(caught.value)
