"""Wires as character cells: which arms each cell of the viewport has, whose they are, and which glyph says so.

Each cell keeps, for its four sides, how heavy the arm is, and which net runs across it and which along it. Two nets in
one cell cross; one net in one cell bends, branches or meets, and where four of its arms meet the glyph is a junction.
Only the viewport is rasterised, so a frame costs the same at any size of graph.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tracer.scene.glyphs import HEAVY, JUNCTION, LIGHT, LINES
from tracer.scene.scene import Point, Wire

NORTH, EAST, SOUTH, WEST = range(4)
_PLACES = np.array([1, 3, 9, 27], np.uint8)[:, None, None]  # a cell's arms as one number, the index into LINES
_GLYPHS = np.array(list(LINES))
_FULL = np.array([all(number // place % 3 for place in (1, 3, 9, 27)) for number in range(81)])  # all four arms

DASHES = {"│": "╎", "─": "╌"}
"""A straight piece that the walk has not reached is dashed."""


class Tone(IntEnum):
    """What a wire's cell means; where wires share a cell, the greatest wins."""

    NOTHING = 0
    UNKNOWN = 1
    KNOWN = 2
    DELIVERED = 3
    TRACED = 4
    WORKING = 5


@dataclass(frozen=True)
class Viewport:
    """The part of a scene that is drawn: `width` x `height` cells, the top left one at (x, y) of the scene."""

    x: int
    y: int
    width: int
    height: int

    def __contains__(self, cell: Point) -> bool:
        return 0 <= cell[0] - self.x < self.width and 0 <= cell[1] - self.y < self.height

    def meets(self, left: int, top: int, right: int, bottom: int) -> bool:
        """Whether any cell of this rectangle (ends included) is in sight."""
        return left < self.x + self.width and right >= self.x and top < self.y + self.height and bottom >= self.y


@dataclass(frozen=True)
class Raster:
    """The wires of a viewport."""

    arms: NDArray[np.uint8]
    """(4, h, w): how heavy each cell's arm to the north, east, south and west is."""
    glyphs: NDArray[np.str_]
    """(h, w), a space where no wire is."""
    tones: NDArray[np.uint8]
    """(h, w), a `Tone` each."""


def raster(wires: Iterable[tuple[Wire, Tone]], view: Viewport) -> Raster:
    """Draws wires into the viewport. Heavy wires are drawn over light ones, on the cells they share."""
    h, w = view.height, view.width
    arms = np.zeros((4, h, w), np.uint8)
    tones = np.zeros((h, w), np.uint8)
    nets = np.full((2, h, w), -1, np.int64)  # whose vertical, whose horizontal arms
    for wire, tone in wires:
        weight = HEAVY if wire.working or wire.on_route else LIGHT
        for (x0, y0), (x1, y1) in pairwise(wire.points):
            upright = x0 == x1
            line = x0 - view.x if upright else y0 - view.y
            start, stop = (y0 - view.y, y1 - view.y) if upright else (x0 - view.x, x1 - view.x)
            low, high = min(start, stop), max(start, stop)
            size = h if upright else w
            if not 0 <= line < (w if upright else h) or high < 0 or low >= size:
                continue
            along = (slice(None), line) if upright else (line, slice(None))
            back, ahead = (NORTH, SOUTH) if upright else (WEST, EAST)
            seen = slice(max(low, 0), high + 1)
            nets[1 - upright][along][seen] = wire.input
            for plane, cells, level in (
                (tones, seen, tone),
                (arms[back], slice(max(low + 1, 0), high + 1), weight),
                (arms[ahead], slice(max(low, 0), max(high, 0)), weight),
            ):
                stretch = plane[along][cells]
                np.maximum(stretch, np.uint8(level), out=stretch)
    shapes = (arms * _PLACES).sum(axis=0, dtype=np.uint8)
    glyphs = _GLYPHS[shapes]
    glyphs[_FULL[shapes] & (nets[0] == nets[1])] = JUNCTION
    unknown = tones == Tone.UNKNOWN
    for solid, dashed in DASHES.items():
        glyphs[unknown & (glyphs == solid)] = dashed
    return Raster(arms, glyphs, tones)
