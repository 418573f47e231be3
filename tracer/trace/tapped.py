"""How a file keeps what a program marked for panels, and what it trains; a file need not have any."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tracer.trace.refused import must

Things = Mapping[str, tuple[NDArray[Any], ...]]
"""Name -> arrays, in order: nodes, or plain numbers."""

MOST_AXES = 16
"""Of one thing."""
_WRONG = "its taps do not fit together"


def pack(taps: Things, prefix: str, column: str, dtype: DTypeLike) -> dict[str, NDArray[Any]]:
    """How many things each name has, how many axes each thing, how long those are, and all their nodes.

    Args:
        prefix: what the columns' names begin with.
        column, dtype: what the nodes (or numbers) are called, and their type.
    """
    things = [one for some in taps.values() for one in some]
    return {
        f"{prefix}.counts": np.array([len(some) for some in taps.values()], np.int32),
        f"{prefix}.axes": np.array([one.ndim for one in things], np.int64),
        f"{prefix}.shape": np.array([size for one in things for size in one.shape], np.int64),
        f"{prefix}.{column}": np.concatenate([np.zeros(0, dtype), *(one.reshape(-1) for one in things)]).astype(dtype),
    }


def unpack(names: Sequence[str], get: Callable[[str], NDArray[Any]], prefix: str, column: str) -> Things:
    """What `pack` was given, from its columns.

    Raises:
        Refused: they contradict one another.
    """
    counts, axes, shape = (get(f"{prefix}.{name}").tolist() for name in ("counts", "axes", "shape"))
    nodes = get(f"{prefix}.{column}")
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


def single(taps: Things) -> dict[str, NDArray[Any]]:
    """Of names that have one thing each, that thing.

    Raises:
        Refused: a name has another number of them.
    """
    must(all(len(things) == 1 for things in taps.values()), _WRONG)
    return {name: things[0] for name, things in taps.items()}
