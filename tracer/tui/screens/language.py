"""The first question of the first run: English or Japanese. Asked once, in both."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tracer.text import LANGS, Lang
from tracer.tui.screens.base import AppScreen
from tracer.tui.terminal import locale_name

NAMES: dict[Lang, str] = {"en": "English", "ja": "日本語"}


def spoken_here() -> Lang:
    """The language of the user's locale, if it is one of ours; English otherwise."""
    return "ja" if locale_name().startswith("ja") else "en"


class LanguageScreen(AppScreen[Lang]):
    """Gives back the language chosen. `1` and `2` choose at once; Esc takes the one that is marked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(i), f"choose('{lang}')", NAMES[lang]) for i, lang in enumerate(LANGS, start=1)),
        Binding("escape", "take_marked", show=False),
    ]

    def compose(self) -> ComposeResult:
        with Vertical(id="language"):
            yield Static("Gradient Tracer", id="language-title", markup=False)
            yield Static("Which language?   どちらの言語で？", markup=False)
            yield OptionList(*(Option(f"{i}  {NAMES[lang]}", id=lang) for i, lang in enumerate(LANGS, start=1)))
            yield Static("L or ctrl+l switches at any time.\nL か ctrl+l でいつでも切り替えられます。", markup=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).highlighted = LANGS.index(spoken_here())

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.action_choose(event.option_id or "en")

    def action_choose(self, chosen: str) -> None:
        self.dismiss(next(lang for lang in LANGS if lang == chosen))

    def action_take_marked(self) -> None:
        self.query_one(OptionList).action_select()
