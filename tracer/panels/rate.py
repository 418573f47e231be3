"""The learning rate of each step's update."""

from __future__ import annotations

import numpy as np

from tracer.numbers import format_number
from tracer.panels.data import Data
from tracer.panels.panel import Choice, Panel, RunView
from tracer.panels.stepped import AT_LOSS, NO_STEP, STEP, Rows, Steps, shown_of, until
from tracer.text import Text
from tracer.trace.observation import Observation
from tracer.train.report import Setup

NAME = Text("learning rate", "学習率")
UNTOLD = Text(
    "The program does not say its learning rate: an optimizer among its state would.",
    "このプログラムは学習率を伝えていません（state に optimizer があれば伝わります）。",
)


class Rate(Panel):
    """How long a step training takes, step by step."""

    id = "rate"
    title = Text("Learning rate", "学習率")
    caption = Text("How far each update goes along its gradient.", "各更新が勾配に沿ってどれだけ進むか。")
    about = Text(
        "The number that each update is multiplied by. Large steps learn fast and may overshoot; small ones are safe "
        "and slow. Many programs let it fall to 0 over the run, to settle at the end, or let it rise first "
        "(warm-up). Adam divides by the usual size of each gradient, so that one weight moves by about this number a "
        "step (document, section 5).",
        "更新に掛ける数です。大きいと速く学びますが行き過ぎることがあり、小さいと安全ですが時間がかかります。最後に"
        "落ち着くよう 0 まで下げていくプログラムや、はじめに少しずつ上げる（ウォームアップ）プログラムもあります。"
        "Adam は勾配の普段の大きさで割るので、重み一つが 1 ステップに動く幅はおよそこの数です（文書の 5 節）。",
    )
    chooses = ("log",)
    reads = ("past", "shown")

    def applies(self, setup: Setup, observation: Observation | None) -> bool:
        return True

    def data(self, view: RunView, choice: Choice) -> Data | Text:
        n = shown_of(view)
        if not n:
            return NO_STEP
        rates = np.full(n, np.nan)
        told = view.past.rates[:n]
        rates[: len(told)] = told
        if not np.isfinite(rates).any():
            return UNTOLD
        now = format_number(float(rates[-1])) if np.isfinite(rates[-1]) else "?"
        largest = format_number(float(np.nanmax(rates)))
        return Data(
            "lines",
            self.title,
            n,
            rates[None],
            names=(NAME,),
            axis=NAME,
            low=0.0,
            log=choice.log,
            absent=np.isnan(rates)[None],
            extra=until(view),
            cells=Rows((AT_LOSS,), n),
            steps=Steps(np.arange(1, n + 1), 1),
            reading=STEP,
            note=Text("{now} at step {step}   largest {most}", "{now}（ステップ {step}）   最大 {most}").format(
                now=now, step=f"{n:,}", most=largest
            ),
        )
