"""Numbers and arrays as they are written: few in full, many by a word that says what it is."""

from __future__ import annotations

import numpy as np
import pytest

from tracer.explain.amount import (
    brief,
    equals,
    fits_rows,
    full,
    is_single,
    labelled,
    matrix_lines,
    rows_of,
    shape_text,
    summary,
)
from tracer.text import Text


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "?"),
        (3.0, "3"),
        (np.array(0.5), "0.5"),
        (np.array([0.0, 2.0, 0.0, 3.0]), "[0, 2, 0, 3]"),
        (np.array([[1.0, 2.0], [3.0, 4.0]]), "[[1, 2], [3, 4]]"),
        (np.array([0.0900306, -0.755271, 0.665241]), "[0.09003, -0.7553, 0.6652]"),
        (np.array([True, False]), "[True, False]"),
        (np.ones((3, 4)), "all 1"),
        (np.zeros((3, 4)), "all 0"),
        (np.arange(12), "0 to 11"),
        (np.array([1.0, 2, 3, 4, 5]), "‖·‖ 7.416"),
        (np.array([1.0, np.nan, np.inf, np.nan, 2]), "nan ×2"),
        (np.array([1.0, -np.inf, 3, 4, 5]), "inf ×1"),
        (np.array([True, False, True, True, False]), "True ×3"),
        (np.zeros((0, 4)), "no elements"),
    ],
)
def test_a_few_numbers_are_written_and_many_summed_up_in_a_word(value: object, words: str) -> None:
    assert brief(value).en == words  # type: ignore[arg-type]


def test_a_digit_less_is_tried_before_the_numbers_are_given_up() -> None:
    three = np.array([-0.0900306, -0.755271, 0.665241])
    assert brief(three).en == "[-0.09003, -0.7553, 0.6652]"
    assert brief(three, room=24).en == "[-0.09, -0.755, 0.665]"
    assert brief(three, room=10).en == "‖·‖ 1.01"


def test_a_summary_never_poses_as_a_value() -> None:
    """It carries the sign or the word of what it is, in both languages."""
    for value in (np.ones(9), np.arange(9), np.arange(9.0) / 7, np.array([np.nan] * 5 + [0])):
        words = summary(value)
        assert not any(words[lang].replace(".", "").lstrip("-").isdigit() for lang in ("en", "ja"))


def test_a_summary_comes_with_the_shape_it_is_of() -> None:
    assert labelled(np.ones((3, 4))) == Text("(3, 4) all 1", "(3, 4) すべて 1")
    assert labelled(np.array([1.0, 2.0])).en == "[1, 2]"
    assert labelled(2.5).en == "2.5"


def test_rounded_numbers_are_not_said_to_be_equal() -> None:
    assert equals(np.array([0.5, 2.0])) == "="
    assert equals(np.array([0.5, 1 / 3])) == "≈"
    assert equals(1 / 3) == "≈"
    assert equals(np.array([0.1, 0.3], np.float32)) == "="  # as exact as its dtype can be


def test_a_matrix_stands_in_columns() -> None:
    assert list(matrix_lines(np.array([[1.0, -2.5], [10.0, 0.0]]))) == ["[[ 1, -2.5],", " [10,    0]]"]
    rows = rows_of(np.array([[1.0, -2.5], [10.0, 0.0]]), Text.same("W"))
    assert [row.text("en") for row in rows] == ["W = [[ 1, -2.5],", " [10,    0]]"]


def test_what_is_too_large_for_a_calculation_is_summed_up_behind_a_colon() -> None:
    big = np.arange(100.0).reshape(10, 10)
    assert not fits_rows(big)
    assert not fits_rows(np.zeros((2, 2, 2)))
    (row,) = rows_of(big, Text.same("W"))
    assert row.text("en") == "W : (10, 10) ‖·‖ 573"


def test_every_digit_is_that_of_the_elements_own_dtype() -> None:
    assert full(np.float32(0.1)) == "0.1"
    assert full(np.float64(1 / 3)) == "0.3333333333333333"
    assert full(np.float32(2)) == "2"
    assert full(np.int64(7)) == "7"
    assert full(np.bool_(True)) == "True"


def test_shapes_are_written_as_python_writes_tuples() -> None:
    assert [shape_text(s) for s in ((3, 4), (4,), ())] == ["(3, 4)", "(4,)", "()"]
    assert is_single(np.array(1.0))
    assert not is_single(np.array([1.0]))
