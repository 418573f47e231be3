"""Bars: any numbers at any size; nothing that is not 0 vanishes, and the target is always in sight."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.panels.test_pictures import numbers, picture, plain, sizes
from tracer.panels.data import Cells, Data
from tracer.text import LANGS, Text


def bars(values: object, **more: Any) -> Data:
    array = np.asarray(values, np.float64)
    rows = tuple(f"r{i}" for i in range(len(array)))
    return Data("bars", Text.same("x"), 1, array, cells=Cells("w", array.shape), **{"rows": rows, **more})


@settings(max_examples=25, deadline=None)
@given(st.data(), st.lists(numbers, max_size=30), sizes, sizes, st.booleans(), st.booleans())
def test_bars_of_anything_are_drawn_at_any_size(
    data: st.DataObject, values: list[float], width: int, height: int, signed: bool, log: bool
) -> None:
    what = bars(
        values if signed else np.abs(values),
        signed=signed,
        log=log,
        rows=("世界", "[b]", "x" * 40) * 10,
        badges=(Text("◀ target", "◀ 正解"), Text("", "")),
        marks={"target": frozenset({data.draw(st.integers(0, 30))}), "current": frozenset({0})},
        note=Text("note", "注"),
    )
    picture(what, width, height, data.draw(st.none() | st.integers(-1, 30)), data.draw(st.sampled_from(LANGS)))


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 3000), st.data(), st.integers(1, 40), st.integers(1, 12))
def test_the_selected_bar_is_in_sight(n: int, data: st.DataObject, width: int, height: int) -> None:
    selected = data.draw(st.integers(0, n - 1))
    assert selected in {region.index for region in picture(bars(np.ones(n)), width, height, selected).regions}


@pytest.mark.parametrize("log", [False, True])
def test_a_bar_that_is_not_nought_is_seen_and_nought_is_said(log: bool) -> None:
    lines = picture(bars([1.0, 1e-12, 0.0], log=log), 40, 5).lines
    assert "▏" in lines[1].plain or "▎" in lines[1].plain or "█" in lines[1].plain
    assert lines[1].plain.endswith("1e-12")
    assert lines[2].plain.split() == ["r2", "0"]


def test_bars_below_nought_grow_to_the_left_on_the_same_scale() -> None:
    lines = [line.plain for line in picture(bars([3.0, -1.5, -1e-9], signed=True), 40, 4).lines]
    zero = lines[0].index("│")
    assert all(line.index("│") == zero for line in lines[:3])
    right, left = lines[0].count("█"), lines[1][:zero].count("█") + lines[1][:zero].count("▐") / 2
    assert abs(right - 2 * left) <= 1
    assert lines[2][zero - 1] == "▕"


def test_a_logarithmic_scale_says_so() -> None:
    assert "log scale" in plain(picture(bars([1.0, 1e-6], log=True), 40, 5))
    assert "対数目盛" in plain(picture(bars([1.0, 1e-6], log=True), 40, 5, lang="ja"))


def test_the_target_is_in_sight_wherever_it_stands() -> None:
    what = bars(np.linspace(1, 0.1, 27), marks={"target": frozenset({20})}, badges=(Text.same("◀ t"),) * 27)
    found = picture(what, 40, 9)
    assert 20 in {region.index for region in found.regions}
    assert "of 27" in plain(found)


def test_badges_that_have_no_room_leave_their_sign() -> None:
    what = bars([1.0], badges=(Text("◀ target end", ""),))
    assert plain(picture(what, 40, 3)).count("◀ target end") == 1
    assert plain(picture(what, 20, 3)).count("◀") == 1


def test_numbers_that_are_not_finite_are_words() -> None:
    text = plain(picture(bars([np.nan, np.inf, -np.inf], signed=True), 40, 5))
    assert [word in text for word in ("nan", "inf", "-inf")] == [True] * 3
