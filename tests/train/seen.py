"""Two observations, compared to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.trace.observation import Observation

FIELDS = ("value", "grad", "update", "m", "v")


def assert_same(one: Observation, other: Observation) -> None:
    """Everything in them, names in their order too; nan is nan."""
    for name in ("step", "documents", "tokens", "targets", "lr"):
        assert getattr(one, name) == getattr(other, name), name
    assert repr(one.loss) == repr(other.loss)
    assert list(one.taps) == list(other.taps)
    assert list(one.weights) == list(other.weights)
    for name, things in one.taps.items():
        for mine, theirs in zip(things, other.taps[name], strict=True):
            _assert_fields(name, mine, theirs)
    for name, weights in one.weights.items():
        _assert_fields(name, weights, other.weights[name])


def _assert_fields(name: str, one: Any, other: Any) -> None:
    for field in FIELDS:
        assert_array(getattr(one, field, None), getattr(other, field, None), f"{name}: {field}")


def assert_array(one: NDArray[Any] | None, other: NDArray[Any] | None, said: str = "") -> None:
    """Shape, dtype and bits; nan is nan."""
    assert (one is None) == (other is None), said
    if one is not None and other is not None:
        assert (one.shape, one.dtype) == (other.shape, other.dtype), said
        np.testing.assert_array_equal(one, other, strict=True, err_msg=said)
