"""The answer to *why?* in words: a question, a verdict in a sentence, and every link of the chain on a line of its own.

All numbers are those of the links, which are the cursor's; nothing is looked up that the moment does not know.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tracer.explain.arithmetic import product, sign
from tracer.explain.trouble import why_not_finite, why_spoilt
from tracer.explain.why_words import ANSWERS, ASKED, BRIEF
from tracer.explain.words import EMPTY, Names, count, join, shown
from tracer.text import Text
from tracer.trace.node import SourceLine
from tracer.trace.trace import Trace
from tracer.trace.why import Link, Place, Why
from tracer.trace.why.reader import Reader

WHOLE = 0.9995
"""A share that is shown as 100 % is not said at all."""


@dataclass(frozen=True)
class Line:
    """One link, as it is shown."""

    name: str
    """What the link is about: `w`, `W[0, 1]`."""
    text: Text
    """`from r = relu(h): 3 · 0 = 0`."""
    tag: Text
    """Said behind it: its share, that it is the culprit."""
    culprit: bool
    position: int
    at: Place
    links: range
    """The links it stands for: one, or several that hand on the same."""
    source: SourceLine | None
    scope: str
    """The part of the program that it happened in."""
    sentence: Text
    """How the op that handed gradient on does so; empty where none did."""


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


def called(trace: Trace, place: Place) -> str:
    """`w`, or `W[0, 1]` of an element."""
    label = trace.label(place.node)
    if place.element is None or not trace.shape(place.node):
        return label
    index = np.unravel_index(place.element, trace.shape(place.node))
    return f"{label}[{', '.join(str(int(i)) for i in index)}]"


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
        "share": _percent(_share_of_route(why)),
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
    """The line at fault: the one that made the culprit, or that read it as a number."""
    if why.verdict == "read":
        return next((line for kind, line in trace.frozen.get(culprit.node, ()) if kind == "data"), None)
    return trace.source(culprit.node)


def _input_value(trace: Trace, why: Why, link: Link | None, digits: int) -> str:
    """What the culprit's op was given: of the input that the gradient would have reached."""
    return shown(link.value, digits) if link is not None and link.value is not None else "?"


def _value_in_chain(why: Why, place: Place) -> float | None:
    return next((link.value for link in why.chain if link.at == place), None)


def _grad_in_chain(why: Why, place: Place) -> float | None:
    return next((link.grad for link in why.chain if link.at == place), None)


def _share_of_route(why: Why) -> float | None:
    """How much of the gradient the route brought, 0 to 1; None where others took back from it."""
    brought, grad = why.contribution, why.chain[0].grad
    if brought is None or not grad or not math.isfinite(grad):
        return None
    share = brought / grad
    return share if 0 <= share <= 1 else None


def _percent(share: float | None) -> str:
    if share is None:
        return ""
    percent = 100 * share
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.2g} %"


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
    share = _percent(why.share) if why.share is not None and why.share < WHOLE else ""
    behind = (
        Text(f" ({share} of the uses end at this one)", f"（経路の {share} はここで止まります）") if share else EMPTY
    )
    return Text(
        f"There {'is' if one else 'are'} {many} more such place{'' if one else 's'}{behind.en}.",
        f"同じような箇所はほかに {many} か所あります{behind.ja}。",
    )


# Links


def lines(trace: Trace, why: Why, digits: int = 4) -> tuple[Line, ...]:
    """The chain, the culprit marked: a line a link, but one for a run of links that hand on the same."""
    marked = _marked(why)
    found = []
    for run in _runs(why, marked):
        link, i = why.chain[run[0]], run[0]
        if len(run) > 1:
            text, tag, name = _same(why.chain[run[0] : run[-1] + 1], digits), EMPTY, FOLDED
        else:
            text, tag, name = _text(trace, why, link, digits), _tag(why, link, i, i == marked), called(trace, link.at)
        made = trace.made_at(link.at.node) <= why.position
        source = trace.source(link.at.node) if made else None
        scope = trace.scope(link.at.node) if made else ""
        said = _sentence(trace, link) if len(run) == 1 else EMPTY
        found.append(Line(name, text, tag, i == marked, link.position, link.at, run, source, scope, said))
    return tuple(found)


FOLDED = "⋮"
"""Stands for the names of several nodes."""
FEWEST = 3
"""Links in a run at least."""


