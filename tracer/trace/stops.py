"""Where a step of each granularity ends, as one ascending array of positions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tracer.trace.segment import PARTS, By, Segment

if TYPE_CHECKING:
    from tracer.trace.trace import Trace


def stops(trace: Trace, by: By) -> NDArray[np.int64]:
    """Ascending positions; the last is always `len(trace)`, 0 is never among them."""
    if by == "part":
        return np.arange(1, len(trace) + 1)
    if by == "pass":
        return _pass_ends(trace)
    found = [_inside(trace, segment, by) for segment in trace.segments]
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _inside(trace: Trace, segment: Segment, by: By) -> NDArray[np.int64]:
    """The stops of one segment."""
    if segment.kind == "backward":
        return _backward(trace, segment, by)
    every = np.arange(segment.start + 1, segment.stop + 1)
    if by != "scope":
        return every
    if segment.kind != "forward":
        return every[-1:]
    return every[_changes(trace.columns.scope[segment.first : segment.first + len(segment)])]


def _backward(trace: Trace, segment: Segment, by: By) -> NDArray[np.int64]:
    count = (len(segment) - segment.seed) // PARTS
    ends = segment.start + segment.seed + PARTS * np.arange(1, count + 1)
    if by != "edge":
        users = trace.passes[segment.pass_index].users[segment.first : segment.first + count]
        ends = ends[_changes(users if by == "node" else trace.columns.scope[users])]
    if segment.seed and (by != "scope" or not count):
        return np.concatenate([[segment.start + 1], ends])
    return ends


def _changes(labels: NDArray[np.int64] | NDArray[np.int32]) -> NDArray[np.int64]:
    """Indices at which a run of equal labels ends."""
    if not len(labels):
        return np.zeros(0, np.int64)
    return np.append(np.flatnonzero(labels[1:] != labels[:-1]), len(labels) - 1)


def _pass_ends(trace: Trace) -> NDArray[np.int64]:
    """Ends of segments, but none inside a backward pass that marks interrupt."""
    if not trace.segments:
        return np.zeros(0, np.int64)
    last = {p.index: p.stop for p in trace.passes}
    ends = np.array([s.stop for s in trace.segments], np.int64)
    closes = np.array([s.kind == "backward" and s.stop == last[s.pass_index] for s in trace.segments])
    between = np.array([s.kind != "backward" for s in trace.segments])
    begins = np.array([p.start for p in trace.passes], np.int64)  # ascending: passes come in their order
    furthest = np.append(0, np.maximum.accumulate(np.array([p.stop for p in trace.passes], np.int64)))
    inside = furthest[begins.searchsorted(ends)] > ends  # of the passes begun before, one goes on after
    found: NDArray[np.int64] = ends[closes | (between & ~inside)]
    return found
