"""Crossings: counted rightly, and few."""

import random
from itertools import combinations, pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.layout import order
from tracer.layout.order import crossings, ordered


@st.composite
def layers(draw):
    """Two to four rows of things with random edges between neighbouring rows."""
    sizes = draw(st.lists(st.integers(1, 5), min_size=2, max_size=4))
    rows, start = [], 0
    for size in sizes:
        rows.append(list(range(start, start + size)))
        start += size
    above, below = [[] for _ in range(start)], [[] for _ in range(start)]
    for upper, lower in pairwise(rows):
        for a, b in draw(st.lists(st.tuples(st.sampled_from(upper), st.sampled_from(lower)), max_size=8)):
            below[a].append(b)
            above[b].append(a)
    return rows, above, below


def pairs_that_cross(rows, below):
    """By the definition: of two edges between the same rows, each is left of the other at one end."""
    at = {thing: place for row in rows for place, thing in enumerate(row)}
    total = 0
    for row in rows:
        edges = [(at[a], at[b]) for a in row for b in below[a]]
        total += sum((a - c) * (b - d) < 0 for (a, b), (c, d) in combinations(edges, 2))
    return total


@given(layers())
def test_the_count_is_the_definition(drawn):
    """However it is counted: edge by edge, or as arrays."""
    rows, _, below = drawn
    assert crossings(rows, below) == pairs_that_cross(rows, below)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(order, "FEW", 0)
        assert crossings(rows, below) == pairs_that_cross(rows, below)


@pytest.mark.parametrize("edges", [20, 90, 300])
def test_wide_rows_are_counted_rightly_too(edges):
    """Rows of every width class, and those beyond."""
    rng = random.Random(edges)
    rows = [list(range(60)), list(range(60, 120)), list(range(120, 130))]
    below = [[] for _ in range(130)]
    for _ in range(edges):
        upper = rng.randrange(120)
        below[upper].append(rng.choice(rows[1] if upper < 60 else rows[2]))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(order, "FEW", 0)
        assert crossings(rows, below) == pairs_that_cross(rows, below)


@given(layers())
def test_ordering_keeps_every_thing_in_its_row_and_never_adds_a_crossing(drawn):
    rows, above, below = drawn
    found, count = ordered(rows, above, below)
    assert [sorted(row) for row in found] == rows
    assert count == crossings(found, below) <= crossings(rows, below)


@given(st.permutations(range(5)))
def test_five_wires_between_two_rows_are_untangled(shuffled):
    above = [[], [], [], [], [], *([upper] for upper in shuffled)]
    below = [[5 + shuffled.index(upper)] for upper in range(5)] + [[]] * 5
    assert ordered([list(range(5)), list(range(5, 10))], above, below)[1] == 0


def test_two_rows_come_near_the_best_there_is():
    """On all graphs of a kind small enough to try every order, at most one crossing more than the least."""
    for ends in permutations(range(4), 3):
        below = [[4 + ends[0]], [4 + ends[1], 4 + ends[2]], [4 + ends[0], 4 + ends[2]], [4 + ends[1]]] + [[]] * 4
        above = [[] for _ in range(8)]
        for a, targets in enumerate(below):
            for b in targets:
                above[b].append(a)
        least = min(
            crossings([list(top), list(bottom)], below)
            for top in permutations(range(4))
            for bottom in permutations(range(4, 8))
        )
        assert ordered([[0, 1, 2, 3], [4, 5, 6, 7]], above, below)[1] <= least + 1
