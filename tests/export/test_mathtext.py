"""Names as mathematics, and nothing a user wrote as markup."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.export.mathtext import (
    Run,
    escaped,
    formula_runs,
    joined,
    name_runs,
    number_runs,
    partial_runs,
    plain,
    printable,
    to_html,
)


@pytest.mark.parametrize(
    ("name", "shown", "face"),
    [
        ("x", "x", "italic"),
        ("W1", "W₁", "italic"),
        ("W₁", "W₁", "italic"),
        ("w_ij", "wᵢⱼ", "italic"),
        ("v12", "v₁₂", "italic"),
        ("z[1]", "z₁", "italic"),
        ("W[0][12]", "W₀,₁₂", "italic"),
        ("W[0, 1]", "W₀,₁", "italic"),
        ("probs[2]", "probs₂", "italic"),
        ("z[i]", "z[i]", "italic"),
        ("alpha", "α", "italic"),
        ("sigma2", "σ₂", "italic"),
        ("h'", "h′", "italic"),
        ("loss", "loss", "italic"),
        ("bias_1", "bias₁", "italic"),
        ("logits1", "logits₁", "italic"),
        ("layer0.attn_wq", "layer0.attn_wq", "italic"),
        ("grad_out", "grad_out", "italic"),
        ("損失", "損失", "upright"),
        ("cross-entropy", "cross-entropy", "words"),
    ],
)
def test_a_name_is_set_as_mathematics(name: str, shown: str, face: str) -> None:
    """Names are italic, one letter or many, so that `d = ab + a` is of one kind; digits at the end are subscripts."""
    assert name_runs(name) == [Run(shown, face)]  # type: ignore[arg-type]


def test_an_index_without_small_letters_becomes_a_real_subscript() -> None:
    assert name_runs("W_Q") == [Run("W", "italic"), Run("Q", "sub")]
    assert to_html(name_runs("W_Q")) == "<I>W</I><SUB>Q</SUB>"


def test_without_mathematics_every_character_stays() -> None:
    assert plain(formula_runs("W1 = alpha_2 × x_i", mathematics=False)) == "W1 = alpha_2 × x_i"


def test_the_derivative_carries_the_losss_own_name_in_one_piece() -> None:
    assert to_html(partial_runs("L", "z")) == "<I>∂L/∂z</I>"
    assert to_html(partial_runs("L", "W1")) == "<I>∂L/∂W₁</I>"
    assert plain(partial_runs("loss", "b2")) == "∂loss/∂b₂"


def test_functions_and_numbers_in_a_formula_are_upright() -> None:
    assert to_html(formula_runs("y = tanh(x1 + 2)")) == "<I>y</I> = tanh(<I>x₁</I> + 2)"
    assert to_html(formula_runs("d = ab + a")) == "<I>d</I> = <I>ab</I> + <I>a</I>"
    assert to_html(formula_runs("tanh", sign=True)) == "tanh"


def test_a_whole_power_is_raised() -> None:
    assert plain(formula_runs("y = x1 ^ 2 + z ^ -1")) == "y = x₁² + z⁻¹"
    assert plain(formula_runs("^ 3")) == "(·)³"
    assert plain(formula_runs("x ^ 0.5")) == "x ^ 0.5"
    assert plain(formula_runs("e[1] / z[0]")) == "e₁ / z₀"
    assert plain(formula_runs("x ^ 2", mathematics=False)) == "x ^ 2"


def test_an_exponent_becomes_a_power_only_as_mathematics() -> None:
    assert plain(number_runs("-1.2e-5")) == "-1.2×10⁻⁵"
    assert plain(number_runs("inf")) == "∞"
    assert plain(number_runs("-1.2e-5", mathematics=False)) == "-1.2e-5"
    assert plain(number_runs("5 …")) == "5 …"


def test_control_characters_and_half_characters_are_replaced() -> None:
    assert printable("a\nb\x00c\ud800d\u202ee") == "a b\ufffdc\ufffdd\ufffde"


@given(st.text())
def test_escaped_text_holds_no_markup(text: str) -> None:
    """No tag, attribute end, or Graphviz escape (`\\N`) survives."""
    safe = escaped(text)
    assert not set('<>"\n\x00') & set(safe)
    assert "\\" not in safe.replace("\\\\", "")


@given(st.text())
def test_setting_a_formula_loses_no_character(text: str) -> None:
    assert plain(formula_runs(text, mathematics=False)) == printable(text)


@given(st.lists(st.builds(Run, st.text("ab"), st.sampled_from(["upright", "italic"]))))
def test_joined_runs_read_the_same_and_no_two_neighbours_share_a_face(runs: list[Run]) -> None:
    out = joined(runs)
    assert plain(out) == plain(runs)
    assert all(a.face != b.face for a, b in pairwise(out))
