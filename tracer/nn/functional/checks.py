"""What functions ask of their arguments before an op runs, told with the name of the function the user called."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from tracer.core import dtype as dtypes
from tracer.core.functions.inplace import overwrite
from tracer.core.grad_mode import is_grad_enabled
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import (
    ArgumentError,
    ArgumentTypeError,
    DtypeError,
    GraphError,
    OptionError,
    ShapeError,
    UnsupportedDtypeError,
)

REDUCTIONS = ("none", "mean", "sum")


def tensor_of(name: str, argument: str, given: Any) -> Tensor:
    """`given`, which must be a tensor.

    Raises:
        ArgumentTypeError: it is none.
    """
    if isinstance(given, Tensor):
        return given
    raise ArgumentTypeError(
        f"{name}: {argument} must be a tensor, got {type(given).__name__}.",
        hint="Make it a tensor first: tracer.tensor(...).",
        where=user_line(),
        ja=f"{name}：{argument} にはテンソルが必要ですが、{type(given).__name__} が渡されました。",
        hint_ja="先に tracer.tensor(...) でテンソルにします。",
    )


def floating_of(name: str, argument: str, given: Any) -> Tensor:
    """`given`, which must be a tensor of floating point.

    Raises:
        ArgumentTypeError: it is no tensor.
        UnsupportedDtypeError: its elements are whole numbers or bools. It is a NotImplementedError, as in PyTorch.
    """
    x = tensor_of(name, argument, given)
    if x._array.dtype.kind == "f":
        return x
    raise UnsupportedDtypeError(
        f"{name}: {argument} is {x.dtype}, which {name} does not take.",
        hint=f"Convert it: {argument}.float().",
        where=user_line(),
        ja=f"{name}：{argument} は {x.dtype} です。{name} は浮動小数点数にだけ使えます。",
        hint_ja=f"{argument}.float() で変換します。",
    )


def same_dtype(name: str, **tensors: Tensor | None) -> None:
    """Refuse tensors of different dtypes, where PyTorch mixes none.

    Raises:
        DtypeError: they differ.
    """
    kinds = {x._array.dtype for x in tensors.values() if x is not None}
    if len(kinds) < 2:
        return
    found = {argument: x.dtype for argument, x in tensors.items() if x is not None}
    raise DtypeError(
        f"{name}: " + ", ".join(f"{argument} is {dtype}" for argument, dtype in found.items()) + ".",
        hint="They must have the same dtype; convert one: x.to(y.dtype).",
        where=user_line(),
        ja=f"{name}：" + "、".join(f"{argument} は {dtype}" for argument, dtype in found.items()) + " です。",
        hint_ja="同じ dtype でなければなりません。x.to(y.dtype) で変換します。",
    )


def promoted(name: str, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Both with the dtype that arithmetic between them has, which must be a floating one.

    Raises:
        UnsupportedDtypeError: both are whole numbers or bools.
    """
    dtype = dtypes.promote(first, second)
    if not dtype.is_floating_point:
        floating_of(name, "input", first)
    return tuple(x if x.dtype is dtype else x.to(dtype) for x in (first, second))  # type: ignore[return-value]


def setting(name: str, argument: str, given: Any) -> Tensor | None:
    """A tensor that no gradient flows to (class weights), or None.

    Raises:
        ArgumentTypeError: it is no tensor.
        GraphError: it requires gradient.
    """
    if given is None:
        return None
    x = tensor_of(name, argument, given)
    if x._requires_grad and is_grad_enabled():
        raise GraphError(
            f"{name}: {argument} has requires_grad=True, but {name} is not differentiable with respect to it.",
            hint=f"Pass {argument}.detach().",
            where=user_line(),
            ja=f"{name}：{argument} は requires_grad=True ですが、{name} はこれについて微分できません。",
            hint_ja=f"{argument}.detach() を渡します。",
        )
    return x


def reduction_of(name: str, reduction: Any, size_average: bool | None = None, reduce: bool | None = None) -> str:
    """How losses are brought together; `size_average` and `reduce` are PyTorch's old words for it.

    Raises:
        ArgumentError: not one of "none", "mean", "sum".
    """
    if size_average is not None or reduce is not None:
        wanted = "none" if reduce is False else "sum" if size_average is False else "mean"
        warnings.warn(
            f"size_average and reduce args will be deprecated, please use reduction='{wanted}' instead.",
            UserWarning,
            stacklevel=3,
        )
        return wanted
    if reduction in REDUCTIONS:
        return str(reduction)
    raise ArgumentError(
        f"{name}: {reduction!r} is not a valid value for reduction.",
        hint="It must be 'none', 'mean' or 'sum'.",
        where=user_line(),
        ja=f"{name}：reduction に {reduction!r} は使えません。",
        hint_ja="'none'、'mean'、'sum' のどれかです。",
    )


def shape_of(x: Tensor) -> tuple[int, ...]:
    """The sizes as a plain tuple, as messages write them."""
    return tuple(x._array.shape)


def wrong_shape(message: str, rule: str, ja: str | None = None, rule_ja: str | None = None) -> ShapeError:
    """The error for shapes that do not fit: what was got, and the rule."""
    return ShapeError(message, hint=rule, where=user_line(), ja=ja, hint_ja=rule_ja)


def wrong_option(message: str, rule: str, ja: str | None = None, rule_ja: str | None = None) -> OptionError:
    """The error for an option out of range, where PyTorch raises RuntimeError."""
    return OptionError(message, hint=rule, where=user_line(), ja=ja, hint_ja=rule_ja)


def maybe_in_place(name: str, input: Tensor, inplace: bool, compute: Callable[[Tensor], Tensor]) -> Tensor:
    """`compute(input)`, written into `input` itself where asked for."""
    return overwrite(input, compute, name) if inplace else compute(input)