def _runs(why: Why, marked: int | None) -> list[range]:
    """The chain cut into single links and runs of links that hand on the same; its middle in one where it is long."""
    found: list[range] = []
    begin, last = 0, len(why.chain) - 1
    while begin <= last:
        kind, end = _kind(why.chain[begin]), begin + 1
        if kind and begin not in (0, marked):
            while end < last and end != marked and _kind(why.chain[end]) == kind:
                end += 1
        if end - begin >= FEWEST:
            found.append(range(begin, end))
        else:
            found.extend(range(i, i + 1) for i in range(begin, end))
        begin = end
    if len(found) <= LINES:
        return found
    near = next((i for i, run in enumerate(found) if marked is not None and marked in run), len(found) - 1)
    kept: list[range] = []
    for low, high in ((0, LINES // 3), (near - LINES // 6, near + LINES // 6), (len(found) - LINES // 3, len(found))):
        some = [run for run in found[max(0, low) : max(0, high)] if not kept or run.start > kept[-1].start]
        if some and kept and some[0].start > kept[-1].stop:
            kept.append(range(kept[-1].stop, some[0].start))
        kept.extend(some)
    return kept


LINES = 300
"""Lines at most: more than anybody steps through."""


def _kind(link: Link) -> str:
    """What a link hands on, where it says no more than the ones beside it; else ""."""
    if link.kind == "made":
        return "made"
    if link.kind != "handed":
        return ""
    if link.contribution is None:
        return "nothing"
    if link.contribution == 0:
        return "zero"
    if not math.isfinite(link.contribution):
        return "bad"
    return "one" if link.local == 1 and link.routes == 1 and (link.share or 1) >= WHOLE else ""


def _same(run: Sequence[Link], digits: int) -> Text:
    """A run of links in a line."""
    first, kinds = run[0], {_kind(link) for link in run}
    if len(kinds) > 1 or kinds == {""}:  # the middle of a long way
        return _RUNS["more"].format(many=f"{len(run):,}")
    number = first.value if first.kind == "made" else first.contribution
    return _RUNS[_kind(first)].format(many=f"{len(run):,}", g=shown(number, digits))


_RUNS = {
    "more": Text("{many} more steps", "さらに {many} 段"),
    "one": Text("{many} steps hand {g} on as it is", "{many} 段、{g} がそのまま渡る"),
    "zero": Text("{many} steps: nothing arrives, nothing goes on", "{many} 段、届くものが 0 で、渡るものも 0"),
    "bad": Text("{many} steps hand {g} on", "{many} 段、{g} が渡り続ける"),
    "made": Text("{many} results made of it", "{many} 個の計算結果を通る"),
    "nothing": Text("{many} results: no gradient comes back", "{many} 個の計算結果: 勾配は戻らない"),
}


def _marked(why: Why) -> int | None:
    """Which link is the culprit's."""
    if why.culprit is None:
        return None
    for i, link in enumerate(why.chain):
        if link.edge is not None and link.edge == why.edge and why.stretch is None and link.kind == "handed":
            return i
    at = [i for i, link in enumerate(why.chain) if link.at == why.culprit]
    ends = [i for i in at if why.chain[i].kind == "end"]
    return (ends or at or [len(why.chain) - 1])[0]


def _text(trace: Trace, why: Why, link: Link, digits: int) -> Text:
    names = Names(trace)
    if link.kind == "made":
        assert link.edge is not None, "a value is followed along an edge"
        formula = names.formula(link.at.node)
        return Text.same(f"= {formula} = {shown(link.value, digits)}")
    if link.kind == "start":
        return _START.format(g=shown(link.grad, digits))
    if link.kind == "end":
        if trace.made_at(link.at.node) > why.position:
            return _NOT_MADE
        formula = names.formula(link.at.node)
        if link.value is None:  # a tensor as a whole
            return Text.same(f"= {formula}") if formula else _WHOLE_LEAF
        made = f"= {formula} = {shown(link.value, digits)}" if formula else f"= {shown(link.value, digits)}"
        if link.grad is None:
            return Text.same(made)
        return Text(f"{made}, gradient {shown(link.grad, digits)}", f"{made}、勾配 {shown(link.grad, digits)}")
    assert link.other is not None, "handed on by somebody"  # a part as well
    user = names.definition(link.other.node)
    if link.contribution is None:
        return _NOTHING.format(user=user)
    if link.upstream is None or link.local is None:
        return _HANDED.format(user=user, sum=shown(link.contribution, digits))
    equals = sign(link.contribution, link.upstream, link.local, by="mul", digits=digits)
    left = product(link.upstream, link.local, digits)
    return _HANDED.format(user=user, sum=f"{left} {equals} {shown(link.contribution, digits)}")


def _sentence(trace: Trace, link: Link) -> Text:
    """What the op says of nudging this input."""
    if link.kind not in ("handed", "part") or link.edge is None or link.contribution is None:
        return EMPTY
    e = trace.edge(link.edge)
    op = trace.op(e.user)
    assert op is not None, "an edge leads into an op's output"
    return Names(trace).fill(op.spec(e.slot).why, e.user, slot=e.slot)


def _tag(why: Why, link: Link, i: int, marked: bool) -> Text:
    parts = []
    if link.share is not None and link.share < WHOLE:
        share = _percent(link.share)
        if link.routes > 1:
            parts.append(Text(f"{share} of {link.routes:,} contributions", f"寄与 {link.routes:,} 個のうち {share}"))
        else:
            parts.append(Text(f"{share} of what arrives", f"届いた分の {share}"))
    elif link.routes > 1:
        parts.append(Text(f"1 of {link.routes:,} contributions", f"寄与 {link.routes:,} 個のうちの 1 個"))
    if why.stretch is not None and why.stretch[0] <= i <= why.stretch[1]:
        parts.append(Text("in the product", "積の一部"))
    if marked:
        parts.append(BRIEF[why.verdict])
    return Text("; ".join(p.en for p in parts), "、".join(p.ja for p in parts))


_PARTIAL = Text("More contributions are still to come here.", "ここにはまだ届いていない寄与があります。")
_START = Text("the pass starts here with {g}", "逆伝播の出発点、{g} から始まる")
_WHOLE_LEAF = Text("a leaf", "葉")
_NOT_MADE = Text("not computed yet", "まだ計算されていません")
_HANDED = Text("from {user}:  {sum}", "{user} から:  {sum}")
_NOTHING = Text("used in {user}: no gradient comes back", "{user} で使われるが、勾配は戻らない")
