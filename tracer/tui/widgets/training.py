"""Panels of a training run: its loss, its decision boundary, the texts it writes. Each draws the view it is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.text import Text as RichText
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tracer.scene.boundary import boundary_map
from tracer.scene.loss_curve import loss_curve
from tracer.scene.samples import samples_lines
from tracer.text import Text
from tracer.train.history import Past
from tracer.train.report import Look, Setup
from tracer.tui.running import State
from tracer.tui.widgets.panel import Panel
from tracer.tui.widgets.scrubbing import Scrubbing


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

    @property
    def look(self) -> tuple[int, Look] | None:
        """The last look at or before the step shown."""
        return self.past.look_at(self.shown)


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


class LossPanel(TrainingPanel, Scrubbing):
    """The loss of every step, and the smoothed one. A click or a drag goes to a step."""

    HEADING = Text(en="Loss", ja="損失")

    _of: tuple[Any, ...] = ()
    """What `_curve` was drawn from."""

    class Scrubbed(Message):
        """The user pointed at a step."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def draw(self, view: TrainingView, size: Size) -> list[Strip]:
        drawn = view.past, self.lang, self.palette, size
        if drawn != self._of:  # else only the mark has moved
            self._of = drawn
            self._curve = loss_curve(
                view.past.losses,
                view.past.smoothed,
                self.lang,
                self.palette,
                width=size.width,
                height=size.height,
                evals=view.past.evals,
                guesses=len(view.setup.symbols) + 1 if view.setup.symbols else 0,
            )
        self._curve = self._curve.marked(view.shown)
        return self.strips(self._curve.lines(), size.width)

    def scrub(self, column: int) -> None:
        if self.run_view is not None:
            step = self._curve.step_at(column)
            if step and step != self.run_view.shown:
                self.post_message(self.Scrubbed(step))


class BoundaryPanel(TrainingPanel):
    """What the model says everywhere, and the data."""

    HEADING = Text(en="Decision boundary", ja="決定境界")

    _map: tuple[tuple[Any, ...], list[Strip]] = ((), [])
    """The map drawn last, and from what: most steps have no look of their own."""

    def draw(self, view: TrainingView, size: Size) -> list[Strip]:
        seen = view.look
        subtitle = ""
        if not view.setup.predicts:
            lines = self.wrapped([RichText(_NO_BOUNDARY[self.lang], self.palette.style("muted"))], size.width)
        elif seen is None or seen[1].boundary is None:
            lines = self.wrapped([RichText(_NOT_YET[self.lang], self.palette.style("muted"))], size.width)
        else:
            step, look = seen
            field = look.boundary
            assert field is not None, "it was looked at just now"
            subtitle = _AFTER.format(step=f"{step:,}")[self.lang]
            drawn = look, self.lang, self.palette, size
            if drawn != self._map[0]:
                box = field.left, field.right, field.bottom, field.top
                pictured = boundary_map(
                    field.scores, box, view.setup.rows, look.wrong, *drawn[1:3], width=size.width, height=size.height
                )
                self._map = drawn, self.strips(pictured.lines(), size.width)
            lines = self._map[1]
        self.say_below(subtitle)
        return lines


class SamplesPanel(TrainingPanel):
    """What the model has written up to the step shown, the newest first."""

    HEADING = Text(en="Samples", ja="生成例")

    def draw(self, view: TrainingView, size: Size) -> list[Strip]:
        written = view.past.samples_at(view.shown)
        found = sorted({sample.temperature for _, sample in written})
        self.say_below(_TEMPERATURE.format(t=", ".join(f"{one:g}" for one in found))[self.lang] if found else "")
        if not written:
            words = _NOT_WRITTEN if view.setup.symbols else _WRITES_NOTHING
            return self.wrapped([RichText(words[self.lang], self.palette.style("muted"))], size.width)
        some = [(step, sample.text) for step, sample in written[-SOME * max(1, size.height) :]]
        return self.strips(
            samples_lines(some, self.lang, self.palette, width=size.width, height=size.height), size.width
        )


SOME = 20
"""Texts looked at for each line there is room for: a step writes several."""
_AFTER = Text(en="after step {step}", ja="ステップ {step} の後")
_TEMPERATURE = Text(en="temperature T = {t}", ja="温度 T = {t}")
_NOT_WRITTEN = Text(en="Nothing has been written yet.", ja="まだ何も生成されていません。")
_WRITES_NOTHING = Text(
    en="This program writes no texts: its Training has no `sample`.",
    ja="このプログラムは文を生成しません（Training に `sample` がありません）。",
)
_NO_BOUNDARY = Text(
    en="This program shows no decision boundary: its Training has no `predict` or no `rows`.",
    ja="このプログラムは決定境界を表示しません（Training に `predict` か `rows` がありません）。",
)
_NOT_YET = Text(en="Not yet.", ja="まだありません。")
