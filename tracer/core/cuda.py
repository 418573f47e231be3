"""`tracer.cuda`: what a program asks before it moves its tensors, under PyTorch's names."""

from __future__ import annotations

from tracer.core.backend import gpu_count
from tracer.errors import BackendError


def device_count() -> int:
    """How many GPUs can be used; 0 where CuPy is not installed or finds none."""
    try:
        return gpu_count()
    except BackendError:
        return 0


def is_available() -> bool:
    """Whether `x.to("cuda")` works here."""
    return device_count() > 0
