"""What an author may choose about a picture. A style changes how a scene is set, never what is in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tracer.errors import ExportError
from tracer.export.mathtext import Run

Show = Literal["both", "values", "gradients", "symbols"]
SHOWS: tuple[Show, ...] = ("both", "values", "gradients", "symbols")

MATH_FONTS = "Tracer Math,STIX Two Text,Times New Roman,serif"
"""The first is ours and always there; the others are for who renders our DOT text elsewhere."""
TEXT_FONTS = "Tracer Text,STIX Two Text,Times New Roman,serif"

MM_PER_INCH = 25.4
POINTS_PER_INCH = 72.0


@dataclass(frozen=True)
class Colours:
    """Ink by meaning. Every meaning is also told by place, weight or a mark, so `MONO` loses nothing."""

    ink: str
    line: str
    value: str
    grad: str
    faint: str
    fill: str


COLOUR = Colours(ink="#1a1a1a", line="#404040", value="#1b4f9c", grad="#b03a00", faint="#6b6b6b", fill="#fffdf5")
"""Blue and vermilion: told apart by colour-blind readers too, and each at least 4.5:1 on white."""
MONO = Colours(ink="black", line="black", value="black", grad="black", faint="black", fill="white")


@dataclass(frozen=True)
class Style:
    """How a scene is set in type."""

    show: Show = "both"
    mono: bool = False
    mathematics: bool = False
    """Names as mathematics (W₁), exponents as powers. Otherwise the characters the app shows."""
    highlight: bool = True
    """Mark the node and the edge of the present step."""
    caption: tuple[Run, ...] = ()
    loss: str = ""
    """Name of what is differentiated: the L in ∂L/∂x. '' writes ∂ alone."""
    names: Mapping[int, str] = field(default_factory=dict)
    """A name for each node, for `symbols` and for ∂L/∂x."""
    ordered: frozenset[int] = frozenset()
    """Operators whose first input must come in above the second: a − b."""
    width_mm: float | None = None
    """Asks whoever renders the DOT text for a drawing of this width. Our own images are scaled on their page."""
    unit: int = 1
    """Points of the DOT text for one point of the picture.

    Graphviz sets text on a grid of 0.75 points, which is coarse for type of 10 points; images are laid out four times
    as large and scaled down, DOT files keep natural sizes.
    """

    @property
    def colours(self) -> Colours:
        return MONO if self.mono else COLOUR


_UNITS_MM = {"mm": 1.0, "cm": 10.0, "in": MM_PER_INCH, "pt": MM_PER_INCH / POINTS_PER_INCH, "": 1.0}


def length_mm(text: str) -> float:
    """`85mm`, `8.5cm`, `3.35in`, `241pt` or plain `85` in millimetres.

    Raises:
        ExportError: not a length, or not between 5 mm and 5 m.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(mm|cm|in|pt|)\s*", text.lower())
    if found is None:
        raise ExportError(f"width {text!r} is not a length.", hint="Write for example 85mm, 8.5cm, 3.35in or 241pt.")
    size = float(found[1]) * _UNITS_MM[found[2]]
    if not 5 <= size <= 5000:
        raise ExportError(f"width {text!r} is out of range.", hint="Choose a width from 5mm to 5000mm.")
    return size
