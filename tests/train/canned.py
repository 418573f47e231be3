"""A training run without a process: the same reports every time."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tracer.train import data
from tracer.train.loop import spacing
from tracer.train.process import Job, OpenedStep
from tracer.train.report import Boundary, Look, Report, Setup
from tracer.tui.running import Running

STEPS = 200


def setup(steps: int = STEPS, **other: object) -> Setup:
    said = {
        "program": "models/mlp.py",
        "data": "moons",
        "engine": "Value",
        "parameters": 13,
        "steps": steps,
        "settings": {"seed": 42, "lr": 0.2, "hidden": 3, "batch": 4},
        "rows": data.make("moons", 42),
        "predicts": True,
    }
    return Setup(**{**said, **other})  # type: ignore[arg-type]


def look(step: int) -> Look:
    """A boundary that turns from flat to slanted as the steps go on."""
    rows = np.array(data.make("moons", 42))
    turn = min(1.0, step / STEPS)
    xs, ys = np.meshgrid(np.linspace(-1.6, 2.6, 20), np.linspace(1.6, -0.9, 20))
    scores = (2 * turn * (xs - 0.5) - 3 * (ys - 0.25)).astype(np.float32)
    said = 2 * turn * (rows[:, 0] - 0.5) - 3 * (rows[:, 1] - 0.25)
    wrong = np.flatnonzero((said > 0) != (rows[:, 2] > 0))
    return Look((len(rows) - len(wrong)) / len(rows), tuple(wrong.tolist()), Boundary(-1.6, 2.6, -0.9, 1.6, scores))


def report(step: int, loss: float | None = None, *, looked: bool = False) -> Report:
    found = math.exp(-step / 60) + 0.1 * abs(math.sin(7 * step)) if loss is None else loss
    return Report(step, found, step / 500, look(step) if looked else None)


def reports(steps: int = STEPS) -> Iterator[Setup | Report]:
    every = spacing(steps)
    for step in range(1, steps + 1):
        yield report(step, looked=step in (1, steps) or step % every == 0)


class Told:
    """A process's commands, written down. `step` lets one more report through."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.allowed = threading.Semaphore(0)

    def run(self) -> None:
        self.commands.append("run")

    def pause(self) -> None:
        self.commands.append("pause")

    def step(self) -> None:
        self.commands.append("step")
        self.allowed.release()


def running(steps: int = STEPS, taken: int | None = None, **other: object) -> tuple[Running, Told]:
    """A run whose first `taken` steps arrive at once, and then one for each `step`; all of them by default."""
    told = Told()
    at_once = steps if taken is None else taken

    def messages() -> Iterator[Setup | Report]:
        for number, message in enumerate(reports(steps)):
            if number >= at_once:
                told.allowed.acquire()
            yield message

    typed = ("tracer", "train", "mlp", "--data", "moons")
    made = Running(Job(Path("models/mlp.py")), setup(steps), told, messages(), typed, **other)  # type: ignore[arg-type]
    return made, told


__all__ = ["OpenedStep", "Told", "look", "report", "reports", "running", "setup"]
