"""The boxes and wires of one moment of one arrangement.

A step changes one or two of them: the others are the very same objects as before, and are not even looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from tracer.numbers import NO_GRADIENT
from tracer.scene.arrange import Arrangement
from tracer.scene.folded import FoldReading, first_delivery
from tracer.scene.notation import Notation
from tracer.scene.picture import BLANK, Box, PortRow, Wire
from tracer.scene.reading import Reading, Readings, carried
from tracer.scene.standing import Changes, Standing
from tracer.text import Lang
from tracer.trace.cursor import Cursor, Moment

READ_AT_ONCE = 6
"""Nodes of which everything is read within a millisecond or two, for the first time."""

Shown = tuple[Reading | FoldReading, tuple[PortRow, ...], str]
"""All that a box shows: what is read of it, its ports' rows, its check."""


@dataclass
class Kept:
    """What has been made for one arrangement."""

    shown: dict[int, tuple[Shown, Box]] = field(default_factory=dict)
    """By node: its box as it was last, and what it showed."""
    marked: dict[int, tuple[Box, Box]] = field(default_factory=dict)
    """By node: its box, and the same with a breakpoint's mark."""
    boxes: Standing[Box] = field(default_factory=Standing)
    wires: Standing[Wire] = field(default_factory=Standing)


STANDING: WeakKeyDictionary[Arrangement, Kept] = WeakKeyDictionary()


@dataclass(frozen=True)
class Now:
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

    @cached_property
    def readings(self) -> Readings:
        return self.arrangement.readings[self.lang]

    @cached_property
    def kept(self) -> Kept:
        return STANDING.setdefault(self.arrangement, Kept())

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
        receiving = [i for i, port in enumerate(ports) if node == self.at_work and among(port.edges, self.arriving)]
        chosen = [i for i, port in enumerate(ports) if node == self.selected and among(port.leaves, self.pointed)]
        return self.arrangement.folds[self.lang].ports(self.cursor, node, ports, receiving, chosen, self.at_pass)

    @cached_property
    def special(self) -> frozenset[int | None]:
        """The boxes that the present step, or the reader, is about."""
        return frozenset((self.at_work, self.selected, self.made)) | self.blanks | self.receivers

    def boxes(self) -> tuple[Box, ...]:
        """A box for each node and fold. Folds and ports know by themselves when they are to be read again."""
        arrangement, trace = self.arrangement, self.cursor.trace
        nodes = tuple(arrangement.sizes)
        special = [i for i, node in enumerate(nodes) if node in self.special]
        return tuple(
            self.kept.boxes.at(
                self.cursor.position,
                (self.at_pass, self.lang, self.blanks, frozenset(self.checks.items())),
                self.at_pass,
                lambda: Changes.of(self.readings.changes(trace, n, self.at_pass) if n >= 0 else () for n in nodes),
                len(nodes),
                lambda i: self._box_now(nodes[i]),
                special,
                (i for i, node in enumerate(nodes) if node < 0 or node in arrangement.drawn.ports),
            )
        )

    def _shown(self, node: int) -> Shown:
        """All that a box shows."""
        reading: Reading | FoldReading
        if node < 0:
            fold = self.arrangement.drawn.folds[node]
            reading = self.arrangement.folds[self.lang].fold(self.cursor, fold, self.at_pass)
        else:
            reading = self.readings.node(self.cursor, node, self.at_pass)
        return reading, self._ports(node), self.checks.get(node, "")

    def _box_now(self, node: int) -> Box:
        """A box; one that the step is not about is the one before, if it showed the same."""
        shown, kept = self._shown(node), self.kept.shown
        if node in self.special:
            return self._box(node, shown)
        if node not in kept or kept[node][0] != shown:
            kept[node] = shown, self._box(node, shown)
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

    def read_ahead(self) -> Iterator[None]:
        """Reads what the boxes show, little by little: a fold that is shown for the first time takes milliseconds."""
        for i, node in enumerate(self.arrangement.sizes):
            if node < 0 or node not in self.kept.shown:
                self._box_now(node)
                if node < 0 or not i % READ_AT_ONCE:
                    yield

    def wires(self) -> list[Wire]:
        """A wire for each drawn edge, and for each bundle of them."""
        edges = self.arrangement.edges
        working = [i for i, (_, _, edge) in enumerate(edges) if edge in self.through or edge in self.fed]
        return self.kept.wires.at(
            self.cursor.position,
            (self.at_pass, self.lang, self.blanks),
            self.at_pass,
            lambda: Changes.of(map(self._wire_changes, edges)),
            len(edges),
            lambda i: self._wire_now(*edges[i]),
            working,
        )

    def _wire_changes(self, one: tuple[int, int, int]) -> Collection[int]:
        source, user, edge = one
        if edge not in self.arrangement.drawn.bundles:
            return self.readings.wire_changes(self.cursor.trace, edge, source, user, self.at_pass)
        first = self._first(edge)
        return () if first is None else (first,)

    def _wire_now(self, source: int, user: int, edge: int) -> Wire:
        wire = self._wire(source, user, edge)
        backward = edge in self.through
        if not backward and edge not in self.fed:
            return wire
        label = self._label(self.through[edge], source) if backward else ""
        return replace(wire, working=True, backward=backward, label=label)

    def _wire(self, source: int, user: int, edge: int) -> Wire:
        """A wire as if the step did not travel it."""
        arrangement = self.arrangement
        bundles = arrangement.drawn.bundles
        value = grad = ""
        flowing = False
        if edge in bundles:
            first = self._first(edge)
            flowing = first is not None and first <= self.cursor.position
        else:
            value = self.readings.flow(self.cursor, edge, source, user, self.at_pass)
            grad = BLANK if source in self.blanks else self._delivered(edge, source)
        return Wire(
            edge,
            source,
            user,
            arrangement.placed.routes[edge],
            value=value,
            grad=grad,
            count=len(bundles.get(edge, (edge,))),
            flowing=flowing,
            count_at=arrangement.counts.get(edge),
        )

    def _first(self, bundle: int) -> int | None:
        """The position at which the first edge of a bundle has delivered in this pass."""
        if self.at_pass is None:
            return None
        return first_delivery(self.cursor.trace, self.at_pass, bundle, self.arrangement.drawn.bundles[bundle])

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
        for node in graph:
            if not graph.out_degree(node) and (node >= 0 or graph.in_degree(node)):
                x, y = arrangement.placed.out_ports[node]
                yield Wire(None, node, None, ((x, y), (x + arrangement.sizes[node].room_out, y)))


def among(edges: NDArray[np.int64], arriving: Iterable[int]) -> bool:
    """Whether any of the contributions that arrive comes over one of these edges, which are ascending."""
    for edge in arriving:
        at = int(edges.searchsorted(edge))
        if at < len(edges) and int(edges[at]) == edge:
            return True
    return False
