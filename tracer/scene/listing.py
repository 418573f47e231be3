"""Code as it stands in a document: numbered as in its file, the working line marked, long lines broken, nothing lost.

The source panel shows a window onto a file; here a whole block is shown, between the words about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from rich.cells import cell_len
from rich.text import Text as RichText

from tracer.explain.source import TAB, Mark
from tracer.scene.palette import Palette
from tracer.scene.source import MARKS, highlighted
from tracer.text import clean

HANG = 2
"""Cells that the rest of a broken line stands further in."""
MOST_OUTPUT = 40
"""Lines of what was printed that are shown; of more, the first and the last ones."""


def code_lines(
    code: str,
    first: int,
    width: int,
    palette: Palette,
    marks: Sequence[tuple[int, Mark]] = (),
    language: str = "python",
) -> list[RichText]:
    """A block's lines, none wider than `width` cells.

    Args:
        first: the number of its first line in the file.
        marks: (line of the file, what is said of it).
        language: as the fence says it; one colour where nobody knows it.
    """
    said = dict(marks)
    coloured = _coloured(code, palette, language)
    gutter = len(str(first + len(coloured) - 1))
    found = []
    for number, line in enumerate(coloured, start=first):
        mark = said.get(number, "")
        style = palette.style("active" if mark == "now" else "accent" if mark else "muted", bold=bool(mark))
        code_line = line.copy()
        if mark == "now":
            code_line.stylize("bold")
        pieces = folded(code_line, width - gutter - 2, HANG)
        found.append(RichText(f"{number:>{gutter}}{MARKS[mark]} ", style).append_text(pieces[0]))
        found += [RichText(" " * (gutter + 2)).append_text(piece) for piece in pieces[1:]]
    return found


@lru_cache(maxsize=256)
def _coloured(code: str, palette: Palette, language: str) -> tuple[RichText, ...]:
    shown = clean(code, lines=True).expandtabs(TAB)
    lines = highlighted(shown.rstrip("\n"), palette, language)
    for line in lines:
        line.rstrip()
    return lines[:-1] if len(lines) > 1 and not lines[-1].plain else lines  # it ends with a line break


def folded(line: RichText, width: int, hang: int = 0) -> list[RichText]:
    """A line as pieces of at most `width` cells: cut after a space in the last third, else anywhere.

    All but the first stand `hang` cells in.
    """
    width = max(width, hang + 2)
    cuts: list[int] = []
    begin = used = 0
    for i, sign in enumerate(line.plain):
        wide = cell_len(sign)
        if used + wide > width:
            space = line.plain.rfind(" ", begin, i)
            begin = space + 1 if space - begin > (i - begin) * 2 // 3 else i
            cuts.append(begin)
            used = hang + cell_len(line.plain[begin:i])
        used += wide
    pieces = list(line.divide(cuts)) if cuts else [line]
    return [pieces[0], *(RichText(" " * hang).append_text(piece) for piece in pieces[1:])]


def output_lines(output: str, width: int, palette: Palette) -> list[RichText]:
    """What a block printed, as a terminal would have shown it, the middle of a flood left out."""
    lines = output.replace("\r\n", "\n").rstrip("\n").split("\n")
    style = palette.style("text")
    shown = [RichText(clean(_overwritten(line), lines=True).expandtabs(8), style) for line in lines]
    if len(shown) > MOST_OUTPUT:
        left_out = len(shown) - MOST_OUTPUT
        head = MOST_OUTPUT * 3 // 4
        shown[head : head + left_out] = [RichText(f"⋮ {left_out:,}", palette.style("muted"))]
    return [piece for line in shown for piece in folded(line, width)]


def _overwritten(line: str) -> str:
    """What is left of a line that a progress bar has written over and over."""
    return line.rpartition("\r")[2]
