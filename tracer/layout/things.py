"""A graph's nodes and the through-points of its long wires, in columns: what large layouts are worked out on.

Words: a *thing* is a node or a through-point; nodes come first, then each node's through-points, one a rank. A *link*
joins a thing to one a rank below it. The *arrivals* are the links that end at a node, one an edge, user by user.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Things:
    """Things and links. A thing's through-points are numbered without a gap, downwards."""

    nodes: int
    rank: Ints
    """(things,)"""
    above: Ints
    """(things - nodes,) of each through-point the thing that leads to it."""
    owner: Ints
    """(things - nodes,) of each through-point the node whose wire it is on."""
    user: Ints
    """(edges,) where each edge ends."""
    last: Ints
    """(edges,) the thing from which each edge arrives."""

    @property
    def count(self) -> int:
        return len(self.rank)

    def links(self) -> tuple[Ints, Ints]:
        """The upper and the lower end of each link: of through-points first, then of edges."""
        through = np.arange(self.nodes, self.count)
        return np.concatenate([self.above, self.last]), np.concatenate([through, self.user])


def joined(rank: Ints, reach: Ints, source: Ints, user: Ints) -> Things:
    """Cuts long wires at every rank, for each node as far down as its furthest user needs.

    Args:
        rank: (nodes,)
        reach: (nodes,) the last rank that each node's wires run through.
        source, user: (edges,)
    """
    nodes = len(rank)
    length = reach - rank
    first = nodes + np.cumsum(length) - length
    owner = np.repeat(np.arange(nodes), length)
    through = np.arange(nodes, nodes + len(owner))
    down = through - first[owner]  # how many of the same wire come before
    above = np.where(down == 0, owner, through - 1)
    steps = rank[user] - rank[source] - 2
    last = np.where(steps < 0, source, first[source] + steps)
    return Things(nodes, np.concatenate([rank, rank[owner] + 1 + down]), above, owner, user, last)


def ragged(first: Ints, count: Ints) -> Ints:
    """`first[i]`, `first[i] + 1`, ... `count[i]` of them, for one i after the other."""
    total = int(count.sum())
    found: Ints = np.arange(total) + np.repeat(first - (np.cumsum(count) - count), count)
    return found


def sorted_by(numbers: Ints, most: int) -> Ints:
    """The order of numbers from 0 to below `most`, equal ones as they come: in 16 bits many times faster."""
    narrow = numbers.astype(np.uint16) if most <= 1 << 16 else numbers
    return np.argsort(narrow, kind="stable")


class Grouped:
    """Rows of a table in groups: which rows belong to each of many owners, in the order of the rows."""

    def __init__(self, owner: Ints, owners: int) -> None:
        self.order = sorted_by(owner, owners)
        self.count = np.bincount(owner, minlength=owners)
        self.first = np.cumsum(self.count) - self.count
