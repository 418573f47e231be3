"""Single numbers worked out side by side come to what they come to one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tracer
from tracer.core import side_by_side, tensor_replay
from tracer.core.columns import Columns
from tracer.core.record import record
from tracer.core.side_by_side import Group
from tracer.core.tensor_replay import TensorReplay


def numbers(update: bool = False) -> tuple[Columns, dict[str, int]]:
    """Eight rows of eight products, sums, powers and a number without gradient, all as tensors without axes."""
    rng = np.random.default_rng(0)
    with record() as rec:
        w = [tracer.tensor(float(v), dtype=tracer.float64, requires_grad=True) for v in rng.uniform(0.5, 1.5, 8)]
        x = tracer.tensor(rng.uniform(-1, 1, (8, 8)))
        total = x.sum() * 0
        for i in range(8):
            row = x[i, 0] * w[0]
            for j in range(1, 8):
                row = row + x[i, j] * w[j] ** 2 / 3
            total = total + row.tanh() * row.detach()
        if update:
            with tracer.no_grad():
                w[0] += 0.25
            total = total + w[0] * w[1]
        L = total * 1
    return rec.columns(), {"w0": rec.ids[w[0]._serial], "w1": rec.ids[w[1]._serial], "L": rec.ids[L._serial]}


@pytest.fixture(params=[False, True], ids=["plain", "updated"])
def both(request: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[TensorReplay, TensorReplay, dict[str, int]]:
    columns, where = numbers(request.param)
    together = TensorReplay(columns, where["L"])
    assert together.groups
    together.forward()
    for module in (side_by_side, tensor_replay):
        monkeypatch.setattr(module, "MANY", 1 << 30)
    alone = TensorReplay(columns, where["L"])
    assert not alone.groups
    alone.forward()
    monkeypatch.undo()
    return together, alone, where


def test_values_and_gradients_are_the_same(both: tuple[TensorReplay, TensorReplay, dict[str, int]]) -> None:
    together, alone, _ = both
    one, other = together.forward(), alone.forward()
    assert one.keys() == other.keys()
    for node, value in one.items():
        np.testing.assert_allclose(value, other[node], rtol=1e-14)
    grads, expected = together.backward(np.ones(())), alone.backward(np.ones(()))
    assert grads.keys() == expected.keys()
    for node, grad in grads.items():
        np.testing.assert_allclose(grad, expected[node], rtol=1e-13, atol=1e-15)


def test_a_nudge_of_a_leaf_or_of_a_number_inside_moves_the_same(
    both: tuple[TensorReplay, TensorReplay, dict[str, int]],
) -> None:
    together, alone, where = both
    inside = together.groups[len(together.groups) // 2].nodes[1]
    for bumps in ({where["w0"]: 0.5}, {where["w1"]: -0.25}, {inside: 1e-3}, {where["w0"]: 0.1, inside: 0.2}):
        one, other = together.forward(bumps), alone.forward(bumps)
        assert not np.isclose(one[where["L"]], together.forward()[where["L"]])
        for node, value in one.items():
            np.testing.assert_allclose(value, other[node], rtol=1e-13)


def test_a_group_is_of_one_op_and_none_of_it_needs_another() -> None:
    columns, where = numbers()
    for group in TensorReplay(columns, where["L"]).groups:
        assert isinstance(group, Group)
        assert not set(group.nodes) & {source for slot in group.sources for source in slot}
        assert {columns.op_names[columns.op[node] - 1] for node in group.nodes} == {group.op.name}
