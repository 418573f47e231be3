"""Saving and loading a module's numbers."""

from __future__ import annotations

import numpy as np
import pytest

from tracer import nn
from tracer.core.functions.all import FUNCTIONS as T
from tracer.core.record import record
from tracer.errors import ArgumentTypeError, StateError


def net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))


def test_a_round_trip() -> None:
    """The same numbers in another network, copied: training one leaves the other alone."""
    mine, yours = net(), net()
    report = yours.load_state_dict(mine.state_dict())
    assert repr(report) == "<All keys matched successfully>"
    for a, b in zip(mine.parameters(), yours.parameters(), strict=True):
        np.testing.assert_array_equal(a._array, b._array)
    mine[0].weight.data.zero_()
    assert yours[0].weight._array.any()


def test_a_state_dict_shares_memory_and_has_no_history() -> None:
    """As in PyTorch: clone it to keep the numbers of now."""
    mine = net()
    state = mine.state_dict()
    assert list(state) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert not state["0.weight"].requires_grad
    mine[0].weight.data.zero_()
    assert not state["0.weight"]._array.any()
    assert mine.state_dict(keep_vars=True)["0.weight"] is mine[0].weight
    assert next(iter(mine.state_dict(prefix="model."))) == "model.0.weight"


def test_parameters_keep_their_type_and_identity() -> None:
    mine, yours = net().double(), net()
    weight = yours[0].weight
    yours.load_state_dict(mine.state_dict())
    assert yours[0].weight is weight
    assert weight._array.dtype == np.float32
    np.testing.assert_array_equal(weight._array, mine[0].weight._array)


def test_a_gradient_still_flows_after_loading() -> None:
    yours = net()
    yours.load_state_dict(net().state_dict())
    yours(T.ones(1, 2)).sum().backward()
    assert yours[2].bias.grad is not None


def test_missing_and_unexpected_names_are_refused_or_reported() -> None:
    """All of them at once; with strict=False what fits is loaded."""
    state = net().state_dict()
    state["1.weight"] = state.pop("2.weight")
    mine = net()
    before = mine[0].weight._array.copy()
    with pytest.raises(StateError) as caught:
        mine.load_state_dict(state)
    said = str(caught.value)
    assert "Error(s) in loading state_dict for Sequential:" in said
    assert 'Missing key(s) in state_dict: "2.weight".' in said
    assert 'Unexpected key(s) in state_dict: "1.weight".' in said
    assert "Did you mean '1.weight'?" in said
    assert "もしかして '1.weight' ですか？" in caught.value.told("ja")
    assert isinstance(caught.value, RuntimeError)
    np.testing.assert_array_equal(mine[0].weight._array, before)

    report = mine.load_state_dict(state, strict=False)
    assert report == (["2.weight"], ["1.weight"])
    assert repr(report) == "_IncompatibleKeys(missing_keys=['2.weight'], unexpected_keys=['1.weight'])"
    np.testing.assert_array_equal(mine[0].weight._array, state["0.weight"]._array)


def test_other_shapes_are_refused_even_when_not_strict() -> None:
    """Each with both shapes, and nothing is loaded."""
    mine = net()
    before = mine[2].bias._array.copy()
    state = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1)).state_dict()
    for strict in (True, False):
        with pytest.raises(StateError) as caught:
            mine.load_state_dict(state, strict=strict)
        for line in (
            "size mismatch for 0.weight: copying a param with shape torch.Size([4, 2]) from checkpoint, "
            "the shape in current model is torch.Size([3, 2]).",
            "size mismatch for 2.weight",
        ):
            assert line in str(caught.value)
    np.testing.assert_array_equal(mine[2].bias._array, before)


def test_the_error_is_told_in_japanese_too() -> None:
    with pytest.raises(StateError) as caught:
        net().load_state_dict({})
    assert caught.value.told("ja").startswith("保存された状態は Sequential に合いません。")


def test_what_holds_no_tensors_is_refused() -> None:
    mine = net()
    with pytest.raises(ArgumentTypeError, match="expected a dict of tensors by name, got list"):
        mine.load_state_dict([])  # type: ignore[arg-type]
    with pytest.raises(StateError, match=r"0\.bias: expected a tensor, got ndarray"):
        mine.load_state_dict({**mine.state_dict(), "0.bias": np.zeros(3)})


def test_loading_is_one_update_a_parameter() -> None:
    mine, state = net(), net().state_dict()
    with record() as rec:
        mine.load_state_dict(state)
    assert len(rec.columns().updates.node) == 4
    assert not rec.columns().passes
