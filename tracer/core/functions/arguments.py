"""Arguments as PyTorch takes them: a dim counts from either end, sizes stand alone or in a tuple.

Each helper gets the name of the function it speaks for, so that the message names what the user called.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentTypeError, AxisError, ShapeError


def tensor_of(name: str, thing: Any, argument: str = "input") -> Tensor:
    """A tensor. Lists, arrays and numbers are refused, as PyTorch refuses them.

    Raises:
        ArgumentTypeError: anything else.
    """
    if isinstance(thing, Tensor):
        return thing
    raise ArgumentTypeError(
        f"{name}: {argument} must be a Tensor, got {type(thing).__name__}.",
        hint="Make it one first: tracer.tensor(...).",
        where=user_line(),
        ja=f"{name}：{argument} にはテンソルが必要ですが、{type(thing).__name__} が渡されました。",
        hint_ja="先に tracer.tensor(...) でテンソルにしてください。",
    )


def tensors_of(name: str, things: Any, argument: str = "tensors") -> list[Tensor]:
    """A list or tuple of tensors.

    Raises:
        ArgumentTypeError: not a list or tuple, or something else in it.
    """
    if not isinstance(things, list | tuple):
        raise ArgumentTypeError(
            f"{name}: {argument} must be a list or tuple of Tensors, got {type(things).__name__}.",
            hint=f"Put them in brackets: {name}([a, b]).",
            where=user_line(),
            ja=f"{name}：{argument} にはテンソルのリストかタプルが必要ですが、{type(things).__name__} が渡されました。",
            hint_ja=f"角括弧で囲みます：{name}([a, b])",
        )
    return [tensor_of(name, one, f"{argument}[{place}]") for place, one in enumerate(things)]


def int_of(name: str, argument: str, value: Any) -> int:
    """A whole number; also NumPy's and a tensor of one. A bool or a float is refused, as PyTorch refuses it.

    Raises:
        ArgumentTypeError: anything else.
    """
    if type(value) is int:
        return value
    if not isinstance(value, bool | np.bool_):
        try:
            return operator.index(value)
        except TypeError:
            pass
    raise ArgumentTypeError(
        f"{name}: {argument} must be an int, got {type(value).__name__}.",
        where=user_line(),
        ja=f"{name}：{argument} には整数が必要ですが、{type(value).__name__} が渡されました。",
    )


def dim_of(name: str, dim: Any, ndim: int, argument: str = "dim") -> int:
    """`dim` counted from the front, in [0, ndim). A tensor without axes takes 0 and -1, as in PyTorch.

    Raises:
        AxisError: there is no such axis. It is an IndexError.
        ArgumentTypeError: not an int.
    """
    given, axes = int_of(name, argument, dim), max(ndim, 1)
    if -axes <= given < axes:
        return given % axes
    raise AxisError(
        f"{name}: {argument} is {given}, but there {_axes(ndim)}.",
        hint=f"{argument} must lie between {-axes} and {axes - 1}.",
        where=user_line(),
        ja=f"{name}：{argument} に {given} が渡されましたが、軸は {ndim} 本です。",
        hint_ja=f"{argument} は {-axes} から {axes - 1} までの整数です。",
    )


def dims_of(name: str, dim: Any, ndim: int, argument: str = "dim") -> tuple[int, ...]:
    """One dim or several, each counted from the front, in the order given; None means every axis.

    An empty list stays empty: PyTorch's reductions take it for every axis, `permute` for none.

    Raises:
        AxisError: there is no such axis.
        ShapeError: the same axis twice.
        ArgumentTypeError: not ints.
    """
    if dim is None:
        return tuple(range(ndim))
    listed = dim if isinstance(dim, tuple | list) else (dim,)
    dims = tuple(dim_of(name, one, ndim, argument) for one in listed)
    for place, one in enumerate(dims):
        if one in dims[:place]:
            raise ShapeError(
                f"{name}: axis {one} appears twice in {argument}={listed!r}.",
                hint="Name each axis once; -1 is the last one.",
                where=user_line(),
                ja=f"{name}：{argument}={listed!r} に軸 {one} が二度現れています。",
                hint_ja="どの軸も一度だけ指定します。-1 は最後の軸です。",
            )
    return dims


def sizes_of(*sizes: Any, name: str = "shape", argument: str = "shape") -> tuple[int, ...]:
    """Sizes given one by one, `(2, 3)`, or as one sequence, `((2, 3),)`. What they mean is the caller's affair.

    Raises:
        ArgumentTypeError: not ints.
    """
    listed: Sequence[Any] = sizes
    if len(sizes) == 1 and isinstance(sizes[0], tuple | list):
        listed = sizes[0]
    return tuple(int_of(name, argument, size) for size in listed)


def _axes(ndim: int) -> str:
    return {0: "are no axes", 1: "is 1 axis"}.get(ndim, f"are {ndim} axes")
