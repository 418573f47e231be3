"""Tables that grow while a program runs, and what they are once it is over."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import fields
from struct import pack
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

    def add_all(self, node: Any, line: Any, made: Any, value: Any, more: Any, *, flags: bool) -> None:
        """Many rows.

        Args:
            more: the flags, or the numbers before.
        """
        count = len(node)
        plain = np.full(count, -1, np.int32).tobytes()
        for column, numbers in ((self.node, node), (self.line, line), (self.made, made)):
            column.frombytes(np.asarray(numbers, np.int32).tobytes())
        self.value.frombytes(doubles(value).tobytes())
        self.before.frombytes((np.zeros(count) if flags else doubles(more)).tobytes())
        self.slot.frombytes(plain)
        self.before_slot.frombytes(plain)
        self.flag.frombytes(bytes(more) if flags else bytes(count))  # last, as above

    def cut(self, count: int) -> None:
        """Take back all but the first rows."""
        for field in fields(Table):
            del getattr(self, field.name)[count:]

    def refill(self, table: Table) -> None:
        """Hold these rows instead."""
        for field in fields(Table):
            column = getattr(self, field.name)
            del column[:]
            column.frombytes(np.ascontiguousarray(getattr(table, field.name)).tobytes())

    def freeze(self) -> Table:
        return Table(*(frozen(getattr(self, field.name)) for field in fields(Table)))


Received = tuple[NDArray[np.int32], NDArray[np.float64]]
"""Nodes, ascending, and their gradients."""


class GrowingPass:
    """A backward pass while it is delivered.

    Args:
        line: of the call.
        ordinary: whether the order of deliveries is implied.
    """

    __slots__ = ("combine", "grads", "index", "line", "lines", "ordinary", "received", "root", "schedule", "upstream")

    def __init__(self, combine: str, line: int, *, ordinary: bool = False) -> None:
        self.combine, self.line, self.ordinary = combine, line, ordinary
        self.index = self.root = -1  # until it is written down
        self.grads: dict[int, float] = {}
        """Node -> its gradient after the last contribution to it, of a pass delivered by hand."""
        self.received: Received | None = None
        """The same of an ordinary pass."""
        if not ordinary:
            self.schedule, self.lines, self.upstream = array("i"), array("i"), array("d")

    def freeze(self) -> PassColumns:
        count = len(self.grads)
        received = self.received or ascending(
            np.fromiter(self.grads.keys(), np.int64, count), np.fromiter(self.grads.values(), np.float64, count)
        )
        if self.ordinary:
            return PassColumns(self.root, self.combine, self.line, *received)
        kept = frozen(self.schedule), frozen(self.upstream), frozen(self.lines)
        return PassColumns(self.root, self.combine, self.line, *received, *kept)

    def refill(self, index: int, columns: PassColumns) -> None:
        """Be this pass instead: the same one in another numbering."""
        self.index, self.root = index, columns.root
        if columns.schedule is None:
            self.received = columns.nodes, columns.grads
        else:
            self.grads = dict(zip(columns.nodes.tolist(), columns.grads.tolist(), strict=True))
            self.schedule = array("i", columns.schedule.tolist())


# `pack` makes numbers of a list in a third to a half of the time that `np.fromiter` takes


def ints(numbers: Sequence[int]) -> NDArray[np.int32]:
    """(n,) the same as an array."""
    return np.frombuffer(pack(f"{len(numbers)}i", *numbers), np.int32)


def longs(numbers: Sequence[int]) -> NDArray[np.int64]:
    """(n,) the same as an array."""
    return np.frombuffer(pack(f"{len(numbers)}q", *numbers), np.int64)


def doubles(numbers: Sequence[float]) -> NDArray[np.float64]:
    """(n,) the same as an array."""
    return np.frombuffer(pack(f"{len(numbers)}d", *numbers), np.float64)


def ascending(nodes: NDArray[np.int64], grads: NDArray[np.float64]) -> Received:
    """The same in order of the nodes."""
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
