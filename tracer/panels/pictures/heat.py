"""A matrix: the darker a cell, the larger its number; where there is room, the number itself stands on its shade.

Below zero a cell has another hue and a minus sign, or, where there is no room for one, another series of shades. What
is absent is blank; a number that is not finite is a word, or `×`. The selected cell stands in brackets.
"""

from __future__ import annotations

import math

import numpy as np
from rich.cells import cell_len
from rich.style import Style

from tracer.panels.data import Data, Floats
from tracer.panels.drawing import LESS, ODD, SHADES, Board, Drawn, Look, blend, cut, on, padded, shade, short
from tracer.panels.pictures.words import Piece, foot
from tracer.scene.grid import window
from tracer.scene.palette import Role
from tracer.text import Text

WIDEST = 6
"""Cells of a matrix's column."""
NUMBERED = 4
"""From this width of a column on numbers are written; a sign takes one more."""
GUTTER = 12
"""Cells of the widest row label."""
FAINT = 0.14
"""How far from the ground the faintest number stands that is not 0."""

WORDS = {
    "part": Text("{low}–{high} of {all} {what}", "{all} {what}のうち {low}〜{high}"),
    "rows": Text("rows", "行"),
    "columns": Text("columns", "列"),
}


def heat(data: Data, look: Look) -> Drawn:
    """Rows with their labels at the left, column labels above."""
    board = Board(look.width, look.height)
    rows, columns = data.shape
    head = 1 if look.height > 1 and any(data.columns) else 0
    gutter = min(GUTTER, max(map(cell_len, data.rows), default=0), max(0, look.width // 3)) + 1
    wide = min(WIDEST, (look.width - gutter) // max(1, columns))
    if wide < 1:
        wide = 1
    full = reach(data)
    here = divmod(look.selected, columns) if look.selected is not None and 0 <= look.selected < data.size else None
    at = here or divmod(min(data.marks.get("current", {0})), columns)
    seen_columns = min(columns, max(0, (look.width - gutter) // wide))
    left = window(columns, seen_columns, at[1])
    body = foot(board, data, look, rows + head, legend(data, full, look))
    seen_rows = max(0, min(rows, body - head))
    top = window(rows, seen_rows, at[0])
    if head:
        _header(board, data, look, range(left, left + seen_columns), gutter, wide, here)
    _parts(board, look, (top, seen_rows, rows), (left, seen_columns, columns), head)
    for y, row in enumerate(range(top, top + seen_rows), head):
        _label(board, data, look, y, row, gutter, here)
        for x, column in enumerate(range(left, left + seen_columns)):
            index = row * columns + column
            where = gutter + x * wide
            board.region(where, y, wide, index)
            if data.absent is not None and data.absent[row, column] and (row, column) != here:
                continue
            text, style = cell(data, float(data.values[row, column]), full, wide, look)
            if (row, column) == here:
                text, style = chosen(text, wide), look.palette.style("accent", bold=True, reverse=wide == 1)
            board.put(where, y, text, style)
    return board.drawn()


def reach(data: Data) -> float:
    """The size that is drawn darkest."""
    if data.high is not None:
        return max(abs(data.high), abs(data.low or 0.0))
    values = data.values if data.absent is None else data.values[~data.absent]
    sizes = np.abs(values[np.isfinite(values)])
    return float(sizes.max()) if sizes.size else 0.0


def least(data: Data) -> float:
    """The smallest size that is not 0, where sizes are drawn on a logarithmic scale."""
    sizes = np.abs(data.values[np.isfinite(data.values) & (data.values != 0)])
    return float(sizes.min()) if sizes.size else 0.0


def share(value: float, full: float, low: float) -> float:
    """0 to 1: how large a number is drawn, on a logarithmic scale where `low` is above 0."""
    size = abs(value)
    if size == 0 or full <= 0:
        return 0.0
    if low > 0 and full > low:
        return 0.1 + 0.9 * max(0.0, math.log(size / low) / math.log(full / low))
    return min(1.0, size / full)


def cell(data: Data, value: float, full: float, wide: int, look: Look) -> tuple[str, Style]:
    """One number in `wide` cells, and its style."""
    palette = look.palette
    if not math.isfinite(value):
        word = short(value, wide)
        return padded(word if cell_len(word) <= wide else ODD, wide, right=True), palette.style("wrong")
    part = share(value, full, least(data) if data.log else 0.0)
    colour = palette.colour("grad" if value < 0 else "data")
    if wide >= NUMBERED + data.signed:
        ground = blend(palette.surface, colour, round(FAINT + (1 - FAINT) * part, 2)) if value else palette.surface
        number = short(value, wide - 1)
        if value > 0 and data.signed and cell_len(number) < wide - 1:
            number = f"+{number}"
        return f"{padded(number, wide - 1, right=True)} ", on(palette, ground)
    level = shade(part, 1.0)
    if level == 0:
        return " " * wide, palette.style("muted")
    style = palette.style("grad" if value < 0 else "data", bold=level == 5)
    if not data.signed:
        return SHADES[level - 1] * wide, style
    if wide == 1:
        return (LESS if value < 0 else SHADES)[level if value < 0 else level - 1], style
    return ("-" if value < 0 else "+") + SHADES[level - 1] * (wide - 1), style


def chosen(text: str, wide: int) -> str:
    """A cell in brackets, as far as there is room for them."""
    if wide == 1:
        return text if text.strip() else "□"
    if wide == 2:
        return "[]"
    return f"[{cut(text.strip(), wide - 2).rjust(wide - 2)}]" if wide > 2 else text


def legend(data: Data, full: float, look: Look) -> list[Piece]:
    """What the shades mean: `- 0.03 ▓▒░·  ·░▒▓█ 0.03 +  dL/d weight`."""
    name = data.axis[look.lang]
    end = short(full, 9)
    pieces: list[Piece] = []
    if data.signed:
        pieces += [(f"−{end} ", "muted"), (SHADES[::-1], "grad"), (" 0 ", "muted")]
    else:
        pieces += [("0 ", "muted")]
    pieces += [(SHADES, "data"), (f" {'+' if data.signed else ''}{end}  ", "muted"), (name, "muted")]
    return pieces if full > 0 else [(name, "muted")]


def _header(
    board: Board, data: Data, look: Look, columns: range, gutter: int, wide: int, here: tuple[int, int] | None
) -> None:
    """Column labels: cut to their column, but numbers only where they fit, the others left out."""
    free = gutter
    for x, column in enumerate(columns):
        label = data.columns[column] if column < len(data.columns) else ""
        mine = here is not None and here[1] == column
        where = gutter + x * wide
        if label.isdigit() and cell_len(label) >= wide:
            if where < free and not mine:
                continue
            free = where + cell_len(label) + 1
            board.put(where, 0, label, look.palette.style("accent" if mine else "muted", bold=mine))
            continue
        text = label if cell_len(label) <= wide else _cropped(label, wide)
        blank = (wide - cell_len(text)) // 2
        board.put(where + blank, 0, text, look.palette.style("accent" if mine else "muted", bold=mine))


def _cropped(label: str, wide: int) -> str:
    found = ""
    for sign in label:
        if cell_len(found + sign) > wide:
            break
        found += sign
    return found


def _label(board: Board, data: Data, look: Look, y: int, row: int, gutter: int, here: tuple[int, int] | None) -> None:
    label = data.rows[row] if row < len(data.rows) else ""
    mine = here is not None and here[0] == row
    role: Role = "accent" if mine or row in data.marks.get("row", ()) else "muted"
    board.put(0, y, padded(label, gutter - 1), look.palette.style(role, bold=mine))
    board.put(gutter - 1, y, "▸" if row in data.marks.get("row", ()) else " ", look.palette.style("accent"))


def _parts(board: Board, look: Look, rows: tuple[int, int, int], columns: tuple[int, int, int], head: int) -> None:
    """Which part is in sight, where not all is; written on the last line of the board if that is free."""
    words = [
        WORDS["part"].format(low=low + 1, high=low + seen, all=all_, what=WORDS[what])[look.lang]
        for what, (low, seen, all_) in (("rows", rows), ("columns", columns))
        if 0 < seen < all_
    ]
    if words and board.height > head + rows[1]:
        board.put(0, board.height - 1, padded("   ".join(words), board.width), look.palette.style("accent"))


def matrix(values: Floats) -> Floats:
    """A matrix of anything: a vector is one row, of more axes the last two stay."""
    found = np.asarray(values, np.float64)
    return found.reshape(-1, found.shape[-1]) if found.ndim > 1 else found.reshape(1, -1)
