"""How a lesson ends: the result, one question (its answer on a key), something to change, and what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.console import Group as RichGroup
from rich.text import Text as RichText
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from tracer.numbers import format_number
from tracer.scene.prose import Prose
from tracer.text import Lang, Text
from tracer.tui.keys import Place, bindings
from tracer.tui.messages import AT_THE_END
from tracer.tui.screens.base import AppScreen
from tracer.tui.widgets.keybar import KeyBar

if TYPE_CHECKING:
    from tracer.lessons.lesson import Lesson
    from tracer.lessons.runner import Thing

_DONE = Text(en="✓ Done", ja="✓ 完了")
_QUESTION = Text(en="One question", ja="ひとつ質問")
_ANSWER = Text(en="Answer", ja="答え")
_SPACE = Text(en="space shows the answer", ja="space で答えを表示")
_CHANGE = Text(en="Change a number", ja="数を変えてみよう")
_CHANGE_KEY = Text(en="e runs it again with {leaf} = {to}", ja="e で {leaf} = {to} にして実行し直す")
_NEXT = Text(en="Next", ja="次へ")
_NEXT_KEY = Text(en="enter opens {title}   {minutes} min", ja="enter で「{title}」を開く   {minutes} 分")
_LAST = Text(
    en="That was the last lesson. q goes back to the gallery; your own programs open with `tracer open program.py`.",
    ja="これが最後のレッスンです。q で一覧に戻ります。自分のプログラムは `tracer open program.py` で開けます。",
)


class EndCardScreen(AppScreen[None]):
    """The end card of `thing`'s lesson.

    Args:
        thing: what was walked, with its lesson.
        following: the lesson that comes next, if there is one.
    """

    PLACES: ClassVar[tuple[Place, ...]] = ("endcard",)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("endcard")]

    answered: reactive[bool] = reactive(False, init=False)
    """Whether the answer is shown."""

    def __init__(self, thing: Thing, following: Lesson | None) -> None:
        super().__init__()
        assert thing.lesson is not None, "only a lesson ends with a card"
        self.thing, self.lesson, self.following = thing, thing.lesson, following
        self.card = self.lesson.card_at(thing.trace)

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="endcard"):
            yield Static(id="endcard-words")
        yield KeyBar("endcard").data_bind(AppScreen.lang)

    def on_mount(self) -> None:
        self._draw()
        self.watch(self.app, "theme", self._draw, init=False)

    def watch_lang(self, lang: Lang) -> None:
        self._draw()

    def watch_answered(self, answered: bool) -> None:
        self._draw()

    def _draw(self) -> None:
        frame = self.query_one("#endcard")
        frame.border_title = Content(f"{self.lesson.section}  {self.lesson.title[self.lang]}".strip())
        self.query_one("#endcard-words", Static).update(self._words(self.lang))

    def _words(self, lang: Lang) -> RichGroup:
        card, palette = self.card, self.tracer.palette
        muted = palette.style("muted")

        def heading(words: Text) -> RichText:
            return RichText(f"\n{words[lang]}", palette.style("accent", bold=True))

        answer = Prose(f"{_ANSWER[lang]}  {card.answer[lang]}") if self.answered else RichText(_SPACE[lang], muted)
        parts = [
            RichText(_DONE[lang], palette.style("ok", bold=True)),
            Prose(card.result[lang]),
            heading(_QUESTION),
            Prose(card.question[lang]),
            answer,
        ]
        if card.change is not None:
            how = _CHANGE_KEY.format(leaf=card.change.leaf, to=format_number(card.change.to))
            parts += [heading(_CHANGE), Prose(card.change.say[lang]), RichText(how[lang], muted)]
        parts.append(heading(_NEXT))
        if self.following is None:
            parts.append(Prose(_LAST[lang]))
        else:
            what = _NEXT_KEY.format(title=self.following.title, minutes=self.following.minutes)
            parts.append(Prose(what[lang]))
        return RichGroup(*parts)

    def action_answer(self) -> None:
        self.answered = not self.answered

    def action_next_lesson(self) -> None:
        if self.following is None:
            self.tracer.show_gallery()
        else:
            self.tracer.open_thing(self.following.name)

    def action_change(self) -> None:
        """Run the lesson again with the suggested number (without one: back to it, where `e` edits any leaf)."""
        change = self.card.change
        if change is None:
            self.dismiss()
        else:
            self.tracer.open_thing(self.lesson.name, {change.leaf: change.to}, at=AT_THE_END)

    def action_again(self) -> None:
        self.dismiss()

    def leave(self) -> bool:
        self.tracer.show_gallery()  # the stepper below has nothing left to step
        return True
