"""The numbers of the step shown and what the run is, as their panel tells them; above them what is under way."""

from __future__ import annotations

from rich.text import Text as RichText
from textual.geometry import Size
from textual.strip import Strip

from tracer.panels.drawing import Look
from tracer.panels.numbers import about_run, numbers_of
from tracer.panels.pictures.rows import rows_lines
from tracer.text import Text
from tracer.tui.widgets.training import TrainingPanel, TrainingView


class NumbersPanel(TrainingPanel):
    """The numbers of the step shown, and what the run is."""

    HEADING = Text(en="Numbers", ja="数値")

    def draw(self, view: TrainingView, size: Size) -> list[Strip]:
        paragraphs = []
        warning = view.past.warning
        if warning is not None:
            paragraphs.append(RichText(f"✗ {warning[self.lang]}", self.palette.style("wrong")))
        if view.unsaved is not None:
            words = _UNSAVED.format(reason=view.unsaved)
            paragraphs.append(RichText(f"✗ {words[self.lang]}", self.palette.style("wrong")))
        if view.said is not None:
            paragraphs.append(RichText(view.said[self.lang], self.palette.style("accent")))
        told = self.wrapped(paragraphs, size.width)
        look = Look(self.lang, self.palette, size.width, size.height - len(told))
        lines = rows_lines(list(numbers_of(view)), about_run(view.setup, view.data), look)
        return [*told, *self.strips(lines, size.width)]


_UNSAVED = Text(
    en="Not saved: {reason} Training goes on; the next checkpoint tries again.",
    ja="保存できません: {reason} 訓練は続き、次のチェックポイントでもう一度保存します。",
)
