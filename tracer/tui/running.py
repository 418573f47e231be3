"""A training run as the app holds it: a thread takes in its reports, whoever draws them asks for the past.

No Textual here: the command line opens a step by the same function as the screen.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from tracer.errors import TracerError
from tracer.lessons.runner import Overrides, Thing
from tracer.train.history import History, Past
from tracer.train.process import Job, OpenedStep, open_step
from tracer.train.report import Report, Setup


class Commands(Protocol):
    """What a run obeys: see `TrainingProcess`."""

    def run(self) -> None: ...
    def pause(self) -> None: ...
    def step(self) -> None: ...


class Running:
    """A run under way.

    Args:
        job: what is trained.
        setup: what its process said first.
        commands: the process.
        messages: what it says from then on; raises `TracerError` where it fails.
        typed: the words that train it once more.
    """

    def __init__(
        self,
        job: Job,
        setup: Setup,
        commands: Commands,
        messages: Iterator[Setup | Report],
        typed: Sequence[str] = (),
        *,
        opener: Callable[..., OpenedStep] = open_step,
    ) -> None:
        self.job, self.setup, self.commands, self.typed = job, setup, commands, tuple(typed)
        self.paused = self.ended = False
        self.error: TracerError | None = None
        """Why it ended early."""
        self._messages, self._history, self._opener = messages, History(), opener
        self._lock = threading.Lock()
        self._version = 0
        self._past: tuple[int, Past] = (-1, self._history.past)

    def start(self) -> None:
        """Take in reports from now on."""
        threading.Thread(target=self.take_all, name="training", daemon=True).start()

    def take_all(self) -> None:
        """Take in every report there will be."""
        try:
            for message in self._messages:
                if isinstance(message, Report):
                    with self._lock:
                        self._history.add(message)
                        self._version += 1
        except TracerError as error:
            self.error = error
        with self._lock:
            self.ended = True
            self._version += 1

    @property
    def past(self) -> Past:
        """What it has told so far; the same object until there is more."""
        with self._lock:
            if self._past[0] != self._version:
                self._past = self._version, self._history.past
            return self._past[1]

    @property
    def done(self) -> bool:
        """Whether every step it was to take has been taken."""
        return self.past.steps >= self.setup.steps

    def play(self) -> None:
        """Go on, or stand still."""
        self.paused = not self.paused
        (self.commands.pause if self.paused else self.commands.run)()

    def step(self) -> None:
        """Take one step, then stand still."""
        self.paused = True
        self.commands.step()

    def open(self, step: int, stop: threading.Event) -> tuple[Thing, bool]:
        """Record a step once more; and whether it measured just what it measured in training.

        Raises:
            TracerError: it could not be done.
        """
        opened = self._opener(self.job, step, stop=stop)
        losses = self.past.losses
        known = step <= len(losses) and opened.loss is not None
        # as bits: a loss that is nan is the same nan
        same = not known or float(losses[step - 1]).hex() == float(opened.loss or 0.0).hex()
        return thing_of_step(self.job, step, opened, self.typed), same


def thing_of_step(job: Job, step: int, opened: OpenedStep, typed: Sequence[str] = ()) -> Thing:
    """An opened step as something to walk.

    Args:
        typed: the words that train it; with `--open STEP` they open this step.
    """
    name = Path(job.shown or job.program).name
    words = (*typed, "--open", str(step)) if typed else ()
    trace = opened.trace
    leaves = {trace.leaf_key(node): node for node in range(trace.n_nodes) if trace.kind(node) == "leaf"}

    def again(overrides: Overrides, /, stop: threading.Event | None = None) -> Thing:
        """The step once more, some leaves with other numbers: those made before it go by their names."""
        made_before = {key: trace.name(leaves[key]) or "" for key in overrides if key in leaves and not key[0]}
        changes = {name: overrides[key] for key, name in made_before.items()}
        others = {key: value for key, value in overrides.items() if key not in made_before}
        other = open_step(job, step, stop=stop, changes=changes, overrides=others)
        return replace(thing_of_step(job, step, other, typed), rerun=again, overrides=dict(overrides))

    return Thing(f"{name}  step {step:,}", trace, rerun=again, name=name, typed=words)
