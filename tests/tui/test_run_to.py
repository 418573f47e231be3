"""The step that is typed after `g`."""

from __future__ import annotations

import pytest

from tracer.tui.screens.run_to import examples, parse_step
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


@pytest.mark.parametrize("last", [0, 1, 2, 5, 11, 30, 200, 5000])
def test_what_is_offered_is_taken(last: int) -> None:
    for shown in {min(1, last), last // 2, last}:
        for one in examples(shown, last):
            assert last == 0 or 1 <= parse_step(one, shown, last, last) <= last, (one, shown)


def test_beyond_the_planned_end_it_says_how_to_train_further() -> None:
    further = (200, "tracer train --resume runs/names-42")
    with pytest.raises(Refused) as beyond:
        parse_step("500", 200, 200, 200, further)
    assert beyond.value.words.en == (
        "There is no step 500; the last one is 200. To train further: tracer train --resume runs/names-42 --steps 500"
    )
    for newest, last, ways in ((50, 50, further), (200, 200, None)):  # another process trains it; it is not kept
        with pytest.raises(Refused) as beyond:
            parse_step("100" if ways else "500", newest, newest, last, ways)
        assert "To train" not in beyond.value.words.en
