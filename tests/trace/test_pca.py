"""Principal axes: NumPy's, and in place."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracer.trace.pca import anchored_at, plane

seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=15, deadline=None)
@given(seeds, st.integers(1, 90), st.integers(1, 12), st.sampled_from([1e-200, 1e-3, 1.0, 1e150]))
def test_the_shares_and_axes_are_those_of_numpys_svd(seed: int, n: int, c: int, size: float) -> None:
    """Also where there are so many rows that their products are decomposed."""
    matrix = np.random.default_rng(seed).normal(size=(n, c)) * size
    found = plane(matrix)
    centred = (matrix - matrix.mean(axis=0)) / size
    sizes = np.append(np.linalg.svd(centred, compute_uv=False), [0.0, 0.0])
    whole = (sizes**2).sum()
    expected = sizes[:2] ** 2 / whole if n > 1 else np.zeros(2)
    np.testing.assert_allclose(found.shares, expected, atol=1e-12)
    there = found.axes[np.array(found.shares) > 1e-12]
    np.testing.assert_allclose(there @ there.T, np.eye(len(there)), atol=1e-9)
    np.testing.assert_allclose(found.points / size, centred @ found.axes.T, atol=1e-9)
    along = ((found.points / size) ** 2).sum(axis=0)
    np.testing.assert_allclose(along, np.array(found.shares) * whole, atol=1e-9)


@given(seeds)
def test_axes_turn_to_where_their_anchors_point(seed: int) -> None:
    """Whichever way they would point by themselves, and in whichever order they come."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(20, 6)) * [9, 7, 1, 1, 1, 1]
    axes = plane(matrix).axes
    for anchor in (axes, -axes, axes[::-1], axes * [[-1], [1]] + 0.1 * rng.normal(size=(2, 6))):
        found = plane(matrix, anchor)
        assert ((found.axes * anchor).sum(axis=1) > 0).all()
    swapped = plane(matrix, axes[::-1])
    np.testing.assert_array_equal(swapped.axes, axes[::-1])
    assert swapped.shares == plane(matrix, axes).shares[::-1]


def test_without_an_anchor_the_largest_loading_is_positive() -> None:
    axes = plane(np.random.default_rng(3).normal(size=(9, 5))).axes
    assert (axes[np.arange(2), np.abs(axes).argmax(axis=1)] > 0).all()


@pytest.mark.parametrize("n", [2, 40])
def test_points_on_a_line_differ_in_one_direction_only(n: int) -> None:
    """Rounding makes no second one, neither of few points nor of many."""
    found = plane(np.linspace(-3, 7, n)[:, None] * np.random.default_rng(1).normal(size=5))
    assert found.shares == (pytest.approx(1.0), 0.0)
    assert (found.points[:, 1] == 0).all()


def test_an_anchor_of_another_width_is_no_anchor() -> None:
    matrix = np.random.default_rng(3).normal(size=(9, 5))
    np.testing.assert_array_equal(plane(matrix, np.ones((2, 4))).axes, plane(matrix).axes)


def test_points_that_are_all_the_same_lie_in_the_middle() -> None:
    found = plane(np.full((5, 3), 7.0))
    assert found.shares == (0.0, 0.0)
    np.testing.assert_array_equal(found.points, np.zeros((5, 2)))


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_rows_that_are_not_finite_have_no_place_and_do_not_move_the_others(odd: float) -> None:
    matrix = np.random.default_rng(5).normal(size=(9, 4))
    spoiled = np.concatenate([matrix, [[odd, 0, 0, 0]]])
    found = plane(spoiled)
    np.testing.assert_allclose(found.points[:9], plane(matrix).points, atol=1e-12)
    assert np.isnan(found.points[9]).all()
    assert plane(np.full((3, 4), odd)).shares == (0.0, 0.0)


def test_nothing_at_all_has_a_plane() -> None:
    for shape in ((0, 3), (3, 1), (1, 1)):
        found = plane(np.zeros(shape))
        assert found.points.shape == (shape[0], 2)


def test_earlier_points_are_seen_in_the_same_plane() -> None:
    rng = np.random.default_rng(8)
    matrix, earlier = rng.normal(size=(2, 9, 4))
    found = plane(matrix)
    np.testing.assert_allclose(found.project(matrix), found.points)
    np.testing.assert_allclose(found.project(earlier), (earlier - earlier.mean(axis=0)) @ found.axes.T)


def test_axes_are_kept_often_at_first_and_then_a_few_steps_apart() -> None:
    kept = [step for step in range(1, 1001) if anchored_at(step, 1000)]
    assert kept[:32] == list(range(1, 33))
    assert max(np.diff(kept)) == 5
    assert sum(anchored_at(step, 100_000) for step in range(1, 100_001)) < 2_000
