"""The graph of a drawing answers as a networkx graph does, in the same order."""

from __future__ import annotations

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from tracer.layout.graph import Graph

nodes = st.integers(-3, 6)
edges = st.lists(st.tuples(nodes, nodes, st.integers(0, 4)), max_size=25)


@given(st.lists(nodes, max_size=5), edges)
def test_every_question_has_the_answer_of_networkx(some: list[int], wires: list[tuple[int, int, int]]) -> None:
    ours, theirs = Graph(), nx.MultiDiGraph()
    for graph in (ours, theirs):
        graph.add_nodes_from(some)
        graph.add_edges_from(wires[::2])
        for source, user, key in wires[1::2]:
            graph.add_edge(source, user, key=key)
    assert list(ours) == list(theirs)
    assert len(ours) == len(theirs)
    assert all((node in ours) == (node in theirs) for node in range(-5, 8))
    assert list(ours.edges(keys=True)) == list(theirs.edges(keys=True))
    assert [(node, [(user, list(keys)) for user, keys in users.items()]) for node, users in ours.adjacency()] == [
        (node, [(user, list(keys)) for user, keys in users.items()]) for node, users in theirs.adjacency()
    ]
    for node in theirs:
        assert list(ours.in_edges(node, keys=True)) == list(theirs.in_edges(node, keys=True))
        assert list(ours.successors(node)) == list(theirs.successors(node))
        assert list(ours.predecessors(node)) == list(theirs.predecessors(node))
        assert (ours.in_degree(node), ours.out_degree(node)) == (theirs.in_degree(node), theirs.out_degree(node))


def test_it_is_made_of_edges_at_once() -> None:
    assert list(Graph([(0, 1, "a"), (0, 1, "b")]).edges(keys=True)) == [(0, 1, "a"), (0, 1, "b")]
