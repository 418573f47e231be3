"""Places in a rank, fitted in arrays: the same regression, distances kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.layout import coordinates
from tracer.layout.places import STRETCH, Pulls, isotonic, places
from tracer.layout.sweeps import Rows

weighted = st.lists(st.tuples(st.integers(-20, 20), st.integers(1, 8)), min_size=1, max_size=12)


@given(weighted)
def test_the_fit_is_that_of_the_regression_thing_by_thing(pairs):
    values, weights = (np.array(column, np.float64) for column in zip(*pairs, strict=True))
    assert isotonic(values, weights) == pytest.approx(coordinates.isotonic(values.tolist(), weights.tolist()))


@given(st.lists(st.integers(1, 4), min_size=1, max_size=3 * STRETCH), st.integers(1, 30), st.data())
def test_neighbours_keep_their_distance(sizes, gap, data):
    first = np.concatenate([[0], np.cumsum(sizes)])
    gaps = np.arange(first[-1]) % 3 + gap
    gaps[first[:-1]] = 0
    lower = np.arange(sizes[0], first[-1])
    rank = np.repeat(np.arange(len(sizes)), sizes)[lower]
    upper = np.array([data.draw(st.integers(first[r - 1], first[r] - 1)) for r in rank.tolist()], np.int64)
    port = np.array([data.draw(st.integers(-5, 5)) for _ in lower], np.int64)
    place = places(Rows(np.arange(first[-1]), first), gaps, Pulls(upper, lower, port, np.ones_like(port)))
    for slot in set(range(1, int(first[-1]))) - set(first.tolist()):
        assert place[slot] - place[slot - 1] >= gaps[slot]


def test_a_long_chain_stands_in_one_column():
    """Also where it passes from one stretch of ranks to the next."""
    count = 5 * STRETCH
    slots = np.arange(count)
    pulls = Pulls(slots[:-1], slots[1:], np.zeros(count - 1, np.int64), np.ones(count - 1, np.int64))
    place = places(Rows(slots, np.arange(count + 1)), np.zeros(count, np.int64), pulls)
    assert len(set(place.tolist())) == 1
