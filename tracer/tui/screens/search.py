"""Find a node by its name, its operation or its scope."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text as RichText
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tracer.text import Text, clean
from tracer.trace.query import MOST, find_nodes
from tracer.trace.trace import Trace
from tracer.tui.screens.dialog import Dialog
from tracer.tui.typed import Refused


class SearchScreen(Dialog[int]):
    """Gives back the node chosen."""

    DEFAULT_CSS = """
    SearchScreen OptionList, SearchScreen OptionList:focus {
        height: auto; max-height: 10; border: none; padding: 0; background: $surface;
        background-tint: $foreground 0%; scrollbar-size-vertical: 1;
    }
    SearchScreen OptionList > .option-list--option-highlighted {
        background: $accent; color: $background; text-style: bold;
    }
    """
    HEADING = Text(en="Find a node", ja="ノードを探す")
    KEYS = Text(en="enter  select   ↑ ↓  choose   esc  cancel", ja="enter  選択   ↑ ↓  候補   esc  取り消し")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "choose(-1)", show=False),
        Binding("down", "choose(1)", show=False),
    ]

    def __init__(self, trace: Trace) -> None:
        super().__init__(placeholder=Text(en="x, mul, ×, head.0", ja="x、mul、×、head.0"))
        self.trace = trace
        self.found: list[int] = []

    def compose_body(self) -> ComposeResult:
        yield Input(id="dialog-input")
        yield OptionList(id="search-found", markup=False)
        yield Static(id="dialog-words", markup=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self._find("")
        super().on_mount()

    def hint(self) -> Text:
        if len(self.found) >= MOST:
            return _MORE.format(most=MOST)
        return _FOUND.format(n=len(self.found))

    def on_input_changed(self, event: Input.Changed) -> None:
        self._find(event.value)
        self.say(None)

    def _find(self, typed: str) -> None:
        self.found = find_nodes(self.trace, typed)
        choices = self.query_one(OptionList)
        choices.clear_options()
        choices.add_options([Option(self._line(node)) for node in self.found])
        choices.highlighted = 0 if self.found else None

    def _line(self, node: int) -> RichText:
        """`a = x + 2   layer1`; names are never markup."""
        trace = self.trace
        formula, scope = trace.formula(node), trace.scope(node)
        line = clean(trace.label(node) + (f" = {formula}" if formula else ""))
        return RichText.assemble(line, (f"   {clean(scope)}" if scope else "", "dim"))

    def action_choose(self, n: int) -> None:
        choices = self.query_one(OptionList)
        choices.action_cursor_down() if n > 0 else choices.action_cursor_up()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self.found[event.option_index])

    def accept(self, typed: str) -> None:
        at = self.query_one(OptionList).highlighted
        if at is None:
            raise Refused(_NONE)
        self.dismiss(self.found[at])


_FOUND = Text(en="{n} found", ja="{n} 個見つかりました")
_MORE = Text(
    en="The first {most}; type more to narrow it down.", ja="先頭の {most} 個です。続けて入力すると絞り込めます。"
)
_NONE = Text(en="No node matches.", ja="当てはまるノードがありません。")
