"""The whole picture on a few cells, in braille dots: where one is in it, and where the walk is.

A dot is set if and only if a box or a wire has a cell in the part of the picture that the dot stands for. The cells
that the window covers are reversed; the boxes at work, receiving and selected have a sign of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len, set_cell_size

from tracer.scene.ink import Ink
from tracer.scene.palette import Role
from tracer.scene.picture import Box, Point, Scene
from tracer.scene.raster import Viewport

ACROSS, DOWN = 2, 4
"""Dots of a braille cell."""
COLUMNS, ROWS = 24, 8
LEAST_COLUMNS, LEAST_ROWS = 10, 3
PART = 3
"""The map takes a third of the window at most, each way."""
SMALLEST = 30, 12
"""In a smaller window there is no map."""
MANY = 8
"""From this many windows on the map is there unasked."""

WORKING, RECEIVING, SELECTED = "●", "○", "▸"
_BRAILLE = 0x2800
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])

Run = tuple[str, Ink | None]


@dataclass(frozen=True)
class Minimap:
    """The map of one scene, and where it lies in the window."""

    x: int
    y: int
    """Its top left cell in the window, border included."""
    dots: NDArray[np.bool_]
    """(4 · rows, 2 · columns). Of a picture with fewer cells than that the rest is never set."""
    wide: int
    high: int
    """Dots that stand for the picture, from the top left one on."""
    scene_width: int
    scene_height: int
    lines: tuple[tuple[Run, ...], ...]
    """With the border; each line is `width` cells."""

    @property
    def columns(self) -> int:
        return int(self.dots.shape[1]) // ACROSS

    @property
    def rows(self) -> int:
        return int(self.dots.shape[0]) // DOWN

    @property
    def width(self) -> int:
        return self.columns + 2

    @property
    def height(self) -> int:
        return self.rows + 2

    def __contains__(self, cell: Point) -> bool:
        return 0 <= cell[0] - self.x < self.width and 0 <= cell[1] - self.y < self.height

    def scene_at(self, x: int, y: int) -> Point:
        """The scene's cell in the middle of what a cell of the window's map shows; beyond the border, the nearest."""
        column = max(0, min(x - self.x - 1, self.columns - 1))
        row = max(0, min(y - self.y - 1, self.rows - 1))
        return (
            min((2 * column + 1) * ACROSS * self.scene_width // (2 * self.wide), self.scene_width - 1),
            min((2 * row + 1) * DOWN * self.scene_height // (2 * self.high), self.scene_height - 1),
        )


def fits(scene: Scene, view: Viewport) -> bool:
    """Whether the window shows all of the picture: there is nothing to map."""
    return scene.width <= view.width and scene.height <= view.height


def wanted(scene: Scene, view: Viewport) -> bool:
    """Whether the picture is so much larger than the window that the map is there unasked."""
    return scene.width * scene.height >= MANY * view.width * view.height


def minimap(scene: Scene, view: Viewport, at: Point | None = None) -> Minimap | None:
    """The map for a window, in the corner where it hides least of what the step is about; None without room for it.

    Args:
        at: its top left cell, where it is to stay.
    """
    if view.width < SMALLEST[0] or view.height < SMALLEST[1] or fits(scene, view):
        return None
    columns = max(LEAST_COLUMNS, min(COLUMNS, view.width // PART))
    rows = max(LEAST_ROWS, min(ROWS, view.height // PART))
    wide, high = min(columns * ACROSS, scene.width), min(rows * DOWN, scene.height)
    dots = np.zeros((rows * DOWN, columns * ACROSS), np.bool_)
    dots[:high, :wide] = _dots(scene, wide, high)
    x, y = at or _corner(scene, view, columns + 2, rows + 2)
    found = Minimap(x, y, dots, wide, high, scene.width, scene.height, ())
    return replace(found, lines=_lines(found, scene, view))


def overlaid(rows: Sequence[tuple[Run, ...]], found: Minimap) -> list[tuple[Run, ...]]:
    """The lines of a window with the map laid over them."""
    result = list(rows)
    for y, line in enumerate(found.lines, start=found.y):
        if 0 <= y < len(result):
            left, rest = _cut(result[y], found.x)
            _, right = _cut(rest, found.width)
            result[y] = (*left, *line, *right)
    return result


def _cut(runs: Sequence[Run], at: int) -> tuple[list[Run], list[Run]]:
    """A line in two, `at` cells from its start. A wide character on the cut gives way to blanks."""
    left: list[Run] = []
    right: list[Run] = []
    for text, ink in runs:
        width = cell_len(text)
        if width <= at:
            left.append((text, ink))
        elif at <= 0:
            right.append((text, ink))
        else:
            head = set_cell_size(text, at)
            left.append((head, ink))
            right.append((" " * (not text.startswith(head)) + text[len(head) :], ink))
        at -= width
    return left, right


# -- dots -------------------------------------------------------------------------------------------------------------


class _Drawn(NamedTuple):
    """What was mapped last, to see whether anything has moved since: most steps move nothing."""

    size: tuple[int, int, int, int]
    boxes: tuple[Box, ...]
    ways: list[tuple[Point, ...]]
    dots: NDArray[np.bool_]

    def shows(self, size: tuple[int, int, int, int], scene: Scene, ways: list[tuple[Point, ...]]) -> bool:
        """Whether it is the same picture; boxes and ways that are the very same objects cost nothing."""
        return (
            self.size == size
            and len(self.boxes) == len(scene.boxes)
            and self.ways == ways
            and all(a is b or _place(a) == _place(b) for a, b in zip(self.boxes, scene.boxes, strict=True))
        )


_LAST: list[_Drawn] = []
_KEPT = 4


def _place(box: Box) -> tuple[int, int, int, int]:
    return box.x, box.y, box.right, box.bottom


def _dots(scene: Scene, wide: int, high: int) -> NDArray[np.bool_]:
    """(high, wide) which parts of the picture have something drawn in them."""
    size = scene.width, scene.height, wide, high
    ways = [wire.points for wire in scene.wires]
    for drawn in _LAST:
        if drawn.shows(size, scene, ways):
            return drawn.dots
    pieces = [(*a, *b) for way in ways for a, b in pairwise(way)]
    rects = np.array([*map(_place, scene.boxes), *pieces], np.int64).reshape(-1, 4)
    columns = np.sort(rects[:, 0::2], axis=1) * wide // scene.width
    rows = np.sort(rects[:, 1::2], axis=1) * high // scene.height
    # +1 where a rectangle begins and -1 behind its ends: summed up both ways, how many lie over each dot
    edges = np.zeros((high + 1, wide + 1), np.int64)
    for y, x, sign in ((0, 0, 1), (0, 1, -1), (1, 0, -1), (1, 1, 1)):
        np.add.at(edges, (rows[:, y] + y, columns[:, x] + x), sign)
    dots = edges.cumsum(axis=0).cumsum(axis=1)[:high, :wide] > 0
    _LAST.insert(0, _Drawn(size, scene.boxes, ways, dots))
    del _LAST[_KEPT:]
    return dots


# -- cells ------------------------------------------------------------------------------------------------------------


def _corner(scene: Scene, view: Viewport, width: int, height: int) -> Point:
    """The map's place in the window: the first corner that hides nothing of what the step is about."""
    right, bottom = view.width - width, view.height - height
    important = [box for box in scene.boxes if box.working or box.receiving or box.selected]

    def hidden(corner: Point) -> int:
        part = Viewport(view.x + corner[0], view.y + corner[1], width, height)
        return sum(part.meets(*_place(box)) for box in important)

    return min(((right, bottom), (right, 0), (0, bottom), (0, 0)), key=hidden)


