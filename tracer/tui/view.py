"""What the stepper shows, as one frozen value: every panel draws it, and nothing else enters into a picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from tracer.layout.fold import LIMIT, Folding
from tracer.scene.notation import Notation
from tracer.scene.picture import Scene
from tracer.text import Lang, Text
from tracer.trace.cursor import Cursor
from tracer.trace.segment import By
from tracer.tui.breaks import NO_BREAKS, Breaks

if TYPE_CHECKING:  # what only some views hold
    from tracer.explain.nudge import Nudge
    from tracer.scene.tensor import Zoom
    from tracer.trace.watches import Watch
    from tracer.tui.checks import Checked
    from tracer.tui.page import Page

APART = "≠"
"""Marks the node at which two runs part."""

Show = Literal["both", "values", "gradients"]
SHOWS: tuple[Show, ...] = ("both", "values", "gradients")
SHOW_WORDS: dict[Show, Text] = {
    "both": Text(en="values and gradients", ja="値と勾配"),
    "values": Text(en="values", ja="値"),
    "gradients": Text(en="gradients", ja="勾配"),
}
BY_WORDS: dict[By, Text] = {
    "part": Text(en="part", ja="計算"),
    "edge": Text(en="edge", ja="辺"),
    "node": Text(en="node", ja="ノード"),
    "scope": Text(en="scope", ja="まとまり"),
    "pass": Text(en="pass", ja="伝播"),
}
"""What each size of step is called on screen."""


@dataclass(frozen=True)
class Apart:
    """Where this run and the one beside it part."""

    node: int | None
    words: Text
    """What this run does there, or that it has not got there."""
    reached: bool = True
    """Whether this run has got there."""


@dataclass(frozen=True)
class Quiz:
    """How a quiz stands."""

    right: int
    asked: int
    """Questions in all."""
    next: int | None
    """The node whose gradient is asked for next; None when no more is asked from here on."""


@dataclass(frozen=True)
class Hit:
    """The hit one went to last."""

    node: int
    number: int
    """From 1."""
    count: int
    """Hits in all."""


@dataclass(frozen=True)
class View:
    """A moment on screen."""

    title: Text
    cursor: Cursor
    by: By = "edge"
    notation: Notation = "boxes"
    show: Show = "both"
    selected: int | None = None
    """The node that nudging, editing and the arrows act on."""
    about: int | None = None
    """The node that is explained instead of the step: the one just selected."""
    checks: tuple[Checked, ...] = ()
    """Every check made so far; each knows when it may be shown."""
    blanks: frozenset[int] = frozenset()
    """Nodes whose gradient is being asked for."""
    quiz: Quiz | None = None
    """In quiz mode."""
    compact: bool = False
    """The graph is drawn with one glyph a node."""
    minimap: bool | None = None
    """Whether the small map lies in a corner of the graph; None: where the picture is many times its window."""
    opened: int | None = None
    """Which of the trace's unfoldings has just been opened: the window shows it from its title on."""
    folding: Folding | None = None
    """What is open of a large graph; None where all of it is drawn."""
    part: str | None = None
    """The part of a folded graph that is pointed out, by its key; no node is, then."""
    route: frozenset[int] = frozenset()
    """Edges of the route that is pointed out in a list of routes."""
    covered: int = 0
    """Rows of the graph that a list lies over, at its lower end: what is pointed out is shown above them."""
    cell: tuple[int, int] | None = None
    """The element chosen in a tensor's panel: its node, and its index into the flattened tensor."""
    zoom: Zoom = "auto"
    """How a tensor's panel shows its elements: in numbers, as a heat map, or as its size suggests."""
    note: Text | None = None
    """What the lesson says here, or how the program ended."""
    fresh: bool = False
    """Whether the lesson says it at this very position."""
    nudge: Nudge | None = None
    speed: float | None = None
    """Steps a second while it plays."""
    busy: Text | None = None
    """What is under way: a run, a check, an export."""
    ends_lesson: bool = False
    """Whether one step beyond the end brings the lesson's end card."""
    apart: Apart | None = None
    """In lockstep, once the runs have parted."""
    beside: tuple[int, int, bool] | None = None
    """In lockstep: the step of both runs, how many they have, whether this is the end; else the cursor knows."""
    breaks: Breaks = NO_BREAKS
    """Breakpoints, as far as it is known where they stop."""
    watches: tuple[Watch, ...] = ()
    """What is watched, in the order in which it was asked for."""
    hit: Hit | None = None
    """Where in the list of hits one is."""
    page: Page | None = None
    """In a document: all of it, and where in it one is."""
    nothing: Text | None = None
    """What panels say where there is nothing to step through."""

    @cached_property
    def scenes(self) -> dict[Lang, Scene]:
        """The picture of it, by language: several panels draw it."""
        return {}

    @property
    def steps(self) -> tuple[int, int]:
        """The step one is at and how many there are, of the present size."""
        return self.cursor.index(self.by) if self.beside is None else self.beside[:2]

    @property
    def at_end(self) -> bool:
        return self.cursor.position == len(self.cursor.trace) if self.beside is None else self.beside[2]

    @property
    def node(self) -> int | None:
        """The node that the panels are about: the one asked about, else the one that this step made or gave to."""
        return self.cursor.moment.node if self.about is None else self.about

    @property
    def element(self) -> int | None:
        """The element chosen in the tensor that the panels are about."""
        return self.cell[1] if self.cell is not None and self.cell[0] == self.node else None

    @property
    def pointed_out(self) -> int | None:
        """The selection as the picture shows it: where not all is drawn, only until the walk goes on elsewhere."""
        all_drawn = self.cursor.trace.n_nodes <= LIMIT
        return self.selected if all_drawn or self.about is not None else None

    @property
    def target(self) -> int | None:
        """What nudging and editing act on: the node selected, else the one at work."""
        return self.cursor.moment.node if self.selected is None else self.selected

    def marks(self) -> dict[int, str]:
        """Node -> the sign to show at it: its check, or where the runs part."""
        found: dict[int, str] = {one.check.node: one.check.mark for one in self.checks_here()}
        if self.apart is not None and self.apart.node is not None:
            found[self.apart.node] = APART
        return found

    def checks_here(self) -> list[Checked]:
        """The checks of the gradients that are complete by now."""
        return [one for one in self.checks if one.holds_at(self.cursor.position)]


def pointed_out(view: View, node: int | None) -> View:
    """The view with a node pointed out: it is explained, and nudging and editing act on it."""
    return replace(view, selected=node, about=node, opened=None, part=None)
