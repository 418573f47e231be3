"""Curves of braille dots: their axis, and where their dots stand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.scene.curves import LEAST_HEIGHT, LEAST_WIDTH, Axis, column_of, dots


@pytest.mark.parametrize("joined", [False, True])
def test_a_curve_of_some_steps_has_its_dots_where_those_steps_stand(joined: bool) -> None:
    of = np.array([1, 50, 100])
    bits = dots(np.array([0.0, 0.5, 1.0]), 20, 5, joined=joined, steps=100, of=of)
    for step, row in ((1, 4), (50, 2), (100, 0)):
        assert bits[row, column_of(step, 100, 20)], step
    assert (bits != 0).any(axis=0).sum() == (20 if joined else 3)


def test_steps_beyond_the_axis_stay_inside_the_picture() -> None:
    assert dots(np.array([0.2, 0.4]), 3, 2, joined=True, steps=5, of=np.array([4, 900])).shape == (2, 3)


@pytest.mark.parametrize("size", [(LEAST_WIDTH, LEAST_HEIGHT), (60, 15), (200, 50)])
@pytest.mark.parametrize("steps", [1, 2, 7, 119, 120, 5000])
def test_a_joined_curve_has_no_gap(steps: int, size: tuple[int, int]) -> None:
    losses = np.exp(-np.linspace(0, 3, steps))
    axis = Axis.of(losses)
    assert axis is not None
    columns = (dots(axis.at(losses), *size, joined=True) != 0).any(axis=0)
    assert columns.all() if steps > 1 else columns.any()


def test_a_wide_range_gets_a_logarithmic_axis() -> None:
    axis, narrow = Axis.of(np.array([100.0, 1.0])), Axis.of(np.array([3.0, 1.0]))
    assert axis is not None
    assert narrow is not None
    assert axis.log
    assert not narrow.log
    assert axis.at(np.array([1.0, 10.0, 100.0])).tolist() == pytest.approx([0, 0.5, 1])
    assert axis.loss(0.5) == pytest.approx(10)


@given(st.floats(-1e300, 1e300), st.floats(0, 1e300))
def test_an_axis_gives_back_what_it_was_asked(low: float, size: float) -> None:
    axis = Axis.of(np.array([low, low + size]))
    assert axis is not None
    ends = axis.at(np.array([axis.low, axis.high]))
    assert ends.tolist() == pytest.approx([0, 1], abs=1e-6)


@pytest.mark.parametrize("losses", [[3.2958, 3.2921], [3.29, 3.2899], [1e-5, 1.002e-5], [2.0, 1.0], [7.0, 7.0]])
def test_the_numbers_of_a_scale_tell_its_ends_and_its_middle_apart(losses: list[float]) -> None:
    axis = Axis.of(np.array(losses))
    assert axis is not None
    ticks = axis.ticks(20)
    assert len(set(ticks.values())) == len(ticks) == 3, ticks
    assert max(map(len, ticks.values())) <= 10
    top, middle, bottom = (float(ticks[y]) for y in sorted(ticks))
    assert 0.3 < (top - middle) / (top - bottom) < 0.7
