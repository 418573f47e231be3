"""Ahead: while nobody presses a key, what the next step will show is painted, panel by panel.

What is on screen follows from the view alone, so a picture painted before it is asked for is the very picture that
would be painted then. A step that was foreseen has only to be put on the screen; any other is painted as ever.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Iterator

from tracer.lessons.runner import Thing
from tracer.trace.cursor import Cursor
from tracer.tui.screens.changing import ChangingScreen
from tracer.tui.view import View
from tracer.tui.widgets.panel import Panel

STILL = 0.01
"""Seconds after a change before anything is painted ahead: what is on screen comes first."""


class AheadScreen(ChangingScreen):
    """Foresees the step that is taken again in the same direction."""

    def __init__(self, thing: Thing) -> None:
        super().__init__(thing)
        self._direction = 1
        self._waiting: asyncio.TimerHandle | None = None
        self._work: Iterator[Callable[[], None]] = iter(())

    def action_step(self, n: int) -> None:
        self._direction = n
        super().action_step(n)

    def on_unmount(self) -> None:
        self._stop_ahead()

    def watch_view(self) -> None:
        self.look_ahead()

    def look_ahead(self) -> None:
        """Begin to paint what the next step will show, soon."""
        self._stop_ahead()
        if not self.app.is_headless:  # tests say when
            self._work = self.work_ahead()
            self._waiting = asyncio.get_running_loop().call_later(STILL, self._paint_on)

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
        view = self.foreseen()
        if view is None:
            return
        for panel in self.query(Panel):
            yield lambda panel=panel: panel.paint_ahead(view)  # type: ignore[misc]

    @abstractmethod
    def walked(self, cursor: Cursor) -> View:
        """The view after walking there."""

    def foreseen(self) -> View | None:
        """The view after the next step; None where there is none."""
        after = self.walker.step(self._direction, self.by)
        return None if after == self.walker else self.walked(after)
