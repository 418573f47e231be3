"""A training run, followed: it goes on by itself, any step of it can be looked back at, and opened and walked.

What the dashboard is made on: training, pausing, going to a step, opening one. It asks the run for its past ten times a
second; a key never waits for it. Whoever leaves a run that is under way leaves it saved.
"""

from __future__ import annotations

import os
import shlex
from abc import abstractmethod
from dataclasses import replace

from textual.reactive import reactive

from tracer.errors import TracerError
from tracer.text import LANGS, Text
from tracer.train.run import Run
from tracer.tui.background import in_background
from tracer.tui.running import Running
from tracer.tui.screens.base import AppScreen
from tracer.tui.screens.run_to import RunToScreen
from tracer.tui.widgets.training import TrainingView

STRIDES: tuple[int, ...] = (1, 10, 100)
REFRESH = 0.1
"""Seconds between two frames while it runs."""
SOON = 0.02
"""Seconds between two looks for an observation that is on its way."""


class RunScreen(AppScreen[None]):
    """Follows a run.

    Args:
        run: it has been set up, and begins now.
    """

    view: reactive[TrainingView] = reactive(None, init=False, repaint=False)  # type: ignore[arg-type]  # set before anything reads it

    def __init__(self, run: Running) -> None:
        super().__init__()
        self.training = run
        self._at: int | None = None
        """The step looked back at; None follows the newest."""
        self._told: TracerError | None = None
        """The error that was shown."""
        self._seen: tuple[int, int | None, bool] = (0, None, False)
        """Which of its observations are shown, and which one is about to come."""
        self._refused: TracerError | None = None
        """Why a step could not be observed, as it was told."""
        self._waiting = False
        """Whether one that was asked for is looked for again soon."""
        self._leaving = False
        """The run is being saved; then this screen goes."""
        self.set_reactive(
            RunScreen.view,
            TrainingView(run.setup, run.past, run.past.steps, run.state, name=run.name, data=run.data),
        )

    def on_mount(self) -> None:
        self.training.start()
        self._say_notes()
        self.set_interval(REFRESH, self.catch_up)

    def on_unmount(self) -> None:
        self.training.close()

    def leave(self) -> bool:
        """A run under way is saved first; asked once more, it is left as it is."""
        if self._leaving or not self.training.stop():
            return False
        self._leaving = True
        self.show_run()
        return True

    @abstractmethod
    def show_panels(self) -> None:
        """Another step is shown, or the run has told more."""

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
        self.look()
        error = run.error
        if error is not None and error is not self._told and self.is_current:
            self._told = error
            run.told()  # it may forget the error
            self.tell(_ENDED, error)

    def look(self) -> None:
        """Have the step that is shown observed, and show what has come."""
        observing = self.training.observing
        if self.is_current and self.is_mounted:
            self.training.watch(self.view.shown, newest=self._at is None)
        seen = observing.version, observing.awaited, observing.patient(self.view.shown)
        if seen != self._seen:
            self._seen = seen
            self.show_panels()
        refused = observing.refusal(self.view.shown)
        if refused is not None and refused is not self._refused:
            self._refused = refused
            self.notify(refused.told(self.lang), severity="warning", timeout=8, markup=False)
        if observing.awaited is not None and not self._waiting:
            self._waiting = True
            self.set_timer(SOON, self._look_again)

    def _look_again(self) -> None:
        self._waiting = False
        self.look()

    def tell(self, heading: Text, error: TracerError) -> None:
        """Say what went wrong, in a frame of its own."""
        from tracer.tui.screens.notice import NoticeScreen

        self.app.push_screen(NoticeScreen(heading, Text(error.told("en"), error.told("ja"))))

    def _say_notes(self) -> None:
        """Say what whoever trains it should know."""
        notes = self.training.setup.notes
        if notes:
            en, ja = (" ".join(note[lang] for note in notes) for lang in LANGS)
            self.notify(Text(en, ja)[self.lang], severity="warning", timeout=10, markup=False)

    def show_run(self) -> None:
        """Show the run as it is now."""
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
        self.show_panels()

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
            self.go(max(1, to))
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
            self.go(step)
        elif self._may_train():
            self._train_to(step)

    def action_first(self) -> None:
        self.go(1)

    def action_last(self) -> None:
        self._at = None
        self.show_run()

    def go(self, step: int) -> None:
        """Look back at a step."""
        self._at = step
        self.training.watch(min(step, self.training.past.steps), newest=False)
        self.show_run()
        self.look()

    def action_finer(self) -> None:
        self._stride(-1)

    def action_coarser(self) -> None:
        self._stride(1)

    def _stride(self, n: int) -> None:
        at = min(max(STRIDES.index(self.view.stride) + n, 0), len(STRIDES) - 1)
        self.view = replace(self.view, stride=STRIDES[at])

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
        self.tell(_NOT_COMPARED, error)

    def action_copy(self) -> None:
        """Put a command on the clipboard that opens the step shown."""
        command = shlex.join(self.training.words(max(1, self.view.shown)))
        self.app.copy_to_clipboard(command)
        self.notify(_COPIED.format(command=command)[self.lang], markup=False)


_ENDED = Text(en="The training ended early", ja="訓練が途中で終わりました")
_NOT_COMPARED = Text(en="These runs cannot be compared", ja="この二つは比べられませんでした")
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
