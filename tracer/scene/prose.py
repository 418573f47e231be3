"""Running text that wraps as its language does: Japanese between any two characters, English between words.

Rich and Textual wrap at spaces alone. A Japanese sentence has few, and those stand beside Latin letters, so its lines
would break in odd places and end at half the width.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len, set_cell_size
from rich.console import Console, JustifyMethod, OverflowMethod
from rich.containers import Lines
from rich.text import Text

# Not at the beginning of a line: closing marks, small kana, the long-vowel sign (JIS X 4051, 行頭禁則).
_NOT_FIRST = frozenset(
    "、。，．・：；？！」』）】〉》〕］｝ゝゞ々ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ…‥％,.:;?!)]}%°"
)
# Not at the end of a line: opening marks (行末禁則).
_NOT_LAST = frozenset("「『（【〈《〔［｛([{")

_WORDS = re.compile(r"\s+|[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60]+|.", re.DOTALL)
"""Spaces, a run of letters that belong together, or one wide character."""


def breaks(words: str, width: int) -> list[int]:
    """Where to cut `words` so that each piece, less the spaces at its end, takes at most `width` cells.

    A piece of its own that is wider is cut where it has to be.
    """
    cuts: list[int] = []
    start = used = 0
    for begin, unit in _units(words):
        width_of_unit = cell_len(unit.rstrip())
        if used + width_of_unit > width and begin > start:
            cuts.append(begin)
            start, used = begin, 0
        if width_of_unit > width:  # too long for any line
            for i, sign in enumerate(unit):
                if used + cell_len(sign) > width and begin + i > start:
                    cuts.append(begin + i)
                    start, used = begin + i, 0
                used += cell_len(sign)
        else:
            used += cell_len(unit)
    return cuts


def _units(words: str) -> Iterator[tuple[int, str]]:
    """(offset, text) of the pieces that are never cut, each with the spaces after it."""
    begin, unit = 0, ""
    for match in _WORDS.finditer(words):
        piece = match[0]
        glued = unit and (piece.isspace() or (piece[0] in _NOT_FIRST and unit[-1] != " ") or unit[-1] in _NOT_LAST)
        if unit and not glued:
            yield begin, unit
            begin, unit = match.start(), ""
        unit += piece
    if unit:
        yield begin, unit


class Prose(Text):
    """A Rich text that wraps so. For display only: wrapped, it is plain `Text` lines."""

    def wrap(
        self,
        console: Console,
        width: int,
        *,
        justify: JustifyMethod | None = None,
        overflow: OverflowMethod | None = None,
        tab_size: int = 8,
        no_wrap: bool | None = None,
    ) -> Lines:
        return Lines(broken(self, 0 if no_wrap else width))


CUT = "…"
"""Ends a line that is longer than there is room."""


def broken(words: Text, width: int) -> list[Text]:
    """`words` as lines of at most `width` cells, broken where `breaks` says; at line breaks only where width is 0."""
    lines = []
    for line in words.split(allow_blank=True):
        plain = Text(line.plain, words.style, end="")
        plain.spans = line.spans
        for piece in plain.divide(breaks(line.plain, width)) if width > 0 else [plain]:
            piece.rstrip()
            lines.append(piece)
    return lines


def cut(line: Text, width: int) -> Text:
    """A line of at most `width` cells: one that is longer ends in `…`."""
    if cell_len(line.plain) <= width:
        return line
    kept = set_cell_size(line.plain, max(0, width - 1))
    short = line[: len(kept.rstrip()) if kept.endswith(" ") else len(kept)]
    short.no_wrap = True
    return short.append(CUT)
