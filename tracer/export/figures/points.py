"""Points in a plane: symbols at their places, each written as itself; or data on the map of what a model says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tracer.export.figures.scales import label, shades
from tracer.export.figures.sheet import Look, Sheet
from tracer.panels.data import Data, Floats
from tracer.text import Text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

WRITTEN = 150
"""Points up to which each is written as its name; of more, only those that lie furthest out are."""
FIRST, SECOND = Text("first principal axis", "第 1 主成分"), Text("second principal axis", "第 2 主成分")
VOWELS, OTHERS = Text("vowels", "母音"), Text("others", "その他")
ONE, OTHER, WRONG = Text("label 1", "ラベル 1"), Text("label −1", "ラベル −1"), Text("wrong", "誤分類")


def points(figure: FigureBase, sheet: Sheet, look: Look) -> None:
    """Both axes on one scale: distances mean the same in each direction."""
    data = sheet.data
    assert isinstance(data, Data), "words are no points"
    axes = figure.add_subplot()
    if "scores" in data.extra:
        _boundary(figure, axes, data, look)
    else:
        _symbols(axes, data, look)
    axes.set_aspect("equal", adjustable="datalim")


def _symbols(axes: Axes, data: Data, look: Look) -> None:
    palette = look.palette
    known = np.flatnonzero(np.isfinite(data.values).all(axis=1))
    ways = np.array([data.extra[name] for name in sorted(data.extra) if name.startswith("way ")])
    if len(ways):
        ways = np.concatenate([ways, data.values[None]])
        for index in known.tolist():
            axes.plot(*ways[:, index].T, ":", color=palette.muted, linewidth=0.9, alpha=0.8, zorder=1)
    vowels = data.marks.get("vowel", frozenset())
    away = np.hypot(*(data.values[known] - data.values[known].mean(axis=0)).T) if len(known) else np.empty(0)
    named = set(known[np.argsort(-away, kind="stable")][:WRITTEN].tolist())
    lines = {index: data.label(index, look.lang) for index in known.tolist()}
    for index, name in lines.items():
        x, y = data.values[index]
        special = index in vowels
        colour = palette.grad if special else palette.data
        if index in named:
            axes.text(x, y, label(name), color=colour, ha="center", va="center", zorder=3 if special else 2)
            axes.plot(x, y, "", alpha=0)
        else:
            axes.plot(x, y, ".", ms=2, color=colour)
        if special:
            axes.plot(x, y, "o", ms=15, mfc="none", mec=palette.grad, mew=0.8, zorder=2)
    if vowels:
        axes.plot([], [], "o", ms=8, mfc="none", mec=palette.grad, label=VOWELS[look.lang])
        axes.legend(loc="best", fontsize="small")
    _frame(axes, data.values[known], ways.reshape(-1, 2))
    axes.set_xlabel(FIRST[look.lang])
    axes.set_ylabel(SECOND[look.lang])
    for line in (axes.axhline, axes.axvline):
        line(0, color=palette.muted, linewidth=0.5, alpha=0.5, zorder=0)


def _frame(axes: Axes, values: Floats, more: Floats) -> None:
    """Limits with room for the letters."""
    there = np.concatenate([values, more[np.isfinite(more).all(axis=1)]]) if len(more) else values
    if len(there):
        low, high = there.min(axis=0), there.max(axis=0)
        room = np.maximum((high - low) * 0.06, 1e-9)
        axes.set(xlim=(low[0] - room[0], high[0] + room[0]), ylim=(low[1] - room[1], high[1] + room[1]))


def _boundary(figure: FigureBase, axes: Axes, data: Data, look: Look) -> None:
    """Shades for the score, a line where it is 0, the data on top."""
    palette = look.palette
    scores, (left, right, bottom, top) = data.extra["scores"], data.extra["box"].tolist()
    known = np.where(np.isfinite(scores), scores, np.nan)
    most = float(np.nanmax(np.abs(known))) if np.isfinite(known).any() else 1.0
    colours = shades(palette, signed=True)
    picture = axes.imshow(
        known, cmap=colours, vmin=-most * 1.6 or -1, vmax=most * 1.6 or 1, extent=(left, right, bottom, top),
        interpolation="bilinear", aspect="auto",
    )  # fmt: skip
    if np.isfinite(known).all() and (known > 0).any() and (known < 0).any():
        x, y = np.linspace(left, right, known.shape[1]), np.linspace(top, bottom, known.shape[0])
        axes.contour(x, y, known, levels=[0.0], colors=[palette.text], linewidths=1.2)
    wrong = data.marks.get("wrong", frozenset())
    first = data.extra["label"] > 0
    missed = np.isin(np.arange(len(first)), list(wrong))
    for of, name, fill in ((first, ONE, palette.data), (~first, OTHER, palette.background)):
        axes.plot(*data.values[of].T, "o", ms=4.5, mfc=fill, mec=palette.text, mew=0.8, label=name[look.lang])
    if missed.any():
        axes.plot(*data.values[missed].T, "x", ms=9, color=palette.wrong, mew=1.6, label=WRONG[look.lang])
    axes.set_xlabel(data.columns[0] if data.columns else "x1")
    axes.set_ylabel(data.columns[1] if len(data.columns) > 1 else "x2")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize="small")
    bar = figure.colorbar(picture, ax=axes, pad=0.02, fraction=0.05)
    bar.outline.set_visible(False)
    bar.set_label(SCORE[look.lang])


SCORE = Text("score: + label 1, − label −1", "スコア（+ はラベル 1、− はラベル −1）")


def points_height(sheet: Sheet, look: Look, width: float) -> float:
    return 0.62 * width
