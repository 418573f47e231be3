"""The boundary map: exactly its size, the right way up, readable without colour."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from tracer.scene.boundary import EDGE, HALF, MINUS, PLUS, WRONG, boundary_map
from tracer.scene.palette import DARK, PALETTES, contrast
from tracer.text import LANGS, Lang

BOX = (0.0, 10.0, 0.0, 5.0)


def field(height: int = 20, width: int = 20, tilt: float = 0.0) -> np.ndarray:
    """Above 0 on the right half; with a tilt, on the upper right."""
    xs, ys = np.meshgrid(np.linspace(-1, 1, width), np.linspace(1, -1, height))
    return (4 * xs + tilt * ys).astype(np.float32)


def lines(scores: np.ndarray, rows: list[tuple[float, float, float]] = [], **options: object) -> list[str]:  # noqa: B006
    return [line.plain for line in boundary_map(scores, BOX, rows, **options).lines()]  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 30), st.integers(1, 30), st.integers(1, 80), st.integers(1, 40), st.sampled_from(LANGS),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_it_is_exactly_as_large_as_it_should_be(h: int, w: int, width: int, height: int, lang: Lang, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 5, (h, w)).astype(np.float32)
    scores[rng.random((h, w)) < 0.2] = np.nan
    rows = [(x, y, 1.0) for x, y in rng.uniform(-5, 15, (20, 2)).tolist()]
    found = boundary_map(scores, BOX, rows, (3, 4), lang, width=width, height=height).lines()
    assert len(found) == height
    assert {cell_len(line.plain) for line in found} == {width}


def test_points_stand_where_they_are_and_the_right_way_up() -> None:
    rows = [(0.1, 4.9, -1.0), (9.9, 0.1, 1.0), (9.9, 4.9, 1.0)]
    found = lines(field(), rows, wrong=(2,), width=40, height=22)
    assert found[0][0] == MINUS
    assert found[19][39] == PLUS
    assert found[0][39] == WRONG


def test_where_points_meet_a_wrong_one_is_seen() -> None:
    rows = [(5.0, 2.5, 1.0), (5.0, 2.5, 1.0), (5.0, 2.5, 1.0)]
    found = "".join(lines(field(), rows, wrong=(1,), width=40, height=22)[:-2])
    assert (found.count(WRONG), found.count(PLUS)) == (1, 0)


def test_the_boundary_is_marked_along_its_whole_length_and_nowhere_else() -> None:
    found = lines(field(), width=40, height=22)[:-2]
    assert all(line.count(EDGE) == 1 for line in found)
    assert {line.index(EDGE) for line in found} == {20}
    assert EDGE not in "".join(lines(np.ones((20, 20), np.float32), width=40, height=22)[:-2])


def test_a_model_that_says_nothing_has_no_boundary_and_no_colour() -> None:
    found = boundary_map(np.full((20, 20), np.nan, np.float32), BOX, [], width=40, height=22).lines()[:-2]
    assert {line.plain for line in found} == {" " * 40}
    assert len({span.style for line in found for span in line.spans}) == 1


def test_each_side_has_its_colour_and_the_surer_the_deeper() -> None:
    line = boundary_map(field(), BOX, [], width=40, height=22).lines()[10]

    def ground(x: int) -> tuple[int, int, int]:
        colour = next(s.style.bgcolor for s in line.spans if s.start <= x < s.end)  # type: ignore[union-attr]
        return colour.triplet  # type: ignore[no-any-return]

    left, near_left, near_right, right = (ground(x) for x in (0, 18, 21, 39))
    assert left[2] > left[0], "blue"
    assert right[0] > right[2], "orange"
    assert sum(left) > sum(near_left)
    assert sum(right) > sum(near_right)


def test_two_halves_make_one_cell() -> None:
    found = "".join(lines(field(tilt=20.0), width=40, height=22)[:-2])
    assert HALF in found


@pytest.mark.parametrize("palette", PALETTES.values(), ids=list(PALETTES))
def test_signs_are_legible_on_the_deepest_shade(palette: object) -> None:
    line = boundary_map(
        np.full((4, 4), 99, np.float32), BOX, [(5, 2, 1.0)], (), "en", palette, width=20, height=5
    ).lines()[1]  # type: ignore[arg-type]
    span = next(s for s in line.spans if line.plain[s.start] == PLUS)
    ink, ground = (f"#{c.triplet.hex.removeprefix('#')}" for c in (span.style.color, span.style.bgcolor))  # type: ignore[union-attr]
    assert contrast(ink, ground) > 3


@pytest.mark.parametrize("lang", LANGS)
def test_the_legend_says_what_the_signs_are(lang: Lang) -> None:
    legend = lines(field(), lang=lang, width=60, height=12)[-1]
    assert all(sign in legend for sign in (PLUS, MINUS, WRONG, EDGE))
    assert "x1 0 … 10   x2 0 … 5" in lines(field(), lang=lang, width=60, height=12)[-2]


def test_rich_prints_it() -> None:
    out = io.StringIO()
    Console(file=out, width=40).print(boundary_map(field(), BOX, [], (), "en", DARK, width=40, height=8))
    assert len(out.getvalue().splitlines()) == 8
