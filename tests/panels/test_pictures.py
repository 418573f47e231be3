"""Curves, sparklines, histograms, neurons and tables: any data at any size, and nothing that is not 0 vanishes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tracer.panels.data import Data, Ref
from tracer.panels.drawing import Drawn, Look
from tracer.panels.pictures import drawn
from tracer.scene.palette import DARK, LIGHT
from tracer.text import LANGS, Text
from tracer.trace.cells import Cell

AWKWARD = [0.0, -0.0, 1.0, -1.0, 5e-324, -5e-324, 1e-300, 1e300, -1e300, 1.7e308, math.nan, math.inf, -math.inf]
numbers = st.one_of(st.sampled_from(AWKWARD), st.floats(-1e3, 1e3, width=32))
sizes = st.sampled_from([0, 1, 2, 3, 5, 8, 13, 38, 80])


def picture(data: Data, width: int, height: int, selected: int | None = None, lang: Any = "en") -> Drawn:
    """The picture, having been looked at: it is as large as it should be, and its cells are the data's."""
    found = drawn(data, Look(lang, LIGHT if selected else DARK, width, height, selected))
    assert len(found.lines) == height
    assert all(cell_len(line.plain) <= width for line in found.lines)
    for region in found.regions:
        assert 0 <= region.y < height
        assert 0 <= region.x0 < region.x1 <= width
        assert 0 <= region.index < len(data.cells)
    return found


def plain(found: Drawn) -> str:
    return "\n".join(line.plain for line in found.lines)


def series(values: list[list[float]], **more: Any) -> Data:
    array = np.array(values, np.float64)
    n = array.shape[1]
    return Data(
        "lines",
        Text.same("x"),
        n,
        array,
        rows=tuple(f"r{k}" for k in range(len(array))),
        cells=(Cell("loss"),) * array.size,
        steps=tuple(range(1, n + 1)) * len(array),
        **more,
    )


@settings(max_examples=25, deadline=None)
@given(st.data(), st.integers(1, 6), st.integers(1, 30), sizes, sizes, st.booleans())
def test_series_of_anything_are_drawn_at_any_size(
    data: st.DataObject, many: int, n: int, width: int, height: int, log: bool
) -> None:
    rows = data.draw(st.lists(st.lists(numbers, min_size=n, max_size=n), min_size=many, max_size=many))
    steps = data.draw(st.lists(st.integers(1, 10**6), min_size=n, max_size=n, unique=True).map(sorted))
    until = {"x": np.array(steps, np.float64), "until": np.array([float(steps[-1] * 2)])}
    refs = (Ref(data.draw(numbers), Text("line", "線")),)
    marks = {"dots": frozenset({0}), "measured": frozenset({2}), "current": frozenset({1})}
    selected = data.draw(st.none() | st.integers(-1, many * n))
    what = replace(series(rows, log=log, refs=refs, extra=until, marks=marks), note=Text("note", "注"))
    picture(what, width, height, selected, data.draw(st.sampled_from(LANGS)))


@settings(max_examples=25, deadline=None)
@given(st.lists(numbers, min_size=1, max_size=60), sizes, sizes, st.booleans(), st.integers(-1, 60))
def test_histograms_of_anything_are_drawn_at_any_size(
    counts: list[float], width: int, height: int, log: bool, selected: int
) -> None:
    edges = np.linspace(-1.0, 2.0, len(counts) + 1)
    data = Data(
        "histogram",
        Text.same("x"),
        1,
        np.abs(np.array(counts)),
        log=log,
        extra={"edges": edges},
        cells=(Cell("w"),) * len(counts),
    )
    picture(data, width, height, selected)


@settings(max_examples=25, deadline=None)
@given(st.data(), st.integers(1, 5), st.integers(1, 40), sizes, sizes, st.booleans())
def test_neurons_of_any_number_are_drawn_at_any_size(
    data: st.DataObject, rows: int, columns: int, width: int, height: int, signed: bool
) -> None:
    values = data.draw(st.lists(numbers, min_size=rows * columns, max_size=rows * columns))
    array = np.array(values).reshape(rows, columns)
    absent = np.zeros(array.shape, bool)
    absent[-1, -1] = data.draw(st.booleans())
    what = Data(
        "grid",
        Text.same("x"),
        1,
        array if signed else np.abs(array),
        rows=tuple(str(row) for row in range(rows)),
        signed=signed,
        absent=absent,
        marks={"dead": frozenset({0}), "closed": frozenset({1})},
        cells=(Cell("h"),) * array.size,
    )
    picture(what, width, height, data.draw(st.none() | st.integers(-1, array.size)))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=9), st.text(max_size=50)), min_size=1, max_size=9), sizes, sizes)
def test_tables_of_any_words_are_drawn_at_any_size(words: list[tuple[str, str]], width: int, height: int) -> None:
    table = tuple((Text.same(name), Text.same(said)) for name, said in words)
    picture(Data("words", Text.same("x"), 1, np.zeros(0), table=table), width, height)


# What is small


@pytest.mark.parametrize("height", [1, 2, 7, 30])
def test_a_size_that_is_tiny_beside_the_others_still_has_an_eighth_of_a_cell(height: int) -> None:
    shown = plain(picture(series([[1.0], [1e-12], [0.5], [0.25]]), 30, height * 4))
    row = next(line for line in shown.splitlines() if line.startswith("r1"))
    assert "▁" in row


def test_a_zero_among_sizes_is_the_figure_0() -> None:
    shown = plain(picture(series([[1.0] * 5, [0.0] * 5, [0.5] * 5, [2.0] * 5]), 30, 5))
    assert shown.splitlines()[1].startswith("r1 00000")


