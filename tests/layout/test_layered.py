"""The layout as a whole: any graph, in both directions, without one wrong cell."""

import time
from statistics import median

import networkx as nx
import pytest
from hypothesis import given

from tests.layout.graphs import dags, hold_to_the_rules, sized_dags
from tracer.layout.layered import Placed, Size, layered, layering


@given(sized_dags())
def test_boxes_keep_apart_and_wires_only_cross(drawn):
    graph, sizes, direction = drawn
    hold_to_the_rules(layered(graph, sizes, direction), graph, sizes)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(200))
def test_large_random_graphs_hold_too(seed):
    """Hundreds of nodes, long wires, dense channels."""
    graph = nx.MultiDiGraph()
    tree = nx.gnp_random_graph(40 + seed % 120, 0.03, seed=seed, directed=True)
    graph.add_nodes_from(tree)
    graph.add_edges_from((a, b, e) for e, (a, b) in enumerate(tree.edges) if a < b)
    for direction in ("down", "right"):
        sizes = {
            node: Size(max(15, 2 * degree + 3), 5) if direction == "down" else Size(5, max(3, 2 * degree + 3))
            for node, degree in graph.in_degree()
        }
        hold_to_the_rules(layered(graph, sizes, direction), graph, sizes)


@given(sized_dags())
def test_inputs_stand_before_their_users(drawn):
    """Down means rows, right means columns; a wire leaves from the far side and arrives on the near side."""
    graph, sizes, direction = drawn
    placed = layered(graph, sizes, direction)
    axis = 1 if direction == "down" else 0
    for _, user, edge in graph.edges(keys=True):
        path = placed.routes[edge]
        along = [cell[axis] for cell in path]
        assert along == sorted(along), "no wire ever turns back"
        assert path[-1][axis] == placed.at[user][axis]


@given(sized_dags(), sized_dags())
def test_two_layouts_made_in_turns_are_each_what_it_is_alone(one, other):
    """Whoever makes one in pieces may make another in between."""
    works, made = {}, {}
    for number, (graph, sizes, direction) in enumerate((one, other)):
        works[number] = layering(graph, sizes, direction)
    pieces = 0
    while works:
        for number, work in tuple(works.items()):
            try:
                next(work)
                pieces += 1
            except StopIteration as end:
                made[number] = end.value
                del works[number]
    assert pieces >= 3 * sum(bool(graph) for graph, _, _ in (one, other))
    for number, (graph, sizes, direction) in enumerate((one, other)):
        assert made[number] == layered(graph, sizes, direction)


@given(dags())
def test_the_same_graph_gives_the_same_picture(graph):
    sizes = {node: Size(max(15, 2 * degree + 3), 5) for node, degree in graph.in_degree()}
    assert layered(graph, sizes) == layered(graph.copy(), dict(reversed(sizes.items())))


def test_both_edges_of_x_times_x_arrive_side_by_side():
    graph = nx.MultiDiGraph([(0, 1, 0), (0, 1, 1)])
    placed = layered(graph, {0: Size(15, 4), 1: Size(15, 5)})
    first, second = placed.routes[0], placed.routes[1]
    assert first[0] == second[0], "one trunk"
    assert first[-1] != second[-1], "two ports"


def test_one_value_used_twice_shares_its_trunk():
    """The wires of one value part as late as they can: the long one does not start anew."""
    graph = nx.MultiDiGraph([(0, 1, 0), (1, 2, 1), (0, 2, 2)])
    sizes = {0: Size(15, 4), 1: Size(15, 5), 2: Size(15, 5)}
    placed = layered(graph, sizes)
    assert placed.routes[0][:2] == placed.routes[2][:2]


def test_a_chain_is_one_straight_line():
    graph = nx.MultiDiGraph([(n, n + 1, n) for n in range(6)])
    placed = layered(graph, {n: Size(15 + 2 * (n % 3), 5) for n in graph})
    assert all(len(path) == 2 for path in placed.routes.values())
    assert len({path[0][0] for path in placed.routes.values()}) == 1


def test_a_room_that_is_asked_for_is_kept_free():
    """Textbook notation writes numbers on wires: the cells for them hold nothing but that wire."""
    graph = nx.MultiDiGraph([(0, 2, 0), (1, 2, 1), (0, 3, 2), (3, 2, 3)])
    sizes = {
        0: Size(4, 3, room_out=9),
        1: Size(4, 3, room_out=9),
        2: Size(5, 11, (1, 5, 9), room_in=7),
        3: Size(5, 3, (1,), room_in=7, room_out=9),
    }
    placed = layered(graph, sizes, "right")
    for path in placed.routes.values():
        x0, x1 = path[0][0], path[-1][0]
        assert path[1][0] >= x0 + 9 + 1 or path[1] == path[-1]
        assert path[-2][0] <= x1 - 7 - 1 or path[-2] == path[0]


def test_nothing_to_draw_is_no_error():
    assert layered(nx.MultiDiGraph(), {}) == Placed("down", {}, {}, {}, 0, 0, 0)


def test_a_cycle_is_refused():
    with pytest.raises(nx.NetworkXUnfeasible):
        layered(nx.MultiDiGraph([(0, 1, 0), (1, 0, 1)]), {0: Size(15, 5), 1: Size(15, 5)})


def test_fifty_nodes_are_laid_out_at_once():
    """A bound that fails when someone makes it quadratic; the figures themselves are in tests/bench."""
    graph = nx.MultiDiGraph()
    graph.add_edges_from((n // 2, n, n) for n in range(1, 50))
    sizes = {n: Size(15, 5) for n in graph}

    def once() -> float:
        start = time.process_time()
        layered(graph, sizes)
        return time.process_time() - start

    assert median(once() for _ in range(5)) < 0.1
