"""Where things come to lie: read back from Graphviz's layout and from the finished SVG."""

from __future__ import annotations

import re

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.export.scenes import of_graph, product
from tracer.export.dot import to_dot
from tracer.export.draw import Page
from tracer.export.image import finish_svg, words
from tracer.export.render import Paper, layout_of, render
from tracer.export.style import Style
from tracer.scene.scene import Scene

UPWARDS = Page(0, 0, 1, (0, 0))
"""Puts texts where Graphviz has them, with the y axis turned over."""


@st.composite
def graphs(draw: st.DrawFn) -> nx.MultiDiGraph[int]:
    """Connected or not, with repeated edges: any recorded graph of up to 9 nodes."""
    size = draw(st.integers(2, 9))
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
    graph.add_nodes_from(range(size))
    for user in range(1, size):
        for input in draw(st.lists(st.integers(0, user - 1), max_size=3)):
            graph.add_edge(input, user)
    return graph


def check(scene: Scene) -> None:
    """Each wire's value lies above the point where the wire enters its label, its gradient below, both beside it."""
    layout = layout_of(to_dot(scene, Style(unit=4)))
    names = {thing["_gvid"]: thing["name"] for thing in layout["objects"]}
    entry, leave = {}, {}
    for edge in layout["edges"]:
        tail, head = names[edge["tail"]], names[edge["head"]]
        line = next(step["points"] for step in edge["_draw_"] if step["op"] == "b")
        if head[0] in "er":
            entry[head] = line[-1]
        if tail[0] in "er":
            leave[tail] = line[0]
    texts = words(layout, UPWARDS)
    wires = [wire for wire in scene.wires if wire.edge is not None]
    assert len(wires) <= len(entry)
    for wire in wires:
        (x0, y0), (x1, y1) = entry[f"e{wire.edge}"], leave[f"e{wire.edge}"]
        assert abs(y0 - y1) < 0.01, "the wire leaves its label at the height at which it entered"
        value, grad, *product = [text for text in texts if text.owner == f"e{wire.edge}"]
        assert [text.text for text in product] == ([wire.label] if wire.label else [])
        assert (value.text.split(" = ")[-1], grad.text) == (wire.value, wire.grad)
        assert -value.y > y0, "the value stands on the line: its base line is above it"
        assert -grad.y + 0.6 * grad.size < y0, "the gradient hangs below the line, with its whole height"
        for text in (value, grad, *product):
            assert x0 - 1 <= text.x + text.width / 2 <= x1 + 1, "and both are beside their own wire"


@pytest.mark.parametrize("midway", [False, True])
def test_values_are_above_and_gradients_below_their_lines(midway: bool) -> None:
    check(product("textbook", midway=midway))


@settings(max_examples=15, deadline=None)
@given(graphs())
def test_values_are_above_and_gradients_below_in_any_graph(graph: nx.MultiDiGraph[int]) -> None:
    if graph.number_of_edges():
        check(of_graph(graph, "textbook"))


@pytest.mark.deep
@settings(max_examples=500, deadline=None)
@given(graphs())
def test_values_are_above_and_gradients_below_in_hundreds_of_graphs(graph: nx.MultiDiGraph[int]) -> None:
    if graph.number_of_edges():
        check(of_graph(graph, "textbook"))


def test_the_positions_check_fails_when_value_and_gradient_change_places() -> None:
    """So a green run above means something."""
    scene = product("textbook")
    dot = to_dot(scene, Style(unit=4))
    swapped = Scene(
        "textbook",
        scene.boxes,
        tuple(type(w)(w.edge, w.input, w.user, w.points, value=w.grad, grad=w.value) for w in scene.wires),
        9,
        9,
    )
    assert to_dot(swapped, Style(unit=4)) != dot
    layout = layout_of(to_dot(swapped, Style(unit=4)))
    value, grad = [text for text in words(layout, UPWARDS) if text.owner == "e2"]
    assert value.text.endswith("2")
    assert grad.text == "5"


def test_the_text_of_the_svg_lies_above_and_below_as_well() -> None:
    """The invisible text layer of the file, by the ids of the scene's edges."""
    drawn = render(to_dot(product("textbook"), Style(unit=4)), "svg", Paper(scale=0.25), magnify=4)
    svg = finish_svg(drawn.data, drawn.layout, drawn.own_page, size=("10mm", "5mm"), title="").decode()
    found: dict[str, list[tuple[float, str]]] = {}
    for owner, y, text in re.findall(r'<text class="(e\d+)"[^>]* y="([\d.]+)"[^>]*>([^<]*)</text>', svg):
        found.setdefault(owner, []).append((float(y), text))
    assert {owner: [text for _, text in sorted(rows)] for owner, rows in found.items()} == {
        "e0": ["3", "2"],
        "e1": ["3", "5"],
        "e2": ["a = 5", "2"],
        "e3": ["b = 2", "5"],
    }


def test_operands_keep_their_order_from_top_to_bottom() -> None:
    """In a − b the wire of a comes in above the wire of b."""
    layout = layout_of(to_dot(product("textbook"), Style()))
    height = {thing["name"]: float(thing["pos"].split(",")[1]) for thing in layout["objects"]}
    assert height["e2"] > height["e3"]
