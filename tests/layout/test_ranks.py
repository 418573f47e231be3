"""Which row a node stands in."""

import networkx as nx
from hypothesis import given

from tests.layout.graphs import dags
from tracer.layout.ranks import ranks


@given(dags())
def test_every_edge_points_downwards_and_no_row_is_empty(graph):
    found = ranks(graph)
    assert all(found[a] < found[b] for a, b in graph.edges())
    assert set(found.values()) == set(range(max(found.values()) + 1))


@given(dags())
def test_there_are_as_many_rows_as_the_longest_path_has_nodes(graph):
    assert max(ranks(graph).values()) == nx.dag_longest_path_length(nx.DiGraph(graph), weight=None)


def test_a_leaf_stands_just_above_its_first_user():
    graph = nx.MultiDiGraph([("x", "a", 0), ("a", "b", 1), ("b", "c", 2), ("w", "c", 3)])
    assert ranks(graph)["w"] == 2


def test_a_dot_product_becomes_a_ladder():
    """w·x + w·x + w·x: each product stands beside the sum so far, not all of them in one wide row."""
    graph = nx.MultiDiGraph()
    for i in range(3):
        graph.add_edges_from([(f"w{i}", f"p{i}", 2 * i), (f"x{i}", f"p{i}", 2 * i + 1)])
    graph.add_edges_from([("p0", "s1", 10), ("p1", "s1", 11), ("s1", "s2", 12), ("p2", "s2", 13)])
    found = ranks(graph)
    assert (found["p0"], found["p1"], found["p2"]) == (1, 1, 2)
    assert found["w2"] == found["x2"] == 1


def test_a_value_with_other_users_above_is_not_dragged_down():
    """Sinking `p` would lengthen the wires of both its inputs to shorten one of its own."""
    graph = nx.MultiDiGraph([("a", "u", 0), ("b", "u", 1), ("u", "v", 2), ("v", "w", 3)])
    graph.add_edges_from([("c", "a", 7), ("d", "b", 8), ("a", "p", 4), ("b", "p", 5), ("p", "w", 6)])
    assert ranks(graph)["p"] == ranks(graph)["u"]
