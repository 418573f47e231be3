"""The compact zoom: the same picture with one glyph a node, so that ten times as many fit on a screen.

A glyph stands between two cells for its marks, and its inputs arrive on columns of their own, left and right of the
column on which its own wire leaves: `╰×╯`. So no two wires end in one cell, and the picture can be followed cell by
cell like the large one. What is at work stands in brackets and is reversed, what receives in parentheses, what is
selected behind a `▸`; its numbers are told in one line, and in the other panels.

    ▼ ▼        ▼
    ╰×╯       [+]       left: a product of two; right: at work
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple
from weakref import WeakKeyDictionary

from rich.cells import cell_len

from tracer.explain.amount import NORM
from tracer.layout.frames import Frame as Apart
from tracer.layout.frames import Rect, framed
from tracer.layout.graph import Graph
from tracer.layout.layered import Direction, Placed, Size, Spacing
from tracer.scene.ink import Ink
from tracer.scene.picture import Arms, Box, Point, Scene, Wire
from tracer.trace.recent import recent
from tracer.trace.trace import Trace

LEAF, CONSTANT, FOLD, STACK = "○", "◇", "■", "≡"
"""Glyphs of what is no op: a leaf, a constant, a part of the graph folded into one box, several alike in one box."""
UNNAMED = "f"
SELECTED = "▸"
PITCH_TWO = 8
"""Up to so many inputs, a blank column lies between two of them."""
SPACING = Spacing(boxes=1, beside=1)

_KEPT = 8
"""Pictures kept a trace."""


def compacted(scene: Scene, trace: Trace) -> Scene:
    """The scene at the compact zoom. What it says of each box and wire stays; where they are, is new."""
    plan = _plan(scene, trace)
    down = plan.placed.direction == "down"
    boxes = tuple(plan.small(box, trace, down) for box in scene.boxes)
    wires = tuple(plan.thin(wire) for wire in scene.wires if wire.user is not None)
    frames = tuple(replace(frame, **rect._asdict()) for frame, rect in zip(scene.frames, plan.rects, strict=True))
    placed = plan.placed
    return replace(
        scene, boxes=boxes, wires=wires, frames=frames, width=placed.width, height=placed.height, compact=True
    )


def sign_of(trace: Trace, box: Box) -> str:
    """The one cell that stands for a box: its op's sign, else the first letter of the op's name."""
    if box.node < 0:
        return STACK if box.stacked else FOLD
    op = trace.op(box.node)
    if op is None:
        return CONSTANT if trace.kind(box.node) == "const" else LEAF
    if cell_len(op.label) == 1:
        return op.label
    return next((letter for letter in op.name if cell_len(letter) == 1), UNNAMED)


# -- where everything stands ------------------------------------------------------------------------------------------


class _Side(NamedTuple):
    """The side of a glyph at which wires arrive."""

    cells: int
    ports: tuple[int, ...]
    """Ascending, in cells from the start of the side; the glyph is in its middle."""


@lru_cache(maxsize=256)
def _side(inputs: int, around: int) -> _Side:
    """Room for `inputs` wires, and `around` cells for a mark at both ends."""
    if inputs <= PITCH_TWO:
        cells = max(2 * inputs - 1, 1)
        return _Side(cells + 2 * around, tuple(around + 2 * number for number in range(inputs)))
    half = inputs // 2
    before, after = range(around, around + half), range(around + half + 1, around + 2 * half + 1)
    middle = (around + half,) if inputs % 2 else ()
    return _Side(2 * half + 1 + 2 * around, (*before, *middle, *after))


def _size(inputs: int, direction: Direction) -> Size:
    if direction == "down":
        side = _side(inputs, around=1)
        return Size(side.cells, 1, side.ports)
    side = _side(inputs, around=0)
    return Size(3, side.cells, side.ports)


@dataclass
class _Plan:
    """Where everything of one picture stands, and what has been made of its boxes and wires."""

    placed: Placed
    sizes: dict[int, Size]
    rects: tuple[Rect, ...]
    used: frozenset[int]
    """Nodes that a wire leaves."""
    _boxes: dict[int, tuple[Box, Box]] = field(default_factory=dict)
    _wires: dict[int | None, tuple[Wire, Wire]] = field(default_factory=dict)

    def small(self, box: Box, trace: Trace, down: bool) -> Box:
        """The box as a glyph. A step changes few boxes: of the others this is the same object as before."""
        before = self._boxes.get(box.node)
        if before is None or before[0] is not box:
            (x, y), size = self.placed.at[box.node], self.sizes[box.node]
            small = replace(
                box,
                x=x,
                y=y,
                width=size.width,
                height=size.height,
                shape="glyph",
                title=sign_of(trace, box),
                arms=Arms(down, size.in_ports, box.node in self.used),
            )
            self._boxes[box.node] = before = (box, small)
        return before[1]

    def thin(self, wire: Wire) -> Wire:
        """The wire on its new way, without numbers."""
        before = self._wires.get(wire.edge)
        if before is None or before[0] is not wire:
            thin = replace(wire, points=self.placed.routes[wire.edge], label="", count_at=None)
            self._wires[wire.edge] = before = (wire, thin)
        return before[1]


_PLANS: WeakKeyDictionary[Trace, dict[object, _Plan]] = WeakKeyDictionary()


def _plan(scene: Scene, trace: Trace) -> _Plan:
    """The layout of a scene's graph; the same graph is laid out once."""
    kept = _PLANS.setdefault(trace, {})
    nodes = tuple([box.node for box in scene.boxes])
    edges = tuple([(wire.input, wire.user, wire.edge) for wire in scene.wires if wire.user is not None])
    key = (scene.notation, nodes, edges, tuple([frame.number for frame in scene.frames]))

    def made() -> _Plan:
        graph: Graph[int | None] = Graph()
        graph.add_nodes_from(nodes)
        graph.add_edges_from(edges)
        direction: Direction = "down" if scene.notation == "boxes" else "right"
        sizes = {node: _size(graph.in_degree(node), direction) for node in graph}
        apart = [Apart(frame.nodes, cell_len(frame.title)) for frame in scene.frames]
        placed, rects = framed(graph, sizes, direction, apart, SPACING)
        return _Plan(placed, sizes, rects, frozenset(source for source, _, _ in edges))

    return recent(kept, key, _KEPT, made)


