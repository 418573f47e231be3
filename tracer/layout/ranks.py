"""Which row each node stands in: every input above every user, wires as short as they can cheaply be.

A node's first row is its generation in the topological order (as `networkx.topological_generations` has it); then each
node sinks towards its first user where that shortens the wires. Leaves always do, so a parameter stands just above the
product that uses it, and a dot product becomes a ladder instead of one very wide row.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracer.layout.graph import Graph


def ranks(
    graph: Graph[Any], top: Collection[int] = frozenset(), bottom: Collection[int] = frozenset()
) -> dict[int, int]:
    """Node -> rank, 0 for the top row. Edges point from a lower to a higher rank.

    Args:
        graph: any graph; parallel edges count once.
        top: nodes without inputs that are to stay in the top row.
        bottom: nodes without users that are to stand in the last row.

    Raises:
        networkx.NetworkXUnfeasible: the graph has a cycle.
    """
    nodes = list(graph)
    number = {node: n for n, node in enumerate(nodes)}
    users = [[number[user] for user in targets] for _, targets in graph.adjacency()]
    found = numbered_ranks(users, {number[node] for node in top}, {number[node] for node in bottom})
    return dict(zip(nodes, found, strict=True))


def numbered_ranks(
    users: Sequence[Sequence[int]], top: Collection[int] = frozenset(), bottom: Collection[int] = frozenset()
) -> list[int]:
    """The rank of each node, where nodes are the ints from 0 and `users` says who uses each, everybody once."""
    inputs: list[list[int]] = [[] for _ in users]
    for node, targets in enumerate(users):
        for user in targets:
            inputs[user].append(node)
    rank, order = _generations(users, inputs)
    last = max(rank, default=0)
    for node in bottom:
        rank[node] = last
    for node in reversed(order):
        targets = users[node]
        if not targets or node in top:
            continue
        lowest = min([rank[user] for user in targets]) - 1
        if lowest > rank[node] and (not inputs[node] or _lengthened(node, rank, users, inputs) <= 1):
            rank[node] = lowest
    used = {number: row for row, number in enumerate(sorted(set(rank)))}
    return [used[number] for number in rank]


def _generations(users: Sequence[Sequence[int]], inputs: Sequence[Sequence[int]]) -> tuple[list[int], list[int]]:
    """Each node's generation, and the nodes generation by generation."""
    rank = [0] * len(users)
    waiting = [len(sources) for sources in inputs]
    order: list[int] = []
    generation = [node for node, count in enumerate(waiting) if not count]
    number = 0
    while generation:
        order += generation
        following: list[int] = []
        for node in generation:
            rank[node] = number
            for user in users[node]:
                waiting[user] -= 1
                if not waiting[user]:
                    following.append(user)
        generation = following
        number += 1
    if len(order) < len(users):
        from networkx import NetworkXUnfeasible

        raise NetworkXUnfeasible("a graph with a cycle has no ranks")
    return rank, order


def _lengthened(node: int, rank: list[int], users: Sequence[Sequence[int]], inputs: Sequence[Sequence[int]]) -> int:
    """How many inputs' wires grow when the node sinks. Its own one wire shrinks, so one may grow for nothing."""
    grown = 0
    for source in inputs[node]:
        if not inputs[source] and len(users[source]) == 1:
            continue  # a leaf of its own sinks with it
        for user in users[source]:
            if user != node and rank[user] > rank[node]:
                break  # it reaches further anyway
        else:
            grown += 1
    return grown
