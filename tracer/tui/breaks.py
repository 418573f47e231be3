"""Breakpoints of a session: what is set, which of them are on, where they mark the picture and the timeline.

One that reads values or gradients says nothing of the future: it marks a node or a moment once the walk has been there.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tracer.trace.cursor import Cursor
from tracer.trace.trace import Trace

if TYPE_CHECKING:
    from tracer.trace.breakpoints import Breakpoint, Stop

AT_ONCE = 20_000
"""Nodes for which a breakpoint's hits are found between two keys; of more they are found beside the app."""
Ints = NDArray[np.int64]
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Break:
    """A breakpoint in the list."""

    point: Breakpoint
    on: bool = True


@dataclass(frozen=True)
class Breaks:
    """All of them, in the order in which they were set."""

    all: tuple[Break, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.all)

    def __iter__(self) -> Iterator[Break]:
        return iter(self.all)

    @property
    def on(self) -> tuple[Breakpoint, ...]:
        """Those that stop the walk."""
        return tuple(one.point for one in self.all if one.on)

    def having(self, point: Breakpoint) -> int | None:
        """The number of this one in the list."""
        return next((i for i, one in enumerate(self.all) if one.point == point), None)

    def plus(self, point: Breakpoint) -> Breaks:
        """One more; it is on, and it is there once."""
        return Breaks((*(one for one in self.all if one.point != point), Break(point)))

    def minus(self, number: int) -> Breaks:
        return Breaks(self.all[:number] + self.all[number + 1 :])

    def switched(self, number: int) -> Breaks:
        """One of them off, or on again."""
        one = self.all[number]
        return Breaks((*self.all[:number], Break(one.point, not one.on), *self.all[number + 1 :]))

    def run(self, trace: Trace, position: int, direction: int) -> Stop | None:
        """The next moment (or the one before) at which one that is on stops."""
        if not self.on:
            return None
        from tracer.trace.breakpoints import run_to

        return run_to(trace, position, list(self.on), direction=direction)

    def stop_at(self, trace: Trace, position: int) -> Stop | None:
        """The breakpoint that stops at this very moment."""
        stop = self.run(trace, position - 1, 1) if position else None
        return stop if stop is not None and stop.position == position else None


@dataclass(frozen=True, eq=False)
class Marks:
    """Where breakpoints that are on mark a trace."""

    since: Ints
    """(n,) the position from which a node is marked; `NEVER` where it never is."""
    foreseen: Ints
    """Positions, ascending, at which one stops that does not depend on numbers."""
    lived: Ints
    """Positions, ascending, at which one stops that does."""
    earliest: dict[Hashable, int] = field(default_factory=dict)
    """Of groups of nodes that were asked about: the position from which any of them is marked."""

    def ticks(self, position: int) -> tuple[Ints, Ints]:
        """Positions that the timeline marks."""
        return self.foreseen, self.lived[: np.searchsorted(self.lived, position, "right")]


@dataclass(frozen=True, eq=False)
class MarkedAt:
    """The marks at a position: what the picture of a moment shows."""

    marks: Marks
    position: int

    def at(self, node: int) -> bool:
        """Whether this node is marked."""
        return bool(self.marks.since[node] <= self.position)

    def among(self, key: Hashable, nodes: Ints) -> bool:
        """Whether any of these is. Those of a key are looked through once."""
        earliest = self.marks.earliest
        if key not in earliest:
            earliest[key] = int(self.marks.since[nodes].min(initial=NEVER))
        return earliest[key] <= self.position


def marked_at(cursor: Cursor, breaks: Breaks) -> MarkedAt | None:
    """What breakpoints mark at the cursor; None where none is on."""
    found = marks(cursor.trace, breaks)
    return None if found is None else MarkedAt(found, cursor.position)


def marks(trace: Trace, breaks: Breaks) -> Marks | None:
    """What the breakpoints mark in a trace; None where none is on. Worked out once for each set of them."""
    points = breaks.on
    if not points:
        return None
    kept: dict[tuple[Breakpoint, ...], Marks] = trace.kept.setdefault("breaks", {})
    if points not in kept:
        kept.clear()
        kept[points] = _marks(trace, points)
    return kept[points]


def _marks(trace: Trace, points: tuple[Breakpoint, ...]) -> Marks:
    since = np.full(trace.n_nodes, NEVER, np.int64)
    times: dict[bool, list[Ints]] = {True: [np.zeros(0, np.int64)], False: [np.zeros(0, np.int64)]}
    for point in points:
        hits = point.hits(trace)
        times[point.structural].append(hits.positions)
        first = np.full(trace.n_nodes, NEVER, np.int64)
        first[hits.nodes[::-1]] = 0 if point.structural else hits.positions[::-1]  # of several the earliest is left
        np.minimum(since, first, out=since)
    return Marks(since, np.unique(np.concatenate(times[True])), np.unique(np.concatenate(times[False])))


NO_BREAKS = Breaks()
