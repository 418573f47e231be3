"""Pairs in the wrong order, counted in stretches of every length."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.layout import inversions
from tracer.layout.inversions import Inversions

stretches = st.lists(st.lists(st.integers(0, 9), max_size=8), min_size=1, max_size=6)


def counted(drawn: list[list[int]]) -> int:
    sizes = np.array([len(numbers) for numbers in drawn])
    return Inversions(sizes, 9).count(np.array([n for numbers in drawn for n in numbers], np.int64))


def by_definition(drawn: list[list[int]]) -> int:
    return sum(a > b for numbers in drawn for a, b in combinations(numbers, 2))


@given(stretches)
def test_the_count_is_the_definition(drawn):
    assert counted(drawn) == by_definition(drawn)


@given(stretches)
def test_stretches_of_every_width_are_counted_alike(drawn):
    """Together with others of their width, or, where they are too long for that, one by one."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(inversions, "WIDTHS", (1, 2, 4))
        assert counted(drawn) == by_definition(drawn)


@pytest.mark.parametrize("most", [254, 255, 256, 65534, 65535, 70000])
def test_numbers_of_every_size_are_compared_rightly(most):
    """However few bytes they are kept in, what fills short stretches up is larger than all of them."""
    numbers = np.array([most, 0, most, most - 1, 3])
    assert Inversions(np.array([2, 3]), most).count(numbers) == 1 + 3
