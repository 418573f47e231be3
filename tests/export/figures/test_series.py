"""A panel's numbers as CSV and JSON are its numbers."""

from __future__ import annotations

import csv
import io
import json
import math

import numpy as np
import pytest

from tests.export.figures.made import KINDS, data_of
from tracer.errors import ExportError
from tracer.export.figures.save import format_of, save_panel
from tracer.export.figures.series import to_csv, to_json
from tracer.export.figures.sheet import Sheet, wrapped
from tracer.panels.attention import Attention
from tracer.panels.data import Data
from tracer.panels.panel import Choice
from tracer.text import Text


def read(data: Data) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(data))))


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_of_a_csv_reads_back_bit_for_bit(kind: str) -> None:
    data = data_of(kind)
    lines = read(data)
    if kind == "lines":
        found = [[float(line[name]) for line in lines] for name in ("a0", "a1")]
        assert [int(line["step"]) for line in lines] == [10, 20, 30, 40]
    elif kind == "scatter":
        found = [[float(v) for v in list(line.values())[3:5]] for line in lines]
    else:
        found = [float(line["count" if kind == "histogram" else "value"]) for line in lines]
    assert np.array(found).reshape(-1).tolist() == data.values.reshape(-1).tolist()


def test_what_is_known_besides_a_bar_has_a_column() -> None:
    lines = read(data_of("bars"))
    assert lines[1]["marks"] == "target"
    assert lines[0]["marks"] == ""
    assert float(lines[2]["cosine"]) == 1.0 / 7


def test_a_missing_number_is_empty_and_a_broken_one_is_its_word() -> None:
    data = data_of("heat", absent=np.eye(4, 3, dtype=bool))
    data.values[0, 1], data.values[0, 2] = math.nan, -math.inf
    assert [line["value"] for line in read(data)[:3]] == ["", "nan", "-inf"]
    told = json.loads(to_json(Sheet(data)))
    assert told["values"][0] == [None, "nan", "-inf"]
    assert told["values"][1][0] == data.values[1, 0]


def test_a_json_says_which_panel_step_and_choice_it_is() -> None:
    told = json.loads(to_json(Sheet(data_of("heat"), Attention(), Choice(layer=1, head=2, grad=True))))
    assert (told["schema"], told["version"], told["panel"], told["step"]) == ("tracer-panel", 1, "attention", 7)
    assert told["choice"]["layer"] == 1
    assert told["choice"]["head"] == 2
    assert told["gradient"] is True
    assert told["title"]["en"].endswith("dL/d attention weight")


def test_a_panel_that_has_nothing_to_show_says_why_and_leaves_the_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "a.csv"
    path.write_text("before")
    with pytest.raises(ExportError, match="Nothing yet"):
        save_panel(Text("Nothing yet.", "まだ。"), path, "en", panel=Attention())
    assert path.read_text() == "before"


def test_the_ending_says_the_format_and_a_wrong_one_names_those_there_are() -> None:
    assert format_of("a.b/c.SVG") == "svg"
    with pytest.raises(ExportError, match=r"a\.txt"):
        format_of("a.txt")
    with pytest.raises(ExportError, match="'dot'"):
        format_of("a.svg", "dot")


def test_lines_break_at_spaces_and_japanese_never_before_a_full_stop() -> None:
    assert wrapped("one two three", 8) == "one two\nthree"
    lines = wrapped("あいうえ。おか", 8).split("\n")
    assert lines == ["あいうえ。", "おか"]
