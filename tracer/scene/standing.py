"""What stays in a picture from one step to the next: only what has changed in between is looked at again.

A picture may have hundreds of boxes and wires, and a step changes one or two. When something happens to which of them
is listed once for an arrangement and a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")


@dataclass(frozen=True)
class Changes:
    """The positions at which something happens to any of n things, ascending, and to which of them."""

    positions: NDArray[np.int64]
    owners: NDArray[np.int64]

    @classmethod
    def of(cls, each: Iterable[Collection[int]]) -> Changes:
        """Of things 0, 1, 2, ..., each with its positions in any order."""
        positions: list[int] = []
        owners: list[int] = []
        for owner, found in enumerate(each):
            positions += found
            owners += [owner] * len(found)
        when = np.array(positions, np.int64)
        order = when.argsort(kind="stable")
        return cls(when[order], np.array(owners, np.int64)[order])

    def between(self, one: int, other: int) -> set[int]:
        """To what something happens on the way from one position to another, whichever is the earlier."""
        start, stop = self.positions.searchsorted((min(one, other), max(one, other)), "right").tolist()
        return set(self.owners[start:stop].tolist())


@dataclass(frozen=True)
class _Stood:
    """What was there at a position. It is replaced as a whole, so that another thread may build the same picture."""

    kind: Hashable
    position: int
    things: tuple[Any, ...]
    unread: frozenset[int]
    """Those to which something has happened since they were read."""


@dataclass
class Standing(Generic[T]):
    """The things of one picture, as they were when it was last built."""

    _changes: dict[Hashable, Changes] = field(default_factory=dict)
    _last: _Stood | None = None

    def at(
        self,
        position: int,
        kind: Hashable,
        phase: Hashable,
        changes: Callable[[], Changes],
        count: int,
        read: Callable[[int], T],
        special: Collection[int] = (),
        always: Iterable[int] = (),
    ) -> list[T]:
        """The things at a position, in order; those to which nothing happened are the very same objects as before.

        Args:
            kind: of whatever else they depend on; of another kind nothing is kept.
            phase: of what their changes depend on; part of `kind`.
            changes: when something happens to which of them.
            count: how many there are.
            read: the thing with this number as it is now.
            special: things that are unlike themselves at this step alone: they are read for it, and not kept.
            always: things to be read at each step.
        """
        last = self._last
        if last is None or last.kind != kind:
            things: list[Any] = [None] * count
            stale = set(range(count))
        else:
            when = self._changes.get(phase)
            if when is None:
                when = self._changes[phase] = changes()
            things = list(last.things)
            stale = when.between(last.position, position) | last.unread
            stale.update(always)
        for i in stale.difference(special):
            thing = read(i)
            if things[i] != thing:
                things[i] = thing
        self._last = _Stood(kind, position, tuple(things), frozenset(stale.intersection(special)))
        for i in special:
            things[i] = read(i)
        return things
