"""A slice of an array: its chosen element and the elements around it are NumPy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.scene.grid import Grid, window

shapes = st.lists(st.integers(1, 4), max_size=4).map(tuple)


@given(shapes, st.data())
def test_a_slice_holds_its_element_where_row_and_column_say(shape: tuple[int, ...], data: st.DataObject) -> None:
    array = np.arange(int(np.prod(shape))).reshape(shape)
    cell = data.draw(st.integers(0, array.size - 1))
    grid = Grid(shape, cell)
    assert grid.matrix(array)[grid.row, grid.column] == cell
    assert grid.flat(grid.row, grid.column) == cell
    assert array[grid.at] == cell


@given(shapes, st.data())
def test_every_element_is_reached_by_moving_and_changing_slices(shape: tuple[int, ...], data: st.DataObject) -> None:
    grid, seen = Grid(shape, 0), {0}
    todo = [0]
    while todo:
        here = Grid(shape, todo.pop())
        for there in [here.moved(d) for d in ("left", "right", "up", "down")] + [here.sliced(1)]:
            if there not in seen:
                seen.add(there)
                todo.append(there)
    assert len(seen) == grid.size


def test_the_first_move_chooses_the_first_element_and_edges_hold() -> None:
    assert Grid((2, 3)).moved("right") == 0
    assert Grid((2, 3), 0).moved("left") == 0
    assert Grid((2, 3), 0).moved("right") == 1
    assert Grid((2, 3), 0).moved("down") == 3
    assert Grid((2, 3), 5).moved("down", 10) == 5


def test_slices_go_round_and_keep_the_place() -> None:
    grid = Grid((2, 3, 4), 17)
    assert (grid.at, grid.slice_text(), grid.index_text()) == ((1, 1, 1), "[1, :, :]", "[1, 1, 1]")
    assert grid.sliced(1) == 5
    assert grid.sliced(-1) == 5
    assert Grid((3, 4), 7).sliced(1) == 7


@pytest.mark.parametrize("shape", [(), (0,), (3, 0)])
def test_what_has_no_axes_or_no_elements_has_no_index(shape: tuple[int, ...]) -> None:
    grid = Grid(shape, 0)
    assert grid.at == (0,) * len(shape)
    assert grid.leading == ()


@given(st.integers(1, 50), st.integers(1, 20), st.integers(0, 49), st.integers(-60, 60))
def test_a_window_shows_what_was_chosen_and_never_leaves(whole: int, seen: int, chosen: int, pushed: int) -> None:
    chosen = min(chosen, whole - 1)
    first = window(whole, seen, chosen)
    assert first <= chosen < first + seen
    moved = window(whole, seen, chosen, pushed)
    assert 0 <= moved <= max(0, whole - seen)
