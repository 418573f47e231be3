"""Every function: importing this module gives `Tensor` its methods and operators."""

from __future__ import annotations

import importlib
import pkgutil
from types import SimpleNamespace
from typing import Any

import tracer.core.functions as _functions
import tracer.core.ops.all  # noqa: F401  the functions find their ops by name
from tracer.core.functions.registry import METHODS, MODULE
from tracer.core.tensor import Tensor

for _module in pkgutil.iter_modules(_functions.__path__):
    if _module.name not in ("all", "registry"):
        importlib.import_module(f"{_functions.__name__}.{_module.name}")

for _name, _function in METHODS.items():
    if _name not in Tensor.__dict__:
        setattr(Tensor, _name, _function)

FUNCTIONS: Any = SimpleNamespace(**MODULE)
"""The functions of the module level by name, for composites."""

__all__ = ["FUNCTIONS", "METHODS", "MODULE", "Tensor"]
