"""Several training runs over each other: their losses, what they were told differently, and where they part.

`enter` records the step shown of two of them, and walks both in lockstep from the first node that differs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import ClassVar

from rich.text import Text as RichText
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tracer.errors import TracerError
from tracer.lessons.runner import Thing
from tracer.scene.run_curves import Curve, RunCurves, legend
from tracer.text import Text
from tracer.trace.difference import Difference
from tracer.train.apart import first_apart, told_apart
from tracer.train.run import Run
from tracer.tui.background import in_background
from tracer.tui.keys import Place, bindings
from tracer.tui.opened_run import OpenedRun
from tracer.tui.screens.base import AppScreen
from tracer.tui.screens.run_to import RunToScreen
from tracer.tui.widgets.header import LANGUAGES
from tracer.tui.widgets.keybar import KeyBar
from tracer.tui.widgets.panel import Panel
from tracer.tui.widgets.scrubbing import Scrubbing

STRIDES: tuple[int, ...] = (1, 10, 100)
Opener = Callable[[Run, int, threading.Event], Thing]


@dataclass(frozen=True, eq=False)
class Compared:
    """Runs on screen."""

    runs: tuple[Run, ...]
    shown: int
    """The step that the numbers are about; 0 where there is none."""
    marked: int = 1
    """The run that is compared with the first."""
    stride: int = 1
    said: Text | None = None
    """What is under way."""

    @cached_property
    def curves(self) -> tuple[Curve, ...]:
        told = told_apart(self.runs)
        return tuple(
            Curve(run.name, run.history.losses, run.history.smoothed, words)
            for run, words in zip(self.runs, told, strict=True)
        )

    @property
    def steps(self) -> int:
        """Of the longest."""
        return max(len(curve.losses) for curve in self.curves)

    @property
    def apart(self) -> int | None:
        """The first step at which the two runs that are looked at differ."""
        return first_apart(self.curves[0].losses, self.curves[self.marked].losses)


class ComparedPanel(Panel):
    """Draws what is compared."""

    compared: reactive[Compared | None] = reactive(None, repaint=False, init=False)

    def draw(self, compared: Compared, size: Size) -> list[Strip]:
        """The lines."""
        raise NotImplementedError

    def watch_compared(self) -> None:
        self.redraw()

    def _inputs(self, size: Size) -> tuple[object, ...]:
        return (self.compared, self.lang, self.app.theme, size)

    def _repaint(self, size: Size) -> None:
        self._drawn = self._inputs(size)
        lines = self.draw(self.compared, size) if self.compared is not None else []
        self._lines = self.filled(lines, size)


class CurvesPanel(ComparedPanel, Scrubbing):
    """The losses. A click or a drag goes to a step."""

    HEADING = Text(en="Loss", ja="損失")
    _curves: tuple[tuple[object, ...], RunCurves | None] = ((), None)

    class Scrubbed(Message):
        """The user pointed at a step."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def draw(self, compared: Compared, size: Size) -> list[Strip]:
        drawn = compared.runs, self.lang, self.palette, size
        curves = self._curves[1]
        if curves is None or drawn != self._curves[0]:
            curves = RunCurves(compared.curves, 0, self.lang, self.palette, size.width, size.height)
        curves = curves.at(compared.shown, compared.marked)
        self._curves = drawn, curves
        return self.strips(curves.lines(), size.width)

    def scrub(self, column: int) -> None:
        curves = self._curves[1]
        step = curves.step_at(column) if curves is not None else 0
        if step:
            self.post_message(self.Scrubbed(step))


class LegendPanel(ComparedPanel):
    """Which run is which, and where they part."""

    HEADING = Text(en="Runs", ja="訓練の記録")

    def draw(self, compared: Compared, size: Size) -> list[Strip]:
        lines = legend(
            compared.curves,
            compared.shown,
            self.lang,
            self.palette,
            width=size.width,
            height=max(1, size.height - 2),
            marked=compared.marked,
        )
        return self.strips([*lines, *parting_lines(compared, self)], size.width)


