"""Equations as they are shown: every `=` on screen holds for the numbers on screen."""

from __future__ import annotations

import operator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.core.op import OPS, scalar_ops
from tracer.core.record import record
from tracer.core.value import Value, apply
from tracer.explain.arithmetic import factor, local_numbers, local_symbols, product, sign, sum_sign, total
from tracer.explain.words import Names, count, listed, moves, ordinal
from tracer.numbers import format_number
from tracer.text import Text

numbers = st.floats(-1e4, 1e4).map(lambda v: float(f"{v:.5g}"))


@given(numbers, numbers, st.sampled_from(["add", "sub", "mul"]))
def test_an_equals_sign_holds_for_the_shown_digits(a: float, b: float, by: str) -> None:
    result = {"add": operator.add, "sub": operator.sub, "mul": operator.mul}[by](a, b)
    said = sign(result, a, b, by=by)
    seen = {"add": operator.add, "sub": operator.sub, "mul": operator.mul}[by](
        *(Decimal(format_number(v)) for v in (a, b))
    )
    assert (said == "=") == (seen == Decimal(format_number(result)))


@given(st.lists(numbers, min_size=2, max_size=5))
def test_a_sum_is_equal_only_if_its_shown_terms_make_it(terms: list[float]) -> None:
    result = sum(terms)
    seen = sum((Decimal(format_number(v)) for v in terms), Decimal(0))
    assert (sum_sign(result, terms) == "=") == (seen == Decimal(format_number(result)))


def test_floats_that_only_lose_their_last_bit_are_equal() -> None:
    assert sign(0.1 + 0.2, 0.1, 0.2, by="add") == "="
    assert sign(1 / 3 + 1, 1 / 3, 1.0, by="add") == "≈"


def test_numbers_that_are_not_finite_are_not_about_equal() -> None:
    inf, nan = float("inf"), float("nan")
    assert sign(nan, 0.0, inf, by="mul") == "="
    assert sum_sign(nan, [inf, -inf]) == "="


def test_negative_factors_and_later_terms_stand_in_parentheses() -> None:
    assert product(5, -1) == "5 · (-1)"
    assert product(-5, None) == "-5 · ?"
    assert total([5, -2, 3]) == "5 + (-2) + 3"
    assert factor(None) == "?"


def test_a_power_of_zero_shows_no_false_substitution() -> None:
    """d(0^b)/db is 0, its limit; 0 · log 0 would be nan, so no numbers are put into that formula."""
    with record() as rec:
        a, b = Value(0.0, name="a"), Value(2.0, name="b")
        (a**b).named("y")
    names = Names(rec.trace)
    edge = list(rec.trace.edges_in(2))[1]
    assert local_symbols(names, edge) == "y · log(a)"
    assert local_numbers(names, edge) is None
    assert rec.trace.local_gradient(edge) == 0


@pytest.mark.parametrize("op", scalar_ops().values(), ids=scalar_ops().keys())
def test_every_op_has_words_with_fields_that_can_be_filled(op: object) -> None:
    """A sentence holds no field but its inputs and `out`; none is left over when names are put in."""
    assert hasattr(op, "inputs")
    with record() as rec:
        made = apply(op, *(Value(0.5 + i, name=f"n{i}") for i in range(len(op.inputs))))  # type: ignore[arg-type]
        made.named("made")
    names, node = Names(rec.trace), rec.trace.n_nodes - 1
    rule = rec.trace.op(node)
    assert rule is not None
    for words in (rule.what, *(spec.why for spec in rule.inputs)):
        assert words is not None
        filled = names.fill(words, node)
        for text in (filled.en, filled.ja):
            assert text
            assert "{" not in text
            assert "}" not in text


def test_an_application_is_written_with_its_own_sign() -> None:
    assert OPS["add"].written(["3", "-2"]) == "3 + (-2)"
    assert OPS["relu"].written(["-2"]) == "relu(-2)"
    assert OPS["abs"].written(["-2"]) == "|-2|"
    assert OPS["neg"].written(["-2"]) == "−(-2)"
    assert OPS["div"].written(["-1", "-2"]) == "-1 / (-2)"


def test_lists_of_names_read_well_in_both_languages() -> None:
    assert listed(["a"]) == Text("a", "a")
    assert listed(["a", "b", "c"]) == Text("a, b and c", "a、b、c")
    assert listed(map(str, range(9))) == Text("0, 1, 2, 3, 4 and 4 more", "0、1、2、3、4 ほか 4 個")
    assert listed([]) == Text("", "")


def test_how_far_something_moves_is_said_as_one_says_it() -> None:
    assert moves("y", 5).en == "y moves 5 times as far"
    assert moves("y", 1).ja == "y は同じだけ動きます"
    assert moves("y", -1).en == "y moves just as far, the other way"
    assert moves("y", 0).ja == "y は動きません"
    assert moves("y", -1 / 3) == Text(
        "y moves about 0.3333 times as far, the other way", "y は逆向きに約 0.3333 倍動きます"
    )


def test_counts_and_ordinals_agree_with_their_number() -> None:
    assert count(1, "route", "routes", "{} 本") == Text("1 route", "1 本")
    assert count(1200, "route", "routes", "{} 本").en == "1,200 routes"
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 111)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "111th",
    ]  # fmt: skip
