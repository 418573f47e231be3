"""Where symbols and positions lie to each other: an embedding on principal axes that stay in place while it learns."""

from __future__ import annotations

import numpy as np

from tracer.numbers import percent
from tracer.panels.data import NOTHING, Cells, Data, Floats
from tracer.panels.labels import numbered, vowels
from tracer.panels.panel import NOT_HERE, NOT_YET, Choice, Panel, RunView
from tracer.panels.place import NO_GRADIENT, joined, norms
from tracer.text import Text
from tracer.trace.observation import Array, Observation, Weights
from tracer.trace.pca import plane
from tracer.train.report import Setup

MATRICES = ("wte", "wpe", "lm_head")
NOTE = Text("{first} + {second} of the variance", "分散の {first} + {second}")
WAYS = Text("dots: the way since step {step}", "点線はステップ {step} からの動き")
NO_WAYS = Text("its way is drawn as steps are shown", "ステップを進めると動きが点線で残ります")
TWIN_NOTE = Text("{some} of {all} rows get a gradient", "{all} 行のうち勾配が届くのは {some} 行")


class Embedding(Panel):
    """(n, 2): rows of `wte`, `wpe` or `lm_head` as points; the twin is (n, C), the largest gradients first."""

    id = "embedding"
    title = Text("Embedding", "埋め込み空間")
    twin = Text("dL/d embedding", "dL/d 埋め込み")
    caption = Text(
        "Symbols where they differ most (PCA): used alike, they come close.",
        "文字のベクトルの PCA。使われ方の似た文字どうしが近づきます。",
    )
    twin_caption = Text(
        "Each row's gradient, largest first; −: more of it lowers the loss.",
        "各行の勾配（大きい順）。− は値を増やすと損失が減るところです。",
    )
    about = Text(
        "Rows of the matrix (16 numbers each, unless you chose otherwise) as points in the plane of their first two"
        " principal axes, with the share of the variance that each axis shows: what is not shown there cannot be"
        " seen. Axes keep their direction from step to step, so that a point that moves has moved. At first all is"
        " random; vowels (coloured) come together because they are used alike. `wte` are the symbols as they are"
        " read, `lm_head` as they are predicted, `wpe` the positions (document, section 4.2).",
        "行列の各行（既定では 16 個の数）を、第 1・第 2 主成分が張る平面に置いた図です。"
        "各軸が説明する分散の割合も示します。軸の向きはステップが進んでも保たれるので、"
        "点が動いて見えたら実際に動いています。はじめは無秩序ですが、使われ方の似た母音（色付き）がしだいに集まりま"
        "す。`wte` は読むときの文字、`lm_head` は予測するときの文字、`wpe` は位置のベクトルです（文書の 4.2 節）。",
    )
    twin_about = Text(
        "The gradient of every number of the matrix, rows with the largest L2 norm first. Of `wte` only the symbols"
        " that were read in this step get any: looking up a row uses no other. `wpe` gets one up to the document's"
        " length. In `lm_head` every row gets one, for each symbol's score is in the softmax (document, section 4.2).",
        "行列のすべての数の勾配を、L2 ノルムの大きい行から順に並べています。`wte` では、"
        "このステップで読んだ文字の行にしか勾配が届きません。行を取り出すとき、ほかの行は使わないからです。"
        "`wpe` では文書の長さまでの行に届きます。`lm_head` ではすべての行に届きます。"
        "どの文字のスコアもソフトマックスに入るからです（文書の 4.2 節）。",
    )
    chooses = ("parameter", "log", "history")
    reads = ("past", "shown", "observation", "trail")

    def applies(self, setup: Setup, observation: Observation | None) -> bool:
        if observation is None:
            return bool(setup.symbols)
        return bool(self._matrices(observation))

    def parameters(self, observation: Observation) -> tuple[str, ...]:
        return self._matrices(observation)

    def data(self, view: RunView, choice: Choice) -> Data | Text:
        observation = view.observation
        if observation is None:
            return NOT_YET
        names = self._matrices(observation)
        if not names:
            return NOT_HERE
        name = choice.parameter if choice.parameter in names else names[0]
        weights = observation.weights[name]
        if not choice.grad:
            return self._points(view, choice, observation, name, weights)
        if weights.grad is None:
            return NO_GRADIENT.format(step=f"{observation.step:,}")
        return self._gradient(view, choice, observation, name, np.asarray(weights.grad, np.float64))

    def _matrices(self, observation: Observation) -> tuple[str, ...]:
        found = observation.weights
        return tuple(
            name for name in MATRICES if name in found and found[name].value.ndim == 2 and found[name].value.size
        )

    def _points(self, view: RunView, choice: Choice, observation: Observation, name: str, weights: Weights) -> Data:
        matrix = np.asarray(weights.value, np.float64)
        seen = plane(matrix, view.past.anchor_at(name, observation.step))
        ways: dict[str, Floats] = {}
        note = NOTE.format(first=percent(seen.shares[0]), second=percent(seen.shares[1]))
        earlier = [one for one in view.trail if name in one.weights and one.step < observation.step]
        earlier = [one for one in earlier if one.weights[name].value.shape == matrix.shape]
        if choice.history and not earlier:
            note = joined([note, NO_WAYS], "   ")
        elif choice.history:
            ways = {f"way {one.step:09d}": seen.project(one.weights[name].value) for one in earlier}
            note = joined([note, WAYS.format(step=f"{earlier[0].step:,}")], "   ")
        symbols = view.setup.symbols
        marked = vowels(symbols) if name != "wpe" and len(matrix) > len(symbols) else frozenset()
        return Data(
            "scatter",
            joined([self.title, Text.same(name)]),
            observation.step,
            seen.points,
            rows=_labels(name, len(matrix), symbols),
            axis=Text.same(name),
            extra=ways,
            marks={"vowel": marked} if marked else {},
            cells=Cells(name, (len(matrix),)),
            note=note,
            reading=Text(f"{name} {{row}}", f"{name} {{row}}"),
        )

    def _gradient(self, view: RunView, choice: Choice, observation: Observation, name: str, grad: Array) -> Data:
        sizes = norms(grad)
        order = np.argsort(-np.where(np.isnan(sizes), np.inf, sizes), kind="stable")
        labels = _labels(name, len(grad), view.setup.symbols)
        some = int((sizes != 0).sum())
        return Data(
            "heat",
            joined([self.twin or NOTHING, Text.same(name)]),
            observation.step,
            grad[order],
            rows=tuple(labels[i] for i in order.tolist()),
            columns=tuple(map(str, range(grad.shape[1]))),
            axis=Text.same(f"dL/d {name}"),
            signed=True,
            log=choice.log,
            cells=Cells(name, grad.shape, grad=True, order=tuple(order.tolist())),
            note=TWIN_NOTE.format(some=f"{some:,}", all=f"{len(grad):,}"),
            reading=Text.same(f"{name}[{{row}}, {{column}}]"),
        )


def _labels(name: str, rows: int, symbols: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(str, range(rows))) if name == "wpe" else numbered(rows, symbols)
