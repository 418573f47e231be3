"""Wires through all channels of a large graph: what `route` finds, in arrays.

Knots go side by side; a knot of very many runs, and a channel whose rings of constraints are hard to open, are left to
`route`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np

from tracer.layout.knots import LARGEST, Knots
from tracer.layout.route import Net, ways_through
from tracer.layout.runs import Nets, Runs
from tracer.layout.things import Ints, ragged

FEWEST = 4
"""Fewer knots go one by one."""


@dataclass(frozen=True, eq=False)
class Tracks:
    """How the nets get down."""

    upper: Ints
    """Of each net its track; -1 where it is straight."""
    column: Ints
    """Of a net that had to be split, where it goes on to its second track."""
    lower: Ints
    """The second track; -1 of a net that has one."""
    count: Ints
    """Of each channel, how many tracks it has."""


def routed(nets: Nets, channels: int) -> Tracks:
    """Tracks for all nets of `channels` channels."""
    bent = (nets.fan != 1) | (nets.target[nets.first] != nets.source)
    upper, column, lower = (np.full(len(nets.source), -1) for _ in range(3))
    found = Tracks(upper, column, lower, np.zeros(channels, np.int64))
    net = np.flatnonzero(bent)
    if not len(net):
        return found
    runs = Runs(nets, net)
    left = sorted(runs.open_rings(nets, LARGEST))
    alone = [np.arange(*np.searchsorted(nets.channel, (one, one + 1))) for one in left]
    free = ~np.isin(runs.channel[runs.begin], left)  # of each knot
    large = free & (runs.count > LARGEST)
    some = np.flatnonzero(free & ~large)
    if len(some) < FEWEST and (runs.second < 0).all():
        large, some = free, some[:0]
    alone += [runs.net[runs.begin[one] : runs.begin[one] + runs.count[one]] for one in np.flatnonzero(large).tolist()]
    if len(some):
        _side_by_side(runs, some, found)
    if alone:
        _thing_by_thing(nets, alone, found)
    return found


def _side_by_side(runs: Runs, some: Ints, found: Tracks) -> None:
    """Tracks for knots that are not too large, in arrays."""
    knots = Knots(runs, some)
    members, tracks = knots.members, knots.tracks()
    np.maximum.at(found.count, runs.channel[members], tracks + 1)
    track = np.full(len(runs.net), -1)
    track[members] = tracks
    second = runs.second[members]
    split = second >= 0
    net, second = runs.net[members[split]], second[split]
    found.upper[runs.net[members]] = tracks
    found.upper[net] = tracks[split]  # not that of its second piece
    found.column[net], found.lower[net] = runs.source[second], track[second]


def _thing_by_thing(nets: Nets, groups: Sequence[Ints], found: Tracks) -> None:
    """What is left to `route`: groups of nets, each of one channel and apart from all others."""
    some = np.concatenate(groups)
    fan = nets.fan[some]
    targets = nets.target[ragged(nets.first[some], fan)].tolist()
    stops = np.cumsum(fan)
    bounds = zip((stops - fan).tolist(), stops.tolist(), strict=True)
    drawn = [
        Net(source, tuple(targets[start:stop]))
        for source, (start, stop) in zip(nets.source[some].tolist(), bounds, strict=True)
    ]
    ends = list(accumulate(map(len, groups), initial=0))
    routes = ways_through([drawn[start:stop] for start, stop in pairwise(ends)])
    for group, (ways, tracks) in zip(groups, routes, strict=True):
        channel = nets.channel[group[0]]
        found.count[channel] = max(found.count[channel], tracks)
        found.upper[group] = [way[0] if way else -1 for way in ways]
        for net, way in zip(group.tolist(), ways, strict=True):
            if len(way) > 1:
                found.column[net], found.lower[net] = way[1:]
