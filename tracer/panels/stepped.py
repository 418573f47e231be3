"""What panels over the steps share: cells of many steps made one at a time, and what a run has told up to a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from tracer.panels.data import Floats
from tracer.panels.panel import RunView
from tracer.text import Text
from tracer.trace.cells import LOSS, Cell

STEP = Text("{row}  step {column}", "{row}  ステップ {column}")
"""How a number of a step is told."""
NO_STEP = Text("No step has been taken yet.", "まだ 1 ステップも進んでいません。")
AT_LOSS = Cell(LOSS)


@dataclass(frozen=True)
class Rows(Sequence[Cell]):
    """The same cell all along each row of (rows, columns) numbers."""

    of: tuple[Cell, ...]
    columns: int

    def __len__(self) -> int:
        return len(self.of) * self.columns

    @overload
    def __getitem__(self, index: int) -> Cell: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Cell]: ...
    def __getitem__(self, index: int | slice) -> Cell | Sequence[Cell]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return self.of[index % len(self) // self.columns]


@dataclass(frozen=True, eq=False)
class Steps(Sequence[int]):
    """The step of each of (rows, columns) numbers: all rows are of the same steps."""

    of: NDArray[np.int64]
    rows: int

    def __len__(self) -> int:
        return self.rows * len(self.of)

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[int]: ...
    def __getitem__(self, index: int | slice) -> int | Sequence[int]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return int(self.of[index % len(self) % len(self.of)])


def until(view: RunView) -> dict[str, Floats]:
    """Where the axis of steps ends: it does not move as one goes back and forth. And the first steps that were taken
    with other settings."""
    found = {"until": np.array([float(max(view.past.steps, view.shown))])}
    changed = [after + 1.0 for after, _ in view.setup.changes if after < view.shown]
    return found | ({"changed": np.array(changed)} if changed else {})


def shown_of(view: RunView) -> int:
    """How many steps may be told of."""
    return max(0, min(view.shown, view.past.steps))
