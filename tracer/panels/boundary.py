"""What a model of points says everywhere in the plane, and the points it learns from."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from rich.style import Style

from tracer.panels.data import Data
from tracer.panels.drawing import Drawn, Look, Region
from tracer.panels.panel import Choice, Panel, RunView
from tracer.panels.pictures.words import said
from tracer.scene.boundary import boundary_map
from tracer.scene.palette import DARK, Palette
from tracer.text import Lang, Text
from tracer.trace.observation import Observation
from tracer.train.report import Setup


class BoundaryPanel(Panel):
    """Its score at every point of a grid, where it changes its mind, and the data on top."""

    id: ClassVar[str] = "boundary"
    title: ClassVar[Text] = Text("Decision boundary", "決定境界")
    caption: ClassVar[Text] = Text(
        "What the model answers everywhere, and the points it learns from: ● is label 1, ○ is -1, × is wrong.",
        "平面の各点に対するモデルの答えと訓練データ。● はラベル 1、○ は -1、× は誤分類。",
    )
    about: ClassVar[Text] = Text(
        "The colour of a place is the side the model puts it on, deeper where its score is further from 0; + runs where"
        " the score changes its sign. The boundary turns and bends as the steps go on: each step moves it a little, by"
        " the points it has just read. It is computed now and then, so the step below says which one it is of.",
        "色はモデルがその場所をどちらに分類するかを表し、スコアが 0 から離れるほど濃くなります。+ はスコアの符号が"
        "変わる境界です。訓練が進むと、そのとき読んだ点に応じて境界が少しずつ動き、曲がっていきます。計算は数ステップ"
        "おきなので、どのステップのものかを枠に示します。",
    )
    reads: ClassVar[tuple[str, ...]] = ("past", "shown")

    def applies(self, setup: Setup, observation: Observation | None) -> bool:
        return not setup.symbols

    def data(self, view: RunView, choice: Choice) -> Data | Text:
        if not view.setup.predicts:
            return _NO_BOUNDARY
        found = view.past.look_at(view.shown)
        if found is None or found[1].boundary is None:
            return _NOT_YET
        step, look = found
        field = look.boundary
        assert field is not None, "it was looked at just now"
        rows = view.setup.rows
        labels = np.array([label for _, _, label in rows])
        marks = {"wrong": frozenset(look.wrong), "label 1": frozenset(np.flatnonzero(labels > 0).tolist())}
        return Data(
            "scatter",
            self.title,
            step,
            np.array([(x1, x2) for x1, x2, _ in rows], np.float64).reshape(-1, 2),
            rows=tuple(f"{number}" for number in range(1, len(rows) + 1)),
            columns=("x1", "x2"),
            extra={
                "scores": field.scores.astype(np.float64),
                "box": np.array([field.left, field.right, field.bottom, field.top]),
                "label": labels.astype(np.float64),
            },
            marks=marks,
            note=_RIGHT.format(share=f"{look.accuracy:.1%}", wrong=len(look.wrong), rows=len(rows)),
            reading=_POINT,
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
        width, height = max(0, width), max(0, height)
        if isinstance(data, Text) or width < LEAST_WIDTH or height < LEAST_HEIGHT:
            return said(data if isinstance(data, Text) else data.note, Look(lang, palette, width, height, selected))
        left, right, bottom, top = data.extra["box"].tolist()
        points = [(x, y, label) for (x, y), label in zip(data.values, data.extra["label"], strict=True)]
        pictured = boundary_map(
            data.extra["scores"].astype(np.float32),
            (left, right, bottom, top),
            points,
            data.marks["wrong"],
            lang,
            palette,
            width=width,
            height=height,
        )
        lines = pictured.lines()
        regions = []
        for index, (x, y, _) in enumerate(points):
            column = min(width - 1, max(0, int((x - left) / (right - left) * width)))
            row = min(height - 3, max(0, int((top - y) / (top - bottom) * (height - 2))))
            regions.append(Region(row, column, column + 1, index))
            if index == selected:
                lines[row].stylize(Style(reverse=True, bold=True), column, column + 1)
        return Drawn(tuple(lines), tuple(regions))


LEAST_WIDTH, LEAST_HEIGHT = 8, 4
"""A smaller map shows nothing."""
_NO_BOUNDARY = Text(
    "This program shows no decision boundary: its Training has no `predict` or no `rows`.",
    "このプログラムは決定境界を表示しません（Training に `predict` か `rows` がありません）。",
)
_NOT_YET = Text(
    "No boundary has been computed up to this step: with --plain none ever is.",
    "このステップまでに決定境界は計算されていません（--plain では計算しません）。",
)
_RIGHT = Text("{share} right, {wrong} of {rows} wrong", "正解率 {share}（{rows} 点中 {wrong} 点が誤り）")
_POINT = Text("point {row}", "点 {row}")
