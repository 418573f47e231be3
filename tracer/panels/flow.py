"""How much gradient reaches each parameter: its L2 norm; the twin is the size of the parameter itself."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tracer.numbers import format_number
from tracer.panels.data import NOTHING, Data
from tracer.panels.histories import Of, over_steps
from tracer.panels.panel import NOT_YET, Choice, Panel, RunView
from tracer.panels.parameters import NO_WEIGHTS, norms, short_name, total
from tracer.panels.place import joined
from tracer.text import Text
from tracer.trace.cells import Cell
from tracer.trace.observation import Observation
from tracer.train.diagnosis import diagnose, foremost
from tracer.train.report import Setup

GRADIENT, WEIGHT = (
    Text("L2 norm of the gradient", "勾配の L2 ノルム"),
    Text("L2 norm of the weights", "重みの L2 ノルム"),
)


class Flow(Panel):
    """A bar for each parameter, in the order of the program."""

    id = "flow"
    title = Text("Gradient flow", "勾配フロー")
    twin: ClassVar[Text | None] = Text("weights' L2 norm", "重みの L2 ノルム")
    caption = Text("How much gradient reaches each matrix.", "各行列にどれだけの勾配が届いているか。")
    twin_caption = Text("How large each matrix itself is.", "各行列そのものの大きさ。")
    history_captions = (
        Text("How much gradient has reached each matrix, step by step.", "各行列に届いた勾配の、ステップごとの推移。"),
        Text("How large each matrix has been, step by step.", "各行列の大きさの、ステップごとの推移。"),
    )
    about = Text(
        "Each bar is the L2 norm of a parameter's gradient: the square root of the sum of the squares of all its "
        "numbers. Bars of about the same size: every part learns. One far larger than the others: a sign of "
        "exploding gradients, and often of too large a learning rate. One near 0: that part takes no part in "
        "learning. All of them shrinking together: training converges. L0.wq is layer 0's query matrix; wk, wv, wo "
        "are key, value and output, fc1 and fc2 the perceptron, wte and wpe the embeddings, head the output "
        "(document, section 7). On a logarithmic scale small bars can be told apart; over the steps, every parameter "
        "has a line of its own.",
        "各バーはパラメータの勾配の L2 ノルム（全要素を二乗して足し、平方根をとったもの）です。どれも同じくらいな"
        "ら、すべての部分が学んでいます。一つだけ極端に大きければ勾配爆発の兆しで、学習率が大きすぎることもよくあり"
        "ます。ほぼ 0 ならその部分は学習に参加していません。全体がそろって小さくなるのは収束です。L0.wq は第 0 層の "
        "Query 行列、wk・wv・wo は Key・Value・出力、fc1・fc2 は MLP、wte・wpe は埋め込み、head は出力層です（文書の "
        "7 節）。対数目盛では小さいバーも見分けられます。推移の表示では、パラメータごとに一本の線になります。",
    )
    twin_about = Text(
        "The L2 norm of each parameter's own numbers. Beside the gradient's it tells how much of a change is asked "
        "for. Weights that grow without end, step after step, are a sign of too large a learning rate.",
        "各パラメータ自身の L2 ノルムです。勾配と並べると、どれほどの変化が求められているかが分かります。ステップごとに"
        "際限なく大きくなるなら、学習率が大きすぎるおそれがあります。",
    )
    chooses = ("parameter", "log", "history")
    reads = ("past", "shown", "observation", "trail")

    def applies(self, setup: Setup, observation: Observation | None) -> bool:
        return observation is None or bool(observation.weights)

    def parameters(self, observation: Observation) -> tuple[str, ...]:
        return tuple(observation.weights)

    def data(self, view: RunView, choice: Choice) -> Data | Text:
        axis = WEIGHT if choice.grad else GRADIENT
        if choice.history:
            what: Of = "weights" if choice.grad else "gradients"
            return over_steps(view, what, self.title, axis, choice, grad=not choice.grad)
        seen = view.observation
        if seen is None:
            return NOT_YET
        if not seen.weights:
            return NO_WEIGHTS
        names = tuple(seen.weights)
        values = np.array([one.value if choice.grad else one.grad for one in norms(seen).values()])
        absent = np.array([not choice.grad and w.grad is None for w in seen.weights.values()])
        return Data(
            "bars",
            self.title,
            seen.step,
            values,
            rows=tuple(map(short_name, names)),
            axis=axis,
            log=choice.log,
            absent=absent if absent.any() else None,
            marks={"current": frozenset({names.index(choice.parameter)})} if choice.parameter in names else {},
            cells=tuple(Cell(name, grad=not choice.grad) for name in names),
            note=_size_of(seen) if choice.grad else _note(view, seen),
        )


def _note(view: RunView, seen: Observation) -> Text:
    """`balanced ✓   total 1.02   update/weight 1.1e-3`."""
    known = norms(seen).values()
    grads, updates = np.array([one.grad for one in known]), np.array([one.update for one in known])
    words = [Text("total {all}", "全体 {all}").format(all=format_number(total(grads)))]
    read = foremost(diagnose(view.past, view.shown, view.setup.settings_at(view.shown)))
    if read is not None:
        after = Text(" (step {step})", "（ステップ {step}）").format(step=f"{read.step:,}")
        words.insert(0, joined([read.brief, after if read.step != seen.step else NOTHING], ""))
    size = total(
        np.array([one.value for one, w in zip(known, seen.weights.values(), strict=True) if w.update is not None])
    )
    if size > 0:
        share = format_number(total(updates) / size, 2)
        words.append(Text("update/weight {share}", "更新/重み {share}").format(share=share))
    return joined(words, "   ")


def _size_of(seen: Observation) -> Text:
    size = total(np.array([one.value for one in norms(seen).values()]))
    return Text("total {all}", "全体 {all}").format(all=format_number(size))


class Ratio(Panel):
    """How far an update moves each parameter, beside its size."""

    id = "ratio"
    title = Text("Update / weight", "更新 / 重み")
    caption = Text(
        "By which share of itself each matrix has just changed.", "各行列が自分の大きさの何割だけ変わったか。"
    )
    history_captions = (
        Text("By which share of itself each matrix has changed.", "各行列が毎ステップ変わった割合の推移。"),
    ) * 2
    about = Text(
        "The L2 norm of this step's update over the L2 norm of the weights before it. About 1e-3 is what usually "
        "works: far more, and a matrix forgets what it knew; far less, and it hardly learns. The first steps may be "
        "larger, and a falling learning rate makes it fall. A parameter that is still all 0 has no ratio (–).",
        "このステップの更新の L2 ノルムを、更新前の重みの L2 ノルムで割ったものです。ふつう 1e-3 くらいがよいとされ"
        "ます。ずっと大きいと学んだことを忘れ、ずっと小さいとほとんど学びません。はじめの数ステップは大きくてもかま"
        "わず、学習率が下がると比も下がります。まだ全部 0 のパラメータには比がありません（–）。",
    )
    chooses = ("parameter", "log", "history")
    reads = ("past", "shown", "observation", "trail")
    AXIS = Text("L2 of update / L2 of weights", "更新の L2 / 重みの L2")

    def applies(self, setup: Setup, observation: Observation | None) -> bool:
        return observation is None or any(w.update is not None for w in observation.weights.values())

    def parameters(self, observation: Observation) -> tuple[str, ...]:
        return tuple(observation.weights)

    def data(self, view: RunView, choice: Choice) -> Data | Text:
        if choice.history:
            return over_steps(view, "ratios", self.title, self.AXIS, choice)
        seen = view.observation
        if seen is None:
            return NOT_YET
        if not seen.weights:
            return NO_WEIGHTS
        names = tuple(seen.weights)
        values = np.array([one.ratio for one in norms(seen).values()])
        there = zip(norms(seen).values(), seen.weights.values(), strict=True)
        absent = np.array([w.update is None or one.value == 0 for one, w in there])
        known = values[~absent & np.isfinite(values)]
        middle = format_number(float(np.median(known)), 2) if len(known) else "?"
        return Data(
            "bars",
            self.title,
            seen.step,
            values,
            rows=tuple(map(short_name, names)),
            axis=self.AXIS,
            log=choice.log,
            absent=absent if absent.any() else None,
            marks={"current": frozenset({names.index(choice.parameter)})} if choice.parameter in names else {},
            cells=tuple(Cell(name) for name in names),
            note=Text("median {m}   usual about 0.001", "中央値 {m}   ふつう 0.001 くらい").format(m=middle),
        )
