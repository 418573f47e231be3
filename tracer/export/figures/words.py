"""What a panel says in words: a table of names and what is said of them, or a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracer.export.figures.paper import SIZE
from tracer.export.figures.sheet import Look, Sheet, wrapped
from tracer.export.style import POINTS_PER_INCH
from tracer.panels.data import Data
from tracer.text import clean

if TYPE_CHECKING:
    from matplotlib.figure import FigureBase

LINE = 1.45 * SIZE / POINTS_PER_INCH
"""Inches from one line to the next."""
MOST_ROWS = 60
NAMES = 0.3
"""Share of the width that names have."""


def said(figure: FigureBase, sheet: Sheet, look: Look) -> None:
    """A sentence in the place of a figure."""
    axes = figure.add_subplot()
    axes.axis("off")
    if not isinstance(sheet.data, Data):
        words = wrapped(clean(sheet.data[look.lang]), 70)
        axes.text(0, 0.5, words, transform=axes.transAxes, va="center", color=look.palette.muted)


def said_height(sheet: Sheet, look: Look, width: float) -> float:
    return 0.5


def table(figure: FigureBase, sheet: Sheet, look: Look) -> None:
    """Names at the left, what is said of them at the right."""
    axes = figure.add_subplot()
    axes.axis("off")
    rows = _rows(sheet, look)
    high = sum(len(words.split("\n")) for _, words in rows) or 1
    axes.set(xlim=(0, 1), ylim=(high, 0))
    y = 0
    for name, words in rows:
        axes.text(0, y, name, va="top", color=look.palette.muted)
        axes.text(NAMES, y, words, va="top")
        y += len(words.split("\n"))


def table_height(sheet: Sheet, look: Look, width: float) -> float:
    return 0.2 + LINE * sum(len(words.split("\n")) for _, words in _rows(sheet, look))


def _rows(sheet: Sheet, look: Look) -> list[tuple[str, str]]:
    data = sheet.data
    assert isinstance(data, Data), "it has a table"
    return [(clean(name[look.lang]), wrapped(clean(words[look.lang]), 60)) for name, words in data.table[:MOST_ROWS]]
