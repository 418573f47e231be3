"""What a panel shows, as numbers and words: every picture, readout, table and file is a function of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from tracer.numbers import NO_GRADIENT, format_full, format_number
from tracer.text import Lang, Text
from tracer.trace.cells import Cell

Floats = NDArray[np.float64]
Kind = Literal["lines", "heat", "bars", "scatter", "grid", "histogram", "words"]
Direction = Literal["left", "right", "up", "down"]

NOTHING = Text("", "")
AS_LABELLED = Text("{row}  {column}", "{row}  {column}")
MATRICES: tuple[Kind, ...] = ("heat", "grid", "lines")
"""Kinds whose values have rows and columns; of lines a row is a series, a column a step."""
_STEPS: dict[Direction, tuple[int, int]] = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}


@dataclass(frozen=True)
class Ref:
    """A line to compare with: the loss of guessing."""

    value: float
    name: Text


@dataclass(frozen=True, eq=False)
class Data:
    """A panel's contents at one step."""

    kind: Kind
    title: Text
    """What it is, and of which layer, head, position: `Attention  layer 0  head 2`."""
    step: int
    """The step that the numbers are of."""
    values: Floats
    """heat, grid: (rows, columns). bars, histogram: (n,). scatter: (n, 2), x and y. lines: (series, n)."""
    rows: tuple[str, ...] = ()
    """A label for each row of a matrix, each bar, each point, each series."""
    columns: tuple[str, ...] = ()
    """A label for each column of a matrix; of a scatter the two axes; of a histogram the bins."""
    axis: Text = NOTHING
    """What the numbers are and in which units: `attention weight`, `L2 norm`, `nats`."""
    signed: bool = False
    """Whether the sign of a number means something: then it is shown by a hue and by a sign."""
    low: float | None = None
    high: float | None = None
    """Ends of the scale where they are fixed, as 0 and 1 of a probability; else they follow from the numbers."""
    log: bool = False
    """Whether sizes are drawn on a logarithmic scale; the picture says so."""
    absent: NDArray[np.bool_] | None = None
    """Where there is no number, in the shape of the values: the future of an attention matrix. It is drawn as nothing;
    a nan that stands elsewhere is one that was computed, and is drawn as such."""
    badges: tuple[Text, ...] = ()
    """Words behind each bar's number: `◀ target`, `cos .97`."""
    extra: Mapping[str, Floats] = field(default_factory=dict)
    """More numbers of the same things, by name: "cosine"; "x": the steps of a history's columns."""
    marks: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """What is special about some, by index: "target", "bos", "vowel", "dead", "current"."""
    refs: tuple[Ref, ...] = ()
    cells: Sequence[Cell] = ()
    """What each number is in the trace, flat in the order of the values (of a scatter one for each point); empty where
    nothing can be opened."""
    steps: Sequence[int] = ()
    """The step that each cell is of, where they are of several, as in a history; empty: all are of `step`."""
    note: Text = NOTHING
    """One line under the picture: `43 % + 19 %`, `active 41 %, dead 3`."""
    reading: Text = AS_LABELLED
    """How one cell is told: `{row}` and `{column}` are its labels, `{index}` its place; the number follows."""
    names: tuple[Text, ...] = ()
    """What each row, bar or series is called, where that is not the same in both languages; empty: see `rows`."""
    beside: tuple[Data, ...] = ()
    """heat: all of one kind, this one among them as the `nth`, to be drawn side by side where there is room."""
    nth: int = 0
    table: tuple[tuple[Text, Text], ...] = ()
    """words: names and what is said of them."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of what can be selected."""
        if self.kind in MATRICES:
            return (self.values.shape[0], self.values.shape[1]) if self.values.ndim == 2 else (0, 0)
        return len(self.values), 1

    @property
    def size(self) -> int:
        """How many things can be selected."""
        rows, columns = self.shape
        return rows * columns

    def step_of(self, index: int) -> int:
        """The step that a cell is of."""
        return self.steps[index] if index < len(self.steps) else self.step

    def number(self, index: int) -> float:
        """The number of a cell; nan where there is none. Of a point its distance from the middle says nothing: nan."""
        return float(self.values.reshape(-1)[index]) if self.kind != "scatter" and 0 <= index < self.size else np.nan

    def named(self, index: int, lang: Lang) -> str:
        """A cell in words, without its number: `position 2 n  draws from 0 ⟨B⟩`."""
        row, column = divmod(index, max(1, self.shape[1]))
        words = self.reading.format(row=self.label(row, lang), column=self._column(column, index), index=index)
        return words[lang].strip()

    def label(self, row: int, lang: Lang) -> str:
        """What a row, a bar or a series is called."""
        return self.names[row][lang] if row < len(self.names) else _at(self.rows, row)

    def _column(self, column: int, index: int) -> str:
        """A column's label; in a history without labels its step."""
        return _at(self.columns, column) or (f"{self.step_of(index):,}" if len(self.steps) else "")

    def told(self, index: int, lang: Lang, *, full: bool = False) -> str:
        """A cell in words with its number: `H0 n → a = 0.5831`."""
        if not 0 <= index < self.size:
            return ""
        if self.absent is not None and self.absent.reshape(-1)[index]:
            return f"{self.named(index, lang)} {NO_GRADIENT}"
        write: Any = format_full if full else format_number
        if self.kind == "scatter":
            x, y = (float(v) for v in self.values[index])
            return f"{self.named(index, lang)} ({write(x)}, {write(y)})"
        beside = self.extra.items() if self.kind == "bars" else ()
        also = "".join(
            f"  {name} {write(float(of[index]))}"
            for name, of in beside
            if of.shape == (self.size,) and not np.isnan(of[index])
        )
        return f"{self.named(index, lang)} = {write(self.number(index))}{also}"

    def moved(self, selected: int | None, direction: Direction) -> int | None:
        """The cell next to the selected one; the first that has a number where none was. None of an empty panel.

        Of points it is the nearest one on that side. Staying inside, every cell can be reached so.
        """
        if not self.size:
            return None
        if selected is None or not 0 <= selected < self.size:
            return self._first()
        down, right = _STEPS[direction]
        if self.kind == "scatter":
            return self._beside(selected, right, -down)
        rows, columns = self.shape
        if self.kind == "histogram":
            down, right = right, 0
        row, column = divmod(selected, columns)
        return min(max(row + down, 0), rows - 1) * columns + min(max(column + right, 0), columns - 1)

    def _first(self) -> int:
        """What is marked as current, else the first with a number."""
        for index in sorted(self.marks.get("current", ())):
            if 0 <= index < self.size:
                return index
        known = np.flatnonzero(np.ones(self.size, bool) if self.absent is None else ~self.absent.reshape(-1))
        return int(known[0]) if len(known) else 0

    def _beside(self, selected: int, right: int, up: int) -> int:
        """The nearest point in a direction; where none is, the next point of the list, so that none is out of reach."""
        points = np.where(np.isfinite(self.values), self.values, 0.0)
        spread = np.ptp(points, axis=0)
        away = (points - points[selected]) / np.where(spread > 0, spread, 1.0)
        along = away @ np.array([right, up], np.float64)
        aside = np.abs(away @ np.array([up, right], np.float64))
        ahead = np.flatnonzero((along > 1e-12) & (aside <= 2 * along))
        if not len(ahead):
            return (selected + (1 if right + up > 0 else -1)) % self.size
        return int(ahead[np.argmin(along[ahead] + 2 * aside[ahead])])


def _at(labels: tuple[str, ...], index: int) -> str:
    return labels[index] if index < len(labels) else ""


@dataclass(frozen=True)
class Cells(Sequence[Cell]):
    """The cells of an array or of a part of it, each made when it is asked for."""

    of: str
    shape: tuple[int, ...]
    """Of the part that is shown."""
    at: tuple[int, ...] = ()
    """The index of the part: its first axes are held there."""
    document: int = 0
    grad: bool = False
    order: tuple[int, ...] | None = None
    """Which rows (along the first axis of the part) stand where, if they were sorted or not all are shown."""

    def __len__(self) -> int:
        rows = self.shape[:1] if self.order is None else (len(self.order),)
        return math.prod((*rows, *self.shape[1:]))

    @overload
    def __getitem__(self, index: int) -> Cell: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Cell]: ...
    def __getitem__(self, index: int | slice) -> Cell | Sequence[Cell]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        row, rest = divmod(index % len(self), math.prod(self.shape[1:]))
        first = () if not self.shape else (row if self.order is None else self.order[row],)
        place = np.unravel_index(rest, self.shape[1:]) if self.shape[1:] else ()
        return Cell(self.of, (*self.at, *first, *map(int, place)), self.document, self.grad)
