"""Predict the next gradient: what is asked, and what a wrong answer gets back.

A reply never holds a number the walk has not reached. It names the step of the rule that was left out, which is read
off the wrong number itself: one route where several add up, an upstream gradient that was not multiplied, a sign.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tracer.explain.amount import Amount, exact, shape_of, single
from tracer.numbers import format_number, is_rounded
from tracer.text import Text
from tracer.trace.cursor import Cursor
from tracer.trace.segment import Pass
from tracer.trace.trace import Trace

ROUNDED = 0.01
"""How far off, relatively, an answer may be when the right one is shown rounded."""
EXACT = 1e-9


@dataclass(frozen=True)
class Question:
    """Which gradient is asked for."""

    node: int
    pass_index: int
    position: int
    """Where it is complete."""
    answer: float
    element: int | None = None
    """Of a tensor: which element's gradient, an index into the flattened tensor."""

    def name(self, trace: Trace) -> str:
        """`x`, `W[0, 1]`"""
        label = trace.label(self.node)
        if self.element is None:
            return label
        index = np.unravel_index(self.element, trace.shape(self.node))
        return f"{label}[{', '.join(str(int(i)) for i in index)}]"

    def words(self, trace: Trace) -> Text:
        """`∂y/∂x = ?`"""
        root = trace.label(trace.passes[self.pass_index].root)
        return Text.same(f"∂{root}/∂{self.name(trace)} = ?")


@dataclass(frozen=True)
class Reply:
    """What is said of an answer."""

    right: bool
    words: Text


def next_question(cursor: Cursor) -> Question | None:
    """The gradient that is delivered to next, asked for as a whole; None when no gradient is still to come.

    A node whose gradient is complete already (the step under way adds the last contribution) is not asked for.
    """
    trace = cursor.trace
    for this in trace.passes:
        if this.stop <= cursor.position:
            continue
        if cursor.position <= this.start:
            return _ask(trace, this, this.root)
        for delivery in range(this.delivered_by(cursor.position), len(this.edges)):
            question = _ask(trace, this, int(this.targets[delivery]))
            if question.position > cursor.position:
                return question
    return None


def question_for(cursor: Cursor, node: int, element: int = 0) -> Question | None:
    """`node`'s gradient in the pass under way or the next one, unless it is complete already.

    Args:
        element: of a tensor, which of its elements is asked for; one it does not have is taken for the first.
    """
    for this in cursor.trace.passes:
        if this.stop > cursor.position and (node == this.root or len(this.deliveries_to(node))):
            question = _ask(cursor.trace, this, node, element)
            return question if question.position > cursor.position else None
    return None


def _ask(trace: Trace, this: Pass, node: int, which: int = 0) -> Question:
    deliveries = this.deliveries_to(node)
    position = this.position_of(int(deliveries[-1])) if len(deliveries) else this.start + 1
    found = trace.cursor(position).grad(node)
    assert found is not None, "a gradient that was delivered to is known"
    size = math.prod(shape_of(found))
    element = (which if which < size else 0) if shape_of(found) else None  # of many numbers one is asked for
    return Question(node, this.index, position, _at(found, element), element)


def _at(value: Amount, element: int | None) -> float:
    """A number, or one element of an array, as the decimal it is in its own dtype."""
    return single(value) if element is None else exact(np.asarray(value).reshape(-1)[element])


def is_right(question: Question, typed: float) -> bool:
    """Whether the number typed is the gradient, as exactly as it is shown."""
    answer = question.answer
    if not math.isfinite(answer):
        return typed == answer or (math.isnan(typed) and math.isnan(answer))
    return math.isclose(typed, answer, rel_tol=ROUNDED if is_rounded(answer) else EXACT, abs_tol=1e-12)


def judge(cursor: Cursor, question: Question, typed: float) -> Reply:
    """What to say to `typed`. A wrong number is recognised by what it would be the answer to."""
    if is_right(question, typed):
        return Reply(True, _RIGHT.format(name=question.name(cursor.trace), number=format_number(question.answer)))
    for number, words in _mistakes(cursor, question):
        if math.isclose(typed, number, rel_tol=1e-6, abs_tol=1e-12):
            return Reply(False, words)
    return Reply(False, _rule(cursor, question))


def _mistakes(cursor: Cursor, question: Question) -> Iterator[tuple[float, Text]]:
    """Numbers a learner may come up with, each with what is missing in it; the likeliest first."""
    trace, node = cursor.trace, question.node
    this = trace.passes[question.pass_index]
    deliveries = this.deliveries_to(node).tolist()
    routes = [_Route.of(trace, this, d, question.element) for d in deliveries]
    name = trace.label(node)
    if node == this.root:
        value = cursor.data(node)
        if value is not None:
            yield _at(value, question.element), _ROOT_VALUE.format(name=name)
        return
    for i, (user, _, _, contribution) in enumerate(routes):
        others = [route.user for j, route in enumerate(routes) if j != i]
        if others and contribution:
            yield contribution, _one_route(name, user, others)
    if len(routes) > 1:
        yield math.prod(r.contribution for r in routes), _MULTIPLIED_ROUTES.format(name=name)
    for user, upstream, local, _ in routes:
        if upstream is None or local is None:
            continue  # no product of two numbers
        yield upstream, _ONLY_UPSTREAM.format(user=user, name=name)
        yield local, _ONLY_LOCAL.format(user=user, name=name)
        yield upstream + local, _ADDED.format(user=user, name=name)
    yield -question.answer, _SIGN
    held = cursor.data(node)
    if held is not None:
        yield _at(held, question.element), _ITS_VALUE.format(name=name)


