"""Heads side by side: where there is room, all on one scale, the chosen one's cells where they stand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.panels.pictures.test_heat import cells, matrix
from tests.panels.test_pictures import numbers, picture, plain
from tracer.panels.data import Data
from tracer.text import Text


def heads(values: object, nth: int = 1, **more: object) -> Data:
    """A matrix for each head, the nth one chosen."""
    array = np.asarray(values, np.float64)
    one = matrix(array[nth], note=Text.same("note"), **more)
    parts = tuple(replace(one, title=Text.same(f"H{n}"), values=part) for n, part in enumerate(array))
    return replace(one, beside=parts, nth=nth)


@settings(max_examples=20, deadline=None)
@given(st.data(), st.integers(1, 5), st.integers(1, 4), st.integers(0, 120), st.integers(0, 40), st.booleans())
def test_heads_of_anything_are_drawn_at_any_size(
    data: st.DataObject, many: int, size: int, width: int, height: int, signed: bool
) -> None:
    n = many * size * size
    values = np.reshape(data.draw(st.lists(numbers, min_size=n, max_size=n)), (many, size, size))
    what = heads(values, data.draw(st.integers(0, many - 1)), signed=signed)
    picture(what, width, height, data.draw(st.none() | st.integers(-1, size * size)))


def test_all_heads_stand_side_by_side_where_there_is_room_and_else_the_chosen_one_alone() -> None:
    what = heads(np.arange(36).reshape(4, 3, 3))
    assert [name in plain(picture(what, 100, 14)) for name in ("H0", "▸ H1", "H2", "H3")] == [True] * 4
    assert "H0" not in plain(picture(what, 20, 6))


def test_what_is_selected_is_of_the_chosen_head() -> None:
    what = heads(np.arange(36).reshape(4, 3, 3))
    found = picture(what, 100, 14, 7)
    assert cells(found)[7].strip("[ ]") == "16.0"
    assert "▸ 2 n  世 = 16" in plain(found)


def test_one_scale_serves_all_heads() -> None:
    """A head that is a tenth of another is as pale as that, not as dark."""
    faint = np.zeros((2, 2))
    faint[0, 0] = 1
    found = picture(heads([faint * 10, faint], nth=0), 60, 8)
    styles = [str(span.style) for span in found.lines[2].spans if "on #" in str(span.style)]
    assert len(set(styles)) >= 3, "dark, pale, and nothing"
