"""Points in a plane, each as its label. One that another covers moves aside by a cell or two, or is a dot.

Behind the points the ways they came are dots, where their earlier places are known. What is marked is bold and has
another hue; the selected point stands in brackets, in front of all.
"""

from __future__ import annotations

from collections.abc import Sequence
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
EVENLY = 200
"""Labels that are tried before the next ones, where there are more points."""
LABEL = 8
"""Cells of the longest label."""
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])

WORDS = {
    "dots": Text("{n} as dots", "ほか {n} 個は点"),
    "odd": Text("{n} not finite", "{n} 個は有限でない"),
    "vowel": Text("vowels", "母音"),
}


def scatter(data: Data, look: Look) -> Drawn:
    """The points as large as there is room, the origin as a cross."""
    board = Board(look.width, look.height)
    known = np.asarray(np.isfinite(data.values).all(axis=1))
    body = foot(board, data, look, 8, _legend(data, int((~known).sum()), look))
    if look.width < 1 or body < 1:
        return board.drawn()
    frame = _frame(data)
    marked = frozenset().union(*data.marks.values())
    _axes(board, look, frame, body)
    _ways(board, data, look, frame, body, marked)
    places = _places(data.values, frame, look.width, body).tolist()
    room = Room(look.width, body)
    left_over = []
    for index in _order(data, look.selected, marked):
        if not known[index]:
            continue
        if room.full:
            left_over.append(index)
            continue
        mine = index == look.selected
        label = cut(data.rows[index] if index < len(data.rows) else "•", LABEL)
        label = f"[{label}]" if mine else label
        wide = max(1, cell_len(label))
        x, y = places[index]
        found = room.take(max(0, min(x - wide // 2, look.width - wide)), y, wide)
        if found is None:
            left_over.append(index)
            continue
        role: Role = "accent" if mine else "mark" if index in marked else "text"
        board.put(*found, label, look.palette.style(role, bold=mine or index in marked))
        board.region(*found, wide, index)
    if left_over:
        _without_label(board, data, look, frame, left_over, room)
    return board.drawn()


class Room:
    """Which cells are taken by labels."""

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self.taken = [bytearray(width) for _ in range(height)]
        self._left = width * height // 6

    @property
    def full(self) -> bool:
        """Whether so much is taken that another label would make nothing clearer."""
        return self._left <= 0

    def take(self, x: int, y: int, wide: int) -> tuple[int, int] | None:
        """Takes the nearest place where a label covers no other; None where there is none near."""
        for dx, dy in ASIDE:
            left, line = x + dx, y + dy
            if (
                0 <= left <= self._width - wide
                and 0 <= line < self._height
                and not any(self.taken[line][left : left + wide])
            ):
                self.taken[line][left : left + wide] = b"\1" * wide
                self._left -= wide
                return left, line
        return None


def _frame(data: Data) -> tuple[Floats, Floats]:
    """Lowest and highest of both coordinates, the ways and the origin included."""
    every = [data.values, np.zeros((1, 2)), *(of for name, of in data.extra.items() if name.startswith("way"))]
    points = np.concatenate(every)
    points = points[np.isfinite(points).all(axis=1)]
    low, high = points.min(axis=0), points.max(axis=0)
    size = np.where(high / 2 - low / 2 > 0, high / 2 - low / 2, 0.5) * 2
    with np.errstate(over="ignore"):
        return low, np.where(np.isfinite(size), size, np.finfo(np.float64).max)


def _places(points: Floats, frame: tuple[Floats, Floats], width: int, height: int) -> NDArray[np.int64]:
    """(n, 2) columns and lines."""
    low, size = frame
    with np.errstate(all="ignore"):
        shares = np.nan_to_num(np.clip(points / size - low / size, 0.0, 1.0), nan=0.5)
        return np.rint(np.stack([shares[:, 0] * (width - 1), (1 - shares[:, 1]) * (height - 1)], axis=1)).astype(
            np.int64
        )


def _axes(board: Board, look: Look, frame: tuple[Floats, Floats], height: int) -> None:
    """The lines on which a coordinate is 0."""
    ((x0, y0),) = _places(np.zeros((1, 2)), frame, look.width, height).tolist()
    style = look.palette.style("muted")
    for y in range(height):
        board.put(x0, y, "┊", style)
    board.put(0, y0, "┈" * look.width, style)
    board.put(x0, y0, "┼", style)


def _ways(
    board: Board, data: Data, look: Look, frame: tuple[Floats, Floats], height: int, marked: frozenset[int]
) -> None:
    """The places where points were before, in braille."""
    ways = [of for name, of in sorted(data.extra.items()) if name.startswith("way") and of.shape == data.values.shape]
    if not ways:
        return
    field: NDArray[np.bool_] = np.zeros((4 * height, 2 * look.width), bool)
    some = [i for i in range(data.size) if data.size <= WAYS or i in marked or i == look.selected]
    places = np.stack([_places(of, frame, 2 * look.width, 4 * height) for of in (*ways, data.values)])
    known = np.stack([np.isfinite(of).all(axis=1) for of in (*ways, data.values)])
    for index in some:
        line = places[known[:, index], index].tolist()
        for (x0, y0), (x1, y1) in pairwise(line):
            for i in range(n := max(abs(x1 - x0), abs(y1 - y0), 1)):
                field[round(y0 + (y1 - y0) * i / n), round(x0 + (x1 - x0) * i / n)] = True
    _dots(board, look, field)


def _dots(board: Board, look: Look, field: NDArray[np.bool_], taken: Sequence[bytearray] = ()) -> None:
    """Braille where a field of dots, two a cell across and four down, is set and no label stands."""
    height, width = len(field) // 4, field.shape[1] // 2
    bits = (field.reshape(height, 4, width, 2).transpose(0, 2, 1, 3) * _BITS).sum(axis=(2, 3))
    for y, x in np.argwhere(bits).tolist():
        if not taken or not taken[y][x]:
            board.put(x, y, chr(0x2800 + int(bits[y, x])), look.palette.style("muted"))


def _without_label(
    board: Board, data: Data, look: Look, frame: tuple[Floats, Floats], which: list[int], room: Room
) -> None:
    """Points for whose labels there is no room: dots, and how many there are."""
    height = len(room.taken)
    field: NDArray[np.bool_] = np.zeros((4 * height, 2 * look.width), bool)
    places = _places(data.values[which], frame, 2 * look.width, 4 * height)
    field[places[:, 1], places[:, 0]] = True
    _dots(board, look, field, room.taken)
    words = WORDS["dots"].format(n=f"{len(which):,}")[look.lang]
    start = look.width - cell_len(words)
    if height > 1 and start >= 0 and not any(room.taken[0][start:]):
        board.put(start, 0, words, look.palette.style("muted"))


def _order(data: Data, selected: int | None, marked: frozenset[int]) -> list[int]:
    """The selected point first, then the marked ones: who comes first stands in front."""
    rest = [i for i in range(data.size) if i not in marked and i != selected]
    if len(rest) > EVENLY:  # of many, labels are spread over all of them, not on the first ones
        step = len(rest) // EVENLY + 1
        rest = [i for start in range(step) for i in rest[start::step]]
    first = [] if selected is None or not 0 <= selected < data.size else [selected]
    return [*first, *sorted(marked - {selected}), *rest]


def _legend(data: Data, odd: int, look: Look) -> list[Piece]:
    pieces: list[Piece] = [(f"{data.axis[look.lang]}  ", "muted")] if data.axis[look.lang] else []
    for name in data.marks:
        if name in WORDS:
            pieces.append((f"{WORDS[name][look.lang]}  ", "mark"))
    if odd:
        pieces.append((WORDS["odd"].format(n=odd)[look.lang], "wrong"))
    return pieces
