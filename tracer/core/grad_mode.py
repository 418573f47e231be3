"""Whether what is computed now is remembered for a backward pass: `no_grad`, `enable_grad`, as PyTorch's."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

_ENABLED: ContextVar[bool] = ContextVar("tracer_grad_enabled", default=True)


def is_grad_enabled() -> bool:
    """Whether results of what is computed now can require gradient."""
    return _ENABLED.get()


class set_grad_enabled:
    """Turns gradients on or off: at once, inside a `with`, or for a function it decorates."""

    def __init__(self, mode: bool) -> None:
        self._mode = bool(mode)
        self._outer: list[bool] = [_ENABLED.get()]
        self._tokens: list[Token[bool]] = []
        _ENABLED.set(self._mode)

    def __enter__(self) -> None:
        _ENABLED.set(self._mode)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _ENABLED.set(self._outer[0])


class _Mode:
    """A mode as a context manager and decorator; nests."""

    mode: bool

    def __init__(self, function: Any = None) -> None:
        self._outer: list[bool] = []

    def __new__(cls, function: Any = None) -> Any:
        if function is None:
            return super().__new__(cls)
        return cls()(function)  # @no_grad without parentheses

    def __enter__(self) -> None:
        self._outer.append(_ENABLED.get())
        _ENABLED.set(self.mode)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _ENABLED.set(self._outer.pop())

    def __call__(self, function: F) -> F:
        mode = type(self)

        @functools.wraps(function)
        def inside(*args: Any, **keywords: Any) -> Any:
            with mode():
                return function(*args, **keywords)

        return cast(F, inside)


class no_grad(_Mode):
    """`with no_grad():` or `@no_grad()`: what is computed inside takes no gradient."""

    mode = False


class enable_grad(_Mode):
    """`with enable_grad():` turns gradients on again inside `no_grad`."""

    mode = True


inference_mode = no_grad
