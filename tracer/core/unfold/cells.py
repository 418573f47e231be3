"""The graph of single numbers while it is being planned, and its making in the order in which one would work it out."""

from __future__ import annotations

import math
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


DIRECT = 1 << 22
"""Each number that is taken from a tensor hands back a gradient of the whole tensor's shape. Where those come to more
numbers than this, the ones needed are put in a line first, and the line is cut in pieces."""


class Source:
    """The elements of one tensor that are needed.

    Args:
        places: row by row counted, ascending.
    """

    def __init__(self, leaf: Tensor, places: Places) -> None:
        self.leaf, self.places = leaf, places
        self.shape: tuple[int, ...] = tuple(leaf._array.shape)
        self.direct = len(places) * leaf._array.size <= DIRECT
        self.width = len(places) if len(places) ** 2 <= DIRECT else math.isqrt(len(places)) + 1
        self.line: Tensor | None = None
        self.pieces: dict[int, Tensor] = {}

    def take(self, place: int) -> Tensor:
        """The number at a place."""
        if not self.shape:
            return self.leaf
        if self.direct:
            return apply(find_op("element"), self.leaf, index=tuple(map(int, np.unravel_index(place, self.shape))))
        if self.line is None:
            self.line = apply(find_op("index"), self.leaf, index=tuple(np.unravel_index(self.places, self.shape)))
        piece, at = divmod(int(np.searchsorted(self.places, place)), self.width)
        if piece not in self.pieces:
            part = slice(piece * self.width, (piece + 1) * self.width)
            whole = self.width >= len(self.places)
            self.pieces[piece] = self.line if whole else apply(find_op("slice"), self.line, index=(part,))
        return apply(find_op("element"), self.pieces[piece], index=(at,))

    @property
    def nodes(self) -> int:
        """How many nodes stand between the tensor and its numbers."""
        if self.direct or not self.shape:
            return 0
        return 1 if self.width >= len(self.places) else 1 + -(-len(self.places) // self.width)

    def between(self) -> list[Tensor]:
        """Those nodes, as far as they are recorded."""
        return [] if self.line is None else list({id(x): x for x in (self.line, *self.pieces.values())}.values())


class Cells:
    """Numbers by their index; each element of a tensor and each constant is there once."""

    def __init__(self) -> None:
        self.all: list[Cell] = []
        self.elements: dict[int, tuple[int, int]] = {}
        """Cell -> (leaf, place)."""
        self.sources: dict[int, Source] = {}
        """Leaf -> where its numbers come from; see `take_from`."""
        self._known: dict[tuple[int, int], int] = {}
        self._numbers: dict[tuple[str, str], int] = {}

    def element(self, leaf: int, place: int) -> int:
        """The number at a place of a leaf."""
        found = self._known.get((leaf, place))
        if found is None:
            self.all.append(Cell(None, (), {}))
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
        if all(cells[one].op is None and one not in self.elements for one in operands):
            args = [np.asarray(cells[one].number) for one in operands]
            with np.errstate(all="ignore"):
                return self.number(np.asarray(op.run(*args, **static)[0]))
        cells.append(Cell(op, operands, static))
        return len(cells) - 1

    def take_from(self, leaves: Sequence[Any]) -> None:
        """Say where the elements come from: the tensors and plain numbers that the op was applied to."""
        needed: dict[int, list[int]] = {}
        for leaf, place in self.elements.values():
            needed.setdefault(leaf, []).append(place)
        for leaf, places in needed.items():
            self.sources[leaf] = Source(leaves[leaf], np.array(sorted(places), np.int64))

    def count(self, wanted: Sequence[int]) -> int:
        """How many nodes `record` makes for these cells; a constant is one for each use."""
        nodes = sum(source.nodes for source in self.sources.values())
        seen: set[int] = set()
        stack = list(wanted)
        while stack:
            at = stack.pop()
            cell = self.all[at]
            constant = cell.op is None and at not in self.elements
            nodes += constant
            if constant or at in seen:
                continue
            seen.add(at)
            nodes += at not in self.elements or bool(self.sources[self.elements[at][0]].shape)
            stack.extend(cell.operands)
        return nodes

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
        if at in self.elements:
            leaf, place = self.elements[at]
            return self.sources[leaf].take(place)
        if cell.op is None:
            return cell.number
        return apply(cell.op, *(made[one] for one in cell.operands), **cell.static)
