"""`tracer.linalg`: norms of vectors and matrices."""

from __future__ import annotations

import math
from typing import Any

from tracer.core.functions.arguments import dims_of, tensor_of
from tracer.core.functions.math import abs
from tracer.core.functions.operands import converted
from tracer.core.functions.order import amax, amin
from tracer.core.functions.reduce import Dim, length, sum
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import OptionError, ShapeError


def vector_norm(x: Tensor, ord: float = 2, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The length of all elements as one vector, or along `dim`: (Σ |x|^ord)^(1 / ord).

    Raises:
        DtypeError: of whole numbers. AxisError: there is no such axis.
    """
    name = "linalg.vector_norm"
    return length(name, converted(tensor_of(name, x, "x"), dtype, name), ord, dim, keepdim)


def matrix_norm(
    A: Tensor, ord: float | str = "fro", dim: tuple[int, int] = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """The norm of a matrix, or of each in a stack.

    Args:
        ord: "fro", the root of the sum of squares; 1 or −1, the largest or smallest sum of a column; ±inf, of a row.

    Raises:
        OptionError: another `ord` (2, −2 and "nuc" need singular values, which are not there).
        ShapeError: fewer than two axes.
    """
    name = "linalg.matrix_norm"
    a = converted(tensor_of(name, A, "A"), dtype, name)
    if a.ndim < 2:
        raise ShapeError(
            f"{name}: A has shape {tuple(a._array.shape)}.", hint="It needs at least two axes.", where=user_line()
        )
    rows, columns = dims_of(name, list(dim), a.ndim)
    if ord == "fro":
        return length(name, a, 2, [rows, columns], keepdim)
    if isinstance(ord, str) or ord not in (1, -1, math.inf, -math.inf):
        raise OptionError(
            f"{name}: ord is {ord!r}.",
            hint="It must be 'fro', 1, -1, inf or -inf; those that need singular values are not there.",
            where=user_line(),
        )
    added, chosen = (rows, columns) if ord in (1, -1) else (columns, rows)
    sums = sum(abs(a), added, keepdim=True)
    return (amax if ord > 0 else amin)(sums, [added, chosen], keepdim=keepdim)


def norm(
    A: Tensor, ord: float | str | None = None, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """The norm of a vector, or of a matrix where `ord` is given and A has two axes, or `dim` names two.

    Raises:
        OptionError, ShapeError, DtypeError: as for `vector_norm` and `matrix_norm`.
    """
    a = tensor_of("linalg.norm", A, "A")
    if ord is not None and ((isinstance(dim, list | tuple) and len(dim) == 2) or (dim is None and a.ndim == 2)):
        one, two = (-2, -1) if dim is None else (int(d) for d in dim)
        return matrix_norm(a, ord, (one, two), keepdim, dtype=dtype)
    if isinstance(ord, str):
        raise OptionError(
            f"linalg.norm: ord is {ord!r}, but A is taken as a vector.",
            hint="A name is for matrices: give A two axes, or name two in dim.",
            where=user_line(),
        )
    if ord is not None and dim is None and a.ndim != 1:
        raise ShapeError(
            f"linalg.norm: A has shape {tuple(a._array.shape)}.",
            hint="With ord and without dim it must have one axis or two.",
            where=user_line(),
        )
    return vector_norm(a, 2 if ord is None else ord, dim, keepdim, dtype=dtype)
