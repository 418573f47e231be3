"""Ahead: while nobody presses a key, what the next one will show is painted, panel by panel.

What is on screen follows from the view alone, so a picture painted before it is asked for is the very picture that
would be painted then. A key that was foreseen has only to put it on the screen; any other paints as ever.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal

from tracer.lessons.runner import Thing
from tracer.trace.cursor import Cursor
from tracer.trace.segment import GRANULARITIES
from tracer.tui.screens.folding import FoldingScreen, revealed
from tracer.tui.screens.seeking import SeekingScreen
from tracer.tui.view import Hit, View
from tracer.tui.widgets.header import Header
from tracer.tui.widgets.panel import Panel
from tracer.tui.widgets.timeline import Timeline

STILL = 0.01
"""Seconds after a change before anything is painted ahead: what is on screen comes first."""

Move = Literal["step", "hit", "run"]
"""A step, to the next hit of a search, to the next breakpoint."""


class AheadScreen(FoldingScreen, SeekingScreen):
    """Foresees that the last move is made again in the same direction, or else a step is taken."""

    def __init__(self, thing: Thing) -> None:
        super().__init__(thing)
        self._last: tuple[Move, int] = ("step", 1)
        """The last move, and which way it went."""
        self._work: Iterator[Callable[[], None]] = iter(())
        self._waiting: asyncio.TimerHandle | None = None

    @abstractmethod
    def walked(self, cursor: Cursor) -> View:
        """The view after walking there."""

    # Which way it goes

    def action_step(self, n: int) -> None:
        self._last = ("step", n)
        super().action_step(n)

    def action_hit(self, n: int) -> None:
        self._last = ("hit", n)
        super().action_hit(n)

    def action_run_to(self, direction: int) -> None:
        self._last = ("run", direction)
        super().action_run_to(direction)

    # What comes

    def foreseen(self) -> Iterator[View]:
        """The views that may come next, the likeliest first."""
        move, n = self._last
        view = {"step": self._after_step, "hit": self._after_hit, "run": self._after_run}[move](n)
        if view is not None:
            yield view
        if move != "step":
            view = self._after_step(1)
            if view is not None:
                yield view

    def _after_step(self, n: int) -> View | None:
        after = self.walker.step(n, self.by)
        return None if after == self.walker else self.walked(after)

    def _after_hit(self, n: int) -> View | None:
        hits = self._hits.moved(n, self.walker) if self._hits is not None else None
        if hits is None:
            return None
        view = self.with_opened(self.view, self.opened_before_hits())
        return replace(revealed(view, hits.node), hit=Hit(hits.node, hits.at + 1, len(hits.nodes)))

    def _after_run(self, direction: int) -> View | None:
        cursor = self.walker
        stop = self._breaks.run(cursor.trace, cursor.position, direction) if self._breaks.on else None
        return None if stop is None else revealed(self.walked(cursor.trace.cursor(stop.position)), stop.node)

    # Painting

    def watch_view(self) -> None:
        self._stop_ahead()
        if not self.app.is_headless:  # tests say when
            self._work = self.work_ahead()
            self._waiting = asyncio.get_running_loop().call_later(STILL, self._paint_on)

    def on_unmount(self) -> None:
        self._stop_ahead()

    def _stop_ahead(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _paint_on(self) -> None:
        """One panel, then whatever else there is to do, such as a key."""
        self._waiting = None
        if not self.is_current or self.app.mouse_captured is not None:
            return
        job = next(self._work, None)
        if job is not None:
            job()
            self._waiting = asyncio.get_running_loop().call_later(0, self._paint_on)

    def work_ahead(self) -> Iterator[Callable[[], None]]:
        """What there is to paint, in the order in which it is worth it."""
        for view in self.foreseen():
            for panel in self.query(Panel):
                yield lambda panel=panel, view=view: panel.paint_ahead(view)  # type: ignore[misc]
        at = GRANULARITIES.index(self.by)
        for by in (*GRANULARITIES[max(0, at - 1) : at], *GRANULARITIES[at + 1 : at + 2]):
            view = replace(self.view, by=by)  # smaller or bigger steps: these two count them, which takes long at first
            for panel in self.query(Panel):
                if isinstance(panel, Header | Timeline):
                    yield lambda panel=panel, view=view: panel.paint_ahead(view)  # type: ignore[misc]
