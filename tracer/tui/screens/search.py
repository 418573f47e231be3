"""Find nodes by a query. As one types, hits appear, with their numbers at the cursor; a mistake is pointed at.

Large traces are searched beside the app: a key never waits. What is shown is what was typed last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from rich.text import Text as RichText
from textual.binding import Binding, BindingType

from tracer.errors import TracerError
from tracer.scene.hits import heads_line, hit_line
from tracer.scene.palette import Palette
from tracer.text import Text
from tracer.trace.cursor import Cursor
from tracer.tui.background import in_background
from tracer.tui.screens.pointing import PointingDialog
from tracer.tui.seek import Found, Mistake, seek
from tracer.tui.suggestions import HELP, Suggestion, suggestions
from tracer.tui.typed import Refused

AT_ONCE = 5000
"""Nodes that are searched between two keys; more of them are searched beside the app."""


@dataclass(frozen=True, eq=False)
class Picked:
    """What a search gives back: what was found, and which of it to go to."""

    found: Found
    at: int


class SearchScreen(PointingDialog[Picked]):
    """Gives back the hits, and the one chosen.

    Args:
        cursor: the moment whose numbers are searched and shown.
        past: what was searched for before, the newest first.
        typed: what stands in the field at first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "complete", show=False, priority=True)]
    MOST_ROWS = 20
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

    @property
    def mistake(self) -> Mistake | None:
        return self.found.mistake if self.found is not None else None

    @property
    def offering(self) -> bool:
        """Whether queries are listed, rather than hits."""
        return self.found is None and bool(self.offered)

    def heads(self, width: int) -> RichText:
        palette = self.tracer.palette
        if self.offering:
            return RichText(_OFFERED[self.lang], palette.style("muted"))
        return heads_line(self.cursor.trace, self.lang, palette, width)

    def help(self) -> Text:
        return HELP

    def count(self) -> Text:
        if self.found is None:
            return Text.same("")
        return _COUNT.format(n=f"{len(self.found.nodes):,}", total=f"{self.cursor.trace.n_nodes:,}")

    def words(self) -> Text:
        found = self.found
        if found is None:
            return _EMPTY
        if not len(found.nodes):
            return NONE
        return _NUMBERS

    # Searching

    def look(self, typed: str) -> None:
        """List what is found: now, or soon where there is much to search."""
        if not typed.strip():
            self._searching = None
            self.found, self.offered = None, suggestions(self.cursor, self.past)
            self.list.show(len(self.offered), self._offer_line)
            self.draw()
        elif self.cursor.trace.n_nodes <= AT_ONCE:
            self.show_hits(seek(self.cursor, typed))
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
            self.show_hits(found)

    def _failed(self, error: TracerError) -> None:
        self._searching = None
        self.say(Text.same(error.told(self.lang)))

    def show_hits(self, found: Found) -> None:
        """Show these."""
        self.found = found
        self.list.show(len(found.nodes), self._hit_line)
        self.draw()

    def _hit_line(self, number: int, width: int, marked: bool, palette: Palette) -> RichText:
        assert self.found is not None, "it is listed"
        return hit_line(self.cursor, int(self.found.nodes[number]), self.lang, palette, width, marked=marked)

    def _offer_line(self, number: int, width: int, marked: bool, palette: Palette) -> RichText:
        return self.offered[number].line(self.lang, palette, width, marked=marked)

    # Choosing

    def chosen(self, number: int) -> None:
        if self.found is None:
            self.action_complete()
        else:
            self.dismiss(Picked(self.found, number))

    def action_complete(self) -> None:
        """Put what is marked into the field: a query that is offered, or the name of a node."""
        marked = self.list.marked
        if self.offering:
            self.put(self.offered[marked].query)
        elif self.found is not None and len(self.found.nodes):
            self.put(self.cursor.trace.label(int(self.found.nodes[marked])))

    def accept(self, typed: str) -> None:
        if not typed.strip():
            self.action_complete()
            return
        marked = self.list.marked
        if self.found is None or self.found.typed != typed:  # typed faster than it is searched
            self._searching = None
            self.show_hits(seek(self.cursor, typed))
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
    en="Numbers as they are at this moment; ? is not known yet.",
    ja="数は今の場面でのものです。? はまだ分かりません。",
)
_OFFERED = Text(en="  For example", ja="  例")
