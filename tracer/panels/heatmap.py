"""One parameter's numbers as a picture, its twin their gradients; and what Adam remembers of it, m and v."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tracer.numbers import format_number
from tracer.panels.data import Cells, Data, Floats
from tracer.panels.labels import symbol
from tracer.panels.panel import NOT_YET, Choice, Panel, RunView
from tracer.panels.parameters import NO_WEIGHTS, chosen, norm, shape_text, short_name
from tracer.text import Text
from tracer.trace.observation import Observation
from tracer.train.report import Setup

NO_GRADIENT = Text(
    "No gradient reached {name} in this step: the loss does not depend on it.",
    "このステップでは {name} に勾配が届いていません（損失が {name} に依存していません）。",
)


class Heatmap(Panel):
    """A weight matrix."""

    id = "heatmap"
    title = Text("Weights", "重み")
    twin: ClassVar[Text | None] = Text("dL/d weight", "dL/d 重み")
    caption = Text(
        "Every number of one parameter: a row an output, a column an input.",
        "一つのパラメータの全要素。行が出力、列が入力。",
    )
    twin_caption = Text(
        "Which way and how strongly each weight is asked to change.", "各重みをどちらへどれだけ動かせと言われているか。"
    )
    about = Text(
        "A row is an output of the matrix, a column an input; of an embedding a row is one symbol's or one "
        "position's vector. The darker, the larger; below 0 in another hue and with a minus sign. At first it is "
        "noise, later rows and columns stand out: the matrix has learned which inputs belong together.",
        "行は行列の出力、列は入力です（埋め込みでは、行が一つの文字や位置のベクトル）。濃いほど大きく、0 より小さい"
        "値は別の色とマイナス記号で示します。はじめはただの雑音ですが、学習が進むと行や列が浮き出てきます。どの入力"
        "をまとめて見るかを学んだ跡です。",
    )
    twin_about = Text(
        "The gradient of each weight, in the same places. A weight with a gradient above 0 is moved down, one below "
        "0 up. Of an embedding, only the rows of symbols that were read have any (document, section 4.2).",
        "各重みの勾配を同じ場所に示します。勾配が正の重みは下げられ、負の重みは上げられます。埋め込みでは、読んだ文"
        "字の行にだけ勾配があります（文書の 4.2 節）。",
    )
    chooses = ("parameter",)

    def applies(self, setup: Setup, observation: Observation | None) -> bool:
        return observation is None or bool(observation.weights)

    def parameters(self, observation: Observation) -> tuple[str, ...]:
        return tuple(observation.weights)

    def data(self, view: RunView, choice: Choice) -> Data | Text:
        seen = view.observation
        if seen is None:
            return NOT_YET
        if not seen.weights:
            return NO_WEIGHTS
        name = chosen(seen, choice, matrix=True)
        weights = seen.weights[name]
        array = weights.grad if choice.grad else weights.value
        if array is None:
            return NO_GRADIENT.format(name=short_name(name))
        axis = Text("dL/d weight", "dL/d 重み") if choice.grad else Text("weight", "重み")
        return picture(view, self.title, name, array, axis, _size(array), grad=choice.grad)


class Adam(Panel):
    """Adam's memory of the gradient of one parameter: its running mean, and of its square as the twin."""

    id = "adam"
    title = Text("Adam", "Adam")
    twin: ClassVar[Text | None] = Text("v, mean of the squares", "v（二乗の移動平均）")
    caption = Text("m: the running mean of the gradient, its recent direction.", "m: 勾配の移動平均。最近の向き。")
    twin_caption = Text(
        "v: the running mean of the gradient's square, its usual size.", "v: 勾配の二乗の移動平均。普段の大きさ。"
    )
    about = Text(
        "m is a running mean of each weight's gradient: noise that changes its sign from step to step cancels out, "
        "what points the same way stays. An update is lr times m over the square root of v, each divided by what is "
        "still missing of it in the first steps (document, section 5).",
        "m は重みごとの勾配の移動平均です。ステップごとに符号が変わる雑音は打ち消し合い、同じ向きのものが残ります。"
        "更新は 学習率 × m / √v で、m と v はどちらも、はじめの数ステップで足りない分を補ってから使います（文書の 5 "
        "節）。",
    )
    twin_about = Text(
        "v is a running mean of the square of each weight's gradient: how large it usually is, whichever its sign. "
        "It is no variance, for no mean is taken off. Divided by its square root, all weights move by about the "
        "learning rate, whether their gradients are large or small (document, section 5).",
        "v は重みごとの勾配の二乗の移動平均で、符号によらない普段の大きさです。平均を引いていないので分散ではありま"
        "せん。√v で割ると、勾配の大小によらず、どの重みもおよそ学習率の分だけ動きます（文書の 5 節）。",
    )
    chooses = ("parameter",)
    NONE = Text(
        "This optimizer keeps no {which} for {name}: plain SGD remembers nothing, SGD with momentum a mean, Adam both.",
        "この optimizer は {name} の {which} を持っていません（SGD は何も覚えず、モーメンタム付き SGD は平均だけ、"
        "Adam は両方を覚えます）。",
    )

    def applies(self, setup: Setup, observation: Observation | None) -> bool:
        return observation is None or any(w.m is not None or w.v is not None for w in observation.weights.values())

    def parameters(self, observation: Observation) -> tuple[str, ...]:
        return tuple(observation.weights)

    def data(self, view: RunView, choice: Choice) -> Data | Text:
        seen = view.observation
        if seen is None:
            return NOT_YET
        if not seen.weights:
            return NO_WEIGHTS
        name = chosen(seen, choice, matrix=True)
        weights = seen.weights[name]
        array, which = (weights.v, "v") if choice.grad else (weights.m, "m")
        if array is None:
            return self.NONE.format(which=which, name=short_name(name))
        note = _size(array)
        if weights.m is not None and weights.v is not None and weights.m.shape == weights.v.shape:
            with np.errstate(all="ignore"):
                share = np.abs(weights.m.astype(np.float64)) / np.sqrt(weights.v.astype(np.float64))
            known = share[np.isfinite(share)]
            if known.size:
                middle = format_number(float(np.median(known)), 2)
                more = Text("median |m|/√v {m}", "|m|/√v の中央値 {m}").format(m=middle)
                note = Text(f"{note.en}   {more.en}", f"{note.ja}   {more.ja}")
        title = Text(f"Adam's {which}", f"Adam の {which}")
        return picture(view, title, name, array, Text.same(which), note, signed=not choice.grad)


