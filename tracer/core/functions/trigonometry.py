"""Inverse and hyperbolic functions, powers of 2, and the soft maximum of two, under PyTorch's names."""

from __future__ import annotations

from tracer.core.apply import apply
from tracer.core.functions.arguments import tensor_of
from tracer.core.functions.registry import function
from tracer.core.ops import trigonometry as ops
from tracer.core.tensor import Tensor


@function(names=("arcsin",))
def asin(input: Tensor) -> Tensor:
    """The angle whose sine is `input`, in [−π/2, π/2]; nan outside [−1, 1]."""
    return apply(ops.ASIN, tensor_of("asin", input))


@function(names=("arccos",))
def acos(input: Tensor) -> Tensor:
    """The angle whose cosine is `input`, in [0, π]; nan outside [−1, 1]."""
    return apply(ops.ACOS, tensor_of("acos", input))


@function(names=("arctan",))
def atan(input: Tensor) -> Tensor:
    """The angle whose tangent is `input`, in (−π/2, π/2)."""
    return apply(ops.ATAN, tensor_of("atan", input))


@function
def sinh(input: Tensor) -> Tensor:
    """The hyperbolic sine."""
    return apply(ops.SINH, tensor_of("sinh", input))


@function
def cosh(input: Tensor) -> Tensor:
    """The hyperbolic cosine."""
    return apply(ops.COSH, tensor_of("cosh", input))


@function
def exp2(input: Tensor) -> Tensor:
    """2 to the power `input`."""
    return apply(ops.EXP2, tensor_of("exp2", input))


@function
def logaddexp(input: Tensor, other: Tensor) -> Tensor:
    """log(exp(input) + exp(other)), safe from overflow."""
    return apply(ops.LOGADDEXP, tensor_of("logaddexp", input), tensor_of("logaddexp", other, "other"))
