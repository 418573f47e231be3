"""Breakpoints: set at a node with one key, listed, run to, forward or backward in time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tracer.errors import TracerError
from tracer.lessons.runner import Thing
from tracer.text import Text, clean
from tracer.trace.cursor import Cursor
from tracer.tui.background import in_background
from tracer.tui.breaks import AT_ONCE, Breaks, marks
from tracer.tui.screens.doing import NOBODY
from tracer.tui.screens.unfolding import UnfoldingScreen

if TYPE_CHECKING:
    from tracer.trace.breakpoints import Stop

SAID = 6
"""Seconds that it stands on screen which breakpoint stopped."""


class BreakingScreen(UnfoldingScreen):
    """The stepper's breakpoints. They are named in words, so they survive unfolding, editing and another block."""

    def __init__(self, thing: Thing) -> None:
        super().__init__(thing)
        self._breaks = Breaks()

    def on_mount(self) -> None:
        if self._breaks and not self.view.breaks:  # set from the beginning
            self.set_breaks(self._breaks)

    @property
    def breaks(self) -> Breaks:
        """What is set."""
        return self._breaks

    def set_breaks(self, breaks: Breaks) -> None:
        """Other breakpoints from now on. Where they stop is found at once, or beside the app."""
        self._breaks = breaks
        trace = self.view.cursor.trace
        if trace.n_nodes <= AT_ONCE or not breaks.on:
            self.change(breaks=breaks)
            return
        self.change(busy=_LOOKING)
        in_background(self, partial(marks, trace, breaks), lambda _: self._found_marks(breaks), self._not_found)

    def _found_marks(self, breaks: Breaks) -> None:
        self.change(busy=None)
        if breaks == self._breaks:  # else others were set meanwhile
            self.change(breaks=breaks)

    def _not_found(self, error: TracerError) -> None:
        self.change(busy=None)
        self.notify(error.told(self.lang), severity="error", markup=False)

    # Setting

    def action_breakpoint(self) -> None:
        """Set a breakpoint at the node selected, or at work; again: take it away."""
        from tracer.trace.breakpoints import parse_break

        node = self.view.target
        if node is None or not self.view.cursor.trace.n_nodes:
            self.notify(NOBODY[self.lang], markup=False)
            return
        name = name_of(self.view.cursor, node)
        point = parse_break(name)
        at = self._breaks.having(point)
        if at is not None:
            self.set_breaks(self._breaks.minus(at))
            words = _TAKEN
        else:
            self.set_breaks(self._breaks.plus(point))
            words = _SET
        self._tell(words.format(name=clean(self.view.cursor.trace.label(node))))

    def action_breakpoints(self) -> None:
        """The list of breakpoints: add, switch off and on, take away."""
        from tracer.tui.screens.breakpoints import BreakpointsScreen

        self.stop_playing()
        self.app.push_screen(BreakpointsScreen(self.view.cursor, self._breaks, self.set_breaks))

    # Running

    def action_run_to(self, direction: int) -> None:
        """To the next moment at which a breakpoint stops, or the one before."""
        self.stop_playing()
        if not self._breaks.on:
            self._tell(_ALL_OFF if self._breaks else _NONE_SET)
            return
        cursor = self.view.cursor
        stop = self._breaks.run(cursor.trace, cursor.position, direction)
        if stop is None:
            self._tell(_NONE_AHEAD if direction > 0 else _NONE_BEHIND)
            return
        self.jump(stop.node, stop.position)
        if self.view.cursor.position == stop.position:
            self.call_after_refresh(self._tell_stop_at, stop)  # words take longer to lay out than the picture

    def _tell_stop_at(self, stop: Stop) -> None:
        """What is said of a stop, if that is where one still is."""
        if self.view.cursor.position == stop.position:
            self.tell_stop(stop)

    def tell_stop(self, stop: Stop) -> None:
        """Which breakpoint it was, and where."""
        cursor = self.view.cursor
        point = self._breaks.on[stop.which]
        self._tell(_STOPPED.format(text=clean(str(point)), at=told_at(cursor, stop)))

    def _tell(self, words: Text) -> None:
        self.app.clear_notifications()
        self.notify(words[self.lang], markup=False, timeout=SAID)

    # Playing

    def next_in_play(self, walker: Cursor) -> Cursor:
        """One step on, but not beyond a breakpoint."""
        after = super().next_in_play(walker)
        stop = self._breaks.run(walker.trace, walker.position, 1)
        return walker.trace.cursor(stop.position) if stop is not None and stop.position < after.position else after

    def breaks_at(self, walker: Cursor) -> bool:
        """Whether a breakpoint stops here."""
        return self._breaks.stop_at(walker.trace, walker.position) is not None

    def paused(self) -> None:
        super().paused()
        stop = self._breaks.stop_at(self.view.cursor.trace, self.view.cursor.position)
        if stop is not None:
            self.reveal(stop.node)
            self.tell_stop(stop)


def name_of(cursor: Cursor, node: int) -> str:
    """What a breakpoint or a watch calls a node: by its name, else `v7`, if that finds this node alone."""
    from tracer.trace.query import parse_query
    from tracer.trace.query.steps import quoted

    trace, label = cursor.trace, cursor.trace.label(node)
    named = [f"name == {quoted(label)}"] if trace.name(node) is not None else []
    for text in (*named, f"v{trace.number(node)}"):
        if parse_query(text).matches(trace, cursor.position).tolist() == [node]:
            return text
    return f"id == {node}"


def told_at(cursor: Cursor, stop: Stop) -> str:
    """The node at which it stopped: `v12 = relu(v11)`."""
    trace = cursor.trace
    formula = trace.formula(stop.node)
    return clean(trace.label(stop.node) + (f" = {formula}" if formula else ""))


_SET = Text(
    en="◆ Breakpoint at {name}. ) runs to the next one, ( back to the one before, B lists them.",
    ja="◆ {name} にブレークポイントを置きました。) で次まで、( で前まで実行します。B で一覧。",
)
_TAKEN = Text(en="The breakpoint at {name} is taken away.", ja="{name} のブレークポイントを外しました。")
_STOPPED = Text(en="◆ {text}\n{at}", ja="◆ {text}\n{at}")
_NONE_SET = Text(
    en="No breakpoint is set. * sets one at the selected node; B takes conditions, like first nan.",
    ja="ブレークポイントがありません。* で選んだノードに置けます。B では first nan のような条件も指定できます。",
)
_ALL_OFF = Text(
    en="All breakpoints are off; B switches them on.", ja="どのブレークポイントもオフです。B でオンにできます。"
)
_NONE_AHEAD = Text(
    en="No breakpoint stops between here and the end.", ja="ここから最後までに止まるブレークポイントはありません。"
)
_NONE_BEHIND = Text(
    en="No breakpoint stops between here and the start.", ja="ここから最初までに止まるブレークポイントはありません。"
)
_LOOKING = Text(en="looking for the breakpoint…", ja="ブレークポイントを探しています…")
