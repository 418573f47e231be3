"""The answer to *why?* in words: a question, a verdict in a sentence, and every link of the chain on a line of its own.

All numbers are those of the links, which are the cursor's; nothing is looked up that the moment does not know.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tracer.explain.trouble import why_not_finite, why_spoilt
from tracer.explain.why_lines import WHOLE, Line, called, lines, percent
from tracer.explain.why_words import ANSWERS, ASKED, BRIEF
from tracer.explain.words import EMPTY, Names, count, join, shown
from tracer.text import Text
from tracer.trace.node import SourceLine
from tracer.trace.trace import Trace
from tracer.trace.why import Link, Place, Why
from tracer.trace.why.reader import Reader


@dataclass(frozen=True)
class Told:
    """All of an answer."""

    question: Text
    answer: Text
    lines: tuple[Line, ...]
    brief: Text
    """The kind of the culprit in a word or two."""

    @cached_property
    def names(self) -> int:
        """Characters of the longest name, a CJK one counted twice; no more than anybody has room for."""
        return max((min(len(line.name), 99) + sum(map(_is_wide, line.name[:99])) for line in self.lines), default=0)


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in "WF"


def told(trace: Trace, why: Why, digits: int = 4) -> Told:
    """The answer in both languages."""
    return Told(question(trace, why), answer(trace, why, digits), lines(trace, why, digits), BRIEF[why.verdict])


def symbol(trace: Trace, why: Why) -> str:
    """`∂L/∂w`; before a pass, of one by hand, or of what the program wrote, `w.grad`."""
    name = called(trace, why.at)
    reader = Reader(trace, why.position)
    this = reader.pass_of(why.node) or next((one for one in reversed(trace.passes) if one.start < why.position), None)
    if this is None or this.by_hand or reader.written(why.node) is not None:
        return f"{name}.grad"
    return f"∂{trace.label(this.root)}/∂{name}"


def question(trace: Trace, why: Why) -> Text:
    """`Why is ∂L/∂w zero?`"""
    what = called(trace, why.at) if why.about == "value" else symbol(trace, why)
    words = ASKED[why.question]
    return words.format(what=what, name=called(trace, why.at))


def answer(trace: Trace, why: Why, digits: int = 4) -> Text:
    """The verdict in a sentence or two, and how many other culprits there are."""
    return join(_answer(trace, why, digits), _others(why), _to_come(trace, why))


def _answer(trace: Trace, why: Why, digits: int) -> Text:
    fields = _fields(trace, why, digits)
    if why.verdict == "not yet":
        key = "not yet" if why.until is None else "not yet until"
        return ANSWERS[key].format(**fields)
    exact = _in_trouble(trace, why, digits)
    if exact is not None:
        return exact
    key = (
        f"{why.verdict} of a value" if f"{why.verdict} of a value" in ANSWERS and why.about == "value" else why.verdict
    )
    if why.verdict == "ordinary" and why.start is None:
        key = "ordinary, no route"
    elif why.verdict == "ordinary" and len(why.chain) == 1:
        key = "ordinary, the root"
    elif why.verdict == "ordinary" and all(
        link.routes == 1 and (link.share or 1) >= WHOLE for link in why.chain if link.kind == "handed"
    ):
        key = "ordinary, one route"
    return ANSWERS[key].format(**fields)


def _in_trouble(trace: Trace, why: Why, digits: int) -> Text | None:
    """Of what is not finite: the same words that are said where it happens."""
    last = why.culprit
    if last is None:
        return None
    if why.verdict in _VALUES and why.edge is None:
        op = trace.op(last.node)
        if why.verdict == "bad data" and op is None and trace.is_tensor(last.node):
            return None  # which element is said here
        return why_not_finite(trace, last.node, digits) if not np.isfinite(trace.columns.value[last.node]) else None
    if why.verdict in _SLOPES and why.edge is not None:
        for this in trace.passes:
            found = np.flatnonzero(this.edges == why.edge)
            done = found[found < this.delivered_by(why.position)]
            if len(done) and not trace.is_tensor(trace.edge(why.edge).user):
                return why_spoilt(trace, this.index, int(done[0]), digits)
    return None


_VALUES = frozenset(
    (
        "bad data",
        "log of zero",
        "log of negative",
        "root of negative",
        "division by zero",
        "zero over zero",
        "bad power",
    )
) | frozenset(("overflow", "empty", "bad operation"))
_SLOPES = frozenset(("infinite slope", "zero times inf", "gradient overflow"))


def _fields(trace: Trace, why: Why, digits: int) -> dict[str, object]:
    """What the sentences may name."""
    names, at = Names(trace), why.at
    link = why.chain[0]
    culprit = why.culprit or at
    last = next((one for one in why.chain if one.edge is not None and one.edge == why.edge), None)
    op = trace.op(culprit.node)
    known = trace.made_at(culprit.node) <= why.position
    return {
        "s": symbol(trace, why),
        "name": called(trace, at),
        "n": shown(link.grad, digits),
        "v": shown(link.value, digits),
        "c": called(trace, culprit),
        "d": names.definition(culprit.node) if known else called(trace, culprit),
        "op": op.label if op is not None else "",
        "input": called(trace, last.at) if last is not None else "",
        "i": _input_value(trace, why, last, digits),
        "up": shown(last.upstream, digits) if last is not None else "",
        "local": shown(last.local, digits) if last is not None else "",
        "cv": shown(_value_in_chain(why, culprit), digits),
        "cg": shown(_grad_in_chain(why, culprit), digits),
        "factor": shown(why.factor, digits) if why.factor is not None else "",
        "k": f"{why.stretch[1] - why.stretch[0] + 1:,}" if why.stretch is not None else "",
        "routes": f"{max((one.routes for one in why.chain), default=0):,}",
        "cr": count(
            next((one.routes for one in why.chain if one.at == culprit), 0),
            "contribution",
            "contributions",
            "{} 個の寄与",
        ),
        "brought": shown(why.contribution, digits) if why.contribution is not None else "",
        "share": percent(_share_of_route(why)),
        "root": trace.label(why.chain[-1].at.node),
        "steps": f"{sum(one.kind == 'handed' for one in why.chain):,}",
        "until": f"{why.until:,}" if why.until is not None else "",
        "limit": f"{np.finfo(trace.dtype(culprit.node).numpy).smallest_subnormal:.1e}"
        if trace.dtype(culprit.node).is_floating_point
        else "",
        "kind": trace.dtype(at.node).name,
        "line": _line(_read_at(trace, why, culprit)) if known else EMPTY,
    }


def _read_at(trace: Trace, why: Why, culprit: Place) -> SourceLine | None:
    """The line at fault: the one that made the culprit, read it as a number, or updated it."""
    if why.verdict == "read":
        return next((line for kind, line in trace.frozen.get(culprit.node, ()) if kind == "data"), None)
    if why.verdict == "bad update":
        rows = dict(trace.events("update").get(culprit.node, ()))
        return trace.line_at(int(trace.table("update").line[rows[why.chain[-1].position]]))
    return trace.source(culprit.node)


def _input_value(trace: Trace, why: Why, link: Link | None, digits: int) -> str:
    """What the culprit's op was given: of the input that the gradient would have reached."""
    if link is not None and link.kind == "handed" and link.edge is not None:
        given = np.asarray(trace.edge_value(link.edge))  # the input itself may have been updated since
        if given.shape == () or link.at.element is not None:
            return shown(float(given.reshape(-1)[link.at.element or 0]), digits)
    return shown(link.value, digits) if link is not None and link.value is not None else "?"


