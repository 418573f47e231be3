"""The panels of a training run: its loss, its decision boundary, its numbers, and the line above them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from rich.cells import cell_len
from rich.text import Text as RichText
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tracer.numbers import format_number
from tracer.scene.boundary import boundary_map
from tracer.scene.loss_curve import loss_curve
from tracer.text import Text, clean
from tracer.train.history import Past
from tracer.train.report import Look, Setup
from tracer.tui.widgets.header import LANGUAGES, LONG
from tracer.tui.widgets.panel import Panel

State = Literal["running", "paused", "done", "failed"]
STATES: dict[State, Text] = {
    "running": Text(en="running", ja="訓練中"),
    "paused": Text(en="paused", ja="一時停止中"),
    "done": Text(en="done", ja="完了"),
    "failed": Text(en="ended early", ja="途中で終了"),
}
BAR = 28
"""Cells of the progress bar where there is much room."""


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
        self._lines = [*lines, *[Strip.blank(size.width, self.ground)] * (size.height - len(lines))][: size.height]


class LossPanel(TrainingPanel):
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
                view.past.losses, view.past.smoothed, self.lang, self.palette, width=size.width, height=size.height
            )
        self._curve = self._curve.marked(view.shown)
        return self.strips(self._curve.lines(), size.width)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self.capture_mouse()
        self._scrub(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if event.button:
            self._scrub(event)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        self.release_mouse()

    def _scrub(self, event: events.MouseEvent) -> None:
        if self.run_view is not None:
            step = self._curve.step_at(event.get_content_offset_capture(self).x)
            if step and step != self.run_view.shown:
                self.post_message(self.Scrubbed(step))


class BoundaryPanel(TrainingPanel):
    """What the model says everywhere, and the data."""

    HEADING = Text(en="Decision boundary", ja="決定境界")

    _kept: tuple[tuple[Any, ...], list[Strip]] = ((), [])
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
            if drawn != self._kept[0]:
                box = field.left, field.right, field.bottom, field.top
                pictured = boundary_map(
                    field.scores, box, view.setup.rows, look.wrong, *drawn[1:3], width=size.width, height=size.height
                )
                self._kept = drawn, self.strips(pictured.lines(), size.width)
            lines = self._kept[1]
        self.say_below(subtitle)
        return lines


class NumbersPanel(TrainingPanel):
    """The numbers of the step shown, and what the run is."""

    HEADING = Text(en="Numbers", ja="数値")

    def draw(self, view: TrainingView, size: Size) -> list[Strip]:
        paragraphs = []
        warning = view.past.warning
        if warning is not None:
            paragraphs.append(RichText(f"✗ {warning[self.lang]}", self.palette.style("wrong")))
        if view.said is not None:
            paragraphs.append(RichText(view.said[self.lang], self.palette.style("accent")))
        told = self.wrapped(paragraphs, size.width)
        rows = list(self._rows(view))
        names = max(cell_len(name[self.lang]) for name, _, _ in rows)
        two = size.width >= 2 * (names + 18) and len(rows) > size.height - len(told)
        lines = []
        half = (len(rows) + 1) // 2 if two else len(rows)
        for i in range(half):
            line = RichText(no_wrap=True)
            for name, value, role in rows[i::half] if two else [rows[i]]:
                line.append(" " * max(0, (size.width // 2 if line.plain else 0) - line.cell_len))
                line.append(name[self.lang], self.palette.style("muted"))
                line.append(" " * (names - cell_len(name[self.lang]) + 2))
                line.append(value[self.lang], self.palette.style(role))
            line.truncate(size.width, overflow="ellipsis")
            lines.append(line)
        return [*told, *self.strips(lines, size.width)]

    def _rows(self, view: TrainingView) -> Iterable[tuple[Text, Text, Any]]:
        past, setup, at = view.past, view.setup, view.shown
        number = _same(format_number(past.losses[at - 1]) if at else "?")
        yield _NAMES["step"], _same(f"{at:,} / {setup.steps:,}"), "text"
        yield _NAMES["loss"], number, "data"
        if at:
            low = int(np.argmin(np.where(np.isfinite(past.losses), past.losses, np.inf)))
            yield _NAMES["smoothed"], _same(format_number(past.smoothed[at - 1])), "data"
            lowest = f"{format_number(past.losses[low])}  "
            where = _AT.format(step=f"{low + 1:,}")
            yield _NAMES["lowest"], Text(lowest + where.en, lowest + where.ja), "text"
        if view.look is not None:
            step, look = view.look
            share = f"{look.accuracy:.1%}  "
            of = _WRONG_OF.format(wrong=f"{len(look.wrong):,}", rows=f"{len(setup.rows):,}")
            after = _SEEN.format(step=f"{step:,}") if step != at else _same("")
            yield _NAMES["accuracy"], Text(share + of.en + after.en, share + of.ja + after.ja), "ok"
        yield _NAMES["speed"], _same("?" if past.speed is None else f"{past.speed:,.0f}/s"), "text"
        yield _NAMES["parameters"], _same(f"{setup.parameters:,}  {setup.engine}"), "text"
        data = _same(clean(setup.data)) if setup.data else _ITS_OWN
        yield _NAMES["data"], data, "text"
        yield _NAMES["settings"], _same(setup.settings_in_words()), "text"


class TrainingHeader(TrainingPanel):
    """One line: what is trained, how far it is, how fast. A click on the other language switches to it."""

    DEFAULT_CSS = """
    TrainingHeader { height: 1; width: 1fr; border: none; background: $background; padding: 0 1; }
    TrainingHeader:focus { border: none; }
    """
    GROUND = "background"
    can_focus = False

    def draw(self, view: TrainingView, size: Size) -> list[Strip]:
        palette, long = self.palette, size.width >= LONG
        steps, of = view.past.steps, view.setup.steps
        name = clean(view.setup.program)
        title = RichText(name if long else name.rpartition("/")[2], palette.style("text", bold=True))
        if view.setup.data and long:
            title.append(f"  {clean(view.setup.data)}", palette.style("muted"))
        right = RichText()
        if view.shown < steps:
            right.append(_BACK_AT.format(step=f"{view.shown:,}")[self.lang] + "   ", palette.style("accent"))
        if view.stride > 1:
            right.append(f"±{view.stride}   ", palette.style("accent"))
        if steps:
            right.append(f"{_NAMES['loss'][self.lang]} {format_number(view.past.losses[-1])}   ", palette.style("data"))
        if view.past.speed is not None and long:
            right.append(_SPEED.format(n=f"{view.past.speed:,.0f}")[self.lang] + "   ", palette.style("muted"))
        role = "wrong" if view.state == "failed" else "active" if view.state == "running" else "accent"
        right.append(STATES[view.state][self.lang], palette.style(role))  # type: ignore[arg-type]  # a role each
        right.append("   " + LANGUAGES[self.lang], palette.style("muted"))
        middle = RichText(f"  {_NAMES['step'][self.lang]} {steps:,} / {of:,}  ", palette.style("text"))
        room = size.width - right.cell_len - middle.cell_len - 2
        title.truncate(max(8, room - (BAR if long else 12)), overflow="ellipsis")
        bar = max(0, min(BAR, room - title.cell_len - 1))
        line = title + middle + self._bar(steps / of, bar)
        line.append(" " * max(1, size.width - line.cell_len - right.cell_len))
        return self.strips([line + right], size.width)

    def _bar(self, share: float, width: int) -> RichText:
        full = round(share * width)
        line = RichText("━" * full, self.palette.style("accent"))
        return line.append("─" * (width - full), self.palette.style("muted"))

    async def on_click(self, event: events.Click) -> None:
        if event.x >= self.size.width - cell_len(LANGUAGES[self.lang]):
            await self.run_action("app.switch_lang")


def _same(words: str) -> Text:
    return Text.same(words)


_NAMES = {
    "step": Text("step", "ステップ"),
    "loss": Text("loss", "損失"),
    "smoothed": Text("smoothed", "平滑化"),
    "lowest": Text("lowest", "最小"),
    "accuracy": Text("accuracy", "正解率"),
    "speed": Text("steps", "速さ"),
    "parameters": Text("parameters", "パラメータ"),
    "data": Text("data", "データ"),
    "settings": Text("settings", "設定"),
}
_SPEED = Text(en="{n} steps/s", ja="{n} ステップ/秒")
_BACK_AT = Text(en="◂ step {step}", ja="◂ ステップ {step}")
_AT = Text(en="at step {step}", ja="ステップ {step}")
_SEEN = Text(en=" (after step {step})", ja="（ステップ {step} の後）")
_AFTER = Text(en="after step {step}", ja="ステップ {step} の後")
_WRONG_OF = Text(en="{wrong} of {rows} wrong", ja="{rows} 点中 {wrong} 点が誤り")
_ITS_OWN = Text(en="the program's own", ja="プログラムのもの")
_NO_BOUNDARY = Text(
    en="This program shows no decision boundary: its Training has no `predict` or no `rows`.",
    ja="このプログラムは決定境界を表示しません（Training に `predict` か `rows` がありません）。",
)
_NOT_YET = Text(en="Not yet.", ja="まだありません。")
