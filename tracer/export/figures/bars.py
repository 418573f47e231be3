"""Bars: a line for each, its number at the end, so that what is too small to be seen can be read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tracer.export.figures.scales import axis_words, finite, floor_of, label, number, of_gradients, sign_legend
from tracer.export.figures.sheet import Look, Sheet
from tracer.numbers import NO_GRADIENT
from tracer.panels.data import Data, Floats
from tracer.text import Text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

MOST = 40
"""Bars in one figure; all are in the CSV."""
LINE = 0.21
"""Inches a bar."""
PART = Text("{some} of {all} shown", "全 {all} のうち {some} を表示")


def in_sight(data: Data) -> list[int]:
    """Which bars are drawn: the first, and what is marked as the target."""
    shown = list(range(min(data.size, MOST)))
    target = [i for i in sorted(data.marks.get("target", ())) if MOST <= i < data.size]
    return [*shown[: len(shown) - len(target[:1])], *target[:1]]


def bars(figure: FigureBase, sheet: Sheet, look: Look) -> None:
    """Numbers along x, names down y; of signed ones the zero line stands between two hues."""
    data, lang, palette = sheet.data, look.lang, look.palette
    assert isinstance(data, Data), "words are no bars"
    axes = figure.add_subplot()
    shown = in_sight(data)
    values = data.values[shown]
    log = data.log and floor_of(values) > 0
    known = np.where(np.isfinite(values), np.abs(values) if log else values, 0.0)
    hue = palette.grad if not data.signed and of_gradients(data) else palette.data
    colours = [palette.grad if value < 0 else hue for value in values]
    places = np.arange(len(shown))
    axes.barh(places, known, color=colours, height=0.72, zorder=2)
    if log:
        axes.set_xscale("log")
        axes.set_xlim(floor_of(values) / 2, float(finite(known).max()) * 8)
    else:
        low, high = float(known.min(initial=0.0)), float(known.max(initial=0.0))
        low, high = (low, max(high, data.high) if data.high is not None else high)
        room = (high - low or 1.0) * 0.28
        beside = 0.011 * max((len(badge[lang]) for badge in data.badges), default=0) * (high - low)
        axes.set_xlim(low - (room + beside if low < 0 else 0), high + room if high > 0 or low == 0 else 0)
    _numbers(axes, data, look, shown, known, log=log)
    axes.axvline(0 if not log else axes.get_xlim()[0], color=palette.muted, linewidth=0.7, zorder=3)
    names = [label(data.label(index, lang)) for index in shown]
    axes.set_yticks(places, names)
    special = data.marks.get("target", frozenset())
    if sheet.choice.parameter:
        special |= data.marks.get("current", frozenset())
    for index, tick in zip(shown, axes.get_yticklabels(), strict=True):
        if index in special:
            tick.set_color(palette.accent)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    words = [axis_words(data, lang)]
    if len(shown) < data.size:
        words.append(PART[lang].format(some=len(shown), all=f"{data.size:,}"))
    axes.set_xlabel("   ".join(word for word in words if word))
    axes.grid(axis="x", color=palette.muted, alpha=0.25, linewidth=0.5)
    if data.signed:
        sign_legend(axes, palette, lang, loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2)


def _numbers(axes: Axes, data: Data, look: Look, shown: list[int], known: Floats, *, log: bool) -> None:
    """Behind each bar its number and what else is said of it; of what is not finite its word."""
    palette = look.palette
    for y, index in enumerate(shown):
        value = float(data.values[index])
        missing = data.absent is not None and data.absent.reshape(-1)[index]
        words = NO_GRADIENT if missing else number(value)
        badge = data.badges[index][look.lang] if index < len(data.badges) else ""
        below = value < 0 and not log
        words = f"{badge}  {words}" if badge and below else f"{words}  {badge}".rstrip()
        at = float(known[y])
        axes.annotate(
            words,
            (at if at or not log else axes.get_xlim()[0], y),
            xytext=(-3 if below else 3, 0),
            textcoords="offset points",
            va="center",
            ha="right" if below else "left",
            fontsize="small",
            color=palette.text if math.isfinite(value) or missing else palette.wrong,
            annotation_clip=False,
        )


def bars_height(sheet: Sheet, look: Look, width: float) -> float:
    data = sheet.data
    assert isinstance(data, Data), "words are no bars"
    return max(1.2, LINE * len(in_sight(data)) + 0.7 + (0.2 if data.signed else 0.0))
