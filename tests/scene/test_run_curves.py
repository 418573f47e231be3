"""Losses of several runs over each other: each has its own sign, and the legend says which is which."""

from __future__ import annotations

import numpy as np
import pytest
from rich.cells import cell_len

from tracer.scene.palette import DARK
from tracer.scene.run_curves import SIGNS, Curve, RunCurves, legend
from tracer.text import LANGS, Lang

FALLING = np.linspace(3.3, 2.2, 100)
SHORT = np.linspace(3.3, 2.9, 40)
CURVES = (Curve("names-42", FALLING, FALLING, "lr 0.01"), Curve("names-42-2", SHORT, SHORT, "lr 0.1"))


def drawn(shown: int = 100, curves: tuple[Curve, ...] = CURVES, width: int = 70, height: int = 14) -> list[str]:
    return [line.plain for line in RunCurves(curves, shown, "en", DARK, width, height).lines()]


def test_each_run_has_its_own_sign() -> None:
    picture = "".join(drawn())
    assert [picture.count(sign) > 1 for sign, _ in SIGNS[:3]] == [True, True, False]


def test_a_shorter_run_ends_where_it_ended() -> None:
    """Forty steps of a hundred: its signs stand in the left part alone."""
    sign = SIGNS[1][0]
    columns = [x for line in drawn() for x, here in enumerate(line) if here == sign]
    assert 0 < max(columns) < 0.5 * 70


def test_nothing_is_drawn_after_the_step_one_is_at_and_the_scale_tells_nothing_of_it() -> None:
    early = drawn(20)
    column = early[-2].index("20")
    dots = [
        x for line in early[:-2] for x, one in enumerate(line) if one in "".join(s for s, _ in SIGNS) or one > "\u2800"
    ]
    assert max(dots) <= column + 1
    later = np.concatenate([FALLING[:20], np.full(80, 99.0)])
    assert drawn(20, (Curve("x", later, later),)) == drawn(20, (Curve("x", FALLING, FALLING),))


def test_the_steps_below_are_those_of_the_longest_run() -> None:
    below = drawn(50)[-2].split()
    assert below == ["1", "50", "100"]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("size", [(10, 3), (16, 4), (78, 12), (198, 40)])
def test_it_is_exactly_as_large_as_it_should_be(lang: Lang, size: tuple[int, int]) -> None:
    lines = RunCurves(CURVES, 7, lang, DARK, *size).lines()
    assert [cell_len(line.plain) for line in lines] == [size[0]] * size[1]


def test_a_click_means_the_step_that_is_drawn_there() -> None:
    curves = RunCurves(CURVES, 100, "en", DARK, 70, 14)
    assert (curves.step_at(0), curves.step_at(69)) == (1, 100)
    assert abs(curves.step_at(35) - 47) < 5


def test_runs_without_a_step_say_so() -> None:
    empty = Curve("x", np.empty(0), np.empty(0))
    assert "No step" in drawn(0, (empty, empty))[0]


def test_the_legend_tells_each_run_at_the_step_shown() -> None:
    lines = [line.plain for line in legend(CURVES, 40, "en", width=90, height=5, marked=1)]
    assert lines[0].startswith(f" {SIGNS[0][0]} names-42 ")
    assert lines[1].startswith(f"▸{SIGNS[1][0]} names-42-2")
    assert "loss 2.867" in lines[0]
    assert "lr 0.01" in lines[0]
    assert "lr 0.1" in lines[1]
    assert "no such step" in legend(CURVES, 41, "en", width=90, height=5)[1].plain


def test_of_many_runs_the_one_looked_at_is_in_sight() -> None:
    many = tuple(Curve(f"run {k}", FALLING, FALLING) for k in range(9))
    lines = [line.plain for line in legend(many, 1, "ja", width=60, height=3, marked=7)]
    assert len(lines) == 3
    assert any("run 7" in line for line in lines)
