"""How probable each symbol is to come next at a position, and how the loss pulls at its score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import islice
from typing import ClassVar

import numpy as np

from tracer.panels.data import NOTHING, Cells, Data, Floats
from tracer.panels.labels import numbered, symbol
from tracer.panels.panel import NOT_HERE, NOT_YET, Choice, Panel, RunView
from tracer.panels.place import NO_GRADIENT, Place, joined, numbers, said
from tracer.panels.tap_histories import GRADIENTS, norms_of, target_probabilities
from tracer.text import Text
from tracer.trace.observation import Array, Observation
from tracer.train.report import Setup
from tracer.train.signals import losses_by_position

TARGET = Text("◀ target", "◀ 正解")
END = Text("end", "終わり")
TARGET_OVER_TIME = Text("Probability of the target", "正解の確率の推移")
AFTER = Text("after {context}", "{context} の次")
NOTE = Text("◀ {target}  rank {rank} of {all}  loss here {loss}", "◀ {target}  {all} 中 {rank} 位  ここの損失 {loss}")
TWIN_NOTE = Text("p (p − 1 at the target) divided by {all}", "p（正解では p − 1）を {all} で割った値")


class Probabilities(Panel):
    """(V,) at one position, the most probable first; the twin keeps that order."""

    id = "probabilities"
    title = Text("Next symbol", "次の文字の確率")
    twin: ClassVar[Text] = Text("dL/d logit", "dL/d ロジット")
    caption = Text(
        "How probable each symbol is to come next; ◀ is the one that does.",
        "モデルが予測する次の文字の確率。◀ が正解です。",
    )
    twin_caption = Text(
        "The target's score is pushed up (−), all the others down (+).",
        "正解のスコアは上げられ（−）、ほかは下げられます（+）。",
    )
    history_captions = (
        Text(
            "How probable the target was at each position, over the training.",
            "各位置で正解がどれだけ確からしかったか、その移り変わりです。",
        ),
        GRADIENTS,
    )
    about = Text(
        "The softmax of the scores (logits) at one position, the most probable symbol first. A model that knows"
        " nothing gives each the same 1/V. ⟨B⟩ is the mark at which a document ends (and began). The loss at this"
        " position is −log of the target's probability: 0 if the model was sure and right, large if it did not expect"
        " what came (document, section 4.7).",
        "ある位置でのスコア（ロジット）のソフトマックスを、確率の高い文字から順に並べたものです。"
        "何も知らないモデルなら、どの文字も 1/V になります。⟨B⟩ は文書の始まりと終わりの印です。"
        "この位置の損失は正解の確率の −log で、確信をもって当てれば 0 に近く、予想していなければ大きくなります"
        "（文書の 4.7 節）。",
    )
    twin_about = Text(
        "This is where backpropagation enters the model. For softmax with cross-entropy the gradient of a score is"
        " simply its probability, less 1 at the target, divided by the number of positions the loss is a mean of. So"
        " the numbers of a position add up to 0, and a position that is predicted well hardly pulls at all. The"
        " symbols stand in the order of their probabilities, as on the other side (document, section 4.7).",
        "逆伝播がモデルに入っていく入口です。ソフトマックスと交差エントロピーでは、"
        "スコアの勾配は確率そのもの（正解だけは確率から 1 を引いた値）を、"
        "損失を平均する位置の数で割ったものになります。そのため一つの位置の値を合計すると 0 になり、"
        "うまく予測できている位置はほとんど何も動かしません。並び順は確率の表示と同じです（文書の 4.7 節）。",
    )
    chooses = ("position", "document", "history")
    reads = ("past", "shown", "observation", "trail")

    def applies(self, setup: Setup, observation: Observation | None) -> bool:
        if observation is None:
            return bool(setup.symbols)
        seen = observation.seen("probs")
        return seen is not None and seen.value.ndim == 2

    def data(self, view: RunView, choice: Choice) -> Data | Text:
        observation = view.observation
        if observation is None:
            return NOT_YET
        if choice.history:
            return self._history(view, choice, Place.of(view, choice, observation).position)
        place = Place.of(view, choice, observation)
        seen = observation.seen("probs", place.document)
        if seen is None or seen.value.ndim != 2 or not seen.value.size:
            return NOT_HERE
        at = min(place.position, len(seen.value) - 1)
        probs = np.asarray(seen.value[at], np.float64)
        order = np.argsort(-np.where(np.isnan(probs), -np.inf, probs), kind="stable")
        ranked = order.tolist()
        shown, of = probs, "probs"
        if choice.grad:
            of = "logits" if observation.taps.get("logits") else "probs"
            pulled = observation.seen(of, place.document)
            found = None if pulled is None else numbers(pulled, grad=True)
            if found is None or found.shape != seen.value.shape:
                return NO_GRADIENT.format(step=f"{observation.step:,}")
            shown = found[at]
        symbols, target = view.setup.symbols, place.target
        labels = numbered(len(probs), symbols)
        where = np.flatnonzero(order == target) if target is not None else ()
        marks = {"target": frozenset(int(i) for i in where), "current": frozenset({0})}
        words = [self.twin if choice.grad else self.title, AFTER.format(context=place.context())]
        if place.documents > 1:
            words.append(place.in_words())
        return Data(
            "bars",
            joined(words),
            observation.step,
            shown[order],
            rows=tuple(labels[token] for token in ranked),
            axis=self.twin if choice.grad else Text("probability", "確率"),
            signed=choice.grad,
            marks={name: which for name, which in marks.items() if which},
            badges=_badges(ranked, target, len(symbols)),
            cells=Cells(of, (len(order),), (at,), place.document, choice.grad, tuple(ranked)),
            note=_twin_note(probs, shown, target)
            if choice.grad
            else _note(probs, order, target, symbols, _loss(observation, place.document, at)),
            reading=Text("{row} after " + _braces(place.here), _braces(place.here) + " の次が {row}"),
        )

    def _history(self, view: RunView, choice: Choice, position: int) -> Data | Text:
        """How probable the target was; of gradients how hard the loss pulls at the scores."""
        if choice.grad:
            return norms_of(view, ("logits",), ("logits",), self.twin, choice, current=0)
        return target_probabilities(view, TARGET_OVER_TIME, choice, position)


def _badges(ranked: Sequence[int], target: int | None, bos: int) -> tuple[Text, ...]:
    """What is special about the target, and about the mark at a document's end."""
    found = {token: words for token, words in ((bos, END), (target, TARGET)) if token is not None}
    if target == bos:
        found[bos] = joined([TARGET, END], " ")
    return tuple([found.get(token, NOTHING) for token in ranked])


