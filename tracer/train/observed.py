"""Watching a training step while it is taken: what panels show of it, at a few hundredths of what the step costs.

Whatever the program taps is held on to; when a backward pass is over, gradients are read off. The program does exactly
what it does when nobody watches, and nothing is recorded. `tracer.trace.observation.observe` reads the same numbers off
a recording of the step; tests hold the two equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.core.backend import to_host
from tracer.core.passed import HEARING
from tracer.core.tapped import Tapped, filled
from tracer.core.taps import LISTENING
from tracer.core.tensor import Tensor
from tracer.core.value import Value
from tracer.trace.observation import Moments, Observation, Seen, Weights, assemble
from tracer.trace.things import NUMBERS
from tracer.train import parameters
from tracer.train.entry import Training
from tracer.train.saying import plain

Array = NDArray[Any]


class Watch:
    """`with Watch(training) as watch: loss = training.step(i)`; then `watch.observation(...)`."""

    def __init__(self, training: Training) -> None:
        self._training = training
        self._things = _Things()
        self._passed = False
        self._reached: set[int] = set()
        """Serial numbers of the `Value`s that gradient came to."""
        self._gradients: dict[int, Any] = {}
        """Serial number of a tapped `Value` or tensor -> its gradient."""
        self._before = parameters.arrays(training)
        self._grads: dict[str, Array | None] = dict.fromkeys(self._before)

    def __enter__(self) -> Watch:
        LISTENING.append(self._things)
        HEARING.append(self._heard)
        return self

    def __exit__(self, *_: object) -> None:
        HEARING.remove(self._heard)
        LISTENING.remove(self._things)

    def _heard(self, values: Sequence[Value], tensors: Mapping[int, Any]) -> None:
        """A pass is over."""
        self._passed = True
        self._reached.update([one._serial for one in values])
        if values:
            self._gradients.update([(one._serial, one._grad) for one in self._things.held])
        for serial in self._things.tensors & tensors.keys():
            self._gradients[serial] = np.array(to_host(tensors[serial]))
        named = {name: self._training.named_parameters()[name] for name in self._before}
        self._before = {name: parameters.numbers(one) for name, one in named.items()}
        self._grads = {name: self._gradient(one) for name, one in named.items()}

    def _gradient(self, parameter: Any) -> Array | None:
        found = parameters.gradient(parameter)
        if found is None and any(one._serial in self._reached for one in _values(parameter)):
            return np.zeros(parameters.shape_of(parameter))
        return found

    def observation(self, step: int, loss: float, lr: float | None) -> Observation:
        """What was seen of the step, which is over.

        Args:
            step: from 1.
            lr: of its update.
        """
        with np.errstate(all="ignore"):
            return self._observation(step, loss, lr)

    def _observation(self, step: int, loss: float, lr: float | None) -> Observation:
        after, moments = parameters.arrays(self._training), moments_of(self._training)
        weights = {}
        for name, before in self._before.items():
            known = moments.get(name, Moments())
            weights[name] = Weights(before, self._grads[name], after[name] - before, known.m, known.v)
        things = {name: [seen for one in some for seen in self._seen(one)] for name, some in self._things.items()}
        numbers = {
            name: [one for one in map(_plain, self._things.get(name, ())) if one is not None] for name in NUMBERS
        }
        shown = {name: seen for name, seen in things.items() if seen and name not in NUMBERS}
        return assemble(shown, numbers, step=step, loss=loss, weights=weights, lr=lr)

    def _seen(self, thing: Any) -> Iterator[Seen]:
        """A tapped thing with its gradient; several where it is tensors that do not fit together."""
        arrays = [one for one in _flat(thing) if isinstance(one, _Array)]
        if not arrays:
            values = [one for one in _flat(thing) if isinstance(one, Value)]
            if values:
                grad = None
                if any(one._serial in self._reached or self._gradients.get(one._serial) for one in values):
                    grad = filled(_mapped(thing, lambda one: self._gradients.get(one._serial, 0.0)), np.nan)
                yield Seen(filled(_mapped(thing, lambda one: one._data), np.nan), grad)
        elif isinstance(thing, _Array):
            yield Seen(thing.array, self._gradients.get(thing.serial))
        elif len({one.array.ndim for one in arrays}) == 1:
            grads = [(place, self._gradients.get(one.serial)) for place, one in _placed(thing)]
            value = _stacked([(place, one.array) for place, one in _placed(thing)])
            known = [(place, grad) for place, grad in grads if grad is not None]
            yield Seen(value, _stacked(known, value.shape) if known else None)
        else:
            yield from (Seen(one.array, self._gradients.get(one.serial)) for one in arrays)


class _Array:
    """A tensor as it was when it was tapped."""

    def __init__(self, tensor: Tensor) -> None:
        self.serial, self.array = tensor._serial, np.array(to_host(tensor._array))


class _Things(Tapped):
    """What is tapped, tensors as they are then."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[Value] = []
        self.tensors: set[int] = set()

    def add(self, name: str, thing: Any, at: tuple[int, ...] | None) -> None:
        super().add(name, self._kept(thing), at)

    def _kept(self, thing: Any) -> Any:
        if isinstance(thing, Value):
            self.held.append(thing)
        elif isinstance(thing, Tensor):
            thing = _Array(thing)
            self.tensors.add(thing.serial)
        elif isinstance(thing, list | tuple):
            return [self._kept(one) for one in thing]  # the program may go on with its own list
        return thing


