"""Named parts of a graph: `with scope("attn"):` says which part the nodes made inside belong to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_CURRENT: ContextVar[str] = ContextVar("tracer_scope", default="")


@contextmanager
def scope(name: str) -> Iterator[None]:
    """Name a part of the graph; scopes nest with dots: `layer0.attn`.

    Args:
        name: any text without line breaks; a dot in it makes two levels.
    """
    outer = _CURRENT.get()
    token = _CURRENT.set(f"{outer}.{name}" if outer else name)
    try:
        yield
    finally:
        _CURRENT.reset(token)


current_scope: Callable[[], str] = _CURRENT.get
"""The scope a node made now belongs to, "" at the top."""
