"""Predict a gradient: the number is a blank in graph and explanation until it is typed here."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual.binding import Binding, BindingType
from textual.widgets import Input

from tracer.explain.predict import Question, judge
from tracer.text import Text
from tracer.trace.cursor import Cursor
from tracer.tui.keys import ascii_twin
from tracer.tui.screens.dialog import Dialog
from tracer.tui.typed import parse_number

Ending = Literal["right", "shown"]
"""How a question ended: answered, or the learner asked to see it."""


class PredictScreen(Dialog[Ending]):
    """Asks one question, as often as it takes.

    Args:
        cursor: where one is; replies name no number it has not reached.
        question: the gradient that is asked for.
    """

    HEADING = Text(en="Predict", ja="予想")
    KEYS = Text(
        en="enter  answer   ? enter  show me   esc  not now", ja="enter  答える   ? enter  答えを見る   esc  やめる"
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,right,pagedown,space", "go_on", show=False)]

    def __init__(self, cursor: Cursor, question: Question) -> None:
        super().__init__(placeholder=Text(en="a number", ja="数を入力"))
        self.cursor, self.question = cursor, question
        self.answered = False

    def heading(self) -> Text:
        words = self.question.words(self.cursor.trace)
        return Text(*(f"{self.HEADING[lang]}   {words[lang]}" for lang in ("en", "ja")))

    def hint(self) -> Text:
        return _HINT.format(name=self.question.name(self.cursor.trace))

    def accept(self, typed: str) -> None:
        if ascii_twin(typed.strip()) == "?":
            self.dismiss("shown")
            return
        reply = judge(self.cursor, self.question, parse_number(typed))
        self._refused = typed
        self.answered = reply.right
        field = self.query_one(Input)
        if reply.right:
            self.say(_RIGHT.format(words=reply.words), wrong=False)
            field.disabled = True  # from here on the keys are those that walk
        else:
            self.say(reply.words)
            field.action_select_all()  # what is typed next takes its place

    def action_go_on(self) -> None:
        if self.answered:
            self.dismiss("right")


_HINT = Text(
    en="Which gradient will {name} have in all? 2*5 or 1/3 may be typed as they are.",
    ja="{name} に届く勾配は合わせていくつでしょう。2*5 や 1/3 のままでも入力できます。",
)
_RIGHT = Text(en="✓ {words}   → goes on", ja="✓ {words}   → で先へ")
