"""The loop: one frozen `Report` a step, and nothing about who reads them.

A step is a function of the settings, the seed and its number. So taking the steps before it once more and recording it
gives the same numbers that training had, and a run of a thousand steps needs no thousand traces.
"""

from __future__ import annotations

import inspect
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tracer.core.generator import default_generator
from tracer.core.record import LeafKey, Override, Recorder, record
from tracer.errors import ProgramError
from tracer.train.entry import Training
from tracer.train.report import Boundary, Look, Report

GRIDS = range(16, 49)
"""Points of a boundary's grid in each direction: as many as can be predicted in `LOOK_SECONDS`."""
LOOK_SECONDS = 0.05
LOOKS = 40
"""Reports with a look in a run, about."""
MARGIN = 0.15
"""Of the data's width and height, around it."""


def spacing(steps: int) -> int:
    """Steps from one look to the next in a run of so many."""
    return max(1, -(-steps // LOOKS))


def train(
    training: Training,
    steps: int,
    *,
    looks: Callable[[int], bool] = lambda step: False,
    look: Callable[[], Look | None] = lambda: None,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Report]:
    """Take `steps` steps. After a loss that is not finite there are no more: nothing could be learned from them.

    Args:
        looks: step (from 1) -> whether its report has a look. That of a loss that is not finite has one.
        look: takes it: see `Looker`.
        clock: seconds, for `Report.seconds`.
    """
    spent = 0.0
    for i in range(steps):
        began = clock()
        loss = number_of(training.step(i))
        spent += clock() - began
        last = not math.isfinite(loss)
        yield Report(i + 1, loss, spent, look() if last or looks(i + 1) else None)
        if last:
            return


def recorded_step(
    training: Training,
    step: int,
    *,
    limit: int | None = None,
    replayed: Callable[[int], object] = lambda step: None,
    changes: Mapping[str, Override] | None = None,
    overrides: Mapping[LeafKey, Override] | None = None,
) -> tuple[Recorder, float | None, BaseException | None]:
    """Take the steps before `step` (from 1) once more, then record it.

    Args:
        training: newly built, as the run's was.
        limit: most nodes.
        replayed: called with the number of each step taken on the way.
        changes: name of a parameter (or of what the step sees around it) -> its number at the beginning of this step.
        overrides: the same for leaves that the step itself makes: see `record`.

    Returns:
        The recording, the loss, and what the step raised, if it did; then it is recorded up to there.
    """
    for i in range(step - 1):
        training.step(i)
        replayed(i + 1)
    around = _around(training)
    named = {**around, **training.named_parameters()}
    for name, value in (changes or {}).items():
        _change(named.get(name), name, value)
    recorder, loss, error = record(overrides, limit=limit), None, None
    recorder.__enter__()
    try:
        loss = training.step(step - 1)
    except Exception as raised:
        error = raised
    finally:
        for name, parameter in training.named_parameters().items():
            node = recorder.ids.get(getattr(parameter, "_serial", -1))
            if node is not None:
                recorder.names.setdefault(node, name)
        recorder.take_names(around)
        _leave(recorder)
    return recorder, None if error is not None else number_of(loss), error


def _around(training: Training) -> dict[str, Any]:
    """What the step sees around it, by name: the data, usually."""
    step = training.step
    return dict(inspect.getclosurevars(step).nonlocals) if inspect.isfunction(step) or inspect.ismethod(step) else {}


def _change(thing: Any, name: str, value: Override) -> None:
    """Give a parameter another number; of a tensor, some elements."""
    array = getattr(thing, "_array", None)
    if isinstance(value, Mapping) and array is not None:
        for place, number in value.items():
            array[np.unravel_index(place, array.shape)] = number
    elif hasattr(thing, "grad") and array is None:
        thing.data = value
    else:
        raise ProgramError(
            f"{name} cannot be changed here: it is no parameter of this training.",
            ja=f"{name} はここでは変えられません。この訓練のパラメータではありません。",
        )


def _leave(_recorder: Recorder) -> None:
    _recorder.__exit__(None, None, None)  # from here, where no variable but ours could give a name


class Looker:
    """Takes looks at a model: its answers on its data, and on a grid around it unless that is not wanted.

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
        before = random.getstate(), np.random.get_state(), default_generator.state()
        try:
            return numbers_of(self._training.predict(points.tolist()), len(points))
        finally:
            random.setstate(before[0])
            np.random.set_state(before[1])
            default_generator.restore(before[2])


def _box(points: Any) -> tuple[float, float, float, float]:
    """left, right, bottom, top of a frame around the points."""
    low, high = points.min(axis=0), points.max(axis=0)
    size = np.where(high > low, high - low, 1.0)
    low, high = low - MARGIN * size, high + MARGIN * size
    return float(low[0]), float(high[0]), float(low[1]), float(high[1])


def number_of(loss: Any) -> float:
    """The loss as a number.

    Raises:
        ProgramError: it is none, or several.
    """
    try:
        return float(_plain(loss))
    except (TypeError, ValueError, RuntimeError):
        raise ProgramError(
            f"step() must return the loss, one number; it returned {_said(loss)}.",
            ja=f"step() は損失（一つの数）を返す必要があります。返されたのは {_said(loss)} です。",
        ) from None


def numbers_of(scores: Any, n: int) -> Any:
    """(n,) float64: what `predict` gave, a list of numbers or `Value`s, or a tensor of shape (n,) or (n, 1).

    Raises:
        ProgramError: it is not one number for each of `n` points.
    """
    if hasattr(scores, "tolist"):
        scores = scores.tolist()
    try:
        found = np.array([_plain(score) for score in scores], np.float64)
    except (TypeError, ValueError, RuntimeError):
        found = np.empty(0)
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.shape != (n,):
        got = f"{len(scores)}" if isinstance(scores, Sequence) else _said(scores)
        raise ProgramError(
            f"predict() must return one number for each of {n:,} points; it returned {got}.",
            ja=f"predict() は {n:,} 個の点それぞれに一つの数を返す必要があります。返されたのは {got} です。",
        )
    return found


def _plain(thing: Any) -> Any:
    """The number in a `Value` or in a tensor of one element; anything else as it is."""
    if hasattr(thing, "item"):
        return thing.item()
    return getattr(thing, "data", thing)


def _said(thing: Any) -> str:
    shape = getattr(thing, "shape", None)
    kind = "None" if thing is None else f"a {type(thing).__name__}"
    return kind if shape is None else f"{kind} of shape {tuple(shape)}"
