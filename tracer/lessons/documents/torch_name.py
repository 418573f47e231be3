"""`import torch` in a document means this program: its code runs unchanged, and every number of it is recorded.

Works in the process that runs a document, and nowhere else: a program of the user's own gets the `torch` it asks for.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

NAME = "torch"
HOMES = {
    "": "tracer",
    "nn": "tracer.nn",
    "nn.functional": "tracer.nn.functional",
    "nn.init": "tracer.nn.init",
    "nn.parameter": "tracer.nn.parameter",
    "nn.utils": "tracer.nn.utils",
    "optim": "tracer.optim",
    "optim.lr_scheduler": "tracer.optim.lr_scheduler",
    "autograd": "tracer.autograd",
    "autograd.functional": "tracer.autograd.functional",
    "func": "tracer.func",
    "linalg": "tracer.core.linalg",
    "cuda": "tracer.core.cuda",
}
"""What PyTorch calls a module, after `torch.` -> ours."""


class TorchName(MetaPathFinder, Loader):
    """Finds our modules under PyTorch's names, and nothing of an installed PyTorch."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        top, _, rest = name.partition(".")
        if top != NAME:
            return None
        if rest not in HOMES:
            raise ModuleNotFoundError(
                f"No module named {name!r} here: in a document, torch means tracer, which has no such part", name=name
            )
        return ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None  # an empty one, which `exec_module` replaces: ours keeps its own name and spec

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = importlib.import_module(HOMES[module.__name__.partition(".")[2]])


def install() -> None:
    """From now on, in this process."""
    sys.meta_path.insert(0, TorchName())
