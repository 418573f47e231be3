"""What is drawn, and where: the one thing that canvas, export and tests share.

A scene holds laid-out boxes and wires in character cells, with the very strings to show. It is built for one position
of one trace, and knows nothing of Rich, Textual or Graphviz. What is not in the scene is drawn nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from tracer.text import Text

Notation = Literal["boxes", "textbook"]
NOTATIONS: tuple[Notation, ...] = ("boxes", "textbook")

Shape = Literal["box", "circle", "plain"]
GradState = Literal["not_yet", "none", "partial", "complete"]
Check = Literal["✓", "?", "✗", ""]
Point = tuple[int, int]

BLANK = "____"
"""Stands for a gradient that the learner is to type in."""


@dataclass(frozen=True)
class Box:
    """One node. Cells `x..x + width - 1`, `y..y + height - 1`, borders included."""

    node: int
    x: int
    y: int
    width: int
    height: int
    shape: Shape
    """`box` (boxes notation), `circle` (an operator in textbook notation), `plain` (a leaf there: its name alone)."""
    title: str
    """`x`, `a = x + 2`; in textbook notation an operator's sign (`×`, or `+ 2` with a constant), or a leaf's name."""
    value: str
    """`5`, or `?` before the node is computed. In textbook notation it stands above the node's outgoing wire."""
    grad: str
    """`7`; `5 …` while contributions are missing, `?` before the first, `–` if it takes none, `____` in a quiz."""
    working: bool = False
    """This node is what the present step is about: made just now, or handing its gradient to an input."""
    receiving: bool = False
    """This node receives the contribution of the present step."""
    selected: bool = False
    known: bool = True
    """Its value has been computed. An unknown node is drawn, dim, with `?`: the walk has not reached it."""
    grad_state: GradState = "not_yet"
    check: Check = ""
    name: str = ""
    """The user's own name for it (`a`), or ''. Textbook notation writes `a = 5` above its wire."""
    marks: tuple[str, ...] = ()
    """Short texts hung on the node by the program (`visited`, `order 3`)."""
    inputs_left_out: int = 0
    """How many of its inputs are outside the window that is drawn (a folded constant is not left out)."""
    users_left_out: int = 0

    @property
    def right(self) -> int:
        """The last column that belongs to the box."""
        return self.x + self.width - 1

    @property
    def bottom(self) -> int:
        """The last row that belongs to the box."""
        return self.y + self.height - 1

    def __contains__(self, cell: Point) -> bool:
        return self.x <= cell[0] <= self.right and self.y <= cell[1] <= self.bottom


@dataclass(frozen=True)
class Wire:
    """One edge: one use of a node as an input. Wires of one input share the cells of their common trunk."""

    edge: int | None
    """None for the wire on which a result leaves the graph (textbook notation only): no node uses it."""
    input: int
    user: int | None
    points: tuple[Point, ...]
    """Corners of the orthogonal line, from the input's border cell to the user's border cell, both included."""
    working: bool = False
    """The present step happens on this wire. It is drawn heavy."""
    backward: bool = False
    """The working wire is travelled from user to input: its arrowhead points at the input."""
    label: str = ""
    """What it carries in the present step: `5 · 1` (upstream · local gradient)."""
    value: str = ""
    """The number that flows forward on it: its input's value, or `?`."""
    grad: str = ""
    """The contribution it has delivered in this pass: `5`, `?` not yet, `–` never."""

    @property
    def ends(self) -> tuple[Point, Point]:
        return self.points[0], self.points[-1]


@dataclass(frozen=True)
class Scene:
    """Everything drawn of one graph at one position. `width` and `height` are the cells it takes in all."""

    notation: Notation
    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]
    width: int
    height: int
    title: str = ""
    """The result's formula, or ''."""
    left_out: Text | None = None
    """What a windowed drawing does not show, in words; None when all is drawn."""

    @cached_property
    def by_node(self) -> dict[int, Box]:
        return {box.node: box for box in self.boxes}

    @cached_property
    def wires_from(self) -> dict[int, tuple[Wire, ...]]:
        """Wires by the node they come from: one net each."""
        nets: dict[int, list[Wire]] = {}
        for wire in self.wires:
            nets.setdefault(wire.input, []).append(wire)
        return {node: tuple(wires) for node, wires in nets.items()}

    def node_at(self, x: int, y: int) -> int | None:
        """The node whose box covers the cell, or None."""
        return next((box.node for box in self.boxes if (x, y) in box), None)

    def without(self, edge: int) -> Scene:
        """The same scene with one wire taken out. Nothing else moves."""
        return replace(self, wires=tuple(wire for wire in self.wires if wire.edge != edge))
