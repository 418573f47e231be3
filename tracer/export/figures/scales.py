"""What figures share: numbers as colours, signs told by hue and by a character, labels where there is room."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tracer.numbers import MINUS, format_number
from tracer.panels.data import Data, Floats
from tracer.scene.palette import Palette
from tracer.text import Lang, Text, clean

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOG = Text("log scale", "対数目盛")
ABOVE, BELOW = Text("+ above 0", "+ 正"), Text(f"{MINUS} below 0", f"{MINUS} 負")
LONGEST = 24
"""Characters of a label."""
DECADES = 6.0
"""A logarithmic scale goes down so far below the largest number at most."""


def number(value: float, digits: int = 3) -> str:
    """A number as it is written into a figure: with a true minus sign."""
    return format_number(value, digits).replace("-", MINUS)


def label(words: str) -> str:
    """A user's word as a label."""
    kept = clean(words)
    return kept if len(kept) <= LONGEST else f"{kept[: LONGEST - 1]}…"


def finite(values: Floats) -> Floats:
    """Those of some numbers that are."""
    return values[np.isfinite(values)]


def span(data: Data) -> tuple[float, float]:
    """The ends of the scale: fixed ones, else those of the numbers; on both sides of 0 alike where the sign counts."""
    known = finite(data.values)
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    if data.signed:
        most = max(abs(low), abs(high)) or 1.0
        return -most, most
    low = min(low, 0.0) if data.low is None else data.low
    high = high if data.high is None else data.high
    return (low, high) if high > low else (low, low + 1.0)


def of_gradients(data: Data) -> bool:
    """Whether its numbers are gradients, or sizes of some: they have a hue of their own."""
    return len(data.cells) > 0 and data.cells[0].grad


def floor_of(values: Floats) -> float:
    """The smallest size that a logarithmic scale shows apart: 0 where there is none above 0."""
    sizes = np.abs(finite(values))
    sizes = sizes[sizes > 0]
    return max(float(sizes.min()), float(sizes.max()) * 10**-DECADES) if sizes.size else 0.0


def norm_of(data: Data) -> Any:
    """From numbers to shades."""
    from matplotlib import colors

    low, high = span(data)
    least = floor_of(data.values)
    if data.log and least > 0 and high > least:
        if data.signed:
            return colors.SymLogNorm(linthresh=least, vmin=low, vmax=high)
        return colors.LogNorm(vmin=least, vmax=high, clip=True)
    return colors.Normalize(vmin=low, vmax=high)


def shades(palette: Palette, *, signed: bool) -> Any:
    """From the ground to the colour of values; of signed numbers from the colour of gradients through the ground."""
    from matplotlib.colors import LinearSegmentedColormap

    ground, above, below = palette.background, palette.data, palette.grad
    ends = [below, ground, above] if signed else [ground, above]
    return LinearSegmentedColormap.from_list("signed" if signed else "sizes", ends, N=511)


def sign_legend(axes: Axes, palette: Palette, lang: Lang, **where: Any) -> None:
    """Which hue is which sign."""
    from matplotlib.patches import Patch

    patches = [Patch(facecolor=palette.data, label=ABOVE[lang]), Patch(facecolor=palette.grad, label=BELOW[lang])]
    axes.legend(handles=patches, ncols=2, handlelength=1.0, handleheight=1.0, fontsize="small", **where)


def axis_words(data: Data, lang: Lang) -> str:
    """What the numbers are, and whether the scale is logarithmic."""
    words = clean(data.axis[lang])
    return f"{words} ({LOG[lang]})".strip() if data.log else words


def some(labels: Sequence[str], most: int) -> tuple[list[int], list[str]]:
    """Places and labels of at most so many of them, evenly spread."""
    every = max(1, math.ceil(len(labels) / max(1, most)))
    places = list(range(0, len(labels), every))
    return places, [label(labels[place]) for place in places]
