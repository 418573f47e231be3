"""Comparisons and logic: answers as bool tensors, through which no gradient passes."""

from __future__ import annotations

from typing import Any

from tracer.core.apply import apply
from tracer.core.backend import namespace
from tracer.core.functions.arguments import tensor_of
from tracer.core.functions.operands import dtype_of, operand_of, same_dtype
from tracer.core.functions.registry import function
from tracer.core.op import Op
from tracer.core.ops import compare as ops
from tracer.core.record import ACTIVE
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentTypeError, TracerError, UnsupportedDtypeError


def _compared(op: Op, input: Any, other: Any) -> Tensor:
    return apply(op, tensor_of(op.name, input), operand_of(op.name, other))


@function
def eq(input: Tensor, other: Any) -> Tensor:
    """Where they are equal; nan equals nothing."""
    return _compared(ops.EQ, input, other)


@function(names=("not_equal",))
def ne(input: Tensor, other: Any) -> Tensor:
    """Where they differ."""
    return _compared(ops.NE, input, other)


@function(names=("less",))
def lt(input: Tensor, other: Any) -> Tensor:
    """Where `input` is less."""
    return _compared(ops.LT, input, other)


@function(names=("less_equal",))
def le(input: Tensor, other: Any) -> Tensor:
    """Where `input` is less or equal."""
    return _compared(ops.LE, input, other)


@function(names=("greater",))
def gt(input: Tensor, other: Any) -> Tensor:
    """Where `input` is greater."""
    return _compared(ops.GT, input, other)


@function(names=("greater_equal",))
def ge(input: Tensor, other: Any) -> Tensor:
    """Where `input` is greater or equal."""
    return _compared(ops.GE, input, other)


@function
def isnan(input: Tensor) -> Tensor:
    """Where an element is not a number."""
    return apply(ops.ISNAN, tensor_of("isnan", input))


@function
def isinf(input: Tensor) -> Tensor:
    """Where an element is infinite."""
    return apply(ops.ISINF, tensor_of("isinf", input))


@function
def isfinite(input: Tensor) -> Tensor:
    """Where an element is neither infinite nor nan."""
    return apply(ops.ISFINITE, tensor_of("isfinite", input))


def _logical(op: Op, input: Any, other: Any) -> Tensor:
    return apply(op, tensor_of(op.name, input), tensor_of(op.name, other, "other"))


@function
def logical_and(input: Tensor, other: Tensor) -> Tensor:
    """Where both are not 0."""
    return _logical(ops.LOGICAL_AND, input, other)


@function
def logical_or(input: Tensor, other: Tensor) -> Tensor:
    """Where one of them or both are not 0."""
    return _logical(ops.LOGICAL_OR, input, other)


@function
def logical_xor(input: Tensor, other: Tensor) -> Tensor:
    """Where just one of them is not 0."""
    return _logical(ops.LOGICAL_XOR, input, other)


@function
def logical_not(input: Tensor) -> Tensor:
    """Where `input` is 0."""
    return apply(ops.LOGICAL_NOT, tensor_of("logical_not", input))


def _bits(op: Op, input: Any, other: Any) -> Tensor:
    a, b = operand_of(op.name, input, "input"), operand_of(op.name, other)
    for one in (a, b):
        if dtype_of(one).is_floating_point:
            raise UnsupportedDtypeError(
                f"{op.name}: got {dtype_of(one)}; only whole numbers and bools have bits to join.",
                hint="Of numbers make a mask first: (x > 0) & (y > 0).",
                where=user_line(),
                ja=f"{op.name}：{dtype_of(one)} は使えません。整数か bool だけです。",
                hint_ja="先にマスクにします：(x > 0) & (y > 0)",
            )
    return apply(op, a, b)


@function
def bitwise_and(input: Any, other: Any) -> Tensor:
    """Bit by bit and; of masks, where both hold: `a & b`.

    Raises:
        UnsupportedDtypeError: of floating-point numbers.
    """
    return _bits(ops.BITWISE_AND, input, other)


@function
def bitwise_or(input: Any, other: Any) -> Tensor:
    """Bit by bit or; of masks, where one holds: `a | b`.

    Raises:
        UnsupportedDtypeError: of floating-point numbers.
    """
    return _bits(ops.BITWISE_OR, input, other)


@function
def bitwise_xor(input: Any, other: Any) -> Tensor:
    """Bit by bit exclusive or; of masks, where just one holds: `a ^ b`.

    Raises:
        UnsupportedDtypeError: of floating-point numbers.
    """
    return _bits(ops.BITWISE_XOR, input, other)


@function
def bitwise_not(input: Tensor) -> Tensor:
    """Every bit turned; of a mask, its opposite: `~a`.

    Raises:
        UnsupportedDtypeError: of floating-point numbers.
    """
    return _turned(input, UnsupportedDtypeError)


@function(module=False)
def _invert(input: Tensor) -> Tensor:
    """The operator `~`, of which PyTorch raises TypeError."""
    return _turned(input, ArgumentTypeError)


def _turned(input: Any, refusal: type[TracerError]) -> Tensor:
    a = tensor_of("bitwise_not", input)
    if a._array.dtype.kind == "f":
        raise refusal(
            f"bitwise_not: input is {a.dtype}; ~ takes whole numbers and bools only.",
            hint="For the opposite of a number write -x; for a mask, ~(x > 0).",
            where=user_line(),
            ja=f"bitwise_not：input は {a.dtype} ですが、~ が使えるのは整数と bool だけです。",
            hint_ja="数の符号を変えるなら -x、マスクなら ~(x > 0) と書きます。",
        )
    return apply(ops.BITWISE_NOT, a)


@function
def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Where |input − other| ≤ atol + rtol · |other|.

    Raises:
        DtypeError: different dtypes.
    """
    a, b = tensor_of("isclose", input), tensor_of("isclose", other, "other")
    same_dtype("isclose", input=a, other=b)
    return apply(ops.ISCLOSE, a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)


@function
def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all elements are close, as a Python bool; see `isclose`.

    Raises:
        DtypeError: different dtypes. ShapeError: they do not broadcast.
    """
    return bool(isclose(input, other, rtol, atol, equal_nan)._array.all())


@function
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether shape and all elements are the same, as a Python bool."""
    a, b = tensor_of("equal", input), tensor_of("equal", other, "other")
    for recorder in ACTIVE:
        recorder.read(a, "compare")
        recorder.read(b, "compare")
    return bool(namespace(a._array).array_equal(a._array, b._array))
