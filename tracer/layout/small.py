"""A layout thing by thing: what suits a graph of up to some hundreds of nodes. `large` is the same in arrays."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import pairwise
from typing import NamedTuple

from tracer.layout.arrivals import settled, spread
from tracer.layout.coordinates import coordinates, straighten
from tracer.layout.order import ordered
from tracer.layout.pieces import Pieces
from tracer.layout.placed import Direction, Placed, Point, Size, Spacing
from tracer.layout.reading import Read
from tracer.layout.route import Net, Way, bends, ways_through


class SmallLayout:
    """One layout under way. Things are ints: nodes first, then the through-points of long wires."""

    def __init__(
        self, read: Read, rank: list[int], reach: list[int], sizes: list[Size], direction: Direction, spacing: Spacing
    ) -> None:
        self.direction, self.spacing = direction, spacing
        self.nodes, self.sizes, self.rank = read.nodes, sizes, rank
        self.edges = list(zip(read.sources, read.users, read.keys, strict=True))
        self.chains = self._chains(reach)
        self._join()
        sides = [size.width if direction == "down" else size.height for size in self.sizes]
        self.across = [*sides, *[1] * (len(self.rank) - len(sides))]
        """Thing -> its cells across the flow."""
        self._ways: list[_Crossed] | None = None

    def laid(self) -> Pieces[None]:
        """Give everything its place across the flow."""
        yield
        things: list[list[int]] = [[] for _ in range(max(self.rank) + 1)]
        for thing, row in enumerate(self.rank):
            things[row].append(thing)
        self.rows, self.crossings = ordered(things, self.above, self.below)
        yield
        self.ports = self._ports()
        self.middle = self._coordinates()
        yield
        self._settle_ports()

    # -- the graph with long wires cut at every rank ------------------------------------------------------------------

    def _chains(self, reach: list[int]) -> list[range]:
        """For each node, its through-points: one a rank, as far down as its furthest user needs."""
        rank = self.rank
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
            offsets = self.sizes[node].in_ports or spread(len(arrivals), side)
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
            things = [thing for thing, _ in arrivals]
            wanted = [ports[edge] for _, edge in arrivals]
            found = settled(wanted, things, [middles[thing] for thing in things], middle, half, busy)
            for (_, edge), port in zip(arrivals, found, strict=True):
                ports[edge] = port

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
