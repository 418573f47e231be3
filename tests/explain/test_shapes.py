"""Shape algebra: the words follow NumPy's own shapes, whatever the shapes are."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.explain.amount import shape_text
from tracer.explain.shapes import (
    Broadcast,
    broadcast_back,
    broadcast_forward,
    elementwise_forward,
    jacobian,
    linear_back,
    linear_forward,
    matmul_back,
    matmul_forward,
    other_forward,
)

Shape = tuple[int, ...]
sizes = st.integers(1, 4)


@st.composite
def broadcasts(draw: st.DrawFn) -> tuple[Shape, Shape]:
    """An input's shape and an output's that it broadcasts to."""
    out = tuple(draw(st.lists(sizes, max_size=4)))
    kept = out[draw(st.integers(0, len(out))) :]
    return tuple(1 if draw(st.booleans()) else n for n in kept), out


@given(broadcasts())
def test_summing_over_the_named_axes_gives_back_the_inputs_shape(shapes: tuple[Shape, Shape]) -> None:
    shape, out = shapes
    use = Broadcast(shape, out)
    assert np.broadcast_to(np.zeros(shape), out).sum(axis=use.axes).size == np.zeros(shape).size
    assert use.copies * int(np.prod(shape)) == int(np.prod(out))
    assert bool(use) == (np.prod(shape) != np.prod(out) or len(shape) < len(out))


def test_a_row_used_by_every_row_is_told_both_ways() -> None:
    use = Broadcast((4,), (3, 4))
    assert broadcast_forward("b", use).en == (
        "b has the shape (4,); it is broadcast to (3, 4): used 3 times, once for each row."
    )
    assert broadcast_back("b", use).en == (
        "Each row used b, so the rows' gradients add up: (3, 4) summed over axis 0 gives (4,), the shape of b."
    )
    assert broadcast_back("b", use).ja == (
        "b はどの行でも使われたので、行ごとの勾配を足し合わせます。(3, 4) を軸 0 で合計すると (4,)、b の形になります。"
    )


def test_columns_single_numbers_and_other_axes_have_their_own_words() -> None:
    assert "Each column used b" in broadcast_back("b", Broadcast((3, 1), (3, 4))).en
    assert "Every element used b, so all their gradients" in broadcast_back("b", Broadcast((), (3, 4))).en
    said = broadcast_back("b", Broadcast((1, 4), (2, 3, 4)))
    assert said.en.startswith("All 6 places along axes 0 and 1 used b")
    assert "軸 0 と 1" in said.ja


def test_elementwise_ops_name_only_the_inputs_that_were_stretched() -> None:
    assert elementwise_forward(["A", "B"], [(3, 4), (3, 4)], "C", (3, 4)).en.endswith("so the shape stays (3, 4).")
    said = elementwise_forward(["A", "b"], [(3, 4), (4,)], "C", (3, 4)).en
    assert "b has the shape (4,)" in said
    assert "A has" not in said
    assert elementwise_forward(["x"], [()], "y", ()).en == ""  # numbers have no shape to speak of


@st.composite
def products(draw: st.DrawFn) -> tuple[Shape, Shape]:
    """Two shapes that may be multiplied, vectors and batches included."""
    m, n, p = draw(sizes), draw(sizes), draw(sizes)
    batch = tuple(draw(st.lists(sizes, max_size=2)))
    a = draw(st.sampled_from([(n,), (m, n), (*batch, m, n)]))
    b = draw(st.sampled_from([(n,), (n, p), (*batch, n, p)]))
    return a, b


def _result(shapes: str) -> Shape:
    """The shape that a product as written has, by NumPy."""
    sign = "@" if "@" in shapes else "·"
    left, right = (eval(part) for part in shapes.split(sign))
    if sign == "·":
        return np.broadcast_shapes(left, right)
    return (np.zeros(left) @ np.zeros(right)).shape


@given(products())
def test_each_rule_of_a_product_has_the_shapes_that_numpy_gives(shapes: tuple[Shape, Shape]) -> None:
    a, b = shapes
    out = (np.zeros(a) @ np.zeros(b)).shape
    for which in (0, 1):
        rule = matmul_back(which, "g", "A", "B", a, b, out)
        assert _result(rule.shapes) == rule.result
        vector = len(shapes[which]) == 1 and len(shapes[1 - which]) > 2  # it comes as a row or a column
        found = rule.result
        if vector:
            found = tuple(n for i, n in enumerate(found) if i != len(found) - (2 if which == 0 else 1))
        assert found[len(found) - len(shapes[which]) :] == shapes[which]  # axes of a batch may stand before


def test_the_product_of_the_document() -> None:
    rule = matmul_back(0, "∂L/∂C", "A", "B", (3, 4), (4, 5), (3, 5))
    assert (rule.formula, rule.shapes, rule.result) == ("∂L/∂C @ Bᵀ", "(3, 5) @ (5, 4)", (3, 4))
    rule = matmul_back(1, "∂L/∂C", "A", "B", (3, 4), (4, 5), (3, 5))
    assert (rule.formula, rule.shapes, rule.result) == ("Aᵀ @ ∂L/∂C", "(4, 3) @ (3, 5)", (4, 5))
    outer = matmul_back(0, "g", "W", "x", (2, 3), (3,), (2,))
    assert (outer.formula, outer.shapes) == ("g ⊗ x", "(2, 1) @ (1, 3)")
    assert outer.why.en.startswith("⊗ is the outer product")
    assert "Nothing is added up, for each element of" in outer.why.en


@given(products())
def test_the_forward_words_name_the_axis_that_is_summed_away_and_the_shape_that_is_left(
    shapes: tuple[Shape, Shape],
) -> None:
    a, b = shapes
    out = (np.zeros(a) @ np.zeros(b)).shape
    said = matmul_forward("A", "B", a, b, "C", out)
    for words in (said.en, said.ja):
        assert f"{shape_text(a)} @ {shape_text(b)}" in words
        assert str(a[-1]) in words
        assert not out or shape_text(out) in words
    assert re.search(rf"sum of {a[-1]} products", said.en)


@pytest.mark.parametrize(
    ("shapes", "out", "dim", "keep", "words"),
    [
        ([(3, 4)], (4,), [0], False, "(3, 4) → (4,): along axis 0, 3 numbers become one."),
        ([(3, 4)], (3, 1), [1], True, "(3, 4) → (3, 1): along axis 1, 4 numbers become one, kept with length 1."),
        ([(3, 4)], (), None, False, "(3, 4) → (): all 12 numbers become one."),
        ([(3, 4)], (12,), None, False, "(3, 4) → (12,): 12 numbers before, 12 after."),
        ([(3, 4)], (3, 4), [1], False, "The shape stays (3, 4)."),
        ([(2, 4), (3, 4)], (5, 4), [0], False, "Along axis 0 the lengths add up: 2 + 3 = 5."),
        ([(2, 4), (2, 4)], (2, 2, 4), [0], False, "A new axis 0 counts them: 2."),
        ([(5, 4)], (2, 4), None, False, "(5, 4) → (2, 4)."),
        ([(5, 4), (3,)], (2, 4), None, False, ""),
    ],
)
def test_other_ops_are_told_by_their_shapes_alone(
    shapes: list[Shape], out: Shape, dim: list[int] | None, keep: bool, words: str
) -> None:
    said = other_forward(["a", "b"][: len(shapes)], shapes, "c", out, dim=dim, keep=keep)
    assert said.en == words
    assert bool(said.ja) == bool(words)


def test_the_jacobian_is_counted_not_formed() -> None:
    said = jacobian("C", "A", (3, 5), (3, 4))
    assert "15 × 12 numbers" in said.en
    assert "ヤコビ行列" in said.ja


@given(st.lists(sizes, max_size=2).map(tuple), sizes, sizes)
def test_each_rule_of_a_linear_layer_has_the_shapes_that_numpy_gives(lead: Shape, n: int, p: int) -> None:
    x, w = (*lead, n), (p, n)
    out = (np.zeros(x) @ np.zeros(w).T).shape
    for which, shape in enumerate((x, w)):
        rule = linear_back(which, "g", "x", "W", x, w, out)
        assert _result(rule.shapes) == rule.result == shape


def test_a_linear_layer_says_how_its_weight_is_stored_and_that_every_row_uses_the_bias() -> None:
    said = linear_forward("x", "W", "b", (6, 4), (5, 4), "y", (6, 5)).en
    assert "W is stored as (out, in) = (5, 4)" in said
    assert "once for each row" in said
    assert "broadcast" not in linear_forward("x", "W", None, (6, 4), (5, 4), "y", (6, 5)).en