def parting_lines(compared: Compared, panel: Panel) -> list[RichText]:
    """Where the two that are looked at part; and what is under way."""
    lang, palette = panel.lang, panel.palette
    at = compared.apart
    names = {"left": compared.curves[0].name, "right": compared.curves[compared.marked].name}
    words = _SAME.format(**names) if at is None else _APART.format(step=f"{at:,}", **names)
    line = RichText(words[lang], palette.style("muted" if at is None else "accent"), no_wrap=True)
    said = RichText(compared.said[lang], palette.style("accent"), no_wrap=True) if compared.said is not None else None
    return [line] if said is None else [line, said]


class ComparedHeader(ComparedPanel):
    """One line: which runs, which step. A click on the language switches to the other."""

    DEFAULT_CSS = """
    ComparedHeader { height: 1; width: 1fr; border: none; background: $background; padding: 0 1; }
    ComparedHeader:focus { border: none; }
    """
    GROUND = "background"
    can_focus = False

    def draw(self, compared: Compared, size: Size) -> list[Strip]:
        palette = self.palette
        title = RichText("  ≠  ".join(curve.name for curve in compared.curves), palette.style("text", bold=True))
        right = RichText()
        if compared.stride > 1:
            right.append(f"±{compared.stride}   ", palette.style("accent"))
        words = _STEP.format(step=f"{compared.shown:,}", of=f"{compared.steps:,}")
        right.append(words[self.lang], palette.style("text")).append(
            "   " + LANGUAGES[self.lang], palette.style("muted")
        )
        title.truncate(max(8, size.width - right.cell_len - 2), overflow="ellipsis")
        title.append(" " * max(1, size.width - title.cell_len - right.cell_len))
        return self.strips([title + right], size.width)

    async def on_click(self, event: events.Click) -> None:
        if event.x >= self.size.width - len(LANGUAGES[self.lang]) * 2:
            await self.run_action("app.switch_lang")


