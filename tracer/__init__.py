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
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "Value": "tracer.core.value",
    "by_hand": "tracer.core.value",
    "record": "tracer.core.record",
    "mark": "tracer.core.record",
    "scope": "tracer.core.scope",
    "tap": "tracer.core.taps",
    "taps": "tracer.core.taps",
    "gradcheck": "tracer.core.gradcheck",
    "Trace": "tracer.trace.trace",
    "Cursor": "tracer.trace.cursor",
    "load": "tracer.train.anything",
    "assert_close": "tracer.trace.golden",
    "TracerError": "tracer.errors",
    "Training": "tracer.train.entry",
    "Documents": "tracer.train.documents",
    "require": "tracer.train.require",
    "show": "tracer.cli.showing",
    "Tensor": "tracer.core.functions.all",
    "no_grad": "tracer.core.grad_mode",
    "enable_grad": "tracer.core.grad_mode",
    "set_grad_enabled": "tracer.core.grad_mode",
    "is_grad_enabled": "tracer.core.grad_mode",
    "inference_mode": "tracer.core.grad_mode",
    "Generator": "tracer.core.generator",
    "default_generator": "tracer.core.generator",
    "Size": "tracer.core.size",
    "device": "tracer.core.backend:Device",
    "dtype": "tracer.core.dtype:DType",
    "get_default_dtype": "tracer.core.dtype",
    "set_default_dtype": "tracer.core.dtype",
    "promote_types": "tracer.core.dtype",
    "can_cast": "tracer.core.dtype",
    "finfo": "tracer.core.dtype",
    "iinfo": "tracer.core.dtype",
    "set_printoptions": "tracer.core.printing",
    "gradgradcheck": "tracer.core.gradcheck",
}
"""Name -> module, and after a colon what it is called there where that differs."""
_SUBMODULES = {
    "nn": "tracer.nn",
    "optim": "tracer.optim",
    "autograd": "tracer.autograd",
    "func": "tracer.func",
    "cuda": "tracer.core.cuda",
    "linalg": "tracer.core.linalg",
    "return_types": "tracer.core.return_types",
}
"""Name -> module that is used under this name: `tracer.nn`."""

__all__ = [*sorted(_HOME), *_SUBMODULES, "__version__"]

if TYPE_CHECKING:
    from tracer.cli.showing import show as show
    from tracer.core.columns import Columns
    from tracer.core.functions.all import Tensor as Tensor
    from tracer.core.gradcheck import gradcheck as gradcheck
    from tracer.core.record import mark as mark
    from tracer.core.record import record as record
    from tracer.core.scope import scope as scope
    from tracer.core.taps import tap as tap
    from tracer.core.taps import taps as taps
    from tracer.core.value import Value as Value
    from tracer.core.value import by_hand as by_hand
    from tracer.errors import TracerError as TracerError
    from tracer.trace.cursor import Cursor as Cursor
    from tracer.trace.golden import assert_close as assert_close
    from tracer.trace.trace import Trace as Trace
    from tracer.train.anything import load as load
    from tracer.train.documents import Documents as Documents
    from tracer.train.entry import Training as Training
    from tracer.train.require import require as require


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        found = importlib.import_module(_SUBMODULES[name])
    elif name in _HOME:
        module, _, attribute = _HOME[name].partition(":")
        found = getattr(importlib.import_module(module), attribute or name)
    elif name.startswith("__"):
        raise AttributeError(f"module 'tracer' has no attribute {name!r}")
    else:
        names = _tensor_names()
        if name not in names:
            raise AttributeError(f"module 'tracer' has no attribute {name!r}")
        found = names[name]
    globals()[name] = found
    return found


def _tensor_names() -> Mapping[str, Any]:
    """PyTorch's names: functions on tensors, and element types."""
    types = importlib.import_module("tracer.core.dtype")
    functions = importlib.import_module("tracer.core.functions.all")
    constants = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan, "newaxis": None}
    return {**constants, **functions.MODULE, **types.ALIASES, **types.DTYPES}


def __dir__() -> list[str]:
    return sorted({*__all__, *_tensor_names()})


def make_trace(columns: Columns, ids: Mapping[int, int] | None = None) -> Trace:
    """The `Trace` of a recording. Here because recording lies below traces and may not import them."""
    trace: Trace = importlib.import_module("tracer.trace.trace").Trace(columns, ids)
    return trace


def to_dot(trace: Trace) -> str:
    """DOT text of a finished trace; behind `Trace.to_dot`."""
    dot: str = importlib.import_module("tracer.export.export").trace_to_dot(trace)
    return dot
