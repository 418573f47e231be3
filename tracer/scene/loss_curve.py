"""The loss over the steps: each step's own as dots, the smoothed one as a line, in braille, eight dots a cell.

Told apart by shape as well as by colour. A run of any length costs the same: what falls into one column of dots
is drawn as its lowest and its highest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text as RichText

from tracer.numbers import format_number
from tracer.scene.palette import DARK, Palette, Role
from tracer.text import Lang, Text

Floats = NDArray[np.float64]

LOGARITHMIC = 30.0
"""From this ratio of highest to lowest on, the axis is logarithmic."""
LEAST_WIDTH, LEAST_HEIGHT = 16, 4
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""Dot (row, column) of a braille cell -> its bit."""

WORDS = {
    "each": Text("each step", "各ステップ"),
    "smoothed": Text("smoothed", "平滑化"),
    "log": Text("log scale", "対数目盛"),
    "nothing": Text("No step has been taken yet.", "まだ 1 ステップも進んでいません。"),
}


@dataclass(frozen=True)
class Axis:
    """Loss -> height, 0 at the bottom to 1 at the top."""

    low: float
    high: float
    log: bool

    @classmethod
    def of(cls, *curves: Floats) -> Axis | None:
        """An axis with room for all finite numbers of these; None if there are none."""
        numbers = np.concatenate(curves)
        numbers = numbers[np.isfinite(numbers)]
        if not len(numbers):
            return None
        low, high = float(numbers.min()), float(numbers.max())
        log = low > 0 and high / low >= LOGARITHMIC
        size = max(abs(low), abs(high))
        if high - low <= 1e-9 * size or size < 1e-300:  # as good as one number: it stands in the middle
            low, high = (low - size / 2, high + size / 2) if size >= 1e-300 else (-1.0, 1.0)
        return cls(low, high, log)

    def at(self, loss: Floats) -> Floats:
        """Heights; nan where the loss is not finite."""
        with np.errstate(all="ignore"):
            low, high = self._scaled(np.array([self.low, self.high]))
            found: Floats = (self._scaled(np.where(np.isfinite(loss), loss, np.nan)) - low) / (high - low)
        return found

    def loss(self, height: float) -> float:
        """The loss at a height."""
        if self.log:
            return float(self.low * (self.high / self.low) ** height)
        return self.low + height * (self.high - self.low)

    def _scaled(self, loss: Floats) -> Floats:
        return np.log(loss) if self.log else loss / max(abs(self.low), abs(self.high), 1e-300)


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

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self.lines()

    def lines(self) -> list[RichText]:
        """The curve, its scale at the left, the steps below, and a legend."""
        axis = self._axis
        if axis is None or self.width < LEAST_WIDTH or self.height < LEAST_HEIGHT:
            words = WORDS["nothing"][self.lang] if axis is None else ""
            return [_fit(RichText(words, self.palette.style("muted")), self.width)] + [
                RichText(" " * self.width) for _ in range(self.height - 1)
            ]
        rows = self.height - 2
        ticks = self._ticks(axis, rows)
        left = max(map(len, ticks.values()))
        columns = self.width - left - 1
        body = self._body(columns, rows)
        found = []
        for y in range(rows):
            line = RichText(ticks.get(y, "").rjust(left), self.palette.style("muted"), no_wrap=True)
            line.append("┤" if y in ticks else "│", self.palette.style("muted"))
            for text, role in body[y]:
                line.append(text, self.palette.style(role))
            found.append(line)
        return [*found, self._steps(left, columns), self._legend(axis)]

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
        left = max(map(len, self._ticks(axis, self.height - 2).values()))
        columns = max(1, self.width - left - 2)
        share = min(1.0, max(0.0, (column - left - 1) / columns))
        return 1 + round(share * (len(self.losses) - 1))

    # Its parts

    def _ticks(self, axis: Axis, rows: int) -> dict[int, str]:
        """Row -> the loss there."""
        at = sorted({0, rows // 2, rows - 1})
        return {y: format_number(axis.loss(1 - y / max(1, rows - 1)), 3) for y in at}

    @cached_property
    def _axis(self) -> Axis | None:
        return Axis.of(self.losses, self.smoothed)

    @cached_property
    def _drawn(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Braille bits of every step's loss, and of the smoothed one."""
        axis, rows = self._axis, self.height - 2
        assert axis is not None, "there is something to draw"
        columns = self.width - 1 - max(map(len, self._ticks(axis, rows).values()))
        each = self._dots(axis.at(self.losses), columns, rows, joined=False)
        return each, self._dots(axis.at(self.smoothed), columns, rows, joined=True)

    def _body(self, columns: int, rows: int) -> list[list[tuple[str, Role]]]:
        """For each row, runs of cells of one meaning."""
        dots, line = self._drawn
        marker = self._column(self.shown, columns)
        found: list[list[tuple[str, Role]]] = []
        for y in range(rows):
            runs: list[tuple[str, Role]] = []
            for x in range(columns):
                bits, role = (line[y, x] | dots[y, x], "data") if line[y, x] else (dots[y, x], "muted")
                text = chr(0x2800 + int(bits)) if bits else " "
                if x == marker:
                    text, role = (text if line[y, x] else "│"), "active"
                if runs and runs[-1][1] == role:
                    runs[-1] = runs[-1][0] + text, runs[-1][1]
                else:
                    runs.append((text, role))  # type: ignore[arg-type]  # one of three roles
            found.append(runs)
        return found

    def _column(self, step: int, columns: int) -> int:
        """The column of cells that a step stands in; -1 for none."""
        n = len(self.losses)
        return -1 if not 1 <= step <= n else round((step - 1) / max(1, n - 1) * (columns - 1))

    def _dots(self, heights: Floats, columns: int, rows: int, *, joined: bool) -> NDArray[np.int64]:
        """(rows, columns) braille bits. A joined curve has no gap between a column of dots and the next."""
        wide, high, n = 2 * columns, 4 * rows, len(heights)
        at = np.round(np.arange(n) / max(1, n - 1) * (wide - 1)).astype(int)
        known = np.isfinite(heights)
        y = np.round((1 - np.where(known, heights, 0)) * (high - 1)).astype(int).clip(0, high - 1)
        field = np.zeros((high, wide), bool)
        if joined:
            top, bottom = np.full(wide, high), np.full(wide, -1)
            np.minimum.at(top, at[known], y[known])
            np.maximum.at(bottom, at[known], y[known])
            before: tuple[int, int] | None = None  # column and height of the dot before
            for x in np.flatnonzero(bottom >= 0).tolist():
                first, last = int(top[x]), int(bottom[x])
                if before is not None:
                    x0, y0 = before
                    for between in range(x0 + 1, x):  # a short run has fewer steps than columns
                        share = (between - x0) / (x - x0)
                        field[round(y0 + share * ((first + last) / 2 - y0)), between] = True
                    first, last = min(first, max(y0, first - 1)), max(last, min(y0, last + 1))
                    if x == x0 + 1:
                        first, last = min(first, y0), max(last, y0)
                field[first : last + 1, x] = True
                before = x, int(y[known & (at == x)][-1]) if n <= 4 * wide else (first + last) // 2
        else:
            field[y[known], at[known]] = True
        cells = field.reshape(rows, 4, columns, 2).transpose(0, 2, 1, 3)
        bits: NDArray[np.int64] = (cells * _BITS).sum(axis=(2, 3))
        return bits

    def _steps(self, left: int, columns: int) -> RichText:
        """The axis below: the first step, the last, and the one shown."""
        n = len(self.losses)
        words = [" "] * columns
        places = [(0, "1"), (columns - len(f"{n:,}"), f"{n:,}")]
        if 1 < self.shown < n:
            label = f"{self.shown:,}"
            places.append((max(0, min(self._column(self.shown, columns) - len(label) // 2, columns)), label))
        taken: list[range] = []
        for start, label in places:
            room = range(start - 1, start + len(label) + 1)
            if start >= 0 and start + len(label) <= columns and not any(set(room) & set(other) for other in taken):
                words[start : start + len(label)] = label
                taken.append(room)
        return RichText(" " * (left + 1) + "".join(words), self.palette.style("muted"), no_wrap=True)

    def _legend(self, axis: Axis) -> RichText:
        line = RichText("⠂⠄⠁ ", self.palette.style("muted"), no_wrap=True)
        line.append(f"{WORDS['each'][self.lang]}   ").append("⠤⠒⠒ ", self.palette.style("data"))
        line.append(WORDS["smoothed"][self.lang])
        line.append(f"   {WORDS['log'][self.lang]}" if axis.log else "")
        return _fit(line, self.width)


def _fit(line: RichText, width: int) -> RichText:
    """Exactly `width` cells."""
    if cell_len(line.plain) > width:
        line.truncate(width, overflow="ellipsis")
    line.append(" " * (width - cell_len(line.plain)))
    return line


def loss_curve(
    losses: Floats,
    smoothed: Floats,
    lang: Lang = "en",
    palette: Palette = DARK,
    *,
    shown: int = 0,
    width: int = 60,
    height: int = 15,
) -> LossCurve:
    """A Rich renderable of a run's loss; `step_at(column)` tells what a click means.

    Args:
        losses, smoothed: of each step taken, from the first.
        shown: the step one is at.
        width, height: cells.
    """
    return LossCurve(losses, smoothed, shown, lang, palette, width, height)
