"""Figures of every kind: whole, the same each time, and nobody's words are read as anything but words."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import xml.etree.ElementTree as tree
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.export.figures.made import HOSTILE, KINDS, data_of
from tracer.export.figures.curves import curves
from tracer.export.figures.draw import picture
from tracer.export.figures.page import sign_of
from tracer.export.figures.sheet import Look, Sheet
from tracer.panels.data import Data, Ref
from tracer.text import Text
from tracer.train.diagnosis import Reading

ROOT = Path(__file__).resolve().parents[3]
BEGINS = {"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF"}


def attributes(svg: bytes) -> list[tuple[str, str, str]]:
    """(element, attribute, value), all of them."""
    found = tree.fromstring(svg)
    return [(one.tag, name, value) for one in found.iter() for name, value in one.attrib.items()]


@pytest.mark.deep
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("format", ["svg", "png", "pdf"])
def test_a_figure_is_the_same_bytes_each_time(kind: str, format: str) -> None:
    sheet = Sheet(data_of(kind, "漢"))
    first = picture(sheet, format, Look("ja"))  # type: ignore[arg-type]
    assert first.startswith(BEGINS[format])
    assert picture(sheet, format, Look("ja")) == first  # type: ignore[arg-type]
    assert picture(sheet, format, Look("en", dark=True)) != first  # type: ignore[arg-type]


@pytest.mark.deep
@pytest.mark.parametrize("kind", [*KINDS, "words"])
def test_hostile_words_are_words(kind: str) -> None:
    table = ((Text.same(HOSTILE), Text.same(HOSTILE)),)
    data = Data("words", Text.same(HOSTILE), 1, np.zeros(0), table=table) if kind == "words" else data_of(kind, HOSTILE)
    svg = picture(Sheet(data), "svg", Look())
    assert not {one.tag.rpartition("}")[2] for one in tree.fromstring(svg).iter()} & {"script", "a", "foreignObject"}
    for _, name, value in attributes(svg):
        plain = name.rpartition("}")[2]
        assert not plain.startswith("on")
        assert plain != "href" or value.startswith(("#", "data:image/png"))
    assert b"\x1b" not in svg
    assert b"<!--" not in svg


@pytest.mark.deep
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("spoil", [math.nan, math.inf, 0.0, 5.0, -1e300, 5e-324])
def test_no_numbers_are_too_strange_to_be_drawn(kind: str, spoil: float) -> None:
    data = data_of(kind, spoil=spoil)
    for one in (data, replace(data, signed=True, log=True)):
        assert picture(Sheet(one), "svg", Look()).startswith(b"<svg")


@pytest.mark.deep
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [1, 3_000])
def test_one_thing_and_three_thousand_are_drawn(kind: str, n: int) -> None:
    data = data_of(kind, n=n) if kind != "lines" else data_of(kind, n=max(n, 2))
    assert len(picture(Sheet(data), "svg", Look())) < 6_000_000


@pytest.mark.deep
def test_a_hundred_series_are_rows_of_shades() -> None:
    values = np.abs(np.random.default_rng(0).normal(size=(100, 30)))
    data = Data("lines", Text.same("many"), 30, values, rows=tuple(map(str, range(100))))
    assert picture(Sheet(data), "svg", Look()).startswith(b"<svg")


def test_a_curve_shows_where_settings_changed_and_its_names_stand_clear_of_a_line_with_words() -> None:
    from matplotlib.figure import Figure

    data = Data("lines", Text.same("loss"), 30, np.ones((1, 30)), rows=("each step",))
    data = replace(data, refs=(Ref(3.3, Text.same("guessing")),), extra={"changed": np.array([7.0])})
    figure = Figure()
    curves(figure, Sheet(data), Look())
    (axes,) = figure.axes
    legend = axes.get_legend()
    assert legend is not None
    assert [words.get_text() for words in legend.get_texts()] == ["each step", "settings changed"]
    assert any(np.array_equal(np.asarray(line.get_xdata()), [7, 7]) for line in axes.lines)
    figure.draw_without_rendering()
    assert legend.get_window_extent().y0 >= axes.get_window_extent().y1, "above the picture"


def test_a_report_ticks_only_what_is_well() -> None:
    words = Text.same("")
    assert sign_of(Reading("balanced", 1, words, words, warns=False)) == "✓"
    assert sign_of(Reading("converging", 1, words, words, warns=False)) == "✓"
    assert sign_of(Reading("dead", 1, words, words, warns=False)) == "·"
    assert sign_of(Reading("dead", 1, words, words)) == "✗"


@pytest.mark.deep
def test_matplotlib_says_nothing_and_writes_nothing_into_the_home(tmp_path: Path) -> None:
    code = """
import sys
from tests.export.figures.made import data_of
from tracer.export.figures.save import save_panel
assert "matplotlib" not in sys.modules
save_panel(data_of("bars", "漢 한 🙂"), "a.svg", "ja")
assert "matplotlib.pyplot" not in sys.modules
"""
    home = tmp_path / "home"
    work = tmp_path / "work"
    home.mkdir()
    work.mkdir()
    (work / "matplotlibrc").write_text("text.usetex: true\nnonsense: 3\n")
    gone = ("MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
    environ = {name: value for name, value in os.environ.items() if name not in gone}
    environ |= {"HOME": str(home), "PYTHONPATH": str(ROOT)}
    made = subprocess.run(
        [sys.executable, "-c", code], cwd=work, env=environ, capture_output=True, text=True, check=False
    )
    assert (made.returncode, made.stderr) == (0, "")
    assert list(home.rglob("*")) == []
    assert (work / "a.svg").stat().st_size > 5_000
