"""One slice of an array as lines: numbers in columns, or a heat map, with indices at the top and at the left.

A heat map draws each element as a coloured block: blue above zero, orange below, the paler the nearer to zero; a
non-zero element is never as pale as zero. What colour cannot tell a reader, the rulers and the chosen element's number
do: `▸` and `▾` point at its row and column.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import numpy as np
from rich.color import Color
from rich.style import Style
from rich.text import Text as RichText

from tracer.explain.amount import Array, number
from tracer.numbers import format_number
from tracer.scene.grid import Grid, ticks, window
from tracer.scene.palette import Palette, Role

HERE_ROW, HERE_COLUMN, HERE = "▸", "▾", "›"
ODD = "▒"
"""In a heat map of whole cells: not a number."""
WIDEST = 10
"""Cells of a number where there are too many to look at each."""
LOOKED_AT = 2000
"""Elements of a slice up to which its columns are as wide as its numbers."""
LEAST = 0.18
"""How far from the ground's colour the faintest non-zero element stands."""
BLOCK = 2
"""Cells a whole element takes: about a square."""
EVERY = 5
"""Columns (and rows) of a heat map between two named indices."""

Kind = Literal["numbers", "heat"]


@dataclass(frozen=True)
class Sheet:
    """Lines, and which element stands where in them."""

    lines: tuple[RichText, ...]
    rows: Mapping[int, int] = field(default_factory=dict)
    """Line -> row of the slice."""
    columns: tuple[tuple[range, int], ...] = ()
    """Cells of a line -> column of the slice."""
    first: tuple[int, int] = (0, 0)
    seen: tuple[int, int] = (0, 0)
    """Rows and columns in sight."""

    @property
    def width(self) -> int:
        return max((line.cell_len for line in self.lines), default=0)

    def element_at(self, x: int, y: int) -> tuple[int, int] | None:
        """(row, column) of the slice under this cell, or None."""
        row = self.rows.get(y)
        column = next((column for span, column in self.columns if x in span), None)
        return None if row is None or column is None else (row, column)


