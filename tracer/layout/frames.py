"""A layout in which what belongs together stands in a frame of its own: the inside of an unfolded node.

Each frame is laid out by itself and then stands in its surroundings like one box, frames within frames too. A wire goes
in where it meets the border, once for all it feeds inside, and what the frame gives leaves it on the other side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, NamedTuple

from tracer.layout.graph import Graph
from tracer.layout.layered import (
    SPACING,
    Direction,
    Edge,
    Placed,
    Point,
    Size,
    Spacing,
    corners,
    layering,
    layout,
)
from tracer.layout.pieces import Pieces, at_once
from tracer.layout.route import Net, Routed, route

BORDER = 1
BESIDE_TITLE = 6
"""Cells of the border that a title leaves: corners, and a piece of line on both sides."""


class Rect(NamedTuple):
    """Where a frame is: its top left cell, and its cells in all, borders included."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Frame:
    """What is to stand together."""

    nodes: frozenset[int]
    """Of these, only one has users outside."""
    title: int
    """Cells of the words in its border."""


def framed(
    graph: Graph[Any],
    sizes: Mapping[int, Size],
    direction: Direction,
    frames: Sequence[Frame],
    spacing: Spacing | None = None,
) -> tuple[Placed, tuple[Rect, ...]]:
    """Like `layered`, with frames: they lie one in another or apart. Gives where each of them is, too."""
    return at_once(framing(graph, sizes, direction, frames, spacing))


def framing(
    graph: Graph[Any],
    sizes: Mapping[int, Size],
    direction: Direction,
    frames: Sequence[Frame],
    spacing: Spacing | None = None,
) -> Pieces[tuple[Placed, tuple[Rect, ...]]]:
    """The same in pieces; where there are frames, in one."""
    if not frames:
        return (yield from layering(graph, sizes, direction, spacing)), ()
    placed, rects = _Nested(direction, spacing or SPACING[direction]).lay(graph, sizes, dict(enumerate(frames)))
    return placed, tuple(rects[number] for number in range(len(frames)))


class _Inside(NamedTuple):
    """The inside of a frame, laid out."""

    placed: Placed
    rects: dict[int, Rect]
    ports: dict[int, int]
    """For each node outside that feeds the frame, what stands for it in the inside's first row."""
    exits: dict[int, int]
    """For the node that the frame gives, what stands in the last row."""
    box: int
    """What stands for the frame outside."""


