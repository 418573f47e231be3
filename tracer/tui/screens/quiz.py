"""Predicting: a gradient becomes a blank, the learner types it, and the walk goes on to where it is complete."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tracer.lessons.runner import Thing
from tracer.text import Text
from tracer.trace.cursor import Cursor
from tracer.trace.trace import Trace
from tracer.tui.screens.changing import ChangingScreen
from tracer.tui.view import Quiz

if TYPE_CHECKING:
    from tracer.explain.predict import Question
    from tracer.lessons.stop import Arrival
    from tracer.tui.screens.predict import Ending

_NOTHING = Text(
    en="No gradient is still to come. b goes back to where they can be predicted.",
    ja="この先に届く勾配はありません。b で、予想できる場面（逆伝播の始まり）に戻れます。",
)
_NO_PASS = Text(
    en="There is no gradient to predict: this program runs no backward pass.",
    ja="予想できる勾配はありません。このプログラムには逆伝播がありません。",
)


class Completion(NamedTuple):
    """A gradient becomes complete."""

    position: int
    pass_index: int
    node: int
    element: int = 0
    """Of a tensor: the one that is asked for."""


class QuizScreen(ChangingScreen):
    """The stepper's questions. Opened as a quiz, it asks before a step that would give an answer away."""

    quiz = False
    _arrivals: tuple[Arrival, ...] = ()

    def __init__(self, thing: Thing) -> None:
        super().__init__(thing)
        self._asked: set[tuple[int, int]] = set()
        """(pass, node) of the gradients that have been asked for: once is enough."""
        self._asks: tuple[Trace, tuple[Completion, ...]] | None = None
        """What a quiz asks, and in which run."""
        self._right: set[tuple[int, int]] = set()
        """Those that were answered."""

    def action_predict(self) -> None:
        from tracer.explain.predict import next_question

        question = next_question(self.view.cursor)
        if question is None:
            words = _NOTHING if self.view.cursor.trace.passes else _NO_PASS
            self.notify(words[self.lang], markup=False)
        else:
            self._ask(question, self.view.cursor.trace.cursor(question.position))

    def may_walk_to(self, walker: Cursor) -> bool:
        question = self._due(walker) if self.quiz else None
        if question is None:
            return True
        before = walker.trace.cursor(question.position).step(-1, "edge")
        if before.position > self.view.cursor.position:
            self.walk_to(before)  # where all that the answer is made of can be seen
        self._ask(question, walker)
        return False

    def _due(self, after: Cursor) -> Question | None:
        """The first question whose answer a walk from here to `after` would show."""
        from tracer.explain.predict import question_for

        here = self.view.cursor
        for position, pass_index, node, element in self._questions(after.trace):
            if here.position < position <= after.position and (pass_index, node) not in self._asked:
                return question_for(after.trace.cursor(position - 1), node, element)
        return None

    def _questions(self, trace: Trace) -> tuple[Completion, ...]:
        """All that a quiz asks in this run, in order of time."""
        if self._asks is None or self._asks[0] is not trace:
            self._asks = (trace, tuple(to_ask(trace, self._arrivals)))
        return self._asks[1]

    def quiz_at(self, cursor: Cursor) -> Quiz | None:
        """How the quiz stands at this moment."""
        if not self.quiz:
            return None
        asks = self._questions(cursor.trace)
        right = sum(one[1:3] in self._right for one in asks)
        ahead = (one.node for one in asks if one.position > cursor.position and one[1:3] not in self._asked)
        return Quiz(right, len(asks), next(ahead, None))

    def _ask(self, question: Question, after: Cursor) -> None:
        from tracer.tui.screens.predict import PredictScreen

        self.stop_playing()
        self.app.capture_mouse(None)  # a drag over the timeline ends here
        self.change(blanks=frozenset({question.node}), about=None)
        self.app.push_screen(PredictScreen(self.view.cursor, question), partial(self._answered, question, after))

    def _answered(self, question: Question, after: Cursor, ending: Ending | None) -> None:
        self._asked.add((question.pass_index, question.node))
        if ending == "right":
            self._right.add((question.pass_index, question.node))
        self.change(blanks=frozenset(), quiz=self.quiz_at(self.view.cursor))
        if ending is not None and after.trace is self.view.cursor.trace:
            self.go_to(after)


def to_ask(trace: Trace, arrivals: tuple[Arrival, ...]) -> list[Completion]:
    """What a quiz asks: every gradient; of a lesson, those that its quiz stops name.

    Where a lesson marks a single stop, that would be over before it began: then all whose completion it stops at.
    """
    every = sorted(completions(trace))
    if not arrivals:
        return every
    named = [arrival for arrival in arrivals if arrival.stop.quiz]
    if len(named) < 2:
        named += [arrival for arrival in arrivals if arrival.stop.kind == "complete"]
    wanted = {
        (this.index, one.node): one.stop.asked(trace, one.node)
        for one in reversed(named)  # of several stops at one gradient, the first says which element
        for this in trace.passes
        if this.start < one.position <= this.stop
    }
    return [one._replace(element=wanted[one[1:3]]) for one in every if one[1:3] in wanted]


def completions(trace: Trace) -> Iterator[Completion]:
    """Every gradient of every pass, and where it is complete."""
    for this in trace.passes:
        backwards, last = np.unique(this.targets[::-1], return_index=True)
        found = {int(node): len(this.targets) - 1 - int(at) for node, at in zip(backwards, last, strict=True)}
        for node, delivery in found.items():
            yield Completion(this.position_of(delivery), this.index, node)
        if this.root not in found:
            yield Completion(this.start + 1, this.index, this.root)
