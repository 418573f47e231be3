"""Texts that a model wrote while it learned: the newest at the top, each step's beside its number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.cells import cell_len, chop_cells
from rich.text import Text as RichText

from tracer.scene.palette import DARK, Palette
from tracer.text import Lang, Text, clean

BETWEEN = "  "
"""Stands between two texts of one step."""
LINE_BREAK = "⏎"
EMPTY = Text(en="(nothing)", ja="（空）")
"""A model may write its end at once."""

Written = Sequence[tuple[int, str]]
"""Step and a text written after it, ascending."""


def samples_lines(written: Written, lang: Lang, palette: Palette = DARK, *, width: int, height: int) -> list[RichText]:
    """At most `height` lines of at most `width` cells.

    Args:
        written: those there are by now.
    """
    lines: list[RichText] = []
    steps = len(f"{written[-1][0]:,}") if written else 0
    for step, of_step in groupby(reversed(written), key=lambda one: one[0]):
        if len(lines) >= height:
            break
        texts = [_one_line(text) for _, text in of_step][::-1]
        for k, line in enumerate(_rows(texts, lang, palette, max(1, width - steps - 2), newest=not lines)):
            number = f"{step:,}" if k == 0 else ""
            lines.append(RichText(f"{number:>{steps}}  ", palette.style("muted"), no_wrap=True).append_text(line))
    for line in lines:
        line.truncate(width)
    return lines[:height]


def _one_line(text: str) -> str:
    return clean(text.replace("\r\n", "\n").replace("\n", LINE_BREAK))


def _rows(texts: list[str], lang: Lang, palette: Palette, width: int, *, newest: bool) -> Iterator[RichText]:
    """One step's texts, as many on a line as there is room for; a long one goes on below."""
    line = RichText(no_wrap=True)
    for text in texts:
        style = palette.style("text" if text else "muted", bold=newest and bool(text))
        for part in chop_cells(text or EMPTY[lang], width):
            if line.plain and line.cell_len + len(BETWEEN) + cell_len(part) > width:
                yield line
                line = RichText(no_wrap=True)
            line.append(BETWEEN if line.plain else "").append(part, style)
    yield line
