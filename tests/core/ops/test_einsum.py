"""The general contraction on plain arrays, against NumPy's."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tracer.core.ops.einsum import EINSUM, contract, sizes, terms

LENGTHS = {"a": 2, "b": 3, "c": 1, "d": 4}
words = st.lists(st.sampled_from("abcd"), max_size=4).map("".join)


@given(st.lists(words, min_size=1, max_size=3))
def test_contract_is_numpys_einsum(operands: list[str]) -> None:
    """Diagonals, sums, products, any order."""
    letters = sorted(set("".join(operands)))
    target = "".join(letters[: len(letters) // 2][::-1])
    rng = np.random.default_rng(len(letters))
    arrays = [rng.normal(size=tuple(LENGTHS[letter] for letter in word)) for word in operands]
    size = sizes(operands, [a.shape for a in arrays])
    expected = np.einsum(f"{','.join(operands)}->{target}", *arrays)
    np.testing.assert_allclose(contract(np, operands, target, arrays, size), expected, rtol=1e-10, atol=1e-12)


def test_an_axis_of_length_1_stretches_to_meet_its_letter() -> None:
    assert sizes(["ij", "jk"], [(2, 1), (3, 4)]) == {"i": 2, "j": 3, "k": 4}
    assert sizes(["i", "i"], [(3,), (1,)]) == {"i": 3}


def test_an_equation_falls_into_its_terms() -> None:
    assert terms("ij,jk->ik") == (["ij", "jk"], "ik")
    assert terms("ij->") == (["ij"], "")
    assert EINSUM.written(["x", "y"], {"equation": "ij,jk->ik"}) == "einsum('ij,jk->ik', x, y)"


def test_the_gradient_of_an_operand_is_an_einsum_again() -> None:
    rng = np.random.default_rng(0)
    a, b, g = rng.normal(size=(2, 3)), rng.normal(size=(3, 4)), rng.normal(size=(2, 4))
    rule = EINSUM.inputs[0].vjp
    assert rule is not None
    np.testing.assert_allclose(rule(np, g, None, a, b, slot=0, equation="ij,jk->ik"), g @ b.T)
    np.testing.assert_allclose(rule(np, g, None, a, b, slot=1, equation="ij,jk->ik"), a.T @ g)
