"""Two traces walked together, and where they first say something different.

Time is paired phase by phase (a stretch of forward steps, a backward pass, a row of writes) and, inside a phase, event
by event: the nth thing one program does stands beside the nth thing the other does; whoever has finished, or lacks the
phase, waits. What *differs* is judged by identity, not by order: the same node's value, the same edge's contribution.
So two backward passes in different but valid orders agree, and one that hands a gradient on too early does not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracer.core.rerun import Number
from tracer.trace.cursor import Cursor
from tracer.trace.segment import By
from tracer.trace.trace import Trace

Side = Literal[0, 1]
"""0 is the left trace, 1 the right one."""
Fact = Literal["node", "value", "contribution", "gradient", "delivery", "event"]
"""What differs: which node is made; its value; what an edge delivers; what a node holds after the same edges; an edge
that delivers in one pass only (or more often); a write or an update."""


class Phase(NamedTuple):
    """A stretch of one kind: forward steps, a backward pass, writes or updates. Marks belong to what they follow."""

    kind: str
    start: int
    stop: int
    first: int
    """First node of a forward phase, the pass of a backward one, first table row of another."""
    last: int
    """One past the last of these."""


@dataclass(frozen=True)
class Divergence:
    """The first thing that differs. A side where it never happens has None."""

    fact: Fact
    nodes: tuple[int | None, int | None]
    """The node it happens to, in each trace."""
    positions: tuple[int | None, int | None]
    """Where it has just happened, in each trace."""
    numbers: tuple[Number | None, Number | None]
    """Floats, or arrays of tensors."""
    users: tuple[int | None, int | None] = (None, None)
    """For a delivery: the node whose gradient is handed on."""
    index: int = 0
    """The first lockstep index at which one of the sides is there."""


@dataclass(frozen=True)
class Lockstep:
    """Two traces and how their times go together."""

    left: Trace
    right: Trace

    def __len__(self) -> int:
        return len(self.pairs) - 1

    def cursor(self, index: int = 0) -> LockstepCursor:
        """The moment at this lockstep index, 0..len."""
        return LockstepCursor(self, max(0, min(index, len(self))))

    @cached_property
    def phases(self) -> tuple[tuple[Phase | None, Phase | None], ...]:
        """The phases of both, paired in order of time; None stands where one has no such phase."""
        left, right = phases(self.left), phases(self.right)
        match = SequenceMatcher(None, [p.kind for p in left], [p.kind for p in right], autojunk=False)
        found: list[tuple[Phase | None, Phase | None]] = []
        for what, i, i_stop, j, j_stop in match.get_opcodes():
            if what == "equal":
                found += zip(left[i:i_stop], right[j:j_stop], strict=True)
            else:
                found += [(phase, None) for phase in left[i:i_stop]]
                found += [(None, phase) for phase in right[j:j_stop]]
        return tuple(found)

    @cached_property
    def pairs(self) -> NDArray[np.int64]:
        """(P + 1, 2) the positions that stand beside each other; row 0 is (0, 0)."""
        rows = [np.zeros((1, 2), np.int64)]
        at = [0, 0]
        for a, b in self.phases:
            lengths = [_event_lengths(trace, phase) for trace, phase in ((self.left, a), (self.right, b))]
            rows.append(_interleave(lengths[0], lengths[1]) + np.array(at))
            at = [at[0] + int(lengths[0].sum()), at[1] + int(lengths[1].sum())]
        return np.concatenate(rows)

    def stops(self, by: By) -> NDArray[np.int64]:
        """Lockstep indices at which a step of this granularity ends for one of the two, ascending."""
        if by == "part":
            return np.arange(1, len(self) + 1)
        moved = np.diff(self.pairs, axis=0) > 0
        ends = np.stack([np.isin(self.pairs[1:, s], t.stops(by)) for s, t in enumerate((self.left, self.right))], 1)
        waits = ~moved
        # one who is done waits for the other: a step ends when both have ended theirs
        found = np.flatnonzero((ends & moved).any(axis=1) & (ends | waits).all(axis=1)) + 1
        return found if len(found) and found[-1] == len(self) else np.append(found, len(self))

    @cached_property
    def first_divergence(self) -> Divergence | None:
        """The first thing that differs, or None when the two runs agree in everything."""
        from tracer.trace.divergence import first_divergence

        return first_divergence(self)

    def index_at(self, side: Side, position: int) -> int:
        """The first lockstep index at which this side has reached `position`."""
        return int(np.searchsorted(self.pairs[:, side], position, side="left"))


@dataclass(frozen=True)
class LockstepCursor:
    """A moment in two traces at once."""

    lockstep: Lockstep
    index: int = 0

    @property
    def left(self) -> Cursor:
        return Cursor(self.lockstep.left, int(self.lockstep.pairs[self.index, 0]))

    @property
    def right(self) -> Cursor:
        return Cursor(self.lockstep.right, int(self.lockstep.pairs[self.index, 1]))

    def step(self, n: int = 1, by: By = "edge") -> LockstepCursor:
        """`n` steps of this granularity on (back if negative), stopping at either end."""
        stops = self.lockstep.stops(by)
        if n > 0:
            at = int(np.searchsorted(stops, self.index, side="right")) + n - 1
        else:
            at = int(np.searchsorted(stops, self.index, side="left")) + n
        if at < 0:
            return replace(self, index=0)
        return replace(self, index=int(stops[at]) if at < len(stops) else len(self.lockstep))

    def moved(self) -> tuple[bool, bool]:
        """Which sides the step that led here moved; the other one waits."""
        if self.index == 0:
            return False, False
        before, here = self.lockstep.pairs[self.index - 1], self.lockstep.pairs[self.index]
        return bool(here[0] > before[0]), bool(here[1] > before[1])

    @property
    def diverged(self) -> bool:
        """Whether the first difference has happened by now."""
        first = self.lockstep.first_divergence
        return first is not None and self.index >= first.index


def phases(trace: Trace) -> list[Phase]:
    """The phases of a trace, in order of time."""
    passes = {this.start: this for this in trace.passes}
    found: list[Phase] = []
    for segment in trace.segments:
        before = found[-1] if found else None
        if before is not None and segment.stop <= before.stop:
            continue  # inside a pass that marks interrupt
        if segment.kind == "backward":
            this = passes[segment.start]
            found.append(Phase("backward", this.start, this.stop, this.index, this.index + 1))
        elif segment.kind == "mark" and before is not None:
            found[-1] = before._replace(stop=segment.stop)
        elif before is not None and before.kind == segment.kind:
            found[-1] = before._replace(stop=segment.stop, last=segment.first + len(segment))
        else:
            found.append(Phase(segment.kind, segment.start, segment.stop, segment.first, segment.first + len(segment)))
    return found


def _event_lengths(trace: Trace, phase: Phase | None) -> NDArray[np.int64]:
    """(E,) steps of each event of a phase: 4 in a delivery, 1 in all else, and 1 more for each mark that follows it."""
    if phase is None:
        return np.zeros(0, np.int64)
    stops = trace.stops("edge")
    low, high = np.searchsorted(stops, [phase.start, phase.stop], side="right")
    ends = stops[low:high]
    if phase.kind != "mark":
        for segment in trace.segments:
            if segment.kind == "mark" and phase.start < segment.stop <= phase.stop:
                inside = (ends >= segment.start) & (ends < segment.stop)  # the event ends with its last mark
                ends = ends[~inside]
    lengths: NDArray[np.int64] = np.diff(ends, prepend=phase.start)
    return lengths


def _interleave(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """(P, 2) parts done by each after every step, event beside event."""
    events = max(len(left), len(right))
    padded = [np.concatenate([side, np.zeros(events - len(side), np.int64)]) for side in (left, right)]
    steps = np.maximum(*padded) if events else np.zeros(0, np.int64)
    within = np.arange(steps.sum()) - np.repeat(np.cumsum(steps) - steps, steps) + 1
    columns = [np.repeat(np.cumsum(side) - side, steps) + np.minimum(within, np.repeat(side, steps)) for side in padded]
    return np.stack(columns, axis=1)
