"""Frames: what belongs together stands together, in any graph, one frame in another or beside it."""

from __future__ import annotations

import itertools

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from tests.layout.graphs import hold_to_the_rules, sized_dags
from tracer.layout.frames import BESIDE_TITLE, Frame, Rect, framed
from tracer.layout.layered import Direction, Size, layered

Drawn = tuple[nx.MultiDiGraph, dict[int, Size], Direction, list[Frame]]


@st.composite
def framed_dags(draw: st.DrawFn) -> Drawn:
    """Graphs with frames around stretches of them, as unfolding makes them: only a stretch's last node has users."""
    graph, sizes, direction = draw(sized_dags())
    order = list(nx.topological_sort(graph))
    spans: list[tuple[int, int]] = []
    for _ in range(draw(st.integers(1, 4))):
        low = draw(st.integers(0, len(order) - 1))
        high = draw(st.integers(low, len(order) - 1))
        if all(high < a or low > b or (a <= low and high <= b) or (low <= a and b <= high) for a, b in spans):
            spans.append((low, high))
    place = {node: i for i, node in enumerate(order)}
    for low, high in spans:
        for source, user, key in list(graph.edges(keys=True)):
            if low <= place[source] < high < place[user]:
                graph.remove_edge(source, user, key=key)
    if direction == "right":  # each input has a port
        for node in graph:
            size = sizes[node]
            sizes[node] = Size(size.width, size.height, size.in_ports[: graph.in_degree(node)], size.room_in)
    frames = [Frame(frozenset(order[low : high + 1]), draw(st.integers(0, 30))) for low, high in spans]
    return graph, sizes, direction, frames


def inside(outer: Rect, x: int, y: int, width: int = 1, height: int = 1) -> bool:
    """Whether cells are behind the border of a frame."""
    return outer.x < x and outer.y < y and x + width < outer.x + outer.width and y + height < outer.y + outer.height


def apart(one: Rect, x: int, y: int, width: int, height: int) -> bool:
    return x + width <= one.x or y + height <= one.y or one.x + one.width <= x or one.y + one.height <= y


@given(framed_dags())
def test_boxes_keep_apart_and_wires_only_cross(drawn: Drawn) -> None:
    graph, sizes, direction, frames = drawn
    placed, _ = framed(graph, sizes, direction, frames)
    hold_to_the_rules(placed, graph, sizes)


@given(framed_dags())
def test_a_frame_holds_its_own_nodes_and_no_others(drawn: Drawn) -> None:
    graph, sizes, direction, frames = drawn
    placed, rects = framed(graph, sizes, direction, frames)
    for frame, rect in zip(frames, rects, strict=True):
        assert rect.width >= frame.title + BESIDE_TITLE
        assert rect.x >= 0 <= rect.y
        assert rect.x + rect.width <= placed.width
        assert rect.y + rect.height <= placed.height
        for node in graph:
            cells = (*placed.at[node], sizes[node].width, sizes[node].height)
            assert inside(rect, *cells) if node in frame.nodes else apart(rect, *cells)
    for i, (frame, rect) in enumerate(zip(frames, rects, strict=True)):
        for other, beside in list(zip(frames, rects, strict=True))[i + 1 :]:
            if other.nodes <= frame.nodes:
                assert inside(rect, *beside)
            elif frame.nodes < other.nodes:
                assert inside(beside, *rect)
            else:
                assert apart(rect, *beside)


@given(framed_dags())
def test_wires_meet_a_border_only_to_go_through_it_once_on_the_right_side(drawn: Drawn) -> None:
    """What nobody inside uses does not come in; what comes in comes from above (or from the left)."""
    graph, sizes, direction, frames = drawn
    placed, rects = framed(graph, sizes, direction, frames)
    for source, user, key in graph.edges(keys=True):
        path = placed.routes[key]
        cells = {
            (x, y)
            for (x0, y0), (x1, y1) in itertools.pairwise(path)
            for x in range(min(x0, x1), max(x0, x1) + 1)
            for y in range(min(y0, y1), max(y0, y1) + 1)
        }
        for frame, rect in zip(frames, rects, strict=True):
            met = [(x, y) for x, y in cells if not apart(rect, x, y, 1, 1) and not inside(rect, x, y)]
            enters, leaves = user in frame.nodes, source in frame.nodes
            assert len(met) == (enters != leaves)
            for x, y in met:
                near, far = (y - rect.y, rect.height) if direction == "down" else (x - rect.x, rect.width)
                assert near == (0 if enters else far - 1)


@given(sized_dags())
def test_without_frames_it_is_the_plain_layout(drawn: tuple[nx.MultiDiGraph, dict[int, Size], Direction]) -> None:
    graph, sizes, direction = drawn
    assert framed(graph, sizes, direction, []) == (layered(graph, sizes, direction), ())
