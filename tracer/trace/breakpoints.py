"""Where to stop: conditions put to every step of a trace at once.

    breakpoint = ["first"] condition
               | "total norm" ("<" | "<=" | ">" | ">=" | "==" | "!=") number ["where" condition]
               | "sign of" ("grad" | "value") ["where" condition]

- A condition is one of the query language (`tracer.trace.query`), but no ranking. A step hits it if it touches a node
  that the condition then holds of: the node is made, is given its seed, has received a contribution, its gradient is
  written, its value is updated. A condition that reads values alone looks at makings and updates only, one that reads
  gradients alone at seeds, contributions and writes only.
- `first` hits once in a trace: `first nan`.
- `total norm` looks at the last step of each backward pass: at the size of all known gradients of those nodes together,
  of all leaves where no condition is given. The hit is at the node of the largest one.
- `sign of grad` hits where the gradient of a node is complete and of the other sign than when it was complete in an
  earlier pass; `sign of value` where an update turns the sign. Zeros and nan in between have no sign. Of a tensor any
  element counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import CONST
from tracer.core.growing import locked
from tracer.numbers import format_full
from tracer.text import Text
from tracer.trace.moments import numbers_at, row_positions
from tracer.trace.query import Query, QueryError, parse_query
from tracer.trace.query.answer import possible, run
from tracer.trace.query.predicates import SIGN
from tracer.trace.query.rows import Bools, Floats, Ints, Rows, all_rows
from tracer.trace.query.steps import COMPARISONS, Compare, Comparison, Is
from tracer.trace.query.tokens import Token, number, tokens
from tracer.trace.segment import PARTS
from tracer.trace.snapshot import arrivals
from tracer.trace.trace import Trace

AT_ONCE = 1_000_000
"""Steps looked at together; bounds memory to some 100 MB."""

Kind = Literal["condition", "first", "total", "grad sign", "value sign"]


class Hits(NamedTuple):
    """Where a breakpoint is hit, in a whole trace; read-only."""

    positions: Ints
    """Ascending, each once."""
    nodes: Ints
    """The node at work there."""


class Stop(NamedTuple):
    """Where a run came to a stop."""

    position: int
    which: int
    """Index of the breakpoint; the first of those that are hit there."""
    node: int


@dataclass(frozen=True)
class Breakpoint:
    """What to stop at. `str()` is its text, which parses to an equal one."""

    kind: Kind
    where: Query | None = None
    """The condition; None where there is none."""
    sign: Comparison = ">"
    """Of a total norm: how it compares with `number`."""
    number: float = 0.0

    @property
    def structural(self) -> bool:
        """Whether it asks for nodes that the graph alone tells, and not for numbers: known before they happen."""
        return self.kind in ("condition", "first") and self.where is not None and self.where.structural

    def hits(self, trace: Trace) -> Hits:
        """All steps that hit it. Worked out once a trace."""
        found: Hits | None = trace.kept.get(("hits", self))
        if found is None:
            positions, nodes = _HITS[self.kind](self, trace)
            found = trace.kept[("hits", self)] = Hits(locked(positions), locked(nodes))
        return found

    def is_worked_out(self, trace: Trace) -> bool:
        """Whether `hits` is there already: it may take a second in a trace of millions of steps."""
        return ("hits", self) in trace.kept

    def __str__(self) -> str:
        where = "" if self.where is None else str(self.where)
        if self.kind in ("condition", "first"):
            return where if self.kind == "condition" else f"first {where}"
        more = f" where {where}" if where else ""
        if self.kind == "total":
            return f"total norm {self.sign} {format_full(self.number)}{more}"
        return f"sign of {self.kind.split()[0]}{more}"


def run_to(trace: Trace, position: int, breakpoints: Sequence[Breakpoint], direction: int = 1) -> Stop | None:
    """The nearest hit after `position` (before it, if `direction` is negative); None where there is none."""
    best: Stop | None = None
    for which, one in enumerate(breakpoints):
        hits = one.hits(trace)
        if direction >= 0:
            at = int(np.searchsorted(hits.positions, position, side="right"))
        else:
            at = int(np.searchsorted(hits.positions, position)) - 1
        if 0 <= at < len(hits.positions):
            found = Stop(int(hits.positions[at]), which, int(hits.nodes[at]))
            if best is None or (found.position - best.position) * direction < 0:
                best = found
    return best


# Reading


def parse_break(text: str) -> Breakpoint:
    """The breakpoint that `text` is; see the module for the language.

    Raises:
        QueryError: it has a mistake; `at` is the character.
    """
    found = tokens(text)
    words = [token.plain for token in found]
    if words[0] == "first" and found[1].kind != "end" and (found[1].kind != "sign" or found[1].text in "(|"):
        return Breakpoint("first", condition_at(text, found[1].at))
    if words[:2] == ["total", "norm"]:
        return _total(text, found)
    if words[:2] == ["sign", "of"]:
        if words[2] not in ("grad", "value"):
            raise QueryError(_SIGN_OF, text, found[2].at)
        kind: Kind = "grad sign" if words[2] == "grad" else "value sign"
        return Breakpoint(kind, _where(text, found, 3))
    return Breakpoint("condition", condition_at(text, 0))


def _total(text: str, found: list[Token]) -> Breakpoint:
    sign, limit = found[2], found[min(3, len(found) - 1)]
    if sign.kind != "sign" or sign.text not in COMPARISONS:
        raise QueryError(_TOTAL, text, sign.at)
    size = number(limit.text) if limit.kind == "word" else None
    if size is None:
        raise QueryError(_TOTAL, text, limit.at)
    return Breakpoint("total", _where(text, found, 4), sign.text, size)


def _where(text: str, found: list[Token], at: int) -> Query | None:
    """The condition after a `where`, if there is one."""
    token = found[min(at, len(found) - 1)]
    if token.kind == "end":
        return None
    if token.plain != "where":
        raise QueryError(_WHERE, text, token.at)
    return condition_at(text, token.end)


def condition_at(text: str, start: int) -> Query:
    """What stands from a character on, as a query; mistakes are at their places in the whole text."""
    try:
        query = parse_query(" " * start + text[start:])
        if start and not text[start:].strip():
            raise QueryError(_MISSING, text, len(text.rstrip()))
    except QueryError as error:
        raise QueryError(error.words, text, error.at, error.advice) from None
    if query.ranked:
        at = len(text[:start]) + len(text[start:]) - len(text[start:].lstrip())
        raise QueryError(_RANKED, text, at)
    return query


_SIGN_OF = Text(en="expected what changes its sign: grad  value", ja="符号が変わるものを書きます：grad  value")
_TOTAL = Text(
    en="'total norm' is compared with a number: total norm > 10",
    ja="total norm は数と比べます：total norm > 10",
)
_WHERE = Text(en="expected 'where' and a condition, or the end.", ja="where と条件が続くか、ここで終わります。")
_MISSING = Text(en="a condition is missing at the end.", ja="末尾に条件がありません。")
_RANKED = Text(
    en="a ranking is no condition: it lists nodes, and none is the largest by itself.",
    ja="順位は条件になりません。ノードを並べるものです。",
)


# Working it out


def _of_condition(one: Breakpoint, trace: Trace) -> tuple[Ints, Ints]:
    assert one.where is not None, "a condition is what it is"
    steps = one.where.steps
    reads = [s.of if isinstance(s, Is) else s.measure for s in steps if isinstance(s, Is | Compare)]
    values = any("value" in what or not what for what in reads)
    grads = any("grad" in what or what == "norm" or not what for what in reads)
    if not (values or grads):
        values = grads = True
    positions, nodes = _touched(trace, values=values, grads=grads)
    may = possible(steps, trace)[nodes]
    positions, nodes = positions[may], nodes[may]
    if one.structural:
        hit = np.ones(len(nodes), bool)
    else:
        parts = [slice(low, low + AT_ONCE) for low in range(0, len(nodes), AT_ONCE)]
        found = [run(steps, numbers_at(trace, nodes[part], positions[part])) for part in parts]
        hit = np.concatenate(found) if found else np.zeros(0, bool)
    return positions[hit], nodes[hit]


def _first(one: Breakpoint, trace: Trace) -> tuple[Ints, Ints]:
    positions, nodes = _of_condition(one, trace)
    return positions[:1].copy(), nodes[:1].copy()


def _touched(trace: Trace, *, values: bool, grads: bool) -> tuple[Ints, Ints]:
    """The steps that do something to a node, in order: to its value, to its gradient."""
    c = trace.columns
    found: list[tuple[Ints, NDArray[np.integer]]] = []
    if values:
        found.append((row_positions(trace, "forward"), np.arange(trace.n_nodes)))
        found.append((row_positions(trace, "update"), c.updates.node))
    if grads:
        for this in trace.passes:
            found.append((np.array([this.start + 1]), np.array([this.root])))
            found.append((_added_at(trace, this.index), this.targets))
        found.append((row_positions(trace, "write"), c.writes.node))
    return _in_order(found)


def _added_at(trace: Trace, pass_index: int) -> Ints:
    """(D,) the position at which each delivery of a pass has just been added."""
    found = [np.zeros(0, np.int64)]
    for s in trace.passes[pass_index].segments:
        found.append(s.start + s.seed + PARTS * np.arange(1, (len(s) - s.seed) // PARTS + 1))
    return np.concatenate(found)


def _in_order(found: list[tuple[Ints, NDArray[np.integer]]]) -> tuple[Ints, Ints]:
    positions = np.concatenate([np.zeros(0, np.int64), *(part[0] for part in found)])
    nodes = np.concatenate([np.zeros(0, np.int64), *(part[1].astype(np.int64) for part in found)])
    order = np.argsort(positions, kind="stable")
    return positions[order], nodes[order]


def _of_total(one: Breakpoint, trace: Trace) -> tuple[Ints, Ints]:
    c = trace.columns
    leaves = (c.op == 0) & (c.flags & CONST == 0)
    positions, nodes = [], []
    for stop in sorted(this.stop for this in trace.passes):
        rows = all_rows(trace, stop)
        some = np.flatnonzero((leaves if one.where is None else run(one.where.steps, rows)) & rows.has_grad)
        if len(some) and bool(SIGN[one.sign](norm_of(rows.norm[some]), one.number)):
            positions.append(stop)
            nodes.append(int(some[np.argmax(rows.norm[some])]))
    return np.array(positions, np.int64), np.array(nodes, np.int64)


def norm_of(norms: Floats) -> float:
    """The size of several gradients together."""
    with np.errstate(all="ignore"):
        return float(np.linalg.norm(norms))


def _of_grad_sign(one: Breakpoint, trace: Trace) -> tuple[Ints, Ints]:
    found: list[tuple[Ints, NDArray[np.integer]]] = []
    for this in trace.passes:
        last = arrivals(trace, this.index).last
        found.append((_added_at(trace, this.index)[last], this.targets[last]))
    return _turned(one, trace, "grad", *_in_order(found))


def _of_value_sign(one: Breakpoint, trace: Trace) -> tuple[Ints, Ints]:
    updated = np.unique(trace.columns.updates.node).astype(np.int64)
    made = row_positions(trace, "forward")[updated]
    parts: list[tuple[Ints, NDArray[np.integer]]] = [(made, updated)]
    parts.append((row_positions(trace, "update"), trace.columns.updates.node))
    return _turned(one, trace, "value", *_in_order(parts))


def _turned(one: Breakpoint, trace: Trace, of: str, positions: Ints, nodes: Ints) -> tuple[Ints, Ints]:
    """Of these moments those at which a number has the other sign than at the last moment of its node it had one."""
    rows = numbers_at(trace, nodes, positions)
    order = np.argsort(nodes, kind="stable")  # time by time within a node
    numbers = (rows.value if of == "value" else rows.grad)[order]
    signed = np.flatnonzero((numbers < 0) | (numbers > 0))
    at = order[signed]
    hit = np.zeros(len(nodes), bool)
    turned = (nodes[at][1:] == nodes[at][:-1]) & ((numbers[signed][1:] > 0) != (numbers[signed][:-1] > 0))
    hit[at[1:][turned]] = True
    if rows.tensor.any():
        _turned_elements(rows, of, order, hit)
    if one.where is not None:
        hit &= run(one.where.steps, rows)
    return positions[hit], nodes[hit]


def _turned_elements(rows: Rows, of: str, order: Ints, hit: Bools) -> None:
    """The same of the elements of tensors, each of which has a sign of its own."""
    assert rows.nodes is not None, "moments are of some nodes"
    known = rows.made if of == "value" else rows.has_grad
    signs: Floats = np.zeros(0)
    node = -1
    for row in order[rows.tensor[order] & known[order]].tolist():
        now = np.sign(rows.array(of, row).astype(np.float64)).reshape(-1)
        now[np.isnan(now)] = 0
        if rows.nodes[row] != node:
            node, signs = int(rows.nodes[row]), np.zeros(len(now))
        hit[row] = bool((now * signs < 0).any())
        signs = np.where(now != 0, now, signs)


_HITS = {
    "condition": _of_condition,
    "first": _first,
    "total": _of_total,
    "grad sign": _of_grad_sign,
    "value sign": _of_value_sign,
}
