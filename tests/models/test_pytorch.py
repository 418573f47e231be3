"""Both programs against the same model in PyTorch, float64: losses and gradients, and fifty steps of training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.models.programs import (
    DOCUMENTS,
    SWITCHES,
    TINY,
    gradients,
    numbers,
    scalar_training,
    tensor_training,
    words,
)
from tests.models.reference import Reference, rates, reading
from tracer.train.entry import Training

pytestmark = pytest.mark.oracle
STEPS = 50
LAYERS = SWITCHES[:3]
each_switch = pytest.mark.parametrize("settings", SWITCHES, ids=words)


def beside(training: Training, settings: dict[str, Any]) -> Reference:
    """PyTorch's model with the weights that this training begins with."""
    torch = pytest.importorskip("torch")
    weights = {name: numbers(parameter) for name, parameter in training.named_parameters().items()}
    return Reference(torch, weights, **{name: TINY[name] for name in ("n_head", "block_size")} | settings)


def compare(make: Any, settings: dict[str, Any]) -> None:
    """Loss and every gradient of one document, to 1e-10."""
    training = make(**settings)
    other = beside(training, settings)
    loss, found = gradients(training, "nina")
    tokens = [training.symbols.index(symbol) for symbol in "nina"]
    bos = len(training.symbols)
    wanted = other.loss([tokens if settings.get("mode") == "text" else [bos, *tokens, bos]])
    wanted.backward()
    assert loss == pytest.approx(wanted.item(), abs=1e-10)
    for name, grad in found.items():
        expected = other.w[name].grad
        expected = np.zeros(grad.shape) if expected is None else expected.numpy()
        np.testing.assert_allclose(grad, expected, rtol=0, atol=1e-10, err_msg=f"{words(settings)}: {name}")


def test_losses_and_gradients_in_tensors_are_pytorchs() -> None:
    for settings in SWITCHES:
        compare(tensor_training, settings)


@pytest.mark.deep
@each_switch
def test_losses_and_gradients_in_numbers_are_pytorchs(settings: dict[str, Any]) -> None:
    compare(scalar_training, settings)


def train_both(make: Any, settings: dict[str, Any]) -> None:
    training = make(**settings)
    other = beside(training, settings)
    read = reading(DOCUMENTS, {**TINY, **settings}, STEPS)
    for i, rate in enumerate(rates(STEPS)):
        assert float(training.step(i)) == pytest.approx(other.step(read[i], rate), abs=1e-10), i
    for name, parameter in training.named_parameters().items():
        np.testing.assert_allclose(numbers(parameter), other.w[name].detach(), rtol=0, atol=1e-8, err_msg=name)


def test_fifty_steps_in_tensors_are_pytorchs() -> None:
    """Two layers; the rest is the next tests' business."""
    train_both(tensor_training, {"n_layer": 2})


@pytest.mark.deep
@pytest.mark.parametrize("settings", LAYERS, ids=words)
def test_fifty_steps_in_numbers_are_pytorchs(settings: dict[str, Any]) -> None:
    train_both(scalar_training, settings)


@pytest.mark.deep
@each_switch
def test_fifty_steps_with_every_switch_are_pytorchs(settings: dict[str, Any]) -> None:
    train_both(tensor_training, settings)


@pytest.mark.deep
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_fifty_steps_at_the_usual_width_are_pytorchs(layers: int) -> None:
    train_both(tensor_training, {"n_layer": layers, "n_embd": 16, "n_head": 4, "block_size": 16, "batch_size": 2})
