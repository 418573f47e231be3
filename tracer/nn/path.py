"""How a module is reached from the one that is being called: the scope of what it computes.

A module knows who holds it, weakly, and a holder is asked whether it still does. So a part that is taken out, replaced
or copied needs no bookkeeping, and a network goes when its last user does.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from tracer.core.scope import scope

if TYPE_CHECKING:
    from tracer.nn.module import Module

_CALLING: ContextVar[tuple[Module, ...]] = ContextVar("tracer_modules_calling", default=())
"""Modules whose `forward` runs now, outermost first; kept while a recording listens."""


def adopted(module: Module, parent: Module, name: str) -> None:
    """Note that `parent` holds `module` under `name`."""
    if not any(ref() is parent and known == name for ref, known in module._parents):
        module._parents.append((weakref.ref(parent), name))


def in_scope(module: Module, forward: Callable[..., Any], args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """Run `forward` in the scope of the module's path; a module that stands alone opens none."""
    calling = _CALLING.get()
    path = path_of(module, calling)
    token = _CALLING.set((*calling, module))
    try:
        if not path:
            return forward(*args, **keywords)
        with scope(path):
            return forward(*args, **keywords)
    finally:
        _CALLING.reset(token)


def path_of(module: Module, calling: tuple[Module, ...] = ()) -> str:
    """How the nearest module of `calling` reaches this one, `layers.0`; else the outermost; "" where nobody holds it.

    A module that several hold is named after the one that calls it, else after the first.
    """
    parts: list[str] = []
    seen = {id(module)}
    while not any(module is one for one in calling):
        homes = [(home, name) for ref, name in module._parents if (home := ref()) is not None]
        homes = [(home, name) for home, name in homes if home.__dict__.get(name) is module]
        if not homes:
            break
        caller = calling[-1] if calling else None
        home, name = next((pair for pair in homes if pair[0] is caller), homes[0])
        if id(home) in seen:  # a module that contains itself
            break
        parts.append(name)
        seen.add(id(home))
        module = home
    return ".".join(reversed(parts))
