"""A dialog with a list under its field: what is typed narrows the list, arrows choose from it."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from rich.text import Text as RichText
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tracer.text import Text
from tracer.tui.screens.dialog import Dialog
from tracer.tui.typed import Refused


class FindingScreen(Dialog[int]):
    """Gives back the one chosen, as `find` numbers them."""

    DEFAULT_CSS = """
    FindingScreen OptionList, FindingScreen OptionList:focus {
        height: auto; max-height: 10; border: none; padding: 0; background: $surface;
        background-tint: $foreground 0%; scrollbar-size-vertical: 1;
    }
    FindingScreen OptionList > .option-list--option-highlighted {
        background: $accent; color: $background; text-style: bold;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "choose(-1)", show=False),
        Binding("down", "choose(1)", show=False),
    ]
    NONE: ClassVar[Text]
    """What to say when nothing is found."""

    def __init__(self, placeholder: Text) -> None:
        super().__init__(placeholder=placeholder)
        self.found: list[int] = []

    # What a subclass says

    @abstractmethod
    def find(self, typed: str) -> list[int]:
        """The numbers of what matches, in the order of the list."""

    @abstractmethod
    def line(self, number: int) -> RichText:
        """One of them in the list; names are never markup."""

    def begin_at(self) -> int:
        """Which line of the full list is marked first."""
        return 0

    # The list

    def compose_body(self) -> ComposeResult:
        yield Input(id="dialog-input")
        yield OptionList(id="search-found", markup=False)
        yield Static(id="dialog-words", markup=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self.narrow("", self.begin_at())
        super().on_mount()

    def watch_lang(self, lang: object) -> None:
        if self.is_mounted:
            self.narrow(self.query_one("#dialog-input", Input).value)
            self.draw()

    def on_input_changed(self, event: Input.Changed) -> None:
        self.narrow(event.value, self.begin_at() if not event.value else 0)
        self.say(None)

    def narrow(self, typed: str, mark: int = 0) -> None:
        """List what matches."""
        self.found = self.find(typed)
        choices = self.query_one(OptionList)
        choices.clear_options()
        choices.add_options([Option(self.line(number)) for number in self.found])
        choices.highlighted = min(mark, len(self.found) - 1) if self.found else None

    def action_choose(self, n: int) -> None:
        choices = self.query_one(OptionList)
        choices.action_cursor_down() if n > 0 else choices.action_cursor_up()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self.found[event.option_index])

    def accept(self, typed: str) -> None:
        at = self.query_one(OptionList).highlighted
        if at is None:
            raise Refused(self.NONE)
        self.dismiss(self.found[at])
