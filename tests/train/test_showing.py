"""Steps that a run shows: while it is taken, wherever it stands still, and looking back; always what training saw."""

from __future__ import annotations

import dataclasses
import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from tests.train.runs import Place, checkpoints_of, log_of, place
from tests.train.seen import assert_same
from tracer.errors import NotFoundError, ProgramError, TracerError
from tracer.trace.observation import Observation
from tracer.train.control import Control
from tracer.train.job import Job
from tracer.train.looking_back import LookingBack
from tracer.train.messages import Observed
from tracer.train.observer import Observer
from tracer.train.process import TrainingProcess, observe_step
from tracer.train.report import Report
from tracer.train.resuming import bring
from tracer.train.run import Run
from tracer.train.tasks import TASKS

__all__ = ["place"]
MODELS = Path(__file__).resolve().parents[2] / "models"
SMALL = {"n_embd": 4, "n_head": 2, "block_size": 5}


def gpt(place: Place, name: str = "run", **other: Any) -> Job:
    more = {"program": MODELS / "gpt.py", "settings": SMALL, "steps": 12, "every": 100, **other}
    return dataclasses.replace(place.job(name), **more)


class Asking(Control):
    """Gives the same commands at the same steps.

    Args:
        script: steps taken -> commands that come then.
    """

    def __init__(self, script: dict[int, list[bytes]], *, running: bool = True) -> None:
        super().__init__(None, None, running=running)  # type: ignore[arg-type]
        self._script = script

    def took(self, step: int) -> None:
        super().took(step)
        for words in self._script.pop(step, []):
            self._obey(words.split())

    def wait(self) -> bool:
        if self.waits:  # nobody will say anything any more
            self._obey([b"run"])
        return super().wait()


def shown(
    job: Job, script: dict[int, list[bytes]], folder: Path, *, running: bool = True
) -> tuple[list[str], list[Any]]:
    """What a run tells, in order, and the steps that it shows."""
    told: list[str] = []
    seen: list[Observation] = []

    def send(kind: str, what: Any, now: bool = True) -> None:
        if kind == "observed":
            seen.append(Observation.load(what["path"]))
            assert what["seconds"] > 0
            told.append(f"seen {seen[-1].step}")
        elif kind == "report":
            told.append(f"step {what['step']}")

    folder.mkdir()
    line = json.loads(job.line(folder=str(folder)))
    TASKS["train"](line, Asking(script, running=running), send)  # type: ignore[arg-type]
    return told, seen


def test_nobody_asking_nothing_is_shown(place: Place) -> None:
    told, seen = shown(gpt(place, steps=3), {}, place.folder / "seen")
    assert told == ["step 1", "step 2", "step 3"]
    assert not seen


def test_a_step_that_is_asked_for_comes_after_its_report(place: Place) -> None:
    """The next one that is taken; and from then on that with which the run ends."""
    told, seen = shown(gpt(place, steps=5), {2: [b"observe"]}, place.folder / "seen")
    assert told == ["step 1", "step 2", "step 3", "seen 3", "step 4", "step 5", "seen 5"]
    for one in seen:
        assert_same(one, again(place, one.step))


def again(place: Place, step: int, name: str = "run") -> Observation:
    """A step of a run, looked back at in this process."""
    back = LookingBack(json.loads(Run.open(place.folder / name).job().line()))
    found = back.observation(step)
    assert found is not None
    return found


def test_wherever_it_stands_still_the_step_is_shown(place: Place) -> None:
    """After a single step, at the step it was to run to, and where it is paused, once somebody looks."""
    script = {3: [b"observe", b"pause"], 6: [b"to 8"]}
    told, _ = shown(gpt(place, steps=9), script, place.folder / "seen")
    assert told[:3] == ["step 1", "step 2", "step 3"]
    assert [one for one in told if one.startswith("seen")] == ["seen 4", "seen 8", "seen 9"]
    told, seen = shown(gpt(place, "other", steps=3), {0: [b"step"]}, place.folder / "more", running=False)
    assert [one for one in told if one.startswith("seen")] == ["seen 1", "seen 3"]
    assert seen[0].tokens


