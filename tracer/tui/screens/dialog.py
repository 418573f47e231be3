"""A small frame at the bottom, over the stepper: one question, and the answer's mistake told in its place."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Static

from tracer.text import Lang, Text
from tracer.tui.screens.base import AppScreen
from tracer.tui.typed import Refused
from tracer.tui.widgets.keybar import KeyLine

Result = TypeVar("Result")

WRONG = "✗ "
"""Stands before what is wrong: colour alone would not tell everybody."""


class Dialog(AppScreen[Result], ModalScreen[Result]):
    """Asks for a line of text. Gives back what `accept` made of it, or None when Esc closed it."""

    DEFAULT_CSS = """
    Dialog { align: center bottom; }
    Dialog > #dialog {
        width: 100%; max-width: 100; height: auto; max-height: 90%; margin: 0 1 1 1; padding: 0 1;
        border: heavy $accent; border-title-color: $accent; border-title-style: bold;
        background: $surface;
    }
    Dialog Input, Dialog Input:focus { height: 1; border: none; padding: 0; background: $background; }
    Dialog #dialog-words { width: 100%; height: auto; min-height: 1; }
    Dialog #dialog-words.-wrong { color: $wrong; text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", show=False)]
    AUTO_FOCUS = "Input"

    HEADING: ClassVar[Text] = Text.same("")
    KEYS: ClassVar[Text] = Text(en="enter  ok   esc  cancel", ja="enter  決定   esc  取り消し")

    def __init__(self, value: str = "", placeholder: Text | None = None) -> None:
        super().__init__()
        self._value, self._placeholder = value, placeholder or Text.same("")
        self._said: tuple[Text, bool] | None = None
        """What stands under the field instead of the hint, and whether it is a mistake."""
        self.ahead: list[events.Key] = []
        """Keys typed before the field was there, on their way to it."""

    # What a subclass says

    def accept(self, typed: str) -> None:
        """Called at Enter: dismiss with a result, or raise `Refused`."""
        raise NotImplementedError

    def hint(self) -> Text:
        """Stands under the field while nothing is wrong."""
        return Text.same("")

    def heading(self) -> Text:
        """The frame's title."""
        return self.HEADING

    # How it looks

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield from self.compose_body()
        yield KeyLine(self.KEYS).data_bind(AppScreen.lang)  # over the stepper's keys, which do not work now

    def compose_body(self) -> ComposeResult:
        """What is inside the frame: the field, and the words under it."""
        yield Input(self._value, id="dialog-input", select_on_focus=True)
        yield Static(id="dialog-words", markup=False)

    def on_mount(self) -> None:
        self.draw()

    def watch_lang(self, lang: Lang) -> None:
        if self.is_mounted:
            self.draw()

    def draw(self) -> None:
        """Write all words in the present language."""
        frame = self.query_one("#dialog")
        frame.border_title = Content(self.heading()[self.lang])  # it may hold the name of a node
        for field in self.query("#dialog-input").results(Input):
            field.placeholder = self._placeholder[self.lang]
        words, wrong = self._said or (self.hint(), False)
        line = self.query_one("#dialog-words", Static)
        line.set_class(wrong, "-wrong")
        line.update((WRONG if wrong else "") + words[self.lang])

    def say(self, words: Text | None, *, wrong: bool = True) -> None:
        """Show `words` under the field; None for the hint again."""
        self._said = None if words is None else (words, wrong)
        self.draw()

    # What is typed

    class Ahead(Message):
        """A key that was typed before the dialog was there."""

        def __init__(self, key: events.Key) -> None:
            super().__init__()
            self.key = key

    def type_ahead(self, key: events.Key) -> bool:
        """Give the field a key that was typed before the field was there: after it is, in the order of typing.

        False where there is no field, or one that takes no more.
        """
        if self.is_mounted and all(field.disabled for field in self.query("#dialog-input")):
            return False
        again = events.Key(key.key, key.character)  # the old one bubbles no more
        self.ahead.append(again)
        return self.post_message(self.Ahead(again))

    def on_dialog_ahead(self, message: Ahead) -> None:
        message.stop()
        for field in self.query("#dialog-input"):
            if self.focused is None:
                self.set_focus(field)
            field._forward_event(message.key)
        self.ahead.remove(message.key)

    def on_input_changed(self, event: Input.Changed) -> None:
        if self._said is not None and event.value != self._refused:
            self.say(None)

    _refused = ""
    """The line that was wrong."""

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            self.accept(event.value)
        except Refused as refused:
            self._refused = event.value
            self.say(refused.words)

    def action_cancel(self) -> None:
        self.dismiss(None)


def rows_covered(widget: Widget) -> int:
    """How many rows of a widget's inside, at its lower end, the dialog on top lies over."""
    screen = widget.app.screen
    frames = screen.query("#dialog") if isinstance(screen, Dialog) else ()
    return max((widget.content_region.bottom - frame.region.y for frame in frames if frame.region), default=0)
