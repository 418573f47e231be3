"""How cells are written: a role, bold, reversed. What matters is never said by colour alone."""

from __future__ import annotations

from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.style import Style

from tracer.numbers import MORE_TO_COME, NO_GRADIENT, NOT_YET
from tracer.scene.palette import Palette, Role
from tracer.scene.picture import BLANK, Box


class Ink(NamedTuple):
    """How a cell is to be written."""

    role: Role
    bold: bool = False
    reverse: bool = False


def style_of(ink: Ink | None, palette: Palette) -> Style | None:
    return None if ink is None else palette.style(ink.role, bold=ink.bold, reverse=ink.reverse)


def frame_ink(box: Box) -> Ink:
    """How a box's border is written."""
    if box.working:
        return Ink("active", bold=True)
    if box.receiving:
        return Ink("receiver", bold=True)
    if box.selected:
        return Ink("accent", bold=True)
    return Ink("line" if box.known else "muted")


def value_ink(value: str) -> Ink:
    """How a forward number is written."""
    if value == NOT_YET:
        return Ink("missing")
    return Ink("wrong", bold=True) if _not_finite(value) else Ink("data", bold=True)


def grad_ink(grad: str, receiving: bool) -> Ink:
    """How a gradient is written: bold while it changes, quiet where there is nothing to read."""
    if grad == BLANK:
        return Ink("active", reverse=True)
    if grad == NO_GRADIENT:
        return Ink("muted")
    if grad == NOT_YET:
        return Ink("missing")
    if _not_finite(grad.removesuffix(MORE_TO_COME).strip()):
        return Ink("wrong", bold=True)
    return Ink("receiver" if receiving else "grad", bold=True)


def _not_finite(number: str) -> bool:
    return number in ("nan", "inf", "-inf") or number.startswith("nan ×")


def fit(text: str, room: int) -> str:
    """`text` in at most `room` cells, cut with `…`."""
    if cell_len(text) <= room:
        return text
    return set_cell_size(text, max(room - 1, 0)).rstrip() + MORE_TO_COME if room > 0 else ""


def end_of(text: str, room: int) -> str:
    """`text` in at most `room` cells; of a longer one its end, which tells more than its beginning, after `…`."""
    if cell_len(text) <= room:
        return text
    if room < 2:
        return ""
    start = next(i for i in range(len(text)) if cell_len(text[i:]) < room)
    return MORE_TO_COME + text[start:].lstrip()
