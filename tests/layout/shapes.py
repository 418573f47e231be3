"""Graphs of every size in the shapes that programs make: what layouts are timed on, and held to their cells on."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

import networkx as nx

from tracer.layout.layered import Size
from tracer.scene.picture import Box, Scene, Wire
from tracer.scene.scene import Notation

Graph = nx.MultiDiGraph


class _Growing:
    """A graph under way: nodes in the order of their making, edges numbered."""

    def __init__(self) -> None:
        self.graph: Graph[int] = Graph()
        self._edges = 0

    def node(self, *inputs: int) -> int:
        node = len(self.graph)
        self.graph.add_node(node)
        for source in inputs:
            self.graph.add_edge(source, node, key=self._edges)
            self._edges += 1
        return node


def chain(count: int) -> Graph[int]:
    """Each uses the one before."""
    growing = _Growing()
    growing.node()
    for node in range(1, count):
        growing.node(node - 1)
    return growing.graph


def tree(count: int) -> Graph[int]:
    """Pairs are added up, then pairs of sums: as wide as it can be."""
    growing = _Growing()
    waiting = [growing.node() for _ in range((count + 1) // 2)]
    while len(waiting) > 1:
        pairs = [waiting[i : i + 2] for i in range(0, len(waiting), 2)]
        waiting = [growing.node(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return growing.graph


def tangle(count: int, reach: int = 40, seed: int = 1) -> Graph[int]:
    """Each uses any two of the last 40: wires reach far."""
    rng = random.Random(seed)
    growing = _Growing()
    for node in range(count):
        growing.node(*(rng.randrange(max(0, node - reach), node) for _ in range(2 if node >= 4 else 0)))
    return growing.graph


def layers(count: int, width: int = 20, uses: int = 3, seed: int = 1) -> Graph[int]:
    """Rows of 20 in which each uses three of the row before, one in five of a row further up: much fan-out."""
    rng = random.Random(seed)
    growing = _Growing()
    for node in range(count):
        row = node // width
        above = [
            row - 1 if rng.random() < 0.8 else rng.randrange(max(0, row - 6), row) for _ in range(uses if row else 0)
        ]
        growing.node(*(up * width + rng.randrange(width) for up in above))
    return growing.graph


def perceptron(count: int) -> Graph[int]:
    """Neurons as a user writes them: products with weights of their own, added up one by one."""
    growing = _Growing()
    width = max(2, int((count / 12) ** 0.5))
    row = [growing.node() for _ in range(width)]
    while len(growing.graph) < count:
        outs: list[int] = []
        while len(outs) < width and len(growing.graph) < count:
            total = growing.node()
            for x in row:
                total = growing.node(total, growing.node(growing.node(), x))
            outs.append(growing.node(total))
        row = outs
    return growing.graph


SHAPES: Mapping[str, Callable[[int], Graph[int]]] = {
    "chain": chain,
    "tree": tree,
    "perceptron": perceptron,
    "layers": layers,
    "tangle": tangle,
}


def sizes_of(graph: Graph[int], notation: Notation = "boxes") -> dict[int, Size]:
    """Boxes as the app draws them: as wide as their numbers and ports need, or as high."""
    if notation == "boxes":
        return {node: Size(max(15, 2 * count + 3), 5 if count else 4) for node, count in graph.in_degree()}
    return {
        node: Size(7, max(3, 2 * count + 1), tuple(1 + 2 * port for port in range(count)), room_in=4, room_out=8)
        for node, count in graph.in_degree()
    }


def scene_of(graph: Graph[int], notation: Notation = "boxes") -> Scene:
    """The graph as a scene without numbers, laid out."""
    from tracer.layout.layered import layered

    sizes = sizes_of(graph, notation)
    placed = layered(graph, sizes, "down" if notation == "boxes" else "right")
    shape = "box" if notation == "boxes" else "circle"
    boxes = tuple(
        Box(node, *placed.at[node], sizes[node].width, sizes[node].height, shape, "v", "", "")  # type: ignore[arg-type]
        for node in graph
    )
    wires = tuple(Wire(key, a, b, placed.routes[key]) for a, b, key in graph.edges(keys=True))
    return Scene(notation, boxes, wires, placed.width, placed.height)
