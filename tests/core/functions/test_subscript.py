"""What stands between brackets, read: kinds of entries, PyTorch's node names, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tracer.core.functions.all import Tensor
from tracer.core.functions.subscript import read_index
from tracer.errors import ArgumentError, ArgumentTypeError, IndexingError

SHAPE = (2, 3, 4)


def read(key: Any) -> tuple[Any, ...]:
    return read_index(SHAPE, key)[0]


@pytest.mark.parametrize(
    ("key", "index"),
    [
        (0, (0,)),
        (np.int64(-1), (-1,)),
        (np.array(1), (1,)),
        (Tensor._wrap(np.array(1)), (1,)),
        (slice(np.int64(0), None), (slice(0, None, None),)),
        ((..., None, True), (..., None, True)),
        (np.bool_(False), (False,)),
        (Tensor._wrap(np.array(True)), (True,)),
        ((..., 0, ...), (..., 0)),
    ],
    ids=str,
)
def test_an_entry_becomes_the_plainest_thing_it_can_be(key: Any, index: tuple[Any, ...]) -> None:
    found = read(key)
    assert found == index
    assert [type(part) for part in found] == [type(part) for part in index]


@pytest.mark.parametrize("key", [[1, 0, 1], np.array([1, 0, 1], np.int32), Tensor._wrap(np.array([1, 0, 1])), range(2)])
def test_places_become_whole_numbers_of_64_bits(key: Any) -> None:
    (places,) = read(key)
    assert (places.dtype, places.tolist()) == (np.int64, [int(one) for one in key])


def test_the_index_keeps_what_was_meant() -> None:
    """Writing to the array of places later changes nothing."""
    key = np.array([1, 0])
    (places,) = read(key)
    key[0] = 0
    assert places.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (0, "Select"), ((0, slice(1)), "Slice"), ((slice(None), 0), "Select"), (slice(None), "Slice"), (..., "Alias"),
        ((slice(None), slice(0, 9)), "Alias"),
        ((..., slice(-4, None)), "Slice"), ((0, None), "Unsqueeze"), ((None, 0), "Select"), ([0], "Index"),
        ((..., slice(None, None, 2)), "Slice"), (True, "Index"), ((), "Alias"),
    ],
    ids=str,
)  # fmt: skip
def test_the_node_is_called_after_the_last_step_that_pytorch_makes(key: Any, name: str) -> None:
    assert read_index(SHAPE, key)[1] == f"{name}Backward0"


@pytest.mark.parametrize(
    ("key", "kind", "says"),
    [
        (2, IndexingError, "2 is out of bounds for axis 0"),
        ((0, [0, 3]), IndexingError, "3 is out of bounds for axis 1"),
        ((0, 0, 0, 0), IndexingError, "4 axes are indexed"),
        (slice(None, None, 0), ArgumentError, "step is 0"),
        (slice(None, None, -2), ArgumentError, "use flip"),
        (slice(0.5, None), ArgumentTypeError, "got float"),
        ("a", ArgumentTypeError, "a str is no index"),
        (1.5, IndexingError, "a float is no index"),
        (np.array([0.5]), IndexingError, "got float64"),
        (np.zeros((2, 2), bool), IndexingError, r"the mask has shape \(2, 2\)"),
        (([0, 1], [0, 1, 2]), IndexingError, "do not broadcast"),
    ],
    ids=str,
)
def test_what_is_refused_says_why_in_both_languages(key: Any, kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says) as caught:
        read(key)
    assert isinstance(caught.value, IndexingError | ArgumentError | ArgumentTypeError)
    assert caught.value.ja is None or "添字" in caught.value.told("ja")
