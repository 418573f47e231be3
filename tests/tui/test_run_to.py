"""The step that is typed after `g`."""

from __future__ import annotations

import pytest

from tracer.tui.screens.run_to import parse_step
from tracer.tui.typed import Refused


@pytest.mark.parametrize(
    ("typed", "step"),
    [("500", 500), ("1,000", 1000), ("１２", 12), ("+10", 110), ("-10", 90), ("−10", 90), ("start", 1), (" End ", 200)],
)
def test_a_step_by_its_number_or_from_here(typed: str, step: int) -> None:
    assert parse_step(typed, 100, 200, 1000) == step


@pytest.mark.parametrize("typed", ["", "x", "0", "1001", "-100", "1.5", "+", "9" * 30])
def test_what_is_no_step_is_refused(typed: str) -> None:
    with pytest.raises(Refused):
        parse_step(typed, 100, 200, 1000)
