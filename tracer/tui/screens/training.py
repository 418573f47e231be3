"""A training run, watched: it goes on by itself, any step of it can be looked back at, and opened and walked.

The same screen shows a run out of its folder: one that is over, one that was interrupted, one that another process
trains now. It asks the run for its past ten times a second; a key never waits for it. Whoever leaves a run that is
under way leaves it saved.
"""

from __future__ import annotations

import os
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
from tracer.text import LANGS, Text
from tracer.trace.why import Why
from tracer.train.culprit import culprit
from tracer.train.report import Setup
from tracer.train.run import Run
from tracer.tui.background import in_background
from tracer.tui.keys import Place, bindings
from tracer.tui.running import Running
from tracer.tui.screens.base import AppScreen
from tracer.tui.screens.run_to import RunToScreen
from tracer.tui.widgets.keybar import KeyBar
from tracer.tui.widgets.training import BoundaryPanel, LossPanel, SamplesPanel, TrainingPanel, TrainingView
from tracer.tui.widgets.training_header import TrainingHeader
from tracer.tui.widgets.training_numbers import NumbersPanel

ALL_WIDTH, ALL_HEIGHT = 100, 28
"""From this size on, all panels stand side by side."""
PANELS: dict[str, type[TrainingPanel]] = {
    "loss": LossPanel,
    "boundary": BoundaryPanel,
    "samples": SamplesPanel,
    "numbers": NumbersPanel,
}
"""What there is to show of a run, by the panel's id."""
STRIDES: tuple[int, ...] = (1, 10, 100)
REFRESH = 0.1
"""Seconds between two frames while it runs."""


