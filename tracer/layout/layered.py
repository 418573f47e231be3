"""A graph in rows, from its inputs to its results: where each box stands and how each wire runs, in whole cells.

The method is the layered one (Sugiyama): ranks, one chain of through-points per source value so that fan-out shares a
trunk, few crossings, coordinates by isotonic regression, and channels with one track a net. Everything is computed
along two axes: *flow* (the direction of travel) and *across*. `down` flows in rows, `right` in columns.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import networkx as nx

from tracer.layout.coordinates import Pull, coordinates, straighten
from tracer.layout.order import crossings, ordered
from tracer.layout.ranks import ranks
from tracer.layout.route import Net, route

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


def layered(
    graph: nx.MultiDiGraph, sizes: Mapping[int, Size], direction: Direction = "down", spacing: Spacing | None = None
) -> Placed:
    """Lays out an acyclic graph whose edges run from inputs to users. Edge keys must be unique in the graph."""
    if not graph:
        return Placed(direction, {}, {}, {}, 0, 0, 0)
    return Layout(graph, sizes, direction, spacing or SPACING[direction]).placed()


class Layout:
    """One layout under way. Things are ints: nodes first, then the through-points of long wires.

    Args:
        top, bottom: nodes to keep in the first row and in the last one (see `ranks`).
    """

    def __init__(
        self,
        graph: nx.MultiDiGraph,
        sizes: Mapping[int, Size],
        direction: Direction,
        spacing: Spacing,
        top: Collection[int] = frozenset(),
        bottom: Collection[int] = frozenset(),
    ) -> None:
        self.direction, self.spacing = direction, spacing
        self.nodes: list[int] = list(graph)
        self.sizes = [sizes[node] for node in self.nodes]
        number = {node: thing for thing, node in enumerate(self.nodes)}
        self.edges: list[tuple[int, int, Edge]] = [(number[u], number[v], key) for u, v, key in graph.edges(keys=True)]
        rank_of = ranks(graph, top, bottom)
        self.rank = [rank_of[node] for node in self.nodes]
        self.chains = self._chains()
        self._join()
        things: list[list[int]] = [[] for _ in range(max(self.rank) + 1)]
        for thing, rank in enumerate(self.rank):
            things[rank].append(thing)
        self.rows = ordered(things, self.above, self.below)
        self.ports = self._ports()
        self.middle = self._coordinates()
        self._settle_ports()

    # -- the graph with long wires cut at every rank ------------------------------------------------------------------

    def _chains(self) -> list[range]:
        """For each node, its through-points: one a rank, as far down as its furthest user needs."""
        reach = list(self.rank)
        for source, user, _ in self.edges:
            reach[source] = max(reach[source], self.rank[user] - 1)
        chains = []
        for node in range(len(self.nodes)):
            start = len(self.rank)
            chains.append(range(start, start + reach[node] - self.rank[node]))
            self.rank += range(self.rank[node] + 1, reach[node] + 1)
        return chains

    def _join(self) -> None:
        """Neighbours of every thing one rank up and down, and for each node the thing each edge arrives from."""
        count = len(self.rank)
        self.above: list[list[int]] = [[] for _ in range(count)]
        self.below: list[list[int]] = [[] for _ in range(count)]
        self.arrivals: list[list[tuple[int, int]]] = [[] for _ in self.nodes]  # (thing above, edge number)
        for node, chain in enumerate(self.chains):
            for upper, lower in zip((node, *chain), chain, strict=False):
                self.above[lower].append(upper)
                self.below[upper].append(lower)
        for edge, (source, user, _) in enumerate(self.edges):
            last = self._through(source, self.rank[user] - 1)
            self.above[user].append(last)
            self.below[last].append(user)
            self.arrivals[user].append((last, edge))

    def _through(self, source: int, rank: int) -> int:
        """The thing that stands for `source` in `rank`: itself, or a through-point."""
        steps = rank - self.rank[source]
        return source if steps == 0 else self.chains[source][steps - 1]

    # -- across -------------------------------------------------------------------------------------------------------

    def _across(self, thing: int) -> int:
        if thing >= len(self.nodes):
            return 1
        size = self.sizes[thing]
        return size.width if self.direction == "down" else size.height

    def _along(self, node: int) -> int:
        size = self.sizes[node]
        return size.height if self.direction == "down" else size.width

    def _ports(self) -> list[int]:
        """Edge number -> its port at the user, in cells from the middle of the side."""
        place = {thing: at for row in self.rows for at, thing in enumerate(row)}
        ports = [0] * len(self.edges)
        for node, arrivals in enumerate(self.arrivals):
            arrivals.sort(key=lambda arrival: (place[arrival[0]], arrival[1]))
            side = self._across(node)
            offsets = self.sizes[node].in_ports or _spread(len(arrivals), side)
            assert len(offsets) == len(arrivals), "a port for each input"
            for (_, edge), offset in zip(arrivals, offsets, strict=True):
                ports[edge] = offset - side // 2
        return ports

    def _coordinates(self) -> list[int]:
        """Thing -> the across-coordinate of its middle."""
        count = len(self.rank)
        up: list[list[Pull]] = [[] for _ in range(count)]
        down: list[list[Pull]] = [[] for _ in range(count)]
        nodes = len(self.nodes)
        for node, chain in enumerate(self.chains):
            for upper, lower in zip((node, *chain), chain, strict=False):
                weight = 8 if upper >= nodes else 2  # a long wire should run straight
                up[lower].append(Pull(upper, 0, weight))
                down[upper].append(Pull(lower, 0, weight))
        for node, arrivals in enumerate(self.arrivals):
            for thing, edge in arrivals:
                weight = 2 if thing >= nodes else 1
                up[node].append(Pull(thing, -self.ports[edge], weight))
                down[thing].append(Pull(node, self.ports[edge], weight))
        distances = [[self._distance(left, right) for left, right in pairwise(row)] for row in self.rows]
        place = coordinates(self.rows, distances, up, down)
        ends = {thing: place[user] + self.ports[edge] for user, at in enumerate(self.arrivals) for thing, edge in at}
        straighten(
            place, self.rows, distances, [(node, chain) for node, chain in enumerate(self.chains) if chain], ends
        )
        return place

    def _distance(self, left: int, right: int) -> int:
        boxes = (left < len(self.nodes)) + (right < len(self.nodes))
        blank = (self.spacing.wires, self.spacing.beside, self.spacing.boxes)[boxes]
        a, b = self._across(left), self._across(right)
        return (a - a // 2) + blank + b // 2

    def _settle_ports(self) -> None:
        """Moves free ports under their source where that makes a wire straight, else off another wire's column."""
        sources = [{self.middle[thing] for thing in row if self.below[thing]} for row in self.rows]
        for node, arrivals in enumerate(self.arrivals):
            if self.sizes[node].in_ports or not arrivals:
                continue
            middle = self.middle[node]
            busy = sources[self.rank[node] - 1]
            wanted = [self.ports[edge] for _, edge in arrivals]
            gap = min([2, *(b - a for a, b in pairwise(wanted))])
            low = 1 - self._across(node) // 2
            for index, (thing, edge) in enumerate(arrivals):
                last = index == len(arrivals) - 1
                high = self._across(node) // 2 - 1 if last else wanted[index + 1] - gap
                above = self.middle[thing] - middle
                if low <= above <= high and sum(other == thing for other, _ in arrivals) == 1:
                    port = above
                else:
                    port = _nearest_free(middle + self.ports[edge], middle + low, middle + high, busy) - middle
                self.ports[edge] = port
                low = port + gap

    # -- along the flow -----------------------------------------------------------------------------------------------

    def resize(self, node: int, size: Size) -> None:
        """Give a node another extent along the flow; across it nothing moves."""
        thing = self.nodes.index(node)
        old = self._across(thing)
        self.sizes[thing] = size
        assert self._across(thing) == old, "across, everything has its place already"

    def placed(self) -> Placed:
        """Routes every channel from the first rank to the last and puts all together."""
        nodes = len(self.nodes)
        start = [0] * nodes  # each box's first cell along the flow
        channels: list[_Channel] = []
        flow = 0
        for rank, row in enumerate(self.rows):
            boxes = [thing for thing in row if thing < nodes]
            band = max(self._along(node) for node in boxes)
            for node in boxes:  # what has inputs stands at its arrowheads, a leaf at its own wire
                start[node] = flow if self.arrivals[node] else flow + band - self._along(node)
            channels.append(self._channel(rank, flow + band))
            flow = channels[-1].end
        paths = []
        for edge, (source, user, _) in enumerate(self.edges):
            path = [(self.middle[source], start[source] + self._along(source) - 1)]
            for rank in range(self.rank[source], self.rank[user]):
                arrives = rank + 1 == self.rank[user]
                goal = self.middle[user] + self.ports[edge] if arrives else self.middle[self._through(source, rank + 1)]
                bends, first = channels[rank].bends[self._through(source, rank), goal], channels[rank].first
                path += [(column, first + track) for column, track in bends]
            path.append((self.middle[user] + self.ports[edge], start[user]))
            paths.append(corners(path))
        return self._finish(start, paths, flow)

    def _channel(self, rank: int, begin: int) -> _Channel:
        """Routes everything between `rank`, whose boxes end before `begin`, and the rank after it."""
        nodes = len(self.nodes)
        row = self.rows[rank]
        next_row = self.rows[rank + 1] if rank + 1 < len(self.rows) else []
        room_out = max(self.sizes[thing].room_out for thing in row if thing < nodes)
        room_in = max((self.sizes[thing].room_in for thing in next_row if thing < nodes), default=0)
        goals: dict[int, list[int]] = {thing: [] for thing in row if self.below[thing]}
        for thing in next_row:
            if thing >= nodes:
                goals[self.above[thing][0]].append(self.middle[thing])
            else:
                for source, edge in self.arrivals[thing]:
                    goals[source].append(self.middle[thing] + self.ports[edge])
        nets = [Net(self.middle[thing], tuple(targets)) for thing, targets in goals.items()]
        routed = route(nets)
        bends = {
            (thing, goal): path
            for thing, paths in zip(goals, routed.bends, strict=True)
            for goal, path in zip(goals[thing], paths, strict=True)
        }
        first = begin + room_out
        return _Channel(bends, first, first + routed.tracks + room_in)

    def _finish(self, start: list[int], paths: list[tuple[Point, ...]], flow: int) -> Placed:
        """Shifts everything to the corner and turns (across, flow) into (x, y)."""
        sides = [self._across(node) for node in range(len(self.nodes))]
        lows = [self.middle[node] - side // 2 for node, side in enumerate(sides)]
        bends = [across for path in paths for across, _ in path]
        margin = self.spacing.margin
        shift = margin - min([*lows, *bends])
        across = max([*(low + side for low, side in zip(lows, sides, strict=True)), *(b + 1 for b in bends)])

        def cell(across: int, flow: int) -> Point:
            return (across + shift, flow) if self.direction == "down" else (flow, across + shift)

        ends = [first + self._along(node) - 1 for node, first in enumerate(start)]
        extent = cell(across + margin - 1, flow)
        return Placed(
            direction=self.direction,
            at={node: cell(lows[thing], start[thing]) for thing, node in enumerate(self.nodes)},
            routes={
                key: tuple(cell(*corner) for corner in path)
                for (_, _, key), path in zip(self.edges, paths, strict=True)
            },
            out_ports={node: cell(self.middle[thing], ends[thing]) for thing, node in enumerate(self.nodes)},
            width=extent[0] + (self.direction == "down"),
            height=extent[1] + (self.direction == "right"),
            crossings=crossings(self.rows, self.below),
        )


@dataclass(frozen=True)
class _Channel:
    """The wires between two ranks."""

    bends: Mapping[tuple[int, int], tuple[tuple[int, int], ...]]
    """(thing above, column below) -> (column, track) corners."""
    first: int
    """Where track 0 is, along the flow."""
    end: int
    """Where the next rank begins."""


def corners(path: list[Point]) -> tuple[Point, ...]:
    """The path without repeated points and without points on a straight piece."""
    kept: list[Point] = []
    for point in path:
        if kept and kept[-1] == point:
            continue
        if len(kept) > 1 and (kept[-2][0] == kept[-1][0] == point[0] or kept[-2][1] == kept[-1][1] == point[1]):
            kept.pop()
        kept.append(point)
    return tuple(kept)


def _nearest_free(wanted: int, low: int, high: int, taken: set[int]) -> int:
    """The cell of low..high nearest to `wanted` that is not taken; the nearest of all if every one is."""
    start = min(max(wanted, low), high)
    for step in range(high - low + 1):
        for cell in (start - step, start + step):
            if low <= cell <= high and cell not in taken:
                return cell
    return start


def _spread(count: int, side: int) -> tuple[int, ...]:
    """`count` ports spread over a side of `side` cells, corners left free, the same from both ends."""
    half = [round((number + 0.5) * side / count - 0.5) for number in range(count // 2)]
    middle = [side // 2] if count % 2 else []
    return (*half, *middle, *(side - 1 - offset for offset in reversed(half)))
