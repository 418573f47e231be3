"""The numbers of the step shown, and what the run is. Nothing that was measured after the step is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tracer.numbers import format_number
from tracer.panels.data import Data
from tracer.panels.drawing import Drawn, Look
from tracer.panels.panel import Choice, Panel, RunView
from tracer.panels.pictures.rows import Paragraph, Row, rows_lines
from tracer.panels.pictures.words import said
from tracer.scene.palette import DARK, Palette
from tracer.text import Lang, Text, clean
from tracer.trace.observation import Observation
from tracer.train.history import Past
from tracer.train.report import Setup, setting_in_words


class Run(Protocol):
    """A run as its numbers are told."""

    @property
    def setup(self) -> Setup: ...
    @property
    def past(self) -> Past: ...
    @property
    def shown(self) -> int: ...


@dataclass(frozen=True, eq=False)
class Told(Data):
    """What the panel draws, with what is known of each number."""

    numbers: tuple[Row, ...] = ()
    below: tuple[Paragraph, ...] = ()


class Numbers(Panel):
    """The numbers of a run at a step."""

    id = "numbers"
    title = Text("Numbers", "数値")
    caption = Text("The run at the step shown, in numbers.", "表示中のステップでの数値。")
    about = Text(
        "The loss of the step, the same smoothed, the lowest so far, and the last one on texts that training never "
        "sees; what a model would have that knows nothing; the learning rate; how fast training goes. Below: what is "
        "learned from, and every setting. Nothing here was measured after the step shown.",
        "そのステップの損失、平滑化した損失、これまでの最小、訓練に使わない文での最新の損失、何も知らないモデルの損"
        "失、学習率、訓練の速さです。その下に、学習データとすべての設定があります。表示中のステップより後に測ったも"
        "のは含みません。",
    )
    reads = ("past", "shown")

    def applies(self, setup: Setup, observation: Observation | None) -> bool:
        return True

    def data(self, view: RunView, choice: Choice) -> Data | Text:
        newest = view.shown >= view.past.steps  # what was changed since then is in force for the next step
        rows = tuple(numbers_of(view))
        below = about_run(view.setup, None if newest else view.shown, view.data)
        table = [(row.name, Text(row.words("en").strip(), row.words("ja").strip())) for row in rows]
        table += [
            (one.name, Text("  ".join(part.en for part in one.parts), "  ".join(part.ja for part in one.parts)))
            for one in below
            if one.parts
        ]
        values = np.zeros(0)
        return Told("words", self.title, view.shown, values, table=tuple(table), numbers=rows, below=below)

    def draw(
        self,
        data: Data | Text,
        choice: Choice,
        *,
        lang: Lang = "en",
        palette: Palette = DARK,
        width: int,
        height: int,
        selected: int | None = None,
    ) -> Drawn:
        look = Look(lang, palette, max(0, width), max(0, height))
        if not isinstance(data, Told):
            return super().draw(data, choice, lang=lang, palette=palette, width=width, height=height)
        blank = said(Text.same(""), look).lines
        lines = rows_lines(data.numbers, data.below, look)[: look.height]
        return Drawn((*lines, *blank[len(lines) :]))


def about_run(setup: Setup, step: int | None = None, data: str = "") -> tuple[Paragraph, ...]:
    """What is learned from, and the settings.

    Args:
        step: the settings are those that it was taken with; None is the newest.
        data: what to call the data, if that is known better.
    """
    settings = settings_of(setup, step)
    found = Paragraph(_NAMES["data"], tuple(data_of(setup, data))), Paragraph(_NAMES["settings"], settings)
    changed = changes_of(setup, step)
    return (*found, Paragraph(_NAMES["changed"], changed)) if changed else found


def changes_of(setup: Setup, step: int | None = None) -> tuple[Text, ...]:
    """`from step 101: lr 0.01 → 0.001  residual on → off`, for each change before a step; None: for all."""
    return tuple(
        _FROM.format(
            step=f"{after + 1:,}",
            what="  ".join(f"{clean(name)} {_word(was)} → {_word(now)}" for name, (was, now) in changed.items()),
        )
        for after, changed in setup.changes
        if step is None or after < step
    )


def _word(value: float | str | bool | None) -> str:
    return "–" if value is None else setting_in_words(value)


def settings_of(setup: Setup, step: int | None = None) -> tuple[Text, ...]:
    """`n_layer 1`, `tied off`, ...: in force when a step was taken; None: for the next one."""
    told = setup.settings if step is None else setup.settings_at(step)
    words = (f"{clean(name)} {setting_in_words(value)}" for name, value in told.items() if name != "steps")
    return tuple(map(Text.same, words))  # how many steps is said elsewhere


def data_of(setup: Setup, data: str = "") -> list[Text]:
    """What is learned from, and how much of it there is."""
    name = data or setup.data
    found = [Text.same(clean(name)) if name else _ITS_OWN]
    if setup.settings.get("mode") == "text":
        found += [] if not setup.documents else [_ONE_TEXT]  # what is held out of it is no document
    elif setup.documents:
        count = setup.documents + setup.held_out
        words = _DOCUMENT if count == 1 else _DOCUMENTS if not setup.held_out else _SOME_HELD_OUT
        found.append(words.format(n=f"{count:,}", held_out=f"{setup.held_out:,}"))
    if setup.symbols:
        found.append(_SYMBOLS.format(n=len(setup.symbols)))
    return found


def numbers_of(view: Run) -> Iterable[Row]:
    """The numbers of the step shown."""
    past, setup, at = view.past, view.setup, min(view.shown, view.past.steps)
    yield Row(_NAMES["step"], _same(f"{at:,} / {setup.steps:,}"), "text")
    yield Row(_NAMES["loss"], _same(format_number(past.losses[at - 1]) if at else "?"), "data")
    if at:
        losses = past.losses[:at]
        low = int(np.argmin(np.where(np.isfinite(losses), losses, np.inf)))
        yield Row(_NAMES["smoothed"], _same(format_number(past.smoothed[at - 1])), "data")
        where = _AT.format(step=f"{low + 1:,}")
        yield Row(_NAMES["lowest"], _same(format_number(losses[low])), "text", where, 3)
    tested = past.eval_at(at)
    if tested is not None:
        step, loss = tested
        yield Row(_NAMES["held out"], _same(format_number(loss)), "mark", _seen(step, at), 4)
    elif setup.held_out:
        yield Row(_NAMES["held out"], _same("?"), "missing")
    if setup.chance is not None:
        formula = _same(f"  = -log(1/{len(setup.symbols) + 1})")
        yield Row(_NAMES["guessing"], _same(format_number(setup.chance)), "grad", formula, 1)
    rate = past.rate_at(at)
    if rate is not None:
        yield Row(_NAMES["rate"], _same(format_number(rate)), "text")
    looked = past.look_at(at)
    if looked is not None:
        step, look = looked
        of = _WRONG_OF.format(wrong=f"{len(look.wrong):,}", rows=f"{len(setup.rows):,}")
        yield Row(_NAMES["accuracy"], _same(f"{look.accuracy:.1%}"), "ok", _joined("  ", of, _seen(step, at)), 2)
    if past.speed is not None:
        yield Row(_NAMES["speed"], _same(f"{speed_in_words(past.speed)}/s"), "text")
    yield Row(_NAMES["parameters"], _same(f"{setup.parameters:,}"), "text", _same(f"  {clean(setup.engine)}"), 0)


def speed_in_words(speed: float) -> str:
    """Steps a second: `9,800`, `3.2`."""
    return f"{speed:,.0f}" if speed >= 10 else f"{speed:.2g}"


def _joined(*parts: Text | str) -> Text:
    both = [part if isinstance(part, Text) else Text.same(part) for part in parts]
    return Text("".join(part.en for part in both), "".join(part.ja for part in both))


def _seen(step: int, at: int) -> Text:
    """After which step, where that is not the one shown."""
    return _SEEN.format(step=f"{step:,}") if step != at else Text.same("")


def _same(words: str) -> Text:
    return Text.same(words)


_NAMES = {
    "step": Text("step", "ステップ"),
    "loss": Text("loss", "損失"),
    "smoothed": Text("smoothed", "平滑化"),
    "lowest": Text("lowest", "最小"),
    "held out": Text("held out", "検証用"),
    "guessing": Text("guessing", "一様に予測"),
    "rate": Text("rate", "学習率"),
    "accuracy": Text("accuracy", "正解率"),
    "speed": Text("steps", "速さ"),
    "parameters": Text("parameters", "パラメータ"),
    "data": Text("data", "データ"),
    "settings": Text("settings", "設定"),
    "changed": Text("changed", "変更"),
}
_FROM = Text(en="from step {step}: {what}", ja="ステップ {step} から: {what}")
_AT = Text(en="  at step {step}", ja="  ステップ {step}")
_SEEN = Text(en="  (after step {step})", ja="（ステップ {step} の後）")
_WRONG_OF = Text(en="{wrong} of {rows} wrong", ja="{rows} 点中 {wrong} 点が誤り")
_DOCUMENT = Text(en="1 document", ja="1 件")
_DOCUMENTS = Text(en="{n} documents", ja="{n} 件")
_SOME_HELD_OUT = Text(en="{n} documents, {held_out} held out", ja="{n} 件、うち検証用 {held_out} 件")
_ONE_TEXT = Text(en="1 long text", ja="ひと続きの文章")
_SYMBOLS = Text(en="{n} symbols + BOS", ja="{n} 文字 + BOS")
_ITS_OWN = Text(en="the program's own", ja="プログラムが持つデータ")
