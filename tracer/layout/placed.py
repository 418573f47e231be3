"""What a layout is asked for and what it gives: sizes and distances, then cells. The corner (0, 0) is top left."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Literal

Direction = Literal["down", "right"]
Point = tuple[int, int]
Edge = Hashable


@dataclass(frozen=True)
class Size:
    """What a node takes, in cells.

    `width` (for `down`) or `height` (for `right`) should be odd, so that the side has a middle, and at least two more
    than the node's number of inputs, so that each has a port of its own.
    """

    width: int
    height: int
    in_ports: tuple[int, ...] = ()
    """Where inputs arrive: cells from the start of the side, ascending. Left empty, they are spread and may move."""
    room_in: int = 1
    """Free cells along the flow before the box: an arrowhead, a number on the wire."""
    room_out: int = 1


@dataclass(frozen=True)
class Spacing:
    """Least blank cells between neighbours of a rank."""

    boxes: int
    """Between two boxes."""
    beside: int
    """Between a box and a passing wire."""
    wires: int = 1
    """Between two passing wires."""
    margin: int = 1


SPACING: Mapping[Direction, Spacing] = {"down": Spacing(boxes=3, beside=2), "right": Spacing(boxes=1, beside=1)}


@dataclass(frozen=True)
class Placed:
    """A finished layout. The corner (0, 0) is top left."""

    direction: Direction
    at: Mapping[int, Point]
    """Node -> its box's top left cell."""
    routes: Mapping[Edge, tuple[Point, ...]]
    """Edge key -> corners of its wire, from the input's border cell to the user's border cell, both included."""
    out_ports: Mapping[int, Point]
    """Node -> the border cell where its wires leave."""
    width: int
    height: int
    crossings: int
