"""README's table of losses is what training gives."""

from __future__ import annotations

import math
import re
import statistics
from pathlib import Path

import pytest

from tests.models.programs import program

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ENDS = r"[\d.]+ \(([\d.]+) to ([\d.]+)\) \|"
ROW = re.compile(rf"\| `(\w+)` \| ([\d,]+) \| (\d+) \| ([\d.]+) \| {ENDS} {ENDS}")
ROWS = {row[0]: row[1:] for row in ROW.findall(README)}
SLACK = 0.05
"""Another processor rounds otherwise, and a thousand steps carry that on."""


def documents(name: str) -> list[str]:
    return (ROOT / "samples" / "data" / f"{name}.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", ["names", "places"])
def test_documents_symbols_and_the_loss_of_guessing_are_those_of_the_data(name: str) -> None:
    count, symbols, guessing = ROWS[name][:3]
    assert count == f"{len(documents(name)):,}"
    assert int(symbols) == len(set("".join(documents(name)))) + 1
    assert guessing == f"{math.log(int(symbols)):.2f}"


@pytest.mark.deep
@pytest.mark.parametrize("name", ["names", "places"])
def test_the_losses_after_a_thousand_steps_are_within_the_spread(name: str) -> None:
    """With seed 42, one of the five."""
    _, symbols, _, *ends = ROWS[name]
    low, high, low_out, high_out = map(float, ends)
    run = program("gpt").training(documents=documents(name))
    late = statistics.fmean([run.step(i).item() for i in range(1000)][-100:])
    out = statistics.fmean(run.loss(one).item() for one in sorted(set(documents(name)) - set(run.documents)))
    assert low - SLACK <= late <= high + SLACK < math.log(int(symbols))
    assert low_out - SLACK <= out <= high_out + SLACK
