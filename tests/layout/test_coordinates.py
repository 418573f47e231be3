"""Places in a row: exact least squares, distances kept."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.layout.coordinates import Pull, coordinates, isotonic, straighten

numbers = st.floats(-20, 20).map(lambda v: round(v, 2))
weighted = st.lists(st.tuples(numbers, st.floats(0.1, 8)), min_size=1, max_size=8)


def cost(fit, values, weights):
    return sum(w * (f - v) ** 2 for f, v, w in zip(fit, values, weights, strict=True))


@given(weighted, st.integers(0, 999))
def test_isotonic_regression_is_the_best_ascending_fit(pairs, seed):
    """It ascends, and no ascending neighbour of it is nearer to the values."""
    values, weights = zip(*pairs, strict=True)
    fit = isotonic(values, weights)
    assert fit == sorted(fit)
    rng = np.random.default_rng(seed)
    best = cost(fit, values, weights)
    for _ in range(20):
        other = sorted(v + rng.normal(0, 0.1) for v in fit)
        assert cost(other, values, weights) >= best - 1e-6


def test_isotonic_regression_of_a_known_case():
    assert isotonic([1, 3, 2, 4], [1, 1, 1, 1]) == pytest.approx([1, 2.5, 2.5, 4])
    assert isotonic([1, 3, 2, 4], [1, 1, 3, 1]) == pytest.approx([1, 2.25, 2.25, 4])


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(1, 30), st.data())
def test_neighbours_keep_their_distance(sizes, gap, data):
    rows, start = [], len(sizes)
    for first, size in enumerate(sizes):  # the first ones of all rows are a wire
        rows.append([first, *range(start, start + size - 1)])
        start += size - 1
    distances = [[gap + i for i in range(len(row) - 1)] for row in rows]
    pulls = []
    for upper, lower in pairwise(rows):
        for thing in lower:
            other, offset = data.draw(st.sampled_from(upper)), data.draw(st.integers(-5, 5))
            pulls.append(Pull(other, thing, offset, 1))
    place = coordinates(rows, distances, pulls)
    for row, gaps in zip(rows, distances, strict=True):
        for a, b, least in zip(row, row[1:], gaps, strict=False):
            assert place[b] - place[a] >= least
    before = list(place)
    straighten(place, rows, distances, [(0, range(1, len(rows)))], {})
    for row, gaps in zip(rows, distances, strict=True):
        for a, b, least in zip(row, row[1:], gaps, strict=False):
            assert place[b] - place[a] >= least
    assert [place[thing] for row in rows for thing in row[1:]] == [before[thing] for row in rows for thing in row[1:]]


def test_a_node_stands_in_the_middle_of_its_two_users():
    place = coordinates([[0], [1, 2]], [[], [10]], [Pull(0, 1, 0, 1), Pull(0, 2, 0, 1)])
    assert place[2] - place[1] == 10
    assert place[0] == (place[1] + place[2]) / 2


def test_a_long_wire_loses_its_bends():
    """Three through-points one cell apart get one column, that of the port below them."""
    place = [10, 11, 12, 11]
    straighten(place, [[0], [1], [2], [3]], [[]] * 4, [(0, range(1, 3))], {2: 11})
    assert place == [10, 10, 10, 11]
    place = [10, 31, 32, 30, 30]
    straighten(place, [[0], [4, 1], [2], [3]], [[], [1], [], []], [(0, range(1, 3))], {2: 33})
    assert place == [10, 33, 33, 30, 30], "where the source's column is taken, the port's"
