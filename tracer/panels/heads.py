"""What each attention head found at a position, side by side, before wo mixes it."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tracer.numbers import percent
from tracer.panels.data import Cells, Data, Floats
from tracer.panels.panel import NOT_HERE, NOT_YET, Choice, Panel, RunView
from tracer.panels.place import LAYER, NO_GRADIENT, POSITION, Place, joined, layer_of, layers_with, norm, numbers, said
from tracer.panels.tap_histories import GRADIENTS, LENGTHS, norms_of
from tracer.text import Text
from tracer.trace.observation import Observation
from tracer.train.report import Setup

NOTE = Text("H{head}: length {size}, {share} of Σ length²", "H{head} の長さ {size}（Σ 長さ² の {share}）")


class Heads(Panel):
    """(H, D) at one position: a head a row, its D = C / H numbers."""

    id = "heads"
    title = Text("Head outputs", "ヘッド出力")
    twin: ClassVar[Text] = Text("dL/d head output", "dL/d ヘッド出力")
    caption = Text(
        "What each head found at a position, before wo mixes the heads.",
        "各ヘッドがその位置で集めた値。この後 wo で混ぜ合わされます。",
    )
    twin_caption = Text(
        "The gradient of each number: heads with large ones learn most.",
        "ヘッドの出力に届く勾配。大きいヘッドほど強く更新されます。",
    )
    history_captions = (LENGTHS, GRADIENTS)
    about = Text(
        "Each head averages the value vectors of the positions it looks at, weighted by its attention; these are its"
        " C / H numbers. Rows that look alike at many positions do the same work; with training heads become"
        " different, for each gets its own gradient. wo then mixes all of them and adds the result to the stream"
        " (document, section 4.3.3).",
        "各ヘッドは、見ている位置の値ベクトルを注意の重みで平均します。その結果の C / H 個の数が 1 行です。多くの位置で"
        "似た行になるヘッドは、同じ仕事をしています。それぞれ別の勾配を受け取るので、訓練が進むとヘッドは役割が分かれて"
        "いきます。この後 wo がすべてを混ぜ、結果を残差ストリームに足します（文書の 4.3.3 節）。",
    )
    twin_about = Text(
        "The gradient of the same numbers, as it comes back through wo. From here it goes on to the values (wv) and,"
        " through the attention weights, to queries and keys (wq, wk). A head whose row is pale has little to learn"
        " from this position (document, section 4.3.3).",
        "同じ数の勾配で、wo を逆向きに通って届いたものです。ここから値ベクトル（wv）へ、"
        "また注意の重みを通ってクエリとキー（wq、wk）へ流れます。行の色が薄いヘッドは、"
        "この位置からはあまり学びません（文書の 4.3.3 節）。",
    )
    chooses = ("layer", "head", "position", "document", "log", "history")
    reads = ("past", "shown", "observation", "trail")

    def applies(self, setup: Setup, observation: Observation | None) -> bool:
        if observation is not None:
            return bool(layers_with(observation, "heads"))
        return bool(setup.symbols) and setup.settings.get("attention") is not False

    def data(self, view: RunView, choice: Choice) -> Data | Text:
        observation = view.observation
        if observation is None:
            return NOT_YET
        layer = layer_of(observation, choice, "heads")
        if layer is None:
            return NOT_HERE
        name = f"layer{layer}.heads"
        if choice.history:
            layers = layers_with(observation, "heads")
            names, labels = tuple(f"layer{i}.heads" for i in layers), tuple(f"L{i}_heads" for i in layers)
            title = self.twin if choice.grad else self.title
            return norms_of(view, names, labels, title, choice, current=layers.index(layer))
        place = Place.of(view, choice, observation)
        seen = observation.seen(name, place.document)
        if seen is None or seen.value.ndim != 2 or not seen.value.size:
            return NOT_HERE
        found = numbers(seen, grad=choice.grad)
        if found is None:
            return NO_GRADIENT.format(step=f"{observation.step:,}")
        at = min(place.position, len(found) - 1)
        heads = _heads(observation, layer, place.document, found.shape[1])
        matrix = found[at].reshape(heads, -1)
        head = choice.head_of(heads)
        words = [self.twin if choice.grad else self.title]
        words.append(place.in_words(LAYER.format(layer=layer), POSITION.format(position=place.here)))
        return Data(
            "heat",
            joined(words),
            observation.step,
            matrix,
            rows=tuple(f"H{i}" for i in range(heads)),
            columns=tuple(map(str, range(matrix.shape[1]))),
            axis=self.twin if choice.grad else Text("value", "値"),
            signed=True,
            log=choice.log,
            marks={"row": frozenset({head}), "current": frozenset({head * matrix.shape[1]})},
            cells=Cells(name, (matrix.size,), (at,), place.document, choice.grad),
            note=_note(matrix, head),
            reading=Text("{row} number {column}", "{row} の {column} 番"),
        )


def _heads(observation: Observation, layer: int, document: int, width: int) -> int:
    """How many heads share a row, by the attention of the same layer; 1 where it does not say."""
    seen = observation.seen(f"layer{layer}.attn", document)
    heads = len(seen.value) if seen is not None and seen.value.ndim == 3 else 1
    return heads if heads and width % heads == 0 else 1


def _note(matrix: Floats, head: int) -> Text:
    """How long the chosen head's vector is, and how much of the length of all together."""
    mine, whole = norm(matrix[head]), norm(matrix)
    share = percent((mine / whole) ** 2) if whole and np.isfinite(whole) else "–"
    return NOTE.format(head=head, size=said(mine, 3), share=share)