def tabs_of(setup: Setup) -> tuple[str, ...]:
    """The panels of a run: what a model of texts writes, of any other its decision boundary."""
    return "loss", "samples" if setup.symbols else "boundary", "numbers"


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
    TrainingScreen.-all #boundary, TrainingScreen.-all #samples { row-span: 2; }
    """
    PLACES: ClassVar[tuple[Place, ...]] = ("training",)
    COMES_BACK = True
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
        self._told: TracerError | None = None
        """The error that was shown."""
        self._leaving = False
        """The run is being saved; then this screen goes."""
        self.tabs = tabs_of(run.setup)
        """Panels that share one place on a small terminal, in the order of `tab`."""
        self.set_reactive(
            TrainingScreen.view,
            TrainingView(run.setup, run.past, run.past.steps, run.state, name=run.name, data=run.data),
        )

    def compose(self) -> ComposeResult:
        yield TrainingHeader(id="header").data_bind(AppScreen.lang, run_view=TrainingScreen.view)
        for name in self.tabs:
            yield PANELS[name](id=name).data_bind(AppScreen.lang, run_view=TrainingScreen.view)
        yield KeyBar("training").data_bind(AppScreen.lang)

    def on_mount(self) -> None:
        self.place_panels(self.app.size)
        self.training.start()
        self._say_notes()
        self.set_interval(REFRESH, self.catch_up)

    def on_unmount(self) -> None:
        if self._opening is not None:
            self._opening.set()
        self.training.close()

    def leave(self) -> bool:
        """A run under way is saved first; asked once more, it is left as it is."""
        if self._leaving or not self.training.stop():
            return False
        self._leaving = True
        self.show_run()
        return True

    # What is shown

    def catch_up(self) -> None:
        """Show what the run has told meanwhile."""
        run = self.training
        run.arrived()
        if self._leaving and run.state != "stopping" and self.is_current:
            self.call_later(self.run_action, "app.back")  # it is saved
            return
        if run.setup is not self.view.setup:
            self._say_notes()
        view = self.view
        if (run.past, run.state, run.setup, run.unsaved) != (view.past, view.state, view.setup, view.unsaved):
            self.show_run()
        if run.error is not None and run.error is not self._told and self.is_current:
            self._told = run.error
            from tracer.tui.screens.notice import NoticeScreen

            words = Text(run.error.told("en"), run.error.told("ja"))
            run.told()
            self.app.push_screen(NoticeScreen(_ENDED, words))

    def _say_notes(self) -> None:
        """Say what whoever trains it should know."""
        notes = self.training.setup.notes
        if notes:
            en, ja = (" ".join(note[lang] for note in notes) for lang in LANGS)
            self.notify(Text(en, ja)[self.lang], severity="warning", timeout=10, markup=False)

    def show_run(self) -> None:
        """Draw the run as it is now."""
        run = self.training
        past = run.past
        shown = past.steps if self._at is None else min(self._at, past.steps)
        self.view = replace(
            self.view,
            setup=run.setup,
            past=past,
            shown=shown,
            state=run.state,
            name=run.name,
            data=run.data,
            unsaved=run.unsaved,
        )

    def on_resize(self, event: events.Resize) -> None:
        self.place_panels(event.size)

    def place_panels(self, size: Size) -> None:
        """All panels where there is room, else the one that is looked at."""
        everything = size.width >= ALL_WIDTH and size.height >= ALL_HEIGHT
        self.set_class(everything, "-all")
        for name in self.tabs:
            panel = self.query_one(f"#{name}", TrainingPanel)
            panel.set_class(not everything and name != self.tab, "-behind")
            heading = panel.HEADING[self.lang]
            panel.heading = "" if everything else f"{heading}  {self.tabs.index(name) + 1}/{len(self.tabs)}  (tab)"

    def watch_tab(self) -> None:
        self.place_panels(self.app.size)

    def watch_lang(self) -> None:
        if self.is_mounted:
            self.place_panels(self.app.size)

    def action_panel(self, n: int) -> None:
        if self.has_class("-all"):
            (self.focus_next if n > 0 else self.focus_previous)()
        else:
            self.tab = self.tabs[(self.tabs.index(self.tab) + n) % len(self.tabs)]

    # Training, and looking back

    def action_play(self) -> None:
        """Run, or pause; what was interrupted is gone on with. Where the run is over, there is nothing to run."""
        if self._may_train():
            if self.training.state == "resting":
                self.notify(_GOES_ON.format(step=f"{self.view.past.steps:,}")[self.lang], markup=False)
            self.training.play()
            self._at = None
            self.show_run()

    def _may_train(self) -> bool:
        """Whether more steps can be taken here; else say why not."""
        state = self.training.state
        if state in ("running", "paused", "resting"):
            return True
        words = {"followed": _FOLLOWED, "starting": _STARTING, "stopping": _SAVING}.get(state, _OVER)
        if state == "done" and self.training.resume:  # what can be typed stays longer
            command = f"{self.training.resume} --steps {2 * self.view.setup.steps}"
            self.notify(_ALL_TAKEN.format(command=command)[self.lang], timeout=10, markup=False)
        else:
            self.notify(words[self.lang], markup=False)
        return False

    def action_step(self, n: int) -> None:
        """Go so many strides; beyond the newest step, take them."""
        newest = self.training.past.steps
        to = self.view.shown + n * self.view.stride
        state = self.training.state
        if to <= newest:
            self._go(max(1, to))
        elif self.view.shown < newest and state not in ("paused", "resting"):
            self.action_last()
        elif state == "running" or self._may_train():
            self._train_to(to)

    def _train_to(self, step: int) -> None:
        """Take the steps up to this one, then stand still."""
        self._at = None
        run, newest = self.training, self.training.past.steps
        step = min(step, run.setup.steps)
        run.to(step) if step > newest + 1 else run.step()
        self.show_run()

    def action_go_to(self) -> None:
        """Go to a step by its number, taken or to come."""
        run, trains = self.training, self.training.state in ("running", "paused", "resting")
        resume = "" if run.past.stopped else run.resume
        screen = RunToScreen(self.view.shown, run.past.steps, run.setup.steps, trains=trains, resume=resume)
        self.app.push_screen(screen, self._go_to)

    def _go_to(self, step: int | None) -> None:
        if step is None:
            return
        if step <= self.training.past.steps:
            self._go(step)
        elif self._may_train():
            self._train_to(step)

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
            job = partial(self._open, step, self._opening)
            in_background(self, job, partial(self._opened, self._opening), partial(self._not_opened, self._opening))

    def _open(self, step: int, stop: threading.Event) -> tuple[Thing, bool, Why | None]:
        """The step; whether it measured what it did in training; and what spoilt it, if something did."""
        thing, same = self.training.open(step, stop)
        past = self.training.past
        return thing, same, culprit(thing.trace) if past.stopped and step == past.steps else None

    def _opened(self, asked: threading.Event, found: tuple[Thing, bool, Why | None]) -> None:
        thing, same, why = found
        if self._opening is not asked:
            return  # given up meanwhile
        self._opening = None
        self.view = replace(self.view, said=None if same else _NOT_SAME)
        from tracer.tui.screens.stepper import StepperScreen

        if why is None:
            self.app.push_screen(StepperScreen(thing))
        else:
            stepper = StepperScreen(thing, at=why.position)
            self.app.push_screen(stepper)
            stepper.call_after_refresh(stepper.ask_why, why.at.node, why.at.element)

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

    # Beside another run

    def is_of(self, path: str) -> bool:
        """Whether this is the run in a folder."""
        folder = self.training.setup.folder
        return not folder or os.path.abspath(path) == os.path.abspath(folder)

    def compare_with(self, path: str) -> None:
        """Lay the run in another folder over this one, as both are now."""
        folders = self.training.setup.folder, path
        in_background(self, lambda: [Run.open(folder) for folder in folders], self._compared, self._not_compared)

    def _compared(self, runs: list[Run]) -> None:
        from tracer.tui.screens.compare import CompareScreen

        self.app.push_screen(CompareScreen(runs))

    def _not_compared(self, error: TracerError) -> None:
        from tracer.tui.screens.notice import NoticeScreen

        self.app.push_screen(NoticeScreen(_NOT_COMPARED, Text(error.told("en"), error.told("ja"))))

    def action_copy(self) -> None:
        """Put a command on the clipboard that opens the step shown."""
        command = shlex.join(self.training.words(max(1, self.view.shown)))
        self.app.copy_to_clipboard(command)
        self.notify(_COPIED.format(command=command)[self.lang], markup=False)


_ENDED = Text(en="The training ended early", ja="訓練が途中で終わりました")
_NOT_OPENED = Text(en="This step cannot be opened", ja="このステップは開けませんでした")
_NOT_COMPARED = Text(en="These runs cannot be compared", ja="この二つは比べられませんでした")
_OPENING = Text(en="Opening step {step} …  (esc gives up)", ja="ステップ {step} を開いています…（esc で中止）")
_NOT_SAME = Text(
    en="✗ Taken once more, this step gave another loss: its seed does not decide all that is random in the program.",
    ja="✗ このステップをやり直すと損失が変わりました。シードで決まらない乱数がプログラムにあります。",
)
_NOTHING = Text(en="No step has been taken yet.", ja="まだ 1 ステップも進んでいません。")
_GOES_ON = Text(
    en="Training goes on after step {step}, from the last checkpoint.",
    ja="最後のチェックポイントから、ステップ {step} の続きを訓練します。",
)
_FOLLOWED = Text(
    en="Another process trains this run; here it is only watched.",
    ja="この訓練は別のプロセスで進行中です。ここでは見ることだけできます。",
)
_STARTING = Text(en="Training is being started…", ja="訓練を再開しているところです…")
_SAVING = Text(en="The run is being saved…  (q leaves at once)", ja="保存しています…（q ですぐに終了）")
_OVER = Text(
    en="The run is over. ← looks back, enter opens a step.",
    ja="訓練は終わりました。← で振り返り、enter でステップを開きます。",
)
_ALL_TAKEN = Text(
    en="The run is over: every step is taken. To train further: {command}",
    ja="訓練は終わりました（全ステップ完了）。続きを訓練するには {command}",
)
_COPIED = Text(en="Copied: {command}", ja="コピーしました: {command}")
