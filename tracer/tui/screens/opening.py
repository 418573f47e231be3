"""Shown while a program runs that takes its time: what runs, for how long, and how to stop waiting."""

from __future__ import annotations

from time import monotonic
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from tracer.text import Lang, Text
from tracer.tui.screens.base import AppScreen

_RUNNING = Text(
    en="Running {name}   {seconds:.0f} s\n\nesc  stop it, and open what it has computed",
    ja="{name} を実行しています   {seconds:.0f} 秒\n\nesc  止めて、そこまでの計算を開く",
)
_STOPPING = Text(en="Stopping {name} …\n\nesc  go back", ja="{name} を止めています…\n\nesc  戻る")


class OpeningScreen(AppScreen[None]):
    """Draws the wait; the app closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,ctrl+c", "stop", show=False)]

    def __init__(self, name: str) -> None:
        super().__init__()
        self.thing_name = name
        self._since = monotonic()
        self._stopping = False

    def compose(self) -> ComposeResult:
        yield Static(id="opening", markup=False)

    def on_mount(self) -> None:
        self._tick()
        self.set_interval(0.5, self._tick)

    def watch_lang(self, lang: Lang) -> None:
        self._tick()

    def _tick(self) -> None:
        words = (_STOPPING if self._stopping else _RUNNING).format(
            name=self.thing_name, seconds=monotonic() - self._since
        )
        self.query_one("#opening", Static).update(words[self.lang])

    def action_stop(self) -> None:
        if self._stopping:
            self.tracer.give_up_opening()
        else:
            self._stopping = True
            self.tracer.stop_opening()
            self._tick()
