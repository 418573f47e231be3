"""The numbers of a run: what is said of each where there is little room, and what it learns from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.train.canned import Told, text_reports, text_setup
from tracer.text import LANGS, Lang, Text
from tracer.train.history import History
from tracer.train.process import Job
from tracer.train.report import Setup
from tracer.tui.running import Running
from tracer.tui.widgets.training import TrainingView
from tracer.tui.widgets.training_numbers import Row, data_of, fit_rows, numbers_of

ROOT = Path(__file__).resolve().parents[2]


def view(setup: Setup) -> TrainingView:
    told = History()
    for report in text_reports(200):
        told.add(report)
    return TrainingView(setup, told.past, 200, "done")


def row(value: str, more: str, weight: int) -> Row:
    return Row(Text.same("x"), Text.same(value), "text", Text.same(more), weight)


def test_what_matters_least_goes_first_and_only_where_it_is_in_the_way() -> None:
    columns = [[row("1.5", " at step 7", 3), row("2", "", 0)], [row("3.2", " = log", 1), row("4", " Tensor", 0)]]
    whole = [[one.words("en") for one in column] for column in columns]
    for width, expected in (
        (22, whole),
        (21, [["1.5 at step 7", "2"], ["3.2", "4 Tensor"]]),
        (20, [["1.5 at step 7", "2"], ["3.2", "4"]]),
        (15, [["1.5", "2"], ["3.2", "4"]]),
        (1, [["1.5", "2"], ["3.2", "4"]]),
    ):
        fitted = fit_rows(columns, [0, 0], width, "en")
        assert [[one.words("en") for one in column] for column in fitted] == expected, width


@pytest.mark.parametrize("lang", LANGS)
def test_at_120_columns_the_lowest_loss_and_the_formula_of_guessing_are_whole(lang: Lang) -> None:
    """The panel has 64 cells there; the longest names of the data and settings stand in the first column too."""
    rows = list(numbers_of(view(text_setup())))
    half = (len(rows) + 1) // 2
    columns = [rows[:half], rows[half:]]
    indents = [max(cell_len(one.name[lang]) for one in column) + 2 for column in columns]
    indents[0] = max(indents[0], 10)
    assert fit_rows(columns, indents, 62, lang) == columns


def test_the_data_are_counted_once_with_their_parts() -> None:
    said = text_setup(documents=1979, held_out=219)
    assert [part.en for part in data_of(view(said))] == [
        "names.txt",
        "2,198 documents, 219 held out",
        "26 symbols + BOS",
    ]
    assert data_of(view(said))[1].ja == "2,198 件、うち検証用 219 件"
    assert data_of(view(replace(said, held_out=0)))[1].en == "1,979 documents"
    assert data_of(view(replace(said, documents=1, held_out=0)))[1].en == "1 document"
    text = replace(said, documents=1, settings={"mode": "text"})
    assert data_of(view(text))[1].en == "1 long text", "what is held out of it are pieces"


def test_a_programs_own_data_go_by_their_name() -> None:
    own = text_setup(data="")
    run = Running(Job(ROOT / "models" / "gpt.py"), own, Told(), iter(()))
    assert run.data == "names"
    assert Running(Job(ROOT / "models" / "gpt.py", source="x = 1\n"), own, Told(), iter(())).data == ""
    assert Running(Job(ROOT / "models" / "gpt.py"), text_setup(), Told(), iter(())).data == "names.txt"
    assert data_of(replace(view(own), data=run.data))[0].en == "names"
    assert data_of(view(own))[0].en == "the program's own"
