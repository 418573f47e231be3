"""A training run, watched: it goes on by itself, any step of it can be looked back at, and opened and walked.

The screen asks the run for its past ten times a second; a key never waits for it.
"""

from __future__ import annotations

import shlex
import threading
from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.reactive import reactive

from tracer.errors import TracerError
from tracer.lessons.runner import Thing
from tracer.text import Text
from tracer.tui.background import in_background
from tracer.tui.keys import Place, bindings
from tracer.tui.running import Running
from tracer.tui.screens.base import AppScreen
from tracer.tui.widgets.keybar import KeyBar
from tracer.tui.widgets.training import (
    BoundaryPanel,
    LossPanel,
    NumbersPanel,
    State,
    TrainingHeader,
    TrainingPanel,
    TrainingView,
)

ALL_WIDTH, ALL_HEIGHT = 100, 28
"""From this size on, all panels stand side by side."""
TABS: tuple[str, ...] = ("loss", "boundary", "numbers")
"""Panels that share one place on a small terminal, in the order of `tab`."""
STRIDES: tuple[int, ...] = (1, 10, 100)
REFRESH = 0.1
"""Seconds between two frames while it runs."""


class TrainingScreen(AppScreen[None]):
    """Shows a run.

    Args:
        run: it has been set up, and begins now.
    """

    DEFAULT_CSS = """
    TrainingScreen { layout: grid; grid-size: 1; grid-rows: 1 1fr; }
    TrainingScreen.-too-small { layout: vertical; }
    TrainingScreen .-behind { display: none; }
    TrainingScreen.-all { grid-size: 2; grid-columns: 55fr 45fr; grid-rows: 1 1fr 13; }
    TrainingScreen.-all #header { column-span: 2; }
    TrainingScreen.-all #boundary { row-span: 2; }
    """
    PLACES: ClassVar[tuple[Place, ...]] = ("training",)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("training"), Binding("escape", "let_go", show=False)]
    AUTO_FOCUS = ""

    view: reactive[TrainingView] = reactive(None, init=False, repaint=False)  # type: ignore[arg-type]  # set before anything reads it
    tab: reactive[str] = reactive("loss", init=False, repaint=False)
    """The panel that is shown where there is room for one."""

    def __init__(self, run: Running) -> None:
        super().__init__()
        self.training = run
        self._at: int | None = None
        """The step looked back at; None follows the newest."""
        self._opening: threading.Event | None = None
        """Set it to give up opening a step."""
        self._told = False
        self.set_reactive(TrainingScreen.view, TrainingView(run.setup, run.past, 0, "running"))

    def compose(self) -> ComposeResult:
        yield TrainingHeader(id="header").data_bind(AppScreen.lang, run_view=TrainingScreen.view)
        yield LossPanel(id="loss").data_bind(AppScreen.lang, run_view=TrainingScreen.view)
        yield BoundaryPanel(id="boundary").data_bind(AppScreen.lang, run_view=TrainingScreen.view)
        yield NumbersPanel(id="numbers").data_bind(AppScreen.lang, run_view=TrainingScreen.view)
        yield KeyBar("training").data_bind(AppScreen.lang)

    def on_mount(self) -> None:
        self.place_panels(self.app.size)
        self.training.start()
        self.set_interval(REFRESH, self.catch_up)

    def on_unmount(self) -> None:
        if self._opening is not None:
            self._opening.set()

    # What is shown

    def catch_up(self) -> None:
        """Show what the run has told meanwhile."""
        past, state = self.training.past, self._state()
        if past is not self.view.past or state != self.view.state:
            self.show_run()
        if self.training.error is not None and not self._told and self.is_current:
            self._told = True
            from tracer.tui.screens.notice import NoticeScreen

            error = self.training.error
            words = Text(error.told("en"), error.told("ja"))
            self.app.push_screen(NoticeScreen(_ENDED, words))

    def show_run(self) -> None:
        """Draw the run as it is now."""
        past = self.training.past
        shown = past.steps if self._at is None else min(self._at, past.steps)
        self.view = replace(self.view, past=past, shown=shown, state=self._state())

    def _state(self) -> State:
        run = self.training
        if run.error is not None or run.past.trouble == "not finite":
            return "failed"
        if run.done:
            return "done"
        return "failed" if run.ended else "paused" if run.paused else "running"

    def on_resize(self, event: events.Resize) -> None:
        self.place_panels(event.size)

    def place_panels(self, size: Size) -> None:
        """All panels where there is room, else the one that is looked at."""
        everything = size.width >= ALL_WIDTH and size.height >= ALL_HEIGHT
        self.set_class(everything, "-all")
        for name in TABS:
            panel = self.query_one(f"#{name}", TrainingPanel)
            panel.set_class(not everything and name != self.tab, "-behind")
            heading = panel.HEADING[self.lang]
            panel.heading = "" if everything else f"{heading}  {TABS.index(name) + 1}/{len(TABS)}  (tab)"

    def watch_tab(self) -> None:
        self.place_panels(self.app.size)

    def watch_lang(self) -> None:
        if self.is_mounted:
            self.place_panels(self.app.size)

    def action_panel(self, n: int) -> None:
        if self.has_class("-all"):
            (self.focus_next if n > 0 else self.focus_previous)()
        else:
            self.tab = TABS[(TABS.index(self.tab) + n) % len(TABS)]

    # Training, and looking back

    def action_play(self) -> None:
        """Run, or pause. Where the run is over, there is nothing to run."""
        if self._state() in ("done", "failed"):
            self.notify(_OVER[self.lang], markup=False)
            return
        self.training.play()
        self._at = None
        self.show_run()

    def action_step(self, n: int) -> None:
        """Go so many strides; beyond the newest step, take them."""
        newest = self.training.past.steps
        to = self.view.shown + n * self.view.stride
        if to <= newest:
            self._go(max(1, to))
        elif self._state() in ("done", "failed"):
            self._go(newest) if self.view.shown < newest else self.notify(_OVER[self.lang], markup=False)
        elif self.training.paused or self.view.shown == newest:
            self._at = None
            for _ in range(to - newest):
                self.training.step()
            self.show_run()

    def action_first(self) -> None:
        self._go(1)

    def action_last(self) -> None:
        self._at = None
        self.show_run()

    def _go(self, step: int) -> None:
        self._at = step
        self.show_run()

    def action_finer(self) -> None:
        self._stride(-1)

    def action_coarser(self) -> None:
        self._stride(1)

    def _stride(self, n: int) -> None:
        at = min(max(STRIDES.index(self.view.stride) + n, 0), len(STRIDES) - 1)
        self.view = replace(self.view, stride=STRIDES[at])

    def on_loss_panel_scrubbed(self, message: LossPanel.Scrubbed) -> None:
        self._go(message.step)

    # Opening a step

    def action_open_step(self) -> None:
        """Record the step shown in a process of its own, and walk it."""
        step = self.view.shown
        if not step:
            self.notify(_NOTHING[self.lang], markup=False)
        elif self._opening is None:
            self._at = step
            self._opening = threading.Event()
            self.view = replace(self.view, said=_OPENING.format(step=f"{step:,}"))
            job = partial(self.training.open, step, self._opening)
            in_background(self, job, partial(self._opened, self._opening), partial(self._not_opened, self._opening))

    def _opened(self, asked: threading.Event, found: tuple[Thing, bool]) -> None:
        thing, same = found
        if self._opening is not asked:
            return  # given up meanwhile
        self._opening = None
        self.view = replace(self.view, said=None if same else _NOT_SAME)
        from tracer.tui.screens.stepper import StepperScreen

        self.app.push_screen(StepperScreen(thing))

    def _not_opened(self, asked: threading.Event, error: TracerError) -> None:
        if self._opening is not asked:
            return
        self._opening = None
        self.view = replace(self.view, said=None)
        from tracer.tui.screens.notice import NoticeScreen

        self.app.push_screen(NoticeScreen(_NOT_OPENED, Text(error.told("en"), error.told("ja"))))

    def action_let_go(self) -> None:
        """Give up opening a step; else follow the newest step again."""
        if self._opening is not None:
            self._opening.set()
            self._opening = None
            self.view = replace(self.view, said=None)
        else:
            self.action_last()

    def action_copy(self) -> None:
        """Put a command on the clipboard that opens the step shown."""
        command = shlex.join([*self.training.typed, "--open", str(max(1, self.view.shown))])
        self.app.copy_to_clipboard(command)
        self.notify(_COPIED.format(command=command)[self.lang], markup=False)


_ENDED = Text(en="The training ended early", ja="訓練が途中で終わりました")
_NOT_OPENED = Text(en="This step cannot be opened", ja="このステップは開けませんでした")
_OPENING = Text(en="Opening step {step} …  (esc gives up)", ja="ステップ {step} を開いています…（esc で中止）")
_NOT_SAME = Text(
    en="✗ Taken once more, this step gave another loss: its seed does not decide all that is random in the program.",
    ja="✗ このステップをやり直すと損失が変わりました。シードで決まらない乱数がプログラムにあります。",
)
_NOTHING = Text(en="No step has been taken yet.", ja="まだ 1 ステップも進んでいません。")
_OVER = Text(
    en="The run is over. ← looks back, enter opens a step.",
    ja="訓練は終わりました。← で振り返り、enter でステップを開きます。",
)
_COPIED = Text(en="Copied: {command}", ja="コピーしました: {command}")
