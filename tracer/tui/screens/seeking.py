"""Finding: the search, the list of hits that `;` and `:` walk, the largest gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tracer.lessons.runner import Thing
from tracer.text import Text, clean
from tracer.trace.cursor import Cursor
from tracer.tui.breaks import AT_ONCE, NO_BREAKS
from tracer.tui.screens.breaking import BreakingScreen
from tracer.tui.screens.watching import WatchingScreen
from tracer.tui.view import Hit

if TYPE_CHECKING:
    from tracer.trace.unfolding import Unfolding
    from tracer.tui.screens.search import Picked
    from tracer.tui.seek import Extremes, Hits

PAST = 50
"""Queries remembered."""


class SeekingScreen(WatchingScreen, BreakingScreen):
    """The stepper's search."""

    def __init__(self, thing: Thing) -> None:
        super().__init__(thing)
        self._past: list[str] = []
        """Queries of this session, the newest first."""
        self._hits: Hits | None = None
        self._opened_before: object = None
        """What was opened in the picture before the first hit was gone to."""
        self._opened_for_hit: object = None
        """What was opened to show the last one."""

    # Search

    def action_search(self) -> None:
        """Find nodes by a query."""
        from tracer.tui.screens.search import SearchScreen

        self.stop_playing()
        self.app.push_screen(SearchScreen(self.view.cursor, self._past), self._picked)

    def _picked(self, picked: Picked | None) -> None:
        from tracer.tui.seek import Hits

        if picked is None:
            return
        typed = picked.found.typed.strip()
        self._past = [typed, *(query for query in self._past if query != typed)][:PAST]
        again = partial(_again, typed)
        self.go_to_hit(Hits(typed, again, self.view.cursor.trace, picked.found.nodes, picked.at))

    def find_first(self, query: str) -> None:
        """Go to the first node that a query finds; of none, say so."""
        from tracer.tui.screens.search import Picked
        from tracer.tui.seek import seek

        found = seek(self.view.cursor, query)
        if len(found.nodes):
            self._picked(Picked(found, 0))
        else:
            self.notify(_NOT_FOUND.format(query=clean(query))[self.lang], markup=False, timeout=8)

    def begin_with(self, breaks: Sequence[str], watches: Sequence[str]) -> None:
        """What is set from the beginning; before the screen is shown."""
        if not (breaks or watches):
            return
        from tracer.trace.breakpoints import parse_break
        from tracer.trace.watches import parse_watch

        for text in breaks:
            self._breaks = self._breaks.plus(parse_break(text))
        found = tuple(dict.fromkeys(parse_watch(text) for text in watches))
        at_once = self._breaks if self.view.cursor.trace.n_nodes <= AT_ONCE else NO_BREAKS  # else when it is shown
        self.set_reactive(SeekingScreen.view, replace(self.view, breaks=at_once, watches=found))
        self.set_class(bool(found), "-watching")

    def view_options(self) -> list[str]:
        """`--find x --break "first nan" --watch x`: what else opens exactly this."""
        view, hits = self.view, self._hits
        here = hits is not None and hits.at == 0 and view.about == hits.node
        find = ["--find", hits.asked] if hits is not None and here else []
        breaks = [word for one in self.breaks if one.on for word in ("--break", str(one.point))]
        watches = [word for one in view.watches for word in ("--watch", str(one))]
        return [*super().view_options(), *find, *breaks, *watches]

    def go_to_hit(self, hits: Hits) -> None:
        """Make this the current list, and go to the hit it is at."""
        self._opened_before = self.opened_before_hits()
        self._hits = hits
        self.remember_place()
        with self.one_change():
            self.open_again(self._opened_before)  # what the hit before has opened is closed again
            self.reveal(hits.node)
            self.change(hit=Hit(hits.node, hits.at + 1, len(hits.nodes)))
        self._opened_for_hit = self.opened_now()

    def opened_before_hits(self) -> object:
        """What is opened of the picture apart from what shows a hit, as `opened_now` gives it."""
        gone_to = self._hits is not None and self.opened_now() == self._opened_for_hit
        return self._opened_before if gone_to else self.opened_now()

    def action_hit(self, n: int) -> None:
        """To the next hit, or the one before."""
        hits = self._hits
        if hits is None:
            self.notify(_NO_LIST[self.lang], markup=False, timeout=5)
            return
        moved = hits.moved(n, self.view.cursor)
        if moved is None:
            self.notify(_NONE_LEFT.format(query=hits.asked)[self.lang], markup=False, timeout=5)
            return
        if hits.wrapped(n) and len(hits.nodes) > 1:
            self.notify((_FROM_FIRST if n > 0 else _FROM_LAST)[self.lang], markup=False, timeout=3)
        self.go_to_hit(moved)

    # The largest

    def action_extremes(self) -> None:
        """The ten largest gradients here, or the ten smallest."""
        from tracer.tui.screens.extremes import ExtremesScreen

        self.stop_playing()
        self.app.push_screen(ExtremesScreen(self.view.cursor), self._picked_extreme)

    def _picked_extreme(self, picked: tuple[Extremes, int] | None) -> None:
        from tracer.tui.screens.extremes import TEN
        from tracer.tui.seek import Hits

        if picked is not None:
            found, at = picked
            cursor = self.view.cursor
            again = partial(_extremes_again, found.smallest)
            asked = f"{'smallest' if found.smallest else 'largest'} {TEN} |grad|"
            self.go_to_hit(Hits(asked, again, cursor.trace, found.nodes, at))

    # Unfolding

    def _show_unfolding(self, before: Unfolding, after: Unfolding) -> None:
        super()._show_unfolding(before, after)
        self.carry_places(partial(before.position_in, after))


def _extremes_again(smallest: bool, cursor: Cursor) -> NDArray[np.int64]:
    from tracer.tui.screens.extremes import TEN
    from tracer.tui.seek import extremes

    return extremes(cursor, TEN, smallest=smallest).nodes


def _again(typed: str, cursor: Cursor) -> NDArray[np.int64]:
    from tracer.tui.seek import seek

    return seek(cursor, typed).nodes


_NOT_FOUND = Text(en="{query}: no node matches.", ja="{query}: 当てはまるノードがありません。")
_NO_LIST = Text(
    en="Nothing has been searched for yet: / finds nodes, T lists the largest gradients.",
    ja="まだ何も探していません。/ でノードを探し、T で大きな勾配を一覧できます。",
)
_NONE_LEFT = Text(en="{query}: no node matches any more.", ja="{query}: 当てはまるノードがなくなりました。")
_FROM_FIRST = Text(en="After the last hit: the first again.", ja="最後まで来たので、最初に戻りました。")
_FROM_LAST = Text(en="Before the first hit: the last again.", ja="最初まで来たので、最後に戻りました。")
