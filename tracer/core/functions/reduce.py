"""Sums, means, products, spreads and norms under PyTorch's names.

`dim` is one axis, several, or None for all; an empty list means all too, as in PyTorch. `keepdim` leaves the reduced
axes in at length 1. NumPy's names, `axis` and `keepdims`, are taken where PyTorch takes them.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from tracer.core.apply import apply
from tracer.core.functions.arguments import dim_of, dims_of, tensor_of
from tracer.core.functions.operands import converted, floating, floats_of
from tracer.core.functions.registry import function
from tracer.core.op import Op
from tracer.core.ops import extremes, fat, scan
from tracer.core.ops import norm as norm_ops
from tracer.core.ops import reduce as ops
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentTypeError, DtypeError, OptionError, ShapeError

Dim = int | Sequence[int] | None


def axes_of(name: str, dim: Any, ndim: int) -> tuple[int, ...] | None:
    """The axes an op reduces, counted from the front; None is all of them, () those of a tensor that has none.

    Raises:
        AxisError: there is no such axis. ShapeError: the same one twice.
    """
    if dim is None:
        return None
    if not ndim:
        dims_of(name, dim, ndim)
        return ()
    return dims_of(name, dim, ndim) or tuple(range(ndim))


def one_axis(name: str, dim: Any, ndim: int) -> tuple[int, ...] | None:
    """The one axis an op reduces; the same as `axes_of` for ops that take no list."""
    if dim is None:
        return None
    axis = dim_of(name, dim, ndim)
    return (axis,) if ndim else ()


@function
def sum(
    input: Tensor,
    dim: Dim = None,
    keepdim: bool = False,
    *,
    dtype: Any = None,
    axis: Dim = None,
    keepdims: bool = False,
) -> Tensor:
    """Elements added up. Whole numbers and bools give int64.

    Args:
        dtype: convert to it before adding.

    Raises:
        AxisError: there is no such axis. ShapeError: the same one twice.
    """
    a = converted(tensor_of("sum", input), dtype, "sum")
    over = axes_of("sum", dim if axis is None else axis, a.ndim)
    return apply(ops.SUM, a, dim=over, keepdim=keepdim or keepdims)


@function
def mean(
    input: Tensor,
    dim: Dim = None,
    keepdim: bool = False,
    *,
    dtype: Any = None,
    axis: Dim = None,
    keepdims: bool = False,
) -> Tensor:
    """The mean of elements; nan of none.

    Raises:
        DtypeError: of whole numbers, unless `dtype` says otherwise. AxisError, ShapeError: as for `sum`.
    """
    a = converted(tensor_of("mean", input), dtype, "mean")
    if a._array.dtype.kind != "f":
        raise DtypeError(
            f"mean: input is {a.dtype}; a mean of whole numbers is seldom whole, so it takes floating point only.",
            hint="Convert it first: x.float().mean().",
            where=user_line(),
            ja=f"mean：input は {a.dtype} です。整数の平均はふつう整数にならないので、"
            f"浮動小数点数でなければなりません。",
            hint_ja="先に変換してください：x.float().mean()",
        )
    over = axes_of("mean", dim if axis is None else axis, a.ndim)
    return apply(ops.MEAN, a, dim=over, keepdim=keepdim or keepdims)


@function
def prod(
    input: Tensor,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    dtype: Any = None,
    axis: int | None = None,
    keepdims: bool = False,
) -> Tensor:
    """Elements multiplied, all or along one axis. Whole numbers and bools give int64.

    Raises:
        AxisError: there is no such axis. ArgumentTypeError: several axes.
    """
    a = converted(tensor_of("prod", input), dtype, "prod")
    over = one_axis("prod", dim if axis is None else axis, a.ndim)
    return apply(ops.PROD, a, dim=over, keepdim=keepdim or keepdims)


def _spread(name: str, op: Op, args: tuple[Any, ...], more: dict[str, Any], node: str | None = None) -> Tensor:
    """`var` and `std`, whose arguments PyTorch takes in several orders: (dim, unbiased, keepdim), (unbiased,)."""
    a, dim, unbiased, keepdim, correction = args
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None and correction is not None:
        raise ArgumentTypeError(
            f"{name}: both unbiased and correction are given.",
            hint="unbiased=True is correction=1, unbiased=False is correction=0: give one of them.",
            where=user_line(),
            ja=f"{name}：unbiased と correction の両方が指定されています。",
            hint_ja="unbiased=True は correction=1、False は correction=0 と同じです。どちらか一方にしてください。",
        )
    if correction is None:
        correction = 1 if unbiased is None or unbiased else 0
    x = floats_of(name, a)
    over = axes_of(name, dim if more["axis"] is None else more["axis"], x.ndim)
    if ops.count(x._array.shape, over) <= correction:
        warnings.warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor "
            "(input numel divided by output numel).",
            UserWarning,
            stacklevel=3,
        )
    return apply(op, x, dim=over, keepdim=keepdim or more["keepdims"], correction=correction, _grad_fn=node)


@function
def var(
    input: Tensor,
    dim: Dim | bool = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
    axis: Dim = None,
    keepdims: bool = False,
) -> Tensor:
    """The variance: squared distances from the mean, added up and divided by n − correction.

    Args:
        dim: the axes; or a bool, which is `unbiased`, as in PyTorch.
        unbiased: True is correction 1, False is 0.
        correction: 1 unless something else is said.

    Raises:
        DtypeError: of whole numbers. AxisError: there is no such axis.
    """
    return _spread("var", ops.VAR, (input, dim, unbiased, keepdim, correction), {"axis": axis, "keepdims": keepdims})


@function
def std(
    input: Tensor,
    dim: Dim | bool = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
    axis: Dim = None,
    keepdims: bool = False,
) -> Tensor:
    """The standard deviation, the root of `var`; where it is 0, its gradient is 0 too."""
    return _spread("std", ops.STD, (input, dim, unbiased, keepdim, correction), {"axis": axis, "keepdims": keepdims})


@function(method=False)
def var_mean(
    input: Tensor,
    dim: Dim | bool = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """(variance, mean)."""
    more = {"axis": None, "keepdims": False}
    first = _spread("var_mean", ops.VAR, (input, dim, unbiased, keepdim, correction), more, "VarMeanBackward0")
    over = None if isinstance(dim, bool) else axes_of("var_mean", dim, input.ndim)
    return first, apply(ops.MEAN, input, dim=over, keepdim=keepdim, _grad_fn="VarMeanBackward0")


@function(method=False)
def std_mean(
    input: Tensor,
    dim: Dim | bool = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """(standard deviation, mean)."""
    more = {"axis": None, "keepdims": False}
    first = _spread("std_mean", ops.STD, (input, dim, unbiased, keepdim, correction), more, "StdMeanBackward0")
    over = None if isinstance(dim, bool) else axes_of("std_mean", dim, input.ndim)
    return first, apply(ops.MEAN, input, dim=over, keepdim=keepdim, _grad_fn="StdMeanBackward0")


@function
def norm(
    input: Tensor, p: float | str | None = "fro", dim: Dim = None, keepdim: bool = False, dtype: Any = None
) -> Tensor:
    """The length of the elements taken as one vector, or of each along `dim`.

    Args:
        p: the exponent; "fro" and None are 2, `float("inf")` the largest absolute value, 0 how many are not 0.

    Raises:
        DtypeError: of whole numbers. OptionError: an unknown name. ShapeError: the largest of no elements.
    """
    if isinstance(p, str) and p != "fro":
        raise OptionError(
            f"norm: p is {p!r}.",
            hint="It must be a number, 'fro', float('inf') or float('-inf'); the nuclear norm is not there.",
            where=user_line(),
            ja=f"norm：p に {p!r} は使えません。",
            hint_ja="数、'fro'、float('inf')、float('-inf') のどれかです。核ノルムはありません。",
        )
    return length("norm", converted(tensor_of("norm", input), dtype, "norm"), p, dim, keepdim)


def length(name: str, input: Tensor, p: Any, dim: Any, keepdim: bool) -> Tensor:
    """The vector norm, speaking for the function `name`."""
    a = floats_of(name, input)
    exponent = 2.0 if p is None or isinstance(p, str) else float(p)
    over = axes_of(name, dim, a.ndim)
    if math.isinf(exponent) and ops.count(a._array.shape, over) == 0:
        raise ShapeError(f"{name}: no elements have no largest one.", where=user_line())
    return apply(norm_ops.NORM, a, p=exponent, dim=over, keepdim=keepdim)


@function
def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The running sum along one axis. Whole numbers and bools give int64.

    Raises:
        AxisError: there is no such axis.
    """
    a = converted(tensor_of("cumsum", input), dtype, "cumsum")
    return apply(scan.CUMSUM, a, dim=dim_of("cumsum", dim, a.ndim))


