"""How each kind of data is drawn, at any size."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tracer.panels.data import Data, Kind
from tracer.panels.drawing import Drawn, Look
from tracer.panels.pictures.bars import bars
from tracer.panels.pictures.grid import grid
from tracer.panels.pictures.heat import heat
from tracer.panels.pictures.histogram import histogram
from tracer.panels.pictures.lines import lines
from tracer.panels.pictures.multiples import multiples
from tracer.panels.pictures.scatter import scatter
from tracer.panels.pictures.table import table
from tracer.panels.pictures.words import said
from tracer.text import Text

PICTURES: Mapping[Kind, Callable[[Data, Look], Drawn]] = {
    "heat": heat,
    "grid": grid,
    "bars": bars,
    "lines": lines,
    "histogram": histogram,
    "scatter": scatter,
}


def drawn(data: Data | Text, look: Look) -> Drawn:
    """The picture of some data: exactly `look.height` lines of at most `look.width` cells."""
    if isinstance(data, Text):
        return said(data, look)
    if data.table:
        return table(data, look)
    if not data.size or data.kind not in PICTURES:
        return said(data.note, look)
    if data.beside and (found := multiples(data, look)) is not None:
        return found
    return PICTURES[data.kind](data, look)
