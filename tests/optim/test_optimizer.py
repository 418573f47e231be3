"""Parameter groups, state, and what an optimizer refuses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.optim.leaves import give, leaf, numbers
from tracer.core.record import record
from tracer.core.tensor import Tensor
from tracer.errors import ArgumentError, ArgumentTypeError, StateError
from tracer.optim import SGD, Adam, AdamW, Optimizer


def test_groups_have_options_of_their_own_and_the_rest_from_the_optimizer() -> None:
    slow, fast = leaf(0.0, 1.0), leaf(0.0, 1.0)
    optimizer = SGD([{"params": [slow]}, {"params": fast, "lr": 10.0}], lr=1.0)
    optimizer.step()
    assert (numbers(slow), numbers(fast)) == (-1.0, -10.0)


def test_options_are_read_at_each_step() -> None:
    """So a program may set `group["lr"]` itself."""
    p = leaf(0.0, 1.0)
    optimizer = SGD([p], lr=1.0)
    optimizer.param_groups[0]["lr"] = 0.5
    optimizer.step()
    assert numbers(p) == -0.5


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("rule", "options"),
    [
        (Adam, {}),
        (Adam, {"amsgrad": True, "maximize": True, "weight_decay": 1e300}),
        (AdamW, {"weight_decay": 1e300}),
        (SGD, {}),
        (SGD, {"momentum": 0.9, "nesterov": True, "weight_decay": 1e300}),
    ],
)
def test_what_overflows_says_nothing(rule: Any, options: dict[str, Any]) -> None:
    """As in PyTorch: the numbers become inf and nan, and no warning of NumPy's names a file of ours."""
    p = leaf([1e300, 0.0, 1.0], [1e300, math.inf, math.nan])
    optimizer = rule([p], lr=1e200, **options)
    for _ in range(3):
        optimizer.step()
    assert not np.isfinite(p._array[2])


def test_a_group_can_join_later() -> None:
    first, second = leaf(0.0, 1.0), leaf(0.0, 1.0)
    optimizer = SGD([first], lr=1.0)
    optimizer.add_param_group({"params": [second], "lr": 2.0})
    optimizer.step()
    assert numbers(second) == -2.0


def test_named_parameters_keep_their_names() -> None:
    a, b = leaf(0.0, 1.0), leaf(0.0, 1.0)
    optimizer = SGD([("a", a), ("b", b)], lr=1.0)
    optimizer.step()
    assert optimizer.param_groups[0]["param_names"] == ["a", "b"]
    assert numbers(b) == -1.0
    with pytest.raises(ArgumentError, match="some have none"):
        optimizer.add_param_group({"params": [leaf(0.0)]})


def test_a_parameter_without_gradient_stays() -> None:
    """And gets no state: its first step comes later."""
    still, moved = leaf(1.0), leaf(1.0, 1.0)
    optimizer = Adam([still, moved], lr=0.1)
    optimizer.step()
    assert numbers(still) == 1.0
    assert still not in optimizer.state


def test_zero_grad_gives_none_or_zeros() -> None:
    p = leaf([1.0, 2.0], [3.0, 4.0])
    optimizer = SGD([p], lr=0.1)
    optimizer.zero_grad(set_to_none=False)
    assert p.grad is not None
    assert numbers(p.grad) == [0.0, 0.0]
    optimizer.zero_grad()
    assert p.grad is None


def test_step_calls_the_closure_first_and_returns_what_it_gave() -> None:
    p = leaf(1.0)

    def closure() -> str:
        give(p, 2.0)
        return "loss"

    assert SGD([p], lr=0.5).step(closure) == "loss"
    assert numbers(p) == 0.0


def test_one_update_event_a_parameter() -> None:
    """At the line of `step()`, with the value before and after."""
    a, b = leaf(1.0), leaf([1.0, 2.0])
    optimizer = SGD([a, b], lr=0.5)
    with record() as rec:
        give(a, 2.0)
        give(b, [2.0, 4.0])
        optimizer.step()
    table = rec.columns().updates
    assert len(table.node) == 2
    assert (table.before[0], table.value[0]) == (1.0, 0.0)
    np.testing.assert_array_equal(rec.columns().arena[table.slot[1]], [0.0, 0.0])


def test_parameters_are_not_called_by_their_places_in_the_optimizer() -> None:
    """However deep in a network they lie."""
    w = {"a": {"b": {"c": {"d": leaf(1.0, 2.0)}}}}
    optimizer = SGD([w["a"]["b"]["c"]["d"]], lr=0.5)
    with record() as rec:
        optimizer.step()
    assert rec.columns().names[0] == "w[a][b][c][d]"


def test_nothing_a_rule_remembers_becomes_a_node() -> None:
    """A recording sees parameters and gradients, not the averages inside the optimizer."""
    p = leaf(1.0, 2.0)
    optimizer = Adam([p], lr=0.5)
    with record() as rec:
        optimizer.step()
        optimizer.step()
    assert len(rec.columns().op) == 1


def trained(optimizer: Optimizer, p: Tensor, gradients: list[float]) -> float:
    for gradient in gradients:
        give(p, gradient)
        optimizer.step()
    return float(numbers(p))


