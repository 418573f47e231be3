"""How a file keeps what a program marked for panels; a file need not have any."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import Taps
from tracer.trace.refused import must

MOST_AXES = 16
"""Of one thing."""
_WRONG = "its taps do not fit together"


def pack(taps: Taps) -> dict[str, NDArray[Any]]:
    """How many things each name has, how many axes each thing, how long those are, and all their nodes."""
    things = [one for some in taps.values() for one in some]
    return {
        "taps.counts": np.array([len(some) for some in taps.values()], np.int32),
        "taps.axes": np.array([one.ndim for one in things], np.int64),
        "taps.shape": np.array([size for one in things for size in one.shape], np.int64),
        "taps.nodes": np.concatenate([np.zeros(0, np.int32), *(one.reshape(-1) for one in things)]),
    }


def unpack(names: Sequence[str], get: Callable[[str], NDArray[Any]]) -> Taps:
    """What `pack` was given, from its columns.

    Raises:
        Refused: they contradict one another.
    """
    counts, axes, shape = (get(f"taps.{name}").tolist() for name in ("counts", "axes", "shape"))
    nodes = get("taps.nodes")
    must(len(names) == len(set(names)) == len(counts) and all(n >= 0 for n in (*counts, *axes, *shape)), _WRONG)
    must(sum(counts) == len(axes) and sum(axes) == len(shape), _WRONG)
    things = []
    for n in axes:
        size, shape = tuple(shape[:n]), shape[n:]
        many = math.prod(size)
        must(n <= MOST_AXES and many <= len(nodes), _WRONG)
        things.append(nodes[:many].reshape(size))
        nodes = nodes[many:]
    must(not len(nodes), _WRONG)
    left = iter(things)
    return {name: tuple(next(left) for _ in range(count)) for name, count in zip(names, counts, strict=True)}
