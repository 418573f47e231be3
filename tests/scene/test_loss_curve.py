"""The loss curve: exactly its size, falling where the loss falls, whole where numbers are missing."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from tracer.numbers import format_number
from tracer.scene.curves import LEAST_HEIGHT, LEAST_WIDTH, Axis
from tracer.scene.loss_curve import GUESSING, HELD_OUT, loss_curve
from tracer.scene.palette import DARK, PALETTES
from tracer.text import LANGS, Lang


def text(losses: list[float], smoothed: list[float] | None = None, **options: object) -> list[str]:
    found = np.array(losses, dtype=float)
    curve = loss_curve(found, found if smoothed is None else np.array(smoothed), **options)  # type: ignore[arg-type]
    return [line.plain for line in curve.lines()]


def test_a_falling_loss_is_drawn() -> None:
    assert falls(text([4.0, 3.0, 2.0, 1.0, 0.0], width=24, height=8))
    assert not falls(text([0.0, 1.0, 2.0, 3.0, 4.0], width=24, height=8))


def falls(lines: list[str]) -> bool:
    """Whether the first dot of each row stands further to the right than that of the row above."""
    starts = [next((x for x, c in enumerate(line) if "⠀" < c <= "⣿"), -1) for line in lines[:-2]]
    assert all(start >= 0 for start in starts), lines
    return starts == sorted(starts) and starts[0] < starts[-1]


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=60), st.integers(1, 90), st.integers(1, 30),
    st.integers(0, 70), st.sampled_from(LANGS),
)  # fmt: skip
def test_it_is_exactly_as_large_as_it_should_be(
    losses: list[float], width: int, height: int, shown: int, lang: Lang
) -> None:
    found = np.array(losses, dtype=float)
    curve = loss_curve(found, found, lang, width=width, height=height, shown=shown)
    lines = curve.lines()
    assert len(lines) == height
    assert {cell_len(line.plain) for line in lines} == {width}


@pytest.mark.parametrize("size", [(LEAST_WIDTH, LEAST_HEIGHT), (60, 15), (200, 50)])
@pytest.mark.parametrize("steps", [1, 2, 7, 119, 120, 5000])
def test_the_smoothed_curve_has_no_gap(steps: int, size: tuple[int, int]) -> None:
    losses = np.exp(-np.linspace(0, 3, steps))
    lines = [line.plain for line in loss_curve(losses, losses, width=size[0], height=size[1]).lines()][:-2]
    left = lines[0].index("┤") + 1
    columns = ["".join(line[x] for line in lines).strip() for x in range(left, size[0])]
    assert all(columns) if steps > 1 else any(columns)


def test_raw_and_smoothed_are_told_apart_without_colour() -> None:
    rng = np.random.default_rng(1)
    losses, smoothed = 1 + rng.normal(0, 0.3, 300), np.full(300, 1.0)
    lines = [line.plain for line in loss_curve(losses, smoothed, width=60, height=14).lines()]
    legend = lines[-1]
    assert "each step" in legend
    assert "smoothed" in legend
    whole = [line for line in lines[:-2] if all("⠀" < c <= "⣿" for c in line.split("┤")[-1].split("│")[-1])]
    assert len(whole) == 1, "only the smoothed curve goes all the way"


def test_a_wide_range_gets_a_logarithmic_axis_and_says_so() -> None:
    wide, narrow = text([100.0, 10.0, 1.0], width=60), text([3.0, 2.0, 1.0], width=60)
    assert "log scale" in wide[-1]
    assert "log scale" not in narrow[-1]
    axis = Axis.of(np.array([100.0, 1.0]))
    assert axis is not None
    assert axis.at(np.array([1.0, 10.0, 100.0])).tolist() == pytest.approx([0, 0.5, 1])
    assert axis.loss(0.5) == pytest.approx(10)


@given(st.floats(-1e300, 1e300), st.floats(0, 1e300))
def test_an_axis_gives_back_what_it_was_asked(low: float, size: float) -> None:
    axis = Axis.of(np.array([low, low + size]))
    assert axis is not None
    ends = axis.at(np.array([axis.low, axis.high]))
    assert ends.tolist() == pytest.approx([0, 1], abs=1e-6)


def test_a_loss_that_never_changes_is_a_line_in_the_middle() -> None:
    lines = text([2.0] * 50, width=40, height=9)
    assert any("⠀" < c <= "⣿" for c in lines[3])
    assert "2" in lines[3]


def test_steps_without_a_finite_loss_are_left_out() -> None:
    lines = text([3.0, 2.0, float("nan"), float("inf"), 1.0], width=40, height=10)
    assert lines[0].strip().startswith("3┤")
    assert lines[-3].strip().startswith("1┤")


@pytest.mark.parametrize(
    ("lang", "words"), [("en", "No step has been taken yet."), ("ja", "まだ 1 ステップも進んでいません。")]
)
def test_nothing_yet_is_said(lang: Lang, words: str) -> None:
    assert text([], lang=lang, width=50)[0].strip() == words
    assert text([float("nan")], lang=lang, width=50)[0].strip() == words


@pytest.mark.parametrize("steps", [2, 10, 400])
def test_a_click_means_the_step_that_is_marked_there(steps: int) -> None:
    losses = np.linspace(2, 1, steps)
    for shown in (1, steps // 2, steps):
        curve = loss_curve(losses, losses, width=70, height=12, shown=shown)
        columns = [
            {
                x
                for x, c in enumerate(row.plain)
                if any(s.start <= x < s.end and s.style == DARK.style("active") for s in row.spans)
            }
            for row in curve.lines()[:-2]
        ]
        (column,) = set.union(*columns)
        assert abs(curve.step_at(column) - max(1, shown)) <= max(1, steps / 60)


def test_a_click_outside_means_an_end() -> None:
    curve = loss_curve(np.linspace(2, 1, 30), np.linspace(2, 1, 30), width=50, height=10)
    assert (curve.step_at(0), curve.step_at(1000)) == (1, 30)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=list(PALETTES))
def test_rich_prints_it(palette: object) -> None:
    out = io.StringIO()
    curve = loss_curve(np.array([2.0, 1.0]), np.array([2.0, 1.5]), "en", palette, width=40, height=8)  # type: ignore[arg-type]
    Console(file=out, width=40, legacy_windows=False).print(curve)
    assert len(out.getvalue().splitlines()) == 8


def test_another_mark_draws_no_dot_again() -> None:
    losses = np.exp(-np.linspace(0, 3, 500))
    curve = loss_curve(losses, losses, width=60, height=14, shown=7)
    assert curve.marked(300).lines() == loss_curve(losses, losses, width=60, height=14, shown=300).lines()
    assert curve.lines() != curve.marked(300).lines()
    assert curve.marked(300)._drawn is curve._drawn


# Models of texts


def written(shown: int, width: int = 60) -> list[str]:
    losses = [3.3 - 0.01 * step for step in range(100)]
    return text(losses, width=width, height=12, shown=shown, evals=[(50, 2.8), (100, 2.3)], guesses=27)


def test_the_loss_of_guessing_is_a_line_with_its_number() -> None:
    """One of 27 symbols at random costs log 27; the axis has room for it even where no loss is near."""
    lines = text([1.0, 1.1, 1.2], width=60, height=12, guesses=27)
    assert f"-log(1/27) = {format_number(math.log(27))}" in lines[0]
    assert lines[0].count(GUESSING) > 20
    assert "guessing" in lines[-1]


def test_a_held_out_loss_stands_at_its_step_and_not_before() -> None:
    drawn = {shown: "".join(written(shown)[:-1]).count(HELD_OUT) for shown in (49, 50, 99, 100, 0)}
    assert drawn == {49: 0, 50: 1, 99: 1, 100: 2, 0: 2}
    assert "held out" not in written(49)[-1]
    assert "held out" in written(50)[-1]


def test_what_lies_beyond_the_step_shown_is_muted() -> None:
    losses = np.linspace(3.0, 2.0, 200)
    line = loss_curve(losses, losses, shown=100, width=60, height=12).lines()
    colours = {
        (span.start, str(span.style))
        for row in line[:-2]
        for span in row.spans
        if str(span.style) == str(DARK.style("data"))
    }
    assert colours
    assert max(start for start, _ in colours) < 36


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("size", [(16, 4), (38, 9), (70, 20)])
def test_it_is_as_large_with_all_of_it(lang: Lang, size: tuple[int, int]) -> None:
    losses = np.linspace(3.4, 2.0, 40)
    curve = loss_curve(losses, losses, lang, width=size[0], height=size[1], shown=7, evals=[(5, 9.0)], guesses=40)
    assert [cell_len(line.plain) for line in curve.lines()] == [size[0]] * size[1]


def test_the_number_of_guessing_stays_whole_wherever_the_mark_is() -> None:
    for shown in range(1, 101):
        lines = text([3.0 - 0.01 * step for step in range(100)], width=60, height=12, shown=shown, guesses=27)
        assert "-log(1/27) = 3.296" in lines[0]


@pytest.mark.parametrize("losses", [[3.2958, 3.2921], [3.29, 3.2899], [1e-5, 1.002e-5], [2.0, 1.0], [7.0, 7.0]])
def test_the_numbers_of_a_scale_tell_its_ends_and_its_middle_apart(losses: list[float]) -> None:
    axis = Axis.of(np.array(losses))
    assert axis is not None
    ticks = axis.ticks(20)
    assert len(set(ticks.values())) == len(ticks) == 3, ticks
    assert max(map(len, ticks.values())) <= 10
    top, middle, bottom = (float(ticks[y]) for y in sorted(ticks))
    assert 0.3 < (top - middle) / (top - bottom) < 0.7
