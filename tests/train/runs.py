"""A small program whose steps change everything that a run has to keep, trained in this process."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import pytest

from tracer.train.control import Control
from tracer.train.job import Job
from tracer.train.run import Run
from tracer.train.tasks import TASKS

PROGRAM = '''
import random

import numpy as np

import tracer
from tracer import Training, Value, nn, optim

def training(data=None, seed=42, lr=0.1, steps=12, spoil=0):
    """Draws from every source of random numbers; keeps an optimizer, lists, an array and a generator."""
    tracer.manual_seed(seed)
    own = random.Random(seed)
    layer = nn.Linear(2, 2)
    optimizer = optim.Adam(layer.parameters(), lr=lr)
    a, b = Value(own.random(), name="a"), Value(0.5, name="b")
    moments, rows, noise = [0.0, 0.0], [[0.0, 1.0], [2.0, 3.0]], np.zeros(2)

    def step(i):
        x = tracer.randn(3, 2)
        loss = (layer(x) ** 2).mean()
        loss.backward()
        optimizer.param_groups[0]["lr"] = lr * (1 - i / steps)
        optimizer.step()
        optimizer.zero_grad()
        mine = (a * own.random() - b) ** 2 + random.random() * 1e-3
        mine.backward()
        for k, p in enumerate((a, b)):
            moments[k] = 0.9 * moments[k] + p.grad
            p.data -= lr * moments[k]
        a.grad = 0  # b goes on adding up: a gradient is state, too
        noise[:] = noise * 0.5 + np.random.rand(2)
        rows[i % 2][i % 2] += float(noise[0])
        if i + 1 == spoil:
            b.data = float("inf")
        return loss.item() + mine.data + float(noise.sum()) + sum(map(sum, rows))

    named = {**dict(layer.named_parameters()), "a": a, "b": b}
    state = {"adam": optimizer, "own": own, "moments": moments, "rows": rows, "noise": noise}
    return Training(step, named, steps=12, state=STATE)
'''


class Standing(Control):
    """Nobody gives commands: it runs, or stops after so many steps."""

    def __init__(self, stop_after: int | None = None) -> None:
        super().__init__(None, None, running=True)  # type: ignore[arg-type]
        self._stop_after = stop_after

    def took(self, step: int) -> None:
        super().took(step)
        if step == self._stop_after:
            self.stopped = True


class Place:
    """A folder with the program in it, and the runs that are made there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = self.write()

    def write(self, state: str = "state", text: str | None = None) -> Path:
        path = self.folder / "prog.py"
        path.write_text((PROGRAM if text is None else text).replace("STATE", state), encoding="utf-8")
        return path

    def job(self, name: str, **other: Any) -> Job:
        return Job(self.program, run=self.folder / name, **{"checkpoint_every": 5, "grid": False, **other})

    def train(self, job: Job, stop_after: int | None = None) -> dict[str, list[Any]]:
        """What the run told, by kind."""
        return self.do("train", job, stop_after)

    def do(self, task: str, job: Job, stop_after: int | None = None, **more: Any) -> dict[str, list[Any]]:
        told: dict[str, list[Any]] = {}
        control = Standing(stop_after)
        line = json.loads(job.line(task, **more))
        TASKS[task](line, control, lambda kind, what, now=True: told.setdefault(kind, []).append(what))  # type: ignore[arg-type]
        return told


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place whose programs leave this process as it was."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "argv", list(sys.argv))
    monkeypatch.chdir(tmp_path)
    before = random.getstate()
    try:
        yield Place(tmp_path)  # type: ignore[misc]
    finally:
        random.setstate(before)


def log_of(run: Run | Path) -> list[str]:
    """Every line but for its seconds, numbers to their last bit."""
    reports = (run if isinstance(run, Run) else Run.open(run)).reports
    return [json.dumps({name: said for name, said in one.to_json().items() if name != "seconds"}) for one in reports]


def checkpoints_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "checkpoints").iterdir())}


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
