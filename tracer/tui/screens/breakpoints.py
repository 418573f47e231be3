"""The list of breakpoints: what stops the walk, how often it has, and which are on."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np
from rich.text import Text as RichText
from textual.binding import Binding, BindingType

from tracer.scene.fitting import head, right
from tracer.scene.palette import Palette
from tracer.text import Text, clean
from tracer.trace.breakpoints import Breakpoint, parse_break
from tracer.trace.cursor import Cursor
from tracer.trace.query import QueryError
from tracer.tui.breaks import AT_ONCE, Breaks
from tracer.tui.screens.pointing import PointingDialog
from tracer.tui.seek import Mistake, mistake_of
from tracer.tui.typed import Refused

ON, OFF = "◆", "◇"
SOON = 0.25
"""Seconds after which to ask again for what is worked out beside the app."""
TIMES = 16
"""Cells of how often it stops."""


class BreakpointsScreen(PointingDialog[None]):
    """Changes the list at once; closing it gives nothing back.

    Args:
        cursor: where one is; nothing is told of what lies ahead, but what depends on no number.
        breaks: what is set.
        changed: called with every new list.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+d,delete", "remove", show=False, priority=True)]
    HEADING = Text(en="Breakpoints", ja="ブレークポイント")
    KEYS = Text(
        en="enter  add; with nothing typed: on, off   ↑ ↓  choose   ctrl+d  remove   esc  close",
        ja="enter  追加（空ならオン・オフ）   ↑ ↓  選ぶ   ctrl+d  外す   esc  閉じる",
    )

    def __init__(self, cursor: Cursor, breaks: Breaks, changed: Callable[[Breaks], None]) -> None:
        super().__init__(placeholder=Text(en="relu, x, first nan, |grad| > 10", ja="relu、x、first nan、|grad| > 10"))
        self.cursor, self.breaks, self._changed = cursor, breaks, changed
        self._point: Breakpoint | None = None
        self._mistake: Mistake | None = None

    @property
    def mistake(self) -> Mistake | None:
        return self._mistake

    def look(self, typed: str) -> None:
        self._point = self._mistake = None
        if typed.strip():
            try:
                self._point = parse_break(typed)
            except QueryError as error:
                self._mistake = mistake_of(error)
        self._list()

    def _list(self, marked: int | None = None) -> None:
        self.list.show(len(self.breaks.all), self._line, self.list.marked if marked is None else marked)
        self.draw()
        if any(self.times(one.point) is _LOOKING for one in self.breaks):
            self.set_timer(SOON, self._list)

    def heads(self, width: int) -> RichText:
        return RichText("  " + _HEADS[self.lang] if self.breaks else "", self.tracer.palette.style("muted"))

    def help(self) -> Text:
        return HELP

    def words(self) -> Text:
        return _KEYS_HERE if self.breaks else _NONE

    def _line(self, number: int, width: int, marked: bool, palette: Palette) -> RichText:
        one = self.breaks.all[number]
        line = RichText("› " if marked else "  ", palette.style("accent", bold=True), no_wrap=True, end="")
        line.append(f"{ON if one.on else OFF} ", palette.style("wrong" if one.on else "muted"))
        room = max(8, width - 6 - TIMES)
        role = "muted" if not one.on else "accent" if marked else "text"
        line.append(head(clean(str(one.point)), room), palette.style(role, bold=marked))  # type: ignore[arg-type]
        line.append(right(self.times(one.point)[self.lang], TIMES), palette.style("muted"))
        line.truncate(width, pad=True)
        return line

    def times(self, point: Breakpoint) -> Text:
        """How often it has stopped by now; of how many in all, where that depends on no number."""
        trace = self.cursor.trace
        if trace.n_nodes > AT_ONCE and not point.is_worked_out(trace):
            return _LOOKING
        positions = point.hits(trace).positions
        past = int(np.searchsorted(positions, self.cursor.position, "right"))
        if point.structural:
            return Text.same(f"{past:,} / {len(positions):,}")
        return _SO_FAR.format(n=f"{past:,}")

    # Changing

    def chosen(self, number: int) -> None:
        self._change(self.breaks.switched(number))

    def accept(self, typed: str) -> None:
        if not typed.strip():
            if self.breaks:
                self._change(self.breaks.switched(self.list.marked))
            return
        if self._mistake is not None:
            raise Refused(self._mistake.words)
        assert self._point is not None, "it was parsed as it was typed"
        self._change(self.breaks.plus(self._point))
        self.field.value = ""
        self._list(len(self.breaks.all) - 1)

    def action_remove(self) -> None:
        """Take the marked one away."""
        if self.breaks:
            self._change(self.breaks.minus(self.list.marked))

    def _change(self, breaks: Breaks) -> None:
        self.breaks = breaks
        self._changed(breaks)
        self._list()


HELP = Text(
    en="op == relu   layer1.attn_wq[3,5]   |grad| > 10   any query, or\n"
    "first nan   total norm > 10   sign of grad   … where op == mul\n"
    "stops where a node it holds for is made, or receives gradient",
    ja="op == relu   layer1.attn_wq[3,5]   |grad| > 10   検索と同じ条件、または\n"
    "first nan   total norm > 10   sign of grad   … where op == mul\n"
    "条件に合うノードが計算された場面、勾配を受け取った場面で止まります",
)
"""The language of breakpoints in three lines."""
_HEADS = Text(en="stops at", ja="止まる条件")
_LOOKING = Text(en="looking…", ja="探索中…")
_SO_FAR = Text(en="{n} so far", ja="ここまで {n} 回")
_KEYS_HERE = Text(
    en=") runs to the next, ( back to the one before; * sets one at a node.",
    ja=") で次まで、( で前まで実行。* でノードに置けます。",
)
_NONE = Text(
    en="None is set. Type one here, or press * at a node.",
    ja="まだありません。ここに入力するか、ノードで * を押してください。",
)
