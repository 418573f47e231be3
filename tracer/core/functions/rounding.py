"""Rounding and signs under PyTorch's names: stairs, whose gradient is 0."""

from __future__ import annotations

from tracer.core.apply import apply
from tracer.core.functions.arguments import int_of, tensor_of
from tracer.core.functions.operands import counts_of, floats_of
from tracer.core.functions.registry import function
from tracer.core.ops import elementwise, rounding
from tracer.core.tensor import Tensor


@function
def floor(input: Tensor) -> Tensor:
    """Rounded down; the gradient is 0."""
    return apply(rounding.FLOOR, counts_of("floor", input))


@function
def ceil(input: Tensor) -> Tensor:
    """Rounded up; the gradient is 0."""
    return apply(rounding.CEIL, counts_of("ceil", input))


@function(names=("fix",))
def trunc(input: Tensor) -> Tensor:
    """Rounded towards 0; the gradient is 0."""
    return apply(rounding.TRUNC, counts_of("trunc", input))


@function
def frac(input: Tensor) -> Tensor:
    """What stands behind the point, with the sign of `input`."""
    a = floats_of("frac", input, supported=False)
    return apply(elementwise.SUB, a, apply(rounding.TRUNC, a), _grad_fn="FracBackward0")


@function
def round(input: Tensor, *, decimals: int | None = None) -> Tensor:
    """Rounded to the nearest, ties to even; the gradient is 0.

    Args:
        decimals: places behind the point, negative before it; 0 if left out.

    Raises:
        UnsupportedDtypeError: of bools; of whole numbers where `decimals` is given.
    """
    if decimals is None:
        return apply(rounding.ROUND, counts_of("round", input))
    a = floats_of("round", input, supported=False)
    return apply(rounding.ROUND, a, decimals=int_of("round", "decimals", decimals))


@function
def sign(input: Tensor) -> Tensor:
    """1, −1 or 0; the gradient is 0."""
    return apply(rounding.SIGN, tensor_of("sign", input))


@function
def sgn(input: Tensor) -> Tensor:
    """`sign`, under its name for complex numbers."""
    return apply(rounding.SIGN, tensor_of("sgn", input), _grad_fn="SgnBackward0")
