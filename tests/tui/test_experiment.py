"""An experiment in the app: found in the gallery, asked in both languages, its runs told as far as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.shell import remembering, shown, until
from tracer.lessons.content import catalogue, find_experiment
from tracer.text import LANGS, Lang
from tracer.tui.app import GradientTracer
from tracer.tui.screens.experiment import ExperimentScreen
from tracer.tui.screens.gallery import all_rows


def test_the_gallery_has_a_row_for_each_which_its_question_finds() -> None:
    rows = [row for row in all_rows(catalogue(), ()) if row.experiment is not None]
    assert len(rows) == len(catalogue().experiments) >= 5
    assert [row.id for row in rows if row.matches("how far step")] == ["experiment:experiments/learning-rate"]
    assert all(row.request("en") is None for row in rows)


@pytest.mark.deep
@pytest.mark.parametrize("lang", LANGS)
async def test_it_asks_and_names_its_runs_before_anything_is_trained(
    lang: Lang, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = find_experiment("learning-rate")
    app = GradientTracer(remembering(lang), screen=lambda: ExperimentScreen(found))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: found.title[lang] in shown(app))
        text = shown(app)
        assert found.question[lang][:12] in text
        assert all(one.title[lang] in text for one in found.variants)
        assert not (tmp_path / "runs").exists()
