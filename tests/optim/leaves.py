"""Leaves with given gradients, for the tests of optimizers."""

from __future__ import annotations

from typing import Any

import numpy as np

import tracer.core.functions.all  # noqa: F401  gives tensors their methods
from tracer.core.tensor import Tensor


def leaf(numbers: Any, grad: Any = None) -> Tensor:
    """A float64 leaf that takes gradients; with `.grad` where `grad` is given."""
    made: Tensor = Tensor._wrap(np.array(numbers, np.float64), True)
    if grad is not None:
        give(made, grad)
    return made


def give(parameter: Tensor, grad: Any) -> None:
    """Set `.grad`."""
    parameter.grad = Tensor._wrap(np.array(grad, parameter._array.dtype))


def numbers(tensor: Tensor) -> Any:
    """Its numbers as lists or a float."""
    return tensor._array.tolist()
