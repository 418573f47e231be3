"""Attention weights of one head: how much each position draws from itself and from those before it."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from tracer.panels.data import Cells, Data, Floats
from tracer.panels.panel import NOT_HERE, NOT_YET, Choice, Panel, RunView
from tracer.panels.place import HEAD, LAYER, NO_GRADIENT, Place, joined, layer_of, layers_with, numbers, said
from tracer.panels.tap_histories import GRADIENTS, entropies, norms_of
from tracer.text import Text
from tracer.trace.observation import Observation
from tracer.train.report import Setup

NOTE = Text(
    "{here} draws most from {most}: {share}   entropy {entropy} of {highest}",
    "{here} が最もよく見るのは {most}: {share}   エントロピー {entropy}（最大 {highest}）",
)
ENTROPY = Text("Entropy of attention", "注意のエントロピー")
TWIN_NOTE = Text(
    "{here}: shifting weight to {most} lowers the loss most",
    "{here}: 重みを {most} に移すと損失が最も減ります",
)
TWIN_EVEN = Text(
    "{here}: the same everywhere: shifting weight changes no loss",
    "{here}: どこも同じなので、重みを移しても損失は変わりません",
)


class Attention(Panel):
    """(T, T) of one head; a row is a position, and sums to 1."""

    id = "attention"
    title = Text("Attention", "注意の重み")
    twin: ClassVar[Text] = Text("dL/d attention weight", "dL/d 注意の重み")
    caption = Text(
        "A row: how much that position draws from each; it adds up to 1.",
        "1 行が一つの位置。どこをどれだけ参照するか（行の合計は 1）。",
    )
    twin_caption = Text(
        "−: more weight there would lower the loss; +: it would raise it.",
        "− は重みを増やすと損失が減るところ、+ は増えるところです。",
    )
    history_captions = (
        Text(
            "How evenly each head looks: 0 is one position only, higher is more.",
            "ヘッドがどれだけ均等に見ているか。0 なら 1 か所だけを見ています。",
        ),
        GRADIENTS,
    )
    about = Text(
        "A row is a position that asks, a column one that is asked. The weights are the softmax of query times key,"
        " so each row adds up to 1, and the upper right half is empty: nobody sees what comes later. At first all"
        " rows are nearly even; with training heads begin to prefer some positions, such as the one before or the"
        " beginning. Weights are no parameters: they change because wq and wk do (document, sections 4.3.2 and 4.3.3).",
        "行は問い合わせる側の位置、列は参照される側の位置です。重みはクエリとキーの内積のソフトマックスなので、"
        "各行の合計は 1 になります。後の位置は見えないため、右上は空です。はじめはどの行もほぼ均等ですが、"
        "訓練が進むと、直前の文字や先頭など、ヘッドごとに見る場所が偏ってきます。重みそのものはパラメータではなく、"
        "wq と wk が変わることで変わります（文書の 4.3.2 節と 4.3.3 節）。",
    )
    twin_about = Text(
        "What arrives at each weight from the loss, on its way back through the softmax to queries and keys. A"
        " negative number says that the loss would fall if this weight grew. Since a row must add up to 1, what"
        " counts is how the numbers of a row differ: those below the row's mean (each counted by its weight) are"
        " raised, the others lowered (document, section 4.3.2).",
        "損失から各重みに届く勾配です。ここからソフトマックスを通ってクエリとキーへ流れていきます。負の値は、"
        "その重みを増やすと損失が減るという意味です。各行の合計は 1 に決まっているので、行の中での差が大切です。"
        "重みで平均した値より小さいところは増やされ、大きいところは減らされます（文書の 4.3.2 節）。",
    )
    chooses = ("layer", "head", "position", "document", "log", "history")
    reads = ("past", "shown", "observation", "trail")

    def applies(self, setup: Setup, observation: Observation | None) -> bool:
        if observation is not None:
            return bool(layers_with(observation, "attn"))
        return bool(setup.symbols) and setup.settings.get("attention") is not False

    def data(self, view: RunView, choice: Choice) -> Data | Text:
        observation = view.observation
        if observation is None:
            return NOT_YET
        layer = layer_of(observation, choice, "attn")
        if layer is None:
            return NOT_HERE
        name = f"layer{layer}.attn"
        if choice.history:
            return self._history(view, choice, observation, name, layer)
        place = Place.of(view, choice, observation)
        seen = observation.seen(name, place.document)
        if seen is None or seen.value.ndim != 3 or not seen.value.size:
            return NOT_HERE
        found = numbers(seen, grad=choice.grad)
        if found is None:
            return NO_GRADIENT.format(step=f"{observation.step:,}")
        weights = np.asarray(seen.value, np.float64)
        head = choice.head_of(len(weights))
        rows, columns = weights.shape[1:]
        at = min(place.position, rows - 1)
        later = np.triu(np.ones((rows, columns), bool), 1 + columns - rows) & np.isnan(weights[head])
        labels = place.numbered if len(place.labels) == rows else tuple(map(str, range(rows)))
        read = place.labels if len(place.labels) == columns else tuple(map(str, range(columns)))
        asked = np.where(later[at], np.nan, found[head, at])
        one = Data(
            "heat",
            joined([self.twin if choice.grad else self.title, place.in_words(*self._where(layer, head))]),
            observation.step,
            found[head],
            rows=labels,
            columns=read,
            axis=self.twin if choice.grad else Text("weight", "重み"),
            signed=choice.grad,
            log=choice.grad and choice.log,
            low=None if choice.grad else 0.0,
            high=None if choice.grad else 1.0,
            absent=later,
            marks={"row": frozenset({at}), "current": frozenset({at * columns + _most(asked, least=choice.grad)})},
            cells=Cells(name, (rows, columns), (head,), place.document, choice.grad),
            note=_note(asked, labels[at], place.numbered, grad=choice.grad),
            reading=Text("{row} from {column}", "{row} ← {column}"),
        )
        if len(found) == 1:
            return one
        heads = tuple(replace(one, title=Text.same(f"H{h}"), values=found[h]) for h in range(len(found)))
        return replace(one, beside=heads, nth=head)

    def _history(self, view: RunView, choice: Choice, observation: Observation, name: str, layer: int) -> Data | Text:
        """How evenly each head looks; of gradients how large they are in each layer."""
        if not choice.grad:
            return entropies(view, name, joined([ENTROPY, LAYER.format(layer=layer)]), choice)
        layers = layers_with(observation, "attn")
        names, labels = tuple(f"layer{i}.attn" for i in layers), tuple(f"L{i}_attn" for i in layers)
        return norms_of(view, names, labels, self.twin, choice, current=layers.index(layer))

    def _where(self, layer: int, head: int) -> tuple[Text, Text]:
        return LAYER.format(layer=layer), HEAD.format(head=head)


def _most(row: Floats, *, least: bool) -> int:
    """The column with the largest (or the least) number of a row; 0 where there is none."""
    if not np.isfinite(row).any():
        return 0
    return int(np.nanargmin(row) if least else np.nanargmax(row))


def _note(row: Floats, here: str, labels: tuple[str, ...], *, grad: bool) -> Text:
    known = row[np.isfinite(row)]
    if not known.size:
        return Text("", "")
    which = _most(row, least=grad)
    most = labels[which] if which < len(labels) else str(which)
    if grad:
        if len(known) == 1:
            return Text("", "")
        return (TWIN_NOTE if known.min() < known.max() else TWIN_EVEN).format(here=here, most=most)
    entropy = float(-(known[known > 0] * np.log(known[known > 0])).sum())
    return NOTE.format(
        here=here, most=most, share=said(row[which]), entropy=said(abs(entropy)), highest=said(np.log(len(known)))
    )