def moments_of(training: Training) -> dict[str, Moments]:
    """What the optimizers in `Training.state` remember of each parameter.

    An optimizer has a state for each tensor, as PyTorch's; or lists called `m` and `v` stand there, a number for each
    number that is trained, in their order.
    """
    kept, named = training.state or {}, training.named_parameters()
    found: dict[str, Moments] = {}
    for thing in kept.values():
        states = getattr(thing, "state", None)
        if isinstance(states, Mapping) and hasattr(thing, "param_groups"):
            found |= {name: _moments(states[one]) for name, one in named.items() if _is_key(one, states)}
    lists = [one for one in (kept.get("m"), kept.get("v")) if isinstance(one, list)]
    if len(lists) == 2 and all(len(one) == parameters.count(training) for one in lists):
        at = 0
        for name, thing in named.items():
            shape = parameters.shape_of(thing)
            size = int(np.prod(shape, dtype=np.int64))
            found[name] = Moments(*(_numbers(one[at : at + size], shape) for one in lists))
            at += size
    return found


def _is_key(thing: Any, states: Mapping[Any, Any]) -> bool:
    return isinstance(thing, Tensor) and thing in states


def _moments(state: Mapping[str, Any]) -> Moments:
    found = (state.get(name) for name in ("exp_avg", "exp_avg_sq"))
    return Moments(*(np.array(to_host(one._array)) if isinstance(one, Tensor) else None for one in found))


def _numbers(numbers: Any, shape: tuple[int, ...]) -> Array | None:
    try:
        return np.array([plain(one) for one in numbers], np.float64).reshape(shape)
    except (TypeError, ValueError):
        return None


def _plain(thing: Any) -> Array | None:
    """Tokens or targets as they were tapped."""
    if isinstance(thing, _Array):
        return thing.array
    found = filled(thing, np.nan) if all(isinstance(one, int | float) for one in _flat(thing)) else None
    return np.asarray(thing) if isinstance(thing, np.ndarray) else found


def _values(thing: Any) -> Iterator[Value]:
    return (one for one in _flat(thing) if isinstance(one, Value))


def _flat(thing: Any) -> Iterator[Any]:
    if isinstance(thing, list | tuple):
        for one in thing:
            yield from _flat(one)
    elif thing is not None:
        yield thing


def _mapped(thing: Any, number: Any) -> Any:
    """Rows of `Value`s as rows of numbers; of anything else, nothing."""
    if isinstance(thing, list):
        return [_mapped(one, number) for one in thing]
    return number(thing) if isinstance(thing, Value) else None


def _placed(thing: Any, at: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], _Array]]:
    if isinstance(thing, list):
        for place, one in enumerate(thing):
            yield from _placed(one, (*at, place))
    elif isinstance(thing, _Array):
        yield at, thing


def _stacked(parts: Sequence[tuple[tuple[int, ...], Array]], shape: tuple[int, ...] | None = None) -> Array:
    """Arrays side by side in a larger one; nan where none stands."""
    if shape is None:
        lead = np.array([place for place, _ in parts]).max(axis=0) + 1
        inner = np.array([array.shape for _, array in parts]).reshape(len(parts), -1).max(axis=0)
        shape = (*lead.tolist(), *inner.astype(int).tolist())
    dtype = np.result_type(*(array for _, array in parts))
    whole: Array = np.full(shape, np.nan, dtype if dtype.kind == "f" else np.float64)
    for place, array in parts:
        whole[place + tuple(map(slice, array.shape))] = array
    return whole
