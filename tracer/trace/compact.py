"""How a file keeps columns small: what is absent is left out, whole numbers take the bytes they need.

A column of -1 alone is not written. Where each node's inputs begin follows from how many it has. The nodes that a pass
reached are runs of neighbours, and so two numbers a run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.trace.refused import must

Array = NDArray[Any]
Arrays = dict[str, Array]

SMALLER = tuple(np.dtype(name) for name in ("u1", "i1", "u2", "i2", "i4"))
"""Types that a column of whole numbers may be written with in place of its own, smallest first."""
ABSENT = ("slot", "static", "pass.slots")
"""Columns that are left out where they are -1 throughout: a recording without tensors."""


def narrow(column: Array) -> Array:
    """The same whole numbers in the smallest type that holds them."""
    if column.dtype.kind not in "iu" or not len(column):
        return column
    low, high = int(column.min()), int(column.max())
    for kind in SMALLER:
        if kind.itemsize < column.dtype.itemsize and np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return column.astype(kind)
    return column


def widen(column: Array, declared: np.dtype[Any]) -> Array:
    """A column as its declared type, where it was written with a smaller one."""
    smaller = column.dtype in SMALLER and column.dtype.itemsize < declared.itemsize and declared.kind == "i"
    return column.astype(declared) if smaller else column


def shrink(arrays: Arrays) -> Arrays:
    """The columns of a file, each as small as it can be."""
    found = {name: column for name, column in arrays.items() if not (name in ABSENT and _nothing(column))}
    found["counts"] = np.diff(found.pop("offsets")).astype(np.int32)
    found |= _runs(found.pop("pass.nodes"), found["pass.node_offsets"])
    return {name: column if name.startswith("arena.") else narrow(column) for name, column in found.items()}


def _nothing(column: Array) -> bool:
    return not len(column) or bool(column.max() == -1)


def _runs(nodes: Array, offsets: Array) -> Arrays:
    """Ascending nodes, pass by pass, as runs: how far each begins behind the end of the last, and its length."""
    firsts = np.zeros(len(nodes), bool)
    firsts[1:] = np.diff(nodes) != 1
    firsts[offsets[:-1][offsets[:-1] < len(nodes)]] = True
    starts = np.flatnonzero(firsts)
    counts = np.diff(np.append(starts, len(nodes)))
    ends = nodes[starts] + counts
    before = np.append(0, ends[:-1])
    before[np.isin(starts, offsets)] = 0  # a pass counts from 0
    return {
        "pass.run_gap": (nodes[starts] - before).astype(np.int32),
        "pass.run_count": counts.astype(np.int32),
        "pass.run_offsets": np.searchsorted(starts, offsets).astype(np.int64),
    }


def offsets_of(counts: Array, inputs: int) -> Array:
    """Where each node's inputs begin."""
    must(not len(counts) or int(counts.min()) >= 0, "its edges do not fit its nodes")
    must(int(counts.sum(dtype=np.int64)) == inputs, "its edges do not fit its nodes")
    found = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=found[1:])
    return found


def nodes_of(get: Callable[[str], Array], total: int) -> Array:
    """The nodes of all passes again, one after the other.

    Args:
        get: a column by its name.
        total: how many they are; a file may say anything of its runs.
    """
    gaps, counts, offsets = get("pass.run_gap"), get("pass.run_count"), get("pass.run_offsets")
    must(len(gaps) == len(counts), "the passes' columns differ in length")
    must(not len(counts) or (int(counts.min()) > 0 and int(gaps.min()) >= 0), "a pass reaches an unknown node")
    must(int(counts.sum(dtype=np.int64)) == total, "the passes' columns differ in length")
    must(
        len(offsets) > 0 and offsets[0] == 0 and offsets[-1] == len(gaps) and not (np.diff(offsets) < 0).any(),
        "pass.nodes has wrong offsets",
    )
    steps = np.cumsum(gaps.astype(np.int64)) + np.append(0, np.cumsum(counts.astype(np.int64)))[:-1]
    bases = np.append(0, gaps.astype(np.int64).cumsum() + counts.astype(np.int64).cumsum())[offsets[:-1]]
    starts = steps - np.repeat(bases, np.diff(offsets))
    must(not len(starts) or int(starts.max()) < 1 << 31, "a pass reaches an unknown node")
    within = np.arange(total) - np.repeat(np.cumsum(counts, dtype=np.int64) - counts, counts)
    return (np.repeat(starts, counts) + within).astype(np.int32)


def absent(arrays: Arrays, like: Sequence[tuple[str, str]]) -> None:
    """Put back what was left out, in no memory: -1 for each row of a column that is there."""
    for name, other in like:
        known = arrays.get(other)
        if name not in arrays and known is not None and known.ndim == 1:
            arrays[name] = np.broadcast_to(np.int32(-1), known.shape)