def _note(probs: Floats, order: Array, target: int | None, symbols: Sequence[str], loss: float) -> Text:
    """How the target stands among the others, and what that costs."""
    if target is None or not 0 <= target < len(probs) or np.isnan(probs[target]):
        return NOTHING
    rank = int(np.flatnonzero(order == target)[0]) + 1
    return NOTE.format(target=symbol(target, symbols), rank=rank, all=f"{len(probs):,}", loss=said(loss, 3))


def _loss(observation: Observation, document: int, position: int) -> float:
    """At a position; nan where nothing tells it."""
    losses = next(islice(losses_by_position(observation), document, None), None)
    return math.nan if losses is None or position >= len(losses) else float(losses[position])


def _twin_note(probs: Floats, grad: Floats, target: int | None) -> Text:
    """By what the gradient of softmax with cross-entropy was divided: the numbers that the loss is a mean of."""
    if target is None or not 0 <= target < len(probs):
        return NOTHING
    pull = probs - (np.arange(len(probs)) == target)
    with np.errstate(all="ignore"):
        by = float(np.abs(pull).sum() / np.abs(grad).sum())
        alike = np.isfinite(by) and np.allclose(grad * by, pull, rtol=1e-3, atol=1e-5)
    return TWIN_NOTE.format(all=said(round(by, 3), 4)) if alike else NOTHING


def _braces(words: str) -> str:
    """A symbol may be a brace: in a pattern it is written twice."""
    return words.replace("{", "{{").replace("}", "}}")
