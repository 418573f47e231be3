"""What is drawn, and where: the one thing that canvas, export and tests share.

A scene holds laid-out boxes and wires in character cells, with the very strings to show. It is built for one position
of one trace, and knows nothing of Rich, Textual or Graphviz. What is not in the scene is drawn nowhere.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from tracer.explain.delivery import together
from tracer.layout.fold import LIMIT, Drawn, Folding, is_folded
from tracer.numbers import NO_GRADIENT
from tracer.scene.arrange import Arrangement, arrange
from tracer.scene.folded import FoldReading, first_delivery, folded_words
from tracer.scene.notation import NOTATIONS as NOTATIONS
from tracer.scene.notation import Notation as Notation
from tracer.scene.notation import Shape as Shape
from tracer.scene.notation import title
from tracer.scene.picture import BLANK as BLANK
from tracer.scene.picture import Box as Box
from tracer.scene.picture import Frame as Frame
from tracer.scene.picture import Point as Point
from tracer.scene.picture import PortRow as PortRow
from tracer.scene.picture import Scene as Scene
from tracer.scene.picture import Wire as Wire
from tracer.scene.reading import Reading, Readings, carried
from tracer.text import Lang
from tracer.trace.cursor import Cursor, Moment
from tracer.trace.cursor import GradState as GradState
from tracer.trace.segment import PARTS, By
from tracer.trace.trace import Trace


def build_scene(
    cursor: Cursor,
    *,
    by: By = "edge",
    notation: Notation = "boxes",
    selected: int | None = None,
    lang: Lang = "en",
    digits: int = 4,
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
    trace, moment = cursor.trace, cursor.moment
    at_work = _drawn(trace, moment.user if moment.kind == "edge" else moment.node)
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
    now = _Now(
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
    return Scene(
        notation=notation,
        boxes=tuple(_marked(now.box(node), arrangement.drawn, breakpoints) for node in arrangement.sizes),
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


class Breakpoints(Protocol):
    """Where breakpoints are, asked box by box."""

    def at(self, node: int) -> bool:
        """Whether one is set at a node."""

    def among(self, key: Hashable, nodes: NDArray[np.int64]) -> bool:
        """Whether one is set at any of these; of the same key they are always the same."""


def _marked(box: Box, drawn: Drawn, breakpoints: Breakpoints | None) -> Box:
    """The box, marked if a breakpoint is set at its node, inside its fold, or at a parameter in one of its rows."""
    if breakpoints is None:
        return box
    fold = drawn.folds.get(box.node)
    here = breakpoints.at(box.node) if fold is None else breakpoints.among(fold.key, fold.nodes)
    ports = drawn.ports.get(box.node, ())
    if here or any(breakpoints.among((box.node, port.name), port.leaves) for port in ports):
        return replace(box, breakpoint=True)
    return box


Shown = tuple[Reading | FoldReading, tuple[PortRow, ...], str]
"""All that a box shows: what is read of it, its ports' rows, its check."""

# A step changes one or two boxes and wires; the others are the very same objects as before.
_KEPT_BOXES: WeakKeyDictionary[Arrangement, dict[int, tuple[Shown, Box]]] = WeakKeyDictionary()
_KEPT_WIRES: WeakKeyDictionary[Arrangement, dict[int, Wire]] = WeakKeyDictionary()


