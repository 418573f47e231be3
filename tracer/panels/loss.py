"""The loss over the steps; its twin is the size of the whole gradient at the steps that were observed."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from tracer.numbers import format_number
from tracer.panels.data import Data, Ref
from tracer.panels.histories import gradient_norms
from tracer.panels.panel import NOT_YET, Choice, Panel, RunView
from tracer.panels.stepped import AT_LOSS, NO_STEP, STEP, Rows, Steps, shown_of, until
from tracer.text import Text
from tracer.trace.cells import LOSS, Cell
from tracer.trace.observation import Observation
from tracer.train.report import Setup

EACH, SMOOTHED, HELD_OUT = Text("each step", "各ステップ"), Text("smoothed", "平滑化"), Text("held out", "検証用")
NORM = Text("gradient norm", "勾配のノルム")


class Loss(Panel):
    """How wrong the model is, step by step."""

    id = "loss"
    title = Text("Loss", "損失")
    twin: ClassVar[Text | None] = Text("gradient norm", "勾配のノルム")
    caption = Text(
        "How surprised the model is by what comes: lower is better.", "正解をどれだけ意外と見たか。低いほどよい。"
    )
    twin_caption = Text(
        "The length of the whole gradient: how steep the loss is here.", "勾配全体の長さ。損失の傾きの急さを表す。"
    )
    about = Text(
        "Dots are the loss of each step, measured on what that step reads, so they scatter; the line is their "
        "running mean. A model of texts that knows nothing guesses among all symbols alike and has the loss "
        "-log(1/V): below that dashed line it has learned something. Diamonds are measured on texts that training "
        "never sees; where they rise while the line still falls, the model learns its texts by heart. "
        "Backpropagation begins at this one number (document, sections 4.7 and 6).",
        "点は各ステップの損失です。そのステップで読んだデータだけで測るのでばらつきます。線はその移動平均です。"
        "何も知らないモデルは全文字を同じ確率で予測し、損失は -log(1/V) になります。破線より下なら何かを学んでいます。"
        "ひし形は訓練に使わない文での損失です。線が下がり続けるのにひし形が上がるなら、丸暗記が始まっています。"
        "逆伝播はこの一つの数から始まります（文書の 4.7 節と 6 節）。",
    )
    twin_about = Text(
        "The square root of the sum of the squares of all parameters' gradients, at the steps that were observed. It "
        "is large where a small move changes the loss much. It falls as training converges; where it grows from step "
        "to step, the learning rate is probably too large (document, section 7).",
        "全パラメータの勾配を二乗して足し、平方根をとったものです（観察したステップだけ）。少し動かすだけで損失が大きく"
        "変わるところで大きくなります。収束に向かうと小さくなり、増え続けるなら学習率が大きすぎるおそれがあります"
        "（文書の 7 節）。",
    )
    chooses = ("log",)
    reads = ("past", "shown", "observation")

    def applies(self, setup: Setup, observation: Observation | None) -> bool:
        return True

    def data(self, view: RunView, choice: Choice) -> Data | Text:
        return self._norms(view, choice) if choice.grad else self._losses(view, choice)

    def _losses(self, view: RunView, choice: Choice) -> Data | Text:
        past, n = view.past, shown_of(view)
        if not n:
            return NO_STEP
        held_out = np.full(n, np.nan)
        for step, loss in past.evals:
            if 1 <= step <= n:
                held_out[step - 1] = loss
        measured = np.isfinite(held_out).any()
        values = np.array([past.losses[:n], past.smoothed[:n], *([held_out] if measured else [])], np.float64)
        absent = np.zeros(values.shape, bool)
        absent[:2] = np.isnan(values[:2])  # of a step that nobody told; what broke the run is its last one
        absent[0, -1] = False
        absent[2:] = np.isnan(values[2:])
        setup = view.setup
        refs = (Ref(setup.chance, Text.same(f"-log(1/{len(setup.symbols) + 1})")),) if setup.chance else ()
        return Data(
            "lines",
            self.title,
            n,
            values,
            names=(EACH, SMOOTHED, HELD_OUT)[: len(values)],
            log=choice.log,
            absent=absent,
            extra=until(view),
            marks={"dots": frozenset({0}), "measured": frozenset({2})},
            refs=refs,
            cells=Rows((AT_LOSS,) * len(values), n),
            steps=Steps(np.arange(1, n + 1), len(values)),
            reading=STEP,
            note=_now(view, n),
        )

    def _norms(self, view: RunView, choice: Choice) -> Data | Text:
        steps, norms = gradient_norms(view)
        if not len(steps):
            return NOT_YET
        note = Text("{name} {now} at step {step}", "{name} {now}（ステップ {step}）")
        return Data(
            "lines",
            self.title,
            int(steps[-1]),
            norms[None],
            names=(NORM,),
            axis=Text("L2 norm of all gradients", "全勾配の L2 ノルム"),
            log=choice.log,
            extra={"x": steps.astype(np.float64), **until(view)},
            cells=Rows((Cell(LOSS, grad=True),), len(steps)),
            steps=Steps(steps, 1),
            reading=STEP,
            note=note.format(name=NORM, now=format_number(float(norms[-1])), step=f"{steps[-1]:,}"),
        )


def _now(view: RunView, n: int) -> Text:
    """`2.31, smoothed 2.28; lowest 1.9 at step 700`."""
    losses = view.past.losses[:n]
    words = f"{format_number(float(losses[-1]))}"
    finite = np.where(np.isfinite(losses), losses, math.inf)
    low = int(np.argmin(finite))
    if not math.isfinite(finite[low]):
        return Text.same(words)
    return Text("{now}   lowest {low} at step {at}", "{now}   最小 {low}（ステップ {at}）").format(
        now=words, low=format_number(float(losses[low])), at=f"{low + 1:,}"
    )
