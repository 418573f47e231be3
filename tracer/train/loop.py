"""The loop: one frozen `Report` a step, and nothing about who reads them.

A step is a function of the settings, the seed and its number. So taking the steps before it once more and recording it
gives the same numbers that training had, and a run of a thousand steps needs no thousand traces.
"""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from tracer.core.record import LeafKey, Override, Recorder, record
from tracer.core.tapped import serials_of
from tracer.errors import ProgramError
from tracer.train.entry import Training
from tracer.train.looks import Seen
from tracer.train.parameters import first_broken
from tracer.train.report import Report
from tracer.train.saying import number_of, plain
from tracer.train.watching import Watching


def train(
    training: Training,
    steps: int,
    *,
    taken: int = 0,
    spent: float = 0.0,
    looks: Callable[[int], bool] = lambda step: False,
    look: Callable[[int], Seen] = lambda step: Seen(),
    watching: Watching | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Report]:
    """Take steps until `steps` are taken. After a loss or a parameter that is not finite there are no more: nothing
    could be learned from them.

    Args:
        taken, spent: steps taken before, and the seconds they took.
        looks: step (from 1) -> whether something is to be seen after it. There is after the last one of all.
        look: sees it: see `looks.Watcher`.
        watching: takes the steps; without it nothing of them is seen.
        clock: seconds, for `Report.seconds`.
    """
    watching = watching or Watching(training)
    for i in range(taken, steps):
        anchors = watching.begin(i + 1)
        began = clock()
        loss = number_of(watching.take(i))
        broken = first_broken(training)
        spent += clock() - began
        last = broken is not None or not math.isfinite(loss)
        rate = rate_of(training)
        signals = watching.end(i + 1, loss, rate)
        seen = look(i + 1) if last or looks(i + 1) else Seen()
        if signals is not None and seen.fired:
            signals = signals.and_fired(seen.fired)
        yield Report(i + 1, loss, spent, seen.look, rate, seen.eval, seen.samples, broken, signals, anchors)
        if last:
            return


def rate_of(training: Training) -> float | None:
    """The learning rate, where an optimizer in `Training.state` says, or a list of one number called `lr`."""
    for name, thing in (training.state or {}).items():
        groups = getattr(thing, "param_groups", None)
        found = groups[0].get("lr") if groups else thing[0] if name == "lr" and isinstance(thing, list) else None
        if found is not None:
            return float(plain(found))
    return None


def recorded_step(
    training: Training,
    step: int,
    *,
    taken: int = 0,
    limit: int | None = None,
    replayed: Callable[[int], object] = lambda step: None,
    changes: Mapping[str, Override] | None = None,
    overrides: Mapping[LeafKey, Override] | None = None,
) -> tuple[Recorder, float | None, BaseException | None]:
    """Take the steps before `step` (from 1) once more, then record it.

    Args:
        training: newly built, as the run's was, or brought to where the run was after `taken` steps.
        limit: most nodes.
        replayed: called with the number of each step taken on the way.
        changes: name of a parameter (or of what the step sees around it) -> its number at the beginning of this step.
        overrides: the same for leaves that the step itself makes: see `record`.

    Returns:
        The recording, the loss, and what the step raised, if it did; then it is recorded up to there.
    """
    for i in range(taken, step - 1):
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
            recorder.parameters[name] = serials_of(parameter)
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
