"""Other numbers for the leaves: nudge one a little, or give it a value; the program runs again beside the app."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from textual.reactive import reactive

from tracer.errors import TracerError
from tracer.explain.amount import exact
from tracer.lessons.runner import Overrides, Thing
from tracer.numbers import format_number
from tracer.scene.grid import Grid
from tracer.text import Text
from tracer.trace.cursor import Cursor
from tracer.trace.trace import Trace
from tracer.tui.background import in_background
from tracer.tui.screens.walking import WalkingScreen
from tracer.tui.view import View

if TYPE_CHECKING:
    from tracer.explain.nudge import Nudge
    from tracer.tui.screens.edit import Edit, Leaf

EDITS_SHOWN = 3
"""Changed leaves named in the title."""

PATIENCE = 0.25
"""Seconds a run may take before the header says so."""

_RUNNING = Text(en="running… esc stops", ja="実行中… esc で中止")
_NO_LEAF = Text(en="There is no leaf to change here.", ja="ここには変えられる葉がありません。")
_NO_NUDGE = Text(
    en="{leaf} cannot be nudged: it has no elements, or whole numbers or truth values, which take no small change.",
    ja="{leaf} は少しだけ動かすことができません。要素がないか、整数や真偽値だからです。",
)


@dataclass(frozen=True)
class Nudging:
    """A leaf that is being nudged."""

    start: Thing
    """The run before the first nudge."""
    leaf: int
    times: int
    """Nudges up, less nudges down."""
    element: int | None = None
    """Of a tensor, which of its elements."""

    @property
    def value(self) -> float:
        """What the leaf is to be now: the first value and whole nudges, not a sum of rounded ones."""
        from tracer.explain.nudge import nudge_size

        first = number_of(self.start.trace, self.leaf, self.element)
        return float(f"{first + self.times * nudge_size(first):.12g}")


class ChangingScreen(WalkingScreen[Cursor]):
    """What the stepper can do to the program. It keeps the thing on screen and the thing as it was opened."""

    view: reactive[View] = reactive(None, init=False, repaint=False)  # type: ignore[arg-type]  # set before anything reads it

    def __init__(self, thing: Thing) -> None:
        super().__init__()
        self.thing = self.opened = thing
        self._held = 0
        """How many `one_change` are under way, one inside the other."""
        self._nudging: Nudging | None = None
        self._rerunning = False
        self._stop = threading.Event()
        """Ends the run under way."""
        self._then: tuple[Overrides, Nudging | None] | None = None
        """What was asked for while a run was under way; only the last one counts."""

    def change(self, **changes: Any) -> None:
        """Show the view with these fields changed: one change, one repaint."""
        self.show(replace(self.view, **changes))

    def show(self, view: View) -> None:
        """Show another view: now, or at the end of `one_change`."""
        if self._held:
            self.set_reactive(ChangingScreen.view, view)
        else:
            self.view = view

    @contextmanager
    def one_change(self) -> Iterator[None]:
        """Several changes, of which only the last view is shown: pictures on the way there are never laid out."""
        before, self._held = self.view, self._held + 1
        try:
            yield
        finally:
            self._held -= 1
            if not self._held:
                after = self.view
                self.set_reactive(ChangingScreen.view, before)
                self.view = after

    @abstractmethod
    def show_thing(self, thing: Thing, cursor: Cursor, nudge: Nudge | None) -> None:
        """Show another run of the program."""

    # Which leaf

    def leaves(self) -> tuple[Leaf, ...]:
        """Every leaf of the run on screen that its program made; constants are not for changing by accident."""
        from tracer.trace.unfolding import is_own_leaf
        from tracer.tui.screens.edit import Leaf

        trace, first = self.thing.trace, self.opened.trace
        found = []
        for node in range(trace.n_nodes):
            if is_own_leaf(trace, node):
                element = self._element(node)
                shape = trace.shape(node)
                if 0 in shape:
                    continue
                then = first.numbered(trace.number(node))  # ids change with what is unfolded
                same = then is not None and first.kind(then) == "leaf" and first.shape(then) == shape
                value = number_of(trace, node, element)
                original = number_of(first, then, element) if same and then is not None else value
                label = trace.label(node) + (Grid(shape, element).index_text() if element is not None else "")
                found.append(Leaf(node, label, value, original, element))
        return tuple(found)

    def _element(self, node: int) -> int | None:
        """Which element of a tensor is meant: the chosen one, else the first; None of a single number."""
        from tracer.trace.unfolding import taken_from

        if not self.thing.trace.shape(node):
            return None
        chosen = self.view.cell
        if chosen is not None and chosen[0] == node:
            return chosen[1]
        target = self.view.target
        taken = None if target is None else taken_from(self.thing.trace, target)
        return taken[1] if taken is not None and taken[0] == node else 0

    def target_leaf(self) -> int | None:
        """The node selected or at work if it is a leaf, or the leaf that it is an element of; else the only sensible
        other: the first leaf."""
        from tracer.trace.unfolding import is_own_leaf, taken_from

        trace, target = self.thing.trace, self.view.target
        if target is not None and is_own_leaf(trace, target):
            return target
        taken = None if target is None else taken_from(trace, target)
        if taken is not None and is_own_leaf(trace, taken[0]):
            return taken[0]
        if self._nudging is not None:
            return self._nudging.leaf
        return next((node for node in range(trace.n_nodes) if is_own_leaf(trace, node)), None)

    # Nudge

    def action_nudge(self, direction: int) -> None:
        leaf = self.target_leaf()
        if leaf is None:
            self.notify(_NO_LEAF[self.lang], markup=False)
            return
        trace = self.thing.trace
        if 0 in trace.shape(leaf) or not trace.dtype(leaf).is_floating_point:
            self.notify(_NO_NUDGE.format(leaf=trace.label(leaf))[self.lang], markup=False)
            return
        now, element = self._nudging, self._element(leaf)
        if now is None or (now.leaf, now.element) != (leaf, element):
            now = Nudging(self.thing, leaf, 0, element)
        now = replace(now, times=now.times + direction)
        self._nudging = now
        if element is not None:
            self.change(cell=(leaf, element))
        self._run(changed(now.start, leaf, element, now.value), now)

    def take_nudge_back(self) -> bool:
        """Show the run before the first nudge again; False if nothing was nudged."""
        if self.view.nudge is None or self._nudging is None:
            return False
        self.thing, self._nudging = self._nudging.start, None
        self.show_thing(self.thing, same_moment(self.view.cursor, self.thing), None)
        return True

    # Edit

    def action_edit(self) -> None:
        from tracer.tui.screens.edit import EditScreen

        leaves = self.leaves()
        if not leaves:
            self.notify(_NO_LEAF[self.lang], markup=False)
            return
        at = next((i for i, leaf in enumerate(leaves) if leaf.node == self.target_leaf()), 0)
        self.app.push_screen(EditScreen(leaves, at), self._edited)

    def _edited(self, edit: Edit | None) -> None:
        if edit is None:
            return
        self._nudging = None
        overrides = changed(self.thing, edit.node, edit.element, edit.value)
        self.change(selected=edit.node)
        self._run(overrides, None)

    # Run

    def _run(self, overrides: Overrides, nudging: Nudging | None) -> None:
        if self._rerunning:
            self._then = (overrides, nudging)
            return
        self._rerunning = True
        self._stop = threading.Event()
        self.set_timer(PATIENCE, partial(self._say_running, self._stop))
        job = partial(self.opened.rerun, dict(overrides), stop=self._stop)
        in_background(self, job, partial(self._ran, nudging), self._failed)

    def _say_running(self, run: threading.Event) -> None:
        if self._rerunning and run is self._stop:
            self.change(busy=_RUNNING)

    def stop_running(self) -> bool:
        """End the run under way; what it has computed by then is shown. False if there is none."""
        self._then = None
        self._stop.set()
        return self._rerunning

    def on_unmount(self) -> None:
        self._stop.set()  # nobody waits for it any more

    def _ran(self, nudging: Nudging | None, thing: Thing) -> None:
        self.thing = thing
        cursor = same_moment(self.view.cursor, thing)
        nudge = None
        if nudging is not None and nudging.leaf < thing.trace.n_nodes:
            from tracer.explain.nudge import Nudge

            nudge = Nudge(at_most(nudging.start, cursor.position), cursor, nudging.leaf, nudging.element)
        self.show_thing(thing, cursor, nudge)
        self._run_next()

    def _failed(self, error: TracerError) -> None:
        self._nudging = None
        self.notify(error.told(self.lang), severity="error", markup=False, timeout=8)
        self._run_next()

    def _run_next(self) -> None:
        self._rerunning = False
        self.change(busy=None)
        if self._then is not None:
            (overrides, nudging), self._then = self._then, None
            self._run(overrides, nudging)


def edited(thing: Thing) -> str:
    """The leaves that do not start from the program's own number: `x = 1, w = 2.5`; `` if all do."""
    trace, found = thing.trace, []
    for (file, line, count), value in list(thing.overrides.items())[:EDITS_SHOWN]:
        rows = [r for r in range(len(trace.columns.line_number)) if trace.line_at(r) == (file, line)]
        nodes = ((trace.columns.line == rows[0]) & (trace.columns.op == 0)).nonzero()[0] if rows else []
        if count < len(nodes):
            node = int(nodes[count])
            elements = value if isinstance(value, Mapping) else {None: value}
            for element, number in elements.items():
                index = Grid(trace.shape(node), element).index_text() if element is not None else ""
                found.append(f"{trace.label(node)}{index} = {format_number(number)}")
    more = len(thing.overrides) > EDITS_SHOWN or len(found) > EDITS_SHOWN
    return ", ".join(found[:EDITS_SHOWN]) + (", …" if more else "")


def changed(thing: Thing, leaf: int, element: int | None, value: float) -> Overrides:
    """What the program is to be run with: all that was changed before, and this number of this leaf."""
    key = thing.trace.leaf_key(leaf)
    if element is None:
        return {**thing.overrides, key: value}
    before = thing.overrides.get(key)
    return {**thing.overrides, key: {**(before if isinstance(before, Mapping) else {}), element: value}}


def number_of(trace: Trace, leaf: int, element: int | None) -> float:
    """The number of a leaf, or of one element of a tensor, as the decimal it is in its own dtype."""
    return exact(np.asarray(trace.value(leaf)).reshape(-1)[element or 0])


def at_most(thing: Thing, position: int) -> Cursor:
    """This position of a run, or its end if it has fewer steps."""
    return thing.trace.cursor(min(position, len(thing.trace)))


def same_moment(cursor: Cursor, thing: Thing) -> Cursor:
    """The same place in another run: the same position, or the end where one was at the end."""
    if cursor.position == len(cursor.trace):
        return thing.trace.cursor(-1)
    return at_most(thing, cursor.position)
