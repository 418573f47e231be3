"""A dialog whose field takes a small language, with a list under it: a mistake is pointed at with a caret.

Nothing moves while one types: the caret, the words and the list have their places from the beginning.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, TypeVar

from rich.cells import cell_len
from rich.text import Text as RichText
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.widgets import Input, Static

from tracer.text import Text
from tracer.tui.screens.dialog import WRONG, Dialog
from tracer.tui.seek import Mistake
from tracer.tui.widgets.hits import Choices

Result = TypeVar("Result")

LEAST_ROWS = 6
PART = 3
"""The list takes a third of the terminal's rows."""
CARET = "^"


class PointingDialog(Dialog[Result]):
    """A field, a line for the caret, the columns' names, the list, a line of words, a short help."""

    DEFAULT_CSS = """
    PointingDialog > #dialog { max-width: 140; }
    PointingDialog #dialog-caret, PointingDialog #dialog-heads { width: 100%; height: 1; }
    PointingDialog #dialog-caret.-wrong { color: $wrong; text-style: bold; }
    PointingDialog #dialog-words { height: 1; }
    PointingDialog #dialog-help { width: 100%; height: auto; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "choose(-1)", show=False),
        Binding("down", "choose(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]

    MOST_ROWS: ClassVar[int] = 8
    """Lines of the list, where there is room."""

    # What a subclass says

    @property
    @abstractmethod
    def mistake(self) -> Mistake | None:
        """What is wrong with what is typed."""

    @abstractmethod
    def look(self, typed: str) -> None:
        """Something else is typed now."""

    @abstractmethod
    def heads(self, width: int) -> RichText:
        """What the columns of the list are called."""

    def count(self) -> Text:
        """In the caret's place while nothing is wrong."""
        return Text.same("")

    def help(self) -> Text:
        """The language in a few lines."""
        return Text.same("")

    @abstractmethod
    def chosen(self, number: int) -> None:
        """A line of the list was clicked."""

    # How it looks

    def compose_body(self) -> ComposeResult:
        yield Input(self._value, id="dialog-input", select_on_focus=True)
        yield Static(id="dialog-caret", markup=False)
        yield Static(id="dialog-heads", markup=False)
        yield Choices(id="dialog-list")
        yield Static(id="dialog-words", markup=False)
        yield Static(id="dialog-help", markup=False)

    def on_mount(self) -> None:
        self._make_room(self.app.size)
        self.look(self._value)
        super().on_mount()

    def on_resize(self, event: events.Resize) -> None:
        self._make_room(event.size)
        if self.is_mounted:
            self.call_after_refresh(self.draw)

    def _make_room(self, size: Size) -> None:
        self.list.styles.height = max(LEAST_ROWS, min(size.height // PART, self.MOST_ROWS))

    @property
    def list(self) -> Choices:
        return self.query_one("#dialog-list", Choices)

    @property
    def field(self) -> Input:
        return self.query_one("#dialog-input", Input)

    @property
    def typed(self) -> str:
        """What stands in the field."""
        return self.field.value

    def draw(self) -> None:
        super().draw()
        self.query_one("#dialog-heads", Static).update(self.heads(max(1, self.list.size.width)))
        self.query_one("#dialog-help", Static).update(self.help()[self.lang])
        if self.mistake is not None:
            self.query_one("#dialog-words", Static).add_class("-wrong")
        self._draw_caret()
        self.list.refresh()

    def _draw_caret(self) -> None:
        """The caret under the character that is wrong."""
        line, mistake = self.query_one("#dialog-caret", Static), self.mistake
        line.set_class(mistake is not None, "-wrong")
        if mistake is None:
            line.update(self.count()[self.lang])
            return
        column = cell_len(self.typed[: mistake.at]) - round(self.field.scroll_offset.x)
        line.update(" " * max(0, min(column, line.size.width - 1)) + CARET)

    def hint(self) -> Text:
        mistake = self.mistake
        if mistake is None:
            return self.words()
        return Text(WRONG + mistake.words.en, WRONG + mistake.words.ja)

    def words(self) -> Text:
        """Under the list while nothing is wrong."""
        return Text.same("")

    # Typing, choosing

    def on_input_changed(self, event: Input.Changed) -> None:
        self._said = None
        self.look(event.value)

    def put(self, typed: str) -> None:
        """Write into the field."""
        self.field.value = typed
        self.field.cursor_position = len(typed)

    def action_choose(self, n: int) -> None:
        self.list.move(n)

    def action_page(self, n: int) -> None:
        self.list.move(n * self.list.page)

    def on_choices_chosen(self, message: Choices.Chosen) -> None:
        self.chosen(message.number)
