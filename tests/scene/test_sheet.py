"""A slice as lines: every number in its place, windows that follow the chosen element, colours that mean a size."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from rich.color import Color
from rich.style import Style

from tracer.scene.grid import Grid
from tracer.scene.palette import DARK, PALETTES, Palette, contrast
from tracer.scene.sheet import Sheet, heat_sheet, legend, numbers_sheet, reach

MATRIX = np.array([[0.5, -1.25, 0.0], [3.0, 100.0, np.nan]])


def numbers(array: np.ndarray, width: int = 60, height: int = 20, cell: int | None = None, **more: object) -> Sheet:
    return numbers_sheet(Grid(array.shape, cell), array, DARK, width, height, **more)  # type: ignore[arg-type]


def heat(array: np.ndarray, width: int = 60, height: int = 20, cell: int | None = None) -> Sheet:
    return heat_sheet(Grid(array.shape, cell), array, DARK, width, height)


def plain(sheet: Sheet) -> list[str]:
    return [line.plain.rstrip() for line in sheet.lines]


def test_numbers_stand_under_their_column_and_beside_their_row() -> None:
    assert plain(numbers(MATRIX)) == [
        "         0      1      2",
        " 0     0.5  -1.25      0",
        " 1       3    100    nan",
    ]


def test_the_chosen_element_is_marked_by_signs_not_by_colour_alone() -> None:
    assert plain(numbers(MATRIX, cell=1)) == [
        "         0      1      2",
        " 0▸    0.5› -1.25      0",
        " 1       3    100    nan",
    ]


def test_the_twin_says_what_it_is_in_its_corner() -> None:
    assert plain(numbers(MATRIX, corner="∂", role="grad"))[0].strip().startswith("∂")


def test_a_vector_is_one_row_without_an_index() -> None:
    assert plain(numbers(np.array([1.0, 2.0]))) == ["   0  1", "   1  2"]


def test_every_element_is_found_where_it_is_drawn() -> None:
    for sheet in (numbers(MATRIX), numbers(MATRIX, cell=4)):
        for y, line in enumerate(sheet.lines):
            for x in range(line.cell_len):
                found = sheet.element_at(x, y)
                if found is not None and line.plain[x] not in " ›":
                    row, column = found
                    token = line.plain[: x + 1].split()[-1]
                    whole = [t for t in line.plain.replace("›", " ").split() if t.startswith(token)]
                    shown = "nan" if np.isnan(MATRIX[row, column]) else f"{MATRIX[row, column]:g}"
                    assert shown in whole


@pytest.mark.parametrize("cell", [0, 57, 830, 1199])
def test_a_large_one_is_seen_through_a_window_that_holds_the_chosen_element(cell: int) -> None:
    array = np.arange(1200.0).reshape(30, 40)
    for sheet in (numbers(array, 50, 8, cell), heat(array, 25, 8, cell)):
        row, column = divmod(cell, 40)
        assert sheet.first[0] <= row < sheet.first[0] + sheet.seen[0]
        assert sheet.first[1] <= column < sheet.first[1] + sheet.seen[1]
        assert len(sheet.lines) <= 8
        assert sheet.width <= 50


def test_a_window_can_be_pushed() -> None:
    array = np.arange(1200.0).reshape(30, 40)
    assert numbers(array, 50, 8, pushed=(5, 3)).first == (5, 3)


# Heat


def backgrounds(sheet: Sheet, line: int) -> list[str]:
    """The colour of each element of a line of whole cells."""
    found = []
    for span in sheet.lines[line].spans:
        assert isinstance(span.style, Style | str)
        if isinstance(span.style, Style) and span.style.bgcolor is not None:
            found.append(span.style.bgcolor.get_truecolor().hex)
    return found


def test_a_small_picture_has_whole_cells_and_a_large_one_two_rows_a_line() -> None:
    small, large = heat(np.ones((3, 4))), heat(np.ones((40, 30)), height=12)
    assert small.seen == (3, 4)
    assert len(small.lines) == 4
    assert large.seen == (22, 30)
    assert "▀" in large.lines[1].plain


@pytest.mark.parametrize("palette", PALETTES.values(), ids=lambda p: p.name)
def test_larger_elements_stand_further_from_the_ground_and_signs_apart(palette: Palette) -> None:
    array = np.array([[0.0, 0.001, 0.5, 1.0, -0.001, -0.5, -1.0]])
    colours = backgrounds(heat_sheet(Grid(array.shape), array, palette, 60, 5), 1)
    assert colours[0] == palette.surface
    up, down = colours[1:4], colours[4:7]
    for side in (up, down):
        far = [contrast(palette.surface, colour) for colour in side]
        assert far[0] > 1.05  # never as pale as zero
        assert all(a < b for a, b in pairwise(far))
    assert set(up).isdisjoint(down)
    assert Color.parse(colours[3]).get_truecolor().hex == palette.data


def test_what_is_not_finite_has_its_own_colour_and_sign() -> None:
    sheet = heat(MATRIX)
    assert sheet.lines[2].plain.endswith("▒▒")
    assert backgrounds(sheet, 2)[-1] == DARK.wrong


def test_rulers_point_at_the_chosen_element() -> None:
    sheet = heat(np.ones((40, 30)), 60, 12, cell=3 * 30 + 7)
    assert sheet.lines[0].plain.index("▾") == len(" 00 ") + 7
    assert any(line.plain.startswith("  3▸") for line in sheet.lines)


def test_the_legend_says_how_far_the_colours_reach() -> None:
    assert legend(MATRIX, DARK).plain.split() == ["-100", "0", "100"]
    assert legend(np.zeros((2, 2)), DARK).plain.strip() == "0"
    assert reach(np.array([np.nan, np.inf])) == 0
