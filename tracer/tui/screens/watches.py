"""The list of watches, with their numbers at the cursor."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text as RichText
from textual.binding import Binding, BindingType

from tracer.scene.palette import Palette
from tracer.scene.watches import watch_lines
from tracer.text import Text
from tracer.trace.cursor import Cursor
from tracer.trace.query import QueryError
from tracer.trace.watches import Watch, parse_watch
from tracer.tui.screens.pointing import PointingDialog
from tracer.tui.seek import Mistake, mistake_of
from tracer.tui.typed import Refused
from tracer.tui.watched import node_of, watched


class WatchesScreen(PointingDialog[int]):
    """Changes the list at once. Gives back the node to go to, if one is chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+d,delete", "remove", show=False, priority=True)]
    HEADING = Text(en="Watches", ja="ウォッチ")
    KEYS = Text(
        en="enter  add; with nothing typed: go there   ↑ ↓  choose   ctrl+d  remove   esc  close",
        ja="enter  追加（空なら移動）   ↑ ↓  選ぶ   ctrl+d  外す   esc  閉じる",
    )

    def __init__(
        self, cursor: Cursor, watches: tuple[Watch, ...], changed: Callable[[tuple[Watch, ...]], None]
    ) -> None:
        super().__init__(
            placeholder=Text(en="w, v7, norm grad, max |grad| of relu", ja="w、v7、norm grad、max |grad| of relu")
        )
        self.cursor, self.watches, self._changed = cursor, watches, changed
        self._watch: Watch | None = None
        self._mistake: Mistake | None = None

    @property
    def mistake(self) -> Mistake | None:
        return self._mistake

    def look(self, typed: str) -> None:
        self._watch = self._mistake = None
        if typed.strip():
            try:
                self._watch = parse_watch(typed)
            except QueryError as error:
                self._mistake = mistake_of(error)
        self._list()

    def _list(self, marked: int | None = None) -> None:
        self._rows = watched(self.cursor, "edge", self.watches, self.lang)
        self.list.show(len(self.watches), self._line, self.list.marked if marked is None else marked)
        self.draw()

    def heads(self, width: int) -> RichText:
        return RichText("")

    def help(self) -> Text:
        return HELP

    def words(self) -> Text:
        return _KEYS_HERE if self.watches else _NONE

    def _line(self, number: int, width: int, marked: bool, palette: Palette) -> RichText:
        line = RichText("› " if marked else "  ", palette.style("accent", bold=True), no_wrap=True, end="")
        return line.append_text(watch_lines(self._rows[number : number + 1], self.lang, palette, width - 2, 1)[0])

    # Changing

    def chosen(self, number: int) -> None:
        node = node_of(self.watches[number], self.cursor.trace)
        if node is not None:
            self.dismiss(node)

    def accept(self, typed: str) -> None:
        if not typed.strip():
            if self.watches:
                self.chosen(self.list.marked)
            return
        if self._mistake is not None:
            raise Refused(self._mistake.words)
        assert self._watch is not None, "it was parsed as it was typed"
        watch = self._watch
        self._change((*(one for one in self.watches if one != watch), watch))
        self.field.value = ""
        self._list(len(self.watches) - 1)

    def action_remove(self) -> None:
        """Take the marked one away."""
        if self.watches:
            at = self.list.marked
            self._change(self.watches[:at] + self.watches[at + 1 :])

    def _change(self, watches: tuple[Watch, ...]) -> None:
        self.watches = watches
        self._changed(watches)
        self._list()


HELP = Text(
    en="w   v7   layer1.attn_wq[3,5]      a node: its value and its gradient\n"
    "norm grad of layer 0   max |grad|   mean value of op == relu\n"
    "count of grad == 0                max min mean sum norm count",
    ja="w   v7   layer1.attn_wq[3,5]      ノードの値と勾配\n"
    "norm grad of layer 0   max |grad|   mean value of op == relu\n"
    "count of grad == 0                max min mean sum norm count",
)
"""The language of watches in three lines."""
_KEYS_HERE = Text(
    en="w watches the selected node, and ends it.", ja="w で選んだノードのウォッチを始め、もう一度でやめます。"
)
_NONE = Text(
    en="Nothing is watched. Type a name here, or press w at a node.",
    ja="何もウォッチしていません。ここに名前を入力するか、ノードで w を押してください。",
)
