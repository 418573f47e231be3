"""A matrix: the darker a cell, the larger its number; where there is room, the number itself stands on its shade.

Below zero a cell has another hue and a minus sign, or, where there is no room for one, another series of shades. What
is absent is blank; a number that is not finite is a word, or `×`. The selected cell stands in brackets.
"""

from __future__ import annotations

from math import ceil, log10

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len
from rich.style import Style

from tracer.numbers import format_number
from tracer.panels.data import Data, Floats
from tracer.panels.drawing import LESS, ODD, SHADES, Board, Drawn, Look, blend, on, padded, short
from tracer.panels.pictures.words import Piece, foot
from tracer.scene.grid import window
from tracer.scene.palette import Role
from tracer.text import Text

WIDEST = (6, 9, 13)
"""Cells of a matrix's column where its rows take one line, two or three; a sign takes one more."""
NUMBERED = 4
"""From this width of a column on numbers are written; a sign takes one more."""
GUTTER = 12
"""Cells of the widest row label."""
DIGITS = 3
"""Of the largest number, at most."""
FAINT = 0.14
"""How far from the ground the faintest number stands that is not 0."""

WORDS = {
    "part": Text("{low}–{high} of {all} {what}", "{all} {what}のうち {low}〜{high}"),
    "log": Text("log scale", "対数目盛"),
    "rows": Text("rows", "行"),
    "columns": Text("columns", "列"),
}


