"""Where settings became others, curves and sparklines over the steps have a mark; never before it is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.train.canned import text_reports, text_setup
from tracer.panels.data import Data
from tracer.panels.loss import Loss
from tracer.panels.panel import Choice, RunView
from tracer.panels.pictures.sparks import CHANGED
from tracer.panels.rate import Rate
from tracer.scene.curves import column_of
from tracer.text import Text
from tracer.train.history import History


def view(shown: int, *after: int) -> RunView:
    kept = History()
    for report in text_reports(200):
        kept.add(report)
    setup = replace(text_setup(), changes=tuple((step, {"lr": (0.1, 0.2)}) for step in after))
    return RunView(setup, kept.past, shown, None)


@pytest.mark.parametrize("panel", [Loss(), Rate()])
def test_a_curve_has_a_line_at_the_first_step_with_other_settings(panel: Loss | Rate) -> None:
    data = panel.data(view(200, 49, 149), Choice())
    drawn = panel.draw(data, Choice(), width=60, height=14).lines
    columns = {x for line in drawn[:10] for x, sign in enumerate(line.plain) if sign == CHANGED}
    left = drawn[0].plain.index("│") + 1 if "│" in drawn[0].plain else drawn[0].plain.index("┤") + 1
    assert columns == {left + column_of(step, 200, 60 - left) for step in (50, 150)}
    assert f"{CHANGED} changed" in drawn[-1].plain
    assert " 150 " in "".join(line.plain for line in drawn), "the last of them is on the axis"


def test_nothing_is_told_before_its_time() -> None:
    for shown, there in ((100, False), (101, True)):
        drawn = Loss().draw(Loss().data(view(shown, 100), Choice()), Choice(), width=60, height=14)
        assert any(CHANGED in line.plain for line in drawn.lines) is there


def test_sparklines_have_it_too() -> None:
    values = np.ones((5, 20))
    extra = {"x": np.arange(10.0, 210.0, 10), "changed": np.array([75.0, 500.0])}
    data = Data("lines", Text.same(""), 200, values, rows=tuple("abcde"), extra=extra)
    drawn = Loss().draw(data, Choice(), width=40, height=8).lines
    marks = [[x for x, sign in enumerate(line.plain) if sign == CHANGED] for line in drawn[:5]]
    wide = 40 - 2 - 8
    assert marks == [[2 + 7 * wide // 20]] * 5, "at the first column of at least step 75; none beyond the end"
