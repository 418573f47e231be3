"""Which node of one run stands for which of another: the same program, with another number or an edited line.

While both runs make the same nodes, a node stands for the one with the same id. From the first difference on, nodes are
paired by what they say of themselves: name, operation, scope and the text of their source line, the kth such node here
with the kth there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import Columns
from tracer.trace.trace import Trace

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Matching:
    """Pairs of nodes, and what has no partner."""

    left: Ints
    """(k,) ascending."""
    right: Ints
    """(k,) the partner of each."""
    alone: tuple[Ints, Ints]
    """The nodes of each run that the other one does not have."""

    def partner(self, node: int) -> int | None:
        """The right node that stands for a left one; None where there is none."""
        at = int(np.searchsorted(self.left, node))
        return int(self.right[at]) if at < len(self.left) and self.left[at] == node else None


def match(left: Trace, right: Trace) -> Matching:
    """Pairs the nodes of two traces."""
    same = _alike(left.columns, right.columns)
    rest = [np.arange(same, trace.n_nodes) for trace in (left, right)]
    both = np.arange(same)
    if not len(rest[0]) or not len(rest[1]):
        return Matching(both, both, (rest[0], rest[1]))
    keys = _keys((left, right), rest)
    _, a, b = np.intersect1d(keys[0], keys[1], assume_unique=True, return_indices=True)
    order = np.argsort(a)
    a, b = a[order], b[order]
    alone = np.delete(rest[0], a), np.delete(rest[1], b)
    return Matching(np.concatenate([both, rest[0][a]]), np.concatenate([both, rest[1][b]]), alone)


def _alike(a: Columns, b: Columns) -> int:
    """How many nodes, from the first on, both runs make by the same op from the same inputs."""
    n = min(len(a.value), len(b.value))
    codes = _shared([["", *a.op_names], ["", *b.op_names]])
    bad = codes[0][a.op[:n]] != codes[1][b.op[:n]]
    bad |= np.diff(a.offsets[: n + 1]) != np.diff(b.offsets[: n + 1])
    found = int(np.argmax(bad)) if bad.any() else n
    edges = int(a.offsets[found])  # up to there both have equally many inputs
    other = np.flatnonzero(a.inputs[:edges] != b.inputs[:edges])
    if len(other):
        found = int(np.searchsorted(a.offsets[: found + 1], int(other[0]), side="right")) - 1
    return found


def _keys(traces: Sequence[Trace], rest: Sequence[Ints]) -> list[Ints]:
    """For each trace a number a node, equal where two nodes stand for each other, and no two of one trace equal."""
    columns = [trace.columns for trace in traces]
    ops = _shared([["", *c.op_names] for c in columns])
    scopes = _shared([list(c.scopes) for c in columns])
    lines = _shared([_lines(trace) for trace in traces])
    names = _shared(
        [[c.names.get(node, "") for node in nodes.tolist()] for c, nodes in zip(columns, rest, strict=True)]
    )
    told = [
        np.stack([o[c.op[nodes]], s[c.scope[nodes]], lines_[c.line[nodes]], n], axis=1)
        for c, nodes, o, s, lines_, n in zip(columns, rest, ops, scopes, lines, names, strict=True)
    ]
    _, kinds = np.unique(np.concatenate(told), axis=0, return_inverse=True)
    cut = len(rest[0])
    most = max(len(nodes) for nodes in rest)
    return [kind * most + _which(kind) for kind in (kinds.reshape(-1)[:cut], kinds.reshape(-1)[cut:])]


def _which(kinds: Ints) -> Ints:
    """Of each entry, how many equal ones stand before it."""
    order = np.argsort(kinds, kind="stable")
    ordered = kinds[order]
    begins = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    within = np.arange(len(kinds)) - np.repeat(begins, np.diff(np.r_[begins, len(kinds)]))
    found = np.empty(len(kinds), np.int64)
    found[order] = within
    return found


def _lines(trace: Trace) -> list[str]:
    """The text of each row of the line table, or where it stands if the source is not known; last, of no line."""
    texts = {file: source.splitlines() for file, source in trace.columns.sources.items()}
    c = trace.columns
    found = []
    for file, number in zip(c.line_file.tolist(), c.line_number.tolist(), strict=True):
        lines = texts.get(c.files[file], [])
        found.append(lines[number - 1].strip() if 0 < number <= len(lines) else f"{c.files[file]}:{number}")
    return [*found, ""]  # NO_LINE, -1, is the last row


def _shared(words: Sequence[Sequence[str]]) -> list[Ints]:
    """One number for each word, the same in all the lists."""
    known: dict[str, int] = {}
    return [np.array([known.setdefault(word, len(known)) for word in some], np.int64) for some in words]