def heat(data: Data, look: Look, *, bare: bool = False) -> Drawn:
    """Rows with their labels at the left, column labels above.

    Args:
        bare: leave out the lines below it.
    """
    board = Board(look.width, look.height)
    rows, columns = data.shape
    head = 1 if look.height > 1 and any(data.columns) else 0
    gutter = min(GUTTER, max(map(cell_len, data.rows), default=0), max(0, look.width // 3)) + 1
    full = reach(data)
    body = look.height if bare else foot(board, data, look, rows + head, legend(data, full, look))
    wide, tall = cell_size(data, look.width - gutter, body - head)
    here = divmod(look.selected, columns) if look.selected is not None and 0 <= look.selected < data.size else None
    at = here or divmod(min(data.marks.get("current", {0})), columns)
    seen_columns = min(columns, max(0, (look.width - gutter) // wide))
    left = window(columns, seen_columns, at[1])
    seen_rows = max(0, min(rows, (body - head) // tall))
    top = window(rows, seen_rows, at[0])
    if head:
        _header(board, data, look, range(left, left + seen_columns), gutter, wide, here)
    if not bare:
        _parts(board, look, (top, seen_rows, rows), (left, seen_columns, columns), head)
    inks = _Inks(data, look, full, wide)
    sight = slice(top, top + seen_rows), slice(left, left + seen_columns)
    pieces = inks.cells(data.values[sight], None if data.absent is None else data.absent[sight])
    for row in range(top, top + seen_rows):
        y, line = head + (row - top) * tall, pieces[row - top]
        middle = y + (tall - 1) // 2
        _label(board, data, look, middle, row, gutter, here)
        for other in range(y, y + tall):
            board.put_all(gutter, other, line if other == middle or not inks.numbered else inks.grounds(line), wide)
            board.regions(gutter, other, wide, seen_columns, row * columns + left)
        if here is not None and here[0] == row and left <= here[1] < left + seen_columns:
            text, turned = chosen(line[here[1] - left][0], wide)
            ink = look.palette.style("accent", bold=True, reverse=turned)
            board.put(gutter + (here[1] - left) * wide, middle, text, ink)
    return board.drawn()


def cell_size(data: Data, width: int, height: int) -> tuple[int, int]:
    """Cells and lines that a number of a matrix takes in so much room: as large as all fit, one at least."""
    rows, columns = data.shape
    wide = width // max(1, columns)
    tall = next((n for n in (3, 2) if n * rows <= height and wide >= WIDEST[n - 1] + data.signed), 1)
    return max(1, min(WIDEST[tall - 1] + data.signed, wide)), tall


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


def shares(values: Floats, full: float, low: float) -> Floats:
    """0 to 1: how large numbers are drawn, on a logarithmic scale where `low` is above 0; above 0 what is not 0."""
    sizes = np.abs(values)
    if full <= 0:
        return np.zeros_like(sizes)
    with np.errstate(all="ignore"):
        if 0 < low < full:
            found = 0.1 + 0.9 * np.log(np.maximum(sizes, low) / low) / np.log(full / low)
        else:
            found = sizes / full
    return np.where(sizes > 0, np.clip(np.nan_to_num(found, nan=1.0), 1e-9, 1.0), 0.0)


def share(value: float, full: float, low: float) -> float:
    """`shares` of one number."""
    return float(shares(np.array([value]), full, low)[0])


class _Inks:
    """What the cells of one matrix look like, each `wide` cells of the terminal."""

    def __init__(self, data: Data, look: Look, full: float, wide: int) -> None:
        self._full, self._wide, self._signed, self._palette = full, wide, data.signed, look.palette
        self._least = least(data) if data.log else 0.0
        self.numbered = wide >= NUMBERED + data.signed
        blank = (" " * wide, look.palette.style("muted"))
        self._shades = {0: blank} | {n: self._shade(n) for n in range(-5, 6) if n}
        self._blank = blank

    def cells(self, values: Floats, absent: NDArray[np.bool_] | None) -> list[list[tuple[str, Style]]]:
        """Text and style of each number."""
        there = np.isfinite(values)
        part = shares(np.where(there, values, 0.0), self._full, self._least)
        # a size that is not 0 is never drawn as nothing
        levels = np.where(part > 0, np.clip(np.ceil(part * 5 - 1e-9), 1, 5), 0) * np.where(values < 0, -1, 1)
        grounds = np.round(FAINT + (1 - FAINT) * part, 2) * np.where(values == 0, 0.0, 1.0)
        decimals = self._decimals(values[there])
        known = there if absent is None else there & ~absent
        odd = ~there if absent is None else ~there & ~absent
        found = []
        for row in zip(*(one.tolist() for one in (values, levels, grounds, known, odd)), strict=True):
            line = []
            for value, level, ground, is_known, is_odd in zip(*row, strict=True):
                if is_odd:
                    line.append(self._odd(value))
                elif not is_known:
                    line.append(self._blank)
                elif self.numbered:
                    line.append(self._number(value, ground, decimals))
                else:
                    line.append(self._shades[int(level)])
            found.append(line)
        return found

    def grounds(self, line: list[tuple[str, Style]]) -> list[tuple[str, Style]]:
        """The same cells without their numbers, above and below these."""
        return [(" " * self._wide, style) for _, style in line]

    def _shade(self, level: int) -> tuple[str, Style]:
        dark = SHADES[abs(level) - 1]
        style = self._palette.style("grad" if level < 0 else "data", bold=abs(level) == 5)
        if self._wide == 1:
            return LESS[-level - 1] if level < 0 else dark, style
        return (("-" if level < 0 else "+") + dark * (self._wide - 1) if self._signed else dark * self._wide), style

    def _number(self, value: float, ground: float, decimals: int | None) -> tuple[str, Style]:
        palette, room = self._palette, self._wide - 1
        colour = blend(palette.surface, palette.colour("grad" if value < 0 else "data"), ground)
        text = _fixed(value, decimals, room) if decimals is not None else ""
        # neither as nothing nor as 0 where no digit has room
        text = text or short(value, room) or ("-" if value < 0 else "+" if self._signed else "") + SHADES[0]
        return f"{text.rjust(room)} ", on(palette, colour)

    def _odd(self, value: float) -> tuple[str, Style]:
        """A number that is not finite: its word, or a sign where that has no room."""
        word = short(value, self._wide)
        return padded(word if cell_len(word) <= self._wide else ODD, self._wide, right=True), self._palette.style(
            "wrong"
        )

    def _decimals(self, values: Floats) -> int | None:
        """Digits behind the point that all numbers get, so that they stand below each other; None: each as it likes."""
        sizes = np.abs(values)
        largest = float(sizes.max(initial=0.0))
        if largest == 0 or largest >= 1e4:
            return None
        whole = len(str(int(largest))) if largest > 1 else 0
        room = self._wide - (2 if self._wide > 4 else 1)  # where it can be, brackets go around without moving a digit
        found = room - whole - 1 - bool((values < 0).any())
        found = min(found, max(2, DIGITS - ceil(log10(largest))))
        return found if found >= 0 and largest * 10**found >= 10 else None


def _fixed(value: float, decimals: int, room: int) -> str:
    """`.51`, `-1.2`; "" where it would not fit, or read as 0 though it is not."""
    if value == 0:
        return "0"
    text = f"{value:.{decimals}f}"
    if not any(digit in text for digit in "123456789"):
        return ""
    text = text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
    return text if len(text) <= room else text[:room].rstrip(".") if "." in text[:room] else ""


def chosen(text: str, wide: int) -> tuple[str, bool]:
    """A cell in brackets if there is room for them, and whether it has to be reversed instead."""
    bare = text.strip()
    if wide == 2:
        return "[]", False
    if wide > 2 and len(bare) <= wide - 2:
        return f"[{bare or ' '}]".rjust(wide), False
    if wide > 2 and not any(sign.isalnum() for sign in bare):
        return f"[{bare[-1:]}]".center(wide), False
    return text, True


def legend(data: Data, full: float, look: Look) -> list[Piece]:
    """What the shades mean: `- 0.03 ▓▒░·  ·░▒▓█ 0.03 +  dL/d weight`."""
    name = data.axis[look.lang]
    end = format_number(full, 3)
    pieces: list[Piece] = []
    if data.signed:
        pieces += [(f"−{end} ", "muted"), (SHADES[::-1], "grad"), (" 0 ", "muted")]
    else:
        pieces += [("0 ", "muted")]
    pieces += [(SHADES, "data"), (f" {'+' if data.signed else ''}{end}  ", "muted"), (name, "muted")]
    if data.log:
        pieces.append((f"  {WORDS['log'][look.lang]}", "muted"))
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
