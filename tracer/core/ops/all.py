"""Every op: importing this module registers what the modules beside it define."""

from __future__ import annotations

import importlib
import pkgutil

import tracer.core.ops as _ops

for _module in pkgutil.iter_modules(_ops.__path__):
    if _module.name != "all":
        importlib.import_module(f"{_ops.__name__}.{_module.name}")
