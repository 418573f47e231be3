"""Seeing a step that a run took before: it is taken once more, from wherever that begins nearest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tracer.errors import NotFoundError
from tracer.text import clean
from tracer.trace.observation import Observation
from tracer.train import checkpoint, log
from tracer.train.about import About
from tracer.train.built import Built
from tracer.train.in_force import Stretch, number_in_force, stretches
from tracer.train.loop import rate_of
from tracer.train.observed import Watch
from tracer.train.resuming import bring
from tracer.train.run import is_run
from tracer.train.saying import number_of

Json = dict[str, Any]


class LookingBack:
    """Takes steps of a run again, in any order; those that follow each other go on from where it stands.

    Args:
        job: see `Job.line`.
    """

    def __init__(self, job: Json) -> None:
        self._job = job
        self._built: Built | None = None
        self._taken = 0
        self._part: Stretch | None = None
        """The settings that it has."""

    def observation(self, step: int, enough: Callable[[], bool] = lambda: False) -> Observation | None:
        """What is seen of a step (from 1).

        Args:
            enough: asked on the way, between two steps: whether nobody wants to know any more. Then it is None.

        Raises:
            NotFoundError: the run has not come so far.
            TracerError: the program, or what is kept of the run, is wrong.
        """
        try:
            return self._observed(step, enough)
        except BaseException:
            self._built = None  # who knows how far its step came
            raise

    def _observed(self, step: int, enough: Callable[[], bool]) -> Observation | None:
        training = self._near(step).training
        while self._taken < step - 1:
            if enough():
                return None
            training.step(self._taken)
            self._taken += 1
        with Watch(training) as watch:
            loss = number_of(training.step(step - 1))
        self._taken = step
        return watch.observation(step, loss, rate_of(training))

    def _near(self, step: int) -> Built:
        """A training that has taken as many of the steps before as can be had."""
        folder = None if self._job["run"] is None else Path(self._job["run"])
        folder = folder if folder is not None and is_run(folder) else None
        nearest = 0
        part: Stretch | None = None
        if folder is not None:
            reached = log.count(folder)
            if not 1 <= step <= reached:
                raise NotFoundError(
                    clean(f"{folder}: the run has taken {reached:,} steps; step {step:,} was asked for."),
                    ja=clean(f"{folder}: まだ {reached:,} ステップしか進んでいません（指定: {step:,}）。"),
                )
            parts = stretches(About.read(folder))
            number = number_in_force(parts, step)
            part = parts[number]
            begins = parts[number - 1].until or 0 if number else 0
            nearest = max((one for one in checkpoint.steps_in(folder) if one < step), default=0)
            nearest = max(nearest, begins)
        same = part is None or (self._part is not None and part.is_like(self._part))
        if self._built is None or not nearest <= self._taken < step or not same:
            brought = bring(self._job, folder, step - 1, step)
            self._built, self._taken, self._part = brought.built, brought.taken, part
        return self._built