@dataclass(frozen=True)
class _Now:
    """One position of one arrangement, while its scene is built."""

    cursor: Cursor
    moment: Moment
    arriving: Mapping[int, Moment]
    """The contributions of the present step, by edge."""
    at_pass: int | None
    arrangement: Arrangement
    notation: Notation
    digits: int
    at_work: int | None
    selected: int | None
    pointed: tuple[int, ...]
    """The very node that is selected, which may be seen in another's box."""
    lang: Lang
    checks: Mapping[int, str]
    blanks: frozenset[int]

    @property
    def readings(self) -> Readings:
        return self.arrangement.readings[self.lang]

    @cached_property
    def receivers(self) -> frozenset[int | None]:
        """The boxes that the contributions of the present step go to."""
        found = (self.arrangement.box_of(moment.node, moment.user) for moment in self.arriving.values())
        return frozenset(box for box in found if box != self.at_work)

    @cached_property
    def made(self) -> int | None:
        """The box in which something happened."""
        return self.arrangement.box_of(self.moment.node)

    @cached_property
    def through(self) -> Mapping[int, tuple[Moment, ...]]:
        """The contributions of the present step by the wire they travel on: several in one bundle stay together."""
        found: dict[int, tuple[Moment, ...]] = {}
        for edge, moment in self.arriving.items():
            wire = self._wire_of(edge, moment.node, moment.user)
            if wire is not None:
                found[wire] = (*found.get(wire, ()), moment)
        return found

    def _wire_of(self, edge: int, source: int | None, user: int | None) -> int | None:
        """The wire on which an edge is seen: its own, or the bundle between two boxes."""
        arrangement = self.arrangement
        if edge in arrangement.placed.routes:
            return edge
        start, end = arrangement.box_of(source, user), arrangement.box_of(user)
        return arrangement.bundles.get((start, end)) if start is not None and end is not None else None

    @cached_property
    def fed(self) -> frozenset[int]:
        """The wires on which the node made now got its inputs."""
        node = self.moment.node
        if self.moment.kind != "forward" or node is None:
            return frozenset()
        trace = self.cursor.trace
        found = (
            self._wire_of(edge, source, node)
            for edge, source in zip(trace.edges_in(node), trace.inputs(node), strict=True)
        )
        return frozenset(wire for wire in found if wire is not None)

    def _ports(self, node: int) -> tuple[PortRow, ...]:
        """The rows of a box's ports; those that the contributions of this step go to are marked."""
        ports = self.arrangement.drawn.ports.get(node, ())
        if not ports:
            return ()
        receiving = [i for i, port in enumerate(ports) if node == self.at_work and _among(port.edges, self.arriving)]
        chosen = [i for i, port in enumerate(ports) if node == self.selected and _among(port.leaves, self.pointed)]
        return self.arrangement.folds[self.lang].ports(self.cursor, node, ports, receiving, chosen, self.at_pass)

    def box(self, node: int) -> Box:
        reading: Reading | FoldReading
        if node < 0:
            fold = self.arrangement.drawn.folds[node]
            reading = self.arrangement.folds[self.lang].fold(self.cursor, fold, self.at_pass)
        else:
            reading = self.readings.node(self.cursor, node, self.at_pass)
        shown = reading, self._ports(node), self.checks.get(node, "")
        special = node in (self.at_work, self.selected, self.made) or node in self.blanks | self.receivers
        kept = _KEPT_BOXES.setdefault(self.arrangement, {})
        if special or node not in kept or kept[node][0] != shown:
            box = self._box(node, shown)
            if special:
                return box
            kept[node] = (shown, box)
        return kept[node][1]

    def _box(self, node: int, shown: Shown) -> Box:
        trace, arrangement = self.cursor.trace, self.arrangement
        (x, y), size = arrangement.placed.at[node], arrangement.sizes[node]
        reading, ports, check = shown
        box = Box(
            node=node,
            x=x,
            y=y,
            width=size.width,
            height=size.height,
            shape=arrangement.shapes[node],
            title=arrangement.titles[node],
            value=reading.value,
            grad=BLANK if node in self.blanks else reading.grad,
            working=node == self.at_work,
            receiving=node in self.receivers,
            selected=node == self.selected,
            known=reading.known,
            grad_state=reading.grad_state,
            check=check,
            path=arrangement.paths.get(node, ""),
            inside=arrangement.opened.get(node, ()),
            closes=arrangement.drawn.closes.get(node, ""),
            ports=ports,
            ports_rows=len(ports),
        )
        if isinstance(reading, FoldReading):
            fold = arrangement.drawn.folds[node]
            return replace(
                box,
                label=box.title,
                count=reading.count,
                size=fold.count,
                flow=reading.flow,
                share=reading.share,
                key=fold.key,
                stacked=fold.kind == "stack",
            )
        return replace(
            box,
            name=trace.name(node) or "",
            label=trace.label(node),
            marks=reading.marks,
            marks_row=node in arrangement.marked,
            dims=reading.dims,
            inputs_left_out=arrangement.hidden_inputs[node],
            users_left_out=arrangement.hidden_users[node],
        )

    def wires(self) -> Iterator[Wire]:
        """A wire for each drawn edge, and for each bundle of them."""
        arrangement = self.arrangement
        bundles = arrangement.drawn.bundles
        kept = _KEPT_WIRES.setdefault(arrangement, {})
        for source, user, edge in arrangement.edges:
            backward = edge in self.through
            working = backward or edge in self.fed
            value = grad = ""
            flowing = False
            if edge in bundles:
                flowing = self._flows(edge)
            else:
                value = self.readings.flow(self.cursor, edge, source, user, self.at_pass)
                grad = BLANK if source in self.blanks else self._delivered(edge, source)
            if not working and edge in kept:
                before = kept[edge]
                if before.value == value and before.grad == grad and before.flowing == flowing:
                    yield before
                    continue
            label = self._label(self.through[edge], source) if backward else ""
            wire = Wire(
                edge,
                source,
                user,
                arrangement.placed.routes[edge],
                working,
                backward,
                label,
                value,
                grad,
                len(bundles.get(edge, (edge,))),
                flowing,
                arrangement.counts.get(edge),
            )
            if not working:
                kept[edge] = wire
            yield wire

    def _flows(self, bundle: int) -> bool:
        """Whether any edge of a bundle has delivered in this pass."""
        if self.at_pass is None:
            return False
        first = first_delivery(self.cursor.trace, self.at_pass, bundle, self.arrangement.drawn.bundles[bundle])
        return first is not None and first <= self.cursor.position

    def _label(self, moments: tuple[Moment, ...], source: int) -> str:
        """What the wire at work carries; of several contributions in one bundle, how many they are."""
        return self._carried(moments[-1], source) if len(moments) == 1 else f"×{len(moments)}"

    def _delivered(self, edge: int, source: int) -> str:
        if not self.cursor.trace.delivers(edge):
            return NO_GRADIENT
        return self.readings.contribution(self.cursor, edge, self.at_pass)

    def _carried(self, moment: Moment, source: int) -> str:
        """`5 ·` when the upstream gradient has been read, `5 · 1` with the local one."""
        assert moment.upstream is not None, "a contribution starts with its upstream gradient"
        if source in self.blanks:
            return ""
        return carried(moment.upstream, moment.local, moment.contribution, self.digits)

    def results(self) -> Iterator[Wire]:
        """Textbook notation shows numbers on wires, so what nobody uses gets a wire that leads out."""
        graph, arrangement = self.arrangement.drawn.graph, self.arrangement
        if self.notation == "boxes":
            return
        for node, degree in graph.out_degree():
            if not degree and (node >= 0 or graph.in_degree(node)):
                x, y = arrangement.placed.out_ports[node]
                yield Wire(None, node, None, ((x, y), (x + arrangement.sizes[node].room_out, y)))


