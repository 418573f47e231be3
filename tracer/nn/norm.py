"""Layers that bring every vector to the same scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tracer.core.dtype import DType
from tracer.core.record import silence
from tracer.core.tensor import Tensor
from tracer.nn import functional as F
from tracer.nn import init
from tracer.nn.module import Module
from tracer.nn.parameter import Parameter, empty_parameter, tell


class _Norm(Module):
    normalized_shape: tuple[int, ...]
    eps: float | None
    elementwise_affine: bool
    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self, shape: int | Sequence[int], eps: float | None, weight: bool, bias: bool, device: Any, dtype: DType | None
    ) -> None:
        super().__init__()
        self.normalized_shape = (shape,) if isinstance(shape, int) else tuple(shape)
        self.eps, self.elementwise_affine = eps, weight
        for name, wanted in (("weight", weight), ("bias", bias)):
            made = empty_parameter(self.normalized_shape, device, dtype) if wanted else None
            self.register_parameter(name, made)
        with silence():
            self.reset_parameters()
        tell(self.weight, self.bias)

    def reset_parameters(self) -> None:
        """Weights 1 and biases 0: the norm alone."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)


class LayerNorm(_Norm):
    """Takes the mean out of every vector, divides by its standard deviation, then scales and shifts.

    Args:
        normalized_shape: the last axes, over which mean and variance are taken.
        eps: added to the variance.
        elementwise_affine: whether there is a weight.
        bias: whether there is a bias too.
        device, dtype: of the parameters.

    Source: Ba, Kiros and Hinton, "Layer Normalization" (2016).
    """

    eps: float

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(normalized_shape, eps, elementwise_affine, elementwise_affine and bias, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(_Norm):
    """Divides every vector by its root mean square, then scales. Nothing is taken out and nothing added.

    Args:
        normalized_shape: the last axes, over which the mean square is taken.
        eps: added to the mean square; None is the smallest step from 1 of the dtype.
        elementwise_affine: whether there is a weight.
        device, dtype: of the weight.

    Source: Zhang and Sennrich, "Root Mean Square Layer Normalization" (2019).
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(normalized_shape, eps, elementwise_affine, False, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
