"""Which box the selection moves to: along an edge where edges run that way, else to the nearest box over there.

In boxes notation edges run up and down, in textbook notation left and right; across them lie the neighbours of a rank.
"""

from __future__ import annotations

from typing import Literal

from tracer.scene.scene import Box, Scene

Direction = Literal["left", "right", "up", "down"]
_AXES: dict[Direction, tuple[int, int]] = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
ROW = 2
"""A cell is about twice as high as it is wide."""


def neighbour(scene: Scene, node: int | None, direction: Direction) -> int | None:
    """The node to select next, or None when nothing lies that way.

    Args:
        node: the one selected now; None (or one that is not drawn) selects the box nearest to where the walk is.
    """
    here = scene.by_node.get(node) if node is not None else None
    if here is None:
        return _first(scene)
    along = direction in (("up", "down") if scene.notation == "boxes" else ("left", "right"))
    linked = {n for w in scene.wires if here.node in (w.input, w.user) for n in (w.input, w.user)} if along else set()
    ahead = [box for box in scene.boxes if box.node != here.node and _ahead(here, box, direction) > 0]
    if not ahead:
        return None
    return min(ahead, key=lambda box: (box.node not in linked, _far(here, box, direction))).node


def _first(scene: Scene) -> int | None:
    return next((box.node for box in scene.boxes if box.working), scene.boxes[0].node if scene.boxes else None)


def _middle(box: Box) -> tuple[float, float]:
    return box.x + box.width / 2, (box.y + box.height / 2) * ROW


def _ahead(here: Box, there: Box, direction: Direction) -> float:
    """How far `there` lies in the direction, in widths of a cell; not positive if it does not."""
    (x0, y0), (x1, y1) = _middle(here), _middle(there)
    dx, dy = _AXES[direction]
    if dy and here.y <= there.bottom and there.y <= here.bottom:
        return 0.0  # beside it
    return (x1 - x0) * dx + (y1 - y0) * dy


def _aside(here: Box, there: Box, direction: Direction) -> float:
    (x0, y0), (x1, y1) = _middle(here), _middle(there)
    return abs(y1 - y0) if _AXES[direction][0] else abs(x1 - x0)


def _far(here: Box, there: Box, direction: Direction) -> float:
    """Nearer first; what lies off to the side counts double."""
    return _ahead(here, there, direction) + 2 * _aside(here, there, direction)
