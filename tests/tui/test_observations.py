"""Observations at hand: nothing of a later step is told, and a long run costs no more than a short one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.errors import ProgramError, TracerError
from tracer.trace.observation import Observation, Seen
from tracer.tui import observing
from tracer.tui.observations import KEPT, MOST_BYTES, Observations
from tracer.tui.observing import Observing


def seen(step: int, size: int = 1) -> Observation:
    return Observation(step, 1.0, 1, (), (), {"embed": (Seen(np.zeros(size), None),)}, {})


@given(st.lists(st.integers(1, 500), min_size=1, max_size=150), st.integers(0, 600))
def test_the_newest_at_or_before_a_step_is_shown_and_none_of_a_later_one(steps: list[int], shown: int) -> None:
    kept = Observations()
    for step in steps:
        kept.add(seen(step))
    found, all_of_them = kept.at(shown), [one.step for one in kept.up_to(600)]
    assert all_of_them == sorted(set(all_of_them))
    assert len(kept) <= KEPT
    assert steps[-1] in kept
    before = [step for step in all_of_them if step <= shown]
    assert (found.step if found else None) == (before[-1] if before else None)
    assert [one.step for one in kept.up_to(shown)] == before


def test_of_five_thousand_steps_those_kept_are_spread_over_all() -> None:
    kept = Observations()
    for step in range(1, 5001):
        kept.add(seen(step))
    steps = [one.step for one in kept.up_to(5000)]
    assert (steps[0], steps[-1]) == (1, 5000)
    assert max(np.diff(steps)) <= 4 * 5000 / KEPT


def test_large_ones_are_kept_by_their_bytes() -> None:
    kept = Observations()
    for step in range(1, 30):
        kept.add(seen(step, MOST_BYTES // 8 // 4))
    assert len(kept) == 4
    for step in range(30, 40):
        kept.add(seen(step, MOST_BYTES))
    assert len(kept) == 2
    assert 39 in kept


def test_of_one_step_the_newer_one_stays() -> None:
    kept = Observations()
    kept.add(seen(3))
    newer = replace(seen(3), loss=2.0)
    kept.add(newer)
    assert kept.at(3) is newer
    assert len(kept) == 1


class Beside:
    """A process that looks back, by hand."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.ready: list[Observation | TracerError] = []

    def ask(self, step: int) -> None:
        self.asked.append(step)

    def take(self) -> Observation | TracerError | None:
        return self.ready.pop(0) if self.ready else None

    def close(self) -> None:
        self.asked.append(-1)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(observing, "monotonic", lambda: now[0])
    return now


def test_a_run_that_trains_is_asked_for_no_more_than_a_share_of_its_time(clock: list[float]) -> None:
    """An answer that took 0.3 s is followed by 1.7 s of peace: 15 %."""
    told: list[float] = []
    watched = Observing(Beside)
    watched.live(lambda: told.append(clock[0]))
    watched.live(lambda: told.append(clock[0]))
    assert told == [100.0], "one at a time"
    clock[0] += 0.3
    watched.take(seen(5), seconds=0.3)
    for _ in range(40):
        clock[0] += 0.1
        watched.live(lambda: told.append(clock[0]))
    assert 1.7 <= told[1] - 100.3 <= 1.81
    assert len(told) == 2


def test_what_never_comes_is_asked_for_again(clock: list[float]) -> None:
    told: list[float] = []
    watched = Observing(Beside)
    watched.live(lambda: told.append(clock[0]))
    clock[0] += observing.LOST
    watched.live(lambda: told.append(clock[0]))
    assert len(told) == 2


def test_looking_back_asks_once_for_each_step_that_is_not_at_hand(clock: list[float]) -> None:
    beside = Beside()
    watched = Observing(lambda: beside)
    watched.poll()
    for step in (7, 7, 8):
        watched.look_back(step)
    assert (beside.asked, watched.awaited) == ([7, 8], 8)
    beside.ready = [seen(7), seen(8)]
    watched.poll()
    assert watched.awaited == 8, "that was asked for last"
    watched.poll()
    assert watched.awaited is None
    watched.look_back(7)
    watched.look_back(0)
    assert beside.asked == [7, 8]
    assert [one.step for one in watched.up_to(9)] == [7, 8]
    watched.close()


def test_a_step_that_cannot_be_observed_is_not_asked_for_again(clock: list[float]) -> None:
    beside = Beside()
    watched = Observing(lambda: beside)
    watched.look_back(3)
    beside.ready = [ProgramError("it is gone.")]
    watched.poll()
    assert str(watched.refusal(3)) == "it is gone."
    watched.look_back(3)
    assert beside.asked == [3]
    assert watched.awaited is None


def test_a_run_that_another_process_trains_is_looked_at_seldom(clock: list[float]) -> None:
    """Every step of it is taken once more here: one that took half a second leaves three in peace."""
    beside = Beside()
    watched = Observing(lambda: beside)
    for step in range(1, 100):
        clock[0] += 0.1
        watched.look_back(step, seldom=True)
        if step % 5 == 1 and watched.awaited:
            beside.ready = [seen(beside.asked[-1])]
            watched.poll()
    assert 3 <= len(beside.asked) <= 10