# -- how a glyph is drawn ---------------------------------------------------------------------------------------------

# by whether the flow is down: an arm that turns in from the start of the side, one that joins it, none, the last one
_ARMS = {True: tuple("╰┴─╯"), False: tuple("╮┤│╯")}
_HEAVY_ARMS = {True: tuple("┗┻━┛"), False: tuple("┓┫┃┛")}


def cells_of(box: Box, heavy: frozenset[Point]) -> Iterator[tuple[int, int, str, Ink]]:
    """What to write where, for a box that is drawn as a glyph.

    Args:
        heavy: cells of boxes at which the wires at work begin and end.
    """
    arms = box.arms
    assert arms is not None, "a glyph has arms"
    ink = _ink(box)
    yield from _drawn(box, arms, heavy)
    column = box.x + (box.width // 2 if arms.down else 1)
    row = box.y + (0 if arms.down else box.height // 2)
    left, right = _marks(box)
    start, end = (box.x, box.right) if arms.down else (column - 1, column + 1)
    if left:
        yield start, row, left, Ink("accent", bold=True) if left == SELECTED else ink._replace(reverse=False)
    if right:
        yield end, row, right, _check_ink(right) or ink._replace(reverse=False)
    yield column, row, box.title, ink


def _drawn(box: Box, arms: Arms, heavy: frozenset[Point]) -> Iterator[tuple[int, int, str, Ink]]:
    """The arms that gather the inputs: part of the box, not of any wire."""
    quiet, loud = Ink("line" if box.known else "muted"), Ink("active", bold=True)
    middle = (box.width if arms.down else box.height) // 2
    if not arms.down:
        for x, row in [*((box.x, port) for port in arms.ports), *([(box.right, middle)] if arms.out else [])]:
            yield (x, box.y + row, "━", loud) if (x, box.y + row) in heavy else (x, box.y + row, "─", quiet)
    if not arms.ports:
        return
    first, last = arms.ports[0], arms.ports[-1]
    for at in range(first, last + 1):
        if at == middle:
            continue
        x, y = (box.x + at, box.y) if arms.down else (box.x + 1, box.y + at)
        working = ((x, y) if arms.down else (box.x, y)) in heavy
        end, joined, passed, other_end = _HEAVY_ARMS[arms.down] if working else _ARMS[arms.down]
        sign = end if at == first else other_end if at == last else joined if at in arms.ports else passed
        yield x, y, sign, loud if working else quiet


def _marks(box: Box) -> tuple[str, str]:
    """What stands to the left and to the right of the glyph."""
    left, right = ("[", "]") if box.working else ("(", ")") if box.receiving else ("", "")
    return SELECTED if box.selected else left, right or box.check


def _ink(box: Box) -> Ink:
    """How the glyph is written: reversed where it is at work or selected, quiet while it is not known."""
    if box.working:
        return Ink("active", bold=True, reverse=True)
    if box.receiving:
        return Ink("receiver", bold=True, reverse=box.selected)
    if not box.known:
        return Ink("muted", reverse=box.selected)
    if box.grad_state in ("partial", "complete"):
        return Ink("grad", bold=True, reverse=box.selected)
    return Ink("text", bold=True, reverse=box.selected)


def _check_ink(mark: str) -> Ink | None:
    if mark in ("✗", "≠"):
        return Ink("wrong", bold=True)
    return Ink("ok" if mark == "✓" else "muted", bold=True) if mark in ("✓", "?") else None


def reading(box: Box) -> str:
    """One line on a box of the large picture: `a = x + 2   5   ∂ 7`."""
    words = f"{box.name} = {box.title}" if box.shape == "circle" and box.name else box.title
    grad = f"{NORM} {box.grad}" if box.shape == "fold" else box.grad
    if box.shape == "fold":
        words = f"{words}   {box.count}"
    check = f"   {box.check}" if box.check else ""
    return f"{words}   {box.number}   ∂ {grad}{check}".strip()
