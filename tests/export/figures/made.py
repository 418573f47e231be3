"""Data of every kind, made of numbers, for figures that need no run."""

from __future__ import annotations

from typing import Any

import numpy as np

from tracer.panels.data import Data, Ref
from tracer.text import Text

HOSTILE = '<script>alert("1")</script>]]>--><a href="http://x.y">$\\frac{1}{0}$&\x1b[31m'
"""What nobody would call a symbol, and somebody does."""


def data_of(kind: str, label: str = "a", *, spoil: float | None = None, n: int = 4, **other: Any) -> Data:
    """Data of a kind; its numbers are thirds, which no short decimal equals."""
    shape = {"heat": (n, 3), "grid": (n, 3), "lines": (2, n), "scatter": (n, 2)}.get(kind, (n,))
    values = np.arange(1, np.prod(shape) + 1, dtype=np.float64).reshape(shape) / 3
    if spoil is not None:
        values[...] = spoil
    more: dict[str, Any] = {}
    if kind == "histogram":
        more = {"extra": {"edges": np.linspace(-1, 1, n + 1)}}
    if kind == "bars":
        more = {"extra": {"cosine": values / 7}, "badges": (Text.same(label),) * n, "marks": {"target": frozenset({1})}}
    if kind == "lines":
        more = {"extra": {"x": np.arange(1, n + 1) * 10.0}, "refs": (Ref(2.5, Text.same(label)),)}
    said = Text(f"{kind} {label}", f"{kind} {label} 図")
    columns = tuple(f"{label}{k}" for k in range(shape[-1]))
    rows = tuple(f"{label}{k}" for k in range(shape[0]))
    return Data(kind, said, 7, values, rows, columns, axis=said, note=said, **{**more, **other})  # type: ignore[arg-type]


KINDS = ("heat", "grid", "bars", "lines", "histogram", "scatter")
