"""With the same seed both programs train as microgpt does, number for number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.models import microgpt
from tests.models.programs import DOCUMENTS, TINY, numbers, scalar_training, tensor_training

STEPS = 50


@pytest.mark.parametrize(
    "layers", [1, pytest.param(2, marks=pytest.mark.deep), pytest.param(3, marks=pytest.mark.deep)]
)
def test_fifty_steps_are_microgpts(layers: int) -> None:
    """Every loss to 1e-12, every weight afterwards; documents longer than the block among them."""
    sizes: dict[str, Any] = {name: TINY[name] for name in ("n_embd", "n_head", "block_size")}
    expected, weights = microgpt.losses(DOCUMENTS, STEPS, n_layer=layers, **sizes)
    assert expected[-1] < expected[0]
    for make in (tensor_training, scalar_training):
        training = make(n_layer=layers)
        found = [float(training.step(i)) for i in range(STEPS)]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
        for name, parameter in training.named_parameters().items():
            np.testing.assert_allclose(numbers(parameter), weights[name], rtol=0, atol=1e-10, err_msg=name)


def test_a_slip_in_the_order_of_random_numbers_would_be_seen() -> None:
    """The comparison above can fail: another seed gives other losses from the first step on."""
    sizes: dict[str, Any] = {name: TINY[name] for name in ("n_embd", "n_head", "block_size")}
    expected, _ = microgpt.losses(DOCUMENTS, 1, n_layer=1, seed=43, **sizes)
    assert abs(float(tensor_training().step(0)) - expected[0]) > 1e-3