class _Route(NamedTuple):
    """One contribution to the number asked for; its factors where it is the product of two numbers."""

    user: str
    upstream: float | None
    local: float | None
    contribution: float

    @classmethod
    def of(cls, trace: Trace, this: Pass, delivery: int, element: int | None) -> _Route:
        upstream, local, contribution = trace.contribution(this.index, delivery)
        user = trace.label(int(this.users[delivery]))
        arrived = _at(contribution, element)
        if local is None or shape_of(upstream) != shape_of(contribution):
            return cls(user, None, None, arrived)
        return cls(user, _at(upstream, element), _at(local, element), arrived)


def _one_route(name: str, user: str, others: list[str]) -> Text:
    words = _ONE_ROUTE if len(others) == 1 else _ONE_OF_ROUTES
    en, ja = _listed(list(dict.fromkeys(others)))
    if set(others) == {user}:
        words, en, ja = _TWICE, "", ""
    return words.format(name=name, user=user, others=Text(en, ja))


def _listed(names: list[str]) -> tuple[str, str]:
    """`a, b and c`; `a と b と c`."""
    return (", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else names[0]), " と ".join(names)


def _rule(cursor: Cursor, question: Question) -> Text:
    """The rule to use, for a number that tells nothing."""
    trace = cursor.trace
    this = trace.passes[question.pass_index]
    root, name = trace.label(this.root), trace.label(question.node)
    if question.node == this.root:
        return _ROOT.format(name=name)
    users = list(dict.fromkeys(trace.label(int(this.users[d])) for d in this.deliveries_to(question.node)))
    terms = " + ".join(f"∂{root}/∂{user} · ∂{user}/∂{name}" for user in users)
    return _RULE.format(terms=terms)


_RIGHT = Text(en="Right: {name} gets {number}.", ja="正解です。{name} の勾配は {number} です。")
_ONE_ROUTE = Text(
    en="That is the route through {user} alone. {name} is used by {others} as well: which number arrives there?",
    ja="それは {user} を通る経路だけの値です。{name} は {others} でも使われています。そちらからは何が届くでしょうか。",
)
_ONE_OF_ROUTES = Text(
    en="That is the route through {user} alone. {name} is used by {others} as well: which numbers arrive there?",
    ja="それは {user} を通る経路だけの値です。{name} は {others} でも使われています。そこから届く数も足しましょう。",
)
_TWICE = Text(
    en="That is one edge alone. {user} uses {name} more than once, and every use brings a contribution.",
    ja="それは一本の辺だけの値です。{user} は {name} を何度も使っていて、使うたびに寄与が届きます。",
)
_MULTIPLIED_ROUTES = Text(
    en="You multiplied the routes. Along one route gradients multiply; where routes meet, at {name}, they add.",
    ja="経路どうしを掛けていませんか。一本の経路に沿っては掛け、経路が出会う {name} では足します。",
)
_ONLY_UPSTREAM = Text(
    en="That is the gradient of {user}, upstream. It is still to be multiplied by the local gradient ∂{user}/∂{name}.",
    ja="それは上流、{user} の勾配です。まだ局所勾配 ∂{user}/∂{name} を掛けていません。",
)
_ONLY_LOCAL = Text(
    en="That is the local gradient ∂{user}/∂{name}. It is still to be multiplied by the gradient of {user}.",
    ja="それは局所勾配 ∂{user}/∂{name} です。まだ上流の勾配（{user} の勾配）を掛けていません。",
)
_ADDED = Text(
    en="You added upstream and local gradient of {user} → {name}. Along one route they multiply.",
    ja="{user} → {name} で、上流の勾配と局所勾配を足していませんか。一本の経路に沿っては掛けます。",
)
_SIGN = Text(en="The size is right. Look at the sign again.", ja="大きさは合っています。符号を見直しましょう。")
_ITS_VALUE = Text(
    en="That is the value of {name}. Its gradient says how many times as far the result moves when {name} moves.",
    ja="それは {name} の値です。勾配は、{name} が動くと結果がその何倍動くかを表します。",
)
_ROOT_VALUE = Text(
    en="That is the value of {name}. If {name} moves a little, how many times as far does {name} itself move?",
    ja="それは {name} の値です。{name} が少し動くと、{name} 自身はその何倍動くでしょうか。",
)
_ROOT = Text(
    en="The walk back starts at {name}: how many times as far does {name} move when {name} itself moves?",
    ja="逆伝播は {name} から始まります。{name} が動くと、{name} 自身はその何倍動くでしょうか。",
)
_RULE = Text(
    en="Not yet. Each route brings upstream × local, and the routes add up: {terms}",
    ja="惜しい、違います。どの経路も「上流の勾配 × 局所勾配」を運び、経路どうしは足し合わせます。{terms}",
)
