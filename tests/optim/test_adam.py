"""Adam's rule, by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.optim.leaves import give, leaf, numbers
from tracer.core.record import record
from tracer.errors import ArgumentError
from tracer.optim import Adam, AdamW

GRADIENTS = (2.0, 4.0, -2.0)
# with β₁ = 1/2 and β₂ = 3/4:  m is 1, 5/2, 1/4;  v is 1, 19/4, 73/16
M_HAT = (1 / 0.5, 2.5 / 0.75, 0.25 / 0.875)
V_HAT = (1 / 0.25, 4.75 / (7 / 16), 4.5625 / (37 / 64))


def test_the_first_three_updates() -> None:
    """Each is lr · m̂ / (√v̂ + eps), the first exactly lr whatever the gradient's size."""
    p, expected = leaf(1.0), 1.0
    optimizer = Adam([p], lr=0.1, betas=(0.5, 0.75), eps=0.0)
    for gradient, m_hat, v_hat in zip(GRADIENTS, M_HAT, V_HAT, strict=True):
        give(p, gradient)
        optimizer.step()
        expected -= 0.1 * m_hat / math.sqrt(v_hat)
        assert math.isclose(numbers(p), expected, rel_tol=1e-14)
    state = optimizer.state[p]
    assert numbers(state["step"]) == 3
    assert numbers(state["exp_avg"]) == 0.25
    assert numbers(state["exp_avg_sq"]) == 4.5625


def test_the_first_step_is_lr_long() -> None:
    """Of every number, in the direction against its gradient, if eps is small beside it."""
    p = leaf([0.0, 0.0], [1e-3, -50.0])
    Adam([p], lr=0.5).step()
    np.testing.assert_allclose(p._array, [-0.5, 0.5], rtol=1e-4)


def test_amsgrad_divides_by_the_largest_average_so_far() -> None:
    """After a large gradient and a zero one the largest v stays 1, though v has fallen to 3/4."""
    p = leaf(0.0)
    optimizer = Adam([p], lr=0.1, betas=(0.5, 0.75), eps=0.0, amsgrad=True)
    for gradient in (2.0, 0.0):
        give(p, gradient)
        optimizer.step()
    assert numbers(optimizer.state[p]["exp_avg_sq"]) == 0.75
    assert numbers(optimizer.state[p]["max_exp_avg_sq"]) == 1.0
    assert math.isclose(numbers(p), -0.1 - 0.1 * (0.5 / 0.75) / math.sqrt(1 / (7 / 16)), rel_tol=1e-14)


def test_weight_decay_goes_into_the_averages_in_adam_and_around_them_in_adamw() -> None:
    """With gradient 0 Adam takes the decay for a gradient and steps by lr; AdamW shrinks p by 1 - lr · decay."""
    plain, decoupled = leaf(4.0, 0.0), leaf(4.0, 0.0)
    Adam([plain], lr=0.5, weight_decay=0.1).step()
    AdamW([decoupled], lr=0.5, weight_decay=0.1).step()
    assert math.isclose(numbers(plain), 3.5, rel_tol=1e-6)
    assert math.isclose(numbers(decoupled), 4.0 * 0.95)


def test_adamw_decays_by_a_hundredth_unless_told() -> None:
    assert AdamW([leaf(1.0)]).param_groups[0]["weight_decay"] == 0.01
    assert Adam([leaf(1.0)]).param_groups[0]["weight_decay"] == 0


@pytest.mark.parametrize("rule", [Adam, AdamW])
@pytest.mark.parametrize("options", [{}, {"weight_decay": 0.1}, {"maximize": True}, {"amsgrad": True}])
def test_the_note_has_every_number_of_the_step(rule: Any, options: dict[str, Any]) -> None:
    """From what the note says alone, the new value follows."""
    p = leaf([0.5, -2.0])
    optimizer = rule([p], lr=0.1, betas=(0.8, 0.9), **options)
    with record() as rec:
        for count, gradient in enumerate(([1.0, 3.0], [-2.0, 0.5], [0.0, 0.1]), start=1):
            give(p, gradient)
            before = p._array.copy()
            optimizer.step()
            note = rec.update_notes[-1]
            assert note is not None
            assert (note["rule"], note["step"]) == (rule.__name__.lower(), count)
            g, decay = note["grad"] * (-1 if note["maximize"] else 1), note["weight_decay"]
            if note["rule"] == "adamw":
                before = before * (1 - note["lr"] * decay)
            else:
                g = g + decay * before
            np.testing.assert_allclose(note.get("slope", note["grad"]), g)
            np.testing.assert_allclose(note["m"], note["beta1"] * note["m_before"] + (1 - note["beta1"]) * g)
            np.testing.assert_allclose(note["v"], note["beta2"] * note["v_before"] + (1 - note["beta2"]) * g**2)
            np.testing.assert_allclose(note["m_hat"], note["m"] / (1 - note["beta1"] ** count))
            np.testing.assert_allclose(note["v_hat"], note.get("v_max", note["v"]) / (1 - note["beta2"] ** count))
            np.testing.assert_allclose(
                note["update"], note["lr"] * note["m_hat"] / (np.sqrt(note["v_hat"]) + note["eps"])
            )
            np.testing.assert_allclose(p._array, before - note["update"])


def test_notes_of_earlier_steps_stay_as_they_were() -> None:
    """What a step noted is not overwritten by the next one, nor by zeroing the gradient in place."""
    p = leaf([0.5, -2.0])
    optimizer = Adam([p], lr=0.1)
    with record() as rec:
        give(p, [1.0, 3.0])
        optimizer.step()
        first = rec.update_notes[-1]
        assert first is not None
        kept = {name: np.array(one) for name, one in first.items() if isinstance(one, np.ndarray)}
        optimizer.zero_grad(set_to_none=False)
        optimizer.step()
    assert {"grad", "m", "v", "m_hat", "v_hat", "m_before", "v_before", "update"} == kept.keys()
    for name, one in kept.items():
        np.testing.assert_array_equal(first[name], one)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"lr": -1.0}, "lr is -1.0; it must be 0 or more"),
        ({"eps": -1e-8}, "eps is -1e-08"),
        ({"betas": (1.0, 0.9)}, r"betas\[0\] is 1.0; it must be at least 0 and below 1"),
        ({"betas": (0.9, -0.1)}, r"betas\[1\] is -0.1"),
        ({"betas": 0.9}, "must be two numbers"),
        ({"weight_decay": -0.1}, "weight_decay is -0.1"),
    ],
)
@pytest.mark.parametrize("rule", [Adam, AdamW])
def test_options_out_of_range_are_refused(rule: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words) as caught:
        rule([leaf(1.0)], **options)
    assert isinstance(caught.value, ValueError)
    assert str(caught.value).startswith(rule.__name__)
