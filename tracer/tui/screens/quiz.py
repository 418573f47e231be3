"""Predicting: a gradient becomes a blank, the learner types it, and the walk goes on to where it is complete."""

from __future__ import annotations

from functools import partial

from tracer.explain.predict import Question, next_question, question_for
from tracer.lessons.runner import Thing
from tracer.lessons.stop import Arrival
from tracer.text import Text
from tracer.trace.cursor import Cursor
from tracer.tui.screens.changing import ChangingScreen
from tracer.tui.screens.predict import Ending, PredictScreen

_NOTHING = Text(en="No gradient is still to come.", ja="この先に届く勾配はありません。")


class QuizScreen(ChangingScreen):
    """The stepper's questions. Opened as a quiz, it asks before a step that would give an answer away."""

    quiz = False
    _arrivals: tuple[Arrival, ...] = ()

    def __init__(self, thing: Thing) -> None:
        super().__init__(thing)
        self._asked: set[tuple[int, int]] = set()
        """(pass, node) of the gradients that have been asked for: once is enough."""

    def action_predict(self) -> None:
        question = next_question(self.view.cursor)
        if question is None:
            self.notify(_NOTHING[self.lang], markup=False)
        else:
            self._ask(question, self.view.cursor.trace.cursor(question.position))

    def may_walk_to(self, walker: Cursor) -> bool:
        question = self._due(walker) if self.quiz else None
        if question is not None:
            self._ask(question, walker)
        return question is None

    def _due(self, after: Cursor) -> Question | None:
        """The first question whose answer a walk from here to `after` would show."""
        here = self.view.cursor
        if self._arrivals:
            nodes = [a.node for a in self._arrivals if a.stop.quiz and here.position < a.position <= after.position]
            questions = [question_for(here, node) for node in nodes]
        else:
            questions = [next_question(here)]
        due = (q for q in questions if q is not None and q.position <= after.position)
        return next((q for q in due if (q.pass_index, q.node) not in self._asked), None)

    def _ask(self, question: Question, after: Cursor) -> None:
        self.stop_playing()
        self.change(blanks=frozenset({question.node}), about=None)
        self.app.push_screen(PredictScreen(self.view.cursor, question), partial(self._answered, question, after))

    def _answered(self, question: Question, after: Cursor, ending: Ending | None) -> None:
        self._asked.add((question.pass_index, question.node))
        self.change(blanks=frozenset())
        if ending is not None and after.trace is self.view.cursor.trace:
            self.walk_to(after)
