"""einsum and tensordot beside PyTorch: equations of all common forms, random ones, and what is refused."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.core.functions.beside import Case, agree, array, cases, hold
from tracer.core.functions.all import FUNCTIONS, Tensor
from tracer.errors import AxisError, DtypeError, OptionError, ShapeError

Draw = Callable[..., Any]

LENGTHS = {"i": 2, "j": 3, "k": 4, "b": 2, "h": 1, "q": 3, "d": 2}
COMMON = (
    "ij,jk->ik", "ij,jk", "bij,bjk->bik", "bij,jk->bik", "ij,j->i", "i,i->", "i,i", "i,j->ij", "ij->ji", "ij->",
    "ij->j", "ii->i", "ii->", "ii", "bii->bi", "bhqd,bhkd->bhqk", "bhqk,bhkd->bhqd", "ij,ij->ij", "ij,ij->",
    "ij,jk,k->i", "i,j,k->ijk", "bij,bkj->bik", "ji", "ij,kj->ki", "iij,jk->ik", "i j , j k -> k i", "b,bi->bi",
    "ij,k->ij",
)  # fmt: skip
DOTTED = {
    "...ij,...jk->...ik": ((2, 2, 3), (3, 4)), "...ij->...ji": ((2, 2, 3),), "...i,...i->...": ((2, 3), (3,)),
    "b...,b...->b...": ((2, 3), (2, 3)), "i...->...": ((2, 3),), "...->...": ((2, 3),), "...ij,jk": ((2, 2, 3), (3, 4)),
    "...i->i": ((2, 3),), "ij...,jk->ik...": ((2, 3, 2), (3, 4)), "...,...->...": ((3, 1), (1, 2)),
}  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("equation", COMMON)
@cases
def test_common_equations(equation: str, cases: int) -> None:
    """Axes of length 1 stretch to meet their letter."""
    words = equation.replace(" ", "").split("->")[0].split(",")

    @st.composite
    def case(draw: Draw) -> Case:
        dtype = draw(st.sampled_from(["float64", "float64", "float32"]))
        lengths = dict(LENGTHS)
        if draw(st.integers(0, 5)) == 0:
            lengths["j"] = 0
        arrays = {}
        for name, word in zip("abc", words, strict=False):
            shape = [lengths[letter] for letter in word]
            if draw(st.integers(0, 5)) == 0 and len(set(word)) == len(word):
                shape[draw(st.integers(0, len(shape) - 1))] = 1
            arrays[name] = array(draw, tuple(shape), dtype)
        return Case(f"lib.einsum({equation!r}, {', '.join(arrays)})", arrays, names=False)

    hold(case(), cases)


@pytest.mark.oracle
@pytest.mark.parametrize("equation", DOTTED)
def test_ellipsis(equation: str) -> None:
    rng = np.random.default_rng(1)
    arrays = {name: rng.normal(size=shape) for name, shape in zip("ab", DOTTED[equation], strict=False)}
    agree(Case(f"lib.einsum({equation!r}, [{', '.join(arrays)}])", arrays, names=False))


@pytest.mark.oracle
@cases
def test_random_equations(cases: int) -> None:
    """One to three operands, letters at random, also repeated."""

    @st.composite
    def case(draw: Draw) -> Case:
        number = draw(st.integers(1, 3))
        words = ["".join(draw(st.lists(st.sampled_from("ijkb"), max_size=3))) for _ in range(number)]
        letters = sorted(set("".join(words)))
        target = "".join(draw(st.permutations(letters))[: draw(st.integers(0, len(letters)))])
        arrays = {
            name: array(draw, tuple(LENGTHS[letter] for letter in word), "float64")
            for name, word in zip(string.ascii_lowercase, words, strict=False)
        }
        return Case(f"lib.einsum('{','.join(words)}->{target}', {', '.join(arrays)})", arrays, names=False)

    hold(case(), cases)


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("code", "a", "b"),
    [
        ("lib.tensordot(a, b, dims=1)", (2, 3), (3, 4)),
        ("lib.tensordot(a, b)", (2, 3, 4), (3, 4, 2)),
        ("lib.tensordot(a, b, dims=0)", (2,), (3,)),
        ("lib.tensordot(a, b, dims=([1], [0]))", (2, 3), (3, 4)),
        ("lib.tensordot(a, b, ([0, 1], [1, 0]))", (2, 3), (3, 2)),
        ("lib.inner(a, b)", (2, 3), (4, 3)),
        ("lib.inner(a, b)", (3,), (2, 4, 3)),
        ("lib.inner(a, b)", (), (2,)),
    ],
)
def test_tensordot_and_inner(code: str, a: tuple[int, ...], b: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    agree(Case(code, {"a": rng.normal(size=a), "b": rng.normal(size=b)}, names=False))


@pytest.mark.oracle
@pytest.mark.parametrize("equation", ["ij,jk->ik", "ii->", "ij->ji", "i,j->ij", "ij->", "i,i->"])
def test_nodes_are_called_as_pytorchs(equation: str) -> None:
    words = equation.split("->")[0].split(",")
    size = {"i": 3, "j": 3, "k": 4}
    arrays = {n: np.ones([size[letter] for letter in word]) for n, word in zip("ab", words, strict=False)}
    agree(Case(f"lib.einsum({equation!r}, {', '.join(arrays)})", arrays))


REFUSED: list[tuple[str, type[Exception], str]] = [
    ("lib.einsum('ij,jk->iz', x, x)", OptionError, "output subscript z is not in any operand"),
    ("lib.einsum('ij,jk->ik', x, x)", ShapeError, "subscript j has size 2 for operand 1, but was 3 before"),
    ("lib.einsum('ijk->i', x)", ShapeError, "operand 0 has shape (2, 3), but 3 subscripts"),
    ("lib.einsum('ij,jk', x)", OptionError, "fewer operands (1) were given than there are terms (2)"),
    ("lib.einsum('i!', x)", OptionError, "'!' is no subscript"),
    ("lib.einsum('ij->iji', x)", OptionError, "output subscript i appears more than once"),
    ("lib.einsum('ii', x)", ShapeError, "subscript i has size 3"),
    ("lib.einsum('ij,ik->jk', x, x.float())", DtypeError, "operand 1 is torch.float32"),
    ("lib.einsum('ij')", ValueError, "at least one operand"),
    ("lib.tensordot(x, x, dims=1)", ShapeError, "Axis 1 of a (3) must equal axis 0 of b (2)."),
    ("lib.tensordot(x, x, ([5], [0]))", AxisError, "dims[0] is 5"),
]


@pytest.mark.parametrize(("code", "kind", "message"), REFUSED)
def test_what_is_refused_says_why(code: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as caught:
        eval(code, {"lib": FUNCTIONS, "x": Tensor._wrap(np.ones((2, 3)))})
    assert message in str(caught.value)
