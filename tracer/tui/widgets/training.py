"""A training run as the lines around its panels see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from textual.geometry import Size
from textual.reactive import reactive
from textual.strip import Strip

from tracer.text import Text
from tracer.train.history import Past
from tracer.train.report import Setup
from tracer.tui.running import State
from tracer.tui.widgets.panel import Panel


@dataclass(frozen=True, eq=False)
class TrainingView:
    """A training run on screen."""

    setup: Setup
    past: Past
    shown: int
    """The step that the panels are about; 0 before the first."""
    state: State
    stride: int = 1
    """Steps that an arrow key goes."""
    said: Text | None = None
    """What is under way or went wrong."""
    name: str = ""
    """What to call the run."""
    data: str = ""
    """What to call what it learns from; empty where nobody knows."""
    unsaved: Text | None = None
    """Why the last checkpoint could not be written."""


class TrainingPanel(Panel):
    """Draws the run it is given."""

    run_view: reactive[TrainingView | None] = reactive(None, repaint=False, init=False)

    def draw(self, view: TrainingView, size: Size) -> list[Strip]:
        """The lines of `view`."""
        raise NotImplementedError

    def watch_run_view(self) -> None:
        self.redraw()

    def _inputs(self, size: Size) -> tuple[Any, ...]:
        return (self.run_view, self.lang, self.app.theme, size)

    def _repaint(self, size: Size) -> None:
        self._drawn = self._inputs(size)
        lines = self.draw(self.run_view, size) if self.run_view is not None else []
        self._lines = self.filled(lines, size)
