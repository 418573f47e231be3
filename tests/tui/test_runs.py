"""Runs that a process has really trained: opened, gone on with, compared, their generation walked; without the app."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from tracer.trace.generation import Generation
from tracer.train.apart import first_apart, told_apart
from tracer.train.process import Job, TrainingProcess
from tracer.train.report import Report
from tracer.train.run import Run
from tracer.tui.opened_run import OpenedRun
from tracer.tui.runs import generated
from tracer.tui.screens.compare import open_step_of

pytestmark = pytest.mark.deep  # a process each
MODEL = Path(__file__).parents[2] / "models" / "gpt.py"
SMALL = {"n_embd": 8, "n_head": 2, "block_size": 6}


def trained(folder: Path, taken: int = 6, steps: int = 6, **settings: float) -> Run:
    """A run of which so many steps were taken, and which was stopped then."""
    job = Job(MODEL, "models/gpt.py", steps=steps, settings={**SMALL, **settings}, run=folder, seed=3)
    with TrainingProcess(job, running=False) as process:
        process.to(taken)
        for message in process.messages():
            if isinstance(message, Report) and message.step == taken:
                process.stop()
    return Run.open(folder)


def test_a_step_of_a_run_is_opened_bit_for_bit(tmp_path: Path) -> None:
    run = OpenedRun(trained(tmp_path / "a"))
    assert (run.state, run.past.steps) == ("done", 6)
    thing, same = run.open(4, threading.Event())
    assert same
    assert thing.title == "a  step 4"
    assert thing.typed[-2:] == ("--step", "4")


def test_an_interrupted_run_goes_on_to_the_numbers_of_one_that_was_not(tmp_path: Path) -> None:
    whole = trained(tmp_path / "whole")
    run = OpenedRun(trained(tmp_path / "part", taken=3))
    assert (run.state, run.past.steps) == ("resting", 3)
    run.play()
    end = time.monotonic() + 60
    while run.state != "done" or run.commands is not None:
        assert time.monotonic() < end, (run.state, run.error)
        time.sleep(0.02)
    assert run.past.losses.tobytes() == whole.history.losses.tobytes()
    assert run.farewell is not None
    run.close()


def test_a_text_that_a_run_writes_is_read_back_symbol_by_symbol(tmp_path: Path) -> None:
    run = trained(tmp_path / "a")
    thing = generated(run, None, 5, 0.8)
    found = Generation(thing.trace)
    end = thing.trace.cursor(-1)
    assert found.temperature == 0.8
    assert found.symbols == run.symbols
    assert found.text not in thing.title or not found.text
    drawn = "".join(found.symbol(token.drawn) or "" for token in found.tokens)
    assert drawn == found.text
    (cache,) = found.caches(end)
    assert cache.keys.shape == (len(found.tokens), SMALL["n_embd"])
    probs = found.probabilities(end)
    assert probs is not None
    assert len(probs) == len(run.symbols) + 1


def test_runs_of_two_learning_rates_part_at_the_second_loss(tmp_path: Path) -> None:
    """The first loss is measured before the first update, which is where they part."""
    one, other = trained(tmp_path / "a"), trained(tmp_path / "b", lr=0.05)
    assert first_apart(one.history.losses, other.history.losses) == 2
    assert told_apart([one, other]) == ["lr 0.01", "lr 0.05"]
    left, right = (open_step_of(run, 1, threading.Event()) for run in (one, other))
    assert left.trace.n_nodes == right.trace.n_nodes
