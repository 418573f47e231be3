"""A board of character cells: panels write on it, nothing falls over its edges, and it tells where each cell stands.

Sizes are shown by shades and blocks, signs by a hue and by a sign: without colour everything can still be read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from rich.cells import cell_len
from rich.color import Color
from rich.style import Style
from rich.text import Text as RichText

from tracer.numbers import MORE_TO_COME, format_number
from tracer.scene.palette import Palette, contrast
from tracer.text import Lang

SHADES = "·░▒▓█"
"""From the smallest size that is not 0 to the largest."""
LESS = "·-~=≡"
"""The same below 0, where a cell has no room for a sign."""
EIGHTHS = " ▏▎▍▌▋▊▉█"
"""A bar's last cell."""
ODD = "×"
"""Not a number, where there is no room for the word."""


@dataclass(frozen=True)
class Look:
    """How and how large something is drawn."""

    lang: Lang
    palette: Palette
    width: int
    height: int
    selected: int | None = None
    """An index into the data's cells."""


@dataclass(frozen=True)
class Region:
    """Cells x0 to x1 (not included) of line y stand for one of the data's cells."""

    y: int
    x0: int
    x1: int
    index: int


@dataclass(frozen=True, eq=False)
class Drawn:
    """A picture."""

    lines: tuple[RichText, ...]
    regions: tuple[Region, ...] = ()

    def at(self, x: int, y: int) -> int | None:
        """The index of the data's cell under this place; None for none."""
        return next((one.index for one in self.regions if one.y == y and one.x0 <= x < one.x1), None)


class Board:
    """Cells to write on. What stands outside is not written; a wide sign that is cut in half is left out."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = max(0, width), max(0, height)
        self._signs = [[" "] * self.width for _ in range(self.height)]
        self._styles: list[list[Style | None]] = [[None] * self.width for _ in range(self.height)]
        self._regions: list[Region] = []

    def put(self, x: int, y: int, text: str, style: Style | None = None) -> int:
        """Writes `text` from (x, y) on. Returns the column after it, in sight or not."""
        for sign in text:
            wide = cell_len(sign)
            if wide == 0:  # a mark that stands on the sign before it
                if 0 <= y < self.height and 0 < x <= self.width and self._signs[y][x - 1]:
                    self._signs[y][x - 1] += sign
                continue
            if 0 <= y < self.height and x >= 0 and x + wide <= self.width:
                for place in range(x, x + wide):
                    self._free(place, y)
                    self._styles[y][place] = style
                self._signs[y][x] = sign
                for place in range(x + 1, x + wide):
                    self._signs[y][place] = ""
            x += wide
        return x

    def sign(self, x: int, y: int) -> str:
        """What stands there; "" outside, and for the second half of a wide sign."""
        return self._signs[y][x] if 0 <= y < self.height and 0 <= x < self.width else ""

    def region(self, x: int, y: int, width: int, index: int) -> None:
        """These cells stand for one of the data's cells."""
        left, right = max(0, x), min(self.width, x + width)
        if 0 <= y < self.height and left < right:
            self._regions.append(Region(y, left, right, index))

    def drawn(self) -> Drawn:
        return Drawn(tuple(self._line(y) for y in range(self.height)), tuple(self._regions))

    def _free(self, x: int, y: int) -> None:
        """No half of a wide sign stays where another is written."""
        row = self._signs[y]
        if row[x] == "" and x:
            row[x - 1] = " "
        if x + 1 < self.width and row[x + 1] == "":
            row[x + 1] = " "
        row[x] = " "

    def _line(self, y: int) -> RichText:
        line = RichText(no_wrap=True, end="")
        signs, styles = self._signs[y], self._styles[y]
        start = 0
        for x in range(1, self.width + 1):
            if x == self.width or (styles[x] is not styles[start] and styles[x] != styles[start]):
                line.append("".join(signs[start:x]), styles[start])
                start = x
        return line


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells, its end replaced by `…` where it is longer."""
    if cell_len(text) <= width:
        return text
    found, room = "", width - 1
    for sign in text:
        if (room := room - cell_len(sign)) < 0:
            break
        found += sign
    return found + MORE_TO_COME if width > 0 else ""


def padded(text: str, width: int, *, right: bool = False) -> str:
    """`text` in exactly `width` cells, at the left or at the right of them."""
    text = cut(text, width)
    blank = " " * (width - cell_len(text))
    return blank + text if right else text + blank


def wrapped(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells, broken at spaces, in a text without any between signs."""
    lines: list[str] = []
    line = ""
    for word in _words(text):
        if line and cell_len(line + word.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += word
    return [cut(one, width) for one in [*lines, line.rstrip()] if one] if width > 0 else []


def _words(text: str) -> list[str]:
    """Pieces between which a line may end: words with the space behind them, wide signs each by itself."""
    found: list[str] = []
    open_ = False  # whether the last piece goes on
    for sign in text:
        wide = cell_len(sign) == 2 and sign not in "、。）」"
        if found and sign in "、。）」":
            found[-1] += sign
        elif wide or not open_:
            found.append(sign)
        else:
            found[-1] += sign
        open_ = not wide and sign != " "
    return found


def short(value: float, width: int = 99) -> str:
    """A number in at most `width` cells, with as many digits as go in: `0.5831`, `.58`, `2e-5`; "" if none does.

    A number that is not finite is a word.
    """
    for digits in (4, 3, 2, 1):
        text = format_number(value, digits)
        for one in (text, text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text):
            if cell_len(one) <= width:
                return one
    return ODD if not math.isfinite(value) and width > 0 else ""


def shade(size: float, full: float) -> int:
    """How dark a size is drawn, 0 for nothing to 5; a size that is not 0 is never drawn as nothing."""
    if size == 0 or full <= 0 or not math.isfinite(size):
        return 0
    return max(1, min(5, math.ceil(size / full * 5 - 1e-9)))


def bar(share: float, width: int) -> str:
    """A bar of at most `width` cells, an eighth of a cell at least where there is anything: `███▎`."""
    if not share > 0 or width <= 0:
        return ""
    eighths = max(1, min(8 * width, round(share * 8 * width)))
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()


@cache
def blend(ground: str, colour: str, share: float) -> str:
    """Between two colours."""
    parts = zip(Color.parse(ground).get_truecolor(), Color.parse(colour).get_truecolor(), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in parts)


@cache
def on(palette: Palette, colour: str, bold: bool = False) -> Style:
    """A style for text on this colour: of the theme's two ends the one that can be read there."""
    ink = max((palette.text, palette.background), key=lambda one: contrast(one, colour))
    return Style(color=ink, bgcolor=colour, bold=bold or None)