def test_showing_changes_nothing_of_what_is_kept(place: Place) -> None:
    for name, script in (("alone", {}), ("shown", {k: [b"observe"] for k in range(12)})):
        shown(gpt(place, name), script, place.folder / f"seen-{name}")
    assert log_of(place.folder / "alone") == log_of(place.folder / "shown")
    assert checkpoints_of(place.folder / "alone") == checkpoints_of(place.folder / "shown")


def test_what_is_asked_of_a_model_that_lies_elsewhere() -> None:
    """From a GPU only the steps are fetched that are asked for, or that the run was told to stand still after."""
    control = Asking({})
    assert not control.asks(1)
    control._obey([b"observe"])
    assert control.asks(1)
    assert control.observes()
    assert not control.asks(1)
    control._obey([b"to", b"5"])
    assert [step for step in range(1, 7) if control.asks(step)] == [5, 6]
    standing = Asking({}, running=False)
    standing.took(3)
    standing._obey([b"step"])
    assert standing.asks(4)


def test_where_nothing_can_be_written_training_goes_on(place: Place) -> None:
    job, folder = gpt(place, steps=3), place.folder / "gone"

    def send(kind: str, what: Any, now: bool = True) -> None:
        told.append(kind)

    told: list[str] = []
    line = json.loads(job.line(folder=str(folder)))
    TASKS["train"](line, Asking({0: [b"observe"]}), send)  # type: ignore[arg-type]
    assert "observed" not in told
    assert told.count("report") == 3


# Looking back


def test_any_step_is_had_again_in_any_order(place: Place) -> None:
    """From a checkpoint, from where it stands, or from the beginning: the numbers are those of training."""
    script = {k: [b"observe"] for k in range(12)}
    _, seen = shown(gpt(place), script, place.folder / "seen")
    assert [one.step for one in seen] == list(range(1, 13))
    back = LookingBack(json.loads(Run.open(place.folder / "run").job().line()))
    for step in (12, 3, 4, 5, 11, 1, 6, 6):
        found = back.observation(step)
        assert found is not None
        assert_same(found, seen[step - 1])