def numbers_sheet(
    grid: Grid,
    array: Array,
    palette: Palette,
    width: int,
    height: int,
    *,
    role: Role = "data",
    corner: str = "",
    digits: int = 4,
    pushed: tuple[int, int] = (0, 0),
) -> Sheet:
    """The slice's numbers, right-aligned under their column's index.

    Args:
        width, height: cells and lines it may take.
        role: what the numbers are.
        corner: stands over the row indices: `∂`.
        pushed: rows and columns that the window was moved by hand.
    """
    matrix = grid.matrix(array)
    texts: Any = None
    wide = WIDEST
    if matrix.size <= LOOKED_AT:
        texts = [[number(v, digits) for v in line] for line in matrix.tolist()]
        wide = max(len(text) for line in texts for text in line)
    wide = max(wide, len(str(grid.columns - 1)))
    gutter = _gutter(grid, corner)
    chosen = grid.cell is not None
    room = max(1, (width - gutter) // (wide + 2))
    body = max(1, height - 1)
    top = window(grid.rows, body, grid.row if chosen else None, pushed[0])
    left = window(grid.columns, room, grid.column if chosen else None, pushed[1])
    rows = range(top, min(top + body, grid.rows))
    columns = range(left, min(left + room, grid.columns))
    head = RichText(corner.rjust(gutter), palette.style(role), no_wrap=True)
    for column in columns:
        here = chosen and column == grid.column
        head.append(str(column).rjust(wide + 2), palette.style("accent" if here else "muted", bold=here))
    lines, found = [head], {}
    for row in rows:
        found[len(lines)] = row
        line = _row_head(grid, row, gutter, palette)
        for column in columns:
            text = texts[row][column] if texts is not None else number(matrix[row, column].item(), digits)
            here = chosen and (row, column) == (grid.row, grid.column)
            line.append(" " if not here else HERE, palette.style("accent", bold=True))
            odd = text in ("nan", "inf", "-inf")
            line.append(text.rjust(wide + 1), palette.style("wrong" if odd else role, reverse=here))
        lines.append(line)
    spans = tuple((range(gutter + i * (wide + 2), gutter + (i + 1) * (wide + 2)), c) for i, c in enumerate(columns))
    return Sheet(tuple(lines), found, spans, (top, left), (len(rows), len(columns)))


def heat_sheet(
    grid: Grid,
    array: Array,
    palette: Palette,
    width: int,
    height: int,
    *,
    role: Role = "data",
    corner: str = "",
    pushed: tuple[int, int] = (0, 0),
) -> Sheet:
    """The slice as a picture: whole cells where it fits so, else two rows a line in half blocks.

    Args: as of `numbers_sheet`.
    """
    matrix = grid.matrix(array).astype(np.float64)
    gutter, chosen = _gutter(grid, corner), grid.cell is not None
    body = max(1, height - 1)
    whole = grid.rows <= body and BLOCK * grid.columns <= width - gutter
    per_line, per_column = (1, BLOCK) if whole else (2, 1)
    room = max(1, (width - gutter) // per_column)
    top = window(grid.rows, body * per_line, grid.row if chosen else None, pushed[0])
    left = window(grid.columns, room, grid.column if chosen else None, pushed[1])
    rows = range(top, min(top + body * per_line, grid.rows))
    columns = range(left, min(left + room, grid.columns))
    scale = reach(matrix)
    colours = [[_colour(matrix[r, c], scale, palette) for c in columns] for r in rows]
    lines, found = [_ruler(grid, columns, gutter, per_column, palette, corner, role)], {}
    for i in range(0, len(rows), per_line):
        found[len(lines)] = rows[i]
        both = rows[i : i + per_line]
        here = chosen and grid.row in both
        tick = next((row for row in both if row % EVERY == 0), None)
        named = grid.row if here else both[0] if tick is None else tick
        line = _row_head(grid, named, gutter, palette, named=tick is not None)
        if whole:
            for column, colour in zip(columns, colours[i], strict=True):
                line.append(_block(matrix[rows[i], column]), Style(color=palette.text, bgcolor=colour))
        else:
            below = colours[i + 1] if i + 1 < len(rows) else [palette.surface] * len(columns)
            for upper, lower in zip(colours[i], below, strict=True):
                line.append("▀", _two(upper, lower))
        lines.append(line)
    spans = tuple((range(gutter + i * per_column, gutter + (i + 1) * per_column), c) for i, c in enumerate(columns))
    return Sheet(tuple(lines), found, spans, (top, left), (len(rows), len(columns)))


def legend(array: Array, palette: Palette, digits: int = 4) -> RichText:
    """The heat map's scale, from one end to the other, with its numbers: `-2.1 ▒▒▒▒ 0 ▒▒▒▒ 2.1`."""
    scale = reach(array.astype(np.float64))
    end = format_number(scale, digits)
    line = RichText(f"-{end} " if scale else "", palette.style("muted"), no_wrap=True)
    for step in range(-4, 5):
        if scale or step == 0:
            line.append("  ", Style(bgcolor=_colour(step * scale / 4, scale, palette)))
        if step == 0:
            line.append(" 0 ", palette.style("muted"))
    return line.append(f" {end}" if scale else "", palette.style("muted"))


def reach(matrix: Array) -> float:
    """The largest finite size in it; 0 where there is none."""
    sizes = np.abs(matrix[np.isfinite(matrix)])
    return float(sizes.max()) if sizes.size else 0.0


def _gutter(grid: Grid, corner: str) -> int:
    """Cells for the row indices and the mark of the chosen row."""
    return max(len(str(grid.rows - 1)) + 1 if len(grid.shape) > 1 else 0, len(corner)) + 1


def _row_head(grid: Grid, row: int, gutter: int, palette: Palette, *, named: bool = True) -> RichText:
    here = grid.cell is not None and row == grid.row
    words = str(row) if len(grid.shape) > 1 and (named or here) else ""
    line = RichText(no_wrap=True)
    line.append(words.rjust(gutter - 1), palette.style("accent" if here else "muted", bold=here))
    return line.append(HERE_ROW if here and len(grid.shape) > 1 else " ", palette.style("accent", bold=True))


def _ruler(
    grid: Grid, columns: range, gutter: int, per_column: int, palette: Palette, corner: str, role: Role
) -> RichText:
    """Every fifth column's index, and a mark over the chosen column."""
    cells = [" "] * (len(columns) * per_column + 4)
    for place, index in ticks(columns.start, len(columns), EVERY):
        for i, sign in enumerate(str(index)):
            cells[place * per_column + i] = sign
    line = RichText(corner.rjust(gutter), palette.style(role), no_wrap=True)
    line.append("".join(cells)[: len(columns) * per_column], palette.style("muted"))
    if grid.cell is not None and grid.column in columns:
        at = gutter + (grid.column - columns.start) * per_column
        head = RichText(no_wrap=True)
        head.append_text(line[:at]).append(HERE_COLUMN, palette.style("accent", bold=True)).append_text(line[at + 1 :])
        return head
    return line


def _block(value: float) -> str:
    return " " * BLOCK if math.isfinite(value) else ODD * BLOCK


def _colour(value: float, scale: float, palette: Palette) -> str:
    """From the ground's colour at 0 to the full one at `scale`; not finite: the colour of what is wrong."""
    if not math.isfinite(value):
        return palette.wrong
    if value == 0 or scale == 0:
        return palette.surface
    share = LEAST + (1 - LEAST) * min(1.0, abs(value) / scale)
    return _blend(palette.surface, palette.data if value > 0 else palette.grad, round(share, 2))


@cache
def _blend(ground: str, colour: str, share: float) -> str:
    parts = zip(Color.parse(ground).get_truecolor(), Color.parse(colour).get_truecolor(), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in parts)


@cache
def _two(upper: str, lower: str) -> Style:
    return Style(color=upper, bgcolor=lower)
