"""Matrices of one kind side by side, where there is room: the heads of a layer, the chosen one among them.

All are drawn on one scale. The chosen one's cells can be selected; the others are there to compare with.
"""

from __future__ import annotations

from dataclasses import replace

from rich.cells import cell_len
from rich.text import Text as RichText

from tracer.panels.data import NOTHING, Data
from tracer.panels.drawing import Board, Drawn, Look, Region, padded
from tracer.panels.pictures.heat import NUMBERED, cell_size, heat, legend, reach
from tracer.panels.pictures.words import foot

GAP = 2
"""Cells between two matrices."""


def multiples(data: Data, look: Look) -> Drawn | None:
    """All parts of some data, each below its label; None where there is no room for all with their numbers."""
    board = Board(look.width, look.height)
    full = max(map(reach, data.beside))
    body = foot(board, data, look, look.height, legend(data, full, look))
    across = _across(data, look.width, body)
    if across is None:
        return None
    down = -(-len(data.beside) // across)
    width, height = (look.width - GAP * (across - 1)) // across, body // down
    lines: list[RichText] = []
    regions: list[Region] = []
    for first in range(0, len(data.beside), across):
        tiles = [_tile(data, n, replace(look, width=width, height=height - 1), full) for n in _row(data, first, across)]
        for n, tile in zip(_row(data, first, across), tiles, strict=True):
            if n == data.nth:
                x, y = (n - first) * (width + GAP), len(lines) + 1
                regions += [Region(one.y + y, one.x0 + x, one.x1 + x, one.index) for one in tile.regions]
        lines.append(_labels(data, _row(data, first, across), look, width))
        gap = RichText(" " * GAP, no_wrap=True, end="")
        lines += [gap.join(tile.lines[y] for tile in tiles) for y in range(height - 1)]
    rest = board.drawn().lines[len(lines) :]
    return Drawn((*lines, *rest), tuple(regions))


def _across(data: Data, width: int, height: int) -> int | None:
    """How many stand beside each other so that all are whole and their cells as large as can be."""
    rows, columns = data.shape
    label = max(map(cell_len, data.rows), default=0) + 1
    best, found = 0, None
    for across in range(len(data.beside), 0, -1):
        room = (width - GAP * (across - 1)) // across - label
        lines = height // -(-len(data.beside) // across) - 2
        wide, tall = cell_size(data, room, lines)
        fits = wide >= NUMBERED + data.signed and wide * columns <= room and rows <= lines
        if fits and wide * tall > best:
            best, found = wide * tall, across
    return found


def _row(data: Data, first: int, across: int) -> range:
    return range(first, min(first + across, len(data.beside)))


def _tile(data: Data, n: int, look: Look, full: float) -> Drawn:
    """One matrix without its foot, on the scale of all."""
    mine = n == data.nth
    part = replace(
        data.beside[n], note=NOTHING, axis=NOTHING, high=full, low=0.0, marks=data.marks if mine else {}, beside=()
    )
    return heat(part, replace(look, selected=look.selected if mine else None), bare=True)


def _labels(data: Data, which: range, look: Look, width: int) -> RichText:
    """The line above: what each is, the chosen one marked."""
    line = RichText(no_wrap=True, end="")
    for n in which:
        mine = n == data.nth
        words = ("▸ " if mine else "  ") + data.beside[n].title[look.lang]
        line.append(padded(words, width), look.palette.style("accent" if mine else "muted", bold=mine))
        line.append(" " * GAP if n != which[-1] else "")
    return line
