"""Curves over the steps. What was measured at each step is dotted, what smooths it a line; of very many series each is
a row of shades.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tracer.export.figures.scales import axis_words, finite, floor_of, label, number, shades, some
from tracer.export.figures.sheet import Look, Sheet
from tracer.numbers import format_number
from tracer.panels.data import Data, Floats
from tracer.panels.pictures.sparks import changed_at
from tracer.scene.palette import Palette
from tracer.text import Text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

STEPS = Text("step", "ステップ")
CHANGED = Text("settings changed", "設定変更")
NOT_FINITE = Text("× not finite", "× 有限でない")
HUES = {
    False: ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#8a6d00", "#1a1a1a"),
    True: ("#56b4e9", "#e69f00", "#2bbf95", "#dd9fc2", "#f0e442", "#8ad0ff", "#f2f2f2"),
}
"""Of series, on a light and on a dark ground: Okabe and Ito's, with the yellow made dark enough to be read on white.

Source: M. Okabe, K. Ito, Color Universal Design (2008).
"""
DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1.2, 1.2)))
MOST_CURVES = len(HUES[False]) * len(DASHES)
"""Series that hue and dashes can tell apart."""
PIXELS_FROM = 2_000
"""Dots from which on they are pixels: a shape for each would make a file of megabytes."""
BESIDE = 6
"""Series from which on their names stand beside the curves."""


def curves(figure: FigureBase, sheet: Sheet, look: Look) -> None:
    """Steps along x."""
    from matplotlib.ticker import MaxNLocator

    data = sheet.data
    assert isinstance(data, Data), "words are no curves"
    axes = figure.add_subplot()
    if len(data.values) > MOST_CURVES:
        _rows(figure, axes, sheet, data, look)
    else:
        _lines(axes, sheet, data, look)
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))  # there is no step 2.5
    axes.set_xlabel(STEPS[look.lang])


def steps_of(data: Data) -> Floats:
    """The step of each column."""
    return data.extra.get("x", np.arange(1, data.values.shape[1] + 1, dtype=np.float64))


def _lines(axes: Axes, sheet: Sheet, data: Data, look: Look) -> None:
    palette, lang, x = look.palette, look.lang, steps_of(data)
    absent = np.zeros(data.values.shape, bool) if data.absent is None else data.absent
    values = np.where(np.isfinite(data.values), data.values, np.nan)
    log = data.log and floor_of(values) > 0
    if log:
        axes.set_yscale("log")
        values = np.where(values < floor_of(values), floor_of(values), values)
    joined = [k for k in range(len(values)) if not _is(data, k, "dots") and not _is(data, k, "measured")]
    for k, series in enumerate(values):
        name = label(data.label(k, lang))
        current = _is(data, k, "current")
        if _is(data, k, "dots"):
            far = len(x) > PIXELS_FROM
            axes.plot(
                x, series, ".", ms=2.5 if far else 3.5, color=palette.muted, alpha=0.6, label=name, rasterized=far
            )
        elif _is(data, k, "measured"):
            axes.plot(x, series, "D", ms=4.5, mfc="none", color=palette.mark, label=name, zorder=4)
        else:
            hue, dash = _ink(joined.index(k), look)
            single = palette.grad if sheet.choice.grad and len(joined) == 1 else hue
            wide: dict[str, Any] = {
                "linewidth": 2.6 if current and len(joined) > 1 else 1.4,
                "zorder": 5 if current else 3,
            }
            gaps = not np.isfinite(series).all()  # a number between two gaps is no line
            axes.plot(
                x,
                series,
                color=single,
                linestyle=dash,
                label=name,
                marker="." if gaps or len(series) == 1 else "",
                ms=3,
                **wide,
            )
    _broken(axes, data, absent, x, palette, lang)
    for ref in data.refs:
        axes.axhline(ref.value, color=palette.receiver, linewidth=1.0, linestyle=(0, (6, 3)), zorder=2)
        words = f"{ref.name[lang]} = {format_number(ref.value)}"
        place: dict[str, Any] = {"xy": (1, ref.value), "xycoords": ("axes fraction", "data"), "xytext": (-2, 3)}
        axes.annotate(words, **place, textcoords="offset points", ha="right", color=palette.receiver, fontsize="small")
    for k, step in enumerate(changed_at(data)):
        words = CHANGED[lang] if not k else ""
        axes.axvline(step, color=palette.receiver, linewidth=1.0, linestyle=(0, (1, 2)), zorder=2, label=words)
    until = float(data.extra["until"][0]) if "until" in data.extra else float(x[-1]) if len(x) else 1.0
    first = float(x[0]) if len(x) else 0.0
    axes.set_xlim(min(first, 1.0) - 0.02 * until, max(until, first + 1) * 1.02)
    axes.set_ylabel(axis_words(data, lang) or sheet.title[lang])
    axes.grid(axis="y", color=palette.muted, alpha=0.25, linewidth=0.5)
    if len(values) > BESIDE:
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize="small", handlelength=2.4)
    elif any(data.label(k, lang) for k in range(len(values))):
        # above the picture where a line has its words in it: "best" does not see them
        row: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "ncols": len(values) + 1}
        axes.legend(**(row if data.refs else {"loc": "best"}), fontsize="small", handlelength=2.4)


def _is(data: Data, series: int, mark: str) -> bool:
    return series in data.marks.get(mark, ())


def _ink(series: int, look: Look) -> tuple[str, Any]:
    hues = HUES[look.dark]
    return hues[series % len(hues)], DASHES[series // len(hues) % len(DASHES)]


def _broken(axes: Axes, data: Data, absent: Any, x: Floats, palette: Palette, lang: str) -> None:
    """A cross at the top for each step at which a number was not finite."""
    columns = np.flatnonzero((~np.isfinite(data.values) & ~absent).any(axis=0))
    if len(columns):
        top = axes.get_xaxis_transform()
        axes.plot(x[columns], np.full(len(columns), 0.98), "x", color=palette.wrong, transform=top, clip_on=False)
        words = f"{NOT_FINITE['ja' if lang == 'ja' else 'en']}: {number(float(x[columns[0]]))}"
        axes.annotate(words, (x[columns[0]], 0.98), xycoords=top, xytext=(-6, 0), textcoords="offset points",
                      ha="right", va="center", color=palette.wrong, fontsize="small")  # fmt: skip


def _rows(figure: FigureBase, axes: Axes, sheet: Sheet, data: Data, look: Look) -> None:
    """A row of shades for each series: of a hundred curves no eye follows one."""
    from matplotlib import colors
    from matplotlib.cm import ScalarMappable

    values, x = data.values, steps_of(data)
    known = finite(values)
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    least = floor_of(values)
    log = least > 0 and low >= 0 and high > 0
    norm: Any = colors.LogNorm(least, max(high, least * 10), clip=True) if log else colors.Normalize(low, high or 1.0)
    palette = shades(look.palette, signed=False)
    shown = np.ma.masked_invalid(values)
    edges = np.concatenate([[x[0] - 0.5], (x[1:] + x[:-1]) / 2, [x[-1] + 0.5]])
    axes.pcolormesh(edges, np.arange(len(values) + 1) - 0.5, shown, norm=norm, cmap=palette, rasterized=True)
    axes.set_ylim(len(values) - 0.5, -0.5)
    axes.set_yticks(*some([data.label(k, look.lang) for k in range(len(values))], 40))
    axes.tick_params(axis="y", length=0, labelsize="small")
    bar = figure.colorbar(ScalarMappable(norm, palette), ax=axes, pad=0.02, fraction=0.05, aspect=30)
    bar.outline.set_visible(False)
    bar.set_label(axis_words(data, look.lang) or sheet.title[look.lang])


def curves_height(sheet: Sheet, look: Look, width: float) -> float:
    data = sheet.data
    assert isinstance(data, Data), "words are no curves"
    if len(data.values) > MOST_CURVES:
        return min(7.0, max(3.0, 0.16 * min(40, len(data.values)) + 0.8))
    return max(0.42 * width, 0.19 * len(data.values) + 0.6 if len(data.values) > BESIDE else 0.0)
