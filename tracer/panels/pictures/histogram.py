"""How often numbers fall into each of some equal bins: upright bars, eight heights a cell; none with any vanishes.

Where there are more bins than columns, neighbours are drawn as one; below stand the ends of the scale, and 0.
"""

from __future__ import annotations

import numpy as np
from rich.cells import cell_len

from tracer.numbers import format_number
from tracer.panels.data import Data, Floats
from tracer.panels.drawing import Board, Drawn, Look, short
from tracer.panels.pictures.words import Piece, foot
from tracer.text import Text

LEVELS = "▁▂▃▄▅▆▇█"
NUMBER = 8
"""Cells of a number on the scale, at most."""

WORDS = {
    "log": Text("log scale", "対数目盛"),
    "most": Text("tallest {n}", "最大 {n} 個"),
}


def histogram(data: Data, look: Look) -> Drawn:
    """Counts `data.values` between `data.extra["edges"]`."""
    board = Board(look.width, look.height)
    n = data.size
    if not look.width or not look.height:
        return board.drawn()
    joined = -(-n // look.width)  # bins drawn as one
    shown = -(-n // joined)
    wide = look.width // shown
    padded = np.zeros(shown * joined)
    padded[:n] = np.where(np.isfinite(data.values), data.values, 0.0)
    with np.errstate(over="ignore"):
        counts = np.minimum(padded.reshape(shown, joined).sum(axis=1), np.finfo(np.float64).max)
    body = foot(board, data, look, look.height, _legend(data, look, counts))
    ruler = 1 if body >= 2 else 0
    rows = body - ruler
    here = look.selected if look.selected is not None and 0 <= look.selected < n else None
    sizes = np.log1p(counts) if data.log else counts
    full = float(sizes.max(initial=0.0)) or 1.0
    levels = np.where(counts > 0, np.maximum(1, np.round(sizes / full * (len(LEVELS) * rows))), 0).astype(int).tolist()
    style = look.palette.style("grad" if data.cells and data.cells[0].grad else "data")
    thick = max(1, wide - (wide > 2))
    for line in range(rows):
        text = "".join([(_block(level, line) * thick).ljust(wide) for level in levels])
        board.put(0, rows - 1 - line, text, style)
    fullest = np.arange(shown) * joined + padded.reshape(shown, joined).argmax(axis=1)
    if here is not None:
        fullest[here // joined] = here
        for line in range(rows):
            block = _block(levels[here // joined], line) * thick
            board.put(
                here // joined * wide,
                rows - 1 - line,
                block,
                look.palette.style("accent", bold=True, reverse=not ruler),
            )
    indices = fullest.tolist()
    for y in range(rows):
        board.strip(0, y, indices, wide)
    if ruler:
        _ruler(board, data, look, rows, shown * wide, None if here is None else here // joined * wide + (wide - 1) // 2)
    return board.drawn()


def _count(number: float) -> str:
    return f"{number:,.0f}" if number < 1e15 else format_number(number)


def _block(level: int, line: int) -> str:
    """What a line, the lowest being 0, shows of a height in eighths."""
    left = level - line * len(LEVELS)
    return LEVELS[min(left, len(LEVELS)) - 1] if left > 0 else " "


def _ruler(board: Board, data: Data, look: Look, y: int, width: int, here: int | None) -> None:
    """The ends of the scale, and where 0 is; under the selected bin a mark."""
    edges = data.extra.get("edges", np.zeros(0))
    taken: list[range] = []
    if here is not None:
        board.put(here, y, "▴", look.palette.style("accent", bold=True))
        taken.append(range(here, here + 1))
    if len(edges) < 2 or not np.isfinite(edges).all():
        return
    low, high = short(float(edges[0]), NUMBER), short(float(edges[-1]), NUMBER)
    places = [(0, low), (width - cell_len(high), high)]
    if edges[0] < 0 < edges[-1]:
        share = float(-edges[0] / (edges[-1] - edges[0]))
        places.append((min(width - 1, int(share * width)), "0"))
    for x, label in places:
        room = range(x - 1, x + cell_len(label) + 1)
        if x >= 0 and not any(set(room) & set(other) for other in taken):
            taken.append(room)
            board.put(x, y, label, look.palette.style("muted"))


def _legend(data: Data, look: Look, counts: Floats) -> list[Piece]:
    words = [data.axis[look.lang], WORDS["most"].format(n=_count(float(counts.max(initial=0.0))))[look.lang]]
    words += [WORDS["log"][look.lang]] if data.log else []
    return [("  ".join(word for word in words if word), "muted")]
