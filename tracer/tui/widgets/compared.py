"""What is on screen where training runs are compared: their losses, their gradients by depth, what is read of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from rich.text import Text as RichText
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tracer.lessons.experiment import Experiment
from tracer.scene.palette import Role
from tracer.scene.run_curves import SIGNS, Curve, RunCurves, legend
from tracer.scene.run_depths import Depth, RunDepths
from tracer.text import Lang, Text, clean
from tracer.train.apart import first_apart, told_apart
from tracer.train.compared import by_depth, has_stream
from tracer.train.diagnosis import Reading, diagnose, foremost
from tracer.train.run import Run
from tracer.tui.widgets.header import LANGUAGES
from tracer.tui.widgets.panel import Panel
from tracer.tui.widgets.scrubbing import Scrubbing

Showing = Literal["both", "loss", "depth"]


@dataclass(frozen=True, eq=False)
class Entrants:
    """The runs, and what does not depend on the step shown."""

    runs: tuple[Run, ...]
    names: tuple[Text, ...]
    experiment: Experiment | None = None
    """What they answer, if that is known."""
    curves: tuple[Curve, ...] = ()
    _read: dict[tuple[int, int], tuple[Reading, ...]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, runs: Sequence[Run], names: Sequence[Text] | None = None, experiment: Experiment | None = None
    ) -> Entrants:
        """The runs under their own names, or those of an experiment's variants."""
        called = tuple(names or (Text.same(run.name) for run in runs))
        told = told_apart(runs)
        curves = tuple(
            Curve(run.name, run.history.losses, run.history.smoothed, words)
            for run, words in zip(runs, told, strict=True)
        )
        return cls(tuple(runs), called, experiment, curves)

    def in_words(self, lang: Lang) -> tuple[Curve, ...]:
        """The curves under the names of a language."""
        return tuple(replace(one, name=name[lang]) for one, name in zip(self.curves, self.names, strict=True))

    def readings(self, k: int, shown: int) -> tuple[Reading, ...]:
        """What is read of a run at a step; each is worked out once."""
        if (k, shown) not in self._read:
            run = self.runs[k]
            self._read[k, shown] = diagnose(run.history, shown, run.setup.settings_at(shown))
        return self._read[k, shown]


