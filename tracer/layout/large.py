"""The layout of a large graph: the steps of `small.Layout`, each for all ranks in arrays.

A small graph is laid out thing by thing, for a call on an array costs what a dozen things do. The same rules hold here;
where a thing stands in its rank may differ by some cells.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from tracer.layout.arrivals import Arrivals
from tracer.layout.coordinates import pull_straight
from tracer.layout.corners import Corners
from tracer.layout.pieces import Pieces
from tracer.layout.placed import Direction, Edge, Placed, Point, Size, Spacing
from tracer.layout.places import Pulls, places
from tracer.layout.reading import Read
from tracer.layout.runs import Nets
from tracer.layout.sweeps import Rows, ordered_rows
from tracer.layout.things import Grouped, Ints, Things, joined, ragged
from tracer.layout.tracks import routed
from tracer.layout.uncollected import uncollected

PULL_OF_A_NODE, PULL_OF_A_WIRE, PULL_ALONG_A_WIRE = 1, 2, 8
"""A long wire should run straight."""


class LargeLayout:
    """One layout under way, as `small.SmallLayout` is."""

    def __init__(
        self,
        read: Read,
        rank: list[int],
        reach: list[int],
        sizes: list[Size],
        direction: Direction,
        spacing: Spacing,
    ) -> None:
        self.direction, self.spacing = direction, spacing
        self.names, self.edges = read.nodes, read.keys
        self.things = joined(*(np.array(row, np.int64) for row in (rank, reach, read.sources, read.users)))
        self.across = np.array([size.width for size in sizes], np.int64)
        self.along = np.array([size.height for size in sizes], np.int64)
        self.room_in = np.array([size.room_in for size in sizes], np.int64)
        self.room_out = np.array([size.room_out for size in sizes], np.int64)
        if direction == "right":
            self.across, self.along = self.along, self.across
        self._in_ports = [size.in_ports for size in sizes]
        self._routes: _Routes | None = None

    def laid(self) -> Pieces[None]:
        """Give everything its place across the flow."""
        yield
        self.rows, self.crossings = ordered_rows(self.things)
        yield
        slot = self.rows.slots()
        self.arrivals = Arrivals(self.things, slot, self.across, self._in_ports)
        self.middle = self._places(slot)
        yield
        self.arrivals.settle(self.things, self.middle, self.across)

    # -- across -------------------------------------------------------------------------------------------------------

    def _places(self, slot: Ints) -> Ints:
        """Thing -> the across-coordinate of its middle."""
        things, arrivals, nodes = self.things, self.arrivals, self.things.nodes
        through = np.arange(nodes, things.count)
        weight = np.concatenate(
            [
                np.where(things.above < nodes, PULL_OF_A_WIRE, PULL_ALONG_A_WIRE),
                np.where(arrivals.last < nodes, PULL_OF_A_NODE, PULL_OF_A_WIRE),
            ]
        )
        upper = slot[np.concatenate([things.above, arrivals.last])]
        lower = slot[np.concatenate([through, arrivals.user])]
        port = np.concatenate([np.zeros_like(through), arrivals.port])
        gaps = self._gaps()
        place = places(self.rows, gaps, Pulls(upper, lower, port, weight))[slot]
        self._straighten(place, gaps)
        return place

    def _gaps(self) -> Ints:
        """Of each slot the least distance of its middle from that of the one before it; 0 at the start of a rank."""
        thing, nodes = self.rows.thing, self.things.nodes
        box = thing < nodes
        width = np.where(box, self.across[np.minimum(thing, nodes - 1)], 1)
        blank = np.array([self.spacing.wires, self.spacing.beside, self.spacing.boxes])
        gaps = np.zeros(len(thing), np.int64)
        gaps[1:] = (width - width // 2)[:-1] + blank[box[:-1] * 1 + box[1:]] + (width // 2)[1:]
        gaps[self.rows.first[:-1]] = 0
        return gaps

    def _straighten(self, place: Ints, gaps: Ints) -> None:
        """Takes the small bends out of long wires, in place."""
        things, arrivals = self.things, self.arrivals
        nodes, count, thing = things.nodes, things.count, self.rows.thing
        if count == nodes:
            return
        crooked = np.unique(things.owner[place[nodes:] != place[things.owner]])
        length = np.bincount(things.owner, minlength=nodes)
        first = nodes + np.cumsum(length) - length
        left, right = np.full(count, count), np.full(count, count + 1)
        before, after = np.zeros(count, np.int64), np.zeros(count, np.int64)
        inner = np.ones(count, bool)
        inner[self.rows.first[:-1]] = False
        behind = np.flatnonzero(inner)
        left[thing[behind]], before[thing[behind]] = thing[behind - 1], gaps[behind]
        right[thing[behind - 1]], after[thing[behind - 1]] = thing[behind], gaps[behind]
        end = np.flatnonzero(arrivals.last >= nodes)
        goal = place[arrivals.user[end]] + arrivals.port[end]
        ends = dict(zip(arrivals.last[end].tolist(), goal.tolist(), strict=True))
        stops = (first + length)[crooked].tolist()
        chains = zip(crooked.tolist(), map(range, first[crooked].tolist(), stops), strict=True)
        moved = place.tolist()
        beside = list(zip(*(column.tolist() for column in (left, before, right, after)), strict=True))
        pull_straight(moved, beside, chains, ends)
        place[:] = moved

    # -- along the flow -----------------------------------------------------------------------------------------------

    def resize(self, node: int, size: Size) -> None:
        """Give a node another extent along the flow; across it nothing moves."""
        thing = self.names.index(node)
        across, along = (size.width, size.height) if self.direction == "down" else (size.height, size.width)
        assert self.across[thing] == across, "across, everything has its place already"
        self.along[thing], self.room_in[thing], self.room_out[thing] = along, size.room_in, size.room_out

    def placed(self) -> Placed:
        """Puts all together, from the first rank to the last."""
        things, arrivals, middle = self.things, self.arrivals, self.middle
        nodes, rank, last = things.nodes, things.rank[: things.nodes], int(things.rank.max())
        goal = middle[arrivals.user] + arrivals.port
        if self._routes is None:
            self._routes = _Routes(things, arrivals, middle, goal, self.rows)
        routes = self._routes
        band, room_in, room_out = (_most(rank, row, last + 1) for row in (self.along, self.room_in, self.room_out))
        band_and_room = band + room_out
        steps = band_and_room + routes.tracks.count
        steps[:-1] += room_in[1:]
        flow = np.cumsum(steps) - steps
        leaf = arrivals.count == 0
        start = flow[rank] + np.where(leaf, band[rank] - self.along, 0)
        low = middle[:nodes] - self.across // 2
        # no wire goes further to the side than a box, a through-point, or the column on which a net was split
        columns = np.concatenate([middle[nodes:], routes.tracks.column[routes.tracks.lower >= 0]])
        margin = self.spacing.margin
        shift = margin - min(int(low.min()), int(columns.min(initial=int(low.min()))))
        high = max(int((low + self.across).max()), int(columns.max(initial=int(low.min()))) + 1)
        width = high + shift + margin
        length = int(flow[-1] + steps[-1])

        def cells(column: Ints, row: Ints) -> tuple[Point, ...]:
            pair = (column + shift, row) if self.direction == "down" else (row, column + shift)
            return tuple(zip(pair[0].tolist(), pair[1].tolist(), strict=True))

        leave = middle[:nodes], start + self.along - 1
        arrive = goal, start[arrivals.user]

        def wires() -> dict[Edge, tuple[Point, ...]]:
            with uncollected():
                points, bounds = routes.points()
                turn = routes.turns(flow + band_and_room)
                corners = cells(*(np.concatenate(ends)[points] for ends in zip(leave, turn, arrive, strict=True)))
                paths = zip(arrivals.edge.tolist(), pairwise(bounds), strict=True)
                return {self.edges[edge]: corners[begin:end] for edge, (begin, end) in paths}

        return Placed(
            direction=self.direction,
            at=dict(zip(self.names, cells(low, start), strict=True)),
            routes=Corners(wires),
            out_ports=dict(zip(self.names, cells(*leave), strict=True)),
            width=width if self.direction == "down" else length,
            height=length if self.direction == "down" else width,
            crossings=self.crossings,
        )


class _Routes:
    """How every wire runs, before it is known in which row each channel begins.

    Args:
        goal: of each arrival the column of its port.
    """

    def __init__(self, things: Things, arrivals: Arrivals, middle: Ints, goal: Ints, rows: Rows) -> None:
        nodes = things.nodes
        self.upper = np.concatenate([things.above, arrivals.last])
        self.target = np.concatenate([middle[nodes:], goal])
        groups = Grouped(rows.slots()[self.upper], things.count)
        slots = np.flatnonzero(groups.count)
        source = rows.thing[slots]
        self.rank = things.rank[self.upper]
        self.source = middle[self.upper]
        nets = Nets(things.rank[source], middle[source], groups.count[slots], self.target[groups.order])
        self.tracks = routed(nets, int(things.rank.max()) + 1)
        net = np.empty(len(self.upper), np.int64)
        net[groups.order] = np.repeat(np.arange(len(slots)), nets.fan)
        self.net = net
        first = self.tracks.upper[net]
        self.bends = np.where(first < 0, 0, np.where(self.tracks.lower[net] >= 0, 4, 2 * (self.source != self.target)))
        begin = np.cumsum(self.bends) - self.bends
        self.begin = begin
        self._things, self._last = things, arrivals.last

    def points(self) -> tuple[Ints, list[int]]:
        """Edge after edge, its corners: which of all nodes' out-ports, then all bends, then all in-ports.

        Also where in these each edge begins, and where the last one ends.
        """
        things, begin, stop = self._things, self.begin, self.begin + self.bends
        nodes = things.nodes
        # an edge runs along its source's through-points, as far as the one it arrives from; then its own bends
        through = self._last - nodes
        long = through >= 0
        length = np.bincount(things.owner, minlength=nodes)
        chain = np.cumsum(length) - length
        source = self._last.copy()
        source[long] = things.owner[through[long]]
        first, along = np.zeros_like(through), np.zeros_like(through)
        first[long] = begin[chain[source[long]]]
        along[long] = stop[through[long]] - first[long]
        own, bends = begin[len(things.above) :], self.bends[len(things.above) :]
        ends = np.cumsum(along + bends + 2)
        starts = ends - (along + bends + 2)
        points = np.empty(int(ends[-1]) if len(ends) else 0, np.int64)
        points[starts] = source
        points[ragged(starts + 1, along)] = nodes + ragged(first, along)
        points[ragged(starts + 1 + along, bends)] = nodes + ragged(own, bends)
        points[ends - 1] = nodes + int(self.bends.sum()) + np.arange(len(ends))
        return points, [0, *ends.tolist()]

    def turns(self, first: Ints) -> tuple[Ints, Ints]:
        """Column and row of each bend, link after link.

        Args:
            first: of each channel the row of its track 0.
        """
        total = int(self.bends.sum())
        column, row = np.empty(total, np.int64), np.empty(total, np.int64)
        for bends in (2, 4):
            some = np.flatnonzero(self.bends == bends)
            net, at = self.net[some], self.begin[some]
            high = first[self.rank[some]] + self.tracks.upper[net]
            column[at], row[at], row[at + 1] = self.source[some], high, high
            column[at + bends - 1] = self.target[some]
            if bends == 4:
                middle, low = self.tracks.column[net], first[self.rank[some]] + self.tracks.lower[net]
                column[at + 1], column[at + 2], row[at + 2], row[at + 3] = middle, middle, low, low
        return column, row


def _most(rank: Ints, values: Ints, ranks: int) -> Ints:
    """The largest value in each rank."""
    most = np.zeros(ranks, np.int64)
    np.maximum.at(most, rank, values)
    return most
