"""Forgetting gradients, so that the next backward pass does not add to them."""

from __future__ import annotations

from collections.abc import Iterable

from tracer.core.tensor import Tensor


def zero_grads(parameters: Iterable[Tensor], set_to_none: bool) -> None:
    """Drop the gradients, or fill them with zeros in place.

    Args:
        set_to_none: whether `.grad` becomes None. Zeros still make an optimizer move the parameter by what momentum
            or weight decay ask for.
    """
    for parameter in parameters:
        grad = parameter._grad
        if grad is None:
            continue
        if set_to_none:
            parameter.grad = None
            continue
        if grad.requires_grad:  # left by backward(create_graph=True)
            grad.detach_()
        grad.zero_()
