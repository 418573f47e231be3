"""Functions under PyTorch's names: each stands once and serves as `tracer.sum(x)` and as `x.sum()`."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from typing import Any, TypeVar, overload

F = TypeVar("F", bound=Callable[..., Any])

MODULE: dict[str, Callable[..., Any]] = {}
"""Name -> function, of the module level."""
METHODS: dict[str, Callable[..., Any]] = {}
"""Name -> function, of `Tensor`: the first parameter is the tensor."""


@overload
def function(given: F, /) -> F: ...
@overload
def function(*, method: bool = True, module: bool = True, names: tuple[str, ...] = ()) -> Callable[[F], F]: ...
def function(given: Any = None, *, method: bool = True, module: bool = True, names: tuple[str, ...] = ()) -> Any:
    """Register a function, under its own name (less a last `_` that only avoids a keyword of Python) and `names`.

    Args:
        method: whether it is a method of `Tensor`.
        module: whether it is a function of `tracer`.
        names: further names for the same.
    """

    def take(one: F) -> F:
        for name in (one.__name__.removesuffix("_") if keyword.iskeyword(one.__name__[:-1]) else one.__name__, *names):
            if method:
                METHODS[name] = one
            if module:
                MODULE[name] = one
        return one

    return take if given is None else take(given)
