"""Joining, repeating and turning: what the rules do at the ends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tracer.core.op import Op
from tracer.core.ops import arrange


def back(op: Op, g: Any, *args: Any, **static: Any) -> list[Any]:
    out, saved = op.run(*args, **static)
    return op.contributions(np, [True] * len(args), g, out, args, static, saved)


def test_an_empty_tensor_among_those_joined_gets_an_empty_gradient() -> None:
    parts = [np.zeros((2, 0)), np.zeros((2, 3)), np.zeros((2, 1))]
    found = back(arrange.CAT, np.arange(8.0).reshape(2, 4), *parts, dim=1, dtype="float64")
    assert [g.shape for g in found] == [(2, 0), (2, 3), (2, 1)]
    assert found[2].tolist() == [[3.0], [7.0]]


def test_what_was_repeated_no_times_gets_zeros() -> None:
    (found,) = back(arrange.REPEAT, np.zeros((0, 3)), np.ones((2, 3)), repeats=(0, 1))
    assert found.tolist() == np.zeros((2, 3)).tolist()


@pytest.mark.parametrize("shifts", [-7, -1, 0, 3, 11])
def test_rolling_is_numpys_and_rolling_back_undoes_it(shifts: int) -> None:
    a = np.arange(5.0)
    out = arrange.ROLL.run(a, shifts=(shifts,), dims=(0,))[0]
    assert out.tolist() == np.roll(a, shifts).tolist()
    assert back(arrange.ROLL, out, a, shifts=(shifts,), dims=(0,))[0].tolist() == a.tolist()


def test_rolling_without_axes_goes_on_in_the_next_row() -> None:
    a = np.arange(6.0).reshape(2, 3)
    assert arrange.ROLL.run(a, shifts=(1,), dims=())[0].tolist() == [[5, 0, 1], [2, 3, 4]]


@pytest.mark.parametrize("name", ["tril", "triu"])
@pytest.mark.parametrize("diagonal", [-5, -1, 0, 2, 9])
def test_a_triangle_keeps_the_dtype_and_is_numpys(name: str, diagonal: int) -> None:
    op = {"tril": arrange.TRIL, "triu": arrange.TRIU}[name]
    for a in (np.arange(12).reshape(3, 4), np.ones((2, 3, 3), bool), np.ones((3, 2), np.float32)):
        out = op.run(a, diagonal=diagonal)[0]
        assert out.dtype == a.dtype
        assert (out == getattr(np, name)(a, diagonal)).all()


def test_a_diagonal_beyond_the_corner_is_empty() -> None:
    (found,) = back(arrange.DIAGONAL, np.zeros(0), np.ones((2, 3)), offset=5, dim1=0, dim2=1)
    assert found.tolist() == np.zeros((2, 3)).tolist()
