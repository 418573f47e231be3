"""The losses of several runs over each other, smoothed: each has its colour and its sign, and the legend names both.

Nothing is drawn that was measured after the step one is at, and the scale at the left follows from what is drawn alone;
the axis below reaches to the last step, so that it stands still.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len, set_cell_size
from rich.text import Text as RichText

from tracer.numbers import format_number
from tracer.scene.curves import LEAST_HEIGHT, LEAST_WIDTH, Axis, Floats, column_of, dots, fit, steps_below
from tracer.scene.palette import DARK, Palette, Role
from tracer.text import Lang, Text, clean

SIGNS: tuple[tuple[str, Role], ...] = (
    ("●", "data"),
    ("◆", "grad"),
    ("▲", "ok"),
    ("■", "mark"),
    ("+", "receiver"),
    ("×", "accent"),
)
"""How runs are told apart; from the seventh on they begin again."""
WIDE = 110
"""From this width on, the loss on held-out texts has room."""
EVERY = 9
"""Columns from one sign of a curve to its next; those of different runs do not meet."""

WORDS = {
    "smoothed": Text("smoothed", "平滑化"),
    "log": Text("log scale", "対数目盛"),
    "nothing": Text("No step has been taken yet.", "まだ 1 ステップも進んでいません。"),
    "loss": Text("loss", "損失"),
    "steps": Text("{n} steps", "{n} ステップ"),
    "ended": Text("no such step", "このステップなし"),
    "tested": Text("held out {loss}", "検証用 {loss}"),
}


@dataclass(frozen=True, eq=False)
class Curve:
    """A run's loss."""

    name: str
    losses: Floats
    """Of step 1, 2, ..."""
    smoothed: Floats
    differs: str = ""
    """What its settings are where those of the runs differ: `lr 0.01  n_layer 2`."""


@dataclass(frozen=True, eq=False)
class RunCurves:
    """Lines of exactly `width` cells."""

    curves: Sequence[Curve]
    shown: int
    """The step one is at, where the curves end; 0 is before the first."""
    lang: Lang
    palette: Palette
    width: int
    height: int
    marked: int = 0
    """The run that is looked at: its curve lies over the others."""

    def lines(self) -> list[RichText]:
        """The curves, the scale at the left, the steps below."""
        axis = self._axis
        if axis is None or self.width < LEAST_WIDTH or self.height < LEAST_HEIGHT:
            words = WORDS["nothing"][self.lang] if axis is None else ""
            blank = [RichText(" " * self.width) for _ in range(self.height - 1)]
            return [fit(RichText(words, self.palette.style("muted")), self.width), *blank]
        rows = self.height - 2
        left = axis.scale_width(rows)
        columns = self.width - left - 1
        found = axis.beside(self._cells(axis, columns, rows), rows, self.palette)
        below = RichText(" " * (left + 1) + steps_below(self.steps, (self.shown,), columns), no_wrap=True)
        below.stylize(self.palette.style("muted"))
        about = [WORDS["smoothed"][self.lang], *([WORDS["log"][self.lang]] if axis.log else [])]
        return [*found, below, fit(RichText("   ".join(about), self.palette.style("muted")), self.width)]

    @property
    def steps(self) -> int:
        """Of the longest."""
        return max((len(curve.losses) for curve in self.curves), default=0)

    def step_at(self, column: int) -> int:
        """The step that a click in this column means."""
        axis = self._axis
        if axis is None or self.height < LEAST_HEIGHT:
            return min(1, self.steps)
        return axis.step_at(column, self.steps, self.height - 2, self.width)

    @cached_property
    def _axis(self) -> Axis | None:
        return Axis.of(*(curve.smoothed[: self.shown] for curve in self.curves)) if self.curves else None

    @cached_property
    def _drawn(self) -> list[NDArray[np.int64]]:
        axis, rows = self._axis, self.height - 2
        assert axis is not None, "there is something to draw"
        columns = self.width - 1 - axis.scale_width(rows)
        return [
            dots(axis.at(one.smoothed[: self.shown]), columns, rows, joined=True, steps=self.steps)
            for one in self.curves
        ]

    def _cells(self, axis: Axis, columns: int, rows: int) -> list[list[tuple[str, Role]]]:
        cells: list[list[tuple[str, Role]]] = [[(" ", "muted")] * columns for _ in range(rows)]
        column = column_of(self.shown, self.steps, columns)
        for y in range(rows) if column >= 0 else ():
            cells[y][column] = "│", "active"
        order = [k for k in range(len(self.curves)) if k != self.marked] + [self.marked]
        for k in order:
            bits = self._drawn[k]
            for y, x in np.argwhere(bits).tolist():
                cells[y][x] = chr(0x2800 + int(bits[y, x])), SIGNS[k % len(SIGNS)][1]
        for k in order:  # over all curves: where two are the same, the signs of both are seen
            first = (k * EVERY // max(1, min(len(self.curves), len(SIGNS)))) % EVERY
            for x in range(first, columns, EVERY):
                touched = np.flatnonzero(self._drawn[k][:, x])
                if len(touched):
                    cells[int(touched[len(touched) // 2])][x] = SIGNS[k % len(SIGNS)]
        return cells


def legend(
    curves: Sequence[Curve],
    shown: int,
    lang: Lang,
    palette: Palette = DARK,
    *,
    width: int,
    height: int,
    marked: int = 0,
    read: Sequence[tuple[str, Role]] = (),
    tested: Sequence[float | None] = (),
) -> list[RichText]:
    """A line a run: its sign, its name, its loss at the step shown, what is read of it, what differs in its settings.

    Args:
        marked: the run that is looked at.
        read: of each run, a word on its gradients.
        tested: of each run, its loss on held-out texts.
    """
    names = min(28, max((cell_len(clean(curve.name)) for curve in curves), default=0))
    reads = max((cell_len(words) for words, _ in read), default=0)
    first = max(0, min(marked, len(curves) - height))
    found = []
    for k, curve in list(enumerate(curves))[first : first + height]:
        sign, role = SIGNS[k % len(SIGNS)]
        line = RichText("▸" if k == marked else " ", palette.style("accent"), no_wrap=True)
        line.append(f"{sign} ", palette.style(role))
        line.append(set_cell_size(clean(curve.name), names), palette.style("text", bold=k == marked))
        if 1 <= shown <= len(curve.losses):
            words = f"{WORDS['loss'][lang]} {format_number(curve.losses[shown - 1])}"
        else:
            words = WORDS["ended"][lang] if shown else ""
        line.append("  " + set_cell_size(words, 14), palette.style("data"))
        if reads:
            line.append("  " + set_cell_size(read[k][0], reads), palette.style(read[k][1]))
        if any(one is not None for one in tested) and width >= WIDE:
            known = tested[k]
            told = "" if known is None else WORDS["tested"].format(loss=format_number(known))[lang]
            line.append("  " + set_cell_size(told, 16), palette.style("mark"))
        line.append(
            "  " + set_cell_size(WORDS["steps"].format(n=f"{len(curve.losses):,}")[lang], 14), palette.style("muted")
        )
        line.append(clean(curve.differs), palette.style("text"))
        line.truncate(width, overflow="ellipsis")
        found.append(line)
    return found
