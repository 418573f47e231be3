"""Ahead and after: while nobody presses a key, what the next one will show is painted, piece by piece; and where a key
asks for a large picture that is not there yet, the picture follows what the other panels say of it.

What is on screen follows from the view alone, so a picture painted before it is asked for is the very picture that
would be painted then. A key that was foreseen has only to put it on the screen; any other paints as ever.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from time import monotonic
from typing import Literal, get_args

from tracer.lessons.runner import Thing
from tracer.scene.neighbour import Direction
from tracer.scene.picture import Box
from tracer.trace.cursor import Cursor
from tracer.trace.segment import GRANULARITIES, By
from tracer.tui.memory import tidy
from tracer.tui.pulse import PULSE
from tracer.tui.screens.folding import FoldingScreen, box_pointed_out, revealed
from tracer.tui.screens.later import import_later
from tracer.tui.screens.seeking import SeekingScreen
from tracer.tui.view import Hit, View
from tracer.tui.widgets.graph import read_ahead
from tracer.tui.widgets.header import Header
from tracer.tui.widgets.panel import Panel
from tracer.tui.widgets.timeline import Timeline

STILL = 0.01
"""Seconds after a change before anything is painted ahead: what is on screen comes first."""
AGAIN = 0.002
"""Seconds until it is looked again whether what is on screen has been written."""
AT_LATEST = 0.1
"""Seconds after which a picture that takes long is painted even if keys keep coming."""
REST = 0.05
"""Seconds without a key after which less likely keys are prepared too: whoever steps fast does not wait for them."""

DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
DONE = object()
"""What the work gives when there is none left."""

Move = Literal["step", "hit", "run"]
"""A step, to the next hit of a search, to the next breakpoint."""


class AheadScreen(FoldingScreen, SeekingScreen):
    """Foresees that the last move is made again in the same direction, or else a step is taken; then other keys."""

    def __init__(self, thing: Thing) -> None:
        super().__init__(thing)
        self._last: tuple[Move, int] = ("step", 1)
        """The last move, and which way it went."""
        self._work: Iterator[None] = iter(())
        self._resting = False
        """Whether the likeliest is done, and the work is what else may come."""
        self._waiting: asyncio.TimerHandle | None = None
        self._pieces = 0
        """Of work, done so far."""
        self._late: dict[Panel, None] = {}
        """Panels whose picture follows."""
        self._late_since = 0.0
        self._painting_late: asyncio.TimerHandle | None = None

    @abstractmethod
    def walked(self, cursor: Cursor) -> View:
        """The view after walking there."""

    @abstractmethod
    def tensor_in_front(self) -> int | None:
        """The tensor whose elements are selected, instead of boxes."""

    @abstractmethod
    def _next_box(self, direction: Direction) -> Box | None:
        """The box that is selected next in this direction."""

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
        """The views that are likeliest to come next, the likeliest first."""
        move, n = self._last
        view = {"step": self._after_step, "hit": self._after_hit, "run": self._after_run}[move](n)
        if view is not None:
            yield view
        if move != "step":
            view = self._after_step(1)
            if view is not None:
                yield view

    def possible(self) -> Iterator[View | None]:
        """What else may come next: None where there is nothing to show after such a key."""
        move, n = self._last
        yield self._after_step(-n)
        if move != "hit":
            yield self._after_hit(1)
        if move != "run":
            yield self._after_run(1)
        yield self._after_run(-n if move == "run" else -1)
        yield self._after_hit(-n if move == "hit" else -1)
        for direction in DIRECTIONS:
            box = self._next_box(direction) if self.tensor_in_front() is None else None
            yield None if box is None else box_pointed_out(self.view, box)
        for by in self._sizes_beside():
            yield replace(self.view, by=by)

    def _sizes_beside(self) -> tuple[By, ...]:
        """The next smaller step, and the next bigger one."""
        at = GRANULARITIES.index(self.by)
        return (*GRANULARITIES[max(0, at - 1) : at], *GRANULARITIES[at + 1 : at + 2])

    def _far(self) -> Iterator[Cursor]:
        """The ends of time and the starts of passes: one key leads there."""
        for last in (False, True):
            yield self.edge_of_time(self.walker, end=last)
            yield self.pass_start(self.walker, backward=last)

    def _after_step(self, n: int, by: By | None = None) -> View | None:
        after = self.walker.step(n, by or self.by)
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

    # Painting what takes long

    def on_mount(self) -> None:
        if not self.app.is_headless:  # tests say when
            for panel in self.query(Panel):
                panel.later = self.paint_later

    def paint_later(self, panel: Panel) -> None:
        """Paint a panel once what the others show is on screen, and no other key is on its way."""
        self._late[panel] = None
        if self._painting_late is None:
            self._late_since = monotonic()
            self._painting_late = asyncio.get_running_loop().call_later(0, self._paint_late)

    def _paint_late(self) -> None:
        self._painting_late = None
        waits = self._writes_first or PULSE.typed > self._late_since
        if waits and monotonic() < self._late_since + AT_LATEST:
            self._painting_late = asyncio.get_running_loop().call_later(AGAIN, self._paint_late)
            return
        late, self._late = self._late, {}
        for panel in late:
            panel.redraw()

    # Painting ahead

    def watch_view(self) -> None:
        self._stop_ahead()
        if not self.app.is_headless:  # tests say when
            self._work, self._resting = self.work_ahead(), False
            self._waiting = asyncio.get_running_loop().call_later(STILL, self._paint_on)

    def on_unmount(self) -> None:
        self._stop_ahead()
        if self._painting_late is not None:
            self._painting_late.cancel()

    def _stop_ahead(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _paint_on(self) -> None:
        """One small piece, then whatever else there is to do, such as a key."""
        self._waiting = None
        if not self.is_current or self.app.mouse_captured is not None:
            return
        soon = AGAIN
        if not (self._writes_first or self._late or PULSE.fresh):
            done = next(self._work, DONE) is DONE
            self._pieces += 1
            tidy(self._pieces)
            soon = 0
            if done and self._resting:
                return
            if done:
                self._work, self._resting, soon = self.work_at_rest(), True, REST
        self._waiting = asyncio.get_running_loop().call_later(soon, self._paint_on)

    @property
    def _writes_first(self) -> bool:
        """Whether something that has changed is not on the screen yet, or a key is on its way."""
        # a panel says twice that it is dirty; the second time there is nothing left to write
        dirty = any(widget._repaint_regions for widget in self._dirty_widgets)
        return (
            dirty
            or self._layout_required
            or self._repaint_required
            or not (self._message_queue.empty() and self.app._message_queue.empty())
        )

    def work_ahead(self) -> Iterator[None]:
        """Paint what is likeliest to come, in many small pieces."""
        for view in self.foreseen():
            yield
            yield from self._prepare(view)
        for by in self._sizes_beside():
            view = replace(self.view, by=by)  # smaller or bigger steps: these two count them, which takes long at first
            for panel in self.query(Panel):
                if isinstance(panel, Header | Timeline):
                    yield from panel.paint_ahead(view)
                    yield

    def work_at_rest(self) -> Iterator[None]:
        """Paint what else may come, and read what steps of other sizes will need."""
        yield from import_later()
        yield from self._prepare_folding()
        for view in self.possible():
            yield
            if view is not None:
                yield from self._prepare(view)
        for by in GRANULARITIES:
            for n in (1, -1):
                view = self._after_step(n, by) if by != self.by else None
                yield
                if view is not None:
                    yield from read_ahead(replace(view, by=by), self.lang)
        for cursor in self._far():
            yield from read_ahead(self.walked(cursor), self.lang)

    def _prepare(self, view: View) -> Iterator[None]:
        yield from read_ahead(view, self.lang, whole=True)
        for panel in self.query(Panel):
            yield from panel.paint_ahead(view)
            yield

    def _prepare_folding(self) -> Iterator[None]:
        """What enter and backspace show where the graph is folded."""
        box, folding = self._box_at_hand, self.view.folding
        if folding is None or box is None:
            return
        if box.key:
            yield from read_ahead(self.with_folding(folding.open(box.key)), self.lang)
            yield from self._prepare(self.after_opening(box.key))
        if box.closes:
            yield from self._prepare(self.after_closing(box.closes))