@dataclass(frozen=True, eq=False)
class Compared:
    """Runs on screen."""

    entrants: Entrants
    shown: int
    """The step that the numbers are about; 0 where there is none."""
    marked: int = 1
    """The run that is compared with the first."""
    stride: int = 1
    said: Text | None = None
    """What is under way."""
    showing: Showing = "loss"

    @property
    def runs(self) -> tuple[Run, ...]:
        return self.entrants.runs

    @property
    def curves(self) -> tuple[Curve, ...]:
        return self.entrants.curves

    @property
    def steps(self) -> int:
        """Of the longest."""
        return max(len(curve.losses) for curve in self.curves)

    @property
    def apart(self) -> int | None:
        """The first step at which the two runs that are looked at differ."""
        return first_apart(self.curves[0].losses, self.curves[self.marked].losses)

    @property
    def depths(self) -> tuple[tuple[Depth, ...], int, bool]:
        """Each run's gradient by depth as it was last seen; of which step the latest is; whether there is a stream."""
        seen = [run.history.signals_at(self.shown) for run in self.runs]
        found = [
            Depth(curve.name, {} if one is None else by_depth(one[1]))
            for curve, one in zip(self.curves, seen, strict=True)
        ]
        known = [one for one in seen if one is not None]
        return tuple(found), max((step for step, _ in known), default=0), any(has_stream(one) for _, one in known)

    def tested(self, k: int) -> float | None:
        """A run's last loss on held-out texts."""
        found = self.runs[k].history.eval_at(self.shown)
        return None if found is None else found[1]


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
    _curves: RunCurves | None = None

    class Scrubbed(Message):
        """The user pointed at a step."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def draw(self, compared: Compared, size: Size) -> list[Strip]:
        self._curves = RunCurves(
            compared.curves, compared.shown, self.lang, self.palette, size.width, size.height, compared.marked
        )
        return self.strips(self._curves.lines(), size.width)

    def scrub(self, column: int) -> None:
        step = self._curves.step_at(column) if self._curves is not None else 0
        if step:
            self.post_message(self.Scrubbed(step))


class DepthsPanel(ComparedPanel):
    """The gradient from layer to layer at the step shown."""

    HEADING = Text(en="Gradient norm by depth", ja="層ごとの勾配ノルム")

    def draw(self, compared: Compared, size: Size) -> list[Strip]:
        depths, step, stream = compared.depths
        if step:
            of = _OF_STEP.format(step=f"{step:,}")[self.lang] if step != compared.shown else ""
            self.say_below(of)
        found = RunDepths(depths, self.lang, self.palette, size.width, size.height, compared.marked, stream)
        return self.strips(found.lines(), size.width)


class LegendPanel(ComparedPanel):
    """Which run is which, where they part, and what is read of their gradients."""

    HEADING = Text(en="Runs", ja="訓練の記録")

    def draw(self, compared: Compared, size: Size) -> list[Strip]:
        entrants, lang = compared.entrants, self.lang
        count = len(compared.runs)
        read = [foremost(entrants.readings(k, compared.shown)) for k in range(count)]
        lines = legend(
            entrants.in_words(lang),
            compared.shown,
            lang,
            self.palette,
            width=size.width,
            height=max(1, min(count, size.height - 2)),
            marked=compared.marked,
            read=[("–", "muted") if one is None else (one.brief[lang], _role(one)) for one in read],
            tested=[compared.tested(k) for k in range(count)],
        )
        told = parting_lines(compared, self)
        room = size.height - len(lines) - len(told)
        which = range(count) if room >= count else [compared.marked]
        told += [self._reading(k, read[k]) for k in which][: max(0, room)]
        return self.strips([*lines, *told], size.width)

    def _reading(self, k: int, reading: Reading | None) -> RichText:
        """The run's sign, and what is read of it, with the evidence."""
        sign, role = SIGNS[k % len(SIGNS)]
        line = RichText(f" {sign} ", self.palette.style(role), no_wrap=True)
        if reading is None:
            return line.append(_NOT_READ[self.lang], self.palette.style("muted"))
        line.append(clean(reading.says[self.lang]), self.palette.style(_role(reading)))
        return line.append("  " + clean(reading.evidence[self.lang]), self.palette.style("muted"))


def _role(reading: Reading) -> Role:
    return "wrong" if reading.warns else "ok"


def parting_lines(compared: Compared, panel: Panel) -> list[RichText]:
    """Where the two that are looked at part, as far as that is known at the step shown, or an experiment's question;
    and what is under way."""
    lang, palette = panel.lang, panel.palette
    said = RichText(compared.said[lang], palette.style("accent"), no_wrap=True) if compared.said is not None else None
    if compared.entrants.experiment is not None:
        asks = RichText(f"? {compared.entrants.experiment.question[lang]}", palette.style("accent"), no_wrap=True)
        return [asks if said is None else said]
    at = compared.apart
    one, other = compared.entrants.names[0][lang], compared.entrants.names[compared.marked][lang]
    names = {"left": clean(one), "right": clean(other)}
    known = at is not None and at <= compared.shown
    words = _APART.format(step=f"{at:,}", **names) if known else (_SAME if at is None else _SAME_YET).format(**names)
    line = RichText(words[lang], palette.style("accent" if known else "muted"), no_wrap=True)
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
        experiment = compared.entrants.experiment
        names = "  ≠  ".join(clean(name[self.lang]) for name in compared.entrants.names)
        called = names if experiment is None else experiment.title[self.lang]
        title = RichText(called, palette.style("text", bold=True))
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


_STEP = Text(en="step {step} / {of}", ja="ステップ {step} / {of}")
_OF_STEP = Text(en="step {step}", ja="ステップ {step}")
_NOT_READ = Text(en="no step has been looked at yet", ja="まだ観測されていません")
_APART = Text(
    en="{left} and {right} differ from step {step} on.", ja="{left} と {right} はステップ {step} から食い違います。"
)
_SAME = Text(
    en="{left} and {right}: the same loss at every step that both have.",
    ja="{left} と {right}: 両方にあるステップでは損失がすべて同じです。",
)
_SAME_YET = Text(
    en="{left} and {right}: the same loss at every step so far.",
    ja="{left} と {right}: ここまでのステップでは損失がすべて同じです。",
)
