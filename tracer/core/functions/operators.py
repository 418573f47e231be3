"""Python's operators on tensors, as PyTorch has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tracer.core.apply import apply
from tracer.core.dtype import is_scalar
from tracer.core.functions.registry import METHODS
from tracer.core.op import Op
from tracer.core.ops import elementwise as ops
from tracer.core.tensor import Tensor


def _takes(other: Any) -> bool:
    return isinstance(other, Tensor) or is_scalar(other)


def _binary(op: Op) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def forward(self: Tensor, other: Any) -> Any:
        return apply(op, self, other) if _takes(other) else NotImplemented

    def reflected(self: Tensor, other: Any) -> Any:
        return apply(op, other, self) if _takes(other) else NotImplemented

    return forward, reflected


def _named(name: str, *, swap: bool = False) -> Callable[..., Any]:
    """The operator that is the function of this name."""

    def call(self: Tensor, other: Any) -> Any:
        if not _takes(other):
            return NotImplemented
        if not swap:
            return METHODS[name](self, other)
        return METHODS[name](other if isinstance(other, Tensor) else Tensor._wrap(np.asarray(other)), self)

    return call


def _in_place(name: str) -> Callable[..., Any]:
    def call(self: Tensor, other: Any) -> Any:
        return METHODS[name](self, other) if _takes(other) else NotImplemented

    return call


def _reflected_function(name: str) -> Callable[..., Any]:
    """The function of this name with a number first."""
    return lambda self, other: METHODS[name](other, self) if _takes(other) else NotImplemented


def _unary(name: str) -> Callable[[Tensor], Any]:
    return lambda self: METHODS[name](self)


def _set(**methods: Any) -> None:
    for name, method in methods.items():
        setattr(Tensor, f"__{name}__", method)


def _over(self: Tensor, other: Any) -> Any:
    """`2 / x`, which PyTorch computes as (1 / x) · 2."""
    return apply(ops.DIV, other, self, _grad_fn="MulBackward0") if _takes(other) else NotImplemented


for _name, _op in (("add", ops.ADD), ("mul", ops.MUL), ("truediv", ops.DIV)):
    _forward, _reflected = _binary(_op)
    _set(**{_name: _forward, f"r{_name}": _reflected})
_set(rtruediv=_over, rsub=_named("rsub"), rpow=_reflected_function("pow"))
_set(**{name: _named(name) for name in ("sub", "pow")})
_set(**{name: _unary(name) for name in ("neg", "abs")}, pos=_unary("positive"))
_set(matmul=_named("matmul"), rmatmul=_named("matmul", swap=True))
_set(floordiv=_named("floor_divide"), mod=_named("remainder"))
_set(rfloordiv=_named("floor_divide", swap=True), rmod=_named("remainder", swap=True))
_set(**{name: _named(name) for name in ("eq", "ne", "lt", "le", "gt", "ge")})
for _python, _word in (("and", "bitwise_and"), ("or", "bitwise_or"), ("xor", "bitwise_xor")):
    _set(**{_python: _named(_word), f"r{_python}": _named(_word)})
_set(invert=_unary("_invert"))
_set(
    iadd=_in_place("add_"), isub=_in_place("sub_"), imul=_in_place("mul_"), itruediv=_in_place("div_"),
    ipow=_in_place("pow_"),
)  # fmt: skip
_set(getitem=lambda self, index: METHODS["_getitem"](self, index))
_set(setitem=lambda self, index, value: METHODS["_setitem"](self, index, value))