def picture(
    view: RunView,
    title: Text,
    name: str,
    array: NDArray[Any],
    axis: Text,
    note: Text,
    *,
    grad: bool = False,
    signed: bool = True,
) -> Data:
    """A parameter-shaped array as a heat map; of more axes than two, the last stays."""
    seen = view.observation
    assert seen is not None, "it was looked at just now"
    shape = array.shape
    values: Floats = array.astype(np.float64)
    values = values.reshape(-1, shape[-1]) if len(shape) > 1 else values.reshape(1, -1)
    full = Text(
        f"{title.en}  {short_name(name)}  {shape_text(shape)}", f"{title.ja}  {short_name(name)}  {shape_text(shape)}"
    )
    symbols = view.setup.symbols
    per_symbol = name in ("wte", "lm_head") and bool(symbols) and len(values) == len(symbols) + 1
    rows = tuple(symbol(row, symbols) if per_symbol else str(row) for row in range(len(values)))
    return Data(
        "heat",
        full,
        seen.step,
        values,
        rows=rows if len(shape) > 1 else (),
        columns=tuple(map(str, range(values.shape[1]))),
        axis=axis,
        signed=signed,
        cells=Cells(name, shape, grad=grad),
        note=note,
        reading=Text.same(
            f"{short_name(name)}[{{row}}, {{column}}]" if len(shape) > 1 else f"{short_name(name)}[{{column}}]"
        ),
    )


def _size(array: NDArray[Any]) -> Text:
    """`L2 0.41   largest 0.02`."""
    with np.errstate(all="ignore"):
        sizes = np.abs(array.astype(np.float64))
        largest = float(sizes.max()) if sizes.size else 0.0
    return Text("L2 {norm}   largest size {most}", "L2 {norm}   最大の絶対値 {most}").format(
        norm=format_number(norm(array)), most=format_number(largest)
    )
