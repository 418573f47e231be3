"""Points in a plane: any points at any size; none covers another, and all can be told."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.panels.test_pictures import numbers, picture, plain, sizes
from tracer.panels.data import Cells, Data
from tracer.text import LANGS, Text


def points(values: object, **more: Any) -> Data:
    array = np.reshape(np.asarray(values, np.float64), (-1, 2))
    rows = tuple(chr(ord("a") + i % 26) for i in range(len(array)))
    return Data("scatter", Text.same("x"), 1, array, cells=Cells("wte", (len(array),)), **{"rows": rows, **more})


@settings(max_examples=25, deadline=None)
@given(st.data(), st.lists(st.tuples(numbers, numbers), max_size=30), sizes, sizes)
def test_points_anywhere_are_drawn_at_any_size(
    data: st.DataObject, places: list[tuple[float, float]], width: int, height: int
) -> None:
    n = len(places)
    ways = {f"way {k}": np.random.default_rng(k).normal(size=(n, 2)) for k in range(data.draw(st.integers(0, 2)))}
    what = points(
        places, extra=ways, marks={"vowel": frozenset({0, n - 1})} if n else {}, rows=("世界", "⟨B⟩", "") * 10
    )
    selected = data.draw(st.none() | st.integers(-1, n))
    found = picture(what, width, height, selected, data.draw(st.sampled_from(LANGS)))
    taken = [(region.y, x) for region in found.regions for x in range(region.x0, region.x1)]
    assert len(taken) == len(set(taken)), "no label covers another"


def test_a_point_stands_where_its_numbers_say() -> None:
    found = picture(points([(0, 0), (1, 1), (1, -1), (-1, 0)]), 21, 11)
    where = {region.index: ((region.x0 + region.x1) // 2, region.y) for region in found.regions}
    assert where[0][0] == (where[3][0] + where[1][0]) // 2
    assert where[1][1] < where[0][1] < where[2][1]
    assert where[1][0] == where[2][0]


def test_the_selected_point_is_in_front_of_all_others() -> None:
    what = points([(0.0, 0.0)] * 60, note=Text.same(""))
    found = picture(what, 30, 9, 59)
    assert 59 in {region.index for region in found.regions}
    assert "[h]" in plain(found)


def test_points_without_room_for_a_label_are_dots_and_counted() -> None:
    rng = np.random.default_rng(1)
    what = points(rng.normal(size=(3000, 2)))
    found = picture(what, 40, 10)
    assert "as dots" in plain(found) or len(found.regions) > 60
    assert any(0x2800 < ord(sign) < 0x2900 for sign in plain(found))


def test_the_way_a_point_came_is_dots_behind_it() -> None:
    still = points([(1.0, 1.0), (-1.0, -1.0)])
    moved = points([(1.0, 1.0), (-1.0, -1.0)], extra={"way 1": np.array([[-1.0, 1.0], [1.0, -1.0]])})
    dots = [sum(0x2800 < ord(sign) < 0x2900 for sign in plain(picture(one, 30, 10))) for one in (still, moved)]
    assert dots[0] == 0 < 20 < dots[1]


def test_points_that_are_not_finite_are_counted() -> None:
    assert "2 not finite" in plain(picture(points([(0, 0), (np.nan, 0), (np.inf, 1)]), 30, 8))