class _Nested:
    """Layouts within layouts. Along and across are as in `Layout`."""

    def __init__(self, direction: Direction, spacing: Spacing) -> None:
        self.direction, self.spacing = direction, spacing
        self._fresh = count(1)

    def turned(self, point: Point) -> Point:
        """(across, along) as (x, y), and back."""
        return point if self.direction == "down" else (point[1], point[0])

    def size(self, across: int, along: int) -> Size:
        return Size(*self.turned((across, along)))

    def lay(
        self,
        graph: Graph[Any],
        sizes: Mapping[int, Size],
        frames: Mapping[int, Frame],
        top: frozenset[int] = frozenset(),
        bottom: frozenset[int] = frozenset(),
    ) -> tuple[Placed, dict[int, Rect]]:
        outer = [n for n, frame in frames.items() if not any(_within(frames, n, other) for other in frames)]
        insides = {n: self._inside(graph, sizes, frames, n) for n in outer}
        around, extents = self._around(graph, sizes, frames, insides)
        outside = layout(around, extents, self.direction, self.spacing, top, bottom)
        at_once(outside.laid())
        if not insides:
            return outside.placed(), {}
        first = outside.placed()  # across the flow everything has its place now
        channels = {}
        for n, inside in insides.items():
            channels[n] = self._channels(first, inside, extents[inside.box])
            along = channels[n].tracks + self.turned((inside.placed.width, inside.placed.height))[1] + 2 * BORDER
            if self.direction == "right":
                along = max(along, frames[n].title + BESIDE_TITLE)
            across = self.turned((extents[inside.box].width, extents[inside.box].height))[0]
            outside.resize(inside.box, self.size(across, along))
            extents[inside.box] = self.size(across, along)
        return self._together(graph, outside.placed(), extents, insides, channels)

    # -- apart --------------------------------------------------------------------------------------------------------

    def _inside(
        self, graph: Graph[Any], sizes: Mapping[int, Size], frames: Mapping[int, Frame], number: int
    ) -> _Inside:
        """A frame's nodes, with one more for each that feeds it, and one where its result leaves."""
        members = frames[number].nodes
        inner: Graph[Edge] = Graph()
        ports: dict[int, int] = {}
        exits: dict[int, int] = {}
        edges = []
        for source, user, key in graph.edges(keys=True):
            if user in members:
                start = source if source in members else ports.setdefault(source, 0)
                edges.append((start or source, user, key))
            elif source in members:
                exits.setdefault(source, 0)
        for found in (ports, exits):
            found.update((node, -next(self._fresh)) for node in sorted(found))
        inner.add_nodes_from(ports.values())
        inner.add_nodes_from(node for node in graph if node in members)
        inner.add_nodes_from(exits.values())
        inner.add_edges_from((ports.get(source, source), user, key) for source, user, key in edges)
        inner.add_edges_from((node, end, _leaving(node)) for node, end in exits.items())
        small = {port: Size(1, 1, room_in=0, room_out=0) for port in ports.values()}
        small |= {end: Size(1, 1, in_ports=(0,), room_in=0, room_out=0) for end in exits.values()}
        within = {n: frame for n, frame in frames.items() if _within(frames, n, number)}
        placed, rects = self.lay(
            inner, {**sizes, **small}, within, frozenset(ports.values()), frozenset(exits.values())
        )
        return _Inside(placed, rects, ports, exits, -next(self._fresh))

    def _around(
        self,
        graph: Graph[Any],
        sizes: Mapping[int, Size],
        frames: Mapping[int, Frame],
        insides: Mapping[int, _Inside],
    ) -> tuple[Graph[Edge], dict[int, Size]]:
        """The graph with one node for each frame, and everybody's size."""
        box = {node: inside.box for n, inside in insides.items() for node in frames[n].nodes}
        around: Graph[Edge] = Graph()
        around.add_nodes_from(box.get(node, node) for node in graph)
        for source, user, key in graph.edges(keys=True):
            start, end = box.get(source, source), box.get(user, user)
            if start == end and start != source:
                continue
            entering = user in box and box.get(source) != box[user]
            around.add_edge(start, end, key=_entering(source, end) if entering else key)
        found = {node: size for node, size in sizes.items() if node in around}
        for n, inside in insides.items():
            across, along = self.turned((inside.placed.width, inside.placed.height))
            title = frames[n].title + BESIDE_TITLE if self.direction == "down" else 0
            found[inside.box] = self.size(max(across + 2 * BORDER, title) | 1, along + 2 * BORDER)
        return around, found

    # -- together -----------------------------------------------------------------------------------------------------

    def _channels(self, outer: Placed, inside: _Inside, extent: Size) -> _Channels:
        """Wires between the border and the inside's first and last row."""
        left, _ = self.turned(outer.at[inside.box])
        shift = left + BORDER
        across = {node: self.turned(at)[0] + shift for node, at in inside.placed.at.items()}
        goes_in = [
            Net(self.turned(outer.routes[_entering(source, inside.box)][-1])[0], (across[port],))
            for source, port in inside.ports.items()
        ]
        out = self.turned(outer.out_ports[inside.box])[0]
        goes_out = [Net(across[end], (out,)) for end in inside.exits.values()]
        return _Channels(route(goes_in), route(goes_out))

    def _together(
        self,
        graph: Graph[Any],
        outer: Placed,
        extents: Mapping[int, Size],
        insides: Mapping[int, _Inside],
        channels: Mapping[int, _Channels],
    ) -> tuple[Placed, dict[int, Rect]]:
        """Everything in the cells of the whole."""
        boxes = {inside.box for inside in insides.values()}
        at = {node: point for node, point in outer.at.items() if node not in boxes}
        out_ports = {node: point for node, point in outer.out_ports.items() if node not in boxes}
        rects: dict[int, Rect] = {}
        routes: dict[Edge, tuple[Point, ...]] = {}
        holder: dict[int, int] = {}  # node -> the box of the frame it is in
        entries: dict[tuple[int, int], list[Point]] = {}  # (source outside, box) -> the way behind the border
        departures: dict[int, list[Point]] = {}  # node inside -> its way to the border
        crossings = outer.crossings
        for n, inside in insides.items():
            corner, extent, channel = outer.at[inside.box], extents[inside.box], channels[n]
            rects[n] = Rect(*corner, extent.width, extent.height)
            across, along = self.turned(corner)
            first = along + BORDER
            dx, dy = self.turned((across + BORDER, first + channel.goes_in.tracks))
            moved = _moved(inside.placed, dx, dy)
            last = first + channel.goes_in.tracks + self.turned((moved.width, moved.height))[1]
            small = {*inside.ports.values(), *inside.exits.values()}
            holder |= {node: inside.box for node in moved.at if node not in small}
            at |= {node: point for node, point in moved.at.items() if node not in small}
            out_ports |= {node: point for node, point in moved.out_ports.items() if node not in small}
            rects |= {k: r._replace(x=r.x + dx, y=r.y + dy) for k, r in inside.rects.items()}
            routes |= moved.routes
            crossings += moved.crossings
            for source, bends in zip(inside.ports, channel.goes_in.bends, strict=True):
                entries[source, inside.box] = [self.turned((column, first + track)) for column, track in bends[0]]
            for node, bends in zip(inside.exits, channel.goes_out.bends, strict=True):
                way = [self.turned((column, last + track)) for column, track in bends[0]]
                departures[node] = [*moved.routes[_leaving(node)], *way]
        found: dict[Edge, tuple[Point, ...]] = {}
        for source, user, key in graph.edges(keys=True):
            start, end = holder.get(source), holder.get(user)
            if start is not None and start == end:
                found[key] = routes[key]
                continue
            path = list(departures.get(source, ())) if start is not None else []
            path += outer.routes[key if end is None else _entering(source, end)]
            if end is not None:
                path += [*entries[source, end], *routes[key]]
            found[key] = corners(path)
        return replace(outer, at=at, routes=found, out_ports=out_ports, crossings=crossings), rects


@dataclass(frozen=True)
class _Channels:
    """The wires between a frame's border and its inside."""

    goes_in: Routed
    goes_out: Routed

    @property
    def tracks(self) -> int:
        return self.goes_in.tracks + self.goes_out.tracks


def _within(frames: Mapping[int, Frame], number: int, other: int) -> bool:
    """Whether one frame lies in another; of two with the same nodes, the later one in the earlier."""
    a, b = frames[number].nodes, frames[other].nodes
    return a < b or (a == b and number > other)


def _entering(source: int, box: int) -> Edge:
    return "in", source, box


def _leaving(node: int) -> Edge:
    return "out", node


def _moved(placed: Placed, dx: int, dy: int) -> Placed:
    def moved(point: Point) -> Point:
        return point[0] + dx, point[1] + dy

    return replace(
        placed,
        at={node: moved(point) for node, point in placed.at.items()},
        routes={key: tuple(map(moved, path)) for key, path in placed.routes.items()},
        out_ports={node: moved(point) for node, point in placed.out_ports.items()},
    )
