"""Which element of an op's output handed gradient to one element of an input, and with what local gradient.

Elementwise ops say it themselves. Of all others the rule is only known as a whole, but it is linear in the upstream
gradient: given that of some elements alone, it gives back what these hand on. So the elements that matter are found by
halving, in a few applications of the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.core.array import unbroadcast
from tracer.core.rerun import run_again
from tracer.trace.trace import Trace

Floats = NDArray[np.float64]
PARTS = 8
"""Parts into which the candidates are cut at a time."""
TRIED = 64
"""Elements at most that are tried one by one."""


Rule = Callable[[NDArray[Any]], float]
"""Upstream gradient -> what one element of an input is handed."""


def rule_of(trace: Trace, user: int, slot: int, element: int) -> Rule:
    """What `user` hands to one element of one input, in whatever precision the upstream gradient has."""
    op = trace.op(user)
    assert op is not None, "only an op's output hands gradient on"
    args, static, out = trace.args(user), trace.static(user), np.asarray(trace.value(user))
    saved = run_again(op, args, static, out.dtype)[1] if op.saves else {}
    wanted = [at == slot for at in range(len(args))]
    shape = np.shape(args[slot])

    def rule(upstream: NDArray[Any]) -> float:
        with np.errstate(all="ignore"):
            found = op.contributions(np, wanted, upstream, out, args, static, saved)[slot]
            if found is None:
                return 0.0
            array = np.asarray(found)
            if array.shape != shape:
                array = np.asarray(unbroadcast(np, array, shape))
            return float(array.reshape(-1)[element])

    return rule


def aligned(input_shape: tuple[int, ...], shape: tuple[int, ...], element: int) -> NDArray[np.int64]:
    """The elements of an output that an input's element was broadcast to, in order."""
    if input_shape == shape:
        return np.array([element])
    places = np.arange(int(np.prod(input_shape, dtype=np.int64))).reshape(input_shape)
    return np.flatnonzero(np.broadcast_to(places, shape).reshape(-1) == element)


def products(
    name: str, args: Sequence[Any], slot: int, shape: tuple[int, ...], element: int
) -> tuple[NDArray[np.int64], NDArray[Any]] | None:
    """Of a matrix product: the elements of the output that an element of an input goes into, and its local gradients.

    None of other ops, and of stacks of matrices.
    """
    arrays = [np.asarray(arg) for arg in args]
    if name == "linear" and arrays[1].ndim == 2:
        left, right = arrays[0].reshape(-1, arrays[0].shape[-1]), arrays[1].T
    elif name == "matmul" and arrays[0].ndim == arrays[1].ndim == 2:
        left, right = arrays
    else:
        return None
    rows, columns = left.shape[0], right.shape[1]
    if slot == 0:  # (r, k): all of row r
        r, k = divmod(element, left.shape[1])
        return r * columns + np.arange(columns), right[k]
    if slot == 1:  # (k, c), of a weight (c, k): all of column c
        k, c = divmod(element, columns) if name == "matmul" else divmod(element, left.shape[1])[::-1]
        return np.arange(rows) * columns + c, left[:, k]
    return np.arange(rows) * columns + element, np.ones(rows)


def largest(rule: Rule, upstream: NDArray[Any]) -> tuple[int, float] | None:
    """(element, local gradient) that hands on the most; None where nothing is handed on.

    Halving can be misled where large contributions cancel inside a half; what it returns is exact.
    """
    flat = np.asarray(upstream, np.float64).reshape(-1)

    def part(places: NDArray[np.int64]) -> float:
        alone = np.zeros(flat.shape)
        alone[places] = flat[places]
        return abs(rule(alone.reshape(upstream.shape)))

    place = _narrowed(np.flatnonzero(flat), part)
    return None if place is None else (place, local_at(rule, upstream.shape, place))


def supporting(rule: Rule, upstream: NDArray[Any]) -> tuple[int, float] | None:
    """(element, local gradient) of an output that reacts to the input's element at all; None where none does.

    One that received gradient, if there is one.
    """
    probe = np.random.default_rng(0).uniform(0.5, 1.5, upstream.size)

    def part(places: NDArray[np.int64]) -> float:
        alone = np.zeros(probe.shape)
        alone[places] = probe[places]
        return abs(rule(alone.reshape(upstream.shape)))

    for places in (np.flatnonzero(upstream), np.arange(upstream.size)):
        place = _narrowed(places, part)
        if place is not None:
            return place, local_at(rule, upstream.shape, place)
    return None


def spoiling(rule: Rule, upstream: NDArray[Any]) -> tuple[int, float] | None:
    """(element, local gradient) of an upstream gradient that is not finite and reaches the input's element.

    None where the rule gives what is not finite even of finite gradients.
    """
    flat = np.asarray(upstream, np.float64).reshape(-1)
    bad = np.flatnonzero(~np.isfinite(flat))
    if not len(bad) or not np.isfinite(rule(np.where(np.isfinite(upstream), upstream, 1.0))):
        return None
    tried = [(int(place), local_at(rule, upstream.shape, int(place))) for place in bad[:TRIED]]
    return next((one for one in tried if one[1] != 0), tried[0])


def local_at(rule: Rule, shape: tuple[int, ...], place: int) -> float:
    """∂output[place]/∂input element: the rule at upstream 1 there, and 0 elsewhere."""
    one = np.zeros(shape)
    one.reshape(-1)[place] = 1.0
    return rule(one)


def _narrowed(places: NDArray[np.int64], size: Callable[[NDArray[np.int64]], float]) -> int | None:
    """The one of `places` found by going into the largest part each time."""
    if not len(places) or not size(places) > 0:
        return None
    while len(places) > 1:
        parts = [one for one in np.array_split(places, PARTS) if len(one)]
        sizes = [size(one) for one in parts]
        best = int(np.argmax(sizes))
        if not sizes[best] > 0:
            break
        places = parts[best]
    return int(places[0])
