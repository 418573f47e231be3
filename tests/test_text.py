"""Words in two languages, numbers in one way, and nothing that acts on a terminal."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer import Value, mark, record, scope
from tracer.errors import NotFoundError, TracerError, did_you_mean
from tracer.numbers import equals_sign, format_full, format_number, is_rounded
from tracer.text import Text, clean


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (5.0, "5"), (-3.0, "-3"), (0.0, "0"), (-0.0, "0"), (1 / 3, "0.3333"), (2.5, "2.5"), (0.001, "0.001"),
        (0.00099, "9.9e-4"), (12345.6, "12346"), (99999.9, "100000"), (123456.7, "1.235e5"), (1e-300, "1e-300"),
        (1234567.0, "1234567"), (1e7, "1e7"), (-1.5e-7, "-1.5e-7"), (math.inf, "inf"), (-math.inf, "-inf"),
        (math.nan, "nan"), (0.10000001, "0.1"), (299.99999, "300"),
    ],
)  # fmt: skip
def test_one_way_to_write_a_number(value: float, shown: str) -> None:
    assert format_number(value) == shown


@given(st.floats(-1e300, 1e300), st.integers(2, 8))
def test_a_shown_number_is_near_and_zero_only_if_it_is(value: float, digits: int) -> None:
    shown = float(format_number(value, digits))
    assert shown == pytest.approx(value, rel=0.6 * 10.0 ** (1 - digits))
    assert (shown == 0) == (value == 0)
    assert float(format_full(value)) == value
    assert is_rounded(value, digits) == (abs(shown - value) > 1e-12 * max(abs(shown), abs(value)))


def test_rounded_terms_are_joined_by_about() -> None:
    assert equals_sign(0.5, 2.0) == "="
    assert equals_sign(1 / 3, 2.0) == "≈"
    assert equals_sign(0.15 * 6) == "="


def test_text_fills_both_languages() -> None:
    text = Text("{who} gets {n}.", "{who} は {n} を受け取ります。").format(who=Text("the leaf", "葉"), n=5)
    assert (text["en"], text["ja"]) == ("the leaf gets 5.", "葉 は 5 を受け取ります。")
    assert Text.same("x + 2")["ja"] == "x + 2"


@given(st.text())
def test_clean_text_has_no_control_and_can_be_written(words: str) -> None:
    for lines in (False, True):
        cleaned = clean(words, lines=lines)
        assert not any(ord(c) < 32 and not (lines and c in "\t\n") for c in cleaned)
        assert "\x1b" not in cleaned
        cleaned.encode("utf-8")


def test_no_user_text_reaches_the_screen_as_an_escape_sequence() -> None:
    bell = "x\x1b]0;owned\x07\u202e"
    with record() as rec, scope(bell):
        x = Value(1.0, name=bell)
        mark(x, bell)
    trace = rec.trace
    for text in (trace.label(0), trace.scope(0), trace.cursor(-1).marks(0)[0], trace.cursor(-1).moment.text):
        assert text == "x\ufffd]0;owned\ufffd"
    assert trace.find("x\ufffd]0;owned\ufffd") == 0


def test_an_error_says_what_where_and_what_to_do() -> None:
    error = TracerError("matmul: shapes differ.", where="models/mlp.py:31", hint="Transpose b.")
    assert str(error) == "matmul: shapes differ.\n  Transpose b.\n  at models/mlp.py:31"
    assert str(NotFoundError("no lesson 'x'.")) == "no lesson 'x'."
    assert did_you_mean("expects", ["expect", "say"]) == "Did you mean 'expect'?"
    assert did_you_mean("zzz", ["expect"]) is None
