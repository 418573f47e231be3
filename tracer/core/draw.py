"""Arrays filled with random numbers, the same as PyTorch's CPU kernels draw from the same generator.

Numbers are drawn in the order the elements lie in memory, as there: a transposed array is filled along its columns.
float16 is drawn as float32 and rounded.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tracer.core.boxmuller import BLOCK, normal_blocks, normal_pair, scaled
from tracer.core.fma import Floats, fma
from tracer.core.generator import Generator

Array = np.ndarray[Any, np.dtype[Any]]

_WIDE_RANGE = 2**28  # from here on an integer takes 64 bits, lest the remainder favour small numbers
_LARGE_PERMUTATION = (2**32 - 1) // 20


def uniform(array: Array, low: float, high: float, generator: Generator) -> None:
    """Fill with uniform numbers in [low, high)."""
    kind = np.dtype(np.float64 if array.dtype == np.float64 else np.float32)
    unit = _unit(generator, array.size, kind)
    start, stop = kind.type(low), kind.type(high)
    found = unit if (low, high) == (0, 1) else fma(unit, stop - start, start, kind)
    numbers = found.astype(array.dtype)
    numbers[numbers == array.dtype.type(high)] = array.dtype.type(low)  # rounding may have reached the end
    _fill(array, numbers)


def normal(array: Array, mean: float, std: float, generator: Generator, in_order: bool | None = None) -> None:
    """Fill with normal numbers: in blocks of 16 where 16 or more lie in order, else in pairs.

    Args:
        in_order: whether they do in the tensor these numbers are for; without it, as in `array`.
    """
    in_order = array.flags.c_contiguous if in_order is None else in_order
    if array.size < BLOCK or not in_order:
        _fill(array, _as_type(scaled(_normals(generator, array.size), mean, std), array.dtype))
        return
    kind = np.dtype(np.float64 if array.dtype == np.float64 else np.float32)
    rest = array.size % BLOCK
    # float16 is made block by block in a buffer, so its unfinished block draws nothing of its own
    drawn = _unit(generator, array.size - (rest if array.dtype == np.float16 else 0), kind)
    flat = array.reshape(-1)
    whole = array.size - rest
    flat[:whole] = normal_blocks(drawn[:whole], mean, std)
    if rest:  # the last 16 are made anew, overlapping what stands there
        flat[-BLOCK:] = normal_blocks(_unit(generator, BLOCK, kind), mean, std)


def integers(array: Array, low: int, high: int, generator: Generator) -> None:
    """Fill with integers in [low, high)."""
    span = high - low
    words = generator.long_words(array.size) if span >= _WIDE_RANGE else generator.words(array.size)
    found = (words % np.uint64(span)) + np.uint64(low % 2**64)  # wraps around, as signed numbers then do
    _fill(array, found.astype(np.int64).astype(array.dtype))


def any_integers(array: Array, generator: Generator) -> None:
    """Fill with integers from 0 to the largest of the type; for floats, to the largest up to which all are exact."""
    wide = array.dtype in (np.int64, np.float64)
    words = generator.long_words(array.size) if wide else generator.words(array.size)
    if array.dtype.kind == "f":
        count = 2 ** (np.finfo(array.dtype).nmant + 1) + 1
    else:
        count = 2 if array.dtype == np.bool_ else int(np.iinfo(array.dtype).max) + 1
    _fill(array, (words % np.uint64(count)).astype(array.dtype))


def permutation(count: int, generator: Generator) -> np.ndarray[Any, np.dtype[np.int64]]:
    """0 … count - 1 in random order: each place swaps with itself or one after it."""
    draws = generator.words if count < _LARGE_PERMUTATION else generator.long_words
    order = list(range(count))
    for place, word in enumerate(draws(max(count - 1, 0)).tolist()):
        other = place + word % (count - place)
        order[place], order[other] = order[other], order[place]
    return np.array(order, np.int64)


def bernoulli(array: Array, p: float, generator: Generator) -> None:
    """Fill with ones, each with probability `p`, and zeros.

    PyTorch on an Intel processor asks Intel's library here and then draws others; this is what it draws elsewhere.
    """
    _fill(array, _unit(generator, array.size, np.dtype(np.float64)) < p)


def bernoulli_each(array: Array, p: Array, generator: Generator) -> None:
    """Fill with ones and zeros, each element with a probability of its own."""
    kind = np.dtype(np.float64 if p.dtype == np.float64 else np.float32)
    for_each = np.empty_like(array, kind)
    _fill(for_each, _unit(generator, array.size, kind))
    array[...] = for_each < p.astype(kind)


def exponential(array: Array, rate: float, generator: Generator) -> None:
    """Fill with numbers of density rate · exp(-rate · x)."""
    unit = _unit(generator, array.size, np.dtype(np.float64))
    logs = np.fromiter((math.log1p(-u) for u in unit.tolist()), np.float64, unit.size)
    _fill(array, _as_type(-1.0 / rate * logs, array.dtype))


def multinomial(weights: Array, count: int, replacement: bool, generator: Generator) -> np.ndarray[Any, Any]:
    """Indices drawn with probability in proportion to `weights`.

    Args:
        weights: (V,) or (B, V), finite and not negative, some positive in each row.
        count: how many to draw from each row.
        replacement: whether an index may come again.

    Returns:
        (count,) or (B, count) int64.
    """
    if replacement and count > 1:
        rows = np.atleast_2d(weights)
        found = np.empty((len(rows), count), np.int64)
        for row, into in zip(rows, found, strict=True):
            sums = np.cumsum(row)
            sums = sums / sums[-1]
            unit = _unit(generator, count, np.dtype(np.float64))
            into[:] = np.searchsorted(sums.astype(np.float64), unit)
        return found.reshape(*weights.shape[:-1], count)
    # a race: the first to arrive when each arrives at a rate of its weight
    arrival = np.empty_like(weights)
    exponential(arrival, 1.0, generator)
    with np.errstate(divide="ignore"):
        speed = weights / arrival
    if count == 1:
        return np.expand_dims(speed.argmax(-1), -1)
    return np.argsort(-speed, axis=-1, kind="stable")[..., :count]


def _unit(generator: Generator, count: int, kind: np.dtype[Any]) -> Floats:
    """Uniform numbers in [0, 1): 24 bits of one word for float32, 53 of two for float64."""
    if kind == np.float64:
        return (generator.long_words(count) & np.uint64(2**53 - 1)).astype(np.float64) * 2.0**-53
    return (generator.words(count) & np.uint64(2**24 - 1)).astype(np.float32) * np.float32(2.0**-24)


def _normals(generator: Generator, count: int) -> Floats:
    """Normal numbers drawn in pairs; the second of a pair waits for the next call."""
    found: list[float] = []
    if generator.waiting_normal is not None and count:
        found.append(generator.waiting_normal)
        generator.waiting_normal = None
    unit = _unit(generator, count - len(found) + (count - len(found)) % 2, np.dtype(np.float64)).tolist()
    for first, second in zip(unit[0::2], unit[1::2], strict=True):
        found += normal_pair(first, second)
    if len(found) > count:
        generator.waiting_normal = found.pop()
    return np.array(found, np.float64)


def _as_type(numbers: Floats, dtype: np.dtype[Any]) -> Floats:
    """Rounded to `dtype`; to float16 by way of float32, as C++ goes."""
    return (numbers.astype(np.float32) if dtype == np.float16 else numbers).astype(dtype)


def _fill(array: Array, numbers: Array) -> None:
    """Write numbers into `array` in the order of its memory."""
    axes = sorted(range(array.ndim), key=lambda axis: -array.strides[axis])
    turned = array.transpose(axes)
    turned[...] = numbers.reshape(turned.shape)
