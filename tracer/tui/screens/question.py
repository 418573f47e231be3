"""A question that a document asks after a block: think first, space shows the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.console import Group as RichGroup
from rich.text import Text as RichText
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.reactive import reactive
from textual.widgets import Static

from tracer.lessons.lesson import Change
from tracer.numbers import format_number
from tracer.scene.prose import Prose
from tracer.text import Lang, Text
from tracer.tui.screens.dialog import Dialog


@dataclass(frozen=True)
class Asked:
    """One question, its numbers filled in."""

    ask: Text
    answer: Text
    result: Text | None = None
    """What the block has come to, said before the question."""
    change: Change | None = None
    """A number to change afterwards."""


class QuestionScreen(Dialog[str]):
    """Asks one after the other. Gives back `on` after the last one, `change` for the number, None to stay."""

    HEADING = Text(en="One question", ja="ひとつ質問")
    KEYS = Text(en="space  answer   →  go on   esc  stay here", ja="space  答え   →  先へ   esc  ここに戻る")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "answer", show=False),
        Binding("right,pagedown,enter", "on", show=False),
        Binding("left,pageup", "back", show=False),
        Binding("e", "change", show=False),
    ]
    AUTO_FOCUS = ""

    at: reactive[int] = reactive(0, init=False)
    answered: reactive[bool] = reactive(False, init=False)
    """Whether the answer is shown."""

    def __init__(self, questions: tuple[Asked, ...]) -> None:
        super().__init__()
        assert questions, "there is something to ask"
        self.questions = questions

    def compose_body(self) -> ComposeResult:
        yield Static(id="dialog-words", markup=False)

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self.draw, init=False)

    def watch_at(self) -> None:
        self.draw()

    def watch_answered(self) -> None:
        self.draw()

    def heading(self) -> Text:
        if len(self.questions) == 1:
            return self.HEADING
        return _NUMBERED.format(i=self.at + 1, n=len(self.questions))

    def draw(self) -> None:
        self.query_one("#dialog").border_title = self.heading()[self.lang]
        self.query_one("#dialog-words", Static).update(self._words(self.lang))

    def _words(self, lang: Lang) -> RichGroup:
        one, palette = self.questions[self.at], self.tracer.palette
        parts: list[RichText] = []
        if one.result is not None:
            parts += [Prose(one.result[lang], palette.style("ok")), RichText()]
        parts.append(Prose(one.ask[lang], palette.style("text", bold=True)))
        if not self.answered:
            parts.append(RichText(_SPACE[lang], palette.style("muted")))
            return RichGroup(*parts)
        parts += [RichText(), Prose(one.answer[lang])]
        if one.change is not None:
            how = _CHANGE.format(leaf=one.change.leaf, to=format_number(one.change.to))
            parts += [RichText(), Prose(one.change.say[lang]), RichText(how[lang], palette.style("muted"))]
        return RichGroup(*parts)

    def action_answer(self) -> None:
        self.answered = not self.answered

    def action_on(self) -> None:
        """The next question; after the last one, on with the document."""
        if self.at + 1 == len(self.questions):
            self.dismiss("on")
        else:
            self.answered = False
            self.at += 1

    def action_back(self) -> None:
        """The question before; from the first one, back to the block."""
        if not self.at:
            self.dismiss(None)
        else:
            self.answered = False
            self.at -= 1

    def action_change(self) -> None:
        if self.answered and self.questions[self.at].change is not None:
            self.dismiss("change")


_NUMBERED = Text(en="Question {i} of {n}", ja="質問 {i}/{n}")
_SPACE = Text(en="space shows the answer", ja="space で答えを表示")
_CHANGE = Text(en="e runs it again with {leaf} = {to}", ja="e で {leaf} = {to} にして実行し直す")
