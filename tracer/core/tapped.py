"""What was tapped, by name: the things themselves, the serial numbers of what they are made of, or plain numbers."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import TapNumbers, Taps
from tracer.core.growing import locked
from tracer.core.ids import Ids

NOBODY = -1
"""Serial number of a plain number, and node of what is not recorded."""


class Tapped(dict[str, list[Any]]):
    """Name -> things, in order."""

    def __init__(self) -> None:
        super().__init__()
        self._open: dict[str, list[Any]] = {}  # name -> the thing whose pieces are still coming

    def add(self, name: str, thing: Any, at: tuple[int, ...] | None) -> None:
        """One more thing under this name, or a piece of the last one."""
        if at is None or not at:
            self.setdefault(name, []).append(thing)
        elif name not in self._open or not _put(self._open[name], at, thing):
            rows: list[Any] = []
            self._open[name] = rows
            _put(rows, at, thing)
            self.setdefault(name, []).append(rows)

    def nodes(self, ids: Ids) -> Taps:
        """The nodes of each thing, where the things are serial numbers."""
        return {name: tuple(locked(nodes_of(one, ids)) for one in list(things)) for name, things in list(self.items())}

    def numbers(self) -> TapNumbers:
        """The numbers of each thing, where the things are plain numbers."""
        return {name: tuple(locked(filled(one, np.nan)) for one in list(things)) for name, things in self.items()}

    def forget_all(self) -> None:
        """Drop the things whose pieces are no longer coming."""
        for name, things in list(self.items()):
            things[:] = [one for one in things if one is self._open.get(name)]
            if not things:
                del self[name]

    def forget(self, ids: Ids) -> None:
        """Drop the things of which no node is known any more."""
        for name, things in list(self.items()):
            things[:] = [one for one in things if (nodes_of(one, ids) != NOBODY).any() or one is self._open.get(name)]
            if not things:
                del self[name]


def serials_of(thing: Any) -> Any:
    """The serial number of a `Value` or tensor; lists of them for rows; -1 for a plain number."""
    if isinstance(thing, list | tuple):
        return [serials_of(one) for one in thing]
    return thing._serial if hasattr(type(thing), "_serial") else NOBODY


def plain_numbers(thing: Any) -> Any | None:
    """A thing that is made of plain numbers and nothing else, as lists in lists; None for any other.

    An empty list is nobody's number.
    """
    if isinstance(thing, np.ndarray):
        return thing.tolist() if thing.dtype.kind in "biuf" and thing.size else None
    if isinstance(thing, list | tuple):
        found = []
        for one in thing:  # of a row of `Value`s the first one ends this
            number = plain_numbers(one)
            if number is None:
                return None
            found.append(number)
        return found or None
    return thing if isinstance(thing, Real) else None


def _put(rows: list[Any], at: tuple[int, ...], thing: Any) -> bool:
    """Put a thing into its place in lists in lists; False where something stands there."""
    for index in at[:-1]:
        rows.extend(None for _ in range(index + 1 - len(rows)))
        if rows[index] is None:
            rows[index] = []
        rows = rows[index]
        if not isinstance(rows, list):
            return False
    last = at[-1]
    rows.extend(None for _ in range(last + 1 - len(rows)))
    if rows[last] is not None:
        return False
    rows[last] = thing
    return True


def nodes_of(rows: Any, ids: Ids) -> NDArray[np.int32]:
    """The nodes with these serial numbers, in an array; shorter rows end in -1."""
    serials = filled(rows, NOBODY)
    found = ids.find_all(serials.reshape(-1)).astype(np.int32)
    return found.reshape(serials.shape)


def filled(rows: Any, rest: float) -> NDArray[Any]:
    """Lists in lists as an array of the type of `rest`, which stands wherever a row is shorter."""
    array = np.full(_shape(rows), rest)
    _fill(array, rows)
    return array


def _shape(rows: Any) -> tuple[int, ...]:
    if not isinstance(rows, list):
        return ()
    inner = [_shape(one) for one in rows]
    axes = max(map(len, inner), default=0)
    return (len(rows), *(max(shape[axis] for shape in inner if len(shape) > axis) for axis in range(axes)))


def _fill(array: NDArray[Any], rows: Any) -> None:
    if not isinstance(rows, list):
        if rows is not None and array.size:
            array[(0,) * array.ndim] = rows
        return
    flat = array.ndim == 1
    for place, one in enumerate(rows):
        if flat and not isinstance(one, list):  # a row of numbers, and there are thousands of them
            if one is not None:
                array[place] = one
        else:
            _fill(array[place : place + 1].reshape(array.shape[1:]), one)
