"""Folded pictures: what is drawn, as boxes, bundles and ports, and where each node of the trace is seen."""

import random

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.gpt_scalar import GPT, Config, encode
from models.gpt_scalar import init as gpt_init
from tests.layout.folding_programs import opened, scoped
from tracer.core.record import record
from tracer.core.scope import scope
from tracer.core.value import Value
from tracer.layout.fold import Drawn, Folding, default_folding, draw_graph, stretch_of
from tracer.trace.trace import Trace


@pytest.fixture(scope="module")
def gpt() -> Trace:
    """A step of a GPT with 2 layers, 4 heads and 4 positions; 7,000 nodes."""
    config = Config(n_layer=2, n_embd=4, n_head=4, block_size=5)
    with record() as rec:
        model = GPT(config, gpt_init(config, random.Random(1)))
        model.loss(encode("ann")).backward()
    return rec.trace


def titles(drawn: Drawn, trace: Trace) -> list[str]:
    return [drawn.folds[box].title if box < 0 else trace.label(box) for box in drawn.graph]


@settings(max_examples=12)
@given(st.data())
def test_every_edge_is_drawn_once_as_a_wire_in_a_bundle_or_at_a_port(data):
    """Or it lies inside one box. Where a window leaves boxes out, what it draws is still right."""
    trace = data.draw(scoped())
    folding = Folding(data.draw(opened(trace)))
    drawn = draw_graph(trace, 0, folding=folding)
    kept = dict(drawn.folds)
    drawn_edges: list[int] = []
    for source, user, key in drawn.graph.edges(keys=True):
        assert (key < 0) == (source < 0 or user < 0)
        for edge in drawn.bundles[key].tolist() if key < 0 else [key]:
            drawn_edges.append(edge)
            assert drawn.place(trace.edge(edge).input) == source
            assert drawn.place(trace.edge(edge).user) == user
    for box, ports in drawn.ports.items():
        for port in ports:
            assert port.leaves.tolist() == sorted({trace.edge(int(edge)).input for edge in port.edges})
            assert {drawn.place(trace.edge(int(edge)).user) for edge in port.edges} == {box}
            drawn_edges += port.edges.tolist()
    assert len(drawn_edges) == len(set(drawn_edges))
    if drawn.left_out is not None:
        return
    rest = set(range(trace.n_edges)) - set(drawn_edges)
    for edge in rest:
        source, user = trace.edge(edge).input, trace.edge(edge).user
        assert drawn.place(source) == drawn.place(user)
    assert all(drawn.place(node) in drawn.graph for node in range(trace.n_nodes))
    assert kept.keys() == {box for box in drawn.graph if box < 0}


@settings(max_examples=15)
@given(st.data(), st.integers(1, 12), st.one_of(st.none(), st.integers(0, 3)))
def test_never_more_boxes_than_the_limit_and_the_node_of_interest_is_among_them(data, limit, hops):
    trace = data.draw(scoped(large=False))
    folding = Folding(data.draw(opened(trace)), limit, hops)
    node = data.draw(st.integers(0, trace.n_nodes - 1))
    drawn = draw_graph(trace, node, folding=folding)
    assert 0 < len(drawn.graph) <= limit
    assert drawn.place(node) in drawn.graph
    assert nx.is_directed_acyclic_graph(nx.MultiDiGraph(drawn.graph.edges(keys=True)))
    assert drawn.stretch == stretch_of(trace, node, folding=folding)
    whole = draw_graph(trace, node, folding=Folding(folding.opened, 10_000))
    assert (drawn.left_out is None) == (len(drawn.graph) == len(whole.graph))
    if hops is not None:
        at = drawn.place(node)
        around = nx.MultiGraph(whole.graph.edges(keys=True))
        around.add_nodes_from(whole.graph)
        near = nx.single_source_shortest_path_length(around, at, hops)
        assert set(drawn.graph) <= set(near)
        assert len(drawn.graph) == min(limit, len(near))


