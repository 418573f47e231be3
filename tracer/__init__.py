"""Gradient Tracer: walk a computation and its backward pass, number by number.

    from tracer import Value

    a, b = Value(2.0, name="a"), Value(3.0, name="b")
    d = (a * b + a).named("d")
    d.backward()                      # a.grad == 4.0, b.grad == 2.0

Names load when they are first used, so that `import tracer` costs next to nothing; and they are found by text, so that
the packages below never import the ones above.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "Value": "tracer.core.value",
    "by_hand": "tracer.core.value",
    "record": "tracer.core.record",
    "mark": "tracer.core.record",
    "scope": "tracer.core.scope",
    "gradcheck": "tracer.core.gradcheck",
    "Trace": "tracer.trace.trace",
    "Cursor": "tracer.trace.cursor",
    "load": "tracer.trace.store",
    "TracerError": "tracer.errors",
    "show": "tracer.cli.showing",
}

__all__ = [*sorted(_HOME), "__version__"]

if TYPE_CHECKING:
    from tracer.cli.showing import show as show
    from tracer.core.columns import Columns
    from tracer.core.gradcheck import gradcheck as gradcheck
    from tracer.core.record import mark as mark
    from tracer.core.record import record as record
    from tracer.core.scope import scope as scope
    from tracer.core.value import Value as Value
    from tracer.core.value import by_hand as by_hand
    from tracer.errors import TracerError as TracerError
    from tracer.trace.cursor import Cursor as Cursor
    from tracer.trace.store import load as load
    from tracer.trace.trace import Trace as Trace


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'tracer' has no attribute {name!r}")
    found = getattr(importlib.import_module(home), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__


def make_trace(columns: Columns, ids: Mapping[int, int] | None = None) -> Trace:
    """The `Trace` of a recording. Here because recording lies below traces and may not import them."""
    trace: Trace = importlib.import_module("tracer.trace.trace").Trace(columns, ids)
    return trace


def to_dot(trace: Trace) -> str:
    """DOT text of a finished trace; behind `Trace.to_dot`."""
    dot: str = importlib.import_module("tracer.export.export").trace_to_dot(trace)
    return dot
