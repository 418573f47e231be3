"""Which row each node stands in: every input above every user, wires as short as they can cheaply be.

Ranks come from networkx (`topological_generations`); then each node sinks towards its first user where that shortens
the wires. Leaves always do, so a parameter stands just above the product that uses it, and a dot product becomes a
ladder instead of one very wide row.
"""

from __future__ import annotations

from collections.abc import Collection

import networkx as nx


def ranks(
    graph: nx.MultiDiGraph, top: Collection[int] = frozenset(), bottom: Collection[int] = frozenset()
) -> dict[int, int]:
    """Node -> rank, 0 for the top row. Edges point from a lower to a higher rank. The graph must have no cycle.

    Args:
        top: nodes without inputs that are to stay in the top row.
        bottom: nodes without users that are to stand in the last row.
    """
    rank: dict[int, int] = {}
    order: list[int] = []
    for number, generation in enumerate(nx.topological_generations(graph)):
        for node in generation:
            rank[node] = number
            order.append(node)
    users = {node: list(graph.successors(node)) for node in order}
    inputs = {node: list(graph.predecessors(node)) for node in order}
    for node in bottom:
        rank[node] = max(rank.values())
    for node in reversed(order):
        if not users[node] or node in top:
            continue
        lowest = min(rank[user] for user in users[node]) - 1
        if lowest > rank[node] and _lengthened(node, rank, users, inputs) <= 1:
            rank[node] = lowest
    used = {number: row for row, number in enumerate(sorted(set(rank.values())))}
    return {node: used[rank[node]] for node in graph}


def _lengthened(node: int, rank: dict[int, int], users: dict[int, list[int]], inputs: dict[int, list[int]]) -> int:
    """How many inputs' wires grow when the node sinks. Its own one wire shrinks, so one may grow for nothing."""
    grown = 0
    for source in inputs[node]:
        follows = not inputs[source] and len(users[source]) == 1  # a leaf of its own sinks with it
        reaches_further = any(rank[user] > rank[node] for user in users[source] if user != node)
        grown += not follows and not reaches_further
    return grown
