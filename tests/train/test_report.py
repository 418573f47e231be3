"""Reports come out of the pipe as they went in, bit for bit."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.train.canned import look, setup
from tracer.train.report import Report, Sample, Setup, setting_in_words


def again(report: Report) -> Report:
    return Report.of(json.loads(json.dumps(report.to_json())))


@given(st.integers(1, 10**9), st.floats(), st.floats(0, 1e6))
def test_numbers_keep_every_bit(step: int, loss: float, seconds: float) -> None:
    found = again(Report(step, loss, seconds))
    assert (found.step, found.seconds, found.look) == (step, seconds, None)
    assert math.isnan(loss) if math.isnan(found.loss) else found.loss.hex() == loss.hex()


def test_a_look_travels_whole() -> None:
    seen = look(7)
    found = again(Report(7, 0.5, 1.0, seen)).look
    assert found is not None
    assert found.boundary is not None
    assert seen.boundary is not None
    assert (found.accuracy, found.wrong) == (seen.accuracy, seen.wrong)
    np.testing.assert_array_equal(found.boundary.scores, seen.boundary.scores)
    assert found.boundary.left == seen.boundary.left


def test_the_setup_travels_whole() -> None:
    assert Setup.of(json.loads(json.dumps(setup().to_json()))) == setup()


def test_reports_are_frozen() -> None:
    with pytest.raises(AttributeError):
        Report(1, 1.0, 1.0).loss = 2.0  # type: ignore[misc]


def test_a_model_of_texts_knows_what_guessing_costs() -> None:
    """26 letters and BOS: log 27."""
    said = Setup(
        "gpt.py", "names", "Tensor", 4192, 1000, {"seed": 42, "tied": False}, (), False, tuple("abc" * 8 + "de")
    )
    assert said.chance == math.log(27)
    assert Setup.of(json.loads(json.dumps(said.to_json()))) == said
    assert said.settings_in_words() == "seed 42  tied off"


def test_texts_and_held_out_losses_travel() -> None:
    report = Report(10, 2.5, 1.0, lr=0.01, eval=2.4, samples=(Sample("ka[b]", 0.5),), broken="wte")
    back = Report.of(json.loads(json.dumps(report.to_json())))
    assert (back.lr, back.eval, back.samples, back.broken) == (0.01, 2.4, (Sample("ka[b]", 0.5),), "wte")


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.01, "0.01"), (1000000, "1000000"), (2**53 + 1, "9007199254740993"), (0.1 + 0.2, "0.30000000000000004"),
     (1e-8, "1e-08"), (True, "on"), ("relu", "relu")],
)  # fmt: skip
def test_a_setting_is_told_with_every_digit_it_has(value: float | str | bool, words: str) -> None:
    assert setting_in_words(value) == words
