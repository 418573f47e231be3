"""What is written on a fold at a position: how much of it has been made, its values' range, the size of its gradient.

All of it is read off what has happened by then; the share of gradient flow is known when the pass is over.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tracer.layout.boxes import Fold
from tracer.trace.snapshot import snapshot
from tracer.trace.trace import Trace


@dataclass(frozen=True)
class Stats:
    """A fold at a position."""

    nodes: int
    made: int
    """How many of them have been computed."""
    low: float | None
    """The least value of those; None where none is made or none is a number."""
    high: float | None
    grad_norm: float | None
    """The square root of the sum of the squares of all gradients there are; None where there is none yet."""
    partial: bool
    """Whether a gradient among them still misses a contribution, or is still to come in the pass under way."""
    share: float | None
    """What part of the gradient's flow goes through the fold, 0..1: of all routes from the root to leaves, each
    counted by |product of its local gradients|. None before a pass is over, and where arrays are handed on."""


@dataclass(frozen=True, eq=False)
class FoldStats:
    """The numbers of one fold, at any position."""

    trace: Trace
    fold: Fold

    def at(self, position: int) -> Stats:
        """What is known of the fold at `position`."""
        now = snapshot(self.trace, position)
        nodes = self.fold.nodes
        made = nodes[now.made[nodes]]
        low, high = now.low[made], now.high[made]
        low, high = low[~np.isnan(low)], high[~np.isnan(high)]
        has = nodes[now.has_grad[nodes]]
        norms = now.grad_norm[has]
        return Stats(
            nodes=self.fold.count,
            made=len(made),
            low=float(low.min()) if len(low) else None,
            high=float(high.max()) if len(high) else None,
            grad_norm=math.sqrt(float(np.square(norms).sum())) if len(has) else None,
            partial=bool(len(has)) and not bool(now.complete[has].all()),
            share=None,
        )


def stats(trace: Trace, fold: Fold) -> FoldStats:
    """The numbers of a fold."""
    return FoldStats(trace, fold)
