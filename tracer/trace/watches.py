"""Numbers one keeps an eye on: a node, or one figure of many nodes, as they are at the cursor.

    watch  = name | figure
    figure = ("max" | "min" | "mean" | "sum") measure ["of" condition]
           | "norm" [measure] ["of" condition]                          of the gradients where it does not say
           | "count" "of" condition
    measure = "value" | "grad" | "|value|" | "|grad|"

A condition is one of the query language (`tracer.trace.query`), but no ranking: `norm grad of layer0.attn_wq`,
`max |grad|`, `count of op == relu and grad == 0`. A figure is of the numbers that are known at the cursor, of every
element of a tensor; it is not known while none of them is. A nan among them makes it nan, but never the count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from tracer.core.rerun import Number
from tracer.text import Text
from tracer.trace.breakpoints import condition_at
from tracer.trace.cursor import Cursor, GradState
from tracer.trace.query import Query, QueryError
from tracer.trace.query.answer import possible, run
from tracer.trace.query.predicates import elements, known
from tracer.trace.query.rows import Bools, Floats, Rows, all_rows
from tracer.trace.query.sayings import near
from tracer.trace.query.steps import is_bare, quoted
from tracer.trace.query.tokens import Token, tokens
from tracer.trace.query.words import key, named
from tracer.trace.trace import Trace

Figure = Literal["max", "min", "mean", "sum", "norm", "count"]
FIGURES: tuple[Figure, ...] = ("max", "min", "mean", "sum", "norm", "count")
Watched = Literal["value", "grad", "|value|", "|grad|"]
WATCHED: tuple[Watched, ...] = ("value", "grad", "|value|", "|grad|")


@dataclass(frozen=True)
class Reading:
    """What a watch shows at a cursor. Numbers not known yet are None."""

    label: str
    """What to call it: the node's label, else the text of the watch."""
    node: int | None = None
    """Of a node's name: the node; None where the trace has none of that name."""
    value: Number | None = None
    grad: Number | None = None
    grad_state: GradState = "not_yet"
    number: float | None = None
    """Of a figure."""
    of: int = 0
    """Of a figure: nodes whose numbers are in it."""


@dataclass(frozen=True)
class Watch:
    """What to keep an eye on. `str()` is its text, which parses to an equal one."""

    name: str = ""
    """Of a node; "" of a figure."""
    figure: Figure = "norm"
    measure: Watched = "grad"
    where: Query | None = None

    def read(self, cursor: Cursor) -> Reading:
        """What it shows at `cursor`."""
        if not self.name:
            return _figure(self, cursor)
        node = find_node(cursor.trace, self.name)
        if node is None:
            return Reading(self.name)
        return Reading(cursor.trace.label(node), node, cursor.data(node), cursor.grad(node), cursor.grad_state(node))

    def __str__(self) -> str:
        if self.name:
            bare = is_bare(self.name) and self.name.casefold() not in FIGURES
            return self.name if bare else quoted(self.name)
        measure = "" if self.figure == "count" else f" {self.measure}"
        return f"{self.figure}{measure}" + ("" if self.where is None else f" of {self.where}")


def find_node(trace: Trace, name: str) -> int | None:
    """The node of this name, the last made where several have it; `v7` is node 7. `w[3][5]` also finds `w[3, 5]`."""
    if ("called", name) not in trace.kept:
        trace.kept["called", name] = _called(trace, name)
    found: int | None = trace.kept["called", name]
    return found


def _called(trace: Trace, name: str) -> int | None:
    nodes, names = named(trace)
    exact = [node for node in nodes.tolist() if trace.name(node) == name]
    wanted = key(name)
    found = exact or [node for node, known_ in zip(nodes.tolist(), names, strict=True) if known_ == wanted]
    if found:
        return int(found[-1])
    return trace.numbered(name[1:]) if name[:1] in ("v", "V") else None


# Reading


