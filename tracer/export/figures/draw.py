"""A figure of any panel: title above, words below, and between them what its kind of data looks like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tracer.export.figures.bars import bars, bars_height
from tracer.export.figures.curves import curves, curves_height
from tracer.export.figures.heat import heat, heat_height
from tracer.export.figures.histogram import histogram, histogram_height
from tracer.export.figures.paper import SIZE, ImageFormat, blank, printing, written
from tracer.export.figures.points import points, points_height
from tracer.export.figures.sheet import Look, Sheet, wrapped
from tracer.export.figures.words import said, said_height, table, table_height
from tracer.export.style import MM_PER_INCH, POINTS_PER_INCH
from tracer.panels.data import Data, Kind

if TYPE_CHECKING:
    from matplotlib.figure import FigureBase

Drawing = Callable[["FigureBase", Sheet, Look], None]
Height = Callable[[Sheet, Look, float], float]
"""Inches that a figure of so many inches' width is best high."""

KINDS: Mapping[Kind, tuple[Drawing, Height]] = {
    "heat": (heat, heat_height),
    "grid": (heat, heat_height),
    "bars": (bars, bars_height),
    "lines": (curves, curves_height),
    "histogram": (histogram, histogram_height),
    "scatter": (points, points_height),
    "words": (said, said_height),
}
WIDTH = 6.4
"""Inches, unless asked otherwise."""
TITLE, SMALL = SIZE * 1.2, SIZE * 0.85
CELL = 0.5
"""Of the size of type: how wide one cell of text is at most."""


def kind_of(sheet: Sheet) -> tuple[Drawing, Height]:
    """How it is drawn."""
    data = sheet.data
    if not isinstance(data, Data):
        return said, said_height
    if data.table:
        return table, table_height
    return KINDS[data.kind] if data.size else (said, said_height)


def height_of(sheet: Sheet, look: Look, width: float) -> float:
    """Inches of the whole figure."""
    lines = len(below(sheet, look, width).split("\n")) + len(above(sheet, look, width).split("\n")) - 1
    return kind_of(sheet)[1](sheet, look, width) + 0.5 + lines * 1.35 * SMALL / POINTS_PER_INCH


def above(sheet: Sheet, look: Look, width: float) -> str:
    return wrapped(sheet.heading[look.lang], cells_in(width, TITLE))


def below(sheet: Sheet, look: Look, width: float) -> str:
    return wrapped(sheet.words(look.lang), cells_in(width, SMALL))


def cells_in(width: float, size: float) -> int:
    """How many cells of text go into so many inches."""
    return int((width - 0.1) * POINTS_PER_INCH / (size * CELL))


def draw(figure: FigureBase, sheet: Sheet, look: Look, width: float) -> None:
    """Draw into a figure, or into a part of a page, that is so many inches wide. Only while `printing`."""
    left = 0.05 / width
    figure.suptitle(above(sheet, look, width), x=left, ha="left", fontsize=TITLE)
    words = below(sheet, look, width)
    if words:
        figure.supxlabel(words, x=left, ha="left", fontsize=SMALL, color=look.palette.muted, linespacing=1.35)
    kind_of(sheet)[0](figure, sheet, look)


def picture(sheet: Sheet, format: ImageFormat, look: Look) -> bytes:
    """The figure as a file's contents.

    Raises:
        ExportError: matplotlib is not there.
    """
    width = WIDTH if look.width is None else look.width / MM_PER_INCH
    with printing(look.palette):
        figure = blank(width, height_of(sheet, look, width))
        draw(figure, sheet, look, width)
        return written(figure, format, sheet.heading[look.lang], sheet.words(look.lang))
