"""Evenly spaced numbers, rounded as PyTorch's kernels round them.

They add a multiple of the step to an end, with one rounding; `arange` does so for the first number of each group of a
vector register (32 bytes) and counts on from there.

Source: found by experiment with PyTorch 2.13 (x86-64, AVX2); on other processors its last digit may differ.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tracer.core.fma import fma

Array = np.ndarray[Any, np.dtype[Any]]

_REGISTER = 32  # bytes


def counted(start: Any, step: Any, count: int, dtype: np.dtype[Any]) -> Array:
    """start, start + step, …: `count` numbers.

    Args:
        start, step: ints for integer types, so that large ones stay exact.
    """
    places = np.arange(count)
    if dtype.kind != "f":
        return np.asarray(start + places * step).astype(dtype)
    lanes = _REGISTER // max(dtype.itemsize, 4)
    vectorised = count // (2 * lanes) * (2 * lanes) if dtype != np.float16 else 0  # two registers a turn
    group = np.where(places < vectorised, places // lanes * lanes, places)
    with np.errstate(over="ignore", invalid="ignore"):
        first = fma(group.astype(np.float64), step, start, np.float64).astype(dtype)
        return fma((places - group).astype(np.float64), step, first, np.float64).astype(dtype)


def evenly(start: float, end: float, count: int, dtype: np.dtype[Any]) -> Array:
    """`count` numbers from `start` to `end`, both included. One half counts from the start, the other from the end."""
    if count == 1:
        return np.array([start]).astype(dtype)
    kind = dtype if dtype.kind == "f" and dtype != np.float16 else np.dtype(np.float64)
    low, high = kind.type(start), kind.type(end)
    places = np.arange(count)
    with np.errstate(all="ignore"):
        step = (high - low) / kind.type(max(count - 1, 1))
        from_start = fma(places.astype(kind), step, low, kind)
        from_end = fma((places - (count - 1)).astype(kind), step, high, kind)
        return np.where(places < count // 2, from_start, from_end).astype(dtype)


def powers(base: float, start: float, end: float, count: int, dtype: np.dtype[Any]) -> Array:
    """base^start … base^end, the exponents evenly spaced."""
    exponents = evenly(start, end, count, np.dtype(np.float64))
    with np.errstate(all="ignore"):
        return np.power(float(base), exponents).astype(dtype)
