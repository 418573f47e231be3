"""The chain of *why?*, a line a link: who handed what to whom, and runs of links that hand on the same in one line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracer.explain.arithmetic import product, sign
from tracer.explain.why_words import BRIEF
from tracer.explain.words import EMPTY, Names, shown
from tracer.text import Text
from tracer.trace.node import SourceLine
from tracer.trace.trace import Trace
from tracer.trace.why import Link, Place, Why

WHOLE = 0.9995
"""A share that is shown as 100 % is not said at all."""


@dataclass(frozen=True)
class Line:
    """One link, as it is shown."""

    name: str
    """What the link is about: `w`, `W[0, 1]`."""
    text: Text
    """`from r = relu(h): 3 · 0 = 0`."""
    short: Text
    """The same without the formula, for a narrow line: `from r: 3 · 0 = 0`."""
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


def called(trace: Trace, place: Place) -> str:
    """`w`, or `W[0, 1]` of an element."""
    label = trace.label(place.node)
    if place.element is None or not trace.shape(place.node):
        return label
    index = np.unravel_index(place.element, trace.shape(place.node))
    return f"{label}[{', '.join(str(int(i)) for i in index)}]"


def percent(share: float | None) -> str:
    if share is None:
        return ""
    percent = 100 * share
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.2g} %"


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
        short = text if len(run) > 1 else _text(trace, why, link, digits, brief=True)
        made = trace.made_at(link.at.node) <= why.position
        source = trace.source(link.at.node) if made else None
        scope = trace.scope(link.at.node) if made else ""
        said = _sentence(trace, link) if len(run) == 1 else EMPTY
        found.append(Line(name, text, short, tag, i == marked, link.position, link.at, run, source, scope, said))
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


def _text(trace: Trace, why: Why, link: Link, digits: int, *, brief: bool = False) -> Text:
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
    user = names(link.other.node) if brief else names.definition(link.other.node)
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
        share = percent(link.share)
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


_START = Text("the pass starts here with {g}", "逆伝播の出発点、{g} から始まる")
_WHOLE_LEAF = Text("a leaf", "葉")
_NOT_MADE = Text("not computed yet", "まだ計算されていません")
_HANDED = Text("from {user}:  {sum}", "{user} から:  {sum}")
_NOTHING = Text("used in {user}: no gradient comes back", "{user} で使われるが、勾配は戻らない")
