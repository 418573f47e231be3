"""What a child can be asked: to run to a step, to stop, to measure a document, to write texts."""

from __future__ import annotations

import io
import itertools
import json
import os
from pathlib import Path

import pytest

from tests.train.runs import Place, log_of, place
from tracer.errors import NotFoundError, ProgramError, TracerError
from tracer.train.control import Control
from tracer.train.engines import program_for
from tracer.train.job import Job
from tracer.train.messages import Saved
from tracer.train.process import TrainingProcess, measure, record_sample, sample
from tracer.train.report import Report, Setup
from tracer.train.run import Run

__all__ = ["place"]

TEXT = '''
import random
from tracer import Training, Value

def training(documents=None, seed=42, steps=30, mode="lines"):
    """Scores of letters, each by itself."""
    words = list(documents or ["ab", "ba", "aa"])
    letters = sorted(set("".join(words)))
    weights = {"score": [[Value(0.1 * i) for i in range(len(letters))]]}

    def loss(word):
        row = weights["score"][0]
        total = sum(s.exp() for s in row).log()
        return sum(total - row[letters.index(c)] for c in word) / len(word)

    def step(i):
        found = loss(words[i % len(words)])
        found.backward()
        for p in weights["score"][0]:
            p.data -= 0.1 * p.grad
            p.grad = 0
        return found

    def sample(rng, temperature):
        random.random()
        row = [(s * (1 / (temperature or 1e-3))).exp() for s in weights["score"][0]]
        return "".join(rng.choices(letters, [r.data for r in row], k=4))

    return Training(step, weights, state={}, documents=words, symbols=letters, loss=loss, steps=steps,
                    evaluate=lambda: sum(loss(w).data for w in words) / len(words), sample=sample)
'''


@pytest.fixture
def texts(place: Place) -> Place:
    place.write(text=TEXT)
    return place


def test_it_runs_to_a_step_and_stands_still_there(texts: Place) -> None:
    """Then stops with a checkpoint; what it has seen meanwhile is no part of the numbers."""
    with TrainingProcess(texts.job("run", steps=200), running=False) as process:
        messages = process.messages()
        assert isinstance(next(messages), Setup)
        process.to(7)
        until = list(itertools.takewhile(lambda m: not (isinstance(m, Saved) and m.step == 7), messages))
        reports = [m for m in until if isinstance(m, Report)]
        assert [r.step for r in reports] == [1, 2, 3, 4, 5, 6, 7, 7]
        assert reports[-1].eval is not None
        assert reports[-1].samples
        process.stop()
        assert not [m for m in messages if isinstance(m, Report)]
    run = Run.open(texts.folder / "run")
    assert (run.taken, run.checkpoints) == (7, (0, 5, 7))
    assert run.setup.symbols == ("a", "b")
    assert run.setup.documents == 3
    texts.train(texts.job("whole", steps=200), 7)
    assert log_of(run) == log_of(texts.folder / "whole")


def test_closing_a_run_that_is_kept_saves_it_first(texts: Place) -> None:
    with TrainingProcess(texts.job("run", steps=100_000, checkpoint_every=100_000)) as process:
        for message in process.messages():
            if isinstance(message, Report) and message.step >= 20:
                break
    run = Run.open(texts.folder / "run")
    assert run.taken == run.checkpoints[-1] >= 20


def test_texts_of_a_step_come_from_a_seed(texts: Place) -> None:
    texts.train(texts.job("run"))
    job = Run.open(texts.folder / "run").job()
    first = texts.do("sample", job, at=None, number=3, temperature=0.5, drawn_from=1)["text"]
    assert len(first) == 3
    assert first == texts.do("sample", job, at=30, number=3, temperature=0.5, drawn_from=1)["text"]
    assert first != texts.do("sample", job, at=30, number=3, temperature=0.5, drawn_from=2)["text"]
    recorded = texts.do("record_sample", job, at=30, temperature=0.5, drawn_from=1, folder=str(texts.folder))
    assert recorded["opened"][0]["text"] == first[0]


WRITES = """
from tracer import Training, Value

def training(steps=6, seed=1):
    w = Value(0.0, name="w")

    def step(i):
        w.data += i + 1
        return w.data

    return Training(step, {"w": w}, steps=6, state=STATE, sample=lambda rng, temperature: f"{w.data:g}")
"""


