"""Gradient norm by depth of several runs: aligned at the loss, on a logarithmic scale, each with its own sign."""

from __future__ import annotations

import math

import pytest
from rich.cells import cell_len

from tracer.scene.palette import DARK
from tracer.scene.run_curves import SIGNS
from tracer.scene.run_depths import Depth, RunDepths
from tracer.text import LANGS, Lang


def stages(layers: int, factor: float, first: float = 0.05) -> dict[str, float]:
    """From the embedding to the last layer; a layer further from the loss has `factor` of what the next one has."""
    names = ["embed", *(f"layer{i}.{part}" for i in range(layers) for part in ("attn_out", "mlp_out"))]
    return {name: first * factor ** ((len(names) - 1 - i) / 2) for i, name in enumerate(names)}


LEVEL, FALLING, SHALLOW = Depth("on", stages(4, 1)), Depth("off", stages(4, 0.01)), Depth("one", stages(1, 1))


def drawn(*depths: Depth, width: int = 78, height: int = 16, lang: Lang = "en", stream: bool = True) -> list[str]:
    return [line.plain for line in RunDepths(depths, lang, DARK, width, height, stream=stream).lines()]


def rows_of(picture: list[str], k: int) -> list[int]:
    return [y for y, line in enumerate(picture[:-2]) for one in line if one == SIGNS[k][0]]


def test_a_level_line_stays_in_its_row_and_a_vanishing_one_falls_to_the_left() -> None:
    picture = drawn(LEVEL, FALLING)
    assert len(set(rows_of(picture, 0))) == 1
    assert max(rows_of(picture, 1)) - min(rows_of(picture, 1)) >= 8
    lowest = picture[max(rows_of(picture, 1))].index(SIGNS[1][0])
    assert lowest < 12, "at the embedding"


def test_a_shallower_run_begins_nearer_to_the_loss() -> None:
    """Three stages of nine: they stand in the last quarter."""
    columns = [x for line in drawn(FALLING, SHALLOW)[:-2] for x, one in enumerate(line) if one == SIGNS[1][0]]
    assert min(columns) > 0.7 * 78


def test_the_scale_is_of_powers_of_ten_and_layers_stand_below() -> None:
    picture = drawn(FALLING)
    assert picture[0].startswith("  0.1┤")
    assert any(line.startswith((" 1e-4┤", " 1e-5┤")) for line in picture)
    assert picture[-2].split() == ["embed", "L0", "L1", "L2", "L3"]
    assert "log scale" in picture[-1]


def test_zero_has_a_row_of_its_own_and_what_is_not_finite_is_told() -> None:
    gone = Depth("gone", stages(4, 1) | {"embed": 0.0})
    picture = drawn(gone)
    assert picture[-3].lstrip().startswith("0┤" + SIGNS[0][0])
    broken = Depth("broken", stages(4, 1) | {"embed": math.nan})
    assert "not a finite number: broken" in drawn(broken)[-1]


def test_weights_of_a_model_without_a_stream_are_named() -> None:
    picture = drawn(Depth("mlp", {"w1": 0.3, "w2": 0.2, "head": 0.1}), stream=False)
    assert picture[-2].split() == ["w1", "w2", "head"]


def test_runs_without_signals_say_so() -> None:
    assert "No gradient" in drawn(Depth("x", {}), Depth("y", {}))[0]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("size", [(0, 1), (10, 3), (16, 4), (78, 12), (198, 40)])
@pytest.mark.parametrize("sizes", [{}, {"one": 0.0}, {"one": 1e-320}, {"one": math.inf}, {"a": 1e-290, "b": 1e290}])
def test_it_is_exactly_as_large_as_it_should_be(sizes: dict[str, float], size: tuple[int, int], lang: Lang) -> None:
    lines = drawn(Depth("x", sizes), FALLING, width=size[0], height=size[1], lang=lang)
    assert [cell_len(line) for line in lines] == [size[0]] * size[1]
