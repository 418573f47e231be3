"""A graph as a layout reads it: nodes as the ints from 0, edges as columns."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, repeat
from typing import Any, NamedTuple

from tracer.layout.graph import Graph
from tracer.layout.placed import Edge


class Read(NamedTuple):
    """Nodes in the order of the graph; edges node by node as they leave it."""

    nodes: list[int]
    """What the graph calls each."""
    targets: list[list[int]]
    """Of each node its users, everybody once."""
    sources: list[int]
    """Of each edge."""
    users: list[int]
    keys: list[Edge]

    def reach(self, rank: list[int]) -> list[int]:
        """The last rank that each node's wires run through without a box: its own, if all users are on the next one."""
        reach = list(rank)
        for source, user in zip(self.sources, self.users, strict=True):
            if rank[user] > reach[source] + 1:
                reach[source] = rank[user] - 1
        return reach


def read(graph: Graph[Any]) -> Read:
    """The graph's nodes and edges."""
    nodes = list(graph)
    number = {node: at for at, node in enumerate(nodes)}
    targets: list[list[int]] = []
    parallel: list[Mapping[Edge, Any]] = []
    for _, users in graph.adjacency():
        targets.append([number[user] for user in users])
        parallel += users.values()
    keys: list[Edge] = list(chain.from_iterable(parallel))
    sources = [node for node, users in enumerate(targets) for _ in users]
    ends = list(chain.from_iterable(targets))
    if len(keys) > len(ends):  # an edge for each of parallel ones
        count = list(map(len, parallel))
        sources, ends = (list(chain.from_iterable(map(repeat, row, count))) for row in (sources, ends))
    return Read(nodes, targets, sources, ends, keys)
