"""Heat maps and grids of neurons: a number is a shade, its sign a hue; small ones have their numbers written in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tracer.export.figures.scales import ABOVE, BELOW, axis_words, label, norm_of, number, shades, some
from tracer.export.figures.sheet import Look, Sheet
from tracer.panels.data import Data
from tracer.scene.palette import contrast
from tracer.text import Text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

WRITTEN = 16
"""Rows and columns up to which numbers are written into the cells."""
DRAWN = 2_500
"""Cells up to which each is a shape of its own; more are pixels of a picture."""
CELL, LEAST, MOST = 0.27, 1.0, 5.5
"""Inches of a row that has numbers; of the whole map."""
ROW, COLUMN, COMPONENT = Text("row", "行"), Text("column", "列"), Text("component", "成分")
OUTPUT, INPUT = Text("output (row)", "出力（行）"), Text("input (column)", "入力（列）")
AXES: Mapping[str, tuple[Text, Text]] = {
    "attention": (Text("position that asks", "問い合わせる位置"), Text("position it draws from", "参照される位置")),
    "embedding": (Text("row of the embedding", "埋め込みの行"), COMPONENT),
    "heads": (Text("head", "ヘッド"), COMPONENT),
    "heatmap": (OUTPUT, INPUT),
    "adam": (OUTPUT, INPUT),
    "mlp": (Text("from neuron", "先頭の番号"), Text("neuron in the row", "行の中の番号")),
}
"""What runs down and what runs across, of panels whose data is a matrix."""
SIGNS: Mapping[str, str] = {"dead": "×", "closed": "·", "row": "▸"}


def heat(figure: FigureBase, sheet: Sheet, look: Look) -> None:
    """Rows from top to bottom, columns from left to right, the scale at the right."""
    from matplotlib.cm import ScalarMappable

    data, palette = sheet.data, look.palette
    assert isinstance(data, Data), "words are no heat map"
    axes = figure.add_subplot()
    rows, columns = data.values.shape
    norm, colours = norm_of(data), shades(palette, signed=data.signed)
    absent = np.zeros((rows, columns), bool) if data.absent is None else data.absent
    shown = np.ma.masked_where(absent | ~np.isfinite(data.values), data.values)
    if rows * columns <= DRAWN:
        edges: dict[str, Any] = {"edgecolors": palette.background, "linewidth": 0.6}
        axes.pcolormesh(
            np.arange(columns + 1) - 0.5, np.arange(rows + 1) - 0.5, shown, norm=norm, cmap=colours, **edges
        )
    else:
        axes.imshow(shown, norm=norm, cmap=colours, aspect="auto", interpolation="nearest")
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
    _broken(axes, data, absent, look)
    if rows <= WRITTEN and columns <= WRITTEN:
        _write(axes, data, absent, look, lambda value: colours(norm(value)))
    _marks(axes, data, look)
    _labels(axes, sheet, data, look)
    bar = figure.colorbar(ScalarMappable(norm, colours), ax=axes, pad=0.02, fraction=0.05, aspect=25)
    bar.outline.set_visible(False)
    bar.set_label(axis_words(data, look.lang))
    if data.signed:
        bar.ax.set_title(ABOVE[look.lang], fontsize="small", color=palette.data, loc="left")
        bar.ax.text(
            0, -0.02, BELOW[look.lang], transform=bar.ax.transAxes, va="top", fontsize="small", color=palette.grad
        )


def _broken(axes: Axes, data: Data, absent: Any, look: Look) -> None:
    """What was computed and is not finite: hatched, with its word where few are."""
    from matplotlib.patches import Rectangle

    places = np.argwhere(~absent & ~np.isfinite(data.values))
    for row, column in places[:400].tolist():
        axes.add_patch(
            Rectangle((column - 0.5, row - 0.5), 1, 1, hatch="////", facecolor=look.palette.wrong, edgecolor="none")
        )
    if len(places) > 400:
        (row, column), (last_row, last_column) = places.min(axis=0), places.max(axis=0)
        size = last_column - column + 1, last_row - row + 1
        axes.add_patch(
            Rectangle((column - 0.5, row - 0.5), *size, hatch="////", facecolor=look.palette.wrong, alpha=0.5)
        )


def _write(axes: Axes, data: Data, absent: Any, look: Look, colour: Any) -> None:
    """The numbers, in black or white by the shade behind them."""
    from matplotlib.colors import to_hex

    columns = data.values.shape[1]
    size = "small" if columns <= 8 else "x-small" if columns <= 12 else "xx-small"
    silent = _signs(data)
    for (row, column), value in np.ndenumerate(data.values):
        if absent[row, column] or row * columns + column in silent:
            continue
        behind = to_hex(colour(value)) if math.isfinite(value) else look.palette.wrong
        ink = max((look.palette.text, look.palette.background), key=lambda one: contrast(one, behind))
        words = number(float(value), 2)
        axes.text(column, row, words, ha="center", va="center", fontsize=size, color=ink)


def _signs(data: Data) -> dict[int, str]:
    """Cells that have a sign in place of a number: dead neurons, closed gates, neurons that give out 0."""
    if data.kind != "grid":
        return {}
    signs = dict.fromkeys(np.flatnonzero(data.values.reshape(-1) == 0).tolist(), SIGNS["closed"])
    for name in ("closed", "dead"):
        signs |= dict.fromkeys(data.marks.get(name, ()), SIGNS[name])
    return signs


def _marks(axes: Axes, data: Data, look: Look) -> None:
    for index, sign in _signs(data).items():
        row, column = divmod(index, data.values.shape[1])
        axes.text(column, row, sign, ha="center", va="center", color=look.palette.text, fontsize="small")


def _labels(axes: Axes, sheet: Sheet, data: Data, look: Look) -> None:
    rows, columns = data.values.shape
    down, across = AXES.get(sheet.panel.id if sheet.panel is not None else "", (ROW, COLUMN))
    pointed = data.marks.get("row", frozenset())
    names = [data.label(row, look.lang) for row in range(rows)]
    wide = max((len(label(one)) for one in data.columns), default=0)
    if any(names):
        axes.set_yticks(*some(names, 32))
        for place, tick in zip(some(names, 32)[0], axes.get_yticklabels(), strict=True):
            if place in pointed:
                tick.set(color=look.palette.accent, text=f"{SIGNS['row']} {tick.get_text()}")
        if pointed:
            axes.set_yticks(axes.get_yticks(), [tick.get_text() for tick in axes.get_yticklabels()])
    else:
        axes.set_yticks([])
    axes.set_ylabel(down[look.lang] if rows > 1 else "")
    if data.columns:
        axes.set_xticks(*some(data.columns, 24 if wide > 2 else 32), rotation=90 if wide > 3 and columns > 10 else 0)
    axes.set_xlabel(across[look.lang])
    axes.tick_params(length=0)
    if rows > WRITTEN:
        axes.tick_params(axis="y", labelsize="x-small" if rows > 24 else "small")
    for spine in axes.spines.values():
        spine.set_visible(False)


def heat_height(sheet: Sheet, look: Look, width: float) -> float:
    data = sheet.data
    assert isinstance(data, Data), "words are no heat map"
    rows, columns = data.values.shape
    square = (width - 1.6) * rows / max(1, columns)
    fit = CELL * rows + 0.6 if rows <= WRITTEN else 0.13 * rows + 0.6
    return min(MOST, max(LEAST, min(square + 0.6, fit) if rows > 1 else 0.9))
