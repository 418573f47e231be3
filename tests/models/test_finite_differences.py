"""The gradient of every parameter is the slope that nudging it shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.models.programs import SWITCHES, gradients, numbers, scalar_training, tensor_training, words
from tracer import no_grad
from tracer.train.entry import Training

SIZES: dict[str, Any] = {"documents": ["ab", "b"], "n_embd": 2, "n_head": 1, "block_size": 3}
NUDGE = 1e-6


def slopes(training: Training, document: str) -> Iterator[tuple[str, tuple[int, ...], float]]:
    """Central differences of the loss by every number of every parameter."""
    assert training.loss is not None
    for name, parameter in training.named_parameters().items():
        for place in np.ndindex(numbers(parameter).shape):
            row, column = place
            losses = []
            for nudge in (NUDGE, -NUDGE):
                if hasattr(parameter, "numpy"):
                    array = parameter.detach().numpy()
                    before, array[place] = array[place], array[place] + nudge
                    losses.append(float(training.loss(document)))
                    array[place] = before
                else:
                    value = parameter[row][column]
                    before, value.data = value.data, value.data + nudge
                    losses.append(float(training.loss(document)))
                    value.data = before
            yield name, place, (losses[0] - losses[1]) / (2 * NUDGE)


@pytest.mark.parametrize(
    "settings",
    [{}, {"norm": "layer", "activation": "gelu"}, *(pytest.param(case, marks=pytest.mark.deep) for case in SWITCHES)],
    ids=words,
)
def test_every_gradient_in_tensors(settings: dict[str, Any]) -> None:
    training = tensor_training(**{**settings, **SIZES})
    large = np.random.default_rng(0)
    for parameter in training.named_parameters().values():  # far from 0: every switch bends the loss
        parameter.detach().numpy()[...] = large.normal(0, 0.7, parameter.shape)
    _, found = gradients(training, "ab")
    with no_grad():
        for name, place, slope in slopes(training, "ab"):
            assert found[name][place] == pytest.approx(slope, rel=1e-6, abs=1e-8), (name, place)


def test_every_gradient_in_numbers() -> None:
    training = scalar_training(**SIZES)
    _, found = gradients(training, "ab")
    for name, place, slope in slopes(training, "ab"):
        assert found[name][place] == pytest.approx(slope, rel=1e-6, abs=1e-8), (name, place)
