"""The neurons of a layer at one position: what each gives out, its twin what gradient arrives there.

Any model that taps its hidden layers has this panel: of names that no other panel knows, every tapped row of numbers is
taken for neurons.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from tracer.numbers import format_number, percent
from tracer.panels.data import Data, Floats
from tracer.panels.histories import dead, firing
from tracer.panels.labels import symbol
from tracer.panels.panel import NOT_HERE, NOT_YET, Choice, Panel, RunView
from tracer.panels.parameters import norm
from tracer.panels.place import DOCUMENT, LAYER, POSITION, joined
from tracer.panels.tap_histories import norms_of
from tracer.text import Text, clean
from tracer.trace.cells import Cell
from tracer.trace.observation import Observation, Seen
from tracer.train.report import Setup

_MLP = re.compile(r"layer(\d+)\.mlp", re.ASCII)
_OTHERS = re.compile(
    r"(?:layer\d+\.(?:attn|heads|attn_out|mlp_out|keys|values)"
    r"|embed|logits|probs|tokens|targets|predictions?|outputs?|loss)",
    re.ASCII,
)
ROW, INPUT = Text("row {position}", "行 {position}"), Text("input {document}", "入力 {document}")
SATURATED = 0.97
"""From this size on a tanh lets hardly any gradient through: 1 - 0.97² is 6 %."""


class Mlp(Panel):
    """A block for each neuron."""

    id = "mlp"
    title = Text("Neurons", "ニューロン")
    twin: ClassVar[Text | None] = Text("dL/d activation", "dL/d 活性化")
    caption = Text(
        "What each neuron gives out at one position; · gives out 0.", "ある位置での各ニューロンの出力。· は出力 0。"
    )
    twin_caption = Text(
        "What gradient arrives at each neuron; · where its gate is closed.",
        "各ニューロンに届く勾配。· はゲートが閉じている。",
    )
    history_captions = (
        Text(
            "The share of neurons that are active, and of those that are dead.",
            "活性なニューロンと死んだニューロンの割合。",
        ),
        Text("How much gradient has arrived at each layer, step by step.", "各層に届いた勾配の、ステップごとの推移。"),
    )
    about = Text(
        "Each block is a neuron of the layer, after its activation, at the chosen position. ReLU is a gate: what is "
        "below 0 becomes 0 (·), and no gradient passes there, so only the neurons that are active learn from this "
        "position. Other inputs open other neurons: that is how they come to specialise. A neuron that was silent at "
        "every position of every document in the last looks is called dead (×): no gradient reaches its weights any "
        "more. Of a tanh, what is near -1 or 1 (size above 0.97) is saturated: hardly any gradient passes. Over the "
        "steps: the share that is active, and the share that is dead (document, section 4.4).",
        "一つの升が、選んだ位置での層のニューロン一つ（活性化の後）です。ReLU は門（ゲート）で、0 より小さい値は "
        "0（·）になり、そこを勾配は通りません。つまり、この位置から学ぶのは活性なニューロンだけです。入力が違えば別"
        "のニューロンが開き、こうして専門家が育ちます。最近の観察で、どの文書のどの位置でも出力が 0 だったニューロン"
        "を「死んでいる」（×）と呼びます。もう重みに勾配が届きません。tanh では -1 か 1 に近い（絶対値が 0.97 を超え"
        "る）ものを「飽和」と呼び、勾配がほとんど通りません。推移の表示では、活性な割合と死んでいる割合です（文書の "
        "4.4 節）。",
    )
    twin_about = Text(
        "The gradient of the loss at each neuron's output. Above 0, the loss would fall if the neuron gave out less. "
        "Where the gate of a ReLU is closed (·), whatever gradient arrives is multiplied by 0 and goes no further.",
        "各ニューロンの出力での損失の勾配です。正なら、出力を小さくすると損失が下がります。ReLU のゲートが閉じている"
        "ところ（·）では、届いた勾配に 0 が掛けられ、それより先へは進みません。",
    )
    chooses = ("layer", "position", "document", "history")
    reads = ("past", "shown", "observation", "trail")

    def applies(self, setup: Setup, observation: Observation | None) -> bool:
        return observation is None or bool(layers_of(observation.taps))

    def layers(self, observation: Observation) -> int:
        return len(layers_of(observation.taps))

    def documents(self, observation: Observation) -> int:
        return max((len(observation.taps[name]) for name in layers_of(observation.taps)), default=0)

    def positions(self, observation: Observation, choice: Choice) -> int:
        names = layers_of(observation.taps)
        if not names:
            return 0
        things = observation.taps[names[choice.layer_of(len(names))]]
        return len(_rows(things[choice.document_of(len(things))].value))

    def data(self, view: RunView, choice: Choice) -> Data | Text:
        seen = view.observation
        if seen is None:
            return NOT_YET
        names = layers_of(seen.taps)
        if not names:
            return NOT_HERE
        layer = choice.layer_of(len(names))
        name = names[layer]
        if choice.history and choice.grad:
            labels = tuple(clean(one) for one in names)
            return norms_of(view, names, labels, self.title, choice, current=layer)
        if choice.history:
            return firing(view, name, self._title(name), gated=is_gate(seen.taps[name]))
        document = choice.document_of(len(seen.taps[name]))
        thing = seen.taps[name][document]
        rows = _rows(thing.value)
        place = choice.position_of(len(rows))
        if not rows.size or (choice.grad and thing.grad is None):
            return NOT_HERE
        values = _rows(thing.grad)[place] if choice.grad and thing.grad is not None else rows[place]
        gate = is_gate(seen.taps[name])
        silent = dead(view, name, len(values)) if gate else None
        marks: dict[str, frozenset[int]] = {}
        if choice.grad and gate:
            marks["closed"] = frozenset(np.flatnonzero(rows[place] == 0).tolist())
        elif silent:
            marks["dead"] = silent[0] & frozenset(np.flatnonzero(values == 0).tolist())
        index: tuple[int, ...] = (
            () if thing.value.ndim == 1 else tuple(int(i) for i in np.unravel_index(place, thing.value.shape[:-1]))
        )
        shape = folded(len(values))
        padded = np.full(shape, np.nan)
        padded.reshape(-1)[: len(values)] = values
        absent = np.arange(padded.size).reshape(shape) >= len(values)
        title = self._title(name, *self._where(view, seen, name, document, place, len(rows)))
        return Data(
            "grid",
            title,
            seen.step,
            padded,
            rows=tuple(str(row * shape[1]) for row in range(shape[0])),
            columns=tuple(map(str, range(shape[1]))),
            axis=Text("dL/d activation", "dL/d 活性化") if choice.grad else Text("activation", "活性化"),
            signed=choice.grad or not gate,
            absent=absent if absent.any() else None,
            marks=marks,
            cells=tuple(
                Cell(name, (*index, min(k, len(values) - 1)), document, choice.grad) for k in range(padded.size)
            ),
            note=_arriving(values, rows[place], gate)
            if choice.grad
            else _active(seen.taps[name], rows[place], gate, silent),
            reading=Text("neuron {index}", "ニューロン {index}"),
        )

    def _title(self, name: str, *where: Text) -> Text:
        """`Neurons  layer 0  position 3 n`."""
        found = _MLP.fullmatch(name)
        return joined([self.title, LAYER.format(layer=found[1]) if found else Text.same(clean(name)), *where])

    def _where(
        self, view: RunView, seen: Observation, name: str, document: int, place: int, places: int
    ) -> Iterable[Text]:
        """`position 3 n  document 2`, as far as there are several."""
        of_text = _MLP.fullmatch(name) is not None
        tokens = seen.tokens[document] if of_text and document < len(seen.tokens) else ()
        label = f" {symbol(tokens[place], view.setup.symbols)}" if place < len(tokens) else ""
        if of_text or places > 1:
            yield (POSITION if of_text else ROW).format(position=f"{place}{label}")
        if len(seen.taps[name]) > 1:
            yield (DOCUMENT if of_text else INPUT).format(document=document)


def layers_of(taps: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of tapped neurons, in the order of layers."""
    found = sorted((int(match[1]), name) for name in taps if (match := _MLP.fullmatch(name)))
    if found:
        return tuple(name for _, name in found)
    return tuple(
        name
        for name, things in taps.items()
        if not _OTHERS.fullmatch(name) and all(one.value.ndim and one.value.dtype.kind == "f" for one in things)
    )


