"""Arithmetic, element by element, under PyTorch's names: operands broadcast and are brought to one dtype."""

from __future__ import annotations

from typing import Any

from tracer.core import dtype as dtypes
from tracer.core.apply import apply
from tracer.core.functions.arguments import tensor_of
from tracer.core.functions.operands import counts_of, dtype_of, no_bools, operand_of, operands_of
from tracer.core.functions.registry import METHODS, function
from tracer.core.op import Op
from tracer.core.ops import choose, elementwise, math, rounding
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import DtypeError, OptionError, UnsupportedDtypeError


@function
def add(input: Any, other: Any, *, alpha: float = 1) -> Tensor:
    """input + alpha · other.

    Raises:
        ShapeError: they do not broadcast. DtypeError: alpha is broken, but they are whole numbers.
    """
    a, b = operands_of("add", input, other)
    return _add_scaled("add", a, b, alpha, "AddBackward0") if alpha != 1 else apply(elementwise.ADD, a, b)


@function(names=("subtract",))
def sub(input: Any, other: Any, *, alpha: float = 1) -> Tensor:
    """input − alpha · other.

    Raises:
        ShapeError: they do not broadcast. DtypeError: of bools.
    """
    a, b = operands_of("sub", input, other)
    no_bools("sub", a, b)
    return (
        _add_scaled("sub", a, b, -alpha, "SubBackward0")
        if alpha != 1
        else apply(elementwise.SUB, a, b, _grad_fn="SubBackward0")
    )


@function
def rsub(input: Any, other: Any, *, alpha: float = 1) -> Tensor:
    """other − alpha · input."""
    a, b = operands_of("rsub", input, other)
    no_bools("rsub", a, b)
    node = "RsubBackward0" if isinstance(b, Tensor) else "RsubBackward1"
    if alpha != 1:
        return _add_scaled("rsub", b, a, -alpha, node)
    return apply(elementwise.SUB, b, a, _grad_fn=node)


def _add_scaled(name: str, a: Any, b: Any, alpha: float, node: str) -> Tensor:
    given, result = alpha if name == "add" else -alpha, dtypes.promote(a, b)
    if isinstance(alpha, float) and not result.is_floating_point:
        raise DtypeError(
            f"{name}: alpha is {given}, but the tensors hold whole numbers.",
            hint="Give a whole alpha, or convert the tensors: x.float().",
            where=user_line(),
            ja=f"{name}：整数のテンソルに小数の alpha（{given}）は使えません。",
            hint_ja="alpha を整数にするか、x.float() で変換してください。",
        )
    if result is dtypes.bool_:
        alpha = bool(alpha)  # among bools + is "or"
    return apply(choose.ADD_SCALED, a, b, alpha, _grad_fn=node)


@function(names=("multiply",))
def mul(input: Any, other: Any) -> Tensor:
    """input · other."""
    return apply(elementwise.MUL, *operands_of("mul", input, other))


@function(names=("divide",))
def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """input / other; whole numbers give floats.

    Args:
        rounding_mode: "floor" rounds the quotient down, "trunc" towards 0; both have gradient 0.

    Raises:
        OptionError: another rounding mode, or a whole number divided by 0 and rounded.
    """
    a, b = operands_of("div", input, other)
    if rounding_mode is None:
        return apply(elementwise.DIV, a, b)
    if rounding_mode not in ("floor", "trunc"):
        raise OptionError(
            f"div: rounding_mode is {rounding_mode!r}.",
            hint="It must be None, 'trunc' or 'floor'.",
            where=user_line(),
            ja=f"div：rounding_mode に {rounding_mode!r} は使えません。",
            hint_ja="None、'trunc'、'floor' のどれかです。",
        )
    _whole_division("div", a, b)
    return apply(rounding.DIV_FLOOR if rounding_mode == "floor" else rounding.DIV_TRUNC, a, b)


@function
def true_divide(input: Any, other: Any) -> Tensor:
    """input / other; whole numbers give floats."""
    return div(input, other)


