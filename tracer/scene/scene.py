"""What is drawn, and where: the one thing that canvas, export and tests share.

A scene holds laid-out boxes and wires in character cells, with the very strings to show. It is built for one position
of one trace, and knows nothing of Rich, Textual or Graphviz. What is not in the scene is drawn nowhere.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tracer.explain.delivery import together
from tracer.layout.fold import LIMIT, Folding, is_folded, stretch_of
from tracer.scene.arrange import Arrangement, arrange, arranging
from tracer.scene.folded import folded_words
from tracer.scene.notation import NOTATIONS as NOTATIONS
from tracer.scene.notation import Notation as Notation
from tracer.scene.notation import Shape as Shape
from tracer.scene.notation import title
from tracer.scene.now import STANDING, Kept, Now, among
from tracer.scene.picture import BLANK as BLANK
from tracer.scene.picture import Box as Box
from tracer.scene.picture import Frame as Frame
from tracer.scene.picture import Point as Point
from tracer.scene.picture import PortRow as PortRow
from tracer.scene.picture import Scene as Scene
from tracer.scene.picture import Wire as Wire
from tracer.text import Lang
from tracer.trace.cursor import Cursor, Moment
from tracer.trace.cursor import GradState as GradState
from tracer.trace.segment import PARTS, By
from tracer.trace.trace import Trace

DIGITS = 4
"""Significant digits of numbers."""


def build_scene(
    cursor: Cursor,
    *,
    by: By = "edge",
    notation: Notation = "boxes",
    selected: int | None = None,
    lang: Lang = "en",
    digits: int = DIGITS,
    checks: Mapping[int, str] | None = None,
    blanks: frozenset[int] = frozenset(),
    limit: int = LIMIT,
    folding: Folding | None = None,
    part: str | None = None,
    route: frozenset[int] = frozenset(),
    breakpoints: Breakpoints | None = None,
) -> Scene:
    """The picture of a cursor's trace at its position. Boxes and wires stand where they stand at every position.

    Args:
        cursor: the moment to show. No number it has not reached is in the scene.
        by: the granularity the reader steps at. By node and coarser, a step is all contributions of one node together.
        notation: `boxes` (top-down) or `textbook` (left to right, numbers on the wires).
        selected: a node to point out. If the window at the step does not hold it, the window moves to it.
        lang: of the note on what is left out.
        digits: significant digits of numbers.
        checks: node -> `✓`, `?` or `✗`, where a check was made.
        blanks: nodes whose gradient the learner is to find: it is not in the scene at all.
        limit: the most nodes to draw.
        folding: which parts of the graph are opened, the others being one box each; None: all are, unless the graph is
            too large to draw and has parts. It has a limit of its own.
        part: key of a fold to point out.
        route: edges of a route to point out.
        breakpoints: where breakpoints are set, as far as that is known at the cursor.
    """
    now = _now(cursor, by, notation, selected, lang, digits, checks, blanks, limit, folding, part)
    trace, arrangement = cursor.trace, now.arrangement
    return Scene(
        notation=notation,
        boxes=now.boxes()
        if breakpoints is None
        else tuple(_marked(box, arrangement, breakpoints) for box in now.boxes()),
        wires=_pointing_out(route, (*now.wires(), *now.results()), arrangement),
        width=arrangement.placed.width,
        height=arrangement.placed.height,
        title=_result(trace),
        left_out=arrangement.drawn.left_out or folded_words(trace, arrangement.drawn),
        lang=lang,
        frames=tuple(
            Frame(one.number, one.out, one.nodes, *rect, one.title)
            for one, rect in zip(arrangement.insides, arrangement.rects, strict=True)
        ),
    )


def read_ahead(
    cursor: Cursor,
    *,
    by: By = "edge",
    notation: Notation = "boxes",
    selected: int | None = None,
    lang: Lang = "en",
    checks: Mapping[int, str] | None = None,
    blanks: frozenset[int] = frozenset(),
    limit: int = LIMIT,
    folding: Folding | None = None,
    part: str | None = None,
    whole: bool = False,
) -> Iterator[None]:
    """What takes long in a picture that will be asked for, in many small pieces. `build_scene` takes the same.

    Args:
        whole: its boxes and wires are made as well, so that hardly anything is left to do.
    """
    stretch_of(cursor.trace, cursor.moment.node or 0, limit, folding)
    yield
    yield from arranging(cursor.trace, notation, _at_work(cursor) or 0, limit, DIGITS, folding)
    now = _now(cursor, by, notation, selected, lang, DIGITS, checks, blanks, limit, folding, part)
    yield
    yield from now.read_ahead()
    if whole:
        now.boxes()
        yield
        now.wires()
        yield


def _now(
    cursor: Cursor,
    by: By,
    notation: Notation,
    selected: int | None,
    lang: Lang,
    digits: int,
    checks: Mapping[int, str] | None,
    blanks: frozenset[int],
    limit: int,
    folding: Folding | None,
    part: str | None,
) -> Now:
    """The moment in its arrangement."""
    trace, moment = cursor.trace, cursor.moment
    at_work = _at_work(cursor)
    selected = _drawn(trace, selected)
    arrangement = arrange(trace, notation, at_work or 0, limit, digits, folding)
    if selected is not None and arrangement.box_of(selected) is None:
        arrangement = arrange(trace, notation, max(selected, 0), limit, digits, folding)
    pointed = () if selected is None else (selected,)
    mine = moment.user is not None and selected in trace.inputs(moment.user)
    at_work, selected = (
        arrangement.box_of(at_work, moment.user),
        arrangement.box_of(selected, moment.user if mine else None),
    )
    if part is not None:
        selected = next((box for box, fold in arrangement.drawn.folds.items() if fold.key == part), selected)
    return Now(
        cursor,
        moment,
        _arriving(cursor, moment, by),
        cursor.at_pass,
        arrangement,
        notation,
        digits,
        at_work,
        selected,
        pointed,
        lang,
        checks or {},
        blanks,
    )


class Breakpoints(Protocol):
    """Where breakpoints are, asked box by box."""

    def at(self, node: int) -> bool:
        """Whether one is set at a node."""

    def among(self, key: Hashable, nodes: NDArray[np.int64]) -> bool:
        """Whether one is set at any of these; of the same key they are always the same."""


def _marked(box: Box, arrangement: Arrangement, breakpoints: Breakpoints) -> Box:
    """The box, marked if a breakpoint is set at its node, inside its fold, or at a parameter in one of its rows."""
    drawn = arrangement.drawn
    fold = drawn.folds.get(box.node)
    here = breakpoints.at(box.node) if fold is None else breakpoints.among(fold.key, fold.nodes)
    ports = drawn.ports.get(box.node, ())
    if here or any(breakpoints.among((box.node, port.name), port.leaves) for port in ports):
        kept = STANDING.setdefault(arrangement, Kept()).marked
        if box.node not in kept or kept[box.node][0] is not box:
            kept[box.node] = box, replace(box, breakpoint=True)
        return kept[box.node][1]
    return box


def _pointing_out(route: frozenset[int], wires: tuple[Wire, ...], arrangement: Arrangement) -> tuple[Wire, ...]:
    """The wires that a route goes along, marked; of a bundle, where any of its edges is on the route.

    The picture is then about the route: it is travelled from the loss down, and no wire is at work.
    """
    if not route:
        return wires
    edges, bundles = sorted(route), arrangement.drawn.bundles
    on_it = {edge for edge, bundle in bundles.items() if among(bundle, edges)} | route
    return tuple(
        replace(wire, on_route=True, working=False, backward=True, label="")
        if wire.edge in on_it
        else replace(wire, working=False, backward=False, label="")
        if wire.working
        else wire
        for wire in wires
    )


def _arriving(cursor: Cursor, moment: Moment, by: By) -> dict[int, Moment]:
    """The contributions of the step that led here, by edge: one, or by node all that its user has handed on."""
    if moment.edge is None or moment.pass_index is None or moment.delivery is None:
        return {}
    if by in ("part", "edge") or moment.part < PARTS:
        return {moment.edge: moment}
    this = cursor.trace.passes[moment.pass_index]
    before = (cursor.trace.cursor(this.position_of(d)).moment for d in together(this, moment.delivery)[:-1])
    return {m.edge: m for m in (*before, moment) if m.edge is not None}


def _at_work(cursor: Cursor) -> int | None:
    """The node at work, or that in whose box it is seen."""
    moment = cursor.moment
    return _drawn(cursor.trace, moment.user if moment.kind == "edge" else moment.node)


def _drawn(trace: Trace, node: int | None) -> int | None:
    """The node in whose box `node` is seen: a constant is written in its user's formula."""
    if node is None or not is_folded(trace, node):
        return node
    return trace.edge(trace.uses(node)[0]).user


def _result(trace: Trace) -> str:
    """What the recording is about: `y = a × b`, the root of its last backward pass, else the last node made."""
    if not trace.n_nodes:
        return ""
    node = trace.passes[-1].root if trace.passes else trace.n_nodes - 1
    return title(trace, node, "boxes")
