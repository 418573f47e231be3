"""Bars, one a line: label, bar, number, badge. What is not 0 has a bar of an eighth of a cell at least.

Signed ones grow from a line in the middle, to the right above zero and to the left below. On a logarithmic scale the
smallest has a short bar and the picture says so.
"""

from __future__ import annotations

import math

from rich.cells import cell_len

from tracer.panels.data import Data
from tracer.panels.drawing import Board, Drawn, Look, bar, cut, padded, short
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

WORDS = {
    "log": Text("log scale", "対数目盛"),
    "part": Text("{low}–{high} of {all}", "全 {all} のうち {low}〜{high}"),
}


def bars(data: Data, look: Look) -> Drawn:
    """As many bars as there are lines; of more those around the selected one."""
    board = Board(look.width, look.height)
    n, palette = data.size, look.palette
    body = foot(board, data, look, n, _scale(data, look, 0, n))
    seen = max(0, min(n, body))
    here = look.selected if look.selected is not None and 0 <= look.selected < n else None
    top = window(n, seen, here if here is not None else min(data.marks.get("current", {0})))
    if 0 < seen < n and body < board.height:
        y = board.height - 1
        board.put(0, y, " " * board.width)
        x = 0
        for text, what in _scale(data, look, top, seen):
            x = board.put(x, y, cut(text, board.width - x), palette.style(what))
    label = min(LABEL, max(map(cell_len, data.rows), default=0), max(1, look.width // 3)) + 1
    badges = max((cell_len(one[look.lang]) for one in data.badges), default=0)
    badges = badges + 1 if look.width >= label + SHORTEST + NUMBER + 2 + badges else 0
    number = NUMBER if look.width >= label + SHORTEST + NUMBER + 1 else 0
    room = look.width - label - badges - number - (1 if number else 0)
    full, low = reach(data), least(data) if data.log else 0.0
    for y, index in enumerate(range(top, top + seen)):
        value = float(data.values[index])
        mine = index == here
        special = mine or any(index in data.marks.get(name, ()) for name in ("target", "current"))
        name = data.rows[index] if index < len(data.rows) else ""
        board.put(0, y, padded(name, label - 1), palette.style("accent" if mine else "text", bold=special))
        if mine:
            board.put(label - 1, y, "▸", palette.style("accent", bold=True))
        if room >= 1:
            _bar(board, data, look, label, y, room, value, full, low, mine)
        x = label + max(0, room) + 1
        if number:
            role: Role = "wrong" if not math.isfinite(value) else "grad" if data.signed and value < 0 else "text"
            board.put(x, y, padded(short(value, NUMBER), NUMBER, right=True), palette.style(role, bold=mine))
        if badges and index < len(data.badges):
            board.put(x + number + 1, y, cut(data.badges[index][look.lang], badges), palette.style("mark"))
        board.region(0, y, look.width, index)
    return board.drawn()


def _bar(
    board: Board, data: Data, look: Look, x: int, y: int, room: int, value: float, full: float, low: float, mine: bool
) -> None:
    """The bar itself; of a number that is not finite its word."""
    if not math.isfinite(value):
        board.put(x, y, cut(short(value, room), room), look.palette.style("wrong"))
        return
    part = share(value, full, low)
    style = look.palette.style("grad" if value < 0 else "data", bold=mine)
    if not data.signed:
        board.put(x, y, bar(part, room), style)
        return
    half = (room - 1) // 2
    board.put(x + half, y, "│", look.palette.style("muted"))
    if value < 0 and half:
        halves = max(1, round(part * half * 2))
        text = ("▐" if halves % 2 else "") + "█" * (halves // 2)
        text = "▕" if part * half < 0.25 else text
        board.put(x + half - len(text), y, text, style)
    elif value > 0:
        board.put(x + half + 1, y, bar(part, max(1, half)), style)


def _scale(data: Data, look: Look, top: int, seen: int) -> list[Piece]:
    """What the bars are, whether on a logarithmic scale, and which part of them is in sight."""
    words = [data.axis[look.lang]] if data.axis[look.lang] else []
    if data.log:
        words.append(WORDS["log"][look.lang])
    pieces: list[Piece] = [("  ".join(words), "muted")] if words else []
    if seen < data.size:
        part = WORDS["part"].format(low=top + 1, high=top + seen, all=f"{data.size:,}")[look.lang]
        pieces = [(part + ("   " if words else ""), "accent"), *pieces]
    return pieces
