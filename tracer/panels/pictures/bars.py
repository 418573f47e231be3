"""Bars, one a line: label, bar, number, badge. What is not 0 has a bar of an eighth of a cell at least.

Signed ones grow from a line at 0, to the right above and to the left below, on one scale. On a logarithmic scale the
smallest has a short bar and the picture says so. Of more bars than lines those around the selected one are in sight;
what is marked as the target always is, below the others if need be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from rich.cells import cell_len

from tracer.numbers import NO_GRADIENT, format_number
from tracer.panels.data import Data
from tracer.panels.drawing import Board, Drawn, Look, bar, cut, padded
from tracer.panels.pictures.heat import least, reach, share
from tracer.panels.pictures.words import Piece, foot
from tracer.scene.grid import window
from tracer.scene.palette import Role
from tracer.text import Text

LABEL = 14
"""Cells of the widest label."""
NUMBER = 7
SHORTEST = 4
"""Cells of bars below which they are left out: then numbers tell more."""
DIGITS = 3

WORDS = {
    "log": Text("log scale", "対数目盛"),
    "part": Text("{low}–{high} of {all}", "全 {all} のうち {low}〜{high}"),
}


@dataclass(frozen=True)
class _Scale:
    """From a number to cells: `left` cells below 0, `right` above."""

    full: float
    low: float
    left: int
    right: int

    @classmethod
    def of(cls, data: Data, room: int) -> _Scale:
        full, low = reach(data), least(data) if data.log else 0.0
        if not data.signed or room < 1:
            return cls(full, low, 0, max(0, room))
        known = data.values[np.isfinite(data.values)]
        below = share(float(min(known.min(initial=0.0), 0.0)), full, low)
        above = share(float(max(known.max(initial=0.0), 0.0)), full, low)
        both = below + above
        left = round((room - 1) * below / both) if both else (room - 1) // 2
        # a single number below 0 has a cell, too
        left = max(left, min(1, room - 1)) if below else left
        left = min(left, room - 2) if above and room > 2 else left
        return cls(full, low, left, room - 1 - left)

    def cells(self, value: float) -> float:
        """How long a bar is."""
        return share(value, self.full, self.low) * self._most

    @property
    def _most(self) -> int:
        """Cells of the longest bar: one scale serves both sides."""
        return max(self.left, self.right)


def bars(data: Data, look: Look) -> Drawn:
    """As many bars as there are lines."""
    board = Board(look.width, look.height)
    n = data.size
    body = foot(board, data, look, n, _legend(data, look, 0, min(n, look.height)))
    seen = max(0, min(n, body))
    here = look.selected if look.selected is not None and 0 <= look.selected < n else None
    first = min((i for i in data.marks.get("current", ()) if i < n), default=0)
    top = window(n, seen, first if here is None else here)
    if 0 < seen < n and body < board.height:
        _write(board, look, board.height - 1, _legend(data, look, top, seen))
    lines = _in_sight(data, top, seen)
    labels = [data.label(index, look.lang) for index in lines]
    label = min(LABEL, max(map(cell_len, labels), default=0), max(1, look.width // 3)) + 1
    badges = max((cell_len(data.badges[i][look.lang]) for i in lines if i < len(data.badges)), default=0)
    # a badge that has no room says at least its first sign, `◀`
    badges = max(0, min(badges, look.width - label - SHORTEST - NUMBER - 2))
    badges += 1 if badges else 0
    number = NUMBER if look.width >= label + SHORTEST + NUMBER + 1 else 0
    room = look.width - label - badges - number - (1 if number else 0)
    scale = _Scale.of(data, room)
    for y, (index, name) in enumerate(zip(lines, labels, strict=True)):
        value, mine = float(data.values[index]), index == here
        special = mine or index in data.marks.get("target", ())
        style = look.palette.style("accent" if mine else "text", bold=special)
        board.put(0, y, padded(name, label - 1), style)
        if mine:
            board.put(label - 1, y, "▸", style)
        gone = data.absent is not None and bool(data.absent[index])
        if room >= 1 and not gone:
            _bar(board, data, look, (label, y, room), value, scale, mine)
        x = label + max(0, room) + 1
        if number:
            role: Role = "wrong" if not math.isfinite(value) else "grad" if data.signed and value < 0 else "text"
            role = "muted" if gone else role
            text = NO_GRADIENT if gone else cut(format_number(value, DIGITS), NUMBER)
            board.put(x, y, padded(text, NUMBER, right=True), look.palette.style(role, bold=mine))
        if badges and index < len(data.badges):
            board.put(
                x + number + 1, y, _cut_badge(data.badges[index][look.lang], badges - 1), look.palette.style("mark")
            )
        board.region(0, y, look.width, index)
    return board.drawn()


def _in_sight(data: Data, top: int, seen: int) -> list[int]:
    """The bars of each line: a target that is further down takes the last one."""
    lines = list(range(top, top + seen))
    target = min((i for i in data.marks.get("target", ()) if i < data.size), default=None)
    if target is not None and seen > 2 and target >= top + seen:
        lines[-1] = target
    return lines


def _cut_badge(words: str, room: int) -> str:
    """As many whole words as there is room for, the first sign at least."""
    while cell_len(words) > room and " " in words:
        words = words.rpartition(" ")[0]
    return words if cell_len(words) <= room else words[:1]


def _bar(
    board: Board, data: Data, look: Look, place: tuple[int, int, int], value: float, scale: _Scale, mine: bool
) -> None:
    """The bar itself; of a number that is not finite its word."""
    x, y, room = place
    if not math.isfinite(value):
        board.put(x, y, cut(format_number(value), room), look.palette.style("wrong"))
        return
    less = value < 0 if data.signed else bool(data.cells) and data.cells[0].grad
    style = look.palette.style("grad" if less else "data", bold=mine)
    long = scale.cells(value)
    if not data.signed:
        board.put(x, y, bar(long / room, room), style)
        return
    zero = x + scale.left
    board.put(zero, y, "│", look.palette.style("muted"))
    if value < 0 and scale.left:
        halves = max(1, min(2 * scale.left, round(long * 2)))
        text = "▕" if long < 0.25 else ("▐" if halves % 2 else "") + "█" * (halves // 2)
        board.put(zero - len(text), y, text, style)
    elif value > 0 and scale.right:
        board.put(zero + 1, y, bar(long / scale.right, scale.right), style)


def _legend(data: Data, look: Look, top: int, seen: int) -> list[Piece]:
    """What the bars are, whether on a logarithmic scale, and which part of them is in sight."""
    words = [data.axis[look.lang]] if data.axis[look.lang] else []
    if data.log:
        words.append(WORDS["log"][look.lang])
    pieces: list[Piece] = [("  ".join(words), "muted")] if words else []
    if seen < data.size:
        part = WORDS["part"].format(low=top + 1, high=top + seen, all=f"{data.size:,}")[look.lang]
        pieces = [(part + ("   " if words else ""), "accent"), *pieces]
    return pieces


def _write(board: Board, look: Look, y: int, pieces: list[Piece]) -> None:
    """One line, in place of what stood there."""
    board.put(0, y, " " * board.width)
    x = 0
    for text, role in pieces:
        x = board.put(x, y, cut(text, board.width - x), look.palette.style(role))
