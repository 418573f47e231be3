"""Large graphs are laid out in arrays: held to the same rules, on graphs small enough to try many."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import HealthCheck, given, settings

from tests.layout.graphs import hold_to_the_rules, sized_dags
from tests.layout.shapes import SHAPES, sizes_of
from tests.layout.test_frames import framed_dags
from tracer.layout import arrivals, layered, tracks
from tracer.layout.frames import framed
from tracer.layout.large import LargeLayout
from tracer.layout.layered import SPACING, Size
from tracer.layout.order import EXCHANGE_LIMIT
from tracer.layout.pieces import at_once
from tracer.layout.ranks import numbered_ranks
from tracer.layout.reading import read
from tracer.layout.small import SmallLayout

same_patch_for_all = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def in_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every graph counts as large, and so does every channel."""
    monkeypatch.setattr(layered, "EXCHANGE_LIMIT", 0)
    monkeypatch.setattr(tracks, "FEWEST", 1)


@same_patch_for_all
@given(sized_dags())
def test_boxes_keep_apart_and_wires_only_cross(in_arrays, drawn):
    graph, sizes, direction = drawn
    hold_to_the_rules(layered.layered(graph, sizes, direction), graph, sizes)


@same_patch_for_all
@given(framed_dags())
def test_frames_hold_too(in_arrays, drawn):
    graph, sizes, direction, frames = drawn
    placed, _ = framed(graph, sizes, direction, frames)
    hold_to_the_rules(placed, graph, sizes)


@same_patch_for_all
@given(sized_dags())
def test_ports_settled_node_by_node_obey_the_rules_too(in_arrays, drawn):
    """As those of nodes with very many inputs are."""
    graph, sizes, direction = drawn
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(arrivals, "SEVERAL", 0)
        alone = layered.layered(graph, sizes, direction)
    hold_to_the_rules(alone, graph, sizes)
    assert alone == layered.layered(graph, sizes, direction), "it is one rule"


@same_patch_for_all
@given(sized_dags())
def test_channels_routed_one_by_one_give_the_same_picture(in_arrays, drawn):
    """As those with a ring of constraints are."""
    graph, sizes, direction = drawn
    together = layered.layered(graph, sizes, direction)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tracks, "FEWEST", 1 << 30)
        assert layered.layered(graph, sizes, direction) == together


@pytest.mark.parametrize("shape", ["perceptron", "layers", "tangle"])
def test_ranks_are_in_the_order_that_is_found_thing_by_thing(shape):
    """Above the size up to which neighbours are exchanged, to the last thing; so no picture has more crossings."""
    graph = SHAPES[shape](700)
    sizes, found = sizes_of(graph), read(graph)
    rank = numbered_ranks(found.targets)
    assert len(rank) > EXCHANGE_LIMIT
    extents = [sizes[node] for node in found.nodes]
    reach = found.reach(rank)
    large = LargeLayout(found, rank, reach, extents, "down", SPACING["down"])
    small = SmallLayout(found, list(rank), reach, extents, "down", SPACING["down"])
    at_once(large.laid())
    at_once(small.laid())
    assert [thing for row in small.rows for thing in row] == large.rows.thing.tolist()
    assert small.crossings == large.crossings


@pytest.mark.parametrize("shape", ["tree", "layers", "tangle"])
def test_a_large_picture_is_no_larger_than_thing_by_thing(shape, monkeypatch):
    """Places are fitted in other steps, so they may differ, but not for the worse: by 5 % in either direction."""
    graph = SHAPES[shape](700)
    sizes = sizes_of(graph)
    large = layered.layered(graph, sizes)
    monkeypatch.setattr(layered, "EXCHANGE_LIMIT", 1 << 30)
    small = layered.layered(graph, sizes)
    assert large.height <= 1.05 * small.height
    assert large.width <= 1.05 * small.width


@pytest.mark.deep
@pytest.mark.parametrize("count", [300, 1500, 5000])
@pytest.mark.parametrize("shape", SHAPES)
def test_large_shapes_hold_cell_by_cell(shape, count):
    graph = SHAPES[shape](count)
    for direction, notation in (("down", "boxes"), ("right", "textbook")):
        sizes = sizes_of(graph, notation)
        hold_to_the_rules(layered.layered(graph, sizes, direction), graph, sizes)


def test_a_sum_of_a_thousand_has_a_port_for_each():
    graph = nx.MultiDiGraph([(node, 1000, node) for node in range(1000)])
    sizes = {node: Size(15, 4) for node in range(1000)} | {1000: Size(2003, 5)}
    placed = layered.layered(graph, sizes)
    assert len({path[-1] for path in placed.routes.values()}) == 1000
    assert placed.crossings == 0
