"""The sets made here are those of their seed; a CSV is read whole or refused with its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.errors import FileFormatError, NotFoundError
from tracer.train.data import MADE_HERE, POINTS, load, make, read_csv

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", MADE_HERE)
def test_a_set_is_that_of_its_seed(name: str) -> None:
    assert make(name, 3) == make(name, 3) != make(name, 4)
    rows = np.array(make(name, 3))
    assert rows.shape == (POINTS, 3)
    assert sorted(set(rows[:, 2])) == [-1.0, 1.0]
    assert (rows[:, 2] > 0).sum() == POINTS / 2
    assert np.abs(rows).max() < 4


@pytest.mark.parametrize("name", MADE_HERE)
def test_both_labels_come_in_every_part_of_a_set(name: str) -> None:
    """A program that takes rows in turn sees both."""
    labels = np.array(make(name, 42))[:, 2].reshape(-1, 20)
    assert (np.abs(labels.sum(axis=1)) < 20).all()


@pytest.mark.parametrize("name", ["moons", "spirals"])
def test_no_straight_line_tells_the_labels_apart(name: str) -> None:
    rows = np.array(make(name, 42))
    x = np.column_stack([rows[:, :2], np.ones(len(rows))])
    weights, *_ = np.linalg.lstsq(x, rows[:, 2], rcond=None)
    assert 0.4 < ((x @ weights > 0) == (rows[:, 2] > 0)).mean() < 0.95


@pytest.mark.parametrize("name", ["moons", "spirals"])
def test_the_files_among_the_samples_are_those_of_seed_42(name: str) -> None:
    assert read_csv(ROOT / "samples" / "data" / f"{name}.csv") == make(name, 42)


def test_a_file_comes_before_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("moons").write_text("x1,x2,y\n0,1,0\n1,0,5\n", encoding="utf-8")
    assert load("moons", 42).rows == ((0, 1, -1.0), (1, 0, 1.0))


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=2, max_size=20))
def test_what_was_written_is_read(tmp_path_factory: pytest.TempPathFactory, points: list[tuple[float, float]]) -> None:
    path = tmp_path_factory.mktemp("csv") / "p.csv"
    labels = [i % 2 for i in range(len(points))]
    lines = [f"{a!r},{b!r},{y}" for (a, b), y in zip(points, labels, strict=True)]
    path.write_text("\n".join(["x1,x2,y", *lines]), encoding="utf-8")
    assert read_csv(path) == tuple((a, b, 2.0 * y - 1) for (a, b), y in zip(points, labels, strict=True))


def test_order_blanks_a_byte_order_mark_and_other_columns_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("﻿name, y ,x2,x1\na,1,2,3\n\nb,0,4,5\n", encoding="utf-8")
    assert read_csv(path) == ((3, 2, 1.0), (5, 4, -1.0))


@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        ("", "columns x1, x2 and y are needed; the first line has none", 1),
        ("1,2,3\n", "the first line has 1, 2, 3", 1),
        ("a,b,c\n1,2,3\n", "columns x1, x2 and y are needed; the first line has a, b, c", 1),
        ("x1,x2,y\n1,2,1\n1,2\n", "a row has 2 cells; the header has 3", 3),
        ("x1,x2,y\n1,2,1\n\n1,two,0\n", "x2 is 'two', not a finite number", 4),
        ("x1,x2,y\n1,nan,1\n", "x2 is 'nan', not a finite number", 2),
        ('x1,x2,y\n1,"2,1\n', "", 0),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, says: str, line: int) -> None:
    path = tmp_path / "p.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileFormatError) as caught:
        read_csv(path)
    assert says in str(caught.value)
    if line:
        assert caught.value.where == f"{path}:{line}"


@pytest.mark.parametrize(
    ("labels", "says"), [("11", "it has 1: 1"), ("123", "it has 3: 1, 2, 3"), ("", "it has 0: none")]
)
def test_there_must_be_two_labels(tmp_path: Path, labels: str, says: str) -> None:
    path = tmp_path / "p.csv"
    path.write_text("x1,x2,y\n" + "".join(f"1,2,{y}\n" for y in labels), encoding="utf-8")
    with pytest.raises(FileFormatError, match=says):
        read_csv(path)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_bytes(b"x1,x2,y\n\xff\xfe,1,1\n")
    with pytest.raises(FileFormatError, match="UTF-8"):
        read_csv(path)
    with pytest.raises(FileFormatError, match="is a folder"):
        read_csv(tmp_path)


@pytest.mark.parametrize(
    ("name", "near"), [("mons", "moons"), ("spiral", "spirals"), ("qqqq", "Sets made here"), ("p\0q", "")]
)
def test_an_unknown_name_offers_the_nearest(name: str, near: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        load(name, 42)
    assert near in str(caught.value)
