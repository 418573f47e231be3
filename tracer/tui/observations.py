"""The observations of a run that are at hand: those it sent while it trained, and those asked for when looking back.

A run of any length costs the same: where there are too many, one of those that stand closest goes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from tracer.trace.observation import Array, Observation

KEPT = 60
"""Observations kept of a run."""
MOST_BYTES = 64_000_000
"""Of their arrays, together; two are kept whatever they take."""


class Observations:
    """Observations by their step, ascending."""

    def __init__(self) -> None:
        self._steps: list[int] = []
        self._by_step: dict[int, Observation] = {}
        self._bytes: dict[int, int] = {}

    def add(self, observation: Observation) -> None:
        """Keep one more; of the same step the newer one."""
        step = observation.step
        if step not in self._by_step:
            self._steps.insert(bisect_right(self._steps, step), step)
        self._by_step[step] = observation
        self._bytes[step] = sum(array.nbytes for array in arrays_of(observation))
        while len(self._steps) > KEPT or (len(self._steps) > 2 and sum(self._bytes.values()) > MOST_BYTES):
            self._drop_one(step)

    def _drop_one(self, newest: int) -> None:
        """Let one go: where they stand closest. The first, the last and the one that came last stay."""
        inner = [at for at in range(1, len(self._steps) - 1) if self._steps[at] != newest]
        at = min(inner, key=lambda at: self._steps[at + 1] - self._steps[at - 1]) if inner else 0
        step = self._steps.pop(at)
        del self._by_step[step], self._bytes[step]

    def __len__(self) -> int:
        return len(self._steps)

    def __contains__(self, step: object) -> bool:
        return step in self._by_step

    def at(self, shown: int) -> Observation | None:
        """The newest one at or before a step: nothing of a later step is told."""
        at = bisect_right(self._steps, shown)
        return self._by_step[self._steps[at - 1]] if at else None

    def up_to(self, shown: int) -> tuple[Observation, ...]:
        """All at or before a step, ascending."""
        return tuple(self._by_step[step] for step in self._steps[: bisect_right(self._steps, shown)])

    @property
    def any(self) -> Observation | None:
        """One of them, whichever step it is of: for what is the same in all, as the number of layers."""
        return self._by_step[self._steps[-1]] if self._steps else None


def arrays_of(observation: Observation) -> Iterator[Array]:
    """Every array of an observation."""
    for seen in (one for found in observation.taps.values() for one in found):
        yield from (array for array in (seen.value, seen.grad) if array is not None)
    for weights in observation.weights.values():
        found = weights.value, weights.grad, weights.update, weights.m, weights.v
        yield from (array for array in found if array is not None)
