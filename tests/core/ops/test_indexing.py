"""Picking and writing: duplicates, overwritten places, masks that broadcast."""

from __future__ import annotations

from typing import Any

import numpy as np

from tracer.core.op import Op
from tracer.core.ops import gathering, indexing


def back(op: Op, g: Any, *args: Any, **static: Any) -> list[Any]:
    out, saved = op.run(*args, **static)
    wanted = [op.spec(i).vjp is not None for i in range(len(args))]
    return op.contributions(np, wanted, np.asarray(g), out, args, static, saved)


def test_picking_and_putting_are_each_others_rule() -> None:
    """So a second derivative of one runs through the other."""
    index = (np.array([2, 0, 2]),)
    (placed,) = back(indexing.INDEX, [1.0, 2.0, 4.0], np.zeros(3), index=index)
    assert placed.tolist() == [2.0, 0.0, 5.0]
    (picked,) = back(indexing.PUT, [1.0, 2.0, 4.0], np.zeros(3), shape=(3,), index=index)
    assert picked.tolist() == [4.0, 1.0, 4.0]


def test_the_last_of_several_written_to_one_place_is_the_one_in_the_output() -> None:
    """And the one the rule gives the gradient to, whichever NumPy chose."""
    index = (np.array([1, 1, 0, 1]),)
    value = np.array([5.0, 6.0, 7.0, 8.0])
    out = indexing.INDEX_PUT.run(np.zeros(2), value, index=index)[0]
    kept, written = back(indexing.INDEX_PUT, [1.0, 1.0], np.zeros(2), value, index=index)
    assert (written * value).sum() == out.sum()
    assert kept.tolist() == [0.0, 0.0]


def test_an_infinite_gradient_does_not_leak_through_a_shut_mask() -> None:
    """A product with 0 would make it nan."""
    mask = np.array([True, False])
    kept, _, filled = back(indexing.MASKED_FILL, [np.inf, 1.0], np.zeros(2), mask, np.array(3.0))
    assert (kept.tolist(), filled.tolist()) == ([0.0, 1.0], [np.inf, 0.0])
    _, a, b = back(indexing.WHERE, [np.inf, np.inf], mask, np.zeros(2), np.zeros(2), dtype="float64")
    assert (a.tolist(), b.tolist()) == ([np.inf, 0.0], [0.0, np.inf])


def test_filling_keeps_the_dtype() -> None:
    for dtype, value, found in (("int64", 1.5, 1), ("float32", -np.inf, -np.inf), ("bool", True, True)):
        out = indexing.MASKED_FILL.run(np.zeros(2).astype(dtype), np.array([True, False]), value)[0]
        assert (out.dtype, out[0]) == (np.dtype(dtype), found)


def test_an_index_and_a_mask_take_no_gradient() -> None:
    for op in (indexing.MASKED_FILL, indexing.WHERE, gathering.GATHER, gathering.SCATTER, gathering.EMBEDDING):
        names = {spec.name for spec in op.inputs if spec.vjp is None}
        assert names & {"mask", "condition", "index", "idx"}
    assert gathering.ONE_HOT.inputs[0].vjp is None