def is_gate(things: tuple[Seen, ...]) -> bool:
    """Whether these come from a ReLU, as far as the numbers tell: none is below 0, and some are 0."""
    some = [one.value[np.isfinite(one.value)] for one in things]
    return all((one >= 0).all() for one in some) and any((one == 0).any() for one in some)


def folded(n: int) -> tuple[int, int]:
    """Rows and columns to lay out n neurons in."""
    columns = n if n <= 16 else 16 if n <= 128 else 32
    return max(1, -(-n // max(1, columns))), max(1, columns)


def _rows(value: Floats) -> Floats:
    """(positions, neurons), in float64."""
    found: Floats = value.astype(np.float64)
    return found.reshape(-1, found.shape[-1]) if found.size else np.zeros((0, 0))


def _arriving(grads: Floats, activations: Floats, gate: bool) -> Text:
    """`L2 0.05   40 of 64 gates closed`."""
    words = Text.same(f"L2 {format_number(norm(grads))}")
    if not gate:
        return words
    closed = int((activations == 0).sum())
    more = Text("{n} of {all} gates closed", "{all} 個中 {n} 個のゲートが閉じている").format(n=closed, all=len(grads))
    return Text(f"{words.en}   {more.en}", f"{words.ja}   {more.ja}")


def _active(
    things: tuple[Seen, ...], activations: Floats, gate: bool, silent: tuple[frozenset[int], int] | None
) -> Text:
    """`active 24 of 64   overall 41 %   dead 3 (10 looks)`: at the position, and in all of the step."""
    here, all_ = int((activations > 0).sum()), len(activations)
    numbers = np.concatenate([one.value[np.isfinite(one.value)].reshape(-1) for one in things])
    share = percent(float((numbers > 0).mean())) if len(numbers) else "?"
    word = Text("active", "活性") if gate else Text("above 0", "正")
    words = [
        Text("{word} {n} of {all}", "{word} {n}/{all}").format(word=word, n=here, all=all_),
        Text("overall {share}", "全体 {share}").format(share=share),
    ]
    if silent is not None:
        words.append(
            Text("dead {n} ({looks} looks)", "死 {n}（観察 {looks} 回）").format(n=len(silent[0]), looks=silent[1])
        )
    if not gate and len(numbers) and (np.abs(numbers) <= 1).all() and (numbers < 0).any():
        flat = percent(float((np.abs(numbers) > SATURATED).mean()))
        words.append(Text("saturated {share}", "飽和 {share}").format(share=flat))
    return Text("   ".join(word.en for word in words), "   ".join(word.ja for word in words))
