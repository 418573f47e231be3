"""Tables that grow while a program runs, and what they are once it is over."""

from __future__ import annotations

from array import array
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import PassColumns, Table


class EventTable:
    """A growing `Table`."""

    def __init__(self) -> None:
        self.node, self.line, self.made = array("i"), array("i"), array("i")
        self.value, self.before, self.flag = array("d"), array("d"), array("B")
        self.slot, self.before_slot = array("i"), array("i")

    def __len__(self) -> int:
        return len(self.flag)

    def add(
        self,
        node: int,
        line: int,
        made: int,
        value: float = 0.0,
        before: float = 0.0,
        flag: int = 0,
        slot: int = -1,
        before_slot: int = -1,
    ) -> None:
        self.node.append(node)
        self.line.append(line)
        self.made.append(made)
        self.value.append(value)
        self.before.append(before)
        self.slot.append(slot)
        self.before_slot.append(before_slot)
        self.flag.append(flag)  # last: its length says how many rows are whole

    def refill(self, table: Table) -> None:
        """Hold these rows instead."""
        for field in fields(Table):
            column = getattr(self, field.name)
            del column[:]
            column.frombytes(np.ascontiguousarray(getattr(table, field.name)).tobytes())

    def freeze(self) -> Table:
        return Table(*(frozen(getattr(self, field.name)) for field in fields(Table)))


class GrowingPass:
    """A backward pass while it is delivered."""

    def __init__(self, index: int, root: int, combine: str, line: int) -> None:
        self.index, self.root, self.combine, self.line = index, root, combine, line
        self.schedule, self.lines, self.upstream = array("i"), array("i"), array("d")
        self.grads: dict[int, float] = {}
        """Node -> its gradient after the last contribution to it."""
        self.ordinary = False
        self._received: tuple[NDArray[np.int32], NDArray[np.float64]] | None = None

    def take(self, nodes: NDArray[np.int64], grads: NDArray[np.float64]) -> None:
        """All that an ordinary pass has left, in any order."""
        self._received = _ascending(nodes, grads)

    def freeze(self) -> PassColumns:
        count = len(self.grads)
        received = self._received or _ascending(
            np.fromiter(self.grads.keys(), np.int64, count), np.fromiter(self.grads.values(), np.float64, count)
        )
        if self.ordinary:
            return PassColumns(self.root, self.combine, self.line, *received)
        kept = frozen(self.schedule), frozen(self.upstream), frozen(self.lines)
        return PassColumns(self.root, self.combine, self.line, *received, *kept)

    def refill(self, index: int, columns: PassColumns) -> None:
        """Be this pass instead: the same one in another numbering."""
        self.index, self.root = index, columns.root
        self.grads = dict(zip(columns.nodes.tolist(), columns.grads.tolist(), strict=True))
        self._received = None
        if columns.schedule is not None:
            self.schedule = array("i", columns.schedule.tolist())


def _ascending(nodes: NDArray[np.int64], grads: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    order = np.argsort(nodes)
    return locked(nodes[order].astype(np.int32)), locked(grads[order])


def locked(values: NDArray[Any]) -> NDArray[Any]:
    """The same array, which nobody can write into any more."""
    values.flags.writeable = False
    return values


def frozen(values: array[Any]) -> NDArray[Any]:
    """A copy that nobody can write into."""
    return locked(np.array(values, dtype=values.typecode))


def padded(values: array[int], count: int) -> NDArray[np.int32]:
    """(count,) the column, -1 where it ends early; it takes no memory where nothing is in it."""
    if not len(values):
        return np.broadcast_to(np.int32(-1), (count,))
    return locked(np.concatenate([np.array(values, np.int32), np.full(count - len(values), -1, np.int32)]))
