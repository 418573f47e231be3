"""The board: what is written stands where it should, and nothing falls over its edges."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tracer.panels.drawing import Board, Region, bar, cut, padded, shade, short, wrapped
from tracer.scene.palette import DARK

words = st.text(alphabet="ab 世界。e\u0301\x1b\n[]{}█", max_size=20)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(-2, 12),
    st.integers(-1, 4),
    st.lists(st.tuples(st.integers(-5, 15), st.integers(-1, 4), words), max_size=8),
)
@example(4, 1, [(0, 0, "世界"), (1, 0, "ab")])
@example(4, 1, [(0, 0, "abcd"), (1, 0, "世"), (2, 0, "x")])
def test_lines_are_as_many_and_as_wide_as_the_board(
    width: int, height: int, written: list[tuple[int, int, str]]
) -> None:
    board = Board(width, height)
    for x, y, text in written:
        board.put(x, y, text, DARK.style("data"))
        board.region(x, y, 3, 0)
    found = board.drawn()
    assert len(found.lines) == max(0, height)
    assert all(cell_len(line.plain) == max(0, width) for line in found.lines)
    assert not any(set(line.plain) & set("\x1b\n") for line in found.lines)
    for line in found.lines:
        assert all(0 <= span.start < span.end <= len(line) for span in line.spans)
    assert all(0 <= one.x0 < one.x1 <= width and 0 <= one.y < height for one in found.regions)


def test_what_is_written_later_stands() -> None:
    board = Board(6, 1)
    assert board.put(0, 0, "世界") == 4
    assert board.put(3, 0, "xyz") == 6
    assert board.drawn().lines[0].plain == "世 xyz"


def test_styles_cover_what_they_were_given_for() -> None:
    """A mark on a letter, and a sign of two cells, before them."""
    board = Board(8, 1)
    board.put(0, 0, "e\u0301世", DARK.style("text"))
    board.put(3, 0, "ab", DARK.style("data"))
    line = board.drawn().lines[0]
    assert line.plain == "e\u0301世ab   "
    assert [(span.start, span.end) for span in line.spans] == [(0, 3), (3, 5)]


def test_neighbours_are_regions_of_their_own() -> None:
    board = Board(10, 2)
    board.regions(2, 1, 3, 2, first=7)
    found = board.drawn()
    assert list(found.regions) == [Region(1, 2, 5, 7), Region(1, 5, 8, 8)]
    assert (len(found.regions), found.regions[1].index) == (2, 8)
    assert (found.at(4, 1), found.at(5, 1), found.at(8, 1), found.at(4, 0)) == (7, 8, None, None)


def test_texts_side_by_side_are_written_as_each_by_itself() -> None:
    at_once, singly = Board(7, 1), Board(7, 1)
    pieces = [("ab", DARK.style("data")), ("cd", DARK.style("grad")), ("ef", DARK.style("grad"))]
    for x in (0, 3, -1):
        at_once.put_all(x, 0, pieces, 2)
        for i, (text, style) in enumerate(pieces):
            singly.put(x + 2 * i, 0, text, style)
        assert at_once.drawn().lines[0] == singly.drawn().lines[0]


@given(words, st.integers(0, 12))
def test_cut_and_padded_texts_are_as_wide_as_they_should_be(text: str, width: int) -> None:
    assert cell_len(cut(text, width)) <= width
    assert cell_len(padded(text, width)) == cell_len(padded(text, width, right=True)) == width


@given(words, st.integers(0, 12))
def test_wrapped_lines_fit_and_lose_nothing_but_spaces(text: str, width: int) -> None:
    found = wrapped(text, width)
    assert all(cell_len(line) <= width for line in found)
    if width > 3:
        assert "".join("".join(found).split()).replace("…", "")[:2] == "".join(text.split())[:2]


@given(st.floats(), st.integers(0, 12))
def test_a_short_number_fits_and_is_never_a_bare_nought_unless_it_is(value: float, width: int) -> None:
    found = short(value, width)
    assert cell_len(found) <= width
    if math.isfinite(value) and value != 0 and found:
        assert float(found) != 0


def test_a_size_that_is_not_nought_is_seen() -> None:
    assert shade(1e-300, 1.0) == 1
    assert bar(1e-300, 9) == "▏"
    assert (shade(0, 1.0), bar(0, 9), bar(math.nan, 9)) == (0, "", "")
    assert (shade(1.0, 1.0), shade(2.0, 1.0)) == (5, 5)


@pytest.mark.parametrize(
    ("share", "text"), [(0.5, "████"), (0.125, "█"), (0.05, "▍"), (1.0, "████████"), (7.0, "████████")]
)
def test_bars_are_told_to_an_eighth_of_a_cell(share: float, text: str) -> None:
    assert bar(share, 8) == text
