"""Numbers over the steps: a few as curves in braille, many as one sparkline each, all on one scale.

The axis of steps goes as far as the run is known to have gone, so that going back and forth moves the end of the curve
and not its scale; nothing is drawn beyond the step one is at.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

from tracer.numbers import format_number
from tracer.panels.data import Data, Floats
from tracer.panels.drawing import ODD, Board, Drawn, Look, cut, padded
from tracer.scene.curves import Axis, column_of, dots, steps_below
from tracer.scene.palette import Role
from tracer.text import Text

FEW = 3
"""Series up to which they are curves over one another."""
GUESSING, MEASURED, HERE = "╌", "◇", "●"
"""A line to compare with; a number that only some steps have; the one selected."""
LEVELS = "▁▂▃▄▅▆▇█"
ROLES: tuple[Role, ...] = ("data", "grad", "mark")
LEAST = 12
"""Columns that a curve has, before its scale gets any."""
LEAST_ROWS = 3
MOST_LINES = 3
"""Lines of a sparkline, where there is room."""
SCALES = 12.0
"""The powers of ten at most that a logarithmic scale goes down from its largest number."""

_LOG = Text("log scale", "対数目盛")
_STEP = Text("step", "ステップ")
_NONE = Text("There is no finite number yet.", "有限の値がまだありません。")
_ZERO = Text("0 stands at the bottom", "0 は最下段")


def lines(data: Data, look: Look) -> Drawn:
    """The picture of (series, n) numbers; a column is a step."""
    if not np.isfinite(data.values).any():
        board = Board(look.width, look.height)
        board.put(0, 0, cut(_NONE[look.lang], look.width), look.palette.style("muted"))
        return board.drawn()
    return Chart(data, look).drawn() if len(data.values) <= FEW else Sparks(data, look).drawn()


def steps_of(data: Data) -> NDArray[np.int64]:
    """The step of each column."""
    n = data.values.shape[1]
    found = data.extra.get("x")
    if found is None or len(found) != n or not np.isfinite(found).all():
        return np.arange(1, n + 1)
    return np.maximum(1, found.astype(np.int64))


def last_step(data: Data) -> int:
    """Where the axis of steps ends."""
    until = data.extra.get("until")
    last = int(steps_of(data)[-1]) if data.values.shape[1] else 0
    return max(last, int(until[0])) if until is not None and len(until) and math.isfinite(until[0]) else last


def floor_of(numbers: Floats) -> float:
    """The smallest size on a logarithmic scale of these; 0 where all are."""
    sizes = np.abs(numbers[np.isfinite(numbers) & (numbers != 0)])
    if not sizes.size:
        return 0.0
    return float(max(sizes.min(), sizes.max() * 10.0**-SCALES, 5e-324))


class Chart:
    """A few series over one another."""

    def __init__(self, data: Data, look: Look) -> None:
        self.data, self.look = data, look
        self.board = Board(look.width, look.height)
        self.values = np.where(np.isfinite(data.values), data.values, np.nan)
        self.x, self.until = steps_of(data), last_step(data)
        self.under = 1 if look.height >= LEAST_ROWS + 1 else 0  # the steps
        self.legend = 1 if look.height >= LEAST_ROWS + 2 else 0
        self.rows = max(1, look.height - self.under - self.legend)
        self.axis = self._axis()
        scale = self.axis.scale_width(self.rows) + 1
        self.left = scale if look.width - scale >= LEAST and self.rows >= LEAST_ROWS else 0
        self.columns = max(1, look.width - self.left)

    def drawn(self) -> Drawn:
        if not self.look.width or not self.look.height:
            return self.board.drawn()
        self._scale()
        bits = [self._bits(k) for k in range(len(self.values))]
        for k in self._order():
            self._curve(k, bits[k])
        self._refs(bits)
        self._broken()
        self._selected()
        self._below()
        self._regions(bits)
        return self.board.drawn()

    # Where things stand

    def _axis(self) -> Axis:
        numbers = np.concatenate([self.values.reshape(-1), np.array([ref.value for ref in self.data.refs], float)])
        found = Axis.of(numbers)
        assert found is not None, "there is a finite number"
        if self.data.log:
            low = floor_of(numbers[numbers > 0])
            return replace(found, low=low, log=True) if 0 < low < found.high else found
        return replace(found, log=False) if self.data.signed else found

    def _height(self, numbers: Floats) -> Floats:
        """0 at the bottom to 1 at the top; on a logarithmic axis 0 stands at the bottom."""
        if self.axis.log:
            numbers = np.where(numbers < self.axis.low, self.axis.low, numbers)
        with np.errstate(all="ignore"):
            return np.clip(self.axis.at(numbers), 0.0, 1.0)

    def _row(self, number: float) -> int:
        height = float(self._height(np.array([number]))[0])
        return round((1 - height) * (self.rows - 1)) if math.isfinite(height) else -1

    def _column(self, step: int) -> int:
        return column_of(step, self.until, self.columns)

    def _bits(self, series: int) -> NDArray[np.int64]:
        if series in self.data.marks.get("measured", ()):
            return np.zeros((self.rows, self.columns), np.int64)
        joined = series not in self.data.marks.get("dots", ())
        heights = self._height(self.values[series])
        return dots(heights, self.columns, self.rows, joined=joined, steps=self.until, of=self.x)

    def _role(self, series: int) -> Role:
        if series in self.data.marks.get("dots", ()):
            return "muted"
        if series in self.data.marks.get("measured", ()):
            return "mark"
        drawn = [k for k in range(len(self.values)) if k not in self.data.marks.get("dots", ())]
        grad = bool(self.data.cells) and self.data.cells[0].grad
        return "grad" if grad and len(drawn) == 1 else ROLES[drawn.index(series) % len(ROLES)]

    def _order(self) -> list[int]:
        """Dots first: a line lies over them."""
        behind = self.data.marks.get("dots", frozenset())
        return sorted(range(len(self.values)), key=lambda k: (k not in behind, k))

    # Its parts

    def _scale(self) -> None:
        muted = self.look.palette.style("muted")
        ticks = self.axis.ticks(self.rows)
        for y in range(self.rows) if self.left else ():
            self.board.put(0, y, ticks.get(y, "").rjust(self.left - 1) + ("┤" if y in ticks else "│"), muted)

    def _curve(self, series: int, bits: NDArray[np.int64]) -> None:
        style = self.look.palette.style(self._role(series))
        if series in self.data.marks.get("measured", ()):
            for column in np.flatnonzero(np.isfinite(self.values[series])).tolist():
                number = float(self.values[series, column])
                self.board.put(self.left + self._column(int(self.x[column])), self._row(number), MEASURED, style)
            return
        under = getattr(self, "_under", np.zeros_like(bits))
        for y, x in np.argwhere(bits).tolist():
            self.board.put(self.left + x, y, chr(0x2800 + int(bits[y, x] | under[y, x])), style)
        self._under: NDArray[np.int64] = under | bits

    def _refs(self, bits: list[NDArray[np.int64]]) -> None:
        """Lines to compare with, where nothing else is; and what they are, as far right as there is room."""
        style = self.look.palette.style("grad")
        taken = np.any(np.array(bits) != 0, axis=0)
        for ref in self.data.refs:
            y = self._row(ref.value)
            if not 0 <= y < self.rows:
                continue
            free = [not taken[y, x] for x in range(self.columns)]
            for x in range(self.columns):
                if free[x]:
                    self.board.put(self.left + x, y, GUESSING, style)
            label = f" {ref.name[self.look.lang]} = {format_number(ref.value)} "
            size = cell_len(label)
            for x in range(self.columns - size, -1, -1):
                if all(free[x : x + size]):
                    self.board.put(self.left + x, y, label, style)
                    break

    def _broken(self) -> None:
        """Where a number is not one."""
        for index in sorted(self.data.marks.get("broken", ())):
            series, column = divmod(index, max(1, self.values.shape[1]))
            if series < len(self.values) and column < len(self.x):
                number = float(self.data.values[series, column])
                words = format_number(number)
                x = min(self.left + self._column(int(self.x[column])), self.look.width - len(words))
                if x >= self.left:
                    self.board.put(x, 0, words, self.look.palette.style("wrong"))
                else:
                    self.board.put(self.look.width - 1, 0, ODD, self.look.palette.style("wrong"))

    def _selected(self) -> None:
        index, n = self.look.selected, self.values.shape[1]
        if index is None or not 0 <= index < self.data.size:
            return
        series, column = divmod(index, n)
        x, style = self.left + self._column(int(self.x[column])), self.look.palette.style("active")
        for y in range(self.rows):
            self.board.put(x, y, "│", style)
        y = self._row(float(self.values[series, column]))
        self.board.put(x, max(0, y), HERE if y >= 0 else ODD, style)

    def _below(self) -> None:
        look = self.look
        muted = look.palette.style("muted")
        if self.under:
            shown = [int(self.x[-1])] if len(self.x) else []
            if look.selected is not None and 0 <= look.selected < self.data.size:
                shown.insert(0, int(self.x[look.selected % len(self.x)]))
            self.board.put(self.left, self.rows, steps_below(self.until, shown, self.columns), muted)
        if not self.legend:
            return
        x, y = 0, look.height - 1
        for k in range(len(self.values)):
            name = self.data.series_name(k)[look.lang]
            if not name or not np.isfinite(self.values[k]).any():
                continue
            dots_ = k in self.data.marks.get("dots", ())
            sign = MEASURED if k in self.data.marks.get("measured", ()) else "⠂⠄⠁" if dots_ else "⠤⠒⠒"
            x = self.board.put(x, y, sign, look.palette.style(self._role(k)))
            x = self.board.put(x, y, f" {name}  ", muted)
        words = [self.data.axis[look.lang]] if len(self.values) == 1 and self.data.axis[look.lang] else []
        if self.axis.log:
            words.append(_LOG[look.lang] + (f" ({_ZERO[look.lang]})" if (self.values == 0).any() else ""))
        self.board.put(x, y, "  ".join(words), muted)

    def _regions(self, bits: list[NDArray[np.int64]]) -> None:
        if not self.data.cells:
            return
        n = self.values.shape[1]
        places = np.array([self._column(int(step)) for step in self.x[:: max(1, n // 4000)]])
        stride = max(1, n // 4000)
        for x in range(int(places[-1]) + 1):
            nearest = min(n - 1, int(np.abs(places - x).argmin()) * stride)
            for y in range(self.rows):
                owner = next((k for k in reversed(self._order()) if bits[k][y, x]), self._order()[-1])
                self.board.region(self.left + x, y, 1, owner * n + nearest)


class Sparks:
    """A line of blocks for each series, its name before it and its last number behind it."""

    def __init__(self, data: Data, look: Look) -> None:
        self.data, self.look = data, look
        self.board = Board(look.width, look.height)
        self.values = np.where(np.isfinite(data.values), np.abs(data.values), np.nan)
        known = self.values[np.isfinite(self.values)]
        self.top = float(known.max()) if known.size else 0.0
        self.floor = floor_of(known)
        n = len(self.values)
        self.under = 1 if look.height >= 3 else 0
        room = max(1, look.height - self.under)
        self.lines = max(1, min(MOST_LINES, room // n))
        self.seen = min(n, room // self.lines)
        chosen = (look.selected or 0) // max(1, self.values.shape[1]) if look.selected is not None else 0
        self.first = max(0, min(chosen - self.seen // 2, n - self.seen))

    def drawn(self) -> Drawn:
        look, data = self.look, self.data
        if not look.width or not look.height:
            return self.board.drawn()
        names = [data.series_name(k)[look.lang] for k in range(len(self.values))]
        last = [self._last(k) for k in range(len(self.values))]
        named = min(max(map(cell_len, names)), max(0, look.width // 3))
        behind = max(map(cell_len, last))
        columns = look.width - named - 1 - behind - 1
        if columns < LEAST:
            columns, behind = look.width - named - 1, 0
        if columns < 1:
            named, columns = 0, look.width
        left = named + 1 if named else 0
        here = look.selected if look.selected is not None and 0 <= look.selected < data.size else None
        for place, k in enumerate(range(self.first, self.first + self.seen)):
            y = place * self.lines + self.lines - 1
            chosen = here is not None and here // self.values.shape[1] == k
            style = look.palette.style("accent" if chosen else "muted", bold=chosen)
            self.board.put(0, y, padded(names[k], named), style)
            self._spark(k, left, y, columns, here)
            if behind:
                self.board.put(left + columns + 1, y, padded(last[k], behind, right=True), look.palette.style("text"))
        self._below(left, columns)
        return self.board.drawn()

    def _last(self, series: int) -> str:
        row = self.data.values[series]
        return format_number(float(row[-1])) if len(row) and not math.isnan(row[-1]) else ""

    def _share(self, value: float) -> float:
        if self.data.log and 0 < self.floor < self.top:
            return max(0.0, math.log(value / self.floor) / math.log(self.top / self.floor)) if value > 0 else 0.0
        return value / self.top if self.top else 0.0

    def _spark(self, series: int, left: int, bottom: int, columns: int, here: int | None) -> None:
        n, palette = self.values.shape[1], self.look.palette
        wide = min(columns, max(n, columns // n * n)) if n else 0
        grad = bool(self.data.cells) and self.data.cells[0].grad
        for x in range(wide):
            first, end = x * n // wide, max(x * n // wide + 1, (x + 1) * n // wide)
            some = self.values[series, first:end]
            known = np.flatnonzero(np.isfinite(some))
            index = series * n + (first + int(known[np.argmax(some[known])]) if len(known) else first)
            chosen = here is not None and here // n == series and first <= here % n < end
            for line in range(self.lines):
                y = bottom - line
                if len(known):
                    value = float(some[known].max())
                    sign = self._block(value, line)
                    style = palette.style("grad" if grad else "data", reverse=chosen)
                else:
                    odd = np.isinf(self.data.values[series, first:end]).any()
                    sign = ODD if odd and line == 0 else " "
                    style = palette.style("wrong", reverse=chosen)
                self.board.put(left + x, y, sign, style)
                if self.data.cells:
                    self.board.region(left + x, y, 1, index)

    def _block(self, value: float, line: int) -> str:
        if value == 0:
            return "0" if line == 0 else " "
        level = max(1, round(self._share(value) * len(LEVELS) * self.lines)) - line * len(LEVELS)
        return LEVELS[min(level, len(LEVELS)) - 1] if level > 0 else " "

    def _below(self, left: int, columns: int) -> None:
        if not self.under:
            return
        look, x = self.look, steps_of(self.data)
        muted = look.palette.style("muted")
        steps = f"{_STEP[look.lang]} {x[0]:,}–{x[-1]:,}" if len(x) else ""
        log = self.data.log and 0 < self.floor < self.top
        scale = f"{format_number(self.floor) if log else 0} {LEVELS[0]}–{LEVELS[-1]} {format_number(self.top)}"
        words = [steps, scale, *([_LOG[look.lang]] if log else []), self.data.axis[look.lang]]
        self.board.put(0, look.height - 1, cut("   ".join(word for word in words if word), look.width), muted)
