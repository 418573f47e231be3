"""The numbers of a run: what is said of each where there is little room, and what it learns from."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from tests.train.canned import text_reports, text_setup
from tracer.panels.drawing import Look
from tracer.panels.numbers import Numbers, about_run, data_of, numbers_of
from tracer.panels.panel import Choice, RunView
from tracer.panels.pictures.rows import Row, fit_rows, rows_lines
from tracer.scene.palette import DARK
from tracer.text import LANGS, Lang, Text
from tracer.train.history import History
from tracer.train.report import Setup


def view(setup: Setup, shown: int = 200) -> RunView:
    told = History()
    for report in text_reports(200):
        told.add(report)
    return RunView(setup, told.past, shown)


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
def test_in_62_cells_the_lowest_loss_and_the_formula_of_guessing_are_whole(lang: Lang) -> None:
    """The longest names of the data and settings stand in the first column too."""
    rows = list(numbers_of(view(text_setup())))
    half = (len(rows) + 1) // 2
    columns = [rows[:half], rows[half:]]
    indents = [max(cell_len(one.name[lang]) for one in column) + 2 for column in columns]
    indents[0] = max(indents[0], 10)
    assert fit_rows(columns, indents, 62, lang) == columns


def test_numbers_stand_in_two_columns_only_where_one_is_too_high() -> None:
    told = view(text_setup())
    rows, below = list(numbers_of(told)), about_run(told.setup)
    high = rows_lines(rows, below, Look("en", DARK, 64, 30))
    low = rows_lines(rows, below, Look("en", DARK, 64, 8))
    assert len(high) - len(low) == len(rows) // 2
    assert "loss" in high[1].plain, "a name a line"


def test_the_data_are_counted_once_with_their_parts() -> None:
    said = text_setup(documents=1979, held_out=219)
    assert [part.en for part in data_of(said)] == ["names.txt", "2,198 documents, 219 held out", "26 symbols + BOS"]
    assert data_of(said)[1].ja == "2,198 件、うち検証用 219 件"
    assert data_of(replace(said, held_out=0))[1].en == "1,979 documents"
    assert data_of(replace(said, documents=1, held_out=0))[1].en == "1 document"
    text = replace(said, documents=1, settings={"mode": "text"})
    assert data_of(text)[1].en == "1 long text", "what is held out of it are pieces"


def test_a_programs_own_data_go_by_their_name_where_it_is_known() -> None:
    own = view(text_setup(data=""))
    for told, said in ((own, "the program's own"), (replace(own, data="names"), "names")):
        data = Numbers().data(told, Choice())
        assert not isinstance(data, Text)
        assert any(name.en == "data" and words.en.startswith(said) for name, words in data.table)


def test_what_is_drawn_is_what_is_written_to_a_file() -> None:
    told = view(text_setup(), shown=120)
    panel = Numbers()
    data = panel.data(told, Choice())
    assert not isinstance(data, Text)
    drawn = "\n".join(line.plain for line in panel.draw(data, Choice(), width=200, height=30).lines)
    assert len(data.table) >= 8
    for name, words in data.table:
        assert name.en in drawn
        assert all(word in drawn for word in words.en.split())


def test_the_lowest_loss_is_that_of_the_steps_up_to_the_one_shown() -> None:
    told = view(text_setup(), shown=50)
    lowest = next(one for one in numbers_of(told) if one.name.en == "lowest")
    assert lowest.value.en == f"{told.past.losses[:50].min():.4g}"


def test_settings_are_those_that_the_step_was_taken_with() -> None:
    changed = replace(text_setup(), settings={"lr": 0.001}, changes=((120, {"lr": (0.01, 0.001)}),))
    for shown, said in ((120, "lr 0.01"), (121, "lr 0.001"), (200, "lr 0.001")):
        data = Numbers().data(view(changed, shown), Choice())
        assert not isinstance(data, Text)
        assert next(words.en for name, words in data.table if name.en == "settings") == said


def test_changes_are_told_from_the_first_step_taken_with_them() -> None:
    changed = replace(text_setup(), changes=((120, {"lr": (0.01, 0.001), "residual": (True, False)}),))
    for shown, there in ((120, False), (121, True), (200, True)):
        data = Numbers().data(view(changed, shown), Choice())
        assert not isinstance(data, Text)
        told = [words.en for name, words in data.table if name.en == "changed"]
        assert told == ["from step 121: lr 0.01 → 0.001  residual on → off"] * there
