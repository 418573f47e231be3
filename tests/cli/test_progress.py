"""What `tracer train --plain` prints of the messages of a run: here they are made up, no process starts."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.train import canned
from tracer.cli import progress
from tracer.errors import ProgramError
from tracer.text import Text
from tracer.train.job import Job
from tracer.train.messages import Saved, Unsaved
from tracer.train.report import Report, Sample

JOB = Job(Path("prog.py"), "prog.py")
KEPT = Job(Path("prog.py"), "prog.py", run=Path("runs/a b"))


class Told:
    """A process that says what it was given, and then perhaps is interrupted."""

    given: Sequence[Any] = ()
    error: BaseException | None = None
    closed = 0
    output = ""

    def __init__(self, job: Job) -> None:
        assert not job.grid, "nobody sees a boundary"

    def __enter__(self) -> Told:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def messages(self) -> Iterator[Any]:
        yield from self.given
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        Told.closed += 1


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> type[Told]:
    monkeypatch.setattr(progress, "TrainingProcess", Told)
    for name, value in (("given", ()), ("error", None), ("closed", 0), ("output", "")):
        monkeypatch.setattr(Told, name, value)
    return Told


def report(step: int, **other: Any) -> Report:
    return Report(step, 1 / step, step / 100, **other)


def test_a_line_has_what_is_known(told: type[Told], capsys: pytest.CaptureFixture[str]) -> None:
    told.given = [
        canned.setup(3),
        Saved(0),
        report(1),
        report(2, eval=0.75, lr=0.01),
        report(3, samples=(Sample("mi\x1bka", 0.5), Sample("", 1.0))),
        Saved(3),
    ]
    assert progress.print_run(KEPT, as_json=False, samples=True, lang="en") == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "step=1 loss=1.0",
        "step=2 loss=0.5 eval=0.75",
        "step=3 loss=0.3333333333333333",
        'step=3 temperature=0.5 sample="mi\\u001bka"',
        'step=3 temperature=1 sample=""',
    ]
    assert err == "tracer: kept in runs/a b\n"
    assert told.closed >= 1


def test_a_run_whose_steps_are_all_taken_says_so(told: type[Told], capsys: pytest.CaptureFixture[str]) -> None:
    """It does not go on, and what would make it go on is named."""
    told.given = [canned.setup(600, taken=600)]
    assert progress.print_run(KEPT, as_json=False, samples=False, lang="en") == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "tracer: runs/a b: all 600 steps are taken; --steps N goes on to step N.\n" in err
    assert "goes on after" not in err
    told.given = [canned.setup(600, taken=599), report(600)]
    progress.print_run(KEPT, as_json=False, samples=False, lang="en")
    assert "runs/a b goes on after step 599" in capsys.readouterr().err


def test_what_is_learned_from_is_one_count_with_its_parts() -> None:
    held = canned.setup(1, documents=1980, held_out=218)
    assert progress.data_in_words(held, None).en == "2,198 documents: 1,980 to learn from, 218 held out"
    assert progress.data_in_words(held, "lines").ja == "文書 2,198 件: 訓練用 1,980 件、検証用 218 件"
    assert progress.data_in_words(canned.setup(1, documents=4), None).en == "4 documents"
    assert progress.data_in_words(canned.setup(1, documents=1, held_out=7), "text").en == "one text, its end held out"
    assert progress.data_in_words(canned.setup(1), None).en == "200 rows"


def test_json_lines_hold_all_of_it(told: type[Told], capsys: pytest.CaptureFixture[str]) -> None:
    told.given = [canned.setup(2), report(1, eval=math.inf, lr=0.01, samples=(Sample("さくら", 0.5),)), report(2)]
    assert progress.print_run(JOB, as_json=True, samples=False, lang="en") == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {
        "step": 1,
        "loss": 1.0,
        "accuracy": None,
        "eval": "inf",
        "lr": 0.01,
        "broken": None,
        "samples": [{"text": "さくら", "temperature": 0.5}],
    }
    assert (second["step"], second["eval"], second["lr"], second["samples"]) == (2, None, None, [])


def test_a_step_is_told_once(told: type[Told], capsys: pytest.CaptureFixture[str]) -> None:
    """Its report comes again with a look, where the run stands still."""
    told.given = [canned.setup(2), report(1), canned.report(1, looked=True), report(2)]
    progress.print_run(JOB, as_json=False, samples=False, lang="en")
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["step=1", "step=2"]


def test_ctrl_c_says_how_to_go_on(told: type[Told], capsys: pytest.CaptureFixture[str]) -> None:
    told.given, told.error = [canned.setup(9), report(1), report(2)], KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        progress.print_run(KEPT, as_json=False, samples=False, lang="en")
    err = capsys.readouterr().err
    assert "stopped after step 2.\n" in err
    assert "to go on: tracer train --resume 'runs/a b'\n" in err
    assert told.closed >= 1


def test_what_never_began_cannot_go_on(told: type[Told], capsys: pytest.CaptureFixture[str]) -> None:
    told.error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        progress.print_run(KEPT, as_json=False, samples=False, lang="en")
    assert capsys.readouterr().err == "tracer: stopped after step 0.\n"


def test_a_run_that_is_kept_nowhere_cannot_go_on(told: type[Told], capsys: pytest.CaptureFixture[str]) -> None:
    told.given, told.error = [canned.setup(9), report(1)], KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        progress.print_run(JOB, as_json=False, samples=False, lang="ja")
    assert capsys.readouterr().err == "tracer: ステップ 1 で止めました。\n"


def test_what_could_not_be_saved_is_said_and_is_no_end(told: type[Told], capsys: pytest.CaptureFixture[str]) -> None:
    told.given = [canned.setup(1), Unsaved(0, Text("the disk is full", "ディスクがいっぱいです")), report(1), Saved(1)]
    assert progress.print_run(JOB, as_json=False, samples=False, lang="ja") == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("step=1 loss=1.0\n", "tracer: ディスクがいっぱいです\n")
    told.given.pop()
    assert progress.print_run(JOB, as_json=False, samples=False, lang="ja") == 2, "it ended without being saved"


def test_a_loss_that_is_not_finite_names_its_culprit(
    told: type[Told], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Job, int]] = []
    monkeypatch.setattr("tracer.cli.culprits.tell_culprit", lambda job, step, lang: asked.append((job, step)))
    told.given = [canned.setup(9), report(1), Report(2, math.nan, 0.1)]
    assert progress.print_run(JOB, as_json=True, samples=False, lang="en") == 2
    assert asked == [(JOB, 2)]
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["loss"] == "nan"
    told.given = [canned.setup(90), report(1), report(2, broken="wte")]
    assert progress.print_run(JOB, as_json=False, samples=False, lang="en") == 2
    assert asked[1:] == [(JOB, 2)]
    assert capsys.readouterr().out.splitlines()[-1] == "step=2 loss=0.5 broken=wte"


def test_a_program_that_raises_on_the_way_leaves_what_there_is(
    told: type[Told], capsys: pytest.CaptureFixture[str]
) -> None:
    told.given, told.error = [canned.setup(9), report(1)], ProgramError("prog.py raised KeyError: 1")
    with pytest.raises(ProgramError):
        progress.print_run(KEPT, as_json=False, samples=False, lang="en")
    assert capsys.readouterr().err == "tracer: kept in runs/a b\n"
    told.given = [canned.setup(9)]
    with pytest.raises(ProgramError):
        progress.print_run(KEPT, as_json=False, samples=False, lang="en")
    assert capsys.readouterr().err == ""


def test_what_the_program_prints_is_words(told: type[Told], capsys: pytest.CaptureFixture[str]) -> None:
    told.given, told.output = [canned.setup(1), report(1)], "hello \x1b[2J\n"
    progress.print_run(JOB, as_json=False, samples=False, lang="en")
    assert capsys.readouterr() == ("step=1 loss=1.0\n", "hello �[2J\n")


def test_a_run_that_goes_on_is_measured_against_its_own_first_step(
    told: type[Told], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process does not send again what its log has."""
    taken = (Report(1, 2.0, 0.1), *(Report(step, 2e9, step / 10) for step in range(2, 12)))
    monkeypatch.setattr(progress, "taken_before", lambda setup: taken)
    told.given = [canned.setup(13), Report(12, 2e9, 1.2), Report(13, 2e9, 1.3)]
    assert progress.print_run(KEPT, as_json=False, samples=False, lang="en") == 0
    out, err = capsys.readouterr()
    assert "step=1 " not in out
    assert "The loss is growing: 9e+08 times what it was at first." in err
