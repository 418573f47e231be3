"""How an optimizer hands over a parameter's new numbers: one event in a recording, with how it came to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracer.core.memory import write
from tracer.core.record import ACTIVE
from tracer.core.tensor import Tensor


def update_parameter(parameter: Tensor, new: Any, note: Mapping[str, Any] | None = None) -> None:
    """Overwrite `parameter` with `new`.

    Args:
        new: an array of its shape and dtype.
        note: {"rule": "sgd" | "adam" | "adamw", "lr": ..., and the numbers that led here}; kept by recordings.
    """
    for recorder in ACTIVE:
        recorder.updated_tensor(parameter, new, note)
    write(parameter, new)
