"""A shape is a tuple that prints itself as PyTorch prints it."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.both import alike
from tracer.core.size import Size
from tracer.errors import ArgumentTypeError


@given(st.lists(st.integers(0, 9)))
def test_it_is_a_tuple(lengths: list[int]) -> None:
    size = Size(lengths)
    assert size == tuple(lengths)
    assert hash(size) == hash(tuple(lengths))
    assert list(size) == lengths
    assert repr(size) == str(size) == f"torch.Size({lengths})"
    assert size.numel() == int(np.prod(lengths, dtype=object))


def test_parts_and_sums_are_sizes_again() -> None:
    size = Size([2, 3, 4])
    more = (5,)
    for part in (size[1:], size + more, more + size, size * 2, 2 * size, size[:0], copy.copy(size)):
        assert type(part) is Size
    assert more + size == Size([5, 2, 3, 4])
    assert pickle.loads(pickle.dumps(size)) == size
    assert size[-1] == 4
    assert type(size[-1]) is int


@pytest.mark.parametrize(("given_lengths", "message"), [([2.5], "item 0 is 2.5"), ((2, "a"), "item 1 is 'a'")])
def test_a_length_is_an_integer(given_lengths: Any, message: str) -> None:
    with pytest.raises(ArgumentTypeError, match=message):
        Size(given_lengths)


def test_a_list_cannot_be_added() -> None:
    with pytest.raises(TypeError):
        Size([1]) + [2]  # noqa: RUF005


@pytest.mark.oracle
@pytest.mark.parametrize(
    "code",
    [
        "torch.Size([2, 3])", "torch.Size()", "torch.Size((2, True))", "torch.Size([2.5])", "torch.Size(('a',))",
        "torch.Size([2, 3]) + (4,)", "(4,) + torch.Size([2])", "torch.Size([2]) * 3", "torch.Size([2, 3])[:1]",
        "torch.Size([2, 3]).numel()", "torch.zeros(2, 3).shape", "torch.zeros(()).shape", "torch.zeros(2, 3).shape[0]",
        "torch.Size([np.int64(3), 2])", "torch.Size([2, 3]) == (2, 3)", "torch.Size([2, 3]).index(3)",
    ],
)  # fmt: skip
def test_lines_about_sizes_print_as_in_pytorch(code: str) -> None:
    alike(pytest.importorskip("torch", reason="PyTorch is not installed"), code)