@given(st.integers(1, 10**9), st.integers(1, 20))
@example(10**9, 1)
def test_a_bin_with_a_single_number_is_seen_beside_a_full_one(most: int, height: int) -> None:
    counts = np.array([float(most), 0.0, 1.0, 0.0])
    data = Data("histogram", Text.same("x"), 1, counts, extra={"edges": np.arange(5.0)}, cells=(Cell("w"),) * 4)
    found = picture(data, 4, height)
    bottom = max((region.y for region in found.regions), default=0)
    assert found.lines[bottom].plain[2] != " "
    assert found.lines[bottom].plain[1] == " ", "an empty one is empty"


def test_bins_that_share_a_column_lose_none_of_their_numbers() -> None:
    counts = np.ones(40)
    data = Data("histogram", Text.same("x"), 1, counts, extra={"edges": np.arange(41.0)}, cells=(Cell("w"),) * 40)
    shown = plain(picture(data, 10, 4))
    assert "tallest 4"[:9] in shown or "█" * 10 in shown


def test_a_neuron_that_gives_out_little_is_told_from_a_silent_one_and_both_from_a_dead_one() -> None:
    values = np.array([[1.0, 1e-9, 0.0, 0.0]])
    data = Data("grid", Text.same("x"), 1, values, marks={"dead": frozenset({3})}, cells=(Cell("h"),) * 4)
    for width in (4, 8, 20):
        row = next(line for line in plain(picture(data, width, 1)).splitlines())
        assert row.split() in (["█▁·×"], ["█", "▁", "·", "×"], ["███", "▁▁▁", "·", "×"]), row


def test_signs_are_told_without_colour() -> None:
    values = np.array([[1.0, -1.0]])
    data = Data("grid", Text.same("x"), 1, values, signed=True, cells=(Cell("h", grad=True),) * 2)
    wide, narrow = plain(picture(data, 6, 1)), plain(picture(data, 2, 1))
    assert "+" in wide
    assert "-" in wide
    assert narrow[0] != narrow[1]


# What is where


def test_every_step_of_a_curve_can_be_pointed_at() -> None:
    data = series([[3.0, 2.0, 1.5, 1.2, 1.1]])
    found = picture(data, 60, 10)
    assert {region.index for region in found.regions} == {0, 1, 2, 3, 4}
    assert found.at(59, 3) == 4
    assert found.at(next(region.x0 for region in found.regions), 3) == 0


def test_nothing_is_drawn_beyond_the_step_one_is_at() -> None:
    values = [3.0, 2.0, 1.5, 1.2, 1.1]
    found = picture(series([values], extra={"until": np.array([100.0])}), 60, 10)
    body = [line.plain for line in found.lines[:8]]
    assert max(len(line.rstrip()) for line in body) < 14
    assert "100" in plain(found)


def test_a_number_that_is_not_finite_is_a_word_in_a_curve() -> None:
    assert "nan" in plain(picture(series([[1.0, 2.0, math.nan]]), 40, 8))
    assert "inf" in plain(picture(series([[1.0, 2.0, math.inf]]), 40, 8))
    absent = np.array([[False, False, True]])
    assert "nan" not in plain(picture(series([[1.0, 2.0, math.nan]], absent=absent), 40, 8)), "nobody computed one"


def test_a_logarithmic_scale_is_said_and_keeps_zero_at_the_bottom() -> None:
    shown = plain(picture(series([[1.0, 1e-3, 0.0]], log=True), 60, 10))
    assert "log scale, 0 at the bottom" in shown


def test_of_many_series_those_around_the_selected_one_are_in_sight() -> None:
    data = series([[float(k), float(k) + 1] for k in range(1, 60)])
    for chosen in (0, 30, 58):
        shown = plain(picture(data, 50, 6, chosen * 2))
        assert f"r{chosen} " in shown
        assert "of 59" in shown


def test_several_curves_are_told_apart_without_colour() -> None:
    names = (Text("active", "活性"), Text("dead", "死"))
    shown = plain(picture(replace(series([[50.0] * 9, [3.0] * 9]), names=names), 40, 9))
    upper, lower = (next(line for line in shown.splitlines()[:7] if sign in line) for sign in "●◆")
    assert upper != lower
    assert "● active" in shown
    assert "◆ dead" in shown


def test_each_step_and_the_smoothed_loss_are_told_apart_without_colour() -> None:
    rng = np.random.default_rng(1)
    values = [(1 + rng.normal(0, 0.3, 300)).tolist(), [1.0] * 300]
    names = (Text("each step", "各ステップ"), Text("smoothed", "平滑化"))
    lines = plain(picture(series(values, names=names, marks={"dots": frozenset({0})}), 60, 14)).splitlines()
    whole = [line for line in lines[:-2] if all("⠀" < c <= "⣿" for c in line.split("┤")[-1].split("│")[-1])]
    assert len(whole) == 1, "only the smoothed curve goes all the way"
    assert "each step" in lines[-1]
    assert "smoothed" in lines[-1]


def test_a_line_to_compare_with_has_room_where_no_number_is_near_and_says_its_own() -> None:
    data = series([[1.0, 1.1, 1.2]], refs=(Ref(math.log(27), Text.same("-log(1/27)")),))
    top = plain(picture(data, 60, 12)).splitlines()[0]
    assert "-log(1/27) = 3.296" in top
    assert top.count("╌") > 20


def test_a_number_that_few_steps_have_stands_at_those_steps() -> None:
    measured = [math.nan] * 100
    measured[49] = measured[99] = 2.5
    absent = np.array([[False] * 100, [one != one for one in measured]])
    data = series([[3.0 - 0.01 * k for k in range(100)], measured], absent=absent, marks={"measured": frozenset({1})})
    found = picture(data, 60, 12)
    assert "".join(line.plain for line in found.lines[:-1]).count("◇") == 2
