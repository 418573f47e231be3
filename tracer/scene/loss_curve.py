"""The loss over the steps: each step's own as dots, the smoothed one as a line, in braille, eight dots a cell.

A model of texts has two more: the loss of one that guesses, as a line to get below, and the held-out loss. All are told
apart by shape as well as by colour; what lies beyond the step one is at is drawn in the colour of what is not yet
reached. A run of any length costs the same: what falls into one column of dots is drawn as its lowest and its highest.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text as RichText

from tracer.numbers import format_number
from tracer.scene.curves import LEAST_HEIGHT, LEAST_WIDTH, Axis, Floats, column_of, dots, fit, steps_below
from tracer.scene.palette import DARK, Palette, Role
from tracer.text import Lang, Text

GUESSING, HELD_OUT = "╌", "◇"
"""The line of a model that knows nothing, and a held-out loss."""

WORDS = {
    "each": Text("each step", "各ステップ"),
    "smoothed": Text("smoothed", "平滑化"),
    "held out": Text("held out", "検証用"),
    "guessing": Text("guessing", "一様に予測"),
    "log": Text("log scale", "対数目盛"),
    "nothing": Text("No step has been taken yet.", "まだ 1 ステップも進んでいません。"),
}


@dataclass(frozen=True, eq=False)
class LossCurve:
    """A Rich renderable of exactly `width` x `height` cells."""

    losses: Floats
    """Of step 1, 2, ..."""
    smoothed: Floats
    shown: int
    """The step one is at, marked by a column; 0 for none."""
    lang: Lang
    palette: Palette
    width: int
    height: int
    evals: Sequence[tuple[int, float]] = ()
    """Step and the held-out loss after it."""
    guesses: int = 0
    """How many symbols one that knows nothing guesses among; 0 for a model that guesses none."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self.lines()

    def lines(self) -> list[RichText]:
        """The curve, its scale at the left, the steps below, and a legend."""
        axis = self._axis
        if axis is None or self.width < LEAST_WIDTH or self.height < LEAST_HEIGHT:
            words = WORDS["nothing"][self.lang] if axis is None else ""
            return [fit(RichText(words, self.palette.style("muted")), self.width)] + [
                RichText(" " * self.width) for _ in range(self.height - 1)
            ]
        rows = self.height - 2
        left = axis.scale_width(rows)
        columns = self.width - left - 1
        found = axis.beside(self._body(axis, columns, rows), rows, self.palette)
        below = steps_below(len(self.losses), (self.shown,), columns)
        steps = RichText(" " * (left + 1) + below, self.palette.style("muted"), no_wrap=True)
        return [*found, steps, self._legend(axis)]

    def marked(self, shown: int) -> LossCurve:
        """The same curve with one at another step: the dots are not drawn again."""
        other = replace(self, shown=shown)
        kept: dict[str, Any] = {name: self.__dict__[name] for name in ("_axis", "_drawn") if name in self.__dict__}
        other.__dict__.update(kept)
        return other

    def step_at(self, column: int) -> int:
        """The step that a click in this column means."""
        axis = self._axis
        if axis is None or self.height < LEAST_HEIGHT:
            return 0
        return axis.step_at(column, len(self.losses), self.height - 2, self.width)

    # Its parts

    @cached_property
    def _axis(self) -> Axis | None:
        more = [loss for _, loss in self.evals] + ([self.chance] if self.guesses and len(self.losses) else [])
        return Axis.of(self.losses, self.smoothed, np.array(more, dtype=float))

    @property
    def chance(self) -> float:
        """-log(1/V), the loss of guessing."""
        return math.log(max(1, self.guesses))

    @cached_property
    def _drawn(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Braille bits of every step's loss, and of the smoothed one."""
        axis, rows = self._axis, self.height - 2
        assert axis is not None, "there is something to draw"
        columns = self.width - 1 - axis.scale_width(rows)
        each = dots(axis.at(self.losses), columns, rows, joined=False)
        return each, dots(axis.at(self.smoothed), columns, rows, joined=True)

    def _body(self, axis: Axis, columns: int, rows: int) -> list[list[tuple[str, Role]]]:
        """For each row, runs of cells of one meaning."""
        each, line = self._drawn
        steps = len(self.losses)
        marker = column_of(self.shown, steps, columns)
        cells: list[list[tuple[str, Role]]] = [[(" ", "muted")] * columns for _ in range(rows)]
        for y, x in np.argwhere(each | line).tolist():
            ahead = 0 <= marker < x
            cells[y][x] = chr(0x2800 + int(each[y, x] | line[y, x])), "data" if line[y, x] and not ahead else "muted"
        for y in range(rows) if marker >= 0 else ():
            cells[y][marker] = (cells[y][marker][0] if line[y, marker] else "│"), "active"
        for step, loss in self.evals:
            x, y = column_of(step, steps, columns), axis.row(loss, rows)
            if x >= 0 and y >= 0 and (step <= self.shown or not self.shown):
                cells[y][x] = HELD_OUT, "mark"
        if self.guesses:
            self._draw_guessing(cells[axis.row(self.chance, rows)])
        return [list(_runs(row)) for row in cells]

    def _draw_guessing(self, row: list[tuple[str, Role]]) -> None:
        """The line to get below, where nothing else is; and its number, as far right as there is room."""
        free = [text == " " for text, _ in row]
        for x in range(len(row)):
            if free[x]:
                row[x] = GUESSING, "grad"
        label = f" {self.formula} "
        for x in range(len(row) - len(label), -1, -1):
            if all(free[x : x + len(label)]):
                row[x : x + len(label)] = [(sign, "grad") for sign in label]
                return

    @property
    def formula(self) -> str:
        """`-log(1/27) = 3.296`."""
        return f"-log(1/{self.guesses}) = {format_number(self.chance)}"

    def _legend(self, axis: Axis) -> RichText:
        found: list[tuple[str, Role, str]] = [("⠂⠄⠁", "muted", "each"), ("⠤⠒⠒", "data", "smoothed")]
        if any(step <= (self.shown or step) for step, _ in self.evals):
            found.append((HELD_OUT, "mark", "held out"))
        if self.guesses:
            found.append((GUESSING * 2, "grad", "guessing"))
        line = RichText(no_wrap=True)
        words = [WORDS[name][self.lang] for _, _, name in found] + ([WORDS["log"][self.lang]] if axis.log else [])
        gap = " " * (3 if sum(map(cell_len, words)) + 7 * len(words) <= self.width else 1)
        for sign, role, name in found:
            line.append(sign, self.palette.style(role))
            line.append(f" {WORDS[name][self.lang]}{gap}", self.palette.style("muted"))
        line.append(WORDS["log"][self.lang] if axis.log else "", self.palette.style("muted"))
        return fit(line, self.width)


def _runs(row: list[tuple[str, Role]]) -> Iterator[tuple[str, Role]]:
    """Neighbours of one meaning as one text."""
    for role, cells in groupby(row, key=lambda cell: cell[1]):
        yield "".join(text for text, _ in cells), role


def loss_curve(
    losses: Floats,
    smoothed: Floats,
    lang: Lang = "en",
    palette: Palette = DARK,
    *,
    shown: int = 0,
    width: int = 60,
    height: int = 15,
    evals: Sequence[tuple[int, float]] = (),
    guesses: int = 0,
) -> LossCurve:
    """A Rich renderable of a run's loss; `step_at(column)` tells what a click means.

    Args:
        losses, smoothed: of each step taken, from the first.
        shown: the step one is at.
        width, height: cells.
        evals: step and the held-out loss after it; those beyond `shown` are not drawn.
        guesses: how many symbols one that knows nothing guesses among; its loss is drawn as a line.
    """
    return LossCurve(losses, smoothed, shown, lang, palette, width, height, evals, guesses)
