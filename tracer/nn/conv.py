"""Convolution and pooling over images, (N, C, H, W) or (C, H, W)."""

from __future__ import annotations

from typing import Any

from tracer.core.dtype import DType
from tracer.core.record import silence
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentError
from tracer.nn import functional as F
from tracer.nn.linear import reset_weight_and_bias
from tracer.nn.module import Module
from tracer.nn.parameter import Parameter, empty_parameter, tell

Pair = int | tuple[int, int]
MODES = ("zeros", "reflect", "replicate", "circular")


class Conv2d(Module):
    """Slides a small window of weights over an image.

    Args:
        in_channels, out_channels: how many there are before and after.
        kernel_size, stride, padding, dilation: an int for both axes, or (height, width). `padding` may be "valid" or,
            where stride is 1, "same".
        groups: parts into which the channels fall; each output channel sees those of its part.
        bias: whether there is one.
        padding_mode: what the margin holds: "zeros", or "reflect", "replicate", "circular" for what lies inside.
        device, dtype: of the parameters.

    Parameters:
        weight: (out_channels, in_channels / groups, kernel height, kernel width).
        bias: (out_channels,). First values of both even in ±1/√fan_in.

    Raises:
        ArgumentError: numbers that do not fit each other.
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair | str = 0,
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride, self.dilation = pair(kernel_size), pair(stride), pair(dilation)
        self.padding = padding if isinstance(padding, str) else pair(padding)
        self.padding_mode = padding_mode
        self._check()
        self.weight = empty_parameter((out_channels, in_channels // groups, *self.kernel_size), device, dtype)
        self.register_parameter("bias", empty_parameter((out_channels,), device, dtype) if bias else None)
        with silence():
            self.reset_parameters()
        tell(self.weight, self.bias)

    def _check(self) -> None:
        problem = None
        if self.groups <= 0:
            problem = f"groups is {self.groups}; it must be 1 or more"
        elif self.in_channels % self.groups or self.out_channels % self.groups:
            problem = f"{self.in_channels} input and {self.out_channels} output channels"
            problem += f" cannot be divided into {self.groups} groups"
        elif isinstance(self.padding, str) and self.padding not in ("valid", "same"):
            problem = f"padding is {self.padding!r}; it must be a number, 'valid' or 'same'"
        elif self.padding == "same" and self.stride != (1, 1):
            problem = f"padding='same' needs a stride of 1, got {self.stride}"
        elif self.padding_mode not in MODES:
            problem = f"padding_mode is {self.padding_mode!r}; it must be one of {', '.join(MODES)}"
        if problem:
            raise ArgumentError(f"Conv2d: {problem}.", where=user_line())

    def reset_parameters(self) -> None:
        """Draw new first values."""
        reset_weight_and_bias(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        padding = self.padding
        if self.padding_mode != "zeros":
            input, padding = F.pad(input, self._margin(), mode=self.padding_mode), (0, 0)
        return F.conv2d(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def _margin(self) -> list[int]:
        """Left, right, above, below."""
        widths: list[int] = []
        for axis in (1, 0):
            if isinstance(self.padding, str):
                total = self.dilation[axis] * (self.kernel_size[axis] - 1) if self.padding == "same" else 0
                widths += [total // 2, total - total // 2]
            else:
                widths += [self.padding[axis]] * 2
        return widths

    def extra_repr(self) -> str:
        said = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0, 0):
            said += f", padding={self.padding}"
        if self.dilation != (1, 1):
            said += f", dilation={self.dilation}"
        if self.groups != 1:
            said += f", groups={self.groups}"
        if self.bias is None:
            said += ", bias=False"
        return said if self.padding_mode == "zeros" else f"{said}, padding_mode={self.padding_mode}"


class MaxPool2d(Module):
    """The largest number in each window of an image.

    Args:
        kernel_size, stride, padding, dilation: an int for both axes, or (height, width); stride is the window's size
            unless given.
        return_indices: whether the places of the largest are returned too.
        ceil_mode: whether a window that hangs over the edge counts.
    """

    def __init__(
        self,
        kernel_size: Pair,
        stride: Pair | None = None,
        padding: Pair = 0,
        dilation: Pair = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, input: Tensor) -> Any:
        return F.max_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class AvgPool2d(Module):
    """The mean of each window of an image.

    Args:
        kernel_size, stride, padding: an int for both axes, or (height, width); stride is the window's size
            unless given.
        ceil_mode: whether a window that hangs over the edge counts.
        count_include_pad: whether the zeros of the margin count in the mean.
        divisor_override: what to divide by instead of the count.
    """

    def __init__(
        self,
        kernel_size: Pair,
        stride: Pair | None = None,
        padding: Pair = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding, self.ceil_mode = padding, ceil_mode
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


def pair(given: Pair) -> tuple[int, int]:
    """An int for both axes, or two."""
    if isinstance(given, int):
        return given, given
    height, width = given
    return height, width