@settings(max_examples=12)
@given(st.data())
def test_whatever_hides_a_node_can_be_opened(data):
    """Then an op has a box of its own; a leaf is a port of its user, or has a box where nothing uses it."""
    trace = data.draw(scoped())
    node = data.draw(st.integers(0, trace.n_nodes - 1))
    folding = Folding(data.draw(opened(trace))).opened_to(trace, node)
    drawn = draw_graph(trace, node, folding=folding)
    at = drawn.place(node)
    if not drawn.is_folded:  # no scope was drawn
        assert at in drawn.graph
    elif trace.kind(node) == "op" or not trace.uses(node):
        assert at == node
    else:
        first = trace.edge(trace.uses(node)[0]).user
        assert at == first
        if len(trace.uses(node)) > 1 or trace.kind(node) == "leaf":
            assert any(node in port.leaves for port in drawn.ports[first])


@settings(max_examples=12)
@given(st.data())
def test_what_closes_around_a_box_hides_it(data):
    """One key for each box inside something open: closed, the box is inside another one or gone."""
    trace = data.draw(scoped(large=False))
    folding = Folding(data.draw(opened(trace)), 1_000)
    drawn = draw_graph(trace, 0, folding=folding)
    inside = set().union(*drawn.inside.values()) if drawn.inside else set()
    for box, key in drawn.closes.items():
        assert len(folding.close(key).opened) < len(folding.opened) or any(
            f.kind == "ring" for f in drawn.folds.values()
        )
        assert box in inside or drawn.folds[box].stack == key


def test_a_gpt_is_one_screen_at_first(gpt):
    """The positions as a stack and the loss; what the program never used stands last."""
    drawn = draw_graph(gpt)
    assert titles(drawn, gpt) == [
        "position 0–3 ×4",
        "loss",
        "wte, wpe",
    ]
    assert sum(fold.count for fold in drawn.folds.values()) == gpt.n_nodes - len(np.unique(used_leaves(gpt)))
    assert default_folding(gpt) == Folding()


