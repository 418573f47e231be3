"""The ten largest gradients at this moment, and the ten smallest: where it explodes, where it vanishes."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text as RichText
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from tracer.scene.hits import heads_line, hit_line
from tracer.scene.palette import Palette
from tracer.text import Text
from tracer.trace.cursor import Cursor
from tracer.tui.screens.dialog import Dialog
from tracer.tui.seek import Extremes, extremes
from tracer.tui.widgets.hits import Choices

TEN = 10


class ExtremesScreen(Dialog[tuple[Extremes, int]]):
    """Gives back the list, and which of it to go to.

    Args:
        cursor: the moment whose gradients count.
        smallest: whether to begin with the smallest.
    """

    DEFAULT_CSS = """
    ExtremesScreen > #dialog { max-width: 140; }
    ExtremesScreen #extremes-heads { width: 100%; height: 1; }
    ExtremesScreen Choices { height: 10; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "choose(-1)", show=False),
        Binding("down,j", "choose(1)", show=False),
        Binding("tab,T", "switch", show=False, priority=True),
        Binding("enter", "go", show=False),
        Binding("q", "cancel", show=False),
    ]
    AUTO_FOCUS = ""
    KEYS = Text(
        en="enter  go   ; :  then next/previous   ↑ ↓  choose   tab  largest/smallest   esc  close",
        ja="enter  移動   ; :  あとで次・前へ   ↑ ↓  選ぶ   tab  大きい順・小さい順   esc  閉じる",
    )

    def __init__(self, cursor: Cursor, *, smallest: bool = False) -> None:
        super().__init__()
        self.cursor, self.smallest = cursor, smallest
        self.found = extremes(cursor, TEN, smallest=smallest)

    def compose_body(self) -> ComposeResult:
        yield Static(id="extremes-heads", markup=False)
        yield Choices(id="extremes-list")
        yield Static(id="dialog-words", markup=False)

    def on_mount(self) -> None:
        self._list()
        super().on_mount()

    def heading(self) -> Text:
        return _SMALLEST if self.smallest else _LARGEST

    def hint(self) -> Text:
        found = self.found
        if not found.known:
            return _NONE
        zeros = _ZEROS.format(n=f"{found.zeros:,}") if found.zeros and self.smallest else Text.same("")
        words = _OF.format(n=f"{found.known:,}")
        return Text(words.en + zeros.en, words.ja + zeros.ja)

    def draw(self) -> None:
        super().draw()
        wide = max(1, self.query_one(Choices).size.width)
        self.query_one("#extremes-heads", Static).update(
            heads_line(self.cursor.trace, self.lang, self.tracer.palette, wide)
        )
        self.query_one(Choices).refresh()

    def on_resize(self, event: events.Resize) -> None:
        if self.is_mounted:
            self.draw()

    def _list(self) -> None:
        self.query_one(Choices).show(len(self.found.nodes), self._line)

    def _line(self, number: int, width: int, marked: bool, palette: Palette) -> RichText:
        return hit_line(self.cursor, int(self.found.nodes[number]), self.lang, palette, width, marked=marked)

    def action_choose(self, n: int) -> None:
        self.query_one(Choices).move(n)

    def action_switch(self) -> None:
        """The other end of the list."""
        self.smallest = not self.smallest
        self.found = extremes(self.cursor, TEN, smallest=self.smallest)
        self._list()
        self.draw()

    def action_go(self) -> None:
        if len(self.found.nodes):
            self.dismiss((self.found, self.query_one(Choices).marked))

    def on_choices_chosen(self, message: Choices.Chosen) -> None:
        self.dismiss((self.found, message.number))


_LARGEST = Text(en="The largest gradients here", ja="ここまでの勾配: 大きい順")
_SMALLEST = Text(en="The smallest gradients here", ja="ここまでの勾配: 小さい順")
_OF = Text(
    en="By size, without sign; {n} gradients are known by now.",
    ja="符号を除いた大きさの順。今までに分かっている勾配は {n} 個です。",
)
_ZEROS = Text(
    en=" {n} more are exactly 0: / and grad == 0 lists them.",
    ja=" ちょうど 0 のものはほかに {n} 個（/ で grad == 0 と入力すると一覧できます）。",
)
_NONE = Text(
    en="No gradient is known yet here: b goes to the start of the backward pass.",
    ja="まだ勾配がありません。b で逆伝播の始まりへ移動できます。",
)
