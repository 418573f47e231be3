"""What a model says everywhere: its score as a heat map of half blocks, where it changes its mind, the data on top.

Two colours for the two labels, deeper where the model is surer. Not by colour alone: the points are `●` and `○`, one
that the model gets wrong is an `×`, and `+` runs along the boundary.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.console import Console, ConsoleOptions, RenderResult
from rich.style import Style
from rich.text import Text as RichText

from tracer.numbers import format_number
from tracer.scene.palette import DARK, Palette
from tracer.text import Lang, Text

Row = tuple[float, float, float]
Box = tuple[float, float, float, float]
"""left, right, bottom, top of what is shown."""

PLUS, MINUS, WRONG, EDGE, HALF = "●", "○", "×", "+", "▀"
LEVELS = 8
"""Shades of each colour: few, so that neighbours are alike and need no glyph between them."""
DEPTH = 0.55
"""How much of a label's colour the deepest shade has; the rest is the panel's ground, so that points stand out."""

WORDS = {
    "right": Text("label", "ラベル"),
    "wrong": Text("wrong", "誤分類"),
    "edge": Text("boundary", "境界"),
}


@dataclass(frozen=True, eq=False)
class BoundaryMap:
    """A Rich renderable of exactly `width` x `height` cells."""

    scores: NDArray[np.float32]
    """(h, w), the top row first, above 0 for label 1."""
    box: Box
    rows: Sequence[Row]
    wrong: Collection[int]
    """Which of the rows the model gets wrong."""
    lang: Lang
    palette: Palette
    width: int
    height: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self.lines()

    def lines(self) -> list[RichText]:
        """The map, and below it the range of x1 and what the signs mean."""
        height = max(1, self.height - 2)
        shades = self._shades(height)
        marks = self._points(height)
        edges = self._edges(height)
        found = []
        for y in range(height):
            line = RichText(no_wrap=True)
            for x in range(self.width):
                upper, lower = int(shades[2 * y, x]), int(shades[2 * y + 1, x])
                mark = marks.get((y, x), EDGE if edges[y, x] else "")
                line.append(*_cell(self.palette, upper, lower, mark))
            found.append(line)
        return [*found, self._range(), self._legend()][: self.height]

    def _field(self, rows: int, columns: int) -> NDArray[np.float64]:
        """(rows, columns) scores, interpolated between those of the grid."""
        h, w = self.scores.shape
        ys, xs = (np.arange(rows) + 0.5) / rows * (h - 1), (np.arange(columns) + 0.5) / columns * (w - 1)
        top, left = np.floor(ys).astype(int).clip(0, max(0, h - 2)), np.floor(xs).astype(int).clip(0, max(0, w - 2))
        down, over = (ys - top)[:, None], (xs - left)[None, :]
        below, beside = np.minimum(top + 1, h - 1), np.minimum(left + 1, w - 1)
        s = self.scores.astype(np.float64)
        with np.errstate(invalid="ignore"):
            upper = s[np.ix_(top, left)] * (1 - over) + s[np.ix_(top, beside)] * over
            lower = s[np.ix_(below, left)] * (1 - over) + s[np.ix_(below, beside)] * over
            found: NDArray[np.float64] = upper * (1 - down) + lower * down
        return found

    def _shades(self, height: int) -> NDArray[np.int64]:
        """(2 height, width) shades, -LEVELS..LEVELS; 0 where the model says nothing that is a number."""
        field = self._field(2 * height, self.width)
        with np.errstate(invalid="ignore"):
            sure = np.ceil(np.tanh(np.abs(field)) * LEVELS).clip(1, LEVELS) * np.where(field > 0, 1, -1)
        return np.where(np.isnan(field), 0, sure).astype(np.int64)

    def _edges(self, height: int) -> NDArray[np.bool_]:
        """(height, width): the cells on the side of label 1 that touch the other side."""
        positive = self._field(height, self.width) > 0
        padded = np.pad(positive, 1, mode="edge")
        beside = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
        found: NDArray[np.bool_] = positive & ~beside
        return found

    def _points(self, height: int) -> dict[tuple[int, int], str]:
        """(row, column) -> the sign of the data there; where several points meet, one that is wrong is seen."""
        left, right, bottom, top = self.box
        found: dict[tuple[int, int], str] = {}
        for i, (x1, x2, label) in enumerate(self.rows):
            x = min(self.width - 1, max(0, int((x1 - left) / (right - left) * self.width)))
            y = min(height - 1, max(0, int((top - x2) / (top - bottom) * height)))
            if found.get((y, x)) != WRONG:
                found[y, x] = WRONG if i in self.wrong else PLUS if label > 0 else MINUS
        return found

    def _range(self) -> RichText:
        """`x1 -1.3 … 2.2` and the same of x2: one line, what fits."""
        left, right, bottom, top = (format_number(number, 2) for number in self.box)
        words = f"x1 {left} … {right}   x2 {bottom} … {top}"
        return _fit(RichText(words, self.palette.style("muted"), no_wrap=True), self.width)

    def _legend(self) -> RichText:
        line = RichText(no_wrap=True)
        for sign, words, colour in (
            (PLUS, f"{WORDS['right'][self.lang]} 1   ", "grad"),
            (MINUS, f"{WORDS['right'][self.lang]} -1   ", "data"),
            (WRONG, f"{WORDS['wrong'][self.lang]}   ", "wrong"),
            (EDGE, WORDS["edge"][self.lang], "text"),
        ):
            line.append(f"{sign} ", self.palette.style(colour))  # type: ignore[arg-type]  # a role each
            line.append(words, self.palette.style("muted"))
        return _fit(line, self.width)


@lru_cache(maxsize=4096)
def _cell(palette: Palette, upper: int, lower: int, mark: str) -> tuple[str, Style]:
    """One cell: its two halves, or its sign on the shade of both."""
    if mark:
        role = "wrong" if mark == WRONG else "text"
        style = Style(color=palette.colour(role), bgcolor=_shade(palette, lower if abs(lower) < abs(upper) else upper))  # type: ignore[arg-type]
        return mark, style + Style(bold=mark != EDGE)
    if upper == lower:
        return " ", Style(bgcolor=_shade(palette, upper))
    return HALF, Style(color=_shade(palette, upper), bgcolor=_shade(palette, lower))


@lru_cache(maxsize=256)
def _shade(palette: Palette, level: int) -> Color:
    """The panel's ground, with as much of a label's colour as the model is sure."""
    ground, colour = _rgb(palette.surface), _rgb(palette.colour("grad" if level > 0 else "data"))
    share = 0.0 if level == 0 else DEPTH * (0.25 + 0.75 * abs(level) / LEVELS)
    return Color.from_rgb(*(round(g + share * (c - g)) for g, c in zip(ground, colour, strict=True)))


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _fit(line: RichText, width: int) -> RichText:
    line.truncate(width, overflow="ellipsis", pad=True)
    return line


def boundary_map(
    scores: NDArray[np.float32],
    box: Box,
    rows: Sequence[Row],
    wrong: Collection[int] = (),
    lang: Lang = "en",
    palette: Palette = DARK,
    *,
    width: int = 40,
    height: int = 20,
) -> BoundaryMap:
    """A Rich renderable of a model's scores on a grid, with the data on top.

    Args:
        scores: (h, w), the top row first, above 0 where the model says label 1; nan where it says nothing.
        box: left, right, bottom, top: where the grid's outer points are.
        rows: (x1, x2, label) with label -1 or 1.
        wrong: which of them the model gets wrong, by their place.
        width, height: cells.
    """
    return BoundaryMap(scores, box, rows, frozenset(wrong), lang, palette, width, height)
