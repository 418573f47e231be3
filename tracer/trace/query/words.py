"""Finding nodes by what a person would type: a name, an operation, a scope. The nearest first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import CONST
from tracer.core.op import find_op
from tracer.text import clean
from tracer.trace.trace import Trace

MOST = 200
"""Nodes found at most: more than anybody reads through."""
SIGNS = {"*": "×", "+": "+", "-": "−", "/": "÷", "**": "^", "sigmoid": "σ"}
"""Signs of ops as they are typed."""

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


def find_nodes(trace: Trace, text: str, most: int = MOST) -> list[int]:
    """Nodes for which `text` is, begins, or is part of the name; then those of an op or a scope called so.

    `v7` finds node 7. Upper and lower case count as the same. An empty text finds every node that has a name.
    """
    found: list[int] = found_by_words(trace, text)[:most].tolist()
    return found


def found_by_words(trace: Trace, text: str) -> Ints:
    """The same as an array, all of them."""
    wanted = key(text.strip())
    seen = (trace.columns.flags & CONST) > 0
    found: list[Ints] = []
    for group in _candidates(trace, wanted, text.strip()):
        new = group[~seen[group]]
        seen[new] = True
        found.append(new)
    return np.concatenate(found)


def _candidates(trace: Trace, wanted: str, text: str) -> Iterator[Ints]:
    nodes, names = named(trace)
    yield nodes[[name == wanted for name in names]]
    numbered = trace.numbered(wanted[1:]) if wanted[:1] == "v" else None
    yield np.array([] if numbered is None else [numbered], np.int64)
    yield nodes[[name.startswith(wanted) for name in names]]
    yield nodes[[wanted in name for name in names]]
    if wanted:
        typed = sign_key(text)
        yield np.flatnonzero(of_ops(trace, lambda name, sign: name.startswith(wanted) or sign == typed))
        yield np.flatnonzero(in_scopes(trace, lambda scope: wanted in scope))


# What texts there are, in one way of writing


def key(text: str) -> str:
    """A name as it is compared: `W[3, 5]` and `w[3][5]` are `w[3,5]`."""
    small = text.casefold()
    return re.sub(r"\]\s*\[", ",", re.sub(r",\s+", ",", small)) if "[" in small else small


def sign_key(text: str) -> str:
    """An op's sign as it is compared, however it is typed: `*` is `×`, and `ReLU` is `relu`, but `Σ` is not `σ`."""
    return SIGNS.get(text.casefold(), text if len(text) == 1 else text.casefold())


def named(trace: Trace) -> tuple[Ints, list[str]]:
    """Nodes that have a name, in order of creation, and their names' keys."""
    found: tuple[Ints, list[str]] | None = trace.kept.get("named")
    if found is None:
        names = {node: key(clean(name)) for node, name in sorted(trace.columns.names.items())}
        found = trace.kept["named"] = np.array(list(names), np.int64), list(names.values())
    return found


def in_names(trace: Trace, holds: Callable[[str], bool]) -> Bools:
    """(n,) nodes that have a name of which something holds."""
    nodes, names = named(trace)
    found = np.zeros(trace.n_nodes, bool)
    found[nodes[[holds(name) for name in names]]] = True
    return found


def of_ops(trace: Trace, holds: Callable[[str, str], bool]) -> Bools:
    """(n,) nodes whose op's name and sign something holds of; leaves have none."""
    c = trace.columns
    per_code = [False, *(holds(name.casefold(), sign_key(find_op(name).label)) for name in c.op_names)]
    found: Bools = np.array(per_code)[c.op]
    return found


def in_scopes(trace: Trace, holds: Callable[[str], bool]) -> Bools:
    """(n,) nodes of whose scope something holds; "" is the top."""
    return _by_row(trace, "scopes, small", trace.columns.scopes, trace.columns.scope, holds)


def in_files(trace: Trace, holds: Callable[[str], bool]) -> Bools:
    """(n,) nodes whose line's file something holds of."""
    c = trace.columns
    line = np.append(c.line_file, -1)[c.line]  # a node without a line has row -1: the last
    found = _by_row(trace, "files, small", c.files, line, holds)
    return found & (line >= 0)


def _by_row(
    trace: Trace, name: str, texts: tuple[str, ...], rows: NDArray[np.int32], holds: Callable[[str], bool]
) -> Bools:
    small: list[str] | None = trace.kept.get(name)
    if small is None:
        small = trace.kept[name] = [clean(text).casefold() for text in texts]
    table = np.array([*(holds(text) for text in small), False])
    found: Bools = table[rows]
    return found


# Patterns


class Glob:
    """A pattern with `*` for anything and `?` for one character. Never slower than its length times the text's."""

    def __init__(self, pattern: str) -> None:
        parts = [re.escape(part).replace(r"\?", ".") for part in pattern.split("*")]
        self._parts = [re.compile(part, re.DOTALL) for part in parts]
        self._last = re.compile(rf"(?:{parts[-1]})\Z", re.DOTALL)
        self._ends = len(pattern.rsplit("*", 1)[-1])

    def whole(self, text: str) -> bool:
        """Whether all of `text` is of this pattern."""
        first, *rest = self._parts
        start = first.match(text)
        if start is None:
            return False
        at = start.end()
        if not rest:
            return at == len(text)
        for part in rest[:-1]:
            found = part.search(text, at)
            if found is None:
                return False
            at = found.end()
        return len(text) - self._ends >= at and self._last.match(text, len(text) - self._ends) is not None

    def part(self, text: str) -> bool:
        """Whether some part of `text` is of this pattern."""
        at = 0
        for part in self._parts:
            found = part.search(text, at)
            if found is None:
                return False
            at = found.end()
        return True
