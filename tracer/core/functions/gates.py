"""The gates that PyTorch also has at the top level: `tracer.relu`, `tracer.sigmoid`, `tracer.tanh`."""

from __future__ import annotations

from tracer.core.apply import apply
from tracer.core.dtype import bool_
from tracer.core.functions.arguments import tensor_of
from tracer.core.functions.registry import function
from tracer.core.ops.elementwise import RELU, SIGMOID, TANH
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import DtypeError


@function
def relu(input: Tensor) -> Tensor:
    """Positive numbers as they are, 0 for all others.

    Raises:
        DtypeError: bools.
    """
    if tensor_of("relu", input).dtype is bool_:
        raise DtypeError("relu: input is torch.bool; Boolean inputs are not supported.", where=user_line())
    return apply(RELU, input)


@function
def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + e⁻ˣ): any number into the range from 0 to 1."""
    return apply(SIGMOID, tensor_of("sigmoid", input))


@function
def tanh(input: Tensor) -> Tensor:
    """Any number into the range from −1 to 1."""
    return apply(TANH, tensor_of("tanh", input))