@pytest.mark.parametrize(("rule", "options"), [(Adam, {"amsgrad": True}), (SGD, {"momentum": 0.9})])
def test_training_goes_on_from_a_state_dict_as_if_nothing_had_happened(rule: Any, options: dict[str, Any]) -> None:
    whole = leaf(1.0)
    straight = trained(rule([whole], lr=0.1, **options), whole, [1.0, -2.0, 0.5, 3.0])
    first = leaf(1.0)
    optimizer = rule([first], lr=0.1, **options)
    trained(optimizer, first, [1.0, -2.0])
    second = leaf(numbers(first))
    resumed = rule([second], lr=99.0, **options)
    resumed.load_state_dict(optimizer.state_dict())
    trained(optimizer, first, [7.0])  # what the first does from now on is no business of the second
    assert trained(resumed, second, [0.5, 3.0]) == straight


def test_what_is_remembered_is_the_same_tensor_from_step_to_step() -> None:
    """So a state_dict goes on with the optimizer, as in PyTorch."""
    p = leaf(1.0)
    optimizer = Adam([p], amsgrad=True)
    trained(optimizer, p, [2.0])
    kept = optimizer.state_dict()["state"][0]
    shown = {name: numbers(one) for name, one in kept.items()}
    trained(optimizer, p, [4.0])
    for name, one in optimizer.state[p].items():
        assert kept[name] is one
        assert numbers(one) != shown[name]


def test_state_dict_numbers_parameters_in_order() -> None:
    a, b = leaf(1.0), leaf(1.0, 1.0)
    optimizer = SGD([{"params": [a]}, {"params": [b], "momentum": 0.5}], lr=0.5)
    optimizer.step()
    state = optimizer.state_dict()
    assert [group["params"] for group in state["param_groups"]] == [[0], [1]]
    assert list(state["state"]) == [1]
    assert numbers(state["state"][1]["momentum_buffer"]) == 1.0


def test_a_state_of_other_parameters_is_refused() -> None:
    """With both sizes, and nothing changed."""
    optimizer = SGD([leaf(1.0)], lr=0.5)
    other = SGD([leaf(1.0), leaf(2.0)], lr=9.0)
    with pytest.raises(StateError, match=r"sizes \[2\], this optimizer's have \[1\]") as caught:
        optimizer.load_state_dict(other.state_dict())
    assert isinstance(caught.value, ValueError)
    assert optimizer.param_groups[0]["lr"] == 0.5


def test_no_parameters_are_refused() -> None:
    with pytest.raises(ArgumentError, match="params is empty"):
        SGD([], lr=0.1)


def test_a_single_tensor_is_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="params is a single tensor"):
        SGD(leaf(1.0), lr=0.1)  # type: ignore[arg-type]


def test_what_is_no_tensor_is_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="parameter 1 is a float"):
        SGD([leaf(1.0), 2.0], lr=0.1)  # type: ignore[list-item]


def test_a_set_is_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="params is a set"):
        SGD([{"params": {leaf(1.0)}}], lr=0.1)


def test_a_computed_tensor_is_refused() -> None:
    """`w = tensor(...) * 0.1` is the usual way to meet this."""
    with pytest.raises(ArgumentError, match="is no leaf") as caught:
        SGD([leaf([1.0, 2.0]) * 0.1], lr=0.1)
    assert "parameter 0, of shape (2,)" in str(caught.value)
    assert "葉ではなく" in caught.value.told("ja")


def test_a_parameter_in_two_groups_is_refused() -> None:
    p = leaf(1.0)
    with pytest.raises(ArgumentError, match="more than one parameter group"):
        SGD([{"params": [p]}, {"params": [p]}], lr=0.1)


def test_a_parameter_twice_in_one_group_is_warned_of() -> None:
    p = leaf(1.0)
    with pytest.warns(UserWarning, match="the same parameter twice"):
        SGD([p, p], lr=0.1)


def test_a_group_that_is_no_group_is_refused() -> None:
    optimizer = SGD([leaf(1.0)], lr=0.1)
    with pytest.raises(ArgumentTypeError, match="must be a dict, got list"):
        optimizer.add_param_group([leaf(1.0)])  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="no 'params'"):
        optimizer.add_param_group({"lr": 1.0})


def test_a_rule_of_ones_own_overrides_step() -> None:
    class Halve(Optimizer):
        def step(self, closure: Any = None) -> None:
            for group in self.param_groups:
                for p in group["params"]:
                    p.data = Tensor._wrap(p._array * group["factor"])

    p = leaf(4.0)
    Halve([p], {"factor": 0.5}).step()
    assert numbers(p) == 2.0


def test_without_a_rule_a_step_says_so() -> None:
    with pytest.raises(NotImplementedError, match="override step"):
        Optimizer([leaf(1.0, 1.0)], {}).step()


def test_it_prints_its_groups() -> None:
    """As PyTorch does, with an empty line between them."""
    text = repr(SGD([{"params": [leaf(1.0)]}, {"params": [leaf(2.0)], "lr": 2}], lr=0.5))
    assert text.startswith("SGD (\nParameter Group 0\n    dampening: 0\n")
    assert "    lr: 0.5\n" in text
    assert "    weight_decay: 0\n\nParameter Group 1\n" in text
    assert text.endswith("    weight_decay: 0\n)")
