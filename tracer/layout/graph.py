"""The graph to draw: nodes and edges in the order in which they came, under the names that networkx has for them.

A `networkx.MultiDiGraph` can stand in its place, for every question here is one that it answers, and in the same order.
Importing networkx would take a fifth of a second before the first picture.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Generic, Literal, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Graph(Generic[Key]):
    """A directed graph whose edges have keys; between two nodes there may be several."""

    def __init__(self, edges: Iterable[tuple[int, int, Key]] = ()) -> None:
        # both name the same keys, so that an edge is noted once
        self._users: dict[int, dict[int, dict[Key, None]]] = {}
        self._inputs: dict[int, dict[int, dict[Key, None]]] = {}
        self.add_edges_from(edges)

    def __len__(self) -> int:
        """How many nodes there are."""
        return len(self._users)

    def __iter__(self) -> Iterator[int]:
        return iter(self._users)

    def __contains__(self, node: object) -> bool:
        return node in self._users

    def add_node(self, node: int) -> None:
        """Add it, unless it is there."""
        if node not in self._users:
            self._users[node], self._inputs[node] = {}, {}

    def add_nodes_from(self, nodes: Iterable[int]) -> None:
        for node in nodes:
            self.add_node(node)

    def add_edge(self, source: int, user: int, key: Key) -> None:
        """Add an edge, and its ends where they are not there; one that is there stays as it is."""
        self.add_node(source)
        self.add_node(user)
        users = self._users[source]
        if user not in users:
            users[user] = self._inputs[user][source] = {}
        users[user][key] = None

    def add_edges_from(self, edges: Iterable[tuple[int, int, Key]]) -> None:
        for source, user, key in edges:
            self.add_edge(source, user, key)

    def adjacency(self) -> Iterator[tuple[int, Mapping[int, Mapping[Key, None]]]]:
        """Each node with its users, and for each of those the keys of the edges to it."""
        return iter(self._users.items())

    def edges(self, *, keys: Literal[True]) -> Iterator[tuple[int, int, Key]]:
        """(input, user, key) of every edge, node by node as they leave it."""
        assert keys, "edges are told apart by their keys"
        return (
            (node, user, key) for node, users in self._users.items() for user, those in users.items() for key in those
        )

    def in_edges(self, node: int, *, keys: Literal[True]) -> Iterator[tuple[int, int, Key]]:
        """(input, user, key) of the edges that arrive at a node."""
        assert keys, "edges are told apart by their keys"
        return ((source, node, key) for source, those in self._inputs[node].items() for key in those)

    def successors(self, node: int) -> Iterator[int]:
        """Its users, everybody once."""
        return iter(self._users[node])

    def predecessors(self, node: int) -> Iterator[int]:
        """Its inputs, each once."""
        return iter(self._inputs[node])

    def in_degree(self, node: int) -> int:
        """How many edges arrive."""
        return sum(map(len, self._inputs[node].values()))

    def out_degree(self, node: int) -> int:
        """How many edges leave."""
        return sum(map(len, self._users[node].values()))
