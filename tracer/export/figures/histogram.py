"""Histograms: bins side by side, from edge to edge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tracer.export.figures.scales import LOG, of_gradients
from tracer.export.figures.sheet import Look, Sheet
from tracer.panels.data import Data
from tracer.text import Text, clean

if TYPE_CHECKING:
    from matplotlib.figure import FigureBase

COUNT = Text("how many", "個数")


def histogram(figure: FigureBase, sheet: Sheet, look: Look) -> None:
    """Counts up y, the numbers along x."""
    data, lang, palette = sheet.data, look.lang, look.palette
    assert isinstance(data, Data), "words are no histogram"
    axes = figure.add_subplot()
    edges = data.extra.get("edges", np.arange(data.size + 1, dtype=np.float64))
    axes.bar(
        edges[:-1],
        data.values,
        width=np.diff(edges),
        align="edge",
        color=palette.grad if of_gradients(data) else palette.data,
        edgecolor=palette.background,
        linewidth=0.4,
        zorder=2,
    )
    if data.log and (data.values > 0).any():
        axes.set_yscale("log")
        axes.set_ylim(bottom=0.5)
    if edges[0] < 0 < edges[-1]:
        axes.axvline(0, color=palette.muted, linewidth=0.8, linestyle=(0, (4, 3)), zorder=3)
    axes.set_xlabel(clean(data.axis[lang]))
    axes.set_ylabel(f"{COUNT[lang]} ({LOG[lang]})" if data.log else COUNT[lang])
    axes.grid(axis="y", color=palette.muted, alpha=0.25, linewidth=0.5)


def histogram_height(sheet: Sheet, look: Look, width: float) -> float:
    return 0.45 * width