@function
def floor_divide(input: Any, other: Any) -> Tensor:
    """The quotient rounded down, `input // other`. A backward pass through it raises, as in PyTorch.

    Raises:
        OptionError: a whole number divided by 0. UnsupportedDtypeError: of bools.
    """
    a, b = operands_of("floor_divide", input, other)
    _whole_division("floor_divide", a, b)
    return apply(rounding.FLOOR_DIVIDE, a, b)


@function
def remainder(input: Any, other: Any) -> Tensor:
    """What is left after dividing, with the sign of `other`: Python's `%`.

    Raises:
        OptionError: a whole number divided by 0. UnsupportedDtypeError: of bools.
    """
    a, b = operands_of("remainder", input, other)
    _whole_division("remainder", a, b)
    return apply(rounding.REMAINDER, a, b)


@function
def fmod(input: Any, other: Any) -> Tensor:
    """What is left after dividing, with the sign of `input`: C's fmod.

    Raises:
        OptionError: a whole number divided by 0. UnsupportedDtypeError: of bools.
    """
    a, b = operands_of("fmod", input, other)
    _whole_division("fmod", a, b)
    return apply(rounding.FMOD, a, b)


def _whole_division(name: str, a: Any, b: Any) -> None:
    """Refuse what whole numbers and bools cannot: there is no infinity among them."""
    result = dtypes.promote(a, b)
    if result.is_floating_point:
        return
    if result is dtypes.bool_:
        raise UnsupportedDtypeError(
            f"{name}: got bool operands.", hint="Convert them to numbers first: x.long().", where=user_line()
        )
    if isinstance(a, Tensor) and not a._array.size:
        return
    if (b._array == 0).any() if isinstance(b, Tensor) else b == 0:
        raise OptionError(
            f"{name}: a whole number divided by zero (ZeroDivisionError).",
            hint="Only floating-point numbers have an infinity; convert first: x.float().",
            where=user_line(),
            ja=f"{name}：整数を 0 で割ろうとしました（ZeroDivisionError）。",
            hint_ja="無限大があるのは浮動小数点数だけです。x.float() で変換してください。",
        )


@function
def pow(input: Any, exponent: Any) -> Tensor:
    """input to the power `exponent`.

    Raises:
        OptionError: whole numbers to a negative whole number.
    """
    a, b = operands_of("pow", input, exponent)
    if dtypes.promote(a, b) is dtypes.bool_:
        counts_of("pow", a if isinstance(a, Tensor) else b)
    if not isinstance(b, Tensor) and b < 0 and isinstance(b, int) and not dtype_of(a).is_floating_point:
        raise OptionError(
            f"pow: the exponent is {b}, but the base holds whole numbers.",
            hint="Integers to negative integer powers are not allowed; convert first: x.float() ** -1.",
            where=user_line(),
            ja=f"pow：整数の負の乗（{b} 乗）は計算できません。",
            hint_ja="x.float() ** -1 のように、先に変換してください。",
        )
    return apply(elementwise.POW, a, b)


@function
def float_power(input: Any, exponent: Any) -> Tensor:
    """input to the power `exponent`, in float64."""
    a, b = operands_of("float_power", input, exponent)
    wide = [METHODS["to"](x, dtypes.float64) if isinstance(x, Tensor) else float(x) for x in (a, b)]
    return apply(elementwise.POW, *wide)


@function(names=("negative",))
def neg(input: Tensor) -> Tensor:
    """−input.

    Raises:
        DtypeError: of bools.
    """
    a = tensor_of("neg", input)
    no_bools("neg", a)
    return apply(elementwise.NEG, a)


@function
def positive(input: Tensor) -> Tensor:
    """input itself.

    Raises:
        DtypeError: of bools.
    """
    a = tensor_of("positive", input)
    no_bools("positive", a)
    return a


@function(names=("absolute",))
def abs(input: Tensor) -> Tensor:
    """|input|; at 0 the gradient is 0.

    Raises:
        UnsupportedDtypeError: of bools.
    """
    return apply(elementwise.ABS, counts_of("abs", input))


def _of(op: Op, input: Any) -> Tensor:
    return apply(op, tensor_of(op.name, input))


@function
def exp(input: Tensor) -> Tensor:
    """e to the power `input`."""
    return _of(elementwise.EXP, input)


