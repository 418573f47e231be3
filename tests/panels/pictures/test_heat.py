"""Matrices as pictures: any numbers at any size, and what one sees is what is there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.panels.test_pictures import numbers, picture, plain, sizes
from tracer.panels.data import Cells, Data
from tracer.panels.drawing import Drawn
from tracer.text import LANGS, Text

ROWS, COLUMNS = ("0 ⟨B⟩", "1 世", "2 n", "3 a", "4 b", "5 c"), ("⟨B⟩", "世", "n", "a", "b", "c")


def matrix(values: object, **more: Any) -> Data:
    array = np.asarray(values, np.float64)
    rows, columns = array.shape
    labels = {"rows": ROWS[:rows], "columns": COLUMNS[:columns], "axis": Text.same("w")}
    return Data("heat", Text.same("x"), 1, array, cells=Cells("w", array.shape), **{**labels, **more})


def cells(found: Drawn) -> dict[int, str]:
    """What stands in the cells of each number."""
    drawn: dict[int, str] = {}
    for one in found.regions:
        line = found.lines[one.y]
        shift = cell_len(line.plain) - len(line.plain)  # a label of two cells stands before
        drawn[one.index] = drawn.get(one.index, "") + line.plain[one.x0 - shift : one.x1 - shift].strip()
    return drawn


@settings(max_examples=25, deadline=None)
@given(st.data(), st.integers(0, 6), st.integers(0, 6), sizes, sizes, st.booleans(), st.booleans())
def test_matrices_of_anything_are_drawn_at_any_size(
    data: st.DataObject, rows: int, columns: int, width: int, height: int, signed: bool, log: bool
) -> None:
    many = rows * columns
    values = np.reshape(data.draw(st.lists(numbers, min_size=many, max_size=many)), (rows, columns))
    absent = np.reshape(data.draw(st.lists(st.booleans(), min_size=many, max_size=many)), (rows, columns))
    what = matrix(
        values if signed else np.abs(values),
        signed=signed,
        log=log,
        absent=absent if many and data.draw(st.booleans()) else None,
        marks={"row": frozenset({rows - 1}), "current": frozenset({many - 1})} if many else {},
        note=Text("A note that is longer than most panels are wide", "たいていのパネルより長い注記がここにあります"),
    )
    picture(what, width, height, data.draw(st.none() | st.integers(-1, many)), data.draw(st.sampled_from(LANGS)))


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 70), st.integers(1, 70), st.data(), st.integers(20, 40), st.integers(4, 12))
def test_the_selected_cell_is_in_sight(rows: int, columns: int, data: st.DataObject, width: int, height: int) -> None:
    selected = data.draw(st.integers(0, rows * columns - 1))
    what = matrix(np.ones((rows, columns)), rows=("a",) * rows, columns=("b",) * columns)
    assert selected in {region.index for region in picture(what, width, height, selected).regions}


@pytest.mark.parametrize("width", [14, 20, 30, 50])
def test_a_number_that_is_not_nought_is_never_drawn_as_nothing(width: int) -> None:
    what = matrix([[1.0, 1e-300, 0.0], [-1.0, -1e-300, 1e-9]], signed=True)
    found = picture(what, width, 6)
    drawn = cells(found)
    assert all(drawn[index] not in ("", "0") for index in (0, 1, 3, 4, 5))
    assert drawn[2] in ("", "0")


@pytest.mark.parametrize("width", [14, 20, 30, 50])
def test_signs_are_told_without_colour(width: int) -> None:
    found = picture(matrix([[0.5, -0.5]], signed=True), width, 4)
    drawn = cells(found)
    assert drawn[0] != drawn[1]
    assert "-" in drawn[1] or width == 14


def test_what_is_absent_is_blank_and_a_nan_that_was_computed_is_a_word() -> None:
    absent = np.array([[False, True], [False, False]])
    found = picture(matrix([[1.0, np.nan], [np.nan, np.inf]], absent=absent), 40, 6)
    drawn = cells(found)
    assert (drawn[1], drawn[2], drawn[3]) == ("", "nan", "inf")


def test_numbers_of_a_column_stand_below_each_other() -> None:
    found = picture(matrix([[1.0, 0.5], [0.25, 0.125]], low=0.0, high=1.0), 40, 5)
    assert [line.plain.rstrip() for line in found.lines[1:3]] == ["0 ⟨B⟩ 1.000  .500", "1 世   .250  .125"]


def test_the_selected_cell_stands_in_brackets_and_is_told_below() -> None:
    found = plain(picture(matrix([[1.0, 0.5]]), 40, 5, 1))
    assert "[.500]" in found
    assert "▸ 0 ⟨B⟩  世 = 0.5" in found


def test_the_selected_cell_is_in_brackets_whatever_stands_in_it() -> None:
    what = matrix([[np.nan, -0.5, 1.0]], signed=True)
    for width, expected in ((60, "[nan]"), (60, "[-.500]"), (16, "[▒]"), (11, "[]")):
        index = 0 if "nan" in expected else 1
        assert expected in plain(picture(what, width, 8, index)), (width, expected)


def test_the_scale_is_told_with_its_ends_and_whether_it_is_logarithmic() -> None:
    below = plain(picture(matrix([[1.0, -4.0]], signed=True, log=True), 60, 5))
    assert "−4 █▓▒░· 0 ·░▒▓█ +4  w  log scale" in below


def test_a_part_of_a_large_matrix_says_which_part_it_is() -> None:
    what = matrix(np.ones((9, 90)), rows=("a",) * 9, columns=("b",) * 90)
    found = picture(what, 40, 6)
    assert "of 9 rows" in plain(found)
    assert "of 90 columns" in plain(found)
