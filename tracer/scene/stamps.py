"""What was drawn of wires and boxes, to be drawn again as it was: a step changes one or two boxes, and few wires."""

from __future__ import annotations

from collections.abc import Hashable

from rich.cells import cell_len

from tracer.explain.amount import NORM
from tracer.scene.ink import Ink
from tracer.scene.picture import Box, Wire
from tracer.scene.raster import Raster, Tone, Viewport, raster

TONES: dict[int, Ink | None] = {
    Tone.NOTHING: None,
    Tone.UNKNOWN: Ink("muted"),
    Tone.KNOWN: Ink("line"),
    Tone.DELIVERED: Ink("grad"),
    Tone.TRACED: Ink("accent"),
    Tone.WORKING: Ink("active", bold=True),
}

Cells = list[list[str]]
Inks = list[list[Ink | None]]
Stamp = list[tuple[list[str], list[Ink | None]]]
"""A box line by line: what its cells show, and how it is written."""

_STAMPS: dict[int, tuple[Box, Stamp]] = {}
"""By the id of a box, which is held as long."""
_KEPT_STAMPS = 64
_GROUNDS: dict[tuple[Viewport, tuple[Hashable, ...]], tuple[Raster, Cells, Inks]] = {}
_KEPT_GROUNDS = 4
_SAID = 2 + len(NORM) + 1
"""Cells before a gradient in a fold: `∂ ‖·‖ `."""


def stamp_of(box: Box) -> Stamp | None:
    """How this very box was drawn before; None if it was not, or may be drawn otherwise elsewhere."""
    kept = _STAMPS.get(id(box))
    return kept[1] if kept is not None and kept[0] is box else None


def keep_stamp(box: Box, stamp: Stamp) -> None:
    """Remembers how a box was drawn, if it covers all the cells it writes to: then it is the same wherever it stands.

    Args:
        stamp: all of its cells, none of them out of sight. They are not to be changed.
    """
    room = box.width - 4
    if box.shape in ("box", "fold") and cell_len(box.value) <= room and _SAID + cell_len(box.grad) <= room:
        for old in list(_STAMPS)[: max(0, len(_STAMPS) + 1 - _KEPT_STAMPS)]:
            _STAMPS.pop(old, None)
        _STAMPS[id(box)] = box, stamp


def ground(lines: list[tuple[Wire, Tone]], view: Viewport) -> tuple[Raster, Cells, Inks]:
    """The wires of a viewport, as glyphs and inks of its cells. They are to be copied, not changed."""
    key = view, tuple((wire.points, wire.input, wire.working or wire.on_route, tone) for wire, tone in lines)
    found = _GROUNDS.get(key)
    if found is None:
        drawn = raster(lines, view)
        found = drawn, drawn.glyphs.tolist(), [[TONES[tone] for tone in row] for row in drawn.tones.tolist()]
        for old in list(_GROUNDS)[: max(0, len(_GROUNDS) + 1 - _KEPT_GROUNDS)]:
            _GROUNDS.pop(old, None)
        _GROUNDS[key] = found
    return found
