"""What of a trace is drawn: constants in formulas, a window when it is large."""

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.strategies import programs
from tracer.core.record import record
from tracer.core.value import Value
from tracer.layout.fold import draw_graph, folded, is_folded, stretch_of
from tracer.trace.trace import Trace


def chain(length: int) -> Trace:
    """x, then `length` times v = v * x + 1: every node uses the first leaf."""
    with record() as rec:
        x = Value(1.0, name="x")
        v = x
        for _ in range(length):
            v = v * x + 1.0
    return rec.trace


@given(programs(max_steps=12))
def test_all_but_folded_constants_is_drawn(program):
    trace = program.record()
    drawn = draw_graph(trace)
    assert drawn.left_out is None
    assert set(range(trace.n_nodes)) - set(drawn.graph) == {n for n in range(trace.n_nodes) if is_folded(trace, n)}
    expected = {(e.input, e.user, e.id) for e in trace.edges if not is_folded(trace, e.input)}
    assert set(drawn.graph.edges(keys=True)) == expected
    assert list(drawn.graph) == sorted(drawn.graph)


@given(programs(max_steps=12))
def test_a_constant_is_folded_if_one_formula_can_hold_it(program):
    trace = program.record()
    for node in range(trace.n_nodes):
        once = trace.kind(node) == "const" and len(trace.uses(node)) == 1
        assert is_folded(trace, node) == once == bool(folded(trace)[node])


@pytest.mark.parametrize("around", [0, 1, 37, 150, 399])
def test_a_window_holds_its_node_with_all_of_its_inputs(around):
    trace = chain(200)
    drawn = draw_graph(trace, around, limit=30)
    assert len(drawn.graph) <= 30
    assert around in drawn.graph or is_folded(trace, around)
    for source in trace.inputs(around):
        assert source in drawn.graph or is_folded(trace, source)
    assert nx.is_directed_acyclic_graph(nx.MultiDiGraph(drawn.graph.edges(keys=True)))


@given(st.integers(0, 400), st.integers(10, 60))
def test_the_window_moves_in_stretches(around, limit):
    """Neighbours of one stretch see the same picture, so a walk does not make it jump at every step."""
    trace = chain(200)
    drawn = draw_graph(trace, around, limit)
    assert drawn.stretch == stretch_of(trace, around, limit)
    for other in range(max(0, around - 3), min(trace.n_nodes, around + 3)):
        same = stretch_of(trace, other, limit) == drawn.stretch
        assert same == (list(draw_graph(trace, other, limit).graph) == list(drawn.graph))


def test_every_node_is_in_some_window_and_there_are_few():
    trace = chain(200)
    stretches = {stretch_of(trace, node, 30) for node in range(trace.n_nodes)}
    assert stretches == set(range(max(stretches) + 1))
    seen = set().union(*(draw_graph(trace, node, 30).graph for node in range(0, trace.n_nodes, 5)))
    assert seen == {node for node in range(trace.n_nodes) if not is_folded(trace, node)}


def test_a_window_says_in_both_languages_what_it_leaves_out():
    trace = chain(200)
    drawn = draw_graph(trace, 100, limit=30)
    assert drawn.left_out is not None
    total = trace.n_nodes
    hidden = folded(trace)
    shown = len(drawn.graph) + sum(hidden[source] for node in drawn.graph for source in trace.inputs(node))
    assert f"{shown} of {total} nodes" in drawn.left_out.en
    assert f"全 {total} ノード" in drawn.left_out.ja
    assert f"{shown} 個" in drawn.left_out.ja
    assert f"{trace.label(min(drawn.graph))} to {trace.label(max(drawn.graph))}" in drawn.left_out.en


@pytest.mark.parametrize("name", ["w", "layer0.mlp_fc1[63][15]"])
def test_the_words_on_a_window_fit_a_border_of_64_columns(name):
    with record() as rec:
        v = Value(1.0, name=name)
        for number in range(2_000):
            v = (v * v).named(f"{name}[{number}]")
    said = draw_graph(rec.trace, 1_500).left_out
    assert said is not None
    assert max(cell_len(said.en), cell_len(said.ja)) <= 60
    assert "2,001" in said.en
    assert "2,001" in said.ja


def test_a_node_with_a_thousand_users_does_not_fill_the_window():
    """A window on the start of `x` shows what is made near it, not all that ever uses it."""
    drawn = draw_graph(chain(1000), 0, limit=90)
    assert drawn.graph.out_degree(0) <= 90 // 3
    assert max(drawn.graph) < 100
