"""Cycles among boxes: the quick way finds what a plain search finds."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.layout import rings as module
from tracer.layout.rings import rings


@pytest.mark.parametrize("few", [0, 500])
@given(st.data())
def test_the_rings_are_the_strongly_connected_components(few, data):
    """Of random acyclic graphs whose nodes lie in random boxes; with few jumping boxes, and as if there were many."""
    n = data.draw(st.integers(2, 25))
    box = np.array(data.draw(st.lists(st.integers(0, 6), min_size=n, max_size=n)), np.int32)
    alone = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    box = np.array(
        [10 + at if by_itself else int(one) for at, (one, by_itself) in enumerate(zip(box, alone, strict=True))]
    )
    edges = sorted(
        {(max(pair), min(pair)) for pair in data.draw(st.lists(st.tuples(*[st.integers(0, n - 1)] * 2), max_size=60))}
    )
    between = [(source, target) for target, source in edges if box[source] != box[target]]
    source_nodes, target_nodes = (np.array([pair[i] for pair in between], np.int32) for i in (0, 1))
    plain = nx.strongly_connected_components(nx.DiGraph((box[a], box[b]) for a, b in between))
    expected = sorted(sorted(map(int, ring)) for ring in plain if len(ring) > 1)
    kept, module.FEW_JUMPS = module.FEW_JUMPS, few
    try:
        assert rings(source_nodes, target_nodes, box[source_nodes], box[target_nodes], 10 + n) == expected
    finally:
        module.FEW_JUMPS = kept


def test_parts_one_after_the_other_are_never_searched(monkeypatch):
    """A cut between two stretches of nodes is seen in the columns: no graph is built."""
    monkeypatch.setattr(nx, "strongly_connected_components", None)
    nodes = np.arange(1000, dtype=np.int32)
    box = nodes // 100
    source, target = nodes[:-1], nodes[1:]
    outer = box[source] != box[target]
    assert rings(source[outer], target[outer], box[source[outer]], box[target[outer]], 10) == []
