"""A graph as a layout reads it: nodes as the ints from 0, edges as columns."""

from __future__ import annotations

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
    sources: list[int] = []
    ends: list[int] = []
    keys: list[Edge] = []
    for at, (_, users) in enumerate(graph.adjacency()):  # once through: what lies about in memory is dear to fetch
        row = []
        for user, parallel in users.items():
            end = number[user]
            row.append(end)
            ends += [end] * len(parallel)
            keys += parallel
        targets.append(row)
        sources += [at] * (len(keys) - len(sources))
    return Read(nodes, targets, sources, ends, keys)
