"""What the model has written up to the step shown, the newest first."""

from __future__ import annotations

import numpy as np

from tracer.panels.data import Data
from tracer.panels.drawing import Drawn, Look
from tracer.panels.panel import Choice, Panel, RunView
from tracer.panels.pictures.words import said
from tracer.scene.palette import DARK, Palette
from tracer.scene.samples import samples_lines
from tracer.text import Lang, Text
from tracer.trace.observation import Observation
from tracer.train.report import Setup

MOST = 400
"""Texts shown at most."""
NOT_WRITTEN = Text("Nothing has been written yet.", "まだ何も生成されていません。")
WRITES_NOTHING = Text(
    "This program writes no texts: its Training has no `sample`.",
    "このプログラムは文を生成しません（Training に `sample` がありません）。",
)
TEMPERATURE = Text("temperature T = {t}", "温度 T = {t}")


class Samples(Panel):
    """Texts of the model's own."""

    id = "samples"
    title = Text("Samples", "生成例")
    caption = Text("Texts that the model wrote, the newest at the top.", "モデルが書いた文。新しいものが上。")
    about = Text(
        "After every few steps the model writes some texts: it begins at BOS, draws a symbol from its probabilities, "
        "reads it, draws the next, until it draws BOS again. At first they are noise, then the letters are right, "
        "then what stands beside what. A low temperature prefers the probable, 0 always takes the most probable one.",
        "数ステップごとにモデルに文を書かせています。BOS から始め、予測した確率に従って一文字を選び、それを読んで次"
        "を選び、もう一度 BOS が出たら終わりです。はじめはでたらめで、やがて使う文字が、次に文字の並びがそれらしくな"
        "ります。温度が低いほど確率の高い文字を選び、0 ではいつも最も確率の高い文字を選びます。",
    )
    reads = ("past", "shown")

    def applies(self, setup: Setup, observation: Observation | None) -> bool:
        return bool(setup.symbols)

    def data(self, view: RunView, choice: Choice) -> Data | Text:
        written = view.past.samples_at(view.shown)
        if not written:
            return NOT_WRITTEN if view.setup.symbols else WRITES_NOTHING
        heats = sorted({sample.temperature for _, sample in written})
        newest = written[-MOST:][::-1]
        return Data(
            "words",
            self.title,
            written[-1][0],
            np.zeros(0),
            table=tuple((Text.same(f"{step:,}"), Text.same(sample.text)) for step, sample in newest),
            steps=tuple(step for step, _ in newest),
            note=TEMPERATURE.format(t=", ".join(f"{one:g}" for one in heats)),
        )

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
        if isinstance(data, Text) or len(data.steps) != len(data.table):
            return super().draw(data, choice, lang=lang, palette=palette, width=width, height=height)
        some = [(step, words.en) for step, (_, words) in zip(data.steps, data.table, strict=True)][::-1]
        lines = samples_lines(some, lang, palette, width=look.width, height=look.height)
        return Drawn((*lines, *said(Text.same(""), look).lines[len(lines) :]))