def _value_in_chain(why: Why, place: Place) -> float | None:
    """As the chain read it where it ends: an update may have changed it since."""
    return next((link.value for link in reversed(why.chain) if link.at == place), None)


def _grad_in_chain(why: Why, place: Place) -> float | None:
    return next((link.grad for link in reversed(why.chain) if link.at == place), None)


def _share_of_route(why: Why) -> float | None:
    """How much of the gradient the route brought, 0 to 1; None where others took back from it."""
    brought, grad = why.contribution, why.chain[0].grad
    if brought is None or not grad or not math.isfinite(grad):
        return None
    share = brought / grad
    return share if 0 <= share <= 1 else None


def _line(source: SourceLine | None) -> Text:
    return EMPTY if source is None else Text(f" (line {source.line})", f"（{source.line} 行目）")


def _to_come(trace: Trace, why: Why) -> Text:
    """That the gradient is not complete at this moment."""
    state = trace.cursor(why.position).grad_state(why.node)
    return _PARTIAL if why.about == "grad" and state == "partial" else EMPTY


def _others(why: Why) -> Text:
    if not why.others or why.fine:
        return EMPTY
    many = f"{why.others:,}" + ("+" if why.more else "")
    one = why.others == 1 and not why.more
    share = percent(why.share) if why.share is not None and why.share < WHOLE else ""
    behind = (
        Text(f" ({share} of the uses end at this one)", f"（経路の {share} はここで止まります）") if share else EMPTY
    )
    return Text(
        f"There {'is' if one else 'are'} {many} more such place{'' if one else 's'}{behind.en}.",
        f"同じような箇所はほかに {many} か所あります{behind.ja}。",
    )


_PARTIAL = Text("More contributions are still to come here.", "ここにはまだ届いていない寄与があります。")