@function
def log(input: Tensor) -> Tensor:
    """The natural logarithm; −inf at 0, nan below."""
    return _of(elementwise.LOG, input)


@function
def sqrt(input: Tensor) -> Tensor:
    """The square root; nan below 0."""
    return _of(elementwise.SQRT, input)


@function
def square(input: Tensor) -> Tensor:
    """input²."""
    return apply(elementwise.POW, tensor_of("square", input), 2)


@function
def rsqrt(input: Tensor) -> Tensor:
    """1 / √input."""
    return _of(math.RSQRT, input)


@function
def reciprocal(input: Tensor) -> Tensor:
    """1 / input."""
    return _of(math.RECIPROCAL, input)


@function
def sin(input: Tensor) -> Tensor:
    """The sine of an angle in radians."""
    return _of(math.SIN, input)


@function
def cos(input: Tensor) -> Tensor:
    """The cosine of an angle in radians."""
    return _of(math.COS, input)


@function
def tan(input: Tensor) -> Tensor:
    """The tangent of an angle in radians."""
    return _of(math.TAN, input)


@function
def log1p(input: Tensor) -> Tensor:
    """log(1 + input), exact also where input is tiny."""
    return _of(math.LOG1P, input)


@function
def expm1(input: Tensor) -> Tensor:
    """exp(input) − 1, exact also where input is tiny."""
    return _of(math.EXPM1, input)


@function
def log2(input: Tensor) -> Tensor:
    """The logarithm to base 2."""
    return _of(math.LOG2, input)


@function
def log10(input: Tensor) -> Tensor:
    """The logarithm to base 10."""
    return _of(math.LOG10, input)


@function
def erf(input: Tensor) -> Tensor:
    """The error function, in [−1, 1]."""
    return _of(math.ERF, input)


@function
def maximum(input: Tensor, other: Tensor) -> Tensor:
    """The larger of two, element by element; a tie halves the gradient, nan wins."""
    return apply(choose.MAXIMUM, tensor_of("maximum", input), tensor_of("maximum", other, "other"))


@function
def minimum(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of two, element by element; a tie halves the gradient, nan wins."""
    return apply(choose.MINIMUM, tensor_of("minimum", input), tensor_of("minimum", other, "other"))


@function(names=("clip",))
def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """`input`, no less than `min` and no more than `max`; at the borders the gradient passes.

    Args:
        min, max: both numbers or both tensors; either may be left out.

    Raises:
        OptionError: both left out. ArgumentTypeError: a number and a tensor.
    """
    a = tensor_of("clamp", input)
    limits = [operand_of("clamp", one, which) for one, which in ((min, "min"), (max, "max")) if one is not None]
    if not limits:
        raise OptionError(
            "clamp: neither min nor max is given.",
            hint="At least one of 'min' or 'max' must not be None: x.clamp(min=0).",
            where=user_line(),
            ja="clamp：min も max も指定されていません。",
            hint_ja="少なくとも一方を指定してください：x.clamp(min=0)",
        )
    tensors = isinstance(limits[0], Tensor)
    if (not tensors or len(limits) == 2) and dtypes.promote(a, *limits) is dtypes.bool_:
        counts_of("clamp", a)
    if len(limits) == 2:
        if isinstance(limits[1], Tensor) != tensors:
            limits = [operand_of("clamp", one, "limit") for one in limits]
            tensor_of("clamp", min if tensors else max, "min" if tensors else "max")
            tensor_of("clamp", max if tensors else min, "max" if tensors else "min")
        return apply(choose.CLAMP, a, *limits)
    node = "ClampBackward0" if tensors else "ClampBackward1"
    return apply(choose.CLAMP_MIN if max is None else choose.CLAMP_MAX, a, limits[0], _grad_fn=node)


@function
def clamp_min(input: Tensor, min: Any) -> Tensor:
    """`input`, no less than `min`."""
    return apply(choose.CLAMP_MIN, tensor_of("clamp_min", input), operand_of("clamp_min", min, "min"))


@function
def clamp_max(input: Tensor, max: Any) -> Tensor:
    """`input`, no more than `max`."""
    return apply(choose.CLAMP_MAX, tensor_of("clamp_max", input), operand_of("clamp_max", max, "max"))
