"""Reading along an axis: every element's own place, tables, lists of places."""

from __future__ import annotations

import numpy as np
import pytest

from tracer.core.op import OPS
from tracer.core.ops import gathering


@pytest.mark.parametrize("dim", [0, 1, 2])
def test_gathering_is_numpys_take_along_axis(dim: int) -> None:
    rng = np.random.default_rng(dim)
    a, index = rng.normal(size=(3, 4, 5)), rng.integers(0, 3, (3, 4, 5))
    assert (gathering.GATHER.run(a, index, dim=dim)[0] == np.take_along_axis(a, index, dim)).all()


def test_an_index_may_be_smaller_than_what_it_reads() -> None:
    """Beside `dim`, element (i, j) of the index reads row i or column j of the same number."""
    a = np.arange(12.0).reshape(3, 4)
    assert gathering.GATHER.run(a, np.array([[3], [0]]), dim=1)[0].tolist() == [[3.0], [4.0]]


def test_scattering_is_gatherings_mirror() -> None:
    a, index, src = np.zeros((2, 4)), np.array([[3, 0], [1, 2]]), np.array([[1.0, 2.0], [3.0, 4.0]])
    out = gathering.SCATTER.run(a, index, src, dim=1)[0]
    assert gathering.GATHER.run(out, index, dim=1)[0].tolist() == src.tolist()
    assert (gathering.SCATTER_ADD.run(a, index, src, dim=1)[0] == out).all()


def test_the_padding_row_gets_no_gradient() -> None:
    table, idx = np.ones((3, 2)), np.array([1, 0, 1])
    op = gathering.EMBEDDING
    found = op.contributions(np, [True, False], np.ones((3, 2)), None, (table, idx), {"padding_idx": 1}, {})[0]
    assert found.tolist() == [[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]]


def test_a_one_hot_row_has_a_single_1() -> None:
    out = gathering.ONE_HOT.run(np.array([[2], [0]]), num_classes=3)[0]
    assert out.dtype == np.int64
    assert out.tolist() == [[[0, 0, 1]], [[1, 0, 0]]]


def test_a_lookup_is_a_one_hot_row_times_the_table() -> None:
    """What the embedding's words say: only the rows used receive gradient."""
    table, idx = np.random.default_rng(0).normal(size=(4, 3)), np.array([3, 1])
    rows = gathering.ONE_HOT.run(idx, num_classes=4)[0]
    assert (rows @ table == gathering.EMBEDDING.run(table, idx, padding_idx=None)[0]).all()


def test_places_of_a_single_number() -> None:
    nonzero = OPS["nonzero"]
    assert nonzero.run(np.array(2.0))[0].shape == (1, 0)
    assert nonzero.run(np.array(0.0))[0].shape == (0, 0)
    assert nonzero.run(np.array([[0.0, 1.0], [np.nan, 0.0]]))[0].tolist() == [[0, 1], [1, 0]]
