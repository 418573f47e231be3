"""Panels' data: every cell can be selected, is told in words, and is what its number is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracer.panels.data import Cells, Data, Direction, Kind
from tracer.text import Text
from tracer.trace.cells import Cell

DIRECTIONS: tuple[Direction, ...] = ("left", "right", "up", "down")


def data(kind: Kind, values: object, **more: object) -> Data:
    array = np.asarray(values, np.float64)
    columns = tuple("ABCDEFGH") if kind == "heat" else ()
    return Data(kind, Text.same("x"), 7, array, rows=tuple("abcdefgh"), columns=columns, **more)  # type: ignore[arg-type]


def reached(what: Data) -> set[int]:
    """What can be selected, from the first on."""
    first = what.moved(None, "right")
    found, new = set(), {first} if first is not None else set()
    while new:
        found |= new
        steps = {what.moved(index, direction) for index in new for direction in DIRECTIONS}
        new = {index for index in steps if index is not None} - found
    return found


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(["heat", "bars", "scatter", "histogram"]), st.integers(0, 6), st.integers(0, 5), st.data())
def test_every_cell_can_be_reached_by_moving(kind: Kind, rows: int, columns: int, drawing: st.DataObject) -> None:
    shape = {"heat": (rows, columns), "scatter": (rows, 2)}.get(kind, (rows,))
    number = st.one_of(st.floats(-2, 2).map(round), st.sampled_from([np.nan, np.inf]))
    values = drawing.draw(st.lists(number, min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))
    what = data(kind, np.reshape(values, shape))
    assert reached(what) == set(range(what.size))
    for index in range(what.size):
        for lang in ("en", "ja"):
            assert what.told(index, lang)


def test_moving_stays_inside() -> None:
    what = data("heat", np.zeros((2, 3)))
    assert [what.moved(0, d) for d in DIRECTIONS] == [0, 1, 0, 3]
    assert [what.moved(5, d) for d in DIRECTIONS] == [4, 5, 2, 5]


def test_among_points_one_moves_to_the_nearest_on_that_side() -> None:
    what = data("scatter", [(0, 0), (1, 0), (3, 0.1), (0, 1), (-1, 0), (0, -1)])
    assert [what.moved(0, d) for d in DIRECTIONS] == [4, 1, 3, 5]


def test_the_first_to_be_selected_is_the_current_one() -> None:
    absent = np.array([[True, True], [False, False]])
    assert data("heat", np.zeros((2, 2)), absent=absent).moved(None, "down") == 2
    assert data("heat", np.zeros((2, 2)), marks={"current": frozenset({3})}).moved(None, "down") == 3
    assert data("bars", []).moved(None, "down") is None


def test_a_cell_is_told_with_its_labels_and_its_number() -> None:
    what = data("heat", [[0.25, -1e-9]], reading=Text("{row} from {column}", "{row} ← {column}"))
    assert what.told(0, "en") == "a from A = 0.25"
    assert what.told(1, "ja") == "a ← B = -1e-9"
    assert what.told(2, "en") == ""
    beside = data("bars", [1.0, 2.0], extra={"cosine": np.array([np.nan, 0.5])})
    assert beside.told(1, "en") == "b = 2  cosine 0.5"
    assert data("heat", [[np.nan]], absent=np.array([[True]])).told(0, "en").endswith("–")


def test_a_step_is_said_for_cells_that_are_of_several() -> None:
    what = data("lines", [[1.0, 2.0]], steps=(10, 20))
    assert (what.step_of(1), data("bars", [1.0]).step_of(0)) == (20, 7)


def test_cells_are_made_when_they_are_asked_for() -> None:
    found = Cells("layer0.attn", (2, 3), (1,), document=4, grad=True)
    assert len(found) == 6
    assert found[4] == Cell("layer0.attn", (1, 1, 1), 4, True)
    assert found[-1] == found[5]
    assert [cell.index for cell in found[1:3]] == [(1, 0, 1), (1, 0, 2)]
    with pytest.raises(IndexError):
        found[6]


def test_cells_of_sorted_rows_stand_where_their_rows_do() -> None:
    found = Cells("wte", (3, 2), order=(2, 0))
    assert [cell.index for cell in found] == [(2, 0), (2, 1), (0, 0), (0, 1)]
    assert [cell.index for cell in Cells("probs", (3,), (5,), order=(1, 0, 2))] == [(5, 1), (5, 0), (5, 2)]
