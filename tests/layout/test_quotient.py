"""The boxes of a folded trace: nothing is lost, nothing is there twice, and no cycle is left."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.layout.folding_programs import opened, scoped
from tracer.core.record import record
from tracer.core.scope import scope
from tracer.core.value import Value
from tracer.layout.fold import Folding, draw_graph
from tracer.layout.folding import RING
from tracer.layout.groups import groups_of
from tracer.layout.quotient import Quotient, quotient
from tracer.trace.trace import Trace


def quotient_of(trace: Trace, keys: frozenset[str], ports: bool = True) -> Quotient:
    return quotient(groups_of(trace), keys, trace.columns.inputs, ports=ports)


def record_chain(*names: str) -> Trace:
    """v = tanh(v) in one scope after the other."""
    with record() as rec:
        v = Value(0.5, name="x")
        for name in names:
            with scope(name):
                v = v.tanh()
    return rec.trace


@given(st.data())
def test_every_node_has_one_place_and_every_edge_one_way(data):
    """Each node lies in one box or is a leaf whose every use is a port; each edge between boxes is kept once."""
    trace = data.draw(scoped(large=False))
    made = quotient_of(trace, data.draw(opened(trace)))
    groups = groups_of(trace)
    alive = set(made.alive.tolist())
    kept = set(made.edges.tolist())
    assert len(kept) == len(made.edges)
    assert len(alive) == len(made.alive)
    for node in range(trace.n_nodes):
        at = int(made.box[node])
        assert at in alive or (at < 0 and trace.kind(node) != "op" and trace.uses(node))
        assert at >= 0 or groups.group[node] in made.open_groups
    for edge in trace.edges:
        source, user = int(made.box[edge.input]), int(made.box[edge.user])
        assert (edge.id in kept) == (source >= 0 and source != user)
    assert set(made.source.tolist()) | set(made.target.tolist()) <= alive


@given(st.data())
def test_no_cycle_is_left_and_a_ring_has_no_smaller_cure(data):
    """The boxes are in order; what is in one ring was on one cycle before."""
    trace = data.draw(scoped(large=False))
    made = quotient_of(trace, data.draw(opened(trace)))
    graph = nx.DiGraph(zip(made.source.tolist(), made.target.tolist(), strict=True))
    assert nx.is_directed_acyclic_graph(graph)
    for members in made.rings.values():
        assert len(members) > 1
        assert min(members) < len(made.parts)


@given(st.data())
def test_the_partition_is_that_of_the_outermost_closed_groups(data):
    """Worked out naively, by walking up from each node, the same nodes are together; rings only join such boxes."""
    trace = data.draw(scoped(large=False))
    keys = frozenset(key for key in data.draw(opened(trace)) if not key.startswith(RING))
    groups, made = groups_of(trace), quotient_of(trace, keys)
    if made.rings or any(at in groups.stacks for at, key in enumerate(groups.keys) if key not in keys):
        return
    for node in range(trace.n_nodes):
        chain = []
        group = int(groups.group[node])
        while group:
            chain.append(group)
            group = groups.parent[group]
        closed = [at for at in chain if groups.keys[at] not in keys]
        if closed:
            assert made.parts[made.box[node]].group == closed[-1]
        elif trace.kind(node) == "op":
            assert made.ids[made.box[node]] == node


@settings(max_examples=12)
@given(st.data())
def test_ids_and_keys_stay_whatever_else_is_open(data):
    """Two foldings of one trace, and of a second recording of it: one id is one key and one set of nodes."""
    trace = data.draw(scoped())
    seen: dict[int, tuple[str, str, tuple[int, ...]]] = {}
    by_key: dict[str, int] = {}
    for _ in range(3):
        drawn = draw_graph(trace, 0, folding=Folding(data.draw(opened(trace))))
        for fold in drawn.folds.values():
            if fold.kind != "ring":
                what = (fold.kind, fold.key, tuple(fold.nodes.tolist()))
                assert seen.setdefault(fold.id, what) == what
                assert by_key.setdefault(fold.key, fold.id) == fold.id
            assert fold.count == len(fold.nodes)
            assert fold.id < 0


@settings(max_examples=12)
@given(st.data())
def test_opening_step_by_step_gives_the_same_as_opening_at_once(data):
    """What was open before leaves no mark: pictures depend on what is open now."""
    trace = data.draw(scoped())
    keys = sorted(data.draw(opened(trace)))
    folding = Folding()
    for key in data.draw(st.permutations(keys)):
        folding = folding.open(key)
        draw_graph(trace, 0, folding=folding)
        if data.draw(st.booleans()):
            folding = folding.close(key)
            draw_graph(trace, 0, folding=folding)
    now = quotient_of(trace, folding.opened)
    drawn = draw_graph(trace, 0, folding=folding)
    fresh = draw_graph(Trace(trace.columns), 0, folding=Folding(folding.opened))
    assert list(drawn.graph) == list(fresh.graph)
    assert drawn.left_out is not None or list(drawn.graph) == now.ids[now.alive].tolist()
    assert set(drawn.graph.edges(keys=True)) == set(fresh.graph.edges(keys=True))
    assert {box: fold.key for box, fold in drawn.folds.items()} == {box: fold.key for box, fold in fresh.folds.items()}


def test_a_scope_that_is_used_before_and_after_another_makes_a_ring_with_it():
    """norm, attention, norm again: as two boxes they would be a cycle."""
    trace = record_chain("norm", "attention", "norm", "out")
    made = quotient_of(trace, frozenset())
    assert [len(members) for members in made.rings.values()] == [2]
    drawn = draw_graph(trace, 0, folding=Folding())
    ring = next(fold for fold in drawn.folds.values() if fold.kind == "ring")
    assert ring.title == "norm, attention"
    assert ring.nodes.tolist() == [1, 2, 3]
    assert [drawn.folds[box].title if box < 0 else trace.label(box) for box in drawn.graph] == [
        "x",
        "norm, attention",
        "out",
    ]
    opened_ring = draw_graph(trace, 0, folding=Folding().open(ring.key))
    assert list(opened_ring.graph)[:4] == [0, 1, 2, 3]
    assert opened_ring.folds.keys() == {list(drawn.graph)[2]}


def test_repeats_in_turn_are_drawn_one_by_one_not_as_a_ring():
    """conv 0, relu 0, conv 1, ...: a stack of each would be a cycle of two, so neither is stacked."""
    names = [f"{kind} {i}" for i in range(4) for kind in ("conv", "relu")]
    made = quotient_of(record_chain(*names), frozenset())
    assert not made.rings
    assert [part.key for part in made.parts] == names or sorted(part.key for part in made.parts) == sorted(names)


@pytest.mark.parametrize("count", [201, 300])
def test_too_many_repeats_in_turn_stay_a_ring(count):
    """One by one they would be more boxes than a person can use."""
    names = [f"{kind} {i}" for i in range(count) for kind in ("conv", "relu")]
    made = quotient_of(record_chain(*names), frozenset())
    assert [len(members) for members in made.rings.values()] == [2]


def test_a_leaf_is_in_the_box_that_all_its_users_are_in():
    """w is used in its scope and outside of it: a port of both. c is used inside alone."""
    with record() as rec:
        with scope("embedding"):
            w, c = Value(2.0, name="w"), Value(3.0, name="c")
            a = w * c
        b = a * w
        assert b.data == 12.0
    made = quotient_of(rec.trace, frozenset())
    assert made.box[int(rec.trace.find("w"))] == -1
    assert made.box[int(rec.trace.find("c"))] == 0
    assert len(made.edges) == 1


def test_the_arrays_of_a_quotient_are_small():
    """32 bits a node: a quotient of a million nodes is a few megabytes, not a networkx graph."""
    made = quotient_of(record_chain("a", "b"), frozenset())
    assert made.box.dtype == made.source.dtype == made.target.dtype == np.int32
