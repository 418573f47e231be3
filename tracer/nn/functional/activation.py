"""The functions between layers: gates, and softmax."""

from __future__ import annotations

import warnings
from typing import Any

from tracer.core import dtype as dtypes
from tracer.core.apply import apply
from tracer.core.functions.all import FUNCTIONS as F
from tracer.core.functions.arguments import dim_of
from tracer.core.op import Op
from tracer.core.ops.activation import ELU, GELU, LEAKY_RELU, SILU, SOFTPLUS
from tracer.core.ops.elementwise import NEG, RELU, SIGMOID, TANH
from tracer.core.ops.fat import LOG_SOFTMAX, SOFTMAX
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import DtypeError
from tracer.nn.functional.checks import floating_of, maybe_in_place, tensor_of, wrong_option

_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """Positive numbers as they are, 0 for all others.

    Raises:
        DtypeError: bools.
    """
    x = tensor_of("relu", "input", input)
    if x.dtype is dtypes.bool_:
        raise DtypeError("relu: input is torch.bool; Boolean inputs are not supported.", where=user_line())
    return maybe_in_place("relu_", x, inplace, lambda old: apply(RELU, old))


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """Positive numbers as they are, all others times `negative_slope`."""
    x = floating_of("leaky_relu", "input", input)
    return maybe_in_place(
        "leaky_relu_", x, inplace, lambda old: apply(LEAKY_RELU, old, negative_slope=float(negative_slope))
    )


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Positive numbers as they are, alpha · (eˣ − 1) for all others."""
    return _elu("elu", input, inplace, alpha=float(alpha))


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """elu scaled so that numbers of mean 0 and spread 1 keep both through many layers.

    Source: G. Klambauer et al., "Self-Normalizing Neural Networks", 2017.
    """
    return _elu("selu", input, inplace, alpha=_SELU_ALPHA, scale=_SELU_SCALE)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Positive numbers as they are, alpha · (e^(x / alpha) − 1) for all others.

    Raises:
        OptionError: alpha is 0.
    """
    if alpha == 0:
        raise wrong_option("celu: alpha is 0.", "It divides the input, so it must be another number.")
    return _elu("celu", input, inplace, "CeluBackward0", alpha=float(alpha), input_scale=1.0 / alpha)


def _elu(
    name: str,
    input: Tensor,
    inplace: bool,
    grad_fn: str | None = None,
    *,
    alpha: float,
    scale: float = 1.0,
    input_scale: float = 1.0,
) -> Tensor:
    return maybe_in_place(
        f"{name}_",
        floating_of(name, "input", input),
        inplace,
        lambda old: apply(ELU, old, _grad_fn=grad_fn, alpha=alpha, scale=scale, input_scale=input_scale),
    )


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """Cut off at `min_val` and `max_val`."""
    x = tensor_of("hardtanh", "input", input)
    return maybe_in_place("hardtanh_", x, inplace, lambda old: F.clamp(old, min_val, max_val))


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """relu that goes no higher than 6."""
    return hardtanh(input, 0, 6, inplace)


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + e⁻ˣ): any number into the range from 0 to 1."""
    return apply(SIGMOID, tensor_of("sigmoid", "input", input))


def tanh(input: Tensor) -> Tensor:
    """Any number into the range from −1 to 1."""
    return apply(TANH, tensor_of("tanh", "input", input))


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x times the share of a bell curve below x.

    Args:
        input: floating point, any shape.
        approximate: "none" for the error function, "tanh" for the approximation that GPT-2 used.

    Raises:
        OptionError: another `approximate`.

    Source: D. Hendrycks and K. Gimpel, "Gaussian Error Linear Units", 2016.
    """
    x = floating_of("gelu", "input", input)
    if approximate not in ("none", "tanh"):
        raise wrong_option(f"gelu: approximate is {approximate!r}.", "It must be 'none' or 'tanh'.")
    return apply(GELU, x, approximate=approximate)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x · sigmoid(x), also called swish."""
    return maybe_in_place("silu_", floating_of("silu", "input", input), inplace, lambda old: apply(SILU, old))


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x · tanh(softplus(x))."""
    x = floating_of("mish", "input", input)
    return maybe_in_place("mish_", x, inplace, lambda old: old * tanh(softplus(old)))


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + e^(beta · x)) / beta, a rounded relu; x itself where beta · x is above `threshold`."""
    return apply(SOFTPLUS, floating_of("softplus", "input", input), beta=float(beta), threshold=float(threshold))


def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(x)), as −softplus(−x): no logarithm of a number that was rounded to 0."""
    x = floating_of("logsigmoid", "input", input)
    return apply(NEG, apply(SOFTPLUS, apply(NEG, x), beta=1.0, threshold=40.0), _grad_fn="LogSigmoidBackward0")


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|)."""
    x = tensor_of("softsign", "input", input)
    out: Tensor = x / (F.abs(x) + 1)
    return out


def tanhshrink(input: Tensor) -> Tensor:
    """x − tanh(x)."""
    x = tensor_of("tanhshrink", "input", input)
    out: Tensor = x - tanh(x)
    return out


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """Probabilities along `dim`: e to the power of each number, divided by the sum of all.

    Args:
        input: floating point, any shape.
        dim: the axis whose numbers shall add up to 1. Left out, it is guessed, with a warning.
        _stacklevel: there for PyTorch's sake; nothing reads it.
        dtype: what to convert to first.

    Raises:
        AxisError: no such axis.
        UnsupportedDtypeError: whole numbers, and no `dtype`.
    """
    return _along("softmax", SOFTMAX, input, dim, dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """The logarithm of `softmax`, exact where that is too small for a number. Arguments are softmax's."""
    return _along("log_softmax", LOG_SOFTMAX, input, dim, dtype)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """softmax(−x): the smallest number gets the largest probability."""
    return _along("softmin", SOFTMAX, apply(NEG, tensor_of("softmin", "input", input)), dim, dtype)


def _along(name: str, op: Op, input: Tensor, dim: int | None, dtype: Any) -> Tensor:
    x = tensor_of(name, "input", input)
    if dtype is not None:
        x = x.to(dtypes.to_dtype(dtype, name))
    x = floating_of(name, "input", x)
    if dim is None:
        warnings.warn(
            f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an "
            "argument.",
            UserWarning,
            stacklevel=3,
        )
        dim = 0 if x.ndim in (0, 1, 3) else 1
    return apply(op, x, dim=dim_of(name, dim, x.ndim))
