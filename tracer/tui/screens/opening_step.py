"""Opening a step of a run: it is recorded in a process of its own and walked, from the node that was asked for."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from tracer.errors import TracerError
from tracer.lessons.runner import Thing
from tracer.text import Text
from tracer.trace.cells import At, Cell, moment_of, nodes_of
from tracer.trace.why import Why
from tracer.train.culprit import culprit
from tracer.tui.background import in_background
from tracer.tui.running import Running
from tracer.tui.screens.running import RunScreen
from tracer.tui.seek import Hits

if TYPE_CHECKING:
    from tracer.tui.screens.stepper import StepperScreen


@dataclass(frozen=True)
class Found:
    """An opened step, and where in it to begin."""

    thing: Thing
    same: bool
    """Whether it measured what it did in training."""
    why: Why | None = None
    """What spoilt it, if something did."""
    nodes: tuple[At, ...] = ()
    """The nodes that were asked for."""
    asked: str = ""
    """What they were called."""
    position: int | None = None
    """Where their numbers are made; None: at the start."""


class StepOpeningScreen(RunScreen):
    """Follows a run, and opens steps of it."""

    def __init__(self, run: Running) -> None:
        super().__init__(run)
        self._opening: threading.Event | None = None
        """Set it to give up opening a step."""

    def on_unmount(self) -> None:
        self.stop_opening()

    def open_step(self, step: int, cell: Cell | None = None) -> None:
        """Record a step in a process of its own, and walk it; with a cell, from the nodes that made it."""
        if not step:
            self.notify(_NOTHING[self.lang], markup=False)
        elif self._opening is None:
            self._at = step
            self._opening = threading.Event()
            self.show_run()
            self.view = replace(self.view, said=_OPENING.format(step=f"{step:,}"))
            job = partial(self._open, step, cell, self._opening)
            in_background(self, job, partial(self._opened, self._opening), partial(self._not_opened, self._opening))

    def _open(self, step: int, cell: Cell | None, stop: threading.Event) -> Found:
        thing, same = self.training.open(step, stop)
        if cell is not None:
            return Found(thing, same, None, nodes_of(thing.trace, cell), cell.of, moment_of(thing.trace, cell))
        past = self.training.past
        return Found(thing, same, culprit(thing.trace) if past.stopped and step == past.steps else None)

    def _opened(self, asked: threading.Event, found: Found) -> None:
        if self._opening is not asked:
            return  # given up meanwhile
        self._opening = None
        self.view = replace(self.view, said=None if found.same else _NOT_SAME)
        from tracer.tui.screens.stepper import StepperScreen

        at = found.position if found.why is None else found.why.position
        stepper = StepperScreen(found.thing, at=at)
        self.app.push_screen(stepper)
        if found.why is not None:
            stepper.call_after_refresh(stepper.ask_why, found.why.at.node, found.why.at.element)
        elif found.nodes:
            places = [(at.node, at.element) for at in found.nodes]
            stepper.call_after_refresh(point_at, stepper, found.asked, places)

    def _not_opened(self, asked: threading.Event, error: TracerError) -> None:
        if self._opening is asked:
            self.stop_opening()
            self.tell(_NOT_OPENED, error)

    def stop_opening(self) -> bool:
        """Give up opening a step; whether one was being opened."""
        if self._opening is None:
            return False
        self._opening.set()
        self._opening = None
        self.view = replace(self.view, said=None)
        return True


def point_at(stepper: StepperScreen, asked: str, places: Sequence[tuple[int, int | None]]) -> None:
    """Point out what was asked for, wherever it is hidden; where it is several nodes, `;` walks them.

    Args:
        asked: what it is called.
        places: node, and the element of a tensor.
    """
    nodes = np.array(list(dict.fromkeys(node for node, _ in places)), np.int64)
    if len(nodes) > 1:
        stepper.go_to_hit(Hits(asked, lambda cursor: nodes, stepper.view.cursor.trace, nodes, 0))
    else:
        stepper.reveal(int(nodes[0]))
    node, element = places[0]
    if element is not None:
        stepper.change(selected=node, about=node, opened=None, cell=(node, element))


_NOT_OPENED = Text(en="This step cannot be opened", ja="このステップは開けませんでした")
_OPENING = Text(en="Opening step {step} …  (esc gives up)", ja="ステップ {step} を開いています…（esc で中止）")
_NOT_SAME = Text(
    en="✗ Taken once more, this step gave another loss: its seed does not decide all that is random in the program.",
    ja="✗ このステップをやり直すと損失が変わりました。シードで決まらない乱数がプログラムにあります。",
)
_NOTHING = Text(en="No step has been taken yet.", ja="まだ 1 ステップも進んでいません。")
