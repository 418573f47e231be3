"""The longer text of the panel in front: what one sees, how to read it."""

from __future__ import annotations

from typing import Any

from rich.text import Text as RichText
from textual.geometry import Size
from textual.reactive import reactive

from tracer.text import Text
from tracer.tui.widgets.panel import Panel

NONE = Text.same("")


class AboutPanel(Panel):
    """A paragraph in a frame."""

    HEADING = Text(en="What this shows", ja="この図の読み方")
    can_focus = False

    words: reactive[Text] = reactive(NONE, repaint=False, init=False)

    def watch_words(self) -> None:
        self.redraw()

    def rows_for(self, width: int) -> int:
        """Lines it needs, frame included, where the frame is `width` cells wide."""
        return len(RichText(self.words[self.lang]).wrap(self.app.console, max(1, width - 2))) + 2

    def _inputs(self, size: Size) -> tuple[Any, ...]:
        return (self.words, self.lang, self.app.theme, size)

    def _repaint(self, size: Size) -> None:
        self._drawn = self._inputs(size)
        words = RichText(self.words[self.lang], self.palette.style("text"))
        self._lines = self.filled(self.wrapped([words], size.width), size)
