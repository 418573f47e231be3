"""A small picture of a graph: what depends on what, no numbers. For a list's preview, where space is short."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len

from tracer.layout.fold import draw_graph
from tracer.layout.layered import Direction, Size, Spacing, layered
from tracer.scene.notation import Notation, Shape, title
from tracer.scene.scene import Box, Scene, Wire
from tracer.text import clean
from tracer.trace.trace import Trace

MOST = 60
"""Nodes an outline shows; more of them would tell nothing at this size."""
TIGHT = Spacing(boxes=2, beside=1)


def outline(trace: Trace, width: int, height: int) -> Scene:
    """The most telling outline that fits `width` x `height` cells; if none does, the smallest."""
    found = list[Scene]()
    for scene in _candidates(trace):
        if scene.width <= width and scene.height <= height:
            return scene
        found.append(scene)
    return min(found, key=lambda scene: max(scene.width / max(width, 1), scene.height / max(height, 1)))


def _candidates(trace: Trace) -> Iterator[Scene]:
    """Formulas from top to bottom, then from left to right, then operators alone."""
    yield _outline(trace, "boxes", "down")
    yield _outline(trace, "boxes", "right")
    yield _outline(trace, "textbook", "right")
    yield _outline(trace, "textbook", "down")


def _outline(trace: Trace, notation: Notation, direction: Direction) -> Scene:
    drawn = draw_graph(trace, None, MOST)
    graph = drawn.graph
    titles = {node: title(trace, node, notation) if node >= 0 else clean(drawn.folds[node].title) for node in graph}
    shapes: dict[int, Shape] = {
        node: "plain" if node >= 0 and direction == "right" and trace.op(node) is None else "circle" for node in graph
    }
    sizes = {}
    for node in graph:
        words, ports = cell_len(titles[node]), graph.in_degree(node) + 2
        if shapes[node] == "plain":
            sizes[node] = Size(words + 2, 1)
        elif direction == "down":
            sizes[node] = Size(_odd(max(words + 4, ports)), 3)
        else:
            sizes[node] = Size(words + 4, _odd(max(3, ports)))
    placed = layered(graph, sizes, direction, TIGHT)
    boxes = tuple(
        Box(node, *placed.at[node], sizes[node].width, sizes[node].height, shapes[node], titles[node], "", "")
        for node in graph
    )
    wires = tuple(Wire(edge, a, b, placed.routes[edge]) for a, b, edge in graph.edges(keys=True))
    return Scene("boxes", boxes, wires, placed.width, placed.height, left_out=drawn.left_out)


def _odd(number: int) -> int:
    """The next odd number: a side with a middle."""
    return number | 1
