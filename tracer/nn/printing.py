"""Modules as text, as PyTorch prints them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracer.nn.module import Module


def module_text(module: Module) -> str:
    """Its name, what `extra_repr` says, and a line for each part."""
    extra = module.extra_repr()
    lines = extra.split("\n") if extra else []
    parts = [f"({name}): {_indented(repr(part))}" for name, part in module._modules.items()]
    if len(lines) == 1 and not parts:
        return f"{type(module).__name__}({lines[0]})"
    return _listed(module, [*lines, *parts])


def list_text(module: Module, items: Iterable[Module]) -> str:
    """Equal neighbours as one line: `(0-3): 4 x Linear(...)`."""
    lines, first = [], 0
    for text, run in groupby(map(repr, items)):
        count = len(list(run))
        which = f"({first})" if count == 1 else f"({first}-{first + count - 1})"
        lines.append(_indented(f"{which}: {text}" if count == 1 else f"{which}: {count} x {text}"))
        first += count
    return _listed(module, lines)


def _listed(module: Module, lines: list[str]) -> str:
    inside = "\n  " + "\n  ".join(lines) + "\n" if lines else ""
    return f"{type(module).__name__}({inside})"


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")
