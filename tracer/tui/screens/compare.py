"""Several training runs over each other: losses, gradients by depth, what is read of them, and where they part.

`enter` records the step shown of two of them, and walks both in lockstep from the first node that differs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.geometry import Size
from textual.reactive import reactive

from tracer.errors import TracerError
from tracer.lessons.experiment import Experiment
from tracer.lessons.runner import Thing
from tracer.text import Text
from tracer.trace.difference import Difference
from tracer.train.apart import TWO_ENGINES, first_apart, two_engines
from tracer.train.run import Run
from tracer.tui.background import in_background
from tracer.tui.keys import Place, bindings
from tracer.tui.opened_run import OpenedRun
from tracer.tui.screens.base import AppScreen
from tracer.tui.screens.run_to import RunToScreen
from tracer.tui.widgets.compared import (
    Compared,
    ComparedHeader,
    CurvesPanel,
    DepthsPanel,
    Entrants,
    LegendPanel,
    Showing,
)
from tracer.tui.widgets.keybar import KeyBar

STRIDES: tuple[int, ...] = (1, 10, 100)
SIDE_BY_SIDE = 160
"""From this width on, losses and gradients by depth stand side by side."""
ROOMY = 36
"""From this height on, what is read of every run has room."""
Opener = Callable[[Run, int, threading.Event], Thing]


class CompareScreen(AppScreen[None]):
    """Shows several runs.

    Args:
        runs: two at least.
        names: what they are called; each by its own name if None.
        experiment: what they answer: its title stands above, its question and answer can be read.
        opener: records a step of a run.
    """

    DEFAULT_CSS = """
    CompareScreen { layout: vertical; }
    #compared { height: 1fr; }
    #compared CurvesPanel, #compared DepthsPanel { width: 1fr; height: 1fr; }
    """
    PLACES: ClassVar[tuple[Place, ...]] = ("compare",)
    COMES_BACK = True
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("compare"), Binding("escape", "let_go", show=False)]
    AUTO_FOCUS = ""

    compared: reactive[Compared] = reactive(None, init=False, repaint=False)  # type: ignore[arg-type]  # set at once

    def __init__(
        self,
        runs: Sequence[Run],
        *,
        names: Sequence[Text] | None = None,
        experiment: Experiment | None = None,
        opener: Opener | None = None,
    ) -> None:
        super().__init__()
        assert len(runs) > 1, "two runs are needed"
        self._open_step = opener or open_step_of
        self._opening: threading.Event | None = None
        first = Compared(Entrants.of(runs, names, experiment), 0)
        begin = first.steps if experiment is not None else first.apart or first.steps
        self.set_reactive(CompareScreen.compared, replace(first, shown=begin, showing=self._usual(self.app.size)))

    def compose(self) -> ComposeResult:
        yield ComparedHeader(id="header").data_bind(AppScreen.lang, CompareScreen.compared)
        with Horizontal(id="compared"):
            for panel in (CurvesPanel(id="curves"), DepthsPanel(id="depths")):
                yield panel.data_bind(AppScreen.lang, CompareScreen.compared)
        yield LegendPanel(id="legend").data_bind(AppScreen.lang, CompareScreen.compared)
        yield KeyBar("compare").data_bind(AppScreen.lang)

    def on_mount(self) -> None:
        self._arrange(self.app.size)

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        if self._usual(event.size) == "loss" and self.compared.showing == "both":
            self.compared = replace(self.compared, showing="loss")
        self._arrange(event.size)

    @staticmethod
    def _usual(size: Size) -> Showing:
        return "both" if size.width >= SIDE_BY_SIDE else "loss"

    def _arrange(self, size: Size) -> None:
        """Which of the two panels are there, and how much room the legend has."""
        count = len(self.compared.runs)
        wanted = count + 1 + (count if size.height >= ROOMY else 1)
        self.query_one("#legend").styles.height = 2 + max(3, min(wanted, size.height - 15))
        for name, other in (("#curves", "depth"), ("#depths", "loss")):
            self.query_one(name).display = self.compared.showing != other

    def texts(self) -> tuple[tuple[Text, Text], ...]:
        found = self.compared.entrants.experiment
        asked = () if found is None else ((_QUESTION, found.question), (_DONE, found.explanation), (_LOOK, found.look))
        return (*((title, words) for title, words in asked if words.en), (_DEPTH, _ABOUT_DEPTH))

    def action_values_or_gradients(self) -> None:
        """Losses or gradients by depth; both where there is room."""
        order: tuple[Showing, ...] = ("loss", "depth")
        if self._usual(self.app.size) == "both":
            order = ("both", "loss", "depth")
        now = self.compared.showing
        at = order.index(now) if now in order else 0
        self.compared = replace(self.compared, showing=order[(at + 1) % len(order)])
        self._arrange(self.app.size)

    def action_why(self) -> None:
        """What the experiment asks, and its answer; of other runs, what is read of the one looked at."""
        from tracer.tui.screens.notice import NoticeScreen

        found, lines = self.compared.entrants.experiment, []
        if found is not None:
            parts = ((None, found.question), (_DONE, found.explanation), (_LOOK, found.look), (_ANSWER, found.answer))
            lines = [_headed(title, words) for title, words in parts if words.en]
            heading = found.title
        else:
            heading = self.compared.entrants.names[self.compared.marked]
            readings = self.compared.entrants.readings(self.compared.marked, self.compared.shown)
            lines = [
                _headed(None, words) for one in readings for words in (one.says, one.evidence, one.advice) if words.en
            ]
        words = Text("\n\n".join(one.en for one in lines), "\n\n".join(one.ja for one in lines))
        self.app.push_screen(NoticeScreen(heading, words))

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
        if two_engines(*runs):
            words = TWO_ENGINES.format(left=runs[0].engine, right=runs[1].engine)
            self.notify(words[self.lang], markup=False, timeout=10)
        elif not 1 <= shown <= min(len(run.history.losses) for run in runs):
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


def _headed(title: Text | None, words: Text) -> Text:
    return words if title is None else Text(f"{title.en}\n{words.en}", f"{title.ja}\n{words.ja}")


def open_step_of(run: Run, step: int, stop: threading.Event) -> Thing:
    """A step of a run, recorded."""
    return OpenedRun(run).open(step, stop)[0]


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
_QUESTION, _DONE = Text("The question", "問い"), Text("What is done", "何をするか")
_LOOK, _ANSWER = Text("What to look at", "どこを見るか"), Text("Answer", "答え")
_DEPTH = Text("Gradient norm by depth", "層ごとの勾配ノルム")
_ABOUT_DEPTH = Text(
    "Each line is a run: the L2 norm of dL/d residual stream at every stage, the mean over positions. The gradient "
    "sets out at the right, at the loss, and goes back to the embedding at the left; runs of different depth are "
    "aligned at the loss. A level line hands it on whole, a falling one lets it vanish, one that climbs to the left "
    "lets it explode. It is of the last step up to the one shown at which the run's log keeps it.",
    "線の一本一本が訓練です。残差ストリームの各段での dL/d の L2 ノルム（位置について平均）を表します。"
    "勾配は右端の損失を出発し、左端の埋め込みへさかのぼります。層の数が違う訓練は、損失の側でそろえてあります。"
    "水平なら勾配はそのまま届き、左へ下がれば消失し、左へ上がれば爆発しています。"
    "表示中のステップまでに、ログに記録された最後のステップの値です。",
)
