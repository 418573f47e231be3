"""What is written on a fold at a position: how much of it has been made, its values' range, the size of its gradient.

All of it is read off what has happened by then; the share of gradient flow is known when the pass is over.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import CONST
from tracer.layout.boxes import Fold
from tracer.trace.recent import recent
from tracer.trace.segment import Pass
from tracer.trace.share import shares_of
from tracer.trace.snapshot import Snapshot, snapshot
from tracer.trace.trace import Trace

KEPT = 200
"""Folds whose running numbers are kept a trace."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Stats:
    """A fold at a position."""

    nodes: int
    made: int
    """How many of them have been computed."""
    low: float | None
    """The least value of those, constants left aside where there is anything else; None where none is a number yet."""
    high: float | None
    nans: int
    """How many of the values are nan, of arrays those that hold nothing else."""
    grad_norm: float | None
    """The square root of the sum of the squares of all gradients there are; None where there is none yet."""
    partial: bool
    """Whether a gradient among them still misses a contribution, or is still to come in the pass under way."""
    share: float | None
    """What part of the gradient's flow goes through the fold, 0..1: of all routes from the root to leaves, each
    counted by |product of its local gradients|. None before a pass is over, and where arrays are handed on."""


@dataclass(frozen=True)
class _Ranges:
    """What the first k of a fold's nodes hold: rows 0..n, nan where they hold no number."""

    low: Floats
    high: Floats
    nans: NDArray[np.int64]

    @classmethod
    def of(cls, low: Floats, high: Floats, aside: NDArray[np.bool_]) -> _Ranges:
        """Running ranges; values `aside` count only until there is another."""
        counted = np.cumsum(~aside) > 0
        lows, highs = (np.where(aside & counted, np.nan, column) for column in (low, high))
        start = int(counted.argmax()) if counted.any() else len(counted)
        for column, running in ((lows, np.fmin), (highs, np.fmax)):
            column[:start] = running.accumulate(column[:start])
            column[start:] = running.accumulate(column[start:])
        first = np.full(1, np.nan)
        nans = np.concatenate([[0], np.cumsum(np.isnan(low))])
        return cls(np.concatenate([first, lows]), np.concatenate([first, highs]), nans)


class FoldStats:
    """The numbers of one fold, at any position.

    Args:
        opened: it is not drawn as one box: a route may leave it and come back.
    """

    def __init__(self, trace: Trace, fold: Fold, opened: bool) -> None:
        self.trace, self.fold, self.opened = trace, fold, opened
        self._last: tuple[Floats, _Ranges] | None = None
        self._shares: dict[int, float | None] = {}

    @cached_property
    def _at(self) -> slice | NDArray[np.int64]:
        """The nodes, as a stretch where they are one: that is many times as fast to read."""
        nodes = self.fold.nodes
        whole = len(nodes) > 0 and nodes[-1] - nodes[0] + 1 == len(nodes)
        return slice(int(nodes[0]), int(nodes[-1]) + 1) if whole else nodes

    @cached_property
    def _constant(self) -> NDArray[np.bool_]:
        columns = self.trace.columns
        constant: NDArray[np.bool_] = (columns.op[self._at] == 0) & ((columns.flags[self._at] & CONST) > 0)
        return constant

    def at(self, position: int) -> Stats:
        """What is known of the fold at `position`."""
        now = snapshot(self.trace, position)
        made = int(np.searchsorted(self.fold.nodes, _made(self.trace, position)))
        ranges = self._ranges(now)
        low, high = float(ranges.low[made]), float(ranges.high[made])
        has, norms = now.has_grad[self._at], now.grad_norm[self._at]
        some = bool(has.any())
        return Stats(
            nodes=self.fold.count,
            made=made,
            low=None if math.isnan(low) else low,
            high=None if math.isnan(high) else high,
            nans=int(ranges.nans[made]),
            grad_norm=_norm(norms[has]) if some else None,
            partial=some and self._partial(now, has),
            share=self._share(position),
        )

    def _ranges(self, now: Snapshot) -> _Ranges:
        """Of all nodes as their values are at this moment; only what has been made may be read."""
        if not len(self.trace.columns.updates.node):  # no value ever changes
            now = snapshot(self.trace, len(self.trace)) if self._last is None else now
            if self._last is None:
                self._last = now.low, _Ranges.of(now.low[self._at], now.high[self._at], self._constant)
        elif self._last is None or self._last[0] is not now.low:
            self._last = now.low, _Ranges.of(now.low[self._at], now.high[self._at], self._constant)
        return self._last[1]

    def _partial(self, now: Snapshot, has: NDArray[np.bool_]) -> bool:
        if (has & ~now.complete[self._at]).any():
            return True
        begun = [this for this in self.trace.passes if this.start < now.position]
        if not begun or begun[-1].stop <= now.position:
            return False
        return bool((_reached(self.trace, begun[-1])[self._at] & ~has).any())

    def _share(self, position: int) -> float | None:
        """The share in the last pass begun, once it is over."""
        begun = [this for this in self.trace.passes if this.start < position]
        if not begun or begun[-1].stop > position:
            return None
        index = begun[-1].index
        if index not in self._shares:
            self._shares[index] = shares_of(self.trace, index).of(self.fold.nodes, once=not self.opened)
        return self._shares[index]


def stats(trace: Trace, fold: Fold, *, opened: bool = False) -> FoldStats:
    """The numbers of a fold.

    Args:
        opened: it is not drawn as one box: a route may leave it and come back, which takes longer to find out.
    """
    kept: dict[tuple[Fold, bool], FoldStats] = trace.kept.setdefault("fold stats", {})
    return recent(kept, (fold, opened), KEPT, lambda: FoldStats(trace, fold, opened))


def _reached(trace: Trace, this: Pass) -> NDArray[np.bool_]:
    """(n,) which nodes receive gradient in a pass."""
    key = ("reached", this.index)
    found: NDArray[np.bool_] | None = trace.kept.get(key)
    if found is None:
        found = trace.kept[key] = np.zeros(trace.n_nodes, np.bool_)
        found[this.columns.nodes] = True
    return found


def _norm(norms: Floats) -> float:
    """sqrt of the sum of squares, also where a square leaves the range of floats."""
    largest = float(norms.max())
    if 1e-140 < largest < 1e140 or not 0 < largest < math.inf:
        return math.sqrt(float(np.square(norms).sum()))
    return largest * math.sqrt(float(np.square(norms / largest).sum()))


def _made(trace: Trace, position: int) -> int:
    """How many nodes have been made at a position."""
    segments: tuple[list[int], list[tuple[int, int]]] | None = trace.kept.get("forward")
    if segments is None:
        forward = [s for s in trace.segments if s.kind == "forward"]
        segments = trace.kept["forward"] = [s.start for s in forward], [(s.first, len(s)) for s in forward]
    at = bisect_left(segments[0], position) - 1
    if at < 0:
        return 0
    first, length = segments[1][at]
    return first + min(position - segments[0][at], length)
