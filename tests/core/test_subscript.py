"""PyTorch's indexing in NumPy's terms: the one place where the two differ, and reading back what was written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.core.subscript import assign, consumes, phases, pick, scatter, shape_at, spelled_out, written

A = np.arange(24.0).reshape(2, 3, 4)
TWO = np.array([1, 0])
MASK = np.array([True, False, True])

entries = st.sampled_from([0, -1, slice(None), slice(1, None), slice(0, 2, 2), TWO, np.array([[0], [1]]), None, True])


@st.composite
def indices(draw: Any) -> tuple[Any, ...]:
    """Indices of `A`, dots perhaps among them."""
    index: list[Any] = []
    while sum(consumes(part) for part in index) < draw(st.integers(0, 3)):
        index.append(draw(entries))
    if draw(st.booleans()):
        index.insert(draw(st.integers(0, len(index))), Ellipsis)
    return tuple(index)


def one_by_one(index: tuple[Any, ...]) -> Any:
    """The rule as PyTorch's documentation has it: ints and slices first, each by itself, then the arrays together."""
    found, axis, arrays = A, 0, []
    for part in spelled_out(index, A.ndim):
        if part is None:
            found = np.expand_dims(found, axis)
        elif isinstance(part, int) and not isinstance(part, bool):
            found = found.take(part, axis)
            continue
        elif isinstance(part, slice):
            found = found[(slice(None),) * axis + (part,)]
        if isinstance(part, bool):
            arrays.append(part)
            continue
        arrays.append(part if isinstance(part, np.ndarray) else slice(None))
        axis += 1
    return found[tuple(arrays)]


@given(indices())
def test_picking_takes_ints_and_slices_first_and_then_the_arrays(index: tuple[Any, ...]) -> None:
    np.testing.assert_array_equal(pick(np, A, index), one_by_one(index))


@given(indices())
def test_what_is_scattered_is_what_was_picked_counted(index: tuple[Any, ...]) -> None:
    """⟨scatter(g), a⟩ = ⟨g, pick(a)⟩: one is the other's transpose."""
    picked = pick(np, A, index)
    g = np.random.default_rng(0).normal(size=picked.shape)
    assert (scatter(np, A.shape, index, g) * A).sum() == pytest.approx((g * picked).sum())


@given(indices())
def test_what_was_assigned_is_read_back(index: tuple[Any, ...]) -> None:
    out = A.copy()
    assign(np, out, index, -1.0)
    assert (pick(np, out, index) == -1).all()
    assert (out == -1).sum() == len(np.unique(pick(np, A, index)))


def test_an_int_beside_an_array_does_not_move_the_axes() -> None:
    """NumPy's own `A[0, :, TWO]` has shape (2, 3)."""
    assert pick(np, A, (0, slice(None), TWO)).shape == (3, 2)
    assert A[0, :, TWO].shape == (2, 3)


def test_dots_that_stand_for_no_axis_do_not_keep_arrays_apart() -> None:
    """To NumPy they do: it moves the axis of such arrays to the front."""
    index = (slice(1, None), TWO, Ellipsis, TWO)
    assert pick(np, A, index).tolist() == [[17.0, 12.0]]
    assert A[index].shape == (2, 1)


def test_a_single_element_beside_a_bool_can_be_assigned() -> None:
    out = A.copy()
    assign(np, out, (0, True, 0, 0), -1.0)
    assert (out[0, 0, 0], out.sum()) == (-1.0, A.sum() - 1)


def test_without_arrays_memory_is_shared_down_to_one_element() -> None:
    one = pick(np, A, (1, 2, 3))
    assert isinstance(one, np.ndarray)
    assert np.may_share_memory(one, A)
    assert phases((1,), 3) == ((1, Ellipsis), None)


def test_dots_stand_for_the_axes_nothing_else_does() -> None:
    every = slice(None)
    assert spelled_out((0, Ellipsis, None), 3) == (0, every, every, None)
    assert spelled_out((), 2) == (every, every)
    assert shape_at((2, 3, 4), (Ellipsis, 0)) == (2, 3)


@pytest.mark.parametrize(
    ("index", "text"),
    [
        ((0, slice(1, 3)), "0, 1:3"),
        ((slice(None), slice(None, None, 2)), ":, ::2"),
        ((Ellipsis, None, -1), "..., None, -1"),
        ((TWO,), "[1, 0]"),
        ((np.arange(9),), "[0, 1, 2, … 9]"),
        ((MASK,), "[True, False, True]"),
        ((np.arange(6) > 3,), "mask of 2"),
    ],
)
def test_an_index_is_written_as_a_user_writes_it(index: tuple[Any, ...], text: str) -> None:
    assert written(index) == text
