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
TALLEST, THICKEST = 3, 3
"""Lines and cells of a block, where there is room."""
NUMBERED = 7
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
    board = Board(look.width, look.height)
    body = foot(board, data, look, rows, _legend(data, look, None))
    each = max(1, body // rows)
    tall = min(TALLEST, each - 1 if each > 2 else each)
    apart = min(each, tall + 1)
    seen = max(0, min(rows, body // apart))
    here = look.selected if look.selected is not None and 0 <= look.selected < data.size else None
    top = window(rows, seen, here // columns if here is not None else 0)
    across = max(0, min(columns, (look.width - gutter) // wide))
    left = window(columns, across, here % columns if here is not None else 0)
    if seen < rows and body < look.height:
        board.put(0, look.height - 1, " " * look.width)
        foot(board, data, look, rows, _legend(data, look, (top * columns, min(data.size, (top + seen) * columns))))
    full = reach(data)
    for place, row in enumerate(range(top, top + seen)):
        y = place * apart + tall - 1
        if gutter:
            label = data.rows[row] if row < len(data.rows) else ""
            board.put(0, y, padded(label, gutter - 1, right=True), look.palette.style("muted"))
        for x, column in enumerate(range(left, left + across)):
            index = row * columns + column
            if data.absent is not None and data.absent[row, column]:
                continue
            _cell(board, data, look, (gutter + x * wide, y, wide, tall), index, full, index == here)
    return board.drawn()


def _cell(
    board: Board, data: Data, look: Look, place: tuple[int, int, int, int], index: int, full: float, mine: bool
) -> None:
    """One number.

    Args:
        place: its left end, its lowest line, cells and lines.
    """
    x, y, wide, tall = place
    value, palette = data.number(index), look.palette
    for line in range(tall):
        board.region(x, y - line, wide, index)
    special = SILENT if value == 0 or index in data.marks.get("closed", ()) else ""
    accent = palette.style("accent", bold=True, reverse=wide == 1)
    sign, thick = "", 1
    if not math.isfinite(value):
        first = ODD
        board.put(x, y, ODD, accent if mine else palette.style("wrong"))
    elif special:
        dead = index in data.marks.get("dead", ()) and value == 0
        first = DEAD if dead else special
        board.put(x, y, first, accent if mine else palette.style("wrong" if dead else "muted"))
    else:
        less = value < 0 if data.signed else bool(data.cells) and data.cells[index].grad
        style = accent if mine else palette.style("grad" if less else "data")
        share = min(1.0, abs(value) / full)
        if data.signed and value < 0 and wide == 1:
            board.put(x, y, LESS[max(1, shade(share, 1.0) - 1)], style)
            return
        sign = ("-" if value < 0 else "+") if data.signed and wide > 1 else ""
        first = sign
        thick = max(1, min(THICKEST, wide - 1 - len(sign))) if wide < NUMBERED else 1
        level = max(1, math.ceil(share * len(LEVELS) * tall - 1e-9))
        for line in range(tall):
            left = level - line * len(LEVELS)
            block = LEVELS[min(left, len(LEVELS)) - 1] if left > 0 else " "
            board.put(x, y - line, (sign if not line else " " * len(sign)) + block * thick, style)
        if wide >= NUMBERED:
            number = short(abs(value) if data.signed else value, wide - 1 - len(sign) - thick)
            board.put(x + len(sign) + thick, y, number, accent if mine else palette.style("text"))
            thick += len(number)
    if mine and len(sign) + thick < wide and (wide > 2 or not data.signed):  # else there are no gaps
        board.put(x - 1, y, "[", accent)
        board.put(x + len(sign) + thick, y, "]", accent)
    elif mine and wide > 1:
        board.put(x, y, first, palette.style("accent", bold=True, reverse=True))


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
