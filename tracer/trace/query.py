"""Finding nodes by what a person would type: a name, an operation, a scope."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tracer.core.op import find_op
from tracer.trace.trace import Trace

MOST = 200
"""Nodes found at most: more than anybody reads through."""


def find_nodes(trace: Trace, text: str, most: int = MOST) -> list[int]:
    """Nodes for which `text` is, begins, or is part of the name; then those of an op or a scope called so.

    `v7` finds node 7. Upper and lower case count as the same. An empty text finds every node that has a name.
    """
    wanted = text.strip().casefold()
    found: dict[int, None] = {}
    for node in _candidates(trace, wanted):
        if trace.kind(node) != "const":
            found[node] = None
        if len(found) >= most:
            break
    return list(found)


def _candidates(trace: Trace, wanted: str) -> Iterator[int]:
    names = sorted((node, name.casefold()) for node, name in trace.columns.names.items())
    yield from (node for node, name in names if name == wanted)
    numbered = trace.numbered(wanted[1:]) if wanted[:1] == "v" else None
    if numbered is not None:
        yield numbered
    yield from (node for node, name in names if name.startswith(wanted))
    yield from (node for node, name in names if wanted in name)
    if wanted:
        yield from _of_op(trace, wanted)
        yield from _in_scope(trace, wanted)


def _of_op(trace: Trace, wanted: str) -> Iterator[int]:
    """By an op's name (`mul`) or its sign (`×`, `*`)."""
    typed = {"*": "×", "-": "−", "/": "÷", "**": "^", "sigmoid": "σ"}.get(wanted, wanted)
    columns = trace.columns
    codes = [
        code
        for code, name in enumerate(columns.op_names, start=1)
        if name.startswith(wanted) or find_op(name).label.casefold() == typed
    ]
    yield from np.flatnonzero(np.isin(columns.op, codes)).tolist()


def _in_scope(trace: Trace, wanted: str) -> Iterator[int]:
    columns = trace.columns
    rows = [row for row, scope in enumerate(columns.scopes) if wanted in scope.casefold()]
    yield from np.flatnonzero(np.isin(columns.scope, rows)).tolist()