def parse_watch(text: str) -> Watch:
    """The watch that `text` is; see the module for the language.

    Raises:
        QueryError: it has a mistake; `at` is the character.
    """
    found = tokens(text)
    first, second = found[0], found[min(1, len(found) - 1)]
    figures = first.plain in FIGURES and (second.kind != "end" or first.plain == "norm")
    if figures:
        return _parse_figure(text, found)
    if first.kind == "end":
        raise QueryError(_EMPTY, text, len(text), _FOR_EXAMPLE)
    if first.kind == "quoted" and second.kind == "end":
        return Watch(first.text)
    sign = next((token for token in found if token.kind == "sign"), None)
    if sign is not None:
        raise QueryError(_NO_NAME, text, sign.at, near(first.plain, FIGURES) or _FOR_EXAMPLE)
    return Watch(" ".join(token.text for token in found[:-1]))


def _parse_figure(text: str, found: list[Token]) -> Watch:
    figure, at = cast(Figure, found[0].plain), 1
    measure: Watched = "grad"
    if figure != "count" and not (figure == "norm" and (found[1].kind == "end" or found[1].plain == "of")):
        bars = found[at].text == "|" and found[at].kind == "sign"
        word = found[min(at + bars, len(found) - 1)]
        if word.plain not in ("value", "grad"):
            raise QueryError(_MEASURE, text, word.at, near(word.plain, ("value", "grad")))
        at += 1 + bars
        if bars:
            if found[at].text != "|":
                raise QueryError(_BAR, text, found[at].at)
            at += 1
        measure = cast(Watched, f"|{word.plain}|" if bars else word.plain)
    of = found[at]
    if of.kind == "end" and figure != "count":
        return Watch(figure=figure, measure=measure)
    if of.plain != "of":
        raise QueryError(_OF, text, of.at, near(of.plain, ("of",)))
    return Watch(figure=figure, measure=measure, where=condition_at(text, of.end))


_EMPTY = Text(en="nothing to watch is given.", ja="ウォッチするものがありません。")
_FOR_EXAMPLE = Text(
    en="For example: x   norm grad of layer0.attn_wq   count of op == relu and grad == 0",
    ja="例：x   norm grad of layer0.attn_wq   count of op == relu and grad == 0",
)
_NO_NAME = Text(
    en="a watch is the name of a node, or one of max min mean sum norm count.",
    ja="ウォッチできるのは、ノードの名前か、max min mean sum norm count のどれかです。",
)
_MEASURE = Text(
    en="expected what to look at: value  grad  |value|  |grad|", ja="見るものを書きます：value  grad  |value|  |grad|"
)
_BAR = Text(en="the closing | is missing.", ja="閉じる | がありません。")
_OF = Text(en="expected 'of' and a condition.", ja="of と条件が要ります。")


# Working it out


def _figure(watch: Watch, cursor: Cursor) -> Reading:
    trace, of = cursor.trace, "value" if "value" in watch.measure else "grad"
    rows = all_rows(trace, cursor.position)
    chosen = np.ones(trace.n_nodes, bool) if watch.where is None else _chosen(watch.where, trace, rows)
    if watch.figure == "count":
        count = int(chosen.sum())
        return Reading(str(watch), number=float(count), of=count)
    some = np.flatnonzero(chosen & known(of, rows))
    if not len(some):
        return Reading(str(watch))
    plain = some[~rows.tensor[some]]
    parts = [(rows.value if of == "value" else rows.grad)[plain]]
    parts += [elements(of, rows, row) for row in some[rows.tensor[some]].tolist()]
    numbers = np.concatenate(parts)
    if watch.measure[0] == "|":
        numbers = np.abs(numbers)
    return Reading(str(watch), number=_reduce(watch.figure, numbers) if len(numbers) else None, of=len(some))


def _chosen(where: Query, trace: Trace, rows: Rows) -> Bools:
    if not where.structural:
        return run(where.steps, rows)
    found: NDArray[np.bool_] | None = trace.kept.get(("watched", where))
    if found is None:
        found = trace.kept["watched", where] = possible(where.steps, trace)
    return found


def _reduce(figure: str, numbers: Floats) -> float:
    with np.errstate(all="ignore"):
        if figure == "norm":
            return float(np.linalg.norm(numbers))
        if figure in ("max", "min"):
            return float(numbers.max() if figure == "max" else numbers.min())
        return float(numbers.mean() if figure == "mean" else numbers.sum())
