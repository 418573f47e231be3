"""What follows from reports: the smoothed loss, the speed, trouble that is said."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.train.canned import look, report
from tracer.train.history import FIRST, LOOKS_KEPT, SMOOTHING, History
from tracer.train.report import Report, Sample

losses = st.lists(st.floats(0.001, 1000), min_size=1, max_size=80)


def history(found: list[float]) -> History:
    made = History()
    for i, loss in enumerate(found):
        made.add(Report(i + 1, loss, (i + 1) / 100))
    return made


@given(losses)
def test_the_smoothed_loss_is_a_weighted_mean_of_the_past(found: list[float]) -> None:
    past = history(found).past
    for k in (1, len(found)):
        weights = SMOOTHING ** np.arange(k)[::-1]
        assert past.smoothed[k - 1] == pytest.approx(np.average(found[:k], weights=weights))
    assert past.losses.tolist() == found


def test_the_speed_is_that_of_the_last_second() -> None:
    made = History()
    for step, seconds in enumerate([1.0, 2.0, 2.5, 3.0], start=1):
        made.add(Report(step, 1.0, seconds))
    assert made.past.speed == pytest.approx(2.0)
    assert History().past.speed is None


def test_the_last_step_told_again_brings_its_look_and_nothing_else() -> None:
    made = History()
    made.add(report(1))
    made.add(report(1, looked=True))
    past = made.past
    assert past.steps == 1
    assert [step for step, _ in past.looks] == [1]


def test_the_look_shown_is_never_one_of_the_future() -> None:
    made = History()
    for step in range(1, 31):
        made.add(report(step, looked=step % 10 == 0))
    past = made.past
    assert past.look_at(9) is None
    assert [past.look_at(step)[0] for step in (10, 19, 20, 30)] == [10, 10, 20, 30]  # type: ignore[index]


def test_many_looks_are_thinned_out_evenly() -> None:
    made = History()
    seen = look(1)
    for step in range(1, 5 * LOOKS_KEPT):
        made.add(Report(step, 1.0, 0.1, seen))
    steps = [step for step, _ in made.past.looks]
    assert len(steps) == LOOKS_KEPT
    assert (steps[0], steps[-1]) == (1, 5 * LOOKS_KEPT - 1)
    assert max(np.diff(steps)) <= 16


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_is_said(bad: float) -> None:
    past = history([1.0, 2.0, bad]).past
    assert past.trouble == "not finite"
    assert past.warning is not None
    assert f"{bad:g} at step 3" in past.warning.en


def test_a_loss_that_grows_is_said_with_how_much() -> None:
    past = history([1.0] * FIRST + [50.0] * 60).past
    assert past.trouble == "growing"
    assert past.warning is not None
    assert "times what it was at first" in past.warning.en


@pytest.mark.parametrize("peak", [5.0e5, 3.0e21])
def test_a_loss_that_jumps_at_step_2_is_told_beside_step_1(peak: float) -> None:
    """However it falls from there: the first steps that went off too are no measure."""
    past = history([3.287, peak, *[peak / 10] * 8, *[peak / 100] * 290]).past
    assert past.trouble == "growing"
    assert past.warning is not None
    times = past.smoothed[-1] / 3.287
    words = f"{times:.1f}" if times < 1e4 else f"{times:.0e}"
    assert f"growing: {words} times what it was at first" in past.warning.en
    assert f"はじめの {words} 倍" in past.warning.ja


def test_a_first_loss_of_zero_is_no_measure() -> None:
    assert history([0.0] + [1.0] * 60).past.trouble is None
    grown = history([0.0] + [1.0] * 9 + [50.0] * 90).past
    assert grown.warning is not None
    assert "inf" not in grown.warning.en


@given(losses)
def test_a_loss_that_stays_below_its_start_is_no_trouble(found: list[float]) -> None:
    past = history([1000.0, *found]).past
    assert past.trouble is None
    assert past.warning is None


def test_what_was_seen_later_is_not_told_of_a_step() -> None:
    """Held-out losses, texts and learning rates of step k are those up to step k."""
    made = History()
    for step in range(1, 31):
        texts = (Sample(f"text {step}", 0.5),) if step % 10 == 0 else ()
        made.add(Report(step, 1.0, step / 10, lr=1 / step, eval=2.0 / step if texts else None, samples=texts))
    past = made.past
    assert (past.eval_at(9), past.eval_at(10), past.eval_at(29)) == (None, (10, 0.2), (20, 0.1))
    assert [sample.text for _, sample in past.samples_at(25)] == ["text 10", "text 20"]
    assert past.samples_at(9) == ()
    assert past.rate_at(4) == 0.25
    assert past.rate_at(31) is None


def test_learning_rates_that_begin_late_stand_at_their_steps() -> None:
    made = History()
    made.add(Report(1, 1.0, 0.1))
    made.add(Report(2, 1.0, 0.2, lr=0.5))
    assert (made.past.rate_at(1), made.past.rate_at(2)) == (None, 0.5)


def test_a_parameter_that_is_not_finite_ends_a_run_whose_loss_is() -> None:
    made = History()
    made.add(Report(1, 1.0, 0.1, broken="wte"))
    past = made.past
    assert past.stopped
    assert past.warning is not None
    assert past.warning.en.startswith("wte is not finite after step 1")


def test_a_report_stands_at_its_own_step_even_where_earlier_ones_are_missing() -> None:
    kept = History()
    for step in (51, 52):
        kept.add(Report(step, float(step), 0.1 * step))
    past = kept.past
    assert (past.steps, past.losses[50], past.losses[51]) == (52, 51.0, 52.0)
    assert past.smoothed[50] == pytest.approx(51.0)
    assert np.isnan(past.losses[:50]).all()
    assert past.trouble is None
