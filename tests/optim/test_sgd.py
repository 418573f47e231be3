"""SGD's rule, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.optim.leaves import give, leaf, numbers
from tracer.core.record import record
from tracer.errors import ArgumentError, ArgumentTypeError
from tracer.optim import SGD


def test_a_step_goes_against_the_gradient() -> None:
    """p - lr · g."""
    p = leaf([1.0, 2.0], [10.0, -4.0])
    SGD([p], lr=0.25).step()
    assert numbers(p) == [-1.5, 3.0]


def test_maximize_goes_along_it() -> None:
    p = leaf(1.0, 2.0)
    SGD([p], lr=0.5, maximize=True).step()
    assert numbers(p) == 2.0


def test_weight_decay_adds_a_share_of_the_parameter_to_the_gradient() -> None:
    """1 - 0.5 · (2 + 0.5 · 1)."""
    p = leaf(1.0, 2.0)
    SGD([p], lr=0.5, weight_decay=0.5).step()
    assert numbers(p) == -0.25


def test_momentum_is_a_running_sum_that_begins_with_the_first_gradient() -> None:
    """m is 2, then 0.5 · 2 + 4 = 5, then 0.5 · 5 + 0 = 2.5: it rolls on where the gradient is 0."""
    p = leaf(0.0)
    optimizer = SGD([p], lr=1.0, momentum=0.5)
    for gradient, expected in ((2.0, -2.0), (4.0, -7.0), (0.0, -9.5)):
        give(p, gradient)
        optimizer.step()
        assert numbers(p) == expected
    assert numbers(optimizer.state[p]["momentum_buffer"]) == 2.5


def test_dampening_holds_back_every_gradient_but_the_first() -> None:
    """m is 2, then 0.5 · 2 + 0.25 · 4 = 2."""
    p = leaf(0.0)
    optimizer = SGD([p], lr=1.0, momentum=0.5, dampening=0.75)
    for gradient, expected in ((2.0, -2.0), (4.0, -4.0)):
        give(p, gradient)
        optimizer.step()
        assert numbers(p) == expected


def test_nesterov_looks_one_momentum_step_ahead() -> None:
    """The first step is 2 + 0.5 · 2 = 3, the second 4 + 0.5 · 5 = 6.5."""
    p = leaf(0.0)
    optimizer = SGD([p], lr=1.0, momentum=0.5, nesterov=True)
    for gradient, expected in ((2.0, -3.0), (4.0, -9.5)):
        give(p, gradient)
        optimizer.step()
        assert numbers(p) == expected


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"maximize": True},
        {"weight_decay": 0.1},
        {"momentum": 0.9, "dampening": 0.2},
        {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
    ],
)
def test_the_note_has_every_number_of_the_step(options: dict[str, float]) -> None:
    """From what the note says alone, the new value follows; in the first step and in later ones."""
    p = leaf([0.5, -2.0])
    optimizer = SGD([p], lr=0.1, **options)  # type: ignore[arg-type]
    with record() as rec:
        for gradient in ([1.0, 3.0], [-2.0, 0.5]):
            give(p, gradient)
            before = p._array.copy()
            optimizer.step()
            note = rec.update_notes[-1]
            assert note is not None
            assert note["rule"] == "sgd"
            np.testing.assert_array_equal(note["grad"], gradient)
            g = note["grad"] * (-1 if note["maximize"] else 1) + note["weight_decay"] * before
            np.testing.assert_allclose(note.get("slope", note["grad"]), g)
            direction = g
            if note["momentum"]:
                old = note["m_before"]
                m = g if old is None else note["momentum"] * old + (1 - note["dampening"]) * g
                np.testing.assert_allclose(note["m"], m)
                direction = g + note["momentum"] * m if note["nesterov"] else m
                np.testing.assert_allclose(note["direction"], direction)
            np.testing.assert_allclose(note["update"], note["lr"] * direction)
            np.testing.assert_allclose(p._array, before - note["update"])


def test_without_a_recording_no_note_is_built() -> None:
    """A step outside records nothing, and the next recording begins with none."""
    p = leaf(1.0, 1.0)
    SGD([p], lr=0.1).step()
    with record() as rec:
        pass
    assert not rec.update_notes


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"lr": -1.0}, "lr is -1.0; it must be 0 or more"),
        ({"lr": float("nan")}, "lr is nan"),
        ({"momentum": -0.5}, "momentum is -0.5"),
        ({"weight_decay": -0.5}, "weight_decay is -0.5"),
        ({"nesterov": True}, "needs a momentum above 0"),
        ({"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "dampening of 0"),
        ({"differentiable": True}, "not supported"),
    ],
)
def test_options_out_of_range_are_refused(options: dict[str, float], words: str) -> None:
    """As ValueErrors, as in PyTorch."""
    with pytest.raises(ArgumentError, match=words) as caught:
        SGD([leaf(1.0)], **options)  # type: ignore[arg-type]
    assert isinstance(caught.value, ValueError)
    assert caught.value.where is not None
    assert __file__ in caught.value.where


def test_a_learning_rate_must_be_a_number() -> None:
    with pytest.raises(ArgumentTypeError, match="lr must be a number, got str"):
        SGD([leaf(1.0)], lr="0.1")  # type: ignore[arg-type]
