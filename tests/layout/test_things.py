"""Columns of things: long wires cut at every rank, rows in groups."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.layout.graphs import dags
from tracer.layout.ranks import numbered_ranks
from tracer.layout.reading import read
from tracer.layout.things import Grouped, joined, ragged, sorted_by


@given(dags())
def test_every_edge_is_a_way_down_one_rank_at_a_time(graph):
    """From its input over through-points of that input's own to its user."""
    found = read(graph)
    rank = numbered_ranks(found.targets)
    columns = (rank, found.reach(rank), found.sources, found.users)
    things = joined(*(np.array(column, np.int64) for column in columns))
    for edge, (source, user) in enumerate(zip(found.sources, found.users, strict=True)):
        thing = int(things.last[edge])
        assert things.rank[thing] == rank[user] - 1
        while thing >= things.nodes:
            assert things.owner[thing - things.nodes] == source
            above = int(things.above[thing - things.nodes])
            assert things.rank[above] == things.rank[thing] - 1
            thing = above
        assert thing == source


@given(dags())
def test_a_graph_is_read_edge_by_edge(graph):
    """Parallel edges too."""
    found = read(graph)
    edges = [
        (found.nodes[a], found.nodes[b], key) for a, b, key in zip(found.sources, found.users, found.keys, strict=True)
    ]
    assert edges == list(graph.edges(keys=True))


@given(st.lists(st.integers(0, 4)), st.sampled_from([5, 1 << 20]))
def test_rows_are_grouped_in_their_order(owners, most):
    owner = np.array(owners, np.int64)
    groups = Grouped(owner, 5)
    assert groups.order.tolist() == sorted(range(len(owners)), key=owners.__getitem__)
    assert sorted_by(owner, most).tolist() == groups.order.tolist()
    assert groups.count.tolist() == [owners.count(one) for one in range(5)]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4))))
def test_ragged_stretches_stand_one_behind_the_other(pairs):
    first, count = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))
    assert ragged(first, count).tolist() == [a + i for a, n in pairs for i in range(n)]
