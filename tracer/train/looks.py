"""Looking at a model while it is trained: how it does on all of its data, what it has not learned from, what it writes.

Looks cost many predictions, so not every step has one. They are taken at the same steps in every run of a job, and
leave random numbers as if nobody had looked.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tracer.core.generator import default_generator
from tracer.errors import ProgramError
from tracer.train.entry import Training
from tracer.train.observed import Watch
from tracer.train.parameters import first_broken
from tracer.train.report import Boundary, Look, Sample
from tracer.train.saying import plain, said
from tracer.train.signals import fired_of

GRIDS = range(16, 49)
"""Points of a boundary's grid in each direction: as many as can be predicted in `LOOK_SECONDS`."""
LOOK_SECONDS = 0.05
LOOKS = 40
"""Reports with a look in a run, about."""
APART = 25
"""Steps at least between two held-out losses, unless the user says."""
MARGIN = 0.15
"""Of the data's width and height, around it."""
TEMPERATURE = 0.5
"""What a text is drawn at while training."""


def asked_at(step: int, steps: int, every: int | None) -> bool:
    """Whether the held-out loss is measured and a text written after a step: that costs more than looking at points.

    Args:
        every: what the user wants instead of the usual spacing.
    """
    return step == steps or step % (every or max(APART, spacing(steps))) == 0


def spacing(steps: int) -> int:
    """Steps from one look to the next in a run of so many."""
    return max(1, -(-steps // LOOKS))


@dataclass(frozen=True)
class Seen:
    """What was seen after a step."""

    look: Look | None = None
    eval: float | None = None
    samples: tuple[Sample, ...] = ()
    fired: Mapping[str, tuple[bool, ...]] = field(default_factory=dict)
    """Layer of neurons -> whether each was above 0 for anything in the held-out texts."""


class Watcher:
    """All there is to be seen of a training: points, the held-out loss, a text.

    Args:
        seed: what the texts are drawn from, with the step's number.
        asked: step -> whether the held-out loss and a text are wanted: see `asked_at`.
        grid: see `Looker`.
    """

    def __init__(
        self,
        training: Training,
        seed: int,
        *,
        grid: bool = True,
        asked: Callable[[int], bool] = lambda step: True,
    ) -> None:
        self._training, self._seed, self._asked = training, seed, asked
        self._looker = Looker(training, grid=grid)

    def __call__(self, step: int, *, wanted: bool = False) -> Seen:
        """What is to be seen after a step.

        Args:
            wanted: the held-out loss and a text, too, whatever was asked for.

        Raises:
            ProgramError: the program gives something else than it promised.
        """
        look = self._looker()
        # a model that has diverged may refuse to be asked, or to write
        if not (wanted or self._asked(step)) or first_broken(self._training) is not None:
            return Seen(look)
        found, fired = self._evaluate(step)
        return Seen(look, found, self._write(step), fired)

    def _evaluate(self, step: int) -> tuple[float | None, Mapping[str, tuple[bool, ...]]]:
        """The held-out loss, and which neurons fired meanwhile: one document of a step says little about them."""
        if self._training.evaluate is None:
            return None, {}
        with unseen(), Watch(self._training) as watch:
            found = self._training.evaluate()
        try:
            loss = None if found is None else float(plain(found))
        except (TypeError, ValueError, RuntimeError):
            raise ProgramError(
                f"evaluate() must return one number; it returned {said(found)}.",
                ja=f"evaluate() は一つの数を返す必要があります。返されたのは {said(found)} です。",
            ) from None
        return loss, fired_of(watch.observation(step, math.nan, None))

    def _write(self, step: int) -> tuple[Sample, ...]:
        if self._training.sample is None:
            return ()
        return (Sample(draw(self._training, random.Random(f"{self._seed} {step}"), TEMPERATURE), TEMPERATURE),)


def draw(training: Training, rng: random.Random, temperature: float) -> str:
    """A new text of the model.

    Raises:
        ProgramError: `sample` gives something else.
    """
    assert training.sample is not None, "it can write"
    with unseen():
        found = training.sample(rng, temperature)
    if not isinstance(found, str):
        raise ProgramError(
            f"sample() must return a text; it returned {said(found)}.",
            ja=f"sample() は文字列を返す必要があります。返されたのは {said(found)} です。",
        )
    return found


@contextmanager
def unseen() -> Iterator[None]:
    """Random numbers go on afterwards as if nothing had been drawn meanwhile."""
    before = random.getstate(), np.random.get_state(), default_generator.state()
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        default_generator.restore(before[2])


class Looker:
    """Takes looks at a model of points: its answers on its data, and on a grid around it unless that is not wanted.

    The grid is as fine as the program's `predict` is fast.
    """

    def __init__(
        self, training: Training, *, grid: bool = True, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._training, self._grid = training, GRIDS.stop - 1 if grid else 0
        self._rows = np.array(training.rows)
        self._measured = not grid
        self._clock = clock

    def __call__(self) -> Look | None:
        """A look; None where the program cannot predict or has no data.

        Raises:
            ProgramError: `predict` does not give one number a point.
        """
        if self._training.predict is None or not len(self._rows):
            return None
        if not self._measured:
            some = np.resize(self._rows[:, :2], (GRIDS.start**2, 2))
            began = self._clock()
            self._predict(some)
            a_point = (self._clock() - began) / len(some)
            self._grid = min(max(GRIDS.start, int((LOOK_SECONDS / a_point) ** 0.5)), self._grid)
            self._measured = True
        box = left, right, bottom, top = _box(self._rows[:, :2])
        xs, ys = np.linspace(left, right, self._grid), np.linspace(top, bottom, self._grid)
        grid = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
        scores = self._predict(np.concatenate([self._rows[:, :2], grid]))
        n = len(self._rows)
        wrong = np.flatnonzero((scores[:n] > 0) != (self._rows[:, 2] > 0))
        field = scores[n:].reshape(self._grid, self._grid).astype(np.float32)
        field.flags.writeable = False
        seen = Boundary(*box, field) if self._grid else None
        return Look((n - len(wrong)) / n, tuple(wrong.tolist()), seen)

    def _predict(self, points: Any) -> Any:
        """(n,) scores of (n, 2) points. Random numbers go on afterwards as if nobody had looked."""
        assert self._training.predict is not None, "it can predict"
        with unseen():
            return numbers_of(self._training.predict(points.tolist()), len(points))


def _box(points: Any) -> tuple[float, float, float, float]:
    """left, right, bottom, top of a frame around the points."""
    low, high = points.min(axis=0), points.max(axis=0)
    size = np.where(high > low, high - low, 1.0)
    low, high = low - MARGIN * size, high + MARGIN * size
    return float(low[0]), float(high[0]), float(low[1]), float(high[1])


def numbers_of(scores: Any, n: int) -> Any:
    """(n,) float64: what `predict` gave, a list of numbers or `Value`s, or a tensor of shape (n,) or (n, 1).

    Raises:
        ProgramError: it is not one number for each of `n` points.
    """
    if hasattr(scores, "tolist"):
        scores = scores.tolist()
    try:
        found = np.array([plain(score) for score in scores], np.float64)
    except (TypeError, ValueError, RuntimeError):
        found = np.empty(0)
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.shape != (n,):
        got = f"{len(scores)}" if isinstance(scores, Sequence) else said(scores)
        raise ProgramError(
            f"predict() must return one number for each of {n:,} points; it returned {got}.",
            ja=f"predict() は {n:,} 個の点それぞれに一つの数を返す必要があります。返されたのは {got} です。",
        )
    return found
