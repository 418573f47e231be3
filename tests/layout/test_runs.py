"""Bent nets as runs: rings of constraints are opened on a free column, or left where there is none."""

from __future__ import annotations

import numpy as np

from tracer.layout.runs import Nets, Runs


def runs_of(*nets: tuple[int, int]) -> tuple[Runs, Nets]:
    """Of (source, target) pairs in one channel."""
    column = np.array(nets, np.int64)
    some = Nets(np.zeros(len(nets), np.int64), column[:, 0], np.ones(len(nets), np.int64), column[:, 1])
    return Runs(some, np.arange(len(nets))), some


def test_two_that_change_places_are_a_ring_and_one_is_cut_on_a_column_between():
    runs, nets = runs_of((0, 10), (10, 0))
    assert runs.below.tolist() == [1, 0]
    assert runs.open_rings(nets, most=128) == set()
    assert runs.net.tolist() == [0, 1, 0], "the second piece is the last of its knot"
    assert (runs.source.tolist(), runs.target.tolist()) == ([0, 10, 5], [5, 0, 10])
    assert runs.second.tolist() == [2, -1, -1]
    assert runs.below.tolist() == [1, 2, -1], "who lay above the whole lies above its second piece"


def test_a_ring_without_a_free_column_is_left():
    runs, nets = runs_of((0, 1), (1, 0))
    assert runs.open_rings(nets, most=128) == {0}
    assert runs.net.tolist() == [0, 1]


def test_a_ring_in_a_knot_that_might_grow_too_large_is_left():
    runs, nets = runs_of((0, 10), (10, 0))
    assert runs.open_rings(nets, most=3) == {0}


def test_a_chain_of_constraints_is_no_ring():
    runs, nets = runs_of((0, 10), (10, 20), (20, 30))
    assert runs.open_rings(nets, most=128) == set()
    assert (runs.second == -1).all()


def test_runs_apart_are_in_knots_of_their_own():
    runs, _ = runs_of((0, 3), (20, 24), (22, 29))
    assert runs.count.tolist() == [1, 2]
