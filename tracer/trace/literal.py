"""Static arguments and notes as JSON: what JSON has no word for is tagged, arrays are rows of the arena. No pickle.

`{"slice": [0, null, 2]}`, `{"tuple": [1, 2]}`, `{"array": 17}`, `{"float": "nan"}`; None, booleans, whole and finite
decimal numbers and text stand as they are.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.core.dtype import DTYPES, DType
from tracer.trace.refused import Refused

Array = NDArray[Any]

DEEPEST = 16
"""Levels of tuples within tuples that are read."""
_NAMES = {name: float(name) for name in ("nan", "inf", "-inf")}


class Writer:
    """Writes literals, and collects the arrays in them behind those of the arena.

    Args:
        arena: arrays known already; one of them is written as its row.
    """

    def __init__(self, arena: Sequence[Array]) -> None:
        self.arrays = list(arena)
        self._rows = {id(array): row for row, array in enumerate(self.arrays)}

    def text(self, given: Mapping[str, Any] | None) -> str:
        """One mapping, or None, as JSON."""
        return json.dumps(None if given is None else self._mapping(given), ensure_ascii=False, allow_nan=False)

    def _mapping(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return {str(key): self._tagged(value) for key, value in given.items()}

    def _tagged(self, value: Any) -> Any:
        if value is None or type(value) in (bool, int, str):
            return value
        if type(value) is float:
            return value if math.isfinite(value) else {"float": str(value)}
        if isinstance(value, np.ndarray):
            return {"array": self._row(value)}
        if isinstance(value, np.generic):
            return {"scalar": self._row(np.asarray(value))}
        if isinstance(value, tuple | list):
            return {"tuple" if isinstance(value, tuple) else "list": [self._tagged(one) for one in value]}
        if isinstance(value, Mapping):
            return {"mapping": self._mapping(value)}
        if isinstance(value, slice):
            return {"slice": [self._tagged(one) for one in (value.start, value.stop, value.step)]}
        if value is Ellipsis:
            return {"ellipsis": 0}
        if isinstance(value, DType):
            return {"type": value.name}
        if isinstance(value, np.dtype):
            return {"dtype": value.str}
        if isinstance(value, float | int):  # a subclass
            return self._tagged(float(value) if isinstance(value, float) else int(value))
        return str(value)

    def _row(self, array: Array) -> int:
        row = self._rows.get(id(array))
        if row is None:
            row = self._rows[id(array)] = len(self.arrays)
            self.arrays.append(array)
        return row


def read(text: str, arrays: Sequence[Array]) -> Mapping[str, Any] | None:
    """The mapping, or None, that a `Writer` wrote.

    Raises:
        Refused: it is none.
    """
    try:
        found = json.loads(text)
        return None if found is None else _mapping(found, arrays, 0)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        raise Refused("damaged: static arguments or notes are broken.") from None


def _mapping(found: Any, arrays: Sequence[Array], depth: int) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise ValueError
    return {key: _untagged(value, arrays, depth + 1) for key, value in found.items()}


def _untagged(found: Any, arrays: Sequence[Array], depth: int) -> Any:
    if depth > DEEPEST or (type(found) is int and not -(1 << 63) <= found < 1 << 63):
        raise ValueError
    if type(found) is float and not math.isfinite(found):
        raise ValueError
    if found is None or isinstance(found, bool | int | float | str):
        return found
    if not isinstance(found, dict) or len(found) != 1:
        raise ValueError
    ((tag, content),) = found.items()
    if tag in ("tuple", "list", "slice"):
        if not isinstance(content, list):
            raise ValueError
        parts = [_untagged(one, arrays, depth + 1) for one in content]
        if tag == "slice":
            start, stop, step = parts
            return slice(start, stop, step)
        return tuple(parts) if tag == "tuple" else parts
    if tag == "mapping":
        return _mapping(content, arrays, depth)
    if tag in ("array", "scalar"):
        if type(content) is not int or content < 0:
            raise ValueError
        return arrays[content] if tag == "array" else arrays[content][()]
    simple: dict[str, Any] = {"ellipsis": lambda _: Ellipsis, "float": _NAMES.__getitem__, "type": DTYPES.__getitem__}
    if tag == "dtype":
        return _dtype(content)
    return simple[tag](content)


def _dtype(content: Any) -> np.dtype[Any]:
    for known in DTYPES.values():
        if known.numpy.str == content:
            return known.numpy
    raise ValueError
