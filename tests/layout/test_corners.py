"""A large picture's wires are written down when they are asked for."""

from __future__ import annotations

from tests.layout.shapes import SHAPES, sizes_of
from tracer.layout.corners import Corners
from tracer.layout.layered import layered


def test_the_wires_are_traced_once_and_not_before_one_is_asked_for():
    asked = []

    def trace():
        asked.append("all")
        return {"a": ((0, 0), (0, 5)), "b": ((3, 0), (3, 5))}

    corners = Corners(trace)
    assert not asked
    assert corners["b"] == ((3, 0), (3, 5))
    assert "a" in corners
    assert "c" not in corners
    assert dict(corners) == trace()
    assert len(corners) == 2
    assert len(asked) == 2, "once by the corners, once by the line above"


def test_they_are_those_of_the_layout_whenever_they_are_read():
    """Of a picture laid out twice, one read at once and one at the end."""
    graph = SHAPES["tangle"](700)
    first, second = layered(graph, sizes_of(graph)), layered(graph, sizes_of(graph))
    early = dict(first.routes)
    assert set(early) == {key for _, _, key in graph.edges(keys=True)}
    assert second == first
    assert dict(second.routes) == early
