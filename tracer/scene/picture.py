"""The parts of a picture: boxes, wires and frames in character cells, with the very strings to show.

They know nothing of Rich, Textual or Graphviz, nor how they came about: `tracer.scene.scene` builds them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from tracer.scene.notation import Notation, Shape
from tracer.text import Lang, Text
from tracer.trace.cursor import GradState

Point = tuple[int, int]

BLANK = "____"
"""Stands for a gradient that the learner is to type in."""


@dataclass(frozen=True)
class PortRow:
    """A parameter that a box uses, as a row in the box."""

    name: str
    """`layer0.attn_wq`; of a single leaf `layer0.attn_wq[3,5]`."""
    grad: str
    """`0.12`, of a matrix the L2 norm of the gradient that it has so far; also with ` …`, `?`, `–`."""
    value: str = ""
    """Of a single leaf in a single node's box."""
    receiving: bool = False
    """Contributions of the present step go there."""
    selected: bool = False
    """The leaf that is pointed out is it, or one of it."""


class Arms(NamedTuple):
    """How wires reach a box that is one glyph (`tracer.scene.compact`)."""

    down: bool
    """They come from above; else from the left."""
    ports: tuple[int, ...]
    """Where they arrive: cells from the start of that side, ascending."""
    out: bool
    """One leaves on the other side."""


@dataclass(frozen=True)
class Box:
    """One node, or a fold of many. Cells `x..x + width - 1`, `y..y + height - 1`, borders included."""

    node: int
    """Its id; a fold's is negative."""
    x: int
    y: int
    width: int
    height: int
    shape: Shape
    """`glyph` (any, at the compact zoom), `fold` (a part of the graph, folded), `box` (boxes notation), `circle` (a
    textbook operator), `plain` (a leaf there: its name alone)."""
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
    check: str = ""
    """`✓`, `?` or `✗`; '' where no check was asked for."""
    name: str = ""
    """The user's own name for it (`a`), or ''. Textbook notation writes `a = 5` above its wire."""
    label: str = ""
    """What to call it in any case: its name, a constant's number, else `v7`."""
    marks: tuple[str, ...] = ()
    """Short texts hung on the node by the program (`visited`, `order 3`)."""
    marks_row: bool = False
    """A row is kept free for marks, now or later."""
    dims: str = ""
    """Of a tensor that has been made: `(3, 4)`, and its dtype where that is not float32."""
    inputs_left_out: int = 0
    """How many of its inputs are outside the window that is drawn (a folded constant is not left out)."""
    users_left_out: int = 0
    path: str = ""
    """The opened parts it lies in: `position 3 › layer 1`."""
    count: str = ""
    """Of a fold: `16,210 nodes`, with how many of them are made."""
    size: int = 0
    """Of a fold: how many nodes it stands for."""
    flow: str = ""
    """Of a fold: `flow 12 %`, once the pass is over."""
    share: float | None = None
    """The same as a number."""
    key: str = ""
    """Of a fold: what names it, whatever else is open."""
    inside: tuple[str, ...] = ()
    """Keys of the opened parts it lies in, from the outside."""
    closes: str = ""
    """The key whose closing folds what is around it."""
    stacked: bool = False
    """Several alike lie in this fold."""
    ports: tuple[PortRow, ...] = ()
    ports_rows: int = 0
    """Rows kept for them."""
    breakpoint: bool = False
    """The walk can be run to it: a breakpoint is set there, or inside."""
    arms: Arms | None = None
    """At the compact zoom."""

    @property
    def right(self) -> int:
        """The last column that belongs to the box."""
        return self.x + self.width - 1

    @property
    def bottom(self) -> int:
        """The last row that belongs to the box."""
        return self.y + self.height - 1

    @property
    def number(self) -> str:
        """The value as it stands alone: `5`, `[1, 2]`; with the shape it is of where it is only summed up."""
        return self.value if not self.dims or self.value.startswith("[") else f"{self.dims} {self.value}"

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
    """The contribution it has delivered in this pass: `5`, `?` not yet, `–` never. A bundle has none of its own."""
    count: int = 1
    """How many edges it stands for: several make a bundle, its `edge` is negative."""
    flowing: bool = False
    """Of a bundle: one of its edges has delivered in this pass."""
    count_at: Point | None = None
    """Where there is room for `×64`."""
    on_route: bool = False
    """The route that is pointed out goes along it: drawn heavy, its arrowhead points at the input."""

    @cached_property
    def bounds(self) -> tuple[int, int, int, int]:
        """First column, first row, last column, last row."""
        columns, rows = [x for x, _ in self.points], [y for _, y in self.points]
        return min(columns), min(rows), max(columns), max(rows)


@dataclass(frozen=True)
class Frame:
    """Around what an unfolded node opened into. Cells as of a `Box`; inside it is everything that belongs to it."""

    number: int
    """Which of the trace's unfoldings."""
    out: int
    """The node that stands where the unfolded one stood."""
    nodes: frozenset[int]
    x: int
    y: int
    width: int
    height: int
    title: str
    """In its upper border: `p = softmax(z, dim=1)`, or `z[0, 1]`."""

    @property
    def right(self) -> int:
        return self.x + self.width - 1

    @property
    def bottom(self) -> int:
        return self.y + self.height - 1

    def on_title(self, x: int, y: int) -> bool:
        """Whether a cell is in the border that has the title."""
        return y == self.y and self.x <= x <= self.right


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
    lang: Lang = "en"
    frames: tuple[Frame, ...] = ()
    """Of what is unfolded, in the order in which it was."""
    compact: bool = False
    """One glyph a node, no numbers."""

    @property
    def note(self) -> str:
        """What to say under the picture, in its language; '' when all is drawn."""
        return self.left_out[self.lang] if self.left_out else ""

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

    def frame_at(self, x: int, y: int) -> Frame | None:
        """The frame whose title bar covers the cell, the innermost one; else None."""
        return next((frame for frame in reversed(self.frames) if frame.on_title(x, y)), None)

    def without(self, edge: int) -> Scene:
        """The same scene with one wire taken out. Nothing else moves."""
        return replace(self, wires=tuple(wire for wire in self.wires if wire.edge != edge))
