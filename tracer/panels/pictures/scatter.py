"""Points in a plane, each as its label. One that another covers moves aside by a cell or two, or waits behind it.

Behind the points the ways they came are dots, where their earlier places are known. What is marked is bold and has
another hue; the selected point stands in brackets, in front of all.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

from tracer.panels.data import Data, Floats
from tracer.panels.drawing import Board, Drawn, Look, cut
from tracer.panels.pictures.words import Piece, foot
from tracer.scene.palette import Role
from tracer.text import Text

ASIDE = ((0, 0), (1, 0), (-1, 0), (2, 0), (-2, 0), (0, -1), (0, 1), (3, 0), (-3, 0), (1, -1), (-1, 1))
"""Where a label may stand instead, in cells from its place; the nearest first."""
WAYS = 40
"""Points up to which all ways are drawn; of more only those of marked and selected ones."""
LABEL = 8
"""Cells of the longest label."""
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])

WORDS = {
    "hidden": Text("{n} behind others", "{n} 個はほかの点の後ろ"),
    "odd": Text("{n} not finite", "{n} 個は有限でない"),
    "vowel": Text("vowels", "母音"),
}


def scatter(data: Data, look: Look) -> Drawn:
    """The points as large as there is room, the origin as a cross."""
    board = Board(look.width, look.height)
    points = data.values
    odd = int((~np.isfinite(points).all(axis=1)).sum())
    body = foot(board, data, look, 8, _legend(data, odd, look))
    if look.width < 1 or body < 1:
        return board.drawn()
    frame = _frame(data)
    _axes(board, look, frame, look.width, body)
    _ways(board, data, look, frame, body)
    taken = np.zeros((body, look.width), bool)
    hidden = 0
    for index in _order(data, look.selected):
        if not np.isfinite(points[index]).all():
            continue
        label = cut(data.rows[index] if index < len(data.rows) else "•", LABEL)
        wide = max(1, cell_len(label))
        mine = index == look.selected
        if mine:
            label, wide = f"[{label}]", wide + 2
        x, y = _place(points[index], frame, look.width, body)
        x = max(0, min(x - wide // 2, look.width - wide))
        free = _free(taken, x, y, wide)
        if free is None:
            hidden += 1
            continue
        x, y = free
        taken[y, x : x + wide] = True
        role: Role = "accent" if mine else "mark" if _marked(data, index) else "text"
        board.put(x, y, label, look.palette.style(role, bold=mine or _marked(data, index)))
        board.region(x, y, wide, index)
    if hidden and body > 1:
        words = WORDS["hidden"].format(n=hidden)[look.lang]
        if cell_len(words) <= look.width and not taken[0, -cell_len(words) :].any():
            board.put(look.width - cell_len(words), 0, words, look.palette.style("muted"))
    return board.drawn()


def _frame(data: Data) -> tuple[Floats, Floats]:
    """Lowest and highest of both coordinates, the ways and the origin included."""
    every = [data.values, np.zeros((1, 2)), *(of for name, of in data.extra.items() if name.startswith("way"))]
    points = np.concatenate(every)
    points = points[np.isfinite(points).all(axis=1)]
    low, high = points.min(axis=0), points.max(axis=0)
    size = np.where(high / 2 - low / 2 > 0, high / 2 - low / 2, 0.5) * 2
    with np.errstate(over="ignore"):
        return low, np.where(np.isfinite(size), size, np.finfo(np.float64).max)


def _place(point: Floats, frame: tuple[Floats, Floats], width: int, height: int) -> tuple[int, int]:
    low, size = frame
    with np.errstate(over="ignore", invalid="ignore"):
        share = np.nan_to_num(np.clip((point / size - low / size), 0.0, 1.0), nan=0.5)
    return round(float(share[0]) * (width - 1)), round((1 - float(share[1])) * (height - 1))


def _axes(board: Board, look: Look, frame: tuple[Floats, Floats], width: int, height: int) -> None:
    """The lines on which a coordinate is 0."""
    x0, y0 = _place(np.zeros(2), frame, width, height)
    style = look.palette.style("muted")
    for y in range(height):
        board.put(x0, y, "┊", style)
    board.put(0, y0, "┈" * width, style)
    board.put(x0, y0, "┼", style)


def _ways(board: Board, data: Data, look: Look, frame: tuple[Floats, Floats], height: int) -> None:
    """The places where points were before, in braille."""
    ways = [of for name, of in sorted(data.extra.items()) if name.startswith("way")]
    if not ways:
        return
    field: NDArray[np.bool_] = np.zeros((4 * height, 2 * look.width), bool)
    some = [i for i in range(data.size) if data.size <= WAYS or _marked(data, i) or i == look.selected]
    for index in some:
        line = np.array([*(way[index] for way in ways if index < len(way)), data.values[index]])
        line = line[np.isfinite(line).all(axis=1)]
        places = [_place(point, frame, 2 * look.width, 4 * height) for point in line]
        for (x0, y0), (x1, y1) in pairwise(places):
            for i in range(n := max(abs(x1 - x0), abs(y1 - y0), 1)):
                field[round(y0 + (y1 - y0) * i / n), round(x0 + (x1 - x0) * i / n)] = True
    bits = (field.reshape(height, 4, look.width, 2).transpose(0, 2, 1, 3) * _BITS).sum(axis=(2, 3))
    for y, x in np.argwhere(bits).tolist():
        board.put(x, y, chr(0x2800 + int(bits[y, x])), look.palette.style("muted"))


def _order(data: Data, selected: int | None) -> list[int]:
    """The selected point first, then the marked ones: who comes first stands in front."""
    return sorted(range(data.size), key=lambda i: (i != selected, not _marked(data, i), i))


def _marked(data: Data, index: int) -> bool:
    return any(index in which for which in data.marks.values())


def _free(taken: NDArray[np.bool_], x: int, y: int, wide: int) -> tuple[int, int] | None:
    """The nearest place where a label covers no other."""
    height, width = taken.shape
    for dx, dy in ASIDE:
        left, line = x + dx, y + dy
        if 0 <= left <= width - wide and 0 <= line < height and not taken[line, left : left + wide].any():
            return left, line
    return None


def _legend(data: Data, odd: int, look: Look) -> list[Piece]:
    pieces: list[Piece] = [(f"{data.axis[look.lang]}  ", "muted")] if data.axis[look.lang] else []
    for name in data.marks:
        if name in WORDS:
            pieces.append((f"{WORDS[name][look.lang]}  ", "mark"))
    if odd:
        pieces.append((WORDS["odd"].format(n=odd)[look.lang], "wrong"))
    return pieces
