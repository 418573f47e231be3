"""Watches: nodes whose numbers stay on screen wherever the walk goes. They are named in words, so they survive
unfolding, editing and another block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracer.text import Text, clean
from tracer.tui.screens.doing import NOBODY
from tracer.tui.screens.unfolding import UnfoldingScreen
from tracer.tui.watched import watch_of

if TYPE_CHECKING:
    from tracer.trace.watches import Watch


class WatchingScreen(UnfoldingScreen):
    """The stepper's watches."""

    def set_watches(self, watches: tuple[Watch, ...]) -> None:
        """Watch these from now on."""
        self.change(watches=watches)
        self.set_class(bool(watches), "-watching")

    def action_watch(self) -> None:
        """Watch the node selected, or at work; again: no longer."""
        node, cursor = self.view.target, self.view.cursor
        if node is None or not cursor.trace.n_nodes:
            self.notify(NOBODY[self.lang], markup=False)
            return
        watch = watch_of(cursor.trace, node)
        there = watch in self.view.watches
        kept = tuple(one for one in self.view.watches if one != watch)
        self.set_watches(kept if there else (*kept, watch))
        words = (_NO_LONGER if there else _WATCHED).format(name=clean(cursor.trace.label(node)))
        self.app.clear_notifications()
        self.notify(words[self.lang], markup=False, timeout=4)

    def action_watches(self) -> None:
        """The list of watches: add one, take one away, go to one."""
        from tracer.tui.screens.watches import WatchesScreen

        self.stop_playing()
        self.app.push_screen(WatchesScreen(self.view.cursor, self.view.watches, self.set_watches), self._go_to_watched)

    def _go_to_watched(self, node: int | None) -> None:
        if node is not None:
            self.jump(node)


_WATCHED = Text(
    en="{name} is watched: its numbers stay on screen. W lists what is watched.",
    ja="{name} をウォッチします。値と勾配を表示し続けます。W で一覧。",
)
_NO_LONGER = Text(en="{name} is no longer watched.", ja="{name} のウォッチをやめました。")
