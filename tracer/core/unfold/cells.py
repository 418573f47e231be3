"""The graph of single numbers while it is being planned, and its making in the order in which one would work it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracer.core.apply import apply
from tracer.core.op import Op, find_op
from tracer.core.tensor import Tensor

Places = NDArray[np.int64]
"""Places in an array, row by row counted."""


class Cell(NamedTuple):
    """One number: an op on others, an element of a tensor, or a constant."""

    op: Op | None
    operands: tuple[int, ...]
    static: Mapping[str, Any]
    number: Any = None


class Cells:
    """Numbers by their index; each element of a tensor and each constant is there once.

    Args:
        leaves: the tensors and plain numbers that the op was applied to.
    """

    def __init__(self, leaves: Sequence[Any]) -> None:
        self.leaves = leaves
        self.all: list[Cell] = []
        self.elements: dict[int, tuple[int, int]] = {}
        """Cell -> (leaf, place)."""
        self._known: dict[tuple[int, int], int] = {}
        self._numbers: dict[tuple[str, str], int] = {}

    def element(self, leaf: int, place: int) -> int:
        """The number at a place of a leaf."""
        found = self._known.get((leaf, place))
        if found is None:
            shape = self.leaves[leaf]._array.shape
            index = tuple(int(i) for i in np.unravel_index(place, shape)) if shape else ()
            self.all.append(Cell(_ELEMENT(), (), {"index": index}))
            found = self._known[leaf, place] = len(self.all) - 1
            self.elements[found] = (leaf, place)
        return found

    def number(self, number: Any) -> int:
        """A constant."""
        number = number.item() if isinstance(number, np.generic | np.ndarray) else number
        key = (type(number).__name__, repr(number))
        if key not in self._numbers:
            self.all.append(Cell(None, (), {}, number))
            self._numbers[key] = len(self.all) - 1
        return self._numbers[key]

    def made(self, op: Op, operands: tuple[int, ...], static: Mapping[str, Any]) -> int:
        """An op on numbers; of constants alone it is a constant."""
        cells = self.all
        if all(cells[one].op is None for one in operands):
            args = [np.asarray(cells[one].number) for one in operands]
            with np.errstate(all="ignore"):
                return self.number(np.asarray(op.run(*args, **static)[0]))
        cells.append(Cell(op, operands, static))
        return len(cells) - 1

    def record(self, wanted: Sequence[int]) -> dict[int, Any]:
        """Apply what the wanted cells need, each before its first use, in the order of the operands.

        Returns:
            Cell -> its tensor without axes, or plain number.
        """
        made: dict[int, Any] = {}
        stack = list(reversed(wanted))
        while stack:
            at = stack[-1]
            if at in made:
                stack.pop()
                continue
            cell = self.all[at]
            missing = [one for one in cell.operands if one not in made]
            if missing:
                stack.extend(reversed(missing))
                continue
            stack.pop()
            made[at] = self._apply(at, cell, made)
        return made

    def _apply(self, at: int, cell: Cell, made: Mapping[int, Any]) -> Any:
        if cell.op is None:
            return cell.number
        if at in self.elements:
            leaf: Tensor = self.leaves[self.elements[at][0]]
            return apply(cell.op, leaf, **cell.static) if leaf._array.ndim else leaf
        return apply(cell.op, *(made[one] for one in cell.operands), **cell.static)


def _ELEMENT() -> Op:
    return find_op("element")
