"""Many series over the steps: each a line of blocks, its name before it, its last number behind it, on one scale."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

from tracer.numbers import NO_GRADIENT, format_number
from tracer.panels.data import Data, Floats
from tracer.panels.drawing import ODD, Board, Drawn, Look, padded, short
from tracer.panels.pictures.words import Piece, foot
from tracer.scene.grid import window
from tracer.scene.palette import Role
from tracer.text import Text

LEVELS = "▁▂▃▄▅▆▇█"
MOST_LINES = 3
"""Lines of a sparkline, where there is room."""
LEAST = 8
"""Columns that sparklines have before their last numbers get any."""
NUMBER = 7
HERE, CHANGED = "●", "┊"
"""The number selected; where settings became others."""
_ROLE: tuple[Role, Role] = ("data", "grad")
SCALES = 12
"""Powers of ten that a logarithmic scale goes down from its largest number, at most."""

WORDS = {
    "log": Text("log scale", "対数目盛"),
    "step": Text("step", "ステップ"),
    "changed": Text("changed", "設定変更"),
    "part": Text("{low}–{high} of {all}", "全 {all} のうち {low}〜{high}"),
}


def steps_of(data: Data) -> NDArray[np.int64]:
    """The step of each column; from 1."""
    n = data.values.shape[1]
    found = data.extra.get("x")
    if found is None or len(found) != n or not np.isfinite(found).all():
        return np.arange(1, n + 1)
    return np.maximum(1, found.astype(np.int64))


def last_step(data: Data) -> int:
    """Where the axis of steps ends."""
    last, until = int(steps_of(data)[-1]), data.extra.get("until")
    return max(last, int(until[0])) if until is not None and len(until) and math.isfinite(until[0]) else last


def changed_at(data: Data) -> list[int]:
    """The first steps that were taken with other settings."""
    found = data.extra.get("changed")
    return [] if found is None else [int(step) for step in found if math.isfinite(step)]


def floor_of(numbers: Floats) -> float:
    """The smallest size on a logarithmic scale of these; 0 where all are 0."""
    sizes = np.abs(numbers[np.isfinite(numbers) & (numbers != 0)])
    return float(max(sizes.min(), sizes.max() * 10.0**-SCALES, 5e-324)) if sizes.size else 0.0


def sparks(data: Data, look: Look) -> Drawn:
    """As many series as there are lines; of more those around the selected one."""
    return Sparks(data, look).drawn()


class Sparks:
    """The picture while it is drawn."""

    def __init__(self, data: Data, look: Look) -> None:
        self.data, self.look = data, look
        self.board = Board(look.width, look.height)
        self.sizes = np.where(np.isfinite(data.values), np.abs(data.values), np.nan)
        known = self.sizes[np.isfinite(self.sizes)]
        self.top, self.floor = float(known.max()) if known.size else 0.0, floor_of(known)
        self.log = data.log and 0 < self.floor < self.top
        self.here = look.selected if look.selected is not None and 0 <= look.selected < data.size else None

    def drawn(self) -> Drawn:
        look, data = self.look, self.data
        n, columns = self.sizes.shape
        body = foot(self.board, data, look, n, self._scale(n))
        each = max(1, body // n)
        self.lines = min(MOST_LINES, each - 1 if each > 2 else each)
        apart = min(each, self.lines + 1)
        seen = min(n, body // apart)
        chosen = None if self.here is None else self.here // columns
        first = window(n, seen, chosen if chosen is not None else min(data.marks.get("current", {0})))
        if seen < n and body < look.height:
            self.board.put(0, look.height - 1, " " * look.width)
            foot(self.board, data, look, seen, self._scale(n, first, seen))
        names = [data.label(k, look.lang) for k in range(n)]
        named = min(max(map(cell_len, names)), look.width // 3)
        left = named + 1 if named else 0
        behind = NUMBER + 1 if look.width - left - NUMBER - 1 >= LEAST else 0
        wide = look.width - left - behind
        places = self._places(wide) if wide > 0 else np.zeros((n, 0), np.int64)
        levels = self._levels(np.take_along_axis(self.sizes, places, axis=1))
        for place, k in enumerate(range(first, first + seen)):
            y, mine = place * apart + self.lines - 1, k == chosen
            style = look.palette.style("accent" if mine else "text", bold=mine or k in data.marks.get("current", ()))
            self.board.put(0, y, padded(names[k], named), style)
            self._spark(k, left, y, places[k].tolist(), levels[k].tolist())
            self._changes(left, y, wide)
            if behind:
                gone = data.absent is not None and bool(data.absent[k, -1])
                last = NO_GRADIENT if gone else short(float(data.values[k, -1]), NUMBER)
                odd = not gone and not math.isfinite(data.values[k, -1])
                self.board.put(
                    look.width - NUMBER,
                    y,
                    padded(last, NUMBER, right=True),
                    look.palette.style("wrong" if odd else "text"),
                )
        return self.board.drawn()

    def _places(self, wide: int) -> NDArray[np.int64]:
        """(series, wide) the column that each cell shows: of several the one with the largest size."""
        n = self.sizes.shape[1]
        first = np.arange(wide) * n // wide
        end = np.maximum(first + 1, (np.arange(wide) + 1) * n // wide)
        within = np.minimum(first[:, None] + np.arange(int((end - first).max(initial=1))), end[:, None] - 1)
        sizes = np.where(np.isnan(self.sizes), -1.0, self.sizes)[:, within]  # (series, wide, columns in a cell)
        found: NDArray[np.int64] = first + np.argmax(sizes, axis=2)
        return found

    def _levels(self, sizes: Floats) -> NDArray[np.int64]:
        """Heights in eighths of a line: of what is not 0 an eighth at least; -1 where there is nothing."""
        with np.errstate(all="ignore"):
            if self.log:
                full = math.log(self.top) - math.log(self.floor)
                shares = (np.log(np.maximum(sizes, self.floor)) - math.log(self.floor)) / full
            else:
                shares = sizes / self.top if self.top else sizes
            levels = np.clip(np.round(shares * len(LEVELS) * self.lines), 1, len(LEVELS) * self.lines)
        return np.where(np.isnan(sizes), -1, np.where(sizes == 0, 0, np.nan_to_num(levels))).astype(np.int64)

    def _spark(self, series: int, left: int, bottom: int, places: list[int], levels: list[int]) -> None:
        """One series; a number that is not finite is a sign of its own, 0 is the figure."""
        n, palette = self.sizes.shape[1], self.look.palette
        grad = bool(self.data.cells) and self.data.cells[0].grad
        absent = None if self.data.absent is None else self.data.absent[series]
        for line in range(self.lines):
            y = bottom - line
            self.board.put(left, y, "".join([_block(level, line) for level in levels]), palette.style(_ROLE[grad]))
            if self.data.cells:
                self.board.strip(left, y, [series * n + at for at in places])
        for x, (level, at) in enumerate(zip(levels, places, strict=True)):
            if level < 0 and (absent is None or not absent[at]):
                self.board.put(left + x, bottom, ODD, palette.style("wrong"))
        if self.here is not None and self.here // n == series:
            at = self.here % n
            x = at * len(places) // n if len(places) < n else -(-at * len(places) // n)
            if x < len(places):
                self.board.put(left + x, bottom, HERE, palette.style("active"))

    def _changes(self, left: int, bottom: int, wide: int) -> None:
        """Where settings became others."""
        n = self.sizes.shape[1]
        for at in np.searchsorted(steps_of(self.data), changed_at(self.data)).tolist():
            for line in range(self.lines) if at < n else ():
                self.board.put(left + at * wide // n, bottom - line, CHANGED, self.look.palette.style("accent"))

    def _scale(self, n: int, first: int = 0, seen: int | None = None) -> list[Piece]:
        """From which step to which, and what the heights mean."""
        lang, x = self.look.lang, steps_of(self.data)
        low = format_number(self.floor, 2) if self.log else "0"
        words = [
            f"{WORDS['step'][lang]} {x[0]:,}–{x[-1]:,}",
            f"{low} {LEVELS[0]}–{LEVELS[-1]} {format_number(self.top, 2)}",
        ]
        words += [WORDS["log"][lang]] if self.log else []
        pieces: list[Piece] = [("  ".join([*words, self.data.axis[lang]]), "muted")]
        if changed_at(self.data):
            pieces += [(f"  {CHANGED}", "accent"), (f" {WORDS['changed'][lang]}", "muted")]
        if seen is not None and seen < n:
            part = WORDS["part"].format(low=first + 1, high=first + seen, all=f"{n:,}")[lang]
            pieces.insert(0, (f"{part}   ", "accent"))
        return pieces


def _block(level: int, line: int) -> str:
    """What a line of a sparkline, the lowest being 0, shows of a height in eighths."""
    if level <= 0:
        return "0" if level == 0 and line == 0 else " "
    left = level - line * len(LEVELS)
    return LEVELS[min(left, len(LEVELS)) - 1] if left > 0 else " "
