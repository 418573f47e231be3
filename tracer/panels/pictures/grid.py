"""Many numbers of one kind, such as neurons: a block each, the higher, the larger; `·` for nothing, `×` for a dead one.

Below zero a number has another hue and a minus sign. Where there is room, the numbers stand beside their blocks.
"""

from __future__ import annotations

import math

import numpy as np
from rich.cells import cell_len

from tracer.panels.data import Data
from tracer.panels.drawing import LESS, ODD, Board, Drawn, Look, padded, shade, short
from tracer.panels.pictures.heat import reach
from tracer.panels.pictures.words import Piece, foot
from tracer.scene.grid import window
from tracer.text import Text

LEVELS = "▁▂▃▄▅▆▇█"
WIDEST = 8
"""Cells of a number, at most."""
NUMBERED = 6
"""From this width on a number is written beside its block."""
SILENT, DEAD = "·", "×"
WORDS = {
    "silent": Text("silent", "出力 0"),
    "dead": Text("dead", "死んでいる"),
    "closed": Text("gate closed", "ゲートが閉じている"),
    "odd": Text("nan or inf", "nan か inf"),
    "part": Text("{low}–{high} of {all}", "全 {all} のうち {low}〜{high}"),
}


def grid(data: Data, look: Look) -> Drawn:
    """Row by row, as wide as the panel allows."""
    rows, columns = data.shape
    gutter = max(map(cell_len, data.rows), default=0) + 1
    if gutter + columns > look.width:
        gutter = 0
    wide = max(1, min(WIDEST, (look.width - gutter) // columns))
    wide = min(wide, 2) if wide < NUMBERED else wide
    board = Board(look.width, look.height)
    body = foot(board, data, look, rows, _legend(data, look, None))
    seen = max(0, min(rows, body))
    here = look.selected if look.selected is not None and 0 <= look.selected < data.size else None
    top = window(rows, seen, here // columns if here is not None else 0)
    across = max(0, min(columns, (look.width - gutter) // wide))
    left = window(columns, across, here % columns if here is not None else 0)
    if seen < rows and body < look.height:
        board.put(0, look.height - 1, " " * look.width)
        foot(board, data, look, rows, _legend(data, look, (top * columns, min(data.size, (top + seen) * columns))))
    full = reach(data)
    for y, row in enumerate(range(top, top + seen)):
        if gutter:
            label = data.rows[row] if row < len(data.rows) else ""
            board.put(0, y, padded(label, gutter - 1, right=True), look.palette.style("muted"))
        for x, column in enumerate(range(left, left + across)):
            index = row * columns + column
            if data.absent is not None and data.absent[row, column]:
                continue
            _cell(board, data, look, gutter + x * wide, y, wide, index, full, index == here)
    return board.drawn()


def _cell(board: Board, data: Data, look: Look, x: int, y: int, wide: int, index: int, full: float, mine: bool) -> None:
    value, palette = data.number(index), look.palette
    board.region(x, y, wide, index)
    grad = bool(data.cells) and data.cells[0].grad
    if not math.isfinite(value):
        text, style = ODD * min(wide, 2), palette.style("wrong", reverse=mine)
    elif index in data.marks.get("closed", ()):
        text, style = SILENT, palette.style("accent" if mine else "muted", reverse=mine)
    elif value == 0:
        dead = index in data.marks.get("dead", ())
        text = DEAD if dead else SILENT
        style = palette.style("accent" if mine else "wrong" if dead else "muted", reverse=mine)
    else:
        level = max(1, min(len(LEVELS), math.ceil(abs(value) / full * len(LEVELS) - 1e-9)))
        text = LEVELS[level - 1]
        if data.signed and wide > 1:
            text = ("-" if value < 0 else "+") + text
        elif data.signed and value < 0:
            text = LESS[max(1, shade(abs(value), full) - 1)]
        less = value < 0 if data.signed else grad
        style = palette.style("accent" if mine else "grad" if less else "data", reverse=mine)
    if wide >= NUMBERED and math.isfinite(value) and text.strip(SILENT + DEAD):
        text += short(abs(value) if data.signed else value, wide - len(text) - 1)
    board.put(x, y, text.ljust(wide - (wide >= NUMBERED)), style)


def _legend(data: Data, look: Look, part: tuple[int, int] | None) -> list[Piece]:
    """What the signs mean, and which part is in sight where not all is."""
    lang, pieces = look.lang, list[Piece]()
    if part is not None:
        n = data.size if data.absent is None else int((~data.absent).sum())
        words = WORDS["part"].format(low=part[0], high=min(part[1], n) - 1, all=f"{n:,}")[lang]
        pieces.append((f"{words}   ", "accent"))
    if data.marks.get("closed"):
        pieces.append((f"{SILENT} {WORDS['closed'][lang]}  ", "muted"))
    elif (data.values == 0).any():
        pieces.append((f"{SILENT} {WORDS['silent'][lang]}  ", "muted"))
    if data.marks.get("dead"):
        pieces.append((f"{DEAD} {WORDS['dead'][lang]}  ", "wrong"))
    if not np.isfinite(data.values if data.absent is None else data.values[~data.absent]).all():
        pieces.append((f"{ODD} {WORDS['odd'][lang]}  ", "wrong"))
    full = short(reach(data), 9)
    scale = f"-{full} … +{full}" if data.signed else f"{LEVELS[0]}–{LEVELS[-1]} {full}"
    return [*pieces, (f"{scale}  {data.axis[lang]}" if reach(data) else data.axis[lang], "muted")]
