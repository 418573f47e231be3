"""A graph in rows, from its inputs to its results: where each box stands and how each wire runs, in whole cells.

The method is the layered one (Sugiyama): ranks, one chain of through-points per source value so that fan-out shares a
trunk, few crossings, coordinates by isotonic regression, and channels with one track a net. Everything is computed
along two axes: *flow* (the direction of travel) and *across*. `down` flows in rows, `right` in columns.
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

import networkx as nx

from tracer.layout.coordinates import coordinates, straighten
from tracer.layout.order import ordered
from tracer.layout.ranks import numbered_ranks
from tracer.layout.route import Net, Way, bends, ways_through

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
    with uncollected():
        return Layout(graph, sizes, direction, spacing or SPACING[direction]).placed()


@contextmanager
def uncollected() -> Iterator[None]:
    """Keeps the garbage collector from looking through the lists of a layout while they grow: half of its time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


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
        self.edges: list[tuple[int, int, Edge]] = []
        users: list[list[int]] = []
        for thing, (_, targets) in enumerate(graph.adjacency()):
            users.append([number[user] for user in targets])
            for user, keys in zip(users[-1], targets.values(), strict=True):
                self.edges += [(thing, user, key) for key in keys]
        self.rank = numbered_ranks(users, {number[node] for node in top}, {number[node] for node in bottom})
        self.chains = self._chains()
        self._join()
        things: list[list[int]] = [[] for _ in range(max(self.rank) + 1)]
        for thing, rank in enumerate(self.rank):
            things[rank].append(thing)
        sides = [size.width if direction == "down" else size.height for size in self.sizes]
        self.across = [*sides, *[1] * (len(self.rank) - len(sides))]
        """Thing -> its cells across the flow."""
        self.rows, self.crossings = ordered(things, self.above, self.below)
        self.ports = self._ports()
        self.middle = self._coordinates()
        self._settle_ports()
        self._ways: list[_Crossed] | None = None

    # -- the graph with long wires cut at every rank ------------------------------------------------------------------

    def _chains(self) -> list[range]:
        """For each node, its through-points: one a rank, as far down as its furthest user needs."""
        rank = self.rank
        reach = list(rank)
        for source, user, _ in self.edges:
            if rank[user] > reach[source] + 1:
                reach[source] = rank[user] - 1
        chains = []
        for first, last in zip(tuple(rank), reach, strict=True):
            start = len(rank)
            chains.append(range(start, start + last - first))
            if last > first:
                rank += range(first + 1, last + 1)
        return chains

    def _join(self) -> None:
        """Neighbours of every thing one rank up and down, and for each node the thing each edge arrives from."""
        count, rank = len(self.rank), self.rank
        self.above: list[list[int]] = [[] for _ in range(count)]
        self.below: list[list[int]] = [[] for _ in range(count)]
        self.arrivals: list[list[tuple[int, int]]] = [[] for _ in self.nodes]  # (thing above, edge number)
        for node, chain in enumerate(self.chains):
            upper = node
            for lower in chain:
                self.above[lower].append(upper)
                self.below[upper].append(lower)
                upper = lower
        for edge, (source, user, _) in enumerate(self.edges):
            steps = rank[user] - rank[source] - 2
            last = source if steps < 0 else self.chains[source][steps]
            self.above[user].append(last)
            self.below[last].append(user)
            self.arrivals[user].append((last, edge))

    # -- across -------------------------------------------------------------------------------------------------------

    def _along(self, node: int) -> int:
        size = self.sizes[node]
        return size.height if self.direction == "down" else size.width

    def _ports(self) -> list[int]:
        """Edge number -> its port at the user, in cells from the middle of the side."""
        place = [0] * len(self.rank)
        for row in self.rows:
            for at, thing in enumerate(row):
                place[thing] = at
        ports = [0] * len(self.edges)
        for node, arrivals in enumerate(self.arrivals):
            if not arrivals:
                continue
            if len(arrivals) > 1:
                arrivals.sort(key=lambda arrival: (place[arrival[0]], arrival[1]))
            side = self.across[node]
            offsets = self.sizes[node].in_ports or _spread(len(arrivals), side)
            assert len(offsets) == len(arrivals), "a port for each input"
            for (_, edge), offset in zip(arrivals, offsets, strict=True):
                ports[edge] = offset - side // 2
        return ports

    def _coordinates(self) -> list[int]:
        """Thing -> the across-coordinate of its middle."""
        nodes, ports = len(self.nodes), self.ports
        long = [(node, chain) for node, chain in enumerate(self.chains) if chain]
        pulls: list[tuple[int, int, int, int]] = []
        for node, chain in long:
            pulls.append((node, chain[0], 0, 2))
            pulls += [(thing - 1, thing, 0, 8) for thing in chain[1:]]  # a long wire should run straight
        for node, arrivals in enumerate(self.arrivals):
            pulls += [(thing, node, ports[edge], 2 if thing >= nodes else 1) for thing, edge in arrivals]
        distances = self._distances()
        place = coordinates(self.rows, distances, pulls)
        ends = {thing: place[user] + ports[edge] for user, at in enumerate(self.arrivals) for thing, edge in at}
        straighten(place, self.rows, distances, long, ends)
        return place

    def _distances(self) -> list[list[int]]:
        """For each row, the least distance between neighbouring middles."""
        nodes, across = len(self.nodes), self.across
        blank = (self.spacing.wires, self.spacing.beside, self.spacing.boxes)
        return [
            [across[a] - across[a] // 2 + blank[(a < nodes) + (b < nodes)] + across[b] // 2 for a, b in pairwise(row)]
            for row in self.rows
        ]

    def _settle_ports(self) -> None:
        """Moves free ports under their source where that makes a wire straight, else off another wire's column."""
        middles, ports = self.middle, self.ports
        sources = [{middles[thing] for thing in row if self.below[thing]} for row in self.rows]
        for node, arrivals in enumerate(self.arrivals):
            if self.sizes[node].in_ports or not arrivals:
                continue
            middle, half = middles[node], self.across[node] // 2
            busy = sources[self.rank[node] - 1]
            wanted = [ports[edge] for _, edge in arrivals]
            gap = min([2, *(b - a for a, b in pairwise(wanted))]) if len(wanted) > 1 else 2
            things = [thing for thing, _ in arrivals]
            low = 1 - half
            for index, (thing, edge) in enumerate(arrivals):
                high = half - 1 if index == len(arrivals) - 1 else wanted[index + 1] - gap
                port = middles[thing] - middle
                if not low <= port <= high or (len(things) > 1 and things.count(thing) > 1):
                    port = _nearest_free(middle + wanted[index], middle + low, middle + high, busy) - middle
                ports[edge] = port
                low = port + gap

    # -- along the flow -----------------------------------------------------------------------------------------------

    def resize(self, node: int, size: Size) -> None:
        """Give a node another extent along the flow; across it nothing moves."""
        thing = self.nodes.index(node)
        self.sizes[thing] = size
        across = size.width if self.direction == "down" else size.height
        assert self.across[thing] == across, "across, everything has its place already"

    def placed(self) -> Placed:
        """Puts all together, from the first rank to the last."""
        nodes, middle = len(self.nodes), self.middle
        if self._ways is None:
            self._ways = self._routed()
        start = [0] * nodes  # each box's first cell along the flow
        # the corners of the way from a thing's source down to the thing: all wires of a source share them
        led: list[list[Point]] = [[] for _ in self.rank]
        paths: list[list[Point]] = [[] for _ in self.edges]
        flow = 0
        for rank, (row, crossed) in enumerate(zip(self.rows, self._ways, strict=True)):
            boxes = [thing for thing in row if thing < nodes]
            band = max([self._along(node) for node in boxes])
            for node in boxes:  # what has inputs stands at its arrowheads, a leaf at its own wire
                start[node] = flow if self.arrivals[node] else flow + band - self._along(node)
                led[node] = [(middle[node], start[node] + self._along(node) - 1)]
                for _, edge in self.arrivals[node]:
                    paths[edge].append((middle[node] + self.ports[edge], start[node]))
            first = flow + band + max([self.sizes[node].room_out for node in boxes])
            for thing, way in crossed.ways.items():
                here, come = middle[thing], led[thing]
                for lower in self.below[thing]:
                    if lower >= nodes:
                        led[lower] = _on(come, bends(here, way, middle[lower]), first) if way else come
            for node in self.rows[rank + 1] if rank + 1 < len(self.rows) else ():
                if node < nodes:
                    for thing, edge in self.arrivals[node]:
                        here, way = middle[thing], crossed.ways[thing]
                        goal = middle[node] + self.ports[edge]
                        paths[edge] = _on(led[thing], bends(here, way, goal) if way else (), first)
            flow = first + crossed.tracks + self._room_in(rank + 1)
        return self._finish(start, paths, flow)

    def _room_in(self, rank: int) -> int:
        """Cells to keep free before the boxes of a rank."""
        row = self.rows[rank] if rank < len(self.rows) else ()
        return max([self.sizes[thing].room_in for thing in row if thing < len(self.nodes)], default=0)

    def _routed(self) -> list[_Crossed]:
        """The ways from each rank to the one after it."""
        nodes, middle = len(self.nodes), self.middle
        goals: list[list[int]] = [[] for _ in self.rank]
        for row in self.rows:
            for thing in row:
                if thing >= nodes:
                    goals[self.above[thing][0]].append(middle[thing])
                else:
                    for source, edge in self.arrivals[thing]:
                        goals[source].append(middle[thing] + self.ports[edge])
        sources = [[thing for thing in row if goals[thing]] for row in self.rows]
        found = ways_through([[Net(middle[thing], tuple(goals[thing])) for thing in row] for row in sources])
        return [
            _Crossed(dict(zip(row, ways, strict=True)), tracks)
            for row, (ways, tracks) in zip(sources, found, strict=True)
        ]

    def _finish(self, start: list[int], paths: list[list[Point]], flow: int) -> Placed:
        """Shifts everything to the corner and turns (across, flow) into (x, y)."""
        down, nodes = self.direction == "down", range(len(self.nodes))
        lows = [self.middle[node] - self.across[node] // 2 for node in nodes]
        ends = [low + self.across[node] for low, node in zip(lows, nodes, strict=True)]
        # no wire goes further to the side than a box, a through-point, or the column on which a net was split
        columns = self.middle[len(nodes) :]
        columns += [way[1] for crossed in self._ways or () for way in crossed.ways.values() if len(way) > 1]
        margin = self.spacing.margin
        shift = margin - min([*lows, *columns])
        across = max([*ends, *[column + 1 for column in columns]]) + shift + margin - 1

        def cells(path: Iterable[Point]) -> tuple[Point, ...]:
            if down:
                return tuple([(column + shift, row) for column, row in path])
            return tuple([(row, column + shift) for column, row in path])

        lasts = [first + self._along(node) - 1 for node, first in enumerate(start)]
        return Placed(
            direction=self.direction,
            at=dict(zip(self.nodes, cells(zip(lows, start, strict=True)), strict=True)),
            routes={key: cells(path) for (_, _, key), path in zip(self.edges, paths, strict=True)},
            out_ports=dict(zip(self.nodes, cells(zip(self.middle, lasts, strict=False)), strict=True)),
            width=across + 1 if down else flow,
            height=flow if down else across + 1,
            crossings=self.crossings,
        )


class _Crossed(NamedTuple):
    """The wires between two ranks."""

    ways: dict[int, Way]
    """By the thing above."""
    tracks: int


def _on(come: list[Point], turns: Collection[Point], first: int) -> list[Point]:
    """A way and the (column, track) turns after it, where track 0 lies in row `first`."""
    way = come.copy()
    for column, track in turns:
        way.append((column, first + track))
    return way


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


@lru_cache(maxsize=1024)
def _spread(count: int, side: int) -> tuple[int, ...]:
    """`count` ports spread over a side of `side` cells, corners left free, the same from both ends."""
    half = [round((number + 0.5) * side / count - 0.5) for number in range(count // 2)]
    middle = [side // 2] if count % 2 else []
    return (*half, *middle, *(side - 1 - offset for offset in reversed(half)))