def _lines(found: Minimap, scene: Scene, view: Viewport) -> tuple[tuple[Run, ...], ...]:
    bits = (found.dots.reshape(found.rows, DOWN, found.columns, ACROSS) * _BITS[:, None, :]).sum(axis=(1, 3))
    cells = [[chr(_BRAILLE + code) if code else " " for code in row] for row in bits.tolist()]
    inks = [[Ink("muted")] * found.columns for _ in cells]
    left, top, right, bottom = _seen(found, scene, view)
    for row in inks[top : bottom + 1]:
        row[left : right + 1] = [Ink("muted", reverse=True)] * (right + 1 - left)
    for box in scene.boxes:
        if box.working or box.receiving or box.selected:
            x, y = _cell(found, box.x + box.width // 2, box.y + box.height // 2)
            sign, role = _sign(box)
            cells[y][x], inks[y][x] = sign, Ink(role, bold=True, reverse=inks[y][x].reverse)
    border = Ink("line")
    flat = "─" * found.columns
    inside = [(("│", border), *zip(cells[row], inks[row], strict=True), ("│", border)) for row in range(found.rows)]
    return ((("╭" + flat + "╮", border),), *map(_joined, inside), (("╰" + flat + "╯", border),))


def _sign(box: Box) -> tuple[str, Role]:
    """What marks a box, and its colour."""
    if box.working:
        return WORKING, "active"
    return (RECEIVING, "receiver") if box.receiving else (SELECTED, "accent")


def _cell(found: Minimap, x: int, y: int) -> Point:
    """The map's cell that shows a cell of the scene."""
    return x * found.wide // found.scene_width // ACROSS, y * found.high // found.scene_height // DOWN


def _seen(found: Minimap, scene: Scene, view: Viewport) -> tuple[int, int, int, int]:
    """First column, first row, last column, last row of the map's cells in which the window shows something."""
    left, top = _cell(found, max(view.x, 0), max(view.y, 0))
    last_column, last_row = view.x + view.width - 1, view.y + view.height - 1
    right, bottom = _cell(found, min(last_column, scene.width - 1), min(last_row, scene.height - 1))
    return left, top, right, bottom


def _joined(cells: Sequence[Run]) -> tuple[Run, ...]:
    """Neighbours with the same ink as one run."""
    return tuple(("".join(text for text, _ in group), ink) for ink, group in groupby(cells, key=lambda run: run[1]))
