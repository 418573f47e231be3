"""Large pictures followed cell by cell, in every shape: hundreds of nodes here, thousands in the long run."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.layout.shapes import SHAPES, scene_of
from tests.scene.follow import edges_drawn
from tracer.scene.canvas import draw
from tracer.scene.scene import NOTATIONS, Notation


@pytest.mark.parametrize("shape", [name for name in SHAPES if name != "layers"])
def test_a_hundred_nodes_of_each_shape(shape: str):
    graph = SHAPES[shape](100)
    scene = scene_of(graph)
    assert edges_drawn(draw(scene).lines(), scene) == Counter((a, b) for a, b in graph.edges())


@pytest.mark.deep
@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("count", [500, 2000, 5000])
@pytest.mark.parametrize("shape", SHAPES)
def test_thousands_of_nodes_of_each_shape(shape: str, count: int, notation: Notation):
    """Also where fewer sweeps are made: no edge is missing, none is false, no two nets share a cell but to cross."""
    graph = SHAPES[shape](count)
    scene = scene_of(graph, notation)
    scene = scene if scene.width * scene.height < 12e6 else scene_of(SHAPES[shape](count // 4), notation)
    edges = Counter((wire.input, wire.user) for wire in scene.wires)
    assert edges_drawn(draw(scene).lines(), scene) == edges
