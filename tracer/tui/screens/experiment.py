"""An experiment before it is done: what it asks, what it does, what to look at; `enter` trains it and compares.

The runs are trained in processes of their own, two at a time. Leaving stops them with checkpoints, and they are gone on
with next time.
"""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tracer.errors import TracerError
from tracer.lessons.experiment import Experiment
from tracer.scene.prose import Prose
from tracer.text import Lang, Text
from tracer.train.run import Run
from tracer.train.together import Together
from tracer.tui.background import in_background
from tracer.tui.experiments import Arm, arms_of
from tracer.tui.screens.base import AppScreen
from tracer.tui.widgets.keybar import KeyLine

LOOK = 0.2
"""Seconds between two looks at how far the runs are."""
BAR = 20
"""Cells of a run's bar."""


class ExperimentScreen(AppScreen[None]):
    """Asks, trains, and hands over to the comparison.

    Args:
        experiment: one of ours.
    """

    DEFAULT_CSS = """
    ExperimentScreen { layout: vertical; }
    #experiment { height: 1fr; border: round $border; border-title-color: $accent; padding: 1 2; }
    #experiment-arms { margin-top: 1; }
    """
    COMES_BACK = True
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "begin", show=False)]

    def __init__(self, experiment: Experiment) -> None:
        super().__init__()
        self.experiment = experiment
        self._arms: tuple[Arm, ...] = ()
        self._missing: list[Arm] = []
        self._together: Together | None = None

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="experiment"):
            yield Static(id="experiment-words", markup=False)
            yield Static(id="experiment-arms", markup=False)
        yield KeyLine(_KEYS).data_bind(AppScreen.lang)

    def on_mount(self) -> None:
        self._write()
        self.set_interval(LOOK, self._look)

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self._find()

    def on_unmount(self) -> None:
        if self._together is not None:
            self._together.stop()

    def watch_lang(self, lang: Lang) -> None:
        if self.is_mounted:
            self._write()

    def _write(self) -> None:
        """What it asks, in the present language."""
        found, lang = self.experiment, self.lang
        self.query_one("#experiment").border_title = Content(found.title[lang])
        parts = [found.question[lang], found.explanation[lang], f"{_LOOK_AT[lang]}{found.look[lang]}"]
        self.query_one("#experiment-words", Static).update(Prose("\n\n".join(part for part in parts if part)))
        self._look()

    def _find(self) -> None:
        """Which runs are there already."""
        if self._together is None:
            try:
                self._arms = arms_of(self.experiment)
            except TracerError as error:
                self._failed(error)
        self._look()

    def _look(self) -> None:
        lang, lines = self.lang, []
        going = dict(zip(self._missing, self._together.going, strict=True)) if self._together is not None else {}
        names = max((cell_len(arm.variant.title[lang]) for arm in self._arms), default=0)
        for arm in self._arms:
            now = going.get(arm)
            whole = arm.place.whole if now is None else now.ended
            taken = arm.place.taken if now is None else now.taken
            steps = arm.place.job.steps or 0
            full = BAR if whole else round(BAR * min(1.0, taken / max(1, steps)))
            title = arm.variant.title[lang]
            loss = "" if now is None or now.loss is None else f"   loss {now.loss:.4g}"
            count = f"{taken:,}/{steps:,}" if taken or now is not None else ""
            mark = "✓" if whole else "▸" if taken else " "
            lines.append(
                f"{mark} {title}{' ' * (names - cell_len(title))}  {'━' * full}{'·' * (BAR - full)}  {count}{loss}"
            )
        self.query_one("#experiment-arms", Static).update("\n".join(lines))

    def action_begin(self) -> None:
        """Train what is missing, then compare."""
        if self._together is not None or not self._arms:
            return
        self._missing = [arm for arm in self._arms if not arm.place.whole]
        if not self._missing:
            self._compare()
            return
        self._together = Together([arm.place.job for arm in self._missing])
        in_background(self, self._together.train, self._trained, self._failed)

    def _trained(self, whole: bool) -> None:
        self._together = None
        self._missing = []
        self._find()
        if whole and all(arm.place.taken for arm in self._arms):
            self._compare()

    def _failed(self, error: TracerError) -> None:
        self._together = None
        self._missing = []
        from tracer.tui.screens.notice import NoticeScreen

        self.app.push_screen(NoticeScreen(_NOT_TRAINED, Text(error.told("en"), error.told("ja"))))

    def _compare(self) -> None:
        from tracer.tui.screens.compare import CompareScreen

        runs = [Run.open(arm.place.folder) for arm in self._arms]
        names = [arm.variant.title for arm in self._arms]
        self.app.push_screen(CompareScreen(runs, names=names, experiment=self.experiment))


_KEYS = Text(
    en="enter  train and compare   esc  back (what was trained is kept)",
    ja="enter  訓練して比べる   esc  戻る（訓練した分は残ります）",
)
_LOOK_AT = Text("Look at: ", "見るところ：")
_NOT_TRAINED = Text("This experiment cannot be trained", "この実験は訓練できませんでした")
