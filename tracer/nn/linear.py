"""Linear: every output is a weighted sum of the inputs."""

from __future__ import annotations

import math
from typing import Any

from tracer.core.dtype import DType
from tracer.core.record import silence
from tracer.core.tensor import Tensor
from tracer.nn import functional as F
from tracer.nn import init
from tracer.nn.module import Module
from tracer.nn.parameter import Parameter, empty_parameter, tell


class Linear(Module):
    """`y = x @ weight.T + bias`.

    Args:
        in_features: length of the last axis of x.
        out_features: length of the last axis of y.
        bias: whether there is one.
        device, dtype: of the parameters.

    Parameters:
        weight: (out_features, in_features); first values even in ±1/√in_features.
        bias: (out_features,); likewise.
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: DType | None = None
    ) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = empty_parameter((out_features, in_features), device, dtype)
        self.register_parameter("bias", empty_parameter((out_features,), device, dtype) if bias else None)
        with silence():
            self.reset_parameters()
        tell(self.weight, self.bias)

    def reset_parameters(self) -> None:
        """Draw new first values."""
        reset_weight_and_bias(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


def reset_weight_and_bias(weight: Tensor, bias: Tensor | None) -> None:
    """Both even in ±1/√fan_in: what PyTorch gives a linear layer and a convolution."""
    init.kaiming_uniform_(weight, a=math.sqrt(5))  # a slope of √5 makes its bound just that
    if bias is not None:
        fan_in, _ = init.fans(weight)
        bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
        init.uniform_(bias, -bound, bound)


class Identity(Module):
    """Passes its input on. Takes any arguments, so that it can stand in for another module."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return input


class Flatten(Module):
    """Joins axes `start_dim` to `end_dim` into one."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        flat: Tensor = input.flatten(self.start_dim, self.end_dim)
        return flat

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"
