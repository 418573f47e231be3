"""The numbers of what is trained, as NumPy arrays, whichever engine holds them.

A parameter is a `Tensor`, a `Value`, rows of `Value`s (`[[Value, ...], ...]`), or a NumPy array of the program's own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.core.backend import device_of, move, to_host
from tracer.core.memory import write
from tracer.core.tensor import Tensor
from tracer.errors import ProgramError
from tracer.train.entry import Training

Array = NDArray[Any]


def engine_of(training: Training) -> str:
    """`Value`, `Tensor`, or whatever the parameters are; empty where there are none."""
    first = next(iter(training.named_parameters().values()), None)
    while isinstance(first, list | tuple):
        first = next(iter(first), None)
    return "" if first is None else "Tensor" if isinstance(first, Tensor) else type(first).__name__


def device_and_dtype(training: Training) -> tuple[str, str]:
    """Where the numbers lie, and their type: `cpu`, `float64`."""
    for thing in training.named_parameters().values():
        if isinstance(thing, Tensor):
            return str(device_of(thing._array)), str(thing._array.dtype)
    return "cpu", "float64"


def shapes(training: Training) -> dict[str, tuple[int, ...]]:
    """Name -> shape, of every parameter whose numbers can be told."""
    return {name: shape_of(thing) for name, thing in training.named_parameters().items() if is_known(thing)}


def is_known(thing: Any) -> bool:
    """Whether the numbers of a parameter can be read and written."""
    if isinstance(thing, Tensor | np.ndarray):
        return True
    return all(isinstance(getattr(one, "data", None), float | int) for one in _values(thing))


def shape_of(thing: Any) -> tuple[int, ...]:
    """The shape of a parameter.

    Raises:
        ProgramError: its rows differ in length.
    """
    if isinstance(thing, list | tuple):
        inner = {shape_of(one) for one in thing}
        if len(inner) > 1:
            raise ProgramError(
                f"a parameter has rows of different shapes: {', '.join(map(str, sorted(inner)))}.",
                ja=f"行の形がそろっていないパラメータがあります: {', '.join(map(str, sorted(inner)))}。",
            )
        return (len(thing), *next(iter(inner), ()))
    if isinstance(thing, Tensor):
        return tuple(int(size) for size in thing._array.shape)
    return tuple(getattr(thing, "shape", ()))


def count(training: Training) -> int:
    """How many numbers are trained."""
    things = training.named_parameters().values()
    return sum(int(np.prod(shape_of(one), dtype=np.int64)) if is_known(one) else 1 for one in things)


def numbers(thing: Any) -> Array:
    """A copy of a parameter's numbers, in its own dtype; float64 of `Value`s."""
    if isinstance(thing, Tensor):
        return np.array(to_host(thing._array), order="C")
    if isinstance(thing, np.ndarray):
        return np.array(thing, order="C")
    return np.array([one.data for one in _values(thing)], np.float64).reshape(shape_of(thing))


def gradient(thing: Any) -> Array | None:
    """A copy of what a step has left in `.grad`; None where that is nothing, or only zeros of `Value`s."""
    if isinstance(thing, Tensor):
        return None if thing._grad is None else np.array(to_host(thing._grad._array), order="C")
    if isinstance(thing, np.ndarray):
        return None
    found = np.array([getattr(one, "grad", 0.0) for one in _values(thing)], np.float64).reshape(shape_of(thing))
    return found if found.any() else None


def assign(thing: Any, array: Array) -> None:
    """Give a parameter other numbers, in place; `array` has its shape."""
    if isinstance(thing, Tensor):
        write(thing, move(array, device_of(thing._array)))
    elif isinstance(thing, np.ndarray):
        thing[...] = array
    else:
        for one, number in zip(_values(thing), array.reshape(-1).tolist(), strict=True):
            one.data = number


def assign_gradient(thing: Any, array: Array | None) -> None:
    """Give `.grad` back what `gradient` took from it."""
    if isinstance(thing, Tensor):
        thing.grad = None if array is None else Tensor._wrap(move(array, device_of(thing._array)), told=False)
    elif not isinstance(thing, np.ndarray):
        flat = None if array is None else array.reshape(-1).tolist()
        for i, one in enumerate(_values(thing)):
            one.grad = 0.0 if flat is None else flat[i]


def first_broken(training: Training) -> str | None:
    """The first parameter, in the program's order, with a number that is not finite; None where all are."""
    for name, thing in training.named_parameters().items():
        if not _is_finite(thing):
            return name
    return None


def _is_finite(thing: Any) -> bool:
    """Whether all its numbers are; a thing that holds none of ours is none of our business."""
    if isinstance(thing, Tensor | np.ndarray):
        array = thing._array if isinstance(thing, Tensor) else thing
        if array.dtype.kind not in "fc":
            return True
        if isinstance(array, np.ndarray):
            return bool(np.isfinite(array).all())
        return bool((abs(array) < float("inf")).all())  # a GPU's array: its own module is not ours to name
    try:
        data = [one.data for one in _values(thing)]
        return math.isfinite(sum(data)) or all(map(math.isfinite, data))  # a sum may overflow
    except (AttributeError, TypeError):
        return True


def arrays(training: Training) -> dict[str, Array]:
    """Name -> a copy of the numbers, of every parameter that is known."""
    return {name: numbers(thing) for name, thing in training.named_parameters().items() if is_known(thing)}


def put(training: Training, given: Mapping[str, Array], source: str) -> None:
    """Give every parameter the numbers of `given`. Changes nothing unless all of it fits.

    Args:
        source: what messages call where the numbers come from.

    Raises:
        ProgramError: names or shapes differ; both shapes are told.
    """
    named = {name: thing for name, thing in training.named_parameters().items() if is_known(thing)}
    missing, extra = sorted(set(named) - set(given)), sorted(set(given) - set(named))
    if missing or extra:
        raise _other_names(source, missing, extra)
    for name, thing in named.items():
        ours, theirs = shape_of(thing), given[name].shape
        if ours != theirs:
            raise ProgramError(
                f"{source}: {name} has shape {theirs}; the model's has shape {ours}.",
                hint="Give the model the sizes that these weights were made with: n_layer, n_embd, block_size, "
                "and data with the same symbols.",
                ja=f"{source}: {name} の形は {theirs} ですが、モデルでは {ours} です。",
                hint_ja="n_layer、n_embd、block_size や文字の種類を、重みを作ったときとそろえてください。",
            )
    for name, thing in named.items():
        assign(thing, given[name])


def _other_names(source: str, missing: list[str], extra: list[str]) -> ProgramError:
    said, ja = [], []
    if missing:
        said.append(f"{_some(missing)} {'is' if len(missing) == 1 else 'are'} missing")
        ja.append(f"{_some(missing)} がありません")
    if extra:
        said.append(f"the model has no {_some(extra)}")
        ja.append(f"モデルに {_some(extra)} はありません")
    return ProgramError(f"{source}: {'; '.join(said)}.", ja=f"{source}: {'。'.join(ja)}。")


def _some(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f", … ({len(names):,})" if len(names) > 4 else "")


def _values(thing: Any) -> list[Any]:
    """The `Value`s in a parameter, row by row."""
    found = list(thing) if isinstance(thing, list | tuple) else [thing]
    while found and all(isinstance(one, list | tuple) for one in found):
        found = list(chain.from_iterable(found))
    return found