def test_it_goes_on_from_where_it_stands(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Built once for steps that follow each other; again for one before, or where a checkpoint is nearer."""
    place.train(gpt(place))
    built: list[int] = []

    def counted(*told: Any) -> Any:
        built.append(1)
        return bring(*told)

    monkeypatch.setattr("tracer.train.looking_back.bring", counted)
    back = LookingBack(json.loads(Run.open(place.folder / "run").job().line()))
    for step, expected in ((2, 1), (3, 1), (5, 1), (6, 1), (7, 1), (12, 2), (11, 3), (12, 3), (1, 4)):
        back.observation(step)
        assert len(built) == expected, step


def test_a_step_that_nobody_wants_any_more_is_left(place: Place) -> None:
    place.train(gpt(place))
    back = LookingBack(json.loads(Run.open(place.folder / "run").job().line()))
    assert back.observation(5, lambda: True) is None
    assert back.observation(5, lambda: False) is not None


def test_a_step_that_was_not_taken_is_refused(place: Place) -> None:
    place.train(gpt(place), stop_after=6)
    back = LookingBack(json.loads(Run.open(place.folder / "run").job().line()))
    for step in (0, 7, 12):
        with pytest.raises(NotFoundError, match="has taken 6 steps"):
            back.observation(step)
    assert back.observation(6) is not None


def test_a_run_that_is_not_kept_is_taken_again_from_the_beginning(place: Place) -> None:
    job = gpt(place, run=None)
    back = LookingBack(json.loads(job.line()))
    third, second = back.observation(3), back.observation(2)
    assert third is not None
    assert second is not None
    assert (third.step, second.step) == (3, 2)


def test_a_program_that_keeps_no_state_is_looked_back_at_too(place: Place) -> None:
    place.write("None")
    place.train(place.job("run"))
    line = json.loads(Run.open(place.folder / "run").job().line())
    one, other = LookingBack(line), LookingBack(line)
    assert one.observation(9) is not None
    found, expected = one.observation(4), other.observation(4)
    assert found is not None
    assert expected is not None
    assert_same(found, expected)


FAILING = """
from tracer import Training, Value
w = Value(1.0, name="w")
def training(seed=42):
    def step(i):
        if i == 2:
            raise ValueError("three")
        w.data -= 0.1
        return 1.0
    return Training(step, [w], steps=5, state={})
"""


def test_a_program_that_raises_is_told_and_asked_again(place: Place) -> None:
    """The process goes on; earlier steps are still there to be seen."""
    place.write(text=FAILING)
    job = dataclasses.replace(place.job("run"), run=None)
    told: list[tuple[str, Any]] = []

    class Wanting(Control):
        def wanted(self) -> int:
            if not steps:
                raise KeyboardInterrupt
            return steps.pop(0)

    steps = [3, 2, 1]
    line = json.loads(job.line("observe", step=None, folder=str(place.folder)))
    with pytest.raises(KeyboardInterrupt):
        TASKS["observe"](line, Wanting(None, None, running=False), lambda kind, what: told.append((kind, what)))  # type: ignore[arg-type]
    assert [(kind, what["step"]) for kind, what in told] == [("unobserved", 3), ("observed", 2), ("observed", 1)]
    assert "three" in told[0][1]["error"]["message"]


# In processes of their own


def wait(observer: Observer) -> Observation | TracerError:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = observer.take()
        if found is not None:
            return found
        time.sleep(0.005)
    raise AssertionError("nothing came")


@pytest.mark.deep
def test_a_process_shows_what_it_trains_and_another_looks_back(tmp_path: Path) -> None:
    job = Job(MODELS / "gpt.py", settings=SMALL, steps=40, run=tmp_path / "run", checkpoint_every=10)
    seen: dict[int, Observation] = {}
    with TrainingProcess(job, running=False) as process:
        process.to(5)
        for message in process.messages():
            if isinstance(message, Observed):
                seen[message.observation.step] = message.observation
                if message.observation.step == 5:
                    process.step()
                elif message.observation.step == 6:
                    process.observe()
                    process.run()
        folder = Path(process._folder)
        assert not list(folder.iterdir())
    assert not folder.exists()
    assert {5, 6, 7, 40} <= set(seen)
    run = Run.open(tmp_path / "run")
    observer = Observer(run.job())
    try:
        for step, expected in seen.items():
            observer.ask(step)
            found = wait(observer)
            assert isinstance(found, Observation)
            assert_same(found, expected)
        observer.ask(41)
        refused = wait(observer)
        assert isinstance(refused, TracerError)
        assert "has taken 40 steps" in refused.message
        for step in range(1, 41):
            observer.ask(step)
        while True:
            found = wait(observer)
            assert isinstance(found, Observation)
            if found.step == 40:
                break
    finally:
        observer.close()
    assert observer.take() is None
    observer.ask(1)
    assert observer.take() is None
    assert_same(observe_step(run.job(), 7), seen[7])
    with pytest.raises(ProgramError, match="has taken 40 steps"):
        run.observe(41)


@pytest.mark.deep
def test_an_observer_whose_process_dies_begins_another(tmp_path: Path) -> None:
    """What cannot be told is told as an error; the next question is answered."""
    source = tmp_path / "prog.py"
    source.write_text(FAILING.replace('raise ValueError("three")', "import os; os._exit(3)"), encoding="utf-8")
    observer = Observer(Job(source))
    try:
        observer.ask(3)
        assert isinstance(wait(observer), ProgramError)
        observer.ask(2)
        found = wait(observer)
        assert isinstance(found, Observation)
        assert found.step == 2
    finally:
        observer.close()


@pytest.mark.deep
def test_a_program_that_is_gone_is_told(tmp_path: Path) -> None:
    source = tmp_path / "prog.py"
    source.write_text(FAILING, encoding="utf-8")
    observer = Observer(Job(source))
    source.unlink()
    observer.ask(1)
    assert isinstance(wait(observer), TracerError)
    observer.close()
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.mark.deep
def test_a_report_comes_before_what_is_seen_of_its_step(tmp_path: Path) -> None:
    with TrainingProcess(Job(MODELS / "mlp.py", steps=30)) as process:
        process.observe()
        last = 0
        for message in process.messages():
            if isinstance(message, Report):
                last = message.step
            elif isinstance(message, Observed):
                assert message.observation.step == last
                process.observe()
    assert last == 30
