"""What a search is, apart from any screen: what was typed, what it finds, and a walk over that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import LIVE
from tracer.text import Text
from tracer.trace.cursor import Cursor
from tracer.trace.query import QueryError, parse_query
from tracer.trace.snapshot import snapshot
from tracer.trace.trace import Trace

NOBODY: NDArray[np.int64] = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Mistake:
    """What is wrong with what was typed."""

    words: Text
    at: int
    """The character it is about, from 0."""


@dataclass(frozen=True, eq=False)
class Found:
    """What a search gives at one moment."""

    typed: str
    nodes: NDArray[np.int64]
    """In the order in which they are listed."""
    mistake: Mistake | None = None


@dataclass(frozen=True, eq=False)
class Hits:
    """The list that `;` and `:` walk: what was asked for, and where in it one is."""

    asked: str
    """The query, or words for a list that no query gives."""
    again: Callable[[Cursor], Sequence[int] | NDArray[np.int64]]
    """Finds the same in another trace: after an unfolding ids are others."""
    trace: Trace
    nodes: NDArray[np.int64]
    at: int
    """Index of the hit one went to last."""

    @property
    def node(self) -> int:
        return int(self.nodes[self.at])

    def moved(self, n: int, cursor: Cursor) -> Hits | None:
        """The next hit (or the one before), from the first again after the last; None where nothing is found."""
        if cursor.trace is not self.trace:
            nodes = np.asarray(self.again(cursor), np.int64)
            at = min(self.at, len(nodes) - 1)
            return replace(self, trace=cursor.trace, nodes=nodes, at=(at + n) % len(nodes)) if len(nodes) else None
        return replace(self, at=(self.at + n) % len(self.nodes)) if len(self.nodes) else None

    def wrapped(self, n: int) -> bool:
        """Whether moving by `n` (1 or -1) starts over."""
        return not 0 <= self.at + n < len(self.nodes)


@dataclass(frozen=True, eq=False)
class Extremes:
    """The largest gradients at a moment, or the smallest."""

    nodes: NDArray[np.int64]
    """The most extreme first."""
    known: int
    """Gradients that there are at this moment."""
    zeros: int
    """How many of them are exactly 0. They are not among the smallest: they would be all of them."""
    smallest: bool


def extremes(cursor: Cursor, most: int, *, smallest: bool = False) -> Extremes:
    """The `most` largest (or smallest) gradients at the cursor, by |grad|; of a tensor by its L2 norm.

    What is not a number counts as larger than any.
    """
    now = snapshot(cursor.trace, cursor.position)
    sizes = np.where(np.isnan(now.grad_norm), np.inf, now.grad_norm)
    known = now.has_grad & ((cursor.trace.columns.flags & LIVE) > 0)
    nodes = np.flatnonzero(known & (sizes > 0) if smallest else known)
    order = np.argsort(sizes[nodes] if smallest else -sizes[nodes], kind="stable")[:most]
    return Extremes(nodes[order], int(known.sum()), int((known & (sizes == 0)).sum()), smallest)


def mistake_of(error: QueryError) -> Mistake:
    """What the field points at: what is wrong, and what to write instead."""
    words, advice = error.words, error.advice
    return Mistake(words if advice is None else Text(f"{words.en} {advice.en}", f"{words.ja} {advice.ja}"), error.at)


def seek(cursor: Cursor, typed: str) -> Found:
    """What `typed` finds at this moment; of a query with a mistake, where the mistake is."""
    try:
        return Found(typed, parse_query(typed).matches(cursor.trace, cursor.position))
    except QueryError as error:
        return Found(typed, NOBODY, mistake_of(error))