def _pointing_out(route: frozenset[int], wires: tuple[Wire, ...], arrangement: Arrangement) -> tuple[Wire, ...]:
    """The wires that a route goes along, marked; of a bundle, where any of its edges is on the route.

    The picture is then about the route: it is travelled from the loss down, and no wire is at work.
    """
    if not route:
        return wires
    edges, bundles = sorted(route), arrangement.drawn.bundles
    on_it = {edge for edge, bundle in bundles.items() if _among(bundle, edges)} | route
    return tuple(
        replace(wire, on_route=True, working=False, backward=True, label="")
        if wire.edge in on_it
        else replace(wire, working=False, backward=False, label="")
        if wire.working
        else wire
        for wire in wires
    )


def _among(edges: NDArray[np.int64], arriving: Iterable[int]) -> bool:
    """Whether any of the contributions that arrive comes over one of these edges, which are ascending."""
    for edge in arriving:
        at = int(edges.searchsorted(edge))
        if at < len(edges) and int(edges[at]) == edge:
            return True
    return False


def _arriving(cursor: Cursor, moment: Moment, by: By) -> dict[int, Moment]:
    """The contributions of the step that led here, by edge: one, or by node all that its user has handed on."""
    if moment.edge is None or moment.pass_index is None or moment.delivery is None:
        return {}
    if by in ("part", "edge") or moment.part < PARTS:
        return {moment.edge: moment}
    this = cursor.trace.passes[moment.pass_index]
    before = (cursor.trace.cursor(this.position_of(d)).moment for d in together(this, moment.delivery)[:-1])
    return {m.edge: m for m in (*before, moment) if m.edge is not None}


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
