"""A few series over the steps, as curves in braille over one another; of more, one sparkline each (`sparks`).

The axis of steps goes as far as the run is known to have gone, so that going back and forth moves the end of the curve
and not its scale; nothing is drawn beyond the step one is at.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

from tracer.numbers import format_number
from tracer.panels.data import Data, Floats
from tracer.panels.drawing import ODD, Board, Drawn, Look
from tracer.panels.pictures.sparks import CHANGED, HERE, changed_at, floor_of, last_step, sparks, steps_of
from tracer.panels.pictures.sparks import WORDS as SPARKS
from tracer.panels.pictures.words import Piece, foot, said
from tracer.scene.curves import Axis, column_of, dots, steps_below
from tracer.scene.palette import Role
from tracer.text import Text

FEW = 3
"""Series up to which they are curves over one another."""
COMPARED, MEASURED = "╌", "◇"
"""A line to compare with; a number that only some steps have."""
ROLES: tuple[Role, ...] = ("data", "grad", "mark")
SIGNS = "●◆▲"
"""How several curves are told apart without colour: each has its own every so many columns."""
EVERY = 9
LEAST = 12
"""Columns that a curve has before its scale gets any."""
LEAST_ROWS = 3
MOST_PLACES = 4_000
"""Steps looked at to say which one a column means."""

WORDS = {
    "log": Text("log scale", "対数目盛"),
    "none": Text("There is no finite number.", "有限の値がありません。"),
    "zero": Text("log scale, 0 at the bottom", "対数目盛（0 は最下段）"),
}


def lines(data: Data, look: Look) -> Drawn:
    """The picture of (series, n) numbers; a column is a step."""
    if not np.isfinite(data.values).any():
        return said(Text(*(f"{WORDS['none'][lang]} {data.note[lang]}".strip() for lang in ("en", "ja"))), look)
    return Chart(data, look).drawn() if len(data.values) <= FEW else sparks(data, look)


class Chart:
    """A few series over one another."""

    def __init__(self, data: Data, look: Look) -> None:
        self.data, self.look = data, look
        self.board = Board(look.width, look.height)
        self.values = np.where(np.isfinite(data.values), data.values, np.nan)
        self.x, self.until = steps_of(data), last_step(data)
        self.axis = self._axis()

    def drawn(self) -> Drawn:
        if not self.look.width or not self.look.height:
            return self.board.drawn()
        body = foot(self.board, self.data, self.look, self.look.height, self._legend())
        self.rows = body - 1 if body > LEAST_ROWS else max(1, body)
        scale = self.axis.scale_width(self.rows) + 1
        self.left = scale if self.look.width - scale >= LEAST and self.rows >= LEAST_ROWS else 0
        self.columns = max(1, self.look.width - self.left)
        self._scale()
        self._changes()
        self._curves()
        self._refs()
        self._broken()
        self._selected()
        if body > self.rows:
            self.board.put(self.left, self.rows, self._steps(), self.look.palette.style("muted"))
        if self.data.cells:
            self._regions()
        return self.board.drawn()

    # Where things stand

    def _axis(self) -> Axis:
        more = [ref.value for ref in self.data.refs] + [
            end for end in (self.data.low, self.data.high) if end is not None
        ]
        numbers = np.concatenate([self.values.reshape(-1), np.array(more, float)])
        found = Axis.of(numbers)
        assert found is not None, "there is a finite number"
        low = floor_of(numbers[numbers > 0])
        if self.data.log and 0 < low < found.high:
            return replace(found, low=low, log=True)
        return replace(found, log=False) if (numbers <= 0).any() else found

    def _height(self, numbers: Floats) -> Floats:
        """0 at the bottom to 1 at the top; on a logarithmic axis 0 stands at the bottom."""
        if self.axis.log:
            numbers = np.where(numbers < self.axis.low, self.axis.low, numbers)
        with np.errstate(all="ignore"):
            return np.clip(self.axis.at(numbers), 0.0, 1.0)

    def _row(self, number: float) -> int:
        """-1 for a number that is not finite."""
        height = float(self._height(np.array([number]))[0])
        return round((1 - height) * (self.rows - 1)) if math.isfinite(height) else -1

    def _column(self, step: int) -> int:
        return column_of(step, self.until, self.columns)

    @cached_property
    def _bits(self) -> list[NDArray[np.int64]]:
        """Braille bits of each series."""
        found = []
        for series, numbers in enumerate(self.values):
            if self._is(series, "measured"):
                found.append(np.zeros((self.rows, self.columns), np.int64))
            else:
                joined = not self._is(series, "dots")
                heights = self._height(numbers)
                found.append(dots(heights, self.columns, self.rows, joined=joined, steps=self.until, of=self.x))
        return found

    def _is(self, series: int, mark: str) -> bool:
        """`dots`: not joined, as what the others smooth; `measured`: a sign at each of the few steps that have one."""
        return series in self.data.marks.get(mark, ())

    def _role(self, series: int) -> Role:
        if self._is(series, "dots") or self._is(series, "measured"):
            return "muted" if self._is(series, "dots") else "mark"
        grad = bool(self.data.cells) and self.data.cells[0].grad
        return "grad" if grad and len(self._joined) == 1 else ROLES[self._joined.index(series) % len(ROLES)]

    @cached_property
    def _joined(self) -> list[int]:
        """The series that are drawn as lines."""
        return [k for k in range(len(self.values)) if not self._is(k, "dots") and not self._is(k, "measured")]

    def _sign(self, series: int) -> str:
        """How a series is told in the legend."""
        if self._is(series, "measured"):
            return MEASURED
        if self._is(series, "dots"):
            return "⠁⠄⠂"
        several = len(self._joined) > 1
        return f"⠤{SIGNS[self._joined.index(series) % len(SIGNS)]}" if several else "⠤⠒⠒"

    @cached_property
    def _order(self) -> list[int]:
        """From the back to the front."""
        return sorted(range(len(self.values)), key=lambda k: (not self._is(k, "dots"), k))

    # Its parts

    def _scale(self) -> None:
        muted = self.look.palette.style("muted")
        ticks = self.axis.ticks(self.rows)
        for y in range(self.rows) if self.left else ():
            self.board.put(0, y, ticks.get(y, "").rjust(self.left - 1) + ("┤" if y in ticks else "│"), muted)

    def _changes(self) -> None:
        """A line behind the curves where settings became others."""
        style = self.look.palette.style("accent")
        for step in changed_at(self.data):
            for y in range(self.rows) if step <= self.until else ():
                self.board.put(self.left + self._column(step), y, CHANGED, style)

    def _curves(self) -> None:
        under = np.zeros((self.rows, self.columns), np.int64)
        for k in self._order:
            style = self.look.palette.style(self._role(k))
            if self._is(k, "measured"):
                for column in np.flatnonzero(np.isfinite(self.values[k])).tolist():
                    x, y = self._column(int(self.x[column])), self._row(float(self.values[k, column]))
                    self.board.put(self.left + x, y, MEASURED, style)
                continue
            bits = self._bits[k]
            both = np.where(bits != 0, bits | under, 0)
            for y in np.flatnonzero(both.any(axis=1)).tolist():
                for drawn, run in groupby(enumerate(both[y].tolist()), key=lambda one: one[1] != 0):
                    if drawn:
                        cells = list(run)
                        text = "".join([chr(0x2800 + dots_) for _, dots_ in cells])
                        self.board.put(self.left + cells[0][0], y, text, style)
            under |= bits
        for place, k in enumerate(self._joined if len(self._joined) > 1 else ()):
            style = self.look.palette.style(self._role(k))
            for x in range(place * EVERY // len(self._joined), self.columns, EVERY):
                touched = np.flatnonzero(self._bits[k][:, x])
                if len(touched):
                    self.board.put(self.left + x, int(touched[0]), SIGNS[place % len(SIGNS)], style)

    def _refs(self) -> None:
        """Lines to compare with, where nothing else is; and what they are, as far right as there is room."""
        style = self.look.palette.style("receiver")
        taken = np.any(np.array(self._bits) != 0, axis=0)
        for ref in self.data.refs:
            y = self._row(ref.value)
            if y < 0:
                continue
            free = (~taken[y]).tolist()
            for is_free, run in groupby(range(self.columns), key=free.__getitem__):
                if is_free:
                    cells = list(run)
                    self.board.put(self.left + cells[0], y, COMPARED * len(cells), style)
            number, name = format_number(ref.value), ref.name[self.look.lang]
            for label in (f" {name} = {number} ", f" {name} ", f" {number} "):
                size = cell_len(label)
                places = (x for x in range(self.columns - size, -1, -1) if all(free[x : x + size]))
                at = next(places, None)
                if at is not None:
                    self.board.put(self.left + at, y, label, style)
                    break

    def _broken(self) -> None:
        """Where a number is not one, its word at the top."""
        odd = ~np.isfinite(self.data.values)
        if self.data.absent is not None:
            odd &= ~self.data.absent
        style = self.look.palette.style("wrong")
        for series, column in np.argwhere(odd)[-self.columns :].tolist():
            word = format_number(float(self.data.values[series, column]))
            x = self.left + self._column(int(self.x[column]))
            if self.columns < len(word) + 1:
                word = ODD
            self.board.put(min(x, self.look.width - len(word)), 0, word, style)

    def _selected(self) -> None:
        index = self.look.selected
        if index is None or not 0 <= index < self.data.size:
            return
        series, column = divmod(index, self.values.shape[1])
        x, style = self.left + self._column(int(self.x[column])), self.look.palette.style("active")
        for y in range(self.rows):
            self.board.put(x, y, "│", style)
        y = self._row(float(self.values[series, column]))
        self.board.put(x, max(0, y), HERE if y >= 0 else ODD, style)

    def _steps(self) -> str:
        """The axis below: the first, the last, the one selected, the one shown, and the last change of settings."""
        shown = [int(self.x[-1]), *changed_at(self.data)[-1:]]
        if self.look.selected is not None and 0 <= self.look.selected < self.data.size:
            shown.insert(0, int(self.x[self.look.selected % len(self.x)]))
        return steps_below(self.until, shown, self.columns)

    def _legend(self) -> list[Piece]:
        """What each curve is, the units of a single one, and the scale."""
        lang = self.look.lang
        names = [self.data.label(k, lang) for k in range(len(self.values))]
        named = [k for k in range(len(names)) if len(names) > 1 and names[k] and np.isfinite(self.values[k]).any()]
        words = [self.data.axis[lang]] if self.data.axis[lang] else []
        if self.axis.log:
            words.append(WORDS["zero" if (self.values == 0).any() else "log"][lang])
        last = "  ".join(words)
        changed = f" {SPARKS['changed'][lang]}" if changed_at(self.data) else ""
        size = sum(cell_len(names[k]) + 7 for k in named) + cell_len(last + changed) + 4 * bool(changed)
        roomy = size <= self.look.width
        found: list[Piece] = []
        for k in named:
            sign = self._sign(k)
            found += [(sign if roomy else sign[-1], self._role(k)), (f" {names[k]}{'   ' if roomy else ' '}", "muted")]
        if changed:
            found += [(CHANGED, "accent"), (f"{changed}{'   ' if roomy else ' '}", "muted")]
        return [*found, (last, "muted")]

    def _regions(self) -> None:
        """Every cell of a column is one of the step that stands there, of the series that is drawn in it."""
        n = self.values.shape[1]
        stride = max(1, n // MOST_PLACES)
        reached = np.round((self.x[::stride] - 1) / max(1, self.until - 1) * (self.columns - 1)).astype(np.int64)
        columns = np.arange(min(self.columns, int(reached[-1]) + 1))
        after = np.clip(np.searchsorted(reached, columns), 0, len(reached) - 1)
        before = np.maximum(after - 1, 0)
        nearest = np.where(columns - reached[before] < reached[after] - columns, before, after) * stride
        owner = np.full((self.rows, self.columns), self._order[-1])
        for k in self._order:
            owner[self._bits[k] != 0] = k
        indices = owner[:, columns] * n + nearest
        for y, row in enumerate(indices.tolist()):
            self.board.strip(self.left, y, row)