class CompareScreen(AppScreen[None]):
    """Shows several runs.

    Args:
        runs: two at least.
        opener: records a step of a run.
    """

    DEFAULT_CSS = """
    CompareScreen { layout: grid; grid-size: 1; grid-rows: 1 1fr 7; }
    CompareScreen.-too-small { layout: vertical; }
    CompareScreen.-tall { grid-rows: 1 1fr 10; }
    """
    PLACES: ClassVar[tuple[Place, ...]] = ("compare",)
    COMES_BACK = True
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("compare"), Binding("escape", "let_go", show=False)]
    AUTO_FOCUS = ""

    compared: reactive[Compared] = reactive(None, init=False, repaint=False)  # type: ignore[arg-type]  # set at once

    def __init__(self, runs: Sequence[Run], *, opener: Opener | None = None) -> None:
        super().__init__()
        assert len(runs) > 1, "two runs are needed"
        self._open_step = opener or open_step_of
        self._opening: threading.Event | None = None
        first = Compared(tuple(runs), 0)
        self.set_reactive(CompareScreen.compared, replace(first, shown=first.apart or first.steps))

    def compose(self) -> ComposeResult:
        for panel in (ComparedHeader(id="header"), CurvesPanel(id="curves"), LegendPanel(id="legend")):
            yield panel.data_bind(AppScreen.lang, CompareScreen.compared)
        yield KeyBar("compare").data_bind(AppScreen.lang)

    def on_unmount(self) -> None:
        self.let_go()

    # Through the steps

    def go(self, step: int) -> None:
        """To a step."""
        self.compared = replace(self.compared, shown=max(min(1, self.compared.steps), min(step, self.compared.steps)))

    def action_step(self, n: int) -> None:
        self.go(self.compared.shown + n * self.compared.stride)

    def action_first(self) -> None:
        self.go(1)

    def action_last(self) -> None:
        self.go(self.compared.steps)

    def action_finer(self) -> None:
        self._stride(-1)

    def action_coarser(self) -> None:
        self._stride(1)

    def _stride(self, n: int) -> None:
        at = min(max(STRIDES.index(self.compared.stride) + n, 0), len(STRIDES) - 1)
        self.compared = replace(self.compared, stride=STRIDES[at])

    def action_go_to(self) -> None:
        steps = self.compared.steps
        self.app.push_screen(RunToScreen(self.compared.shown, steps, steps, trains=False), self._go_to)

    def _go_to(self, step: int | None) -> None:
        if step is not None:
            self.go(step)

    def on_curves_panel_scrubbed(self, message: CurvesPanel.Scrubbed) -> None:
        self.go(message.step)

    def action_difference(self) -> None:
        """To the first step at which the two differ."""
        at = self.compared.apart
        if at is None:
            self.notify(_NO_DIFFERENCE[self.lang], markup=False)
        else:
            self.go(at)

    def action_panel(self, n: int) -> None:
        """Compare the first run with the next one."""
        others = len(self.compared.runs) - 1
        self.compared = replace(self.compared, marked=1 + (self.compared.marked - 1 + n) % others)

    # In lockstep

    def action_open_step(self) -> None:
        """Record the step shown of both, and walk them side by side."""
        shown = self.compared.shown
        runs = self.compared.runs[0], self.compared.runs[self.compared.marked]
        if not 1 <= shown <= min(len(run.history.losses) for run in runs):
            self.notify(_ONE_ENDED[self.lang], markup=False)
        elif self._opening is None:
            self._opening = threading.Event()
            self.compared = replace(self.compared, said=_OPENING.format(step=f"{shown:,}"))
            job = partial(self._open_both, runs, shown, self._opening)
            in_background(self, job, partial(self._opened, self._opening), partial(self._failed, self._opening))

    def _open_both(self, runs: tuple[Run, Run], step: int, stop: threading.Event) -> tuple[Thing, Thing, int]:
        """The step of both runs; of the first that measured another loss the one before, if its update differs.

        A loss is measured before the update: what an update did differently shows one step later.
        """
        if step > 1 and step == first_apart(runs[0].history.losses, runs[1].history.losses):
            left, right = (self._open_step(run, step - 1, stop) for run in runs)
            if not Difference(left.trace, right.trace).same:
                return left, right, step - 1
        left, right = (self._open_step(run, step, stop) for run in runs)
        return left, right, step

    def _opened(self, asked: threading.Event, found: tuple[Thing, Thing, int]) -> None:
        if self._opening is not asked:
            return
        self.let_go()
        left, right, step = found
        if step != self.compared.shown:
            self.notify(_BEFORE.format(step=f"{step:,}")[self.lang], markup=False, timeout=10)
        from tracer.tui.screens.lockstep import LockstepScreen

        screen = LockstepScreen(replace(left, compare=right))
        self.app.push_screen(screen)
        screen.call_after_refresh(screen.action_difference)

    def _failed(self, asked: threading.Event, error: TracerError) -> None:
        if self._opening is not asked:
            return
        self.let_go()
        from tracer.tui.screens.notice import NoticeScreen

        self.app.push_screen(NoticeScreen(_NOT_OPENED, Text(error.told("en"), error.told("ja"))))

    def let_go(self) -> None:
        """Give up opening."""
        if self._opening is not None:
            self._opening.set()
            self._opening = None
            self.compared = replace(self.compared, said=None)

    def action_let_go(self) -> None:
        if self._opening is not None:
            self.let_go()
        else:
            self.call_later(self.run_action, "app.close")


def open_step_of(run: Run, step: int, stop: threading.Event) -> Thing:
    """A step of a run, recorded."""
    return OpenedRun(run).open(step, stop)[0]


_STEP = Text(en="step {step} / {of}", ja="ステップ {step} / {of}")
_APART = Text(
    en="{left} and {right} differ from step {step} on.", ja="{left} と {right} はステップ {step} から食い違います。"
)
_SAME = Text(
    en="{left} and {right}: the same loss at every step that both have.",
    ja="{left} と {right}: 両方にあるステップでは損失がすべて同じです。",
)
_NO_DIFFERENCE = Text(
    en="Both runs measured the same loss at every step.", ja="二つの訓練の損失はどのステップでも同じです。"
)
_ONE_ENDED = Text(en="One of the two has no such step.", ja="片方にはこのステップがありません。")
_OPENING = Text(
    en="Opening step {step} of both …  (esc gives up)", ja="両方のステップ {step} を開いています…（esc で中止）"
)
_NOT_OPENED = Text(en="This step cannot be opened", ja="このステップは開けませんでした")
_BEFORE = Text(
    en="They part in the step before: step {step}. A loss is measured before the update.",
    ja="食い違いは一つ前のステップ {step} で始まっています。損失は更新の前に測られます。",
)