@function
def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The running product along one axis. Whole numbers and bools give int64.

    Raises:
        AxisError: there is no such axis.
    """
    a = converted(tensor_of("cumprod", input), dtype, "cumprod")
    return apply(scan.CUMPROD, a, dim=dim_of("cumprod", dim, a.ndim))


@function
def logsumexp(input: Tensor, dim: int | Sequence[int], keepdim: bool = False) -> Tensor:
    """log Σ exp(input) along `dim`, safe from overflow.

    Raises:
        AxisError: there is no such axis.
    """
    a = floating(tensor_of("logsumexp", input))
    return apply(ops.LOGSUMEXP, a, dim=axes_of("logsumexp", dim, a.ndim), keepdim=keepdim)


@function
def softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """exp(input) divided by its sum along `dim`: probabilities.

    Args:
        dtype: convert to it first.

    Raises:
        UnsupportedDtypeError: of whole numbers. AxisError: there is no such axis.
    """
    return _normalised(fat.SOFTMAX, input, dim, dtype)


@function
def log_softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """The logarithm of `softmax`, without losing small probabilities.

    Raises:
        UnsupportedDtypeError: of whole numbers. AxisError: there is no such axis.
    """
    return _normalised(fat.LOG_SOFTMAX, input, dim, dtype)


def _normalised(op: Op, input: Any, dim: Any, dtype: Any) -> Tensor:
    a = converted(tensor_of(op.name, input), dtype, op.name)
    along = dim_of(op.name, dim, a.ndim)
    return apply(op, floats_of(op.name, a, supported=False) if a._array.size else a, dim=along)


def _asked(op: Op, input: Any, dim: Any, keepdim: bool) -> Tensor:
    a = tensor_of(op.name, input)
    over = axes_of(op.name, dim, a.ndim)
    if isinstance(dim, tuple | list) and not dim and op is not extremes.COUNT_NONZERO:
        over = ()  # here PyTorch takes an empty list at its word: each element is asked alone
    return apply(op, a, dim=over, keepdim=keepdim)


@function
def all(input: Tensor, dim: Dim = None, keepdim: bool = False, *, axis: Dim = None) -> Tensor:
    """Whether all elements are not 0."""
    return _asked(extremes.ALL, input, dim if axis is None else axis, keepdim)


@function
def any(input: Tensor, dim: Dim = None, keepdim: bool = False, *, axis: Dim = None) -> Tensor:
    """Whether some element is not 0."""
    return _asked(extremes.ANY, input, dim if axis is None else axis, keepdim)


@function
def count_nonzero(input: Tensor, dim: Dim = None) -> Tensor:
    """How many elements are not 0, as int64."""
    return _asked(extremes.COUNT_NONZERO, input, dim, False)