@pytest.mark.parametrize("state", ["{}", "None"])
def test_texts_are_those_of_the_step_that_is_meant(place: Place, state: str) -> None:
    """Also where no checkpoint can be gone on from, or none is left; none of a step that was never taken."""
    place.write(state, WRITES)
    place.train(place.job("run"))
    run = Run.open(place.folder / "run")

    def text(at: int | None) -> str:
        (found,) = place.do("sample", run.job(), at=at, number=1, temperature=0.5, drawn_from=0)["text"]
        return str(found)

    for _ in range(2):
        assert (text(None), text(0), text(4)) == ("21", "0", "10")
        with pytest.raises(NotFoundError, match="has taken 6 steps; step 7 was asked for"):
            text(7)
        for path in (run.folder / "checkpoints").iterdir():
            path.unlink()


def test_looks_are_in_the_log_at_steps_that_follow_from_the_job(texts: Place) -> None:
    texts.train(texts.job("run", steps=60))
    reports = Run.open(texts.folder / "run").reports
    assert [r.step for r in reports if r.eval is not None] == [25, 50, 60]
    texts.train(texts.job("other", steps=60, every=10))
    reports = Run.open(texts.folder / "other").reports
    assert [r.step for r in reports if r.samples] == [10, 20, 30, 40, 50, 60]


def test_a_document_is_measured_and_nothing_updated(texts: Place) -> None:
    (texts.folder / "w.json").write_text(json.dumps({"score": [[0.0, 0.0]]}), encoding="utf-8")
    job = Job(texts.program, document="ab", steps=0, init=texts.folder / "w.json")
    told = texts.do("measure", job)["measured"][0]
    assert told["loss"] == pytest.approx(0.6931471805599453, abs=1e-15)
    assert told["grad_norm"] == {"score": 0.0}
    told = texts.do("measure", Job(texts.program, document="a", steps=0, init=texts.folder / "w.json"))["measured"][0]
    assert told["grad_norm"] == {"score": pytest.approx(0.5**0.5)}


def test_what_a_program_does_not_offer_is_refused(place: Place) -> None:
    for task, more in (("measure", {}), ("sample", {"at": 0, "number": 1, "temperature": 1, "drawn_from": 0})):
        with pytest.raises(ProgramError, match="its Training has no"):
            place.do(task, Job(place.program, document="a"), **more)


@pytest.mark.deep
def test_children_measure_and_write(texts: Place) -> None:
    """The same through processes."""
    texts.train(texts.job("run"))
    job = Run.open(texts.folder / "run").job()
    words = list(sample(job, number=2, seed=4))
    assert words == texts.do("sample", job, at=None, number=2, temperature=0.5, drawn_from=4)["text"]
    trace, text = record_sample(job, seed=4)
    assert text == words[0]
    assert trace.n_nodes
    assert measure(Job(texts.program, document="ab")).loss > 0


def test_a_twin_stands_for_its_engine(tmp_path: Path) -> None:
    one, two, alone = (tmp_path / name for name in ("gpt.py", "gpt_scalar.py", "mlp.py"))
    for path in (one, two, alone):
        path.write_text("", encoding="utf-8")
    assert program_for(one, "scalar") == two
    assert program_for(two, "tensor") == one
    assert program_for(one, "tensor") == program_for(one, None) == one
    assert program_for(alone, "scalar") == alone


def test_a_program_of_the_other_engine_is_refused(texts: Place) -> None:
    texts.train(texts.job("run", engine="scalar", steps=2))
    with pytest.raises(TracerError, match="--engine tensor"):
        texts.train(texts.job("other", engine="tensor", steps=2))


def test_commands_are_obeyed_in_order() -> None:
    """`to` stands still at once where it is already; what makes no sense is a pause."""
    reading, writing = os.pipe()
    control = Control(io.FileIO(reading), None, running=False)
    control._obey([b"to", b"3"])
    assert control.wait()
    control.took(3)
    assert control.waits
    control._obey([b"to", b"2"])
    assert control.running
    control._arrive()
    assert not control.running
    control._obey([b"step"])
    assert not control.waits
    assert control.wait()
    assert control.waits
    control._obey([b"run"])
    assert control.running
    control._obey([b"to", b"x"])
    assert not control.running
    control._obey([b"stop"])
    assert not control.wait()
    os.close(writing)
    control._commands.close()
