"""Sums and products in one step: lerp, addcmul, addcdiv."""

from __future__ import annotations

from typing import Any

from tracer.core.apply import apply
from tracer.core.functions.arguments import tensor_of
from tracer.core.functions.operands import floats_of, operand_of, same_dtype
from tracer.core.functions.registry import function
from tracer.core.ops import choose
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import DtypeError


@function
def lerp(input: Tensor, end: Tensor, weight: Any) -> Tensor:
    """input + weight · (end − input): `input` at weight 0, `end` at weight 1.

    Raises:
        DtypeError: of whole numbers, or of different dtypes.
    """
    a = floats_of("lerp", input, supported=False)
    b, w = tensor_of("lerp", end, "end"), operand_of("lerp", weight, "weight")
    same_dtype("lerp", input=a, end=b, **({"weight": w} if isinstance(w, Tensor) else {}))
    return apply(choose.LERP, a, b, w)


@function
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """input + value · tensor1 · tensor2."""
    return apply(
        choose.ADDCMUL,
        tensor_of("addcmul", input),
        tensor_of("addcmul", tensor1, "tensor1"),
        tensor_of("addcmul", tensor2, "tensor2"),
        value,
    )


@function
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """input + value · tensor1 / tensor2.

    Raises:
        DtypeError: tensor1 and tensor2 hold whole numbers.
    """
    b, c = tensor_of("addcdiv", tensor1, "tensor1"), tensor_of("addcdiv", tensor2, "tensor2")
    if b._array.dtype.kind != "f" and c._array.dtype.kind != "f":
        raise DtypeError(
            f"addcdiv: tensor1 is {b.dtype}, tensor2 is {c.dtype}: it does not divide whole numbers.",
            hint="Convert one of them first: tensor1.float().",
            where=user_line(),
        )
    return apply(choose.ADDCDIV, tensor_of("addcdiv", input), b, c, value)
