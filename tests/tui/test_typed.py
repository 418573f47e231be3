"""Numbers and places as people type them."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scene.polynomial import polynomial
from tracer.core.record import record
from tracer.core.value import Value
from tracer.tui.typed import Refused, parse_number, parse_place

TRACE = polynomial()


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("3", 3.0),
        (" -0.5 ", -0.5),
        ("−2", -2.0),
        ("1/3", 1 / 3),
        ("2e-4", 2e-4),
        ("３．５", 3.5),
        ("2 × 3 + 1", 7.0),
        ("2^10", 1024.0),
        ("sqrt(2)", math.sqrt(2)),
        ("inf", math.inf),
        ("1/0", math.inf),
    ],
)
def test_a_number_is_read_as_it_is_meant(typed: str, number: float) -> None:
    assert parse_number(typed) == number


@pytest.mark.parametrize("typed", ["", "  ", "three", "x", "1 2", "(", "__import__('os')", "{0}", "9" * 5000 + "x"])
def test_what_is_no_number_is_refused_in_both_languages(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_number(typed)
    assert refused.value.words.en
    assert refused.value.words.ja


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_refused(typed: str) -> None:
    with suppress(Refused):
        assert isinstance(parse_number(typed), float)


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("0", 0),
        ("1", 1),
        ("6", 6),
        ("11", len(TRACE)),
        ("#3", 3),
        ("start", 0),
        ("end", len(TRACE)),
        ("backward", TRACE.passes[0].start),
        ("forward", 0),
        ("x", 1),
        ("y", TRACE.made_at(TRACE.resolve("y"))),
        ("v5", 6),
        ("x.grad", len(TRACE)),
        ("y.grad", TRACE.passes[0].start + 1),
        ("stop 2", 7),
        ("s1", 3),
        ("１", 1),
    ],
)
def test_a_place_is_found(typed: str, place: int) -> None:
    assert parse_place(typed, TRACE.cursor(0), "edge", stops=(3, 7)) == place


@pytest.mark.parametrize("typed", ["", "12", "#9999", "nobody", "stop 3", "s0", "2.grad", "{x}", "-1", "9" * 5000])
def test_a_place_that_is_not_there_is_refused(typed: str) -> None:
    with pytest.raises(Refused):
        parse_place(typed, TRACE.cursor(0), "edge", stops=(3, 7))


def test_a_name_nearly_right_is_offered() -> None:
    with record() as rec:
        (Value(1.0, name="weight") * 2).backward()
    with pytest.raises(Refused) as refused:
        parse_place("weigth", rec.trace.cursor(0), "edge")
    assert "weight" in refused.value.words.en


def test_a_stop_of_a_thing_without_stops_says_so() -> None:
    with pytest.raises(Refused) as refused:
        parse_place("stop 1", TRACE.cursor(0), "edge")
    assert "no stops" in refused.value.words.en


@given(st.text(max_size=20), st.integers(0, len(TRACE)))
def test_any_text_is_a_place_or_refused(typed: str, position: int) -> None:
    with suppress(Refused):
        assert 0 <= parse_place(typed, TRACE.cursor(position), "node", stops=(3,)) <= len(TRACE)
