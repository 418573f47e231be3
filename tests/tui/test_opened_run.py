"""A run out of its folder: finished, interrupted, or being trained by somebody else. No app and no process here."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.train.canned import Kept, Told, text_reports, text_setup
from tracer.core.record import record
from tracer.core.value import Value
from tracer.errors import ProgramError
from tracer.text import LANGS, Text
from tracer.train.process import Job, OpenedStep
from tracer.train.report import Report, Setup
from tracer.tui.library import runs_here
from tracer.tui.opened_run import OpenedRun
from tracer.tui.running import Running, thing_of_step
from tracer.tui.screens.lockstep import file_of
from tracer.tui.screens.stepper import title_of


class Process(Told):
    """A process that goes on with a run after step `taken`."""

    def __init__(self, taken: int, steps: int = 200) -> None:
        super().__init__()
        self._taken, self._steps = taken, steps
        self.closed = threading.Event()
        self.sent = taken

    def messages(self) -> Iterator[Setup | Report]:
        yield text_setup(self._steps, taken=self._taken, folder="runs/names-42")
        for report in list(text_reports(self._steps))[self._taken :]:
            self.allowed.acquire()
            if self.stopped.is_set():
                return
            self.sent += 1
            yield report

    def run(self) -> None:
        super().run()
        self.allowed.release(self._steps)

    def close(self) -> None:
        self.closed.set()


def opened(kept: Kept, begin: Callable[[], Process] | None = None) -> OpenedRun:
    return OpenedRun(kept, begin=begin)  # type: ignore[arg-type]  # what is read of a run


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def test_a_finished_run_is_done_and_all_of_its_log_is_there() -> None:
    run = opened(Kept())
    assert (run.state, run.past.steps, run.name) == ("done", 200, "names-42")
    assert len(run.past.samples) == 20
    assert run.farewell is None, "nothing was trained"
    assert run.words(7) == ["tracer", "open", "runs/names-42", "--step", "7"]


def test_an_interrupted_run_goes_on_in_a_process_that_is_started_when_it_is_asked_for() -> None:
    process = Process(50)
    run = opened(Kept(taken=50), lambda: process)
    run.start()
    states: list[str] = [run.state]
    run.play()
    until(lambda: run.past.steps == 200)
    assert process.commands == ["run"]
    assert [*states, run.state] == ["resting", "done"]
    assert [float(one) for one in run.past.losses] == [report.loss for report in text_reports(200)]
    until(process.closed.is_set)
    assert run.farewell is not None
    assert run.farewell.en.startswith("runs/names-42: all 200 steps.")


def test_one_step_more_starts_it_too_and_stopping_says_how_to_go_on() -> None:
    process = Process(50)
    run = opened(Kept(taken=50), lambda: process)
    run.step()
    until(lambda: run.past.steps == 51)
    until(lambda: run.commands is not None)
    assert run.state == "paused"
    assert run.stop()
    until(lambda: run.state == "resting")
    assert process.commands == ["step", "stop"]
    assert run.farewell is not None
    assert "51 of 200 steps. tracer train --resume runs/names-42 goes on" in run.farewell.en
    assert not run.stop(), "there is nothing to wait for any more"


def test_steps_of_the_log_that_are_taken_again_change_nothing() -> None:
    """After a kill the log may be ahead of the last checkpoint: the process sends those steps once more."""
    process = Process(40)
    run = opened(Kept(taken=50), lambda: process)
    run.to(60)
    until(lambda: run.past.steps >= 60)
    assert list(run.past.losses[:60]) == [report.loss for report in text_reports(200)][:60]
    run.arrived()
    assert run.state == "paused"


def test_what_cannot_be_gone_on_with_can_still_be_looked_at() -> None:
    def refuse() -> Process:
        raise ProgramError("the data have changed.", hint="--force")

    run = opened(Kept(taken=50), refuse)
    run.play()
    until(lambda: run.error is not None)
    assert run.state == "failed"
    run.told()
    assert (run.state, run.past.steps) == ("resting", 50)


def test_a_run_that_another_process_trains_is_followed_and_not_touched() -> None:
    kept = Kept(taken=50, writing=True)
    run = opened(kept, lambda: (_ for _ in ()).throw(AssertionError("it is not ours")))
    run.start()
    assert run.state == "followed"
    run.play()
    kept.log += list(text_reports(200))[50:80]
    until(lambda: run.past.steps == 80)
    assert run.state == "followed"
    kept.log += list(text_reports(200))[80:90]
    kept.writing = False
    until(lambda: run.state == "resting")
    assert run.past.steps == 90
    assert run.paused, "a key that did nothing then does nothing later"
    run.close()


def test_a_run_whose_loss_is_nan_is_over() -> None:
    kept = Kept(taken=50)
    kept.log.append(Report(51, float("nan"), 1.0, broken="wte"))
    run = opened(kept)
    assert (run.state, run.past.broken) == ("failed", "wte")


def test_the_gallery_lists_the_newest_runs_of_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracer.tui.library.RUNS", str(tmp_path))
    for age, name in enumerate(["new", "old", "half"]):
        (tmp_path / name).mkdir()
        if name != "half":
            (tmp_path / name / "run.json").write_text("{}")
        os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
    (tmp_path / "a file").write_text("")
    assert [Path(one).name for one in runs_here()] == ["new", "old"]
    monkeypatch.setattr("tracer.tui.library.RUNS", str(tmp_path / "none"))
    assert runs_here() == []


def test_a_step_to_walk_is_called_so_in_both_languages() -> None:
    with record() as recorder:
        (Value(2.0, name="w") * 3).named("loss")
    thing = thing_of_step(Job(Path("gpt.py")), 1200, OpenedStep(recorder.trace, 6.0), name="names-42")
    assert title_of(thing) == Text("names-42  step 1,200", "names-42  ステップ 1,200")
    assert [file_of(thing, lang) for lang in LANGS] == ["names-42  step 1,200", "names-42  ステップ 1,200"]


def test_a_run_that_the_command_line_goes_on_with_begins_with_the_steps_it_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process sends only those after them; its log may be ahead by then."""
    log = tuple(text_reports(200))
    folders: list[object] = []

    class Log:
        reports = log[:70]

        @staticmethod
        def open(folder: object) -> type[Log]:
            folders.append(folder)
            return Log

    monkeypatch.setattr("tracer.train.run.Run", Log)
    said = text_setup(200, taken=50)
    run = Running(Job(Path("gpt.py")), said, Told(), iter(log[50:120]))
    assert (run.past.steps, folders) == (50, ["runs/names-42"])
    run.take_all()
    assert list(run.past.losses) == [report.loss for report in log[:120]]
    assert [step for step, _ in run.past.evals] == [20, 40, 60, 80, 100, 120]
