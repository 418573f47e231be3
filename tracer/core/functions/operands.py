"""What arithmetic takes: a tensor on one side at least, a number or a tensor on the other, dtypes that fit."""

from __future__ import annotations

from typing import Any

import numpy as np

from tracer.core import dtype as dtypes
from tracer.core.functions.arguments import tensor_of
from tracer.core.functions.registry import METHODS
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentTypeError, DtypeError, UnsupportedDtypeError


def operand_of(name: str, thing: Any, argument: str = "other") -> Any:
    """A tensor or a Python number.

    Raises:
        ArgumentTypeError: anything else.
    """
    if isinstance(thing, Tensor) or dtypes.is_scalar(thing):
        return thing
    raise ArgumentTypeError(
        f"{name}: {argument} must be a Tensor or a number, got {type(thing).__name__}.",
        hint="Make it a tensor first: tracer.tensor(...).",
        where=user_line(),
        ja=f"{name}：{argument} にはテンソルか数が必要ですが、{type(thing).__name__} が渡されました。",
        hint_ja="先に tracer.tensor(...) でテンソルにしてください。",
    )


def operands_of(name: str, input: Any, other: Any) -> tuple[Any, Any]:
    """Two operands; two numbers become a tensor and a number, so that the result is a tensor."""
    a, b = operand_of(name, input, "input"), operand_of(name, other)
    if not isinstance(a, Tensor) and not isinstance(b, Tensor):
        a = Tensor._wrap(np.asarray(a, dtypes.of_number(a).numpy), told=False)
    return a, b


def dtype_of(operand: Any) -> dtypes.DType:
    """The element type of a tensor or a Python number."""
    return operand.dtype if isinstance(operand, Tensor) else dtypes.of_number(operand)


def same_dtype(name: str, **tensors: Tensor) -> None:
    """Refuse tensors of different dtypes, where PyTorch does not bring them together.

    Raises:
        DtypeError: they differ.
    """
    if len({one._array.dtype for one in tensors.values()}) > 1:
        has = ", ".join(f"{argument} is {one.dtype}" for argument, one in tensors.items())
        has_ja = "、".join(f"{argument} は {one.dtype}" for argument, one in tensors.items())
        raise DtypeError(
            f"{name}: {has}.",
            hint="They must have the same dtype; convert one, for example with .float().",
            where=user_line(),
            ja=f"{name}：dtype が違います（{has_ja}）。",
            hint_ja="同じ dtype でなければなりません。.float() などで変換してください。",
        )


def floats_of(name: str, input: Any, argument: str = "input", *, supported: bool = True) -> Tensor:
    """A tensor of floating point.

    Args:
        supported: False where PyTorch says that it is not implemented (NotImplementedError).

    Raises:
        DtypeError: whole numbers or bools.
    """
    a = tensor_of(name, input, argument)
    if a._array.dtype.kind == "f":
        return a
    raise (DtypeError if supported else UnsupportedDtypeError)(
        f"{name}: {argument} is {a.dtype}; it takes floating-point tensors only.",
        hint=f"Convert it first: {argument}.float().",
        where=user_line(),
        ja=f"{name}：{argument} は {a.dtype} ですが、浮動小数点数のテンソルでなければなりません。",
        hint_ja=f"{argument}.float() で変換してください。",
    )


def counts_of(name: str, input: Any) -> Tensor:
    """A tensor of numbers: bools are refused where PyTorch has nothing for them."""
    a = tensor_of(name, input)
    if a._array.dtype.kind == "b":
        raise UnsupportedDtypeError(
            f"{name}: got a bool tensor.",
            hint="Convert it to numbers first: x.long().",
            where=user_line(),
            ja=f"{name}：bool のテンソルには使えません。",
            hint_ja="先に数に変換してください：x.long()",
        )
    return a


def no_bools(name: str, *operands: Any) -> None:
    """Refuse bools, which are answers and not numbers.

    Raises:
        DtypeError: one of them is of bools.
    """
    if any(isinstance(one, Tensor) and one._array.dtype.kind == "b" for one in operands):
        raise DtypeError(
            f"{name}: got a bool tensor.",
            hint="To turn a mask around, use ~mask; to count with it, mask.float() or mask.long().",
            where=user_line(),
            ja=f"{name}：bool のテンソルには使えません。",
            hint_ja="マスクの反転には ~mask を、数として使うには mask.float() か mask.long() を使ってください。",
        )


def converted(input: Tensor, dtype: Any, name: str) -> Tensor:
    """`input`, converted first where a `dtype` was asked for."""
    if dtype is None or dtypes.to_dtype(dtype, f"{name}: dtype") is input.dtype:
        return input
    made: Tensor = METHODS["to"](input, dtype)
    return made


def floating(input: Tensor) -> Tensor:
    """`input`, whole numbers and bools as the default float type."""
    return input if input._array.dtype.kind == "f" else METHODS["to"](input, dtypes.get_default_dtype())
