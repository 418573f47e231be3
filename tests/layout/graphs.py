"""Random graphs, and what must hold of any layout of one."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import networkx as nx
from hypothesis import strategies as st

from tracer.layout.layered import Direction, Placed, Size

UPRIGHT, LEVEL = frozenset("NS"), frozenset("EW")


@st.composite
def dags(draw: st.DrawFn, max_nodes: int = 14, max_edges: int = 30) -> nx.MultiDiGraph[int]:
    """Acyclic graphs with parallel edges, several inputs, lonely nodes; node numbers are in no particular order."""
    count = draw(st.integers(1, max_nodes))
    names = draw(st.permutations(range(count)))
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
    graph.add_nodes_from(sorted(names))
    if count > 1:
        ends = st.lists(st.integers(0, count - 1), min_size=2, max_size=2, unique=True).map(sorted)
        for edge, (a, b) in enumerate(draw(st.lists(ends, max_size=max_edges))):
            graph.add_edge(names[a], names[b], key=edge)
    return graph


@st.composite
def sized_dags(draw: st.DrawFn, max_nodes: int = 14) -> tuple[nx.MultiDiGraph[int], dict[int, Size], Direction]:
    """A graph with boxes as wide as the app draws them, or as high as textbook notation does, and its direction."""
    graph = draw(dags(max_nodes))
    direction: Direction = draw(st.sampled_from(["down", "right"]))
    sizes = {}
    for node in graph:
        count = graph.in_degree(node)
        if direction == "down":
            width = max(15 + 4 * draw(st.integers(0, 3)), 2 * count + 3)
            sizes[node] = Size(width, draw(st.sampled_from([4, 5])))
        else:
            pitch = draw(st.sampled_from([2, 4]))
            ports = tuple(1 + pitch * i for i in range(count))
            height = 3 + pitch * max(count - 1, 0)
            width, room = draw(st.integers(3, 9)), draw(st.integers(1, 8))
            sizes[node] = Size(width, height, ports, room_in=room, room_out=room)
    return graph, sizes, direction


def arms_of(placed: Placed, graph: nx.MultiDiGraph[int]) -> dict[tuple[int, int], dict[int, set[str]]]:
    """Cell -> net (its source node) -> which of its four sides the net's wires leave by."""
    cells: dict[tuple[int, int], dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for source, _, edge in graph.edges(keys=True):
        corners = placed.routes[edge]
        for (x0, y0), (x1, y1) in pairwise(corners):
            assert (x0 == x1) != (y0 == y1), "every piece is upright or level"
            if x0 == x1:
                low, high, back, ahead = min(y0, y1), max(y0, y1), "N", "S"
                path = [(x0, y) for y in range(low, high + 1)]
            else:
                low, high, back, ahead = min(x0, x1), max(x0, x1), "W", "E"
                path = [(x, y0) for x in range(low, high + 1)]
            for place, cell in enumerate(path):
                cells[cell][source] |= ({back} if place else set()) | ({ahead} if place < high - low else set())
    return cells


def boxes_of(placed: Placed, sizes: dict[int, Size]) -> dict[tuple[int, int], int]:
    """Cell -> the node whose box covers it; fails where two boxes overlap."""
    owner: dict[tuple[int, int], int] = {}
    for node, (left, top) in placed.at.items():
        for x in range(left, left + sizes[node].width):
            for y in range(top, top + sizes[node].height):
                assert (x, y) not in owner, "boxes do not overlap"
                owner[x, y] = node
    return owner


def hold_to_the_rules(placed: Placed, graph: nx.MultiDiGraph[int], sizes: dict[int, Size]) -> None:
    """Nothing overlaps, wires only cross, ends are where they belong, all is inside the picture."""
    owner = boxes_of(placed, sizes)
    cells = arms_of(placed, graph)
    for cell in [*owner, *cells]:
        assert 0 <= cell[0] < placed.width
        assert 0 <= cell[1] < placed.height
    ends = {end for path in placed.routes.values() for end in (path[0], path[-1])}
    for cell, nets in cells.items():
        assert len(nets) <= 2
        if len(nets) == 2:
            assert set(map(frozenset, nets.values())) == {UPRIGHT, LEVEL}, "two nets share a cell only to cross"
        assert cell not in owner or cell in ends, "no wire runs through a box"
    ports = []
    for source, user, edge in graph.edges(keys=True):
        path = placed.routes[edge]
        assert owner[path[0]] == source
        assert owner[path[-1]] == user
        assert path[0] == placed.out_ports[source]
        ports.append(path[-1])
    assert len(set(ports)) == len(ports), "each edge arrives at a port of its own"
