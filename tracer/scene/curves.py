"""What every picture of losses is made of: an axis, curves in braille (eight dots a cell), the steps below."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len
from rich.text import Text as RichText

from tracer.numbers import format_number
from tracer.scene.palette import Palette, Role

Floats = NDArray[np.float64]

LOGARITHMIC = 30.0
"""From this ratio of highest to lowest on, the axis is logarithmic."""
LEAST_WIDTH, LEAST_HEIGHT = 16, 4
MOST_DIGITS = 6
"""Digits of a scale's numbers."""
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""Dot (row, column) of a braille cell -> its bit."""


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

    def ticks(self, rows: int) -> dict[int, str]:
        """Row of cells -> the loss there, in so many digits that the scale reads as what it is."""
        at = {y: self.loss(1 - y / max(1, rows - 1)) for y in sorted({0, rows // 2, rows - 1})}
        near = (self.high - self.low) / 20
        for digits in range(3, MOST_DIGITS):
            if all(abs(float(format_number(loss, digits)) - loss) <= near for loss in at.values()):
                break
        else:
            digits = MOST_DIGITS
        return {y: format_number(loss, digits) for y, loss in at.items()}

    def scale_width(self, rows: int) -> int:
        """Cells that the numbers of the scale take."""
        return max(map(len, self.ticks(rows).values()))

    def beside(self, body: Iterable[Iterable[tuple[str, Role]]], rows: int, palette: Palette) -> list[RichText]:
        """The rows of a picture, each a line of pieces with their colours, behind the scale."""
        ticks, left, muted = self.ticks(rows), self.scale_width(rows), palette.style("muted")
        found = []
        for y, pieces in zip(range(rows), body, strict=True):
            line = RichText(ticks.get(y, "").rjust(left), muted, no_wrap=True)
            line.append("┤" if y in ticks else "│", muted)
            for text, role in pieces:
                line.append(text, palette.style(role))
            found.append(line)
        return found

    def step_at(self, column: int, steps: int, rows: int, width: int) -> int:
        """The step, of so many, that a column means in a picture so wide, its scale at the left."""
        left = self.scale_width(rows)
        share = (column - left - 1) / max(1, width - left - 2)
        return 1 + round(min(1.0, max(0.0, share)) * (steps - 1))

    def row(self, loss: float, rows: int) -> int:
        """The row of cells that a loss stands in; -1 for one that is not finite or off the axis."""
        height = float(self.at(np.array([loss]))[0])
        return round((1 - height) * (rows - 1)) if -1e-9 <= height <= 1 + 1e-9 else -1

    def _scaled(self, loss: Floats) -> Floats:
        return np.log(loss) if self.log else loss / max(abs(self.low), abs(self.high), 1e-300)


def dots(
    heights: Floats, columns: int, rows: int, *, joined: bool, steps: int = 0, of: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """(rows, columns) braille bits of a curve. A joined one has no gap between a column of dots and the next.

    Args:
        heights: (n,) of step 1, 2, ..., as `Axis.at` gives them.
        steps: the last step of the axis below, if that is not the curve's own.
        of: the step of each height, ascending, where not every step has one.
    """
    wide, high, n = 2 * columns, 4 * rows, len(heights)
    taken = np.arange(n) if of is None else of - 1
    at = np.round(taken / max(1, (steps or n) - 1) * (wide - 1)).astype(int).clip(0, wide - 1)
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


def column_of(step: int, steps: int, columns: int) -> int:
    """The column of cells that a step stands in, of so many steps; -1 for none."""
    return -1 if not 1 <= step <= steps else round((step - 1) / max(1, steps - 1) * (columns - 1))


def steps_below(steps: int, shown: Iterable[int], columns: int) -> str:
    """The axis below: the first step, the last, and those shown, where there is room."""
    words = [" "] * columns
    places = [(0, "1"), (columns - len(f"{steps:,}"), f"{steps:,}")]
    for step in shown:
        if 1 < step < steps:
            label = f"{step:,}"
            places.append((max(0, min(column_of(step, steps, columns) - len(label) // 2, columns)), label))
    taken: list[range] = []
    for start, label in places:
        room = range(start - 1, start + len(label) + 1)
        if start >= 0 and start + len(label) <= columns and not any(set(room) & set(other) for other in taken):
            words[start : start + len(label)] = label
            taken.append(room)
    return "".join(words)


def fit(line: RichText, width: int) -> RichText:
    """Exactly `width` cells."""
    if cell_len(line.plain) > width:
        line.truncate(width, overflow="ellipsis")
    line.append(" " * (width - cell_len(line.plain)))
    return line
