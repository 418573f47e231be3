"""A message that wants reading: why something could not be opened, a program's own traceback."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from tracer.text import Lang, Text
from tracer.tui.screens.base import AppScreen

_CLOSE = Text(en="enter  close", ja="enter  閉じる")


class NoticeScreen(AppScreen[None]):
    """Shows `words` under `title` until a key closes it. The words are never markup."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,escape,q,space", "dismiss", show=False)]

    def __init__(self, title: Text, words: Text) -> None:
        super().__init__()
        self.heading, self.words = title, words
        self._said = Static(id="notice-words", markup=False)  # by name it is not found while the app ends

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="notice"):
            yield self._said

    def on_mount(self) -> None:
        self.watch_lang(self.lang)

    def watch_lang(self, lang: Lang) -> None:
        frame = self.query_one("#notice")
        frame.border_title, frame.border_subtitle = self.heading[lang], _CLOSE[lang]
        self._said.update(self.words[lang])