@pytest.mark.parametrize(("parts", "shown"), [(3, 4), (12, 12), (40, 1)])
def test_a_single_box_is_opened_at_first_unless_that_is_too_much(parts, shown):
    """Everything is in `net`, whose parts say more than one box; of three there is room for the inside of one."""
    names = [f"net.part {chr(97 + i % 26)}{i}" for i in range(parts)]
    with record() as rec:
        v = Value(0.5, name="x")
        for name in names:
            for i in range(320 // parts):
                with scope(f"{name}.{i}" if parts == 3 else name):
                    v = v.tanh()
    drawn = draw_graph(rec.trace)
    assert len(drawn.graph) == shown


def used_leaves(trace: Trace) -> np.ndarray:
    inputs = trace.columns.inputs
    named = [node for node in np.unique(inputs).tolist() if trace.kind(node) == "leaf"]
    return np.array(named)


def test_a_gpt_opens_down_to_single_scalars(gpt):
    key = "position 3.layer 1.attention.head 2.softmax"
    node = int(np.flatnonzero([gpt.scope(n) == key and gpt.op(n) is not None for n in range(gpt.n_nodes)])[0])
    drawn = draw_graph(gpt, node, folding=Folding().opened_to(gpt, node))
    assert drawn.left_out is None
    assert drawn.place(node) == node
    assert [fold.title for fold in drawn.opened] == ["position 3", "layer 1", "attention", "head 2", "softmax"]
    assert {"position 0–2 ×3", "head 0–1 ×2", "head 3", "scores", "mix"} <= set(titles(drawn, gpt))
    assert drawn.closes[node] == key
    assert all(gpt.scope(box) == key for box in drawn.graph if box >= 0)


def test_parameters_are_ports_with_how_much_of_them_a_box_uses(gpt):
    """A matrix is one port of a fold; of a single product it is one element, with its place."""
    weight = int(gpt.find("layer1.attn_wq[3,2]"))
    drawn = draw_graph(gpt, 0, folding=Folding().open("position 3"))
    layer = next(box for box, fold in drawn.folds.items() if fold.key == "position 3.layer 1")
    port = next(port for port in drawn.ports[layer] if port.name == "layer1.attn_wq")
    assert (len(port.leaves), len(port.edges), port.total) == (16, 16, 16)
    assert weight in port.leaves
    users = [gpt.edge(edge).user for edge in gpt.uses(weight)]
    at_work = users[-1]
    folding = default_folding(gpt).opened_to(gpt, weight, at_work)
    drawn = draw_graph(gpt, at_work, folding=folding)
    assert drawn.place(weight, at_work) == at_work
    assert [port.name for port in drawn.ports[at_work]] == ["layer1.attn_wq[3,2]"]
    assert draw_graph(gpt, weight, folding=default_folding(gpt).opened_to(gpt, weight)).place(weight) == users[0]


def test_weights_from_before_the_recording_are_ports_too():
    """They have the scope of their first use, where a box would hand them on to all others."""
    w = Value(2.0, name="w")
    with record() as rec:
        v = w * 1.0
        for i in range(200):
            with scope(f"step {i}"):
                v = v * w
                v = v + 1.0
        assert v.data
    folding = Folding().open("step 0–199")
    drawn = draw_graph(rec.trace, 0, folding=folding)
    assert sum(any(port.name == "w" for port in ports) for ports in drawn.ports.values()) == 201
    assert set(map(drawn.graph.in_degree, drawn.graph)) == {0, 1}


def test_one_repeat_that_is_open_leaves_the_others_stacked(gpt):
    found = titles(draw_graph(gpt, 0, folding=Folding().open("position 1")), gpt)
    assert found[0] == "position 0"
    assert "position 2–3 ×2" in found
    opened_stack = Folding().open("position 0–3")
    assert [name for name in titles(draw_graph(gpt, 0, folding=opened_stack), gpt) if "position" in name] == [
        "position 0",
        "position 1",
        "position 2",
        "position 3",
    ]
    drawn = draw_graph(gpt, 0, folding=opened_stack)
    assert set(drawn.closes.values()) == {"position 0–3"}
    assert opened_stack.open("position 1").close("position 0–3") == Folding()


def test_a_small_trace_is_drawn_as_ever_and_folds_when_asked():
    """Six nodes need no ports: a leaf outside of what is closed stays a box."""
    with record() as rec:
        x = Value(3.0, name="x")
        with scope("part"):
            y = (x + 2.0) * (x - 1.0)
        assert y.data
    trace = rec.trace
    assert list(draw_graph(trace).graph) == [0, 2, 4, 5]
    assert default_folding(trace).opened == {"part"}
    same = draw_graph(trace, 0, folding=default_folding(trace))
    assert set(same.graph.edges(keys=True)) == set(draw_graph(trace).graph.edges(keys=True))
    closed = draw_graph(trace, 0, folding=default_folding(trace).close("part"))
    assert titles(closed, trace) == ["x", "part"]
    assert [len(edges) for edges in closed.bundles.values()] == [2]


def test_what_is_not_used_is_no_reason_to_fold():
    """Without scopes a large trace is seen through windows, as ever."""
    with record() as rec:
        unused = [Value(0.0, name=f"u[{i}]") for i in range(3)]
        v = Value(1.0, name="x")
        for _ in range(400):
            v = v.tanh()
        assert unused
    drawn = draw_graph(rec.trace, 200)
    assert not drawn.is_folded
    assert drawn.left_out is not None
    near = draw_graph(rec.trace, 200, folding=Folding(hops=2))
    assert sorted(near.graph) == [198, 199, 200, 201, 202]


def test_a_window_keeps_still_while_the_walk_stays_in_its_stretch(gpt):
    """Everything open is far more than a screen: neighbours of one stretch see the same picture."""
    folding = Folding(default_folding(gpt).opened | {"position 1", "position 1.layer 0", "position 1.layer 0.mlp"}, 60)
    folding = folding.open("position 1.layer 0.mlp.fc1")
    nodes = [n for n in range(gpt.n_nodes) if gpt.scope(n) == "position 1.layer 0.mlp.fc1" and gpt.op(n)]
    every = len(draw_graph(gpt, 0, folding=Folding(folding.opened, 9_999)).graph)
    seen = {}
    for node in nodes[::3]:
        drawn = draw_graph(gpt, node, folding=folding)
        assert len(drawn.graph) <= 60
        assert drawn.left_out is not None
        assert f"of {every:,} boxes" in drawn.left_out.en
        assert "箱" in drawn.left_out.ja
        assert list(drawn.graph) == seen.setdefault(drawn.stretch, list(drawn.graph))
    assert 2 <= len(seen) <= len(nodes) // 10
