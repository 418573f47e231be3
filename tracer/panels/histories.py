"""Histories over the training: read off the signals that a run keeps of some steps, and off what is at hand of others.

Only steps up to the one shown are told of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from tracer.numbers import percent
from tracer.panels.data import Data, Floats
from tracer.panels.panel import NOT_HERE, NOT_YET, Choice, RunView
from tracer.panels.parameters import short_name
from tracer.panels.stepped import AT_LOSS, STEP, Rows, Steps, until
from tracer.text import LANGS, Text
from tracer.trace.cells import Cell
from tracer.trace.observation import Observation
from tracer.train.diagnosis import FEWEST_LOOKS, WINDOW
from tracer.train.signals import OfWeights, Signals, signals_of

Steps_ = NDArray[np.int64]
Of = Literal["gradients", "weights", "ratios"]
_OF: Mapping[Of, Callable[[OfWeights], float]] = {
    "gradients": lambda one: one.grad,
    "weights": lambda one: one.weight,
    "ratios": lambda one: one.update / one.weight if one.weight > 0 else float("nan"),
}
ACTIVE, ABOVE, DEAD = Text("active", "活性"), Text("above 0", "正の割合"), Text("dead", "死んでいる")
_SIGNALS: WeakKeyDictionary[Observation, Signals] = WeakKeyDictionary()


def records(view: RunView) -> dict[int, Signals]:
    """Step -> its signals, ascending."""
    found = dict(view.past.signals)
    at_hand = (*view.trail, *([view.observation] if view.observation is not None else []))
    for observation in at_hand:
        if observation.step not in found:
            if observation not in _SIGNALS:
                _SIGNALS[observation] = signals_of(observation)
            found[observation.step] = _SIGNALS[observation]
    return {step: found[step] for step in sorted(found) if step <= view.shown}


def gradient_norms(view: RunView) -> tuple[Steps_, Floats]:
    """Steps, and the L2 norm of the whole gradient in each; those without a gradient are left out."""
    known = {step: one.total.grad for step, one in records(view).items() if not np.isnan(one.total.grad)}
    return np.array(list(known), np.int64), np.array(list(known.values()), np.float64)


def over_steps(view: RunView, what: Of, title: Text, axis: Text, choice: Choice, *, grad: bool = False) -> Data | Text:
    """A series for each parameter."""
    found = records(view)
    if not found:
        return NOT_YET
    names = tuple(dict.fromkeys(name for one in found.values() for name in one.weights))
    if not names:
        return NOT_HERE
    missing = OfWeights(float("nan"), float("nan"), float("nan"))
    values = np.array([[_OF[what](one.weights.get(name, missing)) for one in found.values()] for name in names])
    steps = np.array(list(found), np.int64)
    return history(
        view,
        title,
        steps,
        values,
        tuple(map(short_name, names)),
        tuple(Cell(name, grad=grad) for name in names),
        axis,
        log=choice.log,
        current=names.index(choice.parameter) if choice.parameter in names else None,
    )


def position_losses(view: RunView, title: Text, choice: Choice) -> Data | Text:
    """A series for each position: its loss, the mean over the documents of a step."""
    found = {step: one.positions for step, one in records(view).items() if one.positions}
    if not found:
        return NOT_YET
    many = max(map(len, found.values()))
    values = np.full((many, len(found)), np.nan)
    for column, losses in enumerate(found.values()):
        values[: len(losses), column] = losses
    return history(
        view,
        title,
        np.array(list(found), np.int64),
        values,
        tuple(map(str, range(many))),
        (AT_LOSS,) * many,
        Text("nats", "nat"),
        log=choice.log,
        current=choice.position_of(many),
    )


def firing(view: RunView, name: str, title: Text, *, gated: bool) -> Data | Text:
    """The share of a layer's neurons that are active, in percent, and of those that are dead, where they are gates."""
    found = {step: one for step, one in records(view).items() if name in one.taps}
    if not found:
        return NOT_YET
    steps = np.array(list(found), np.int64)
    active = np.array([100 * one.taps[name].active for one in found.values()])
    dead = np.full(len(steps), np.nan)
    if gated:
        for column, step in enumerate(found):
            silent = silent_until(view, name, step)
            if silent is not None and len(silent[0]):
                dead[column] = 100 * silent[0].mean()
    values = np.array([active, dead]) if gated else active[None]
    names = (ACTIVE, DEAD) if gated else (ABOVE,)
    now = [percent(float(row[-1]) / 100) if not np.isnan(row[-1]) else "?" for row in values]
    note = Text(*("   ".join(f"{one[lang]} {at}" for one, at in zip(names, now, strict=True)) for lang in LANGS))
    axis = Text("% of the neurons", "ニューロンに占める %")
    return replace(
        history(view, title, steps, values, (), (Cell(name),) * len(values), axis), names=names, note=note, low=0.0
    )


def dead(view: RunView, name: str, neurons: int) -> tuple[frozenset[int], int] | None:
    """The neurons that were silent in the last looks, and in how many; None before there have been enough."""
    found = silent_until(view, name, view.shown)
    if found is None or len(found[0]) != neurons:
        return None
    return frozenset(np.flatnonzero(found[0]).tolist()), found[1]


def silent_until(view: RunView, name: str, step: int) -> tuple[NDArray[np.bool_], int] | None:
    """Whether each neuron was silent in the run's last looks up to a step, and in how many; None if those are too few.

    Only looks at the run's own steps count, as in its diagnosis: what else was looked at says nothing of the run.
    """
    looks = [one.fired[name] for at, one in view.past.signals if at <= min(step, view.shown) and name in one.fired]
    masks = looks[-WINDOW:]
    if len(masks) < FEWEST_LOOKS or len(set(map(len, masks))) != 1:
        return None
    silent: NDArray[np.bool_] = ~np.any(np.array(masks, bool), axis=0)
    return silent, len(masks)


def history(
    view: RunView,
    title: Text,
    steps: Steps_,
    values: Floats,
    rows: tuple[str, ...],
    cells: tuple[Cell, ...],
    axis: Text,
    *,
    log: bool = False,
    current: int | None = None,
) -> Data:
    """Series over some steps."""
    return Data(
        "lines",
        title,
        int(steps[-1]),
        values,
        rows=rows,
        axis=axis,
        log=log,
        absent=np.isnan(values),
        extra={"x": steps.astype(np.float64), **until(view)},
        marks={} if current is None else {"current": frozenset({current})},
        cells=Rows(cells, len(steps)),
        steps=Steps(steps, len(values)),
        reading=STEP,
    )
