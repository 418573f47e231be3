"""Numbers with their names, in one column or two; where not all has room, what matters least goes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.text import Text as RichText

from tracer.panels.drawing import Look
from tracer.scene.palette import Role
from tracer.text import Lang, Text

NOTHING = Text.same("")
BETWEEN = 2
"""Cells between a name and its number, and between two columns."""
TWO = 18
"""Cells that the numbers of each of two columns have, or they stand in one."""


@dataclass(frozen=True)
class Row:
    """A number, what it is called, and what is said of it."""

    name: Text
    value: Text
    role: Role
    more: Text = NOTHING
    """Said behind it where there is room."""
    weight: int = 0
    """How much that matters: where there is not room for all, the least goes first."""

    def words(self, lang: Lang) -> str:
        return self.value[lang] + self.more[lang]

    def width(self, lang: Lang) -> int:
        """Cells of its words."""
        return cell_len(self.words(lang))


@dataclass(frozen=True)
class Paragraph:
    """A name and what belongs to it, broken between two parts: `settings  n_layer 1  lr 0.01`."""

    name: Text
    parts: tuple[Text, ...]


def fit_rows(columns: Sequence[Sequence[Row]], indents: Sequence[int], width: int, lang: Lang) -> list[list[Row]]:
    """Columns that stand side by side in `width` cells, as far as leaving words away can do it.

    Args:
        indents: cells before each column's numbers.
    """
    found = [list(column) for column in columns]
    while True:
        widest = [max(row.width(lang) for row in column) for column in found]
        if sum(widest) + sum(indents) <= width:
            return found
        in_the_way = [
            (column[i].weight, c, i)
            for c, column in enumerate(found)
            for i in range(len(column))
            if column[i].width(lang) == widest[c] and column[i].more[lang]
        ]
        if not in_the_way:
            return found
        _, c, i = min(in_the_way)
        found[c][i] = replace(found[c][i], more=NOTHING)


def rows_lines(rows: Sequence[Row], below: Sequence[Paragraph], look: Look) -> list[RichText]:
    """The rows, then the paragraphs: as many lines as it takes, of at most `look.width` cells.

    The rows stand in two columns where they are too many for the height and there is room.
    """
    lang, more = look.lang, [one.name[look.lang] for one in below if one.parts]
    names = max(map(cell_len, [*(row.name[lang] for row in rows), *more]), default=0)
    told = _paragraphs(below, names, look)
    columns = [list(rows)] if rows else []
    if look.width >= 2 * (names + TWO) and len(rows) > look.height - len(told):
        half = (len(rows) + 1) // 2
        columns = [list(rows[:half]), list(rows[half:])]
        names = max(map(cell_len, [*(row.name[lang] for row in columns[0]), *more]))
        told = _paragraphs(below, names, look)
    return [*_side_by_side(columns, names, look), *told]


def _side_by_side(columns: list[list[Row]], names: int, look: Look) -> list[RichText]:
    """Columns as wide as they need; where that is too much, without what matters least.

    Args:
        names: width of the first column's names.
    """
    if not columns:
        return []
    lang, width = look.lang, look.width
    indents = [names, *(max(cell_len(row.name[lang]) for row in column) for column in columns[1:])]
    room = width - BETWEEN * (len(columns) - 1)
    fitted = fit_rows(columns, [indent + BETWEEN for indent in indents], room, lang)
    ends = [
        max(indent + BETWEEN + row.width(lang) for row in column)
        for indent, column in zip(indents, fitted, strict=True)
    ]
    starts = [0]
    if len(columns) > 1:
        starts.append(max(ends[0] + BETWEEN, min(width // 2, width - ends[1])))
    lines = []
    for i in range(len(fitted[0])):
        line = RichText(no_wrap=True, end="")
        for start, indent, column in zip(starts, indents, fitted, strict=True):
            if i < len(column):
                row = column[i]
                line.append(" " * (start - line.cell_len))
                line.append(row.name[lang], look.palette.style("muted"))
                line.append(" " * (indent - cell_len(row.name[lang]) + BETWEEN))
                line.append(row.words(lang), look.palette.style(row.role))
        line.truncate(width, overflow="ellipsis" if width else "crop")
        lines.append(line)
    return lines


def _paragraphs(below: Sequence[Paragraph], names: int, look: Look) -> list[RichText]:
    return [line for one in below for line in _wrapped(one, names + BETWEEN, look)]


def _wrapped(told: Paragraph, indent: int, look: Look) -> list[RichText]:
    """A name and what belongs to it, broken between two parts."""
    name = told.name[look.lang]
    lines = [RichText(no_wrap=True, end="")]
    lines[0].append(name, look.palette.style("muted")).append(" " * (indent - cell_len(name)))
    for part in (one[look.lang] for one in told.parts):
        if lines[-1].cell_len > indent and lines[-1].cell_len + BETWEEN + cell_len(part) > look.width:
            lines.append(RichText(" " * indent, no_wrap=True, end=""))
        lines[-1].append(" " * BETWEEN if lines[-1].cell_len > indent else "")
        lines[-1].append(part, look.palette.style("text"))
        lines[-1].truncate(look.width, overflow="ellipsis" if look.width else "crop")
    return lines if told.parts else []
