"""A board of character cells: panels write on it, nothing falls over its edges, and it tells where each cell stands.

Sizes are shown by shades and blocks, signs by a hue and by a sign: without colour everything can still be read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import groupby
from typing import NamedTuple, overload
from unicodedata import combining

from rich.cells import cell_len
from rich.color import Color
from rich.style import Style
from rich.text import Span
from rich.text import Text as RichText

from tracer.numbers import MORE_TO_COME, format_number
from tracer.scene.palette import Palette, contrast
from tracer.text import Lang, clean

SHADES = "·░▒▓█"
"""From the smallest size that is not 0 to the largest."""
LESS = "·-~=≡"
"""The same below 0, where a cell has no room for a sign."""
EIGHTHS = " ▏▎▍▌▋▊▉█"
"""A bar's last cell."""
ODD = "×"
"""Not a number, where there is no room for the word."""
_GAP = re.compile("( {2,})")


@dataclass(frozen=True)
class Look:
    """How and how large something is drawn."""

    lang: Lang
    palette: Palette
    width: int
    height: int
    selected: int | None = None
    """An index into the data's cells."""


@dataclass(frozen=True, slots=True)
class Region:
    """Cells x0 to x1 (not included) of line y stand for one of the data's cells."""

    y: int
    x0: int
    x1: int
    index: int


class Run(NamedTuple):
    """Neighbouring regions of a line, `wide` cells each."""

    y: int
    x: int
    wide: int
    of: Sequence[int]
    """The data's cells that they stand for."""


@dataclass(frozen=True)
class Regions(Sequence[Region]):
    """The regions of some runs, each made when it is asked for; where they overlap, the last one counts."""

    runs: tuple[Run, ...]

    @cached_property
    def _all(self) -> tuple[Region, ...]:
        return tuple(
            Region(run.y, run.x + i * run.wide, run.x + (i + 1) * run.wide, index)
            for run in self.runs
            for i, index in enumerate(run.of)
        )

    def __len__(self) -> int:
        return sum(len(run.of) for run in self.runs)

    @overload
    def __getitem__(self, index: int) -> Region: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Region]: ...
    def __getitem__(self, index: int | slice) -> Region | Sequence[Region]:
        return self._all[index]

    def __iter__(self) -> Iterator[Region]:
        return iter(self._all)


@dataclass(frozen=True, eq=False)
class Drawn:
    """A picture."""

    lines: tuple[RichText, ...]
    regions: Sequence[Region] = ()

    def at(self, x: int, y: int) -> int | None:
        """The index of the data's cell under this place; None for none."""
        return next((one.index for one in reversed(self.regions) if one.y == y and one.x0 <= x < one.x1), None)


