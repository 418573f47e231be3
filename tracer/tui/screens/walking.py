"""What walking is, whatever is walked: steps of five sizes, play, ends, starts of passes. Pure moves; nothing is drawn.

The stepper moves one cursor, the lockstep screen two at once; both inherit their walking keys from here.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Generic, TypeVar

from textual.timer import Timer
from textual.widgets import Input, TextArea

from tracer.trace.cursor import Cursor
from tracer.trace.segment import GRANULARITIES, By
from tracer.trace.trace import Trace
from tracer.tui.memory import SOON, settle
from tracer.tui.screens.base import AppScreen

if TYPE_CHECKING:
    from tracer.trace.lockstep import LockstepCursor

Walker = TypeVar("Walker", Cursor, "LockstepCursor")

SPEEDS: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Steps a second."""
MANY_NODES = 50
"""Above this, a first look goes part by part of the program, not node by node."""


def first_by(trace: Trace) -> By:
    """The size of step to begin with: nodes forward and edges backward, or scopes where there is much to walk.

    Steps of one edge are steps of one node in a forward pass. Tensors are walked node by node both ways: what one of
    them hands on belongs together.
    """
    if trace.n_nodes <= MANY_NODES:
        return "node" if trace.columns.arena else "edge"
    return "scope" if len(set(trace.columns.scope.tolist())) > 1 else "node"


class WalkingScreen(AppScreen[None], Generic[Walker]):
    """Moves `walker` with the walking keys. A subclass shows it."""

    def __init__(self) -> None:
        super().__init__()
        self._speed = SPEEDS.index(1.0)
        self._timer: Timer | None = None

    def on_mount(self) -> None:
        if not self.app.is_headless:  # tests share a process: what one leaves behind must go
            self.set_timer(SOON, settle)

    # What a subclass says

    @property
    @abstractmethod
    def walker(self) -> Walker:
        """Where the walk is."""

    @abstractmethod
    def walk_to(self, walker: Walker) -> None:
        """Show another moment."""

    @property
    @abstractmethod
    def by(self) -> By:
        """The size of a step."""

    @abstractmethod
    def step_by(self, by: By) -> None:
        """Take steps of this size from now on."""

    @abstractmethod
    def end_reached(self) -> None:
        """A step beyond the last one was asked for."""

    @abstractmethod
    def show_speed(self, speed: float | None) -> None:
        """It plays this fast now; None when it does not."""

    @abstractmethod
    def pauses_at(self, walker: Walker) -> bool:
        """Whether play stops here, so that words can be read."""

    def may_walk_to(self, walker: Walker) -> bool:
        """Asked before every move: False when something else comes first (a question)."""
        return True

    def go_to(self, walker: Walker) -> None:
        """Show another moment, unless something else comes first. Every move a user asks for ends here."""
        if self.may_walk_to(walker):
            self.walk_to(walker)

    @abstractmethod
    def edge_of_time(self, walker: Walker, *, end: bool) -> Walker:
        """The very first moment, or the very last."""

    @abstractmethod
    def pass_start(self, walker: Walker, *, backward: bool) -> Walker:
        """The start of the forward or backward pass that one is in, or of the nearest one."""

    # Steps

    def action_step(self, n: int) -> None:
        after = self.walker.step(n, self.by)
        if n > 0 and after == self.walker:
            self.stop_playing()
            self.end_reached()
        else:
            self.go_to(after)

    def action_finer(self) -> None:
        self.step_by(GRANULARITIES[max(0, GRANULARITIES.index(self.by) - 1)])

    def action_coarser(self) -> None:
        self.step_by(GRANULARITIES[min(len(GRANULARITIES) - 1, GRANULARITIES.index(self.by) + 1)])

    def action_first(self) -> None:
        self.walk_to(self.edge_of_time(self.walker, end=False))

    def action_last(self) -> None:
        self.go_to(self.edge_of_time(self.walker, end=True))

    def action_forward_start(self) -> None:
        self.go_to(self.pass_start(self.walker, backward=False))

    def action_backward_start(self) -> None:
        self.go_to(self.pass_start(self.walker, backward=True))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The arrow keys belong to a text field while one has the focus, although they are taken first."""
        return not (action == "step" and isinstance(self.focused, Input | TextArea))

    # Play

    @property
    def playing(self) -> bool:
        return self._timer is not None

    def action_play(self) -> None:
        """Play, or stop playing. At the very end, play from the start."""
        if self.playing:
            self.stop_playing()
            return
        if self.walker == self.edge_of_time(self.walker, end=True):
            self.action_first()
        self._start_playing()

    def action_slower(self) -> None:
        self._set_speed(self._speed - 1)

    def action_faster(self) -> None:
        self._set_speed(self._speed + 1)

    def _set_speed(self, speed: int) -> None:
        self._speed = max(0, min(speed, len(SPEEDS) - 1))
        if self.playing:
            self.stop_playing()
            self._start_playing()

    def _start_playing(self) -> None:
        self._timer = self.set_interval(1 / SPEEDS[self._speed], self._play_on)
        self.show_speed(SPEEDS[self._speed])

    def stop_playing(self) -> None:
        """Stand still, if it plays."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
            self.show_speed(None)

    def _play_on(self) -> None:
        if not self.is_current:
            return  # a dialog is open: wait
        after = self.next_in_play(self.walker)
        if not self.may_walk_to(after):
            return
        self.walk_to(after)
        if self.pauses_at(after) or after == self.edge_of_time(after, end=True):
            self.stop_playing()
            self.paused()

    def next_in_play(self, walker: Walker) -> Walker:
        """Where play goes next."""
        return walker.step(1, self.by)

    def paused(self) -> None:
        """Play has come to where it stops by itself."""

    def on_screen_suspend(self) -> None:
        self.stop_playing()


def pass_start(cursor: Cursor, *, backward: bool) -> Cursor:
    """The start of the forward (or backward) pass one is in; from elsewhere, of the next one, else of the first."""
    segments = [s for s in cursor.trace.segments if s.kind == ("backward" if backward else "forward")]
    inside = [s.start for s in segments if s.start < cursor.position <= s.stop]
    ahead = [s.start for s in segments if s.start > cursor.position]
    return cursor.trace.cursor((inside or ahead or [s.start for s in segments] or [cursor.position])[0])
