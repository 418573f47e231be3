"""Functions about what a tensor remembers, under PyTorch's names."""

from __future__ import annotations

from tracer.core.apply import apply
from tracer.core.functions.registry import function
from tracer.core.ops.history import DETACH
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import GraphError


@function
def detach(input: Tensor) -> Tensor:
    """The same numbers, in the same memory, without history: no gradient flows through it."""
    return apply(DETACH, input)


@function
def detach_(input: Tensor) -> Tensor:
    """Cut the tensor itself off from what made it; it becomes a leaf that takes no gradient.

    Raises:
        GraphError: it is a view, whose base would still have the history.
    """
    if input._base is not None and input._base._requires_grad:
        raise GraphError(
            "detach_: can't detach views in-place.", hint="Use detach(), which gives a new tensor.", where=user_line()
        )
    cut = apply(DETACH, input)
    input._fn, input._requires_grad, input._serial = None, False, cut._serial
    return input
