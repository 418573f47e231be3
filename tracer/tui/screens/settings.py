"""What a run's screen does with other settings: it asks for them, and goes on with them or shows a new run."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from tracer.errors import TracerError
from tracer.text import Text
from tracer.tui.background import in_background
from tracer.tui.running import Running
from tracer.tui.screens.opening_step import StepOpeningScreen
from tracer.tui.screens.switches import SwitchesScreen
from tracer.tui.switching import Wish, begun, gone_on


class SettingsChangingScreen(StepOpeningScreen):
    """Follows a run whose settings can be changed on the way."""

    _switching = False
    """Whether a change is under way."""

    def action_settings(self) -> None:
        """Ask for other settings; a run under way is paused first."""
        run = self.training
        if self._switching or run.state in ("starting", "stopping"):
            self.notify(_WAIT[self.lang], markup=False)
            return
        if run.state == "running":
            run.play()
            self.show_run()
        self.app.push_screen(SwitchesScreen(run), self._asked)

    def _asked(self, wish: Wish | None) -> None:
        if wish is None:
            return
        self._switching = True
        self.view = replace(self.view, said=_BEGINS if wish.new else _GOES_ON)
        job = partial(begun if wish.new else gone_on, self.training, wish)
        in_background(self, job, partial(self._switched, wish), self._not_switched)

    def _switched(self, wish: Wish, run: Running) -> None:
        self._switching = False
        before = self.training
        before.successor = run
        self.view = replace(self.view, said=None)
        if wish.new:
            screen = type(self)(run)
            self.app.switch_screen(screen)
            screen.call_after_refresh(screen.action_play)
            return
        self.training = run
        before.close()
        self._at, self._told, self._refused = None, None, None
        run.start()
        run.play()
        self.show_run()

    def _not_switched(self, error: TracerError) -> None:
        self._switching = False
        self.view = replace(self.view, said=None)
        self.tell(_NOT_SWITCHED, error)


_WAIT = Text(en="One moment: the run is being started or saved.", ja="処理中です。少し待ってください。")
_GOES_ON = Text(en="Going on with other settings…", ja="設定を変えて続けています…")
_BEGINS = Text(en="Beginning a new run…", ja="新しい訓練を始めています…")
_NOT_SWITCHED = Text(en="The settings were not changed", ja="設定は変わりませんでした")
