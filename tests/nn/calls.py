"""Calls written once for our functions and PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tracer.nn.functional as F
from tracer.core.tensor import Tensor


def leaf(*shape: int, dtype: str = "float32") -> Tensor:
    made: Tensor = Tensor._wrap(np.random.default_rng(0).normal(size=shape).astype(dtype), requires_grad=True)
    return made


def made(numbers: Any, dtype: str | None = None) -> Tensor:
    array: Tensor = Tensor._wrap(np.array(numbers, dtype))
    return array


class Both:
    """The two libraries under one set of names, so that a call is written once."""

    def __init__(self, functional: Any, tensor: Callable[..., Any]) -> None:
        self.F, self.tensor = functional, tensor

    def x(self, *shape: int, dtype: str = "float32", grad: bool = False) -> Any:
        """Numbers between 0 and 1."""
        found = self.tensor(np.random.default_rng(0).uniform(size=shape).astype(dtype))
        return found.requires_grad_() if grad else found

    def i(self, *numbers: Any, dtype: str = "int64") -> Any:
        return self.tensor(np.array(numbers if len(numbers) != 1 else numbers[0], dtype))


OURS = Both(F, lambda array: Tensor._wrap(array))


def theirs() -> Both:
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
    return Both(torch.nn.functional, torch.from_numpy)
