"""Moving tensors between the CPU and a GPU by name."""

from __future__ import annotations

from typing import Any

from tracer.core.backend import to_device
from tracer.core.functions.convert import to
from tracer.core.functions.registry import function
from tracer.core.tensor import Tensor


@function(module=False)
def cuda(input: Tensor, device: Any = None, non_blocking: bool = False) -> Tensor:
    """The tensor on a GPU; itself where it lies there already.

    Raises:
        BackendError: CuPy is not installed, or there is no such GPU.
    """
    return to(input, to_device("cuda" if device is None else device))