class Board:
    """Cells to write on. What stands outside is not written; a wide sign that is cut in half is left out."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = max(0, width), max(0, height)
        self._signs = [[" "] * self.width for _ in range(self.height)]
        self._styles: list[list[Style | None]] = [[None] * self.width for _ in range(self.height)]
        self._wide = [False] * self.height
        """Whether a line has signs of two cells, or marks that stand on others."""
        self._runs: list[Run] = []

    def put(self, x: int, y: int, text: str, style: Style | None = None) -> int:
        """Writes `text` from (x, y) on. Returns the column after it, in sight or not."""
        if not text.isprintable():
            text = clean(text)
        if text.isascii() or (cell_len(text) == len(text) and not any(map(combining, text))):
            return self._put_narrow(x, y, text, style)
        if 0 <= y < self.height:
            self._wide[y] = True
        for sign in text:
            wide = cell_len(sign)
            if wide == 0:  # a mark that stands on the sign before it
                if 0 <= y < self.height and 0 < x <= self.width and self._signs[y][x - 1]:
                    self._signs[y][x - 1] += sign
                continue
            if 0 <= y < self.height and x >= 0 and x + wide <= self.width:
                self._part(x, x + wide, y)
                self._styles[y][x : x + wide] = [style] * wide
                self._signs[y][x : x + wide] = [sign, *[""] * (wide - 1)]
            x += wide
        return x

    def _put_narrow(self, x: int, y: int, text: str, style: Style | None) -> int:
        """`put` where each sign takes one cell."""
        end = x + len(text)
        if 0 <= y < self.height:
            left, right = max(0, x), min(self.width, end)
            if left < right:
                self._part(left, right, y)
                self._signs[y][left:right] = text[left - x : right - x]
                self._styles[y][left:right] = [style] * (right - left)
        return end

    def put_all(self, x: int, y: int, pieces: Sequence[tuple[str, Style]], wide: int) -> None:
        """Writes texts side by side, each of `wide` signs that take one cell."""
        end = x + wide * len(pieces)
        if not 0 <= y < self.height or x < 0 or end > self.width:
            for i, (text, style) in enumerate(pieces):
                self.put(x + i * wide, y, text, style)
            return
        self._part(x, end, y)
        self._signs[y][x:end] = "".join([text for text, _ in pieces])
        self._styles[y][x:end] = [style for _, style in pieces for _ in range(wide)]

    def region(self, x: int, y: int, width: int, index: int) -> None:
        """These cells stand for one of the data's cells."""
        left, right = max(0, x), min(self.width, x + width)
        if 0 <= y < self.height and left < right:
            self._runs.append(Run(y, left, right - left, (index,)))

    def regions(self, x: int, y: int, wide: int, many: int, first: int) -> None:
        """`many` neighbours of `wide` cells each stand for the data's cells from `first` on."""
        if 0 <= y < self.height and x >= 0 and x + wide * many <= self.width and many > 0 and wide > 0:
            self._runs.append(Run(y, x, wide, range(first, first + many)))

    def strip(self, x: int, y: int, of: Sequence[int], wide: int = 1) -> None:
        """`regions` of any of the data's cells."""
        if 0 <= y < self.height and x >= 0 and x + wide * len(of) <= self.width and len(of) and wide > 0:
            self._runs.append(Run(y, x, wide, of))

    def drawn(self) -> Drawn:
        return Drawn(tuple(map(self._line, range(self.height))), Regions(tuple(self._runs)))

    def _part(self, left: int, right: int, y: int) -> None:
        """Cells left to right are about to be written: no half of a wide sign stays beside them."""
        row = self._signs[y]
        if self._wide[y] and row[left] == "" and left:
            row[left - 1] = " "
        if self._wide[y] and right < self.width and row[right] == "":
            row[right] = " "

    def _line(self, y: int) -> RichText:
        signs, spans, x, at = self._signs[y], [], 0, 0
        for style, cells in groupby(self._styles[y]):
            count = sum(1 for _ in cells)
            # a cell may hold two signs or none, so places in the text are counted where that can be
            size = sum(map(len, signs[x : x + count])) if self._wide[y] else count
            if style is not None:
                spans.append(Span(at, at + size, style))
            x, at = x + count, at + size
        return RichText("".join(signs), spans=spans, no_wrap=True, end="")


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
    """`text` in lines of at most `width` cells, broken at spaces, in a text without any between signs.

    What stands between gaps of several spaces stays together where it can: `dead 0 (10 looks)`.
    """
    lines: list[str] = []
    line = ""
    parts = _GAP.split(text)  # words, gap, words, gap, ...
    for gap, part in zip(["", *parts[1::2]], parts[::2], strict=True):
        if line and cell_len(line + gap + part) <= width:
            line += gap + part
            continue
        if line:
            lines.append(line.rstrip())
        line = ""
        for word in [part] if cell_len(part) <= width else _words(part):
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


def on(palette: Palette, colour: str) -> Style:
    """A style for text on this colour: of the theme's two ends the one that can be read there."""
    return _on(palette.text, palette.background, colour)


@cache
def _on(text: str, background: str, colour: str) -> Style:
    return Style(color=max((text, background), key=lambda one: contrast(one, colour)), bgcolor=colour)
