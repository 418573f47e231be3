"""Lines to choose from, as many as there are: only those in view are made, so a quarter of a million cost the same."""

from __future__ import annotations

from collections.abc import Callable

from rich.text import Text as RichText
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tracer.scene.palette import DARK, PALETTES, Palette

Line = Callable[[int, int, bool, Palette], RichText]
"""(number of the line, cells, whether it is marked, colours) -> the line."""


class Choices(Widget):
    """Shows `count` lines through a window that follows the marked one; arrows are given to it by its dialog."""

    DEFAULT_CSS = """
    Choices { height: 8; background: $surface; }
    """

    count: reactive[int] = reactive(0)
    marked: reactive[int] = reactive(0)

    class Chosen(Message):
        """A line was clicked."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._line: Line | None = None
        self._top = 0

    def show(self, count: int, line: Line, marked: int = 0) -> None:
        """Other lines, from the top."""
        self._line = line
        self.count = count
        self.marked = max(0, min(marked, count - 1))
        self._follow()
        self.refresh()

    def move(self, n: int) -> None:
        """Mark another line; beyond either end it stays there."""
        if self.count:
            self.marked = max(0, min(self.marked + n, self.count - 1))
            self._follow()

    @property
    def page(self) -> int:
        """Lines that are seen at once."""
        return max(1, self.size.height)

    def _follow(self) -> None:
        """Keep the marked line in the window."""
        self._top = max(0, min(self._top, self.marked, self.count - self.page))
        self._top = max(self._top, self.marked - self.page + 1)

    def on_resize(self, event: events.Resize) -> None:
        self._follow()

    def render_line(self, y: int) -> Strip:
        palette, number = PALETTES.get(self.app.theme, DARK), self._top + y
        width, ground = self.size.width, self.rich_style
        if self._line is None or number >= self.count:
            return Strip.blank(width, ground)
        line = self._line(number, width, number == self.marked, palette)
        segments = list(line.render(self.app.console))
        return Strip(segments).apply_style(ground).adjust_cell_length(width, ground)

    def on_click(self, event: events.Click) -> None:
        number = self._top + event.y
        if number < self.count:
            self.marked = number
            self.post_message(self.Chosen(number))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.move(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.move(-1)
