"""Find nodes by a query. As one types, hits appear, with their numbers at the cursor; a mistake is pointed at.

Large traces are searched beside the app: a key never waits. What is shown is what was typed last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text as RichText
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.widgets import Input, Static

from tracer.errors import TracerError
from tracer.scene.hits import heads_line, hit_line
from tracer.scene.palette import Palette
from tracer.text import Text
from tracer.trace.cursor import Cursor
from tracer.tui.background import in_background
from tracer.tui.screens.dialog import WRONG, Dialog
from tracer.tui.seek import Found, seek
from tracer.tui.suggestions import HELP, Suggestion, suggestions
from tracer.tui.typed import Refused
from tracer.tui.widgets.hits import Choices

AT_ONCE = 5000
"""Nodes that are searched between two keys; more of them are searched beside the app."""
LEAST_ROWS, MOST_ROWS = 6, 20
AROUND = 16
"""Rows of a terminal that the list leaves free."""
TALL = 30
"""Rows from which on the help stays while hits are listed."""
CARET = "^"


@dataclass(frozen=True, eq=False)
class Picked:
    """What a search gives back: what was found, and which of it to go to."""

    found: Found
    at: int


class SearchScreen(Dialog[Picked]):
    """Gives back the hits, and the one chosen.

    Args:
        cursor: the moment whose numbers are searched and shown.
        past: what was searched for before, the newest first.
        typed: what stands in the field at first.
    """

    DEFAULT_CSS = """
    SearchScreen > #dialog { max-width: 140; }
    SearchScreen #search-caret, SearchScreen #search-heads { width: 100%; height: 1; }
    SearchScreen #search-caret.-wrong { color: $wrong; text-style: bold; }
    SearchScreen #search-help { width: 100%; height: auto; color: $text-muted; }
    SearchScreen #search-help.-away { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "choose(-1)", show=False),
        Binding("down", "choose(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("tab", "complete", show=False, priority=True),
    ]
    HEADING = Text(en="Find nodes", ja="ノードを探す")
    KEYS = Text(
        en="enter  go   ; :  then next/previous   ↑ ↓  choose   tab  into the field   esc  cancel",
        ja="enter  移動   ; :  あとで次・前へ   ↑ ↓  選ぶ   tab  入力欄へ   esc  取り消し",
    )

    def __init__(self, cursor: Cursor, past: Sequence[str] = (), typed: str = "") -> None:
        super().__init__(typed, Text(en="a name, an op, a condition", ja="名前、演算、条件"))
        self.cursor, self.past = cursor, tuple(past)
        self.found: Found | None = None
        self.offered: tuple[Suggestion, ...] = ()
        """What is listed while nothing is typed."""
        self._searching: str | None = None
        """What is being searched beside the app."""

    # How it looks

    def compose_body(self) -> ComposeResult:
        yield Input(self._value, id="dialog-input", select_on_focus=True)
        yield Static(id="search-caret", markup=False)
        yield Static(id="search-heads", markup=False)
        yield Choices(id="search-hits")
        yield Static(id="dialog-words", markup=False)
        yield Static(id="search-help", markup=False)

    def on_mount(self) -> None:
        self._make_room(self.app.size)
        self.look(self._value)
        super().on_mount()

    def on_resize(self, event: events.Resize) -> None:
        self._make_room(event.size)
        if self.is_mounted:
            self.draw()

    def _make_room(self, size: Size) -> None:
        rows = max(LEAST_ROWS, min(size.height - AROUND, MOST_ROWS))
        self.query_one(Choices).styles.height = rows

    @property
    def typed(self) -> str:
        """What stands in the field."""
        return self.query_one("#dialog-input", Input).value

    def draw(self) -> None:
        super().draw()
        found, wide = self.found, self.query_one(Choices).size.width
        offers = found is None and bool(self.offered)
        heads = self.query_one("#search-heads", Static)
        if offers:
            heads.update(RichText(_OFFERED[self.lang], self.tracer.palette.style("muted")))
        else:
            heads.update(heads_line(self.cursor.trace, self.lang, self.tracer.palette, max(1, wide)))
        help_ = self.query_one("#search-help", Static)
        help_.update(HELP[self.lang])
        help_.set_class(not offers and self.app.size.height < TALL, "-away")
        self._point()
        self.query_one(Choices).refresh()

    def _point(self) -> None:
        """The caret under the character that is wrong, else how many were found."""
        line, found = self.query_one("#search-caret", Static), self.found
        mistake = found.mistake if found is not None else None
        line.set_class(mistake is not None, "-wrong")
        if mistake is not None and found is not None:
            field = self.query_one("#dialog-input", Input)
            column = cell_len(found.typed[: mistake.at]) - round(field.scroll_offset.x)
            line.update(" " * max(0, min(column, line.size.width - 1)) + CARET)
        elif found is not None:
            total = self.cursor.trace.n_nodes
            line.update(_COUNT.format(n=f"{len(found.nodes):,}", total=f"{total:,}")[self.lang])
        else:
            line.update("")

    def hint(self) -> Text:
        found = self.found
        if found is None:
            return _EMPTY
        if found.mistake is not None:
            return Text(WRONG + found.mistake.words.en, WRONG + found.mistake.words.ja)
        if not len(found.nodes):
            return NONE
        step, steps = self.cursor.position, len(self.cursor.trace)
        return _NUMBERS.format(step=f"{step:,}", steps=f"{steps:,}")

    # Searching

    def on_input_changed(self, event: Input.Changed) -> None:
        self._said = None
        self.look(event.value)

    def look(self, typed: str) -> None:
        """List what is found: now, or soon where there is much to search."""
        if not typed.strip():
            self._searching = None
            self.found, self.offered = None, suggestions(self.cursor, self.past)
            self.query_one(Choices).show(len(self.offered), self._offer_line)
            self.draw()
        elif self.cursor.trace.n_nodes <= AT_ONCE:
            self.list(seek(self.cursor, typed))
        elif self._searching is None:
            self._searching = typed
            in_background(self, partial(seek, self.cursor, typed), self._sought, self._failed)

    def _sought(self, found: Found) -> None:
        if self._searching is None or not self.is_current:
            return
        self._searching, typed = None, self.typed
        if typed != found.typed:
            self.look(typed)
        else:
            self.list(found)

    def _failed(self, error: TracerError) -> None:
        self._searching = None
        self.say(Text.same(error.told(self.lang)))

    def list(self, found: Found) -> None:
        """Show these."""
        self.found = found
        self.query_one(Choices).show(len(found.nodes), self._hit_line)
        self.draw()

    def _hit_line(self, number: int, width: int, marked: bool, palette: Palette) -> RichText:
        assert self.found is not None, "it is listed"
        return hit_line(self.cursor, int(self.found.nodes[number]), self.lang, palette, width, marked=marked)

    def _offer_line(self, number: int, width: int, marked: bool, palette: Palette) -> RichText:
        return self.offered[number].line(self.lang, palette, width, marked=marked)

    # Choosing

    def action_choose(self, n: int) -> None:
        self.query_one(Choices).move(n)

    def action_page(self, n: int) -> None:
        choices = self.query_one(Choices)
        choices.move(n * choices.page)

    def on_choices_chosen(self, message: Choices.Chosen) -> None:
        if self.found is None:
            self.action_complete()
        else:
            self.dismiss(Picked(self.found, message.number))

    def action_complete(self) -> None:
        """Put what is marked into the field: a query that is offered, or the name of a node."""
        marked = self.query_one(Choices).marked
        if self.found is None and self.offered:
            self._put(self.offered[marked].query)
        elif self.found is not None and len(self.found.nodes):
            self._put(self.cursor.trace.label(int(self.found.nodes[marked])))

    def _put(self, typed: str) -> None:
        field = self.query_one("#dialog-input", Input)
        field.value = typed
        field.cursor_position = len(typed)

    def accept(self, typed: str) -> None:
        if not typed.strip():
            self.action_complete()
            return
        marked = self.query_one(Choices).marked
        if self.found is None or self.found.typed != typed:  # typed faster than it is searched
            self._searching = None
            self.list(seek(self.cursor, typed))
            marked = 0
        assert self.found is not None, "just listed"
        if self.found.mistake is not None:
            raise Refused(self.found.mistake.words)
        if not len(self.found.nodes):
            raise Refused(NONE)
        self.dismiss(Picked(self.found, marked))


NONE = Text(en="No node matches.", ja="当てはまるノードがありません。")
_COUNT = Text(en="{n} of {total} nodes", ja="全 {total} ノードのうち {n} 個")
_EMPTY = Text(en="enter takes the marked line into the field.", ja="enter で、選んだ行を入力欄に写します。")
_NUMBERS = Text(
    en="Numbers as they are at position {step} of {steps}; ? is not known yet.",
    ja="数は今の位置（{step}/{steps}）でのものです。? はまだ分かりません。",
)
_OFFERED = Text(en="  For example", ja="  例")
