"""The figures of an array, held to NumPy; what is odd is counted and left out of them."""

from __future__ import annotations

import numpy as np
import pytest

from tracer.explain.statistics import statistics


def test_the_figures_are_numpys() -> None:
    values = np.random.default_rng(0).normal(size=(5, 7)).astype(np.float32)
    found = statistics(values)
    wide = values.astype(np.float64)
    assert (found.low, found.high) == (wide.min(), wide.max())
    assert found.mean == pytest.approx(wide.mean())
    assert found.std == pytest.approx(wide.std(ddof=1))
    assert found.norm == pytest.approx(np.linalg.norm(wide))
    assert (found.count, found.zeros, found.nan, found.inf) == (35, 0, 0, 0)


def test_what_is_not_finite_is_counted_and_left_out() -> None:
    found = statistics(np.array([1.0, np.nan, np.inf, -np.inf, 3.0, 0.0]))
    assert (found.nan, found.inf, found.zeros) == (1, 2, 1)
    assert (found.low, found.high, found.mean) == (0, 3, pytest.approx(4 / 3))
    names = [(name.en, text) for name, text in found.words()]
    assert names[:2] == [("nan", "1 / 6"), ("inf", "2 / 6")], "a narrow line must not lose them"
    assert names[-1] == ("zeros", "1 / 6")


def test_one_number_has_no_spread_and_none_has_nothing() -> None:
    assert statistics(np.array([2.0])).std is None
    empty = statistics(np.zeros((0, 3)))
    assert (empty.low, empty.mean, empty.norm) == (None, None, None)
    assert [text for _, text in empty.words()] == ["–"] * 5


def test_nothing_odd_is_not_mentioned() -> None:
    assert [name.en for name, _ in statistics(np.array([1.0, 2.0])).words()] == ["min", "max", "mean", "std", "‖·‖"]
