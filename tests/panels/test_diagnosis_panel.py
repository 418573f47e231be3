"""The diagnosis as a panel: every reading with its evidence, of the step shown and nothing after it."""

from __future__ import annotations

import pytest

from tests.train.canned import text_setup
from tests.train.test_diagnosis import run, signals
from tracer.panels.data import Data
from tracer.panels.diagnosis import ADVICE, EVIDENCE
from tracer.panels.panel import Choice, RunView
from tracer.panels.registry import panel
from tracer.text import LANGS, Lang, Text

DIAGNOSIS = panel("diagnosis")


def told(data: Data | Text) -> list[tuple[Text, Text]]:
    assert isinstance(data, Data), data
    return list(data.table)


def view(shown: int) -> RunView:
    """Balanced for two steps, then hardly any gradient arrives."""
    return RunView(text_setup(), run(signals(), signals(), *[signals(stages=(1e-9, 1e-5, 0.03))] * 6), shown)


def test_each_reading_has_a_word_a_sentence_its_evidence_and_what_to_try() -> None:
    names = [name for name, _ in told(DIAGNOSIS.data(view(8), Choice()))]
    assert names == [Text("✗ vanishing", "✗ 勾配消失"), EVIDENCE, ADVICE]


def test_nothing_after_the_step_shown_is_told() -> None:
    rows = told(DIAGNOSIS.data(view(2), Choice()))
    assert [row[0].en for row in rows] == ["balanced ✓", "evidence"]
    assert "(step" not in rows[1][1].en


def test_before_there_are_signals_it_says_so() -> None:
    assert isinstance(DIAGNOSIS.data(view(0), Choice()), Text)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("size", [(0, 0), (1, 1), (38, 10), (78, 18)])
def test_it_is_drawn_at_any_size(size: tuple[int, int], lang: Lang) -> None:
    width, height = size
    drawn = DIAGNOSIS.draw(DIAGNOSIS.data(view(8), Choice()), Choice(), lang=lang, width=width, height=height)
    assert len(drawn.lines) == height
    assert all(line.cell_len <= width for line in drawn.lines)
