"""Colours by meaning. Nothing in the app names a colour; it names what the thing means.

Four themes. No meaning rests on colour alone (the canvas also uses line weight, borders and signs), and every colour
that carries text is legible on both backgrounds: contrast at least 4.5, in high contrast at least 7 (WCAG 2 AA, AAA).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Literal

from rich.style import Style

Role = Literal[
    "text",  # words, names, formulas
    "muted",  # what the walk has not reached, hints, borders of panels
    "line",  # boxes and wires that are known
    "data",  # numbers that flow forward
    "grad",  # numbers that flow backward
    "missing",  # `?`, `…`: still to come
    "active",  # the node and the edge at work
    "receiver",  # the node that receives
    "accent",  # selection, keys, links
    "ok",  # ✓
    "wrong",  # ✗, errors, not a number
    "mark",  # texts hung on a node
]
ROLES: tuple[Role, ...] = (
    "text",
    "muted",
    "line",
    "data",
    "grad",
    "missing",
    "active",
    "receiver",
    "accent",
    "ok",
    "wrong",
    "mark",
)


@dataclass(frozen=True)
class Palette:
    """One theme: a colour (`#rrggbb`) for each meaning, on `background` (the screen) and `surface` (panels)."""

    name: str
    dark: bool
    background: str
    surface: str
    text: str
    muted: str
    line: str
    data: str
    grad: str
    missing: str
    active: str
    receiver: str
    accent: str
    ok: str
    wrong: str
    mark: str

    def colour(self, role: Role) -> str:
        return str(getattr(self, role))

    def style(self, role: Role, *, bold: bool = False, reverse: bool = False) -> Style:
        """A Rich style for one meaning. `active` and `wrong` are always bold: weight says it too."""
        return _style(self.colour(role), bold or role in ("active", "wrong"), reverse)


@cache
def _style(colour: str, bold: bool, reverse: bool) -> Style:
    return Style(color=colour, bold=bold or None, reverse=reverse or None)


DARK = Palette(
    name="dark",
    dark=True,
    background="#14171c",
    surface="#1b1f26",
    text="#e8eaed",
    muted="#959daa",
    line="#b4bcc8",
    data="#8fc7ff",
    grad="#ffb86b",
    missing="#c9a27a",
    active="#ffe066",
    receiver="#ff9ecf",
    accent="#7ee0d2",
    ok="#8fdc8f",
    wrong="#ff8f8f",
    mark="#c8b6ff",
)

LIGHT = Palette(
    name="light",
    dark=False,
    background="#ffffff",
    surface="#f5f6f8",
    text="#1b1f24",
    muted="#5c6570",
    line="#3f4854",
    data="#0a55b3",
    grad="#9a4100",
    missing="#7a5a2f",
    active="#a3006b",
    receiver="#6b2fb3",
    accent="#00635d",
    ok="#176b2c",
    wrong="#b3141d",
    mark="#5a3fb0",
)

HIGH_CONTRAST = Palette(
    name="high-contrast",
    dark=True,
    background="#000000",
    surface="#000000",
    text="#ffffff",
    muted="#c8c8c8",
    line="#ffffff",
    data="#9fd4ff",
    grad="#ffc04d",
    missing="#e0c090",
    active="#ffff00",
    receiver="#ffb3e6",
    accent="#5ffff0",
    ok="#8aff8a",
    wrong="#ffa0a0",
    mark="#d9c8ff",
)

# Okabe and Ito's eight colours, lightened where a number would be hard to read on the dark ground.
# Source: M. Okabe, K. Ito, Color Universal Design (2008). Blue and orange carry the two directions.
COLOUR_BLIND = Palette(
    name="colour-blind",
    dark=True,
    background="#101214",
    surface="#171a1d",
    text="#f2f2f2",
    muted="#a0a4a8",
    line="#c0c4c8",
    data="#56b4e9",
    grad="#e69f00",
    missing="#c4a265",
    active="#f0e442",
    receiver="#dd9fc2",
    accent="#8ad0ff",
    ok="#2bbf95",
    wrong="#ff7f2a",
    mark="#cc99bb",
)

PALETTES: Mapping[str, Palette] = {p.name: p for p in (DARK, LIGHT, HIGH_CONTRAST, COLOUR_BLIND)}

assert {f.name for f in fields(Palette)} == {"name", "dark", "background", "surface", *ROLES}, "a colour for each role"


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 (the same) to 21 (black on white).

    Source: WCAG 2.2, definitions of contrast ratio and relative luminance.
    """
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
