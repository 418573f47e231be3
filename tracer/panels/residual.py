"""The residual stream on its way up: how long its vector is after each part, and how far the part turned it."""

from __future__ import annotations

import re
from typing import ClassVar

import numpy as np

from tracer.panels.data import Data, Floats
from tracer.panels.panel import NOT_HERE, NOT_YET, Choice, Panel, RunView
from tracer.panels.place import NO_GRADIENT, POSITION, Place, cosine, joined, norm, numbers
from tracer.panels.tap_histories import GRADIENTS, LENGTHS, norms_of
from tracer.text import Text
from tracer.trace.cells import Cell
from tracer.trace.observation import Observation
from tracer.train.report import Setup

_STAGE = re.compile(r"layer(\d{1,6})\.(attn|mlp)_out", re.ASCII)
COSINE = Text("cos {cosine}", "cos {cosine}")
NOTE = Text("cos: with the stage before it", "cos は前の段との向きの近さ")
TWIN_NOTE = Text("cos: with the stage it comes from", "cos は勾配が来る上の段との近さ")


class Residual(Panel):
    """(stages,) L2 norms at one position: `embed`, `L0_attn`, `L0_mlp`, ..."""

    id = "residual"
    title = Text("Residual stream", "残差ストリーム")
    twin: ClassVar[Text] = Text("dL/d residual", "dL/d 残差")
    caption = Text(
        "Length of one position's vector after each part, and its turn (cos).",
        "各段を通った後のベクトルの長さと、向きの変化（cos）。",
    )
    twin_caption = Text(
        "Length of the gradient there: residuals carry it down nearly whole.",
        "各段に届く勾配の長さ。残差接続があるとほとんど弱まりません。",
    )
    history_captions = (LENGTHS, GRADIENTS)
    about = Text(
        "One position's vector as it enters the first layer, then after each attention and each perceptron. With"
        " residual connections a part adds to the stream instead of replacing it, so the norm changes gently and the"
        " cosine with the stage before stays near 1; switch them off (--residual off) and both jump (document,"
        " section 4.5).",
        "一つの位置のベクトルを、最初の層に入るときと、注意機構と MLP をそれぞれ通った後とで比べます。"
        "残差接続があると、各部分は置き換えるのではなく足し込むだけなので、長さはゆるやかに変わり、"
        "前の段との cos は 1 に近いままです。残差接続を切る（--residual off）と、どちらも大きく変わります"
        "（文書の 4.5 節）。",
    )
    twin_about = Text(
        "The gradient of the same vectors, from the top (last) back to the embedding. An addition passes its upstream"
        " gradient on unchanged, so the stream is a highway: what arrives at the bottom is what started at the top,"
        " plus what each part sends back. Without residuals the gradient must go through every part, and may fade or"
        " grow layer by layer (document, section 4.5).",
        "同じベクトルの勾配です。いちばん上（最後の段）から埋め込みへと流れます。"
        "足し算は上流の勾配をそのまま渡すので、残差ストリームは勾配の高速道路になります。下に届くのは、"
        "上から直通で来た分に、各部分を通ってきた分を足したものです。残差接続がないと、"
        "勾配はすべての部分を通らなければならず、層ごとに弱まったり大きくなったりします（文書の 4.5 節）。",
    )
    chooses = ("position", "document", "log", "history")
    reads = ("past", "shown", "observation", "trail")

    def applies(self, setup: Setup, observation: Observation | None) -> bool:
        if observation is None:
            return bool(setup.symbols)
        return len(stages(observation)) > 1

    def data(self, view: RunView, choice: Choice) -> Data | Text:
        observation = view.observation
        if observation is None:
            return NOT_YET
        if choice.history:
            names = stages(observation)
            title = self.twin if choice.grad else self.title
            return norms_of(view, names, tuple(map(short_name, names)), title, choice, current=None)
        place = Place.of(view, choice, observation)
        at = place.position
        there: list[str] = []
        vectors: list[Floats] = []
        for name in stages(observation):
            seen = observation.seen(name, place.document)
            found = None if seen is None else numbers(seen, grad=choice.grad)
            if found is not None and found.ndim == 2 and at < len(found):
                there.append(name)
                vectors.append(found[at])
        if not there:
            return NO_GRADIENT.format(step=f"{observation.step:,}") if choice.grad else NOT_HERE
        # a gradient comes from the stage above, a value from the one below
        beside = [*vectors[1:], None] if choice.grad else [None, *vectors[:-1]]
        alike = np.array(
            [np.nan if other is None else cosine(one, other) for one, other in zip(vectors, beside, strict=True)]
        )
        return Data(
            "bars",
            joined([self.twin if choice.grad else self.title, place.in_words(POSITION.format(position=place.here))]),
            observation.step,
            np.array([norm(one) for one in vectors]),
            rows=tuple(map(short_name, there)),
            axis=Text("L2 norm", "L2 ノルム"),
            low=0.0,
            log=choice.log,
            extra={"cosine": alike},
            badges=tuple(
                Text("", "") if other is None else COSINE.format(cosine=_said(c, one, other))
                for c, one, other in zip(alike.tolist(), vectors, beside, strict=True)
            ),
            cells=tuple(Cell(name, (at,), place.document, choice.grad) for name in there),
            note=TWIN_NOTE if choice.grad else NOTE,
        )


def _said(cosine: float, one: Floats, other: Floats) -> str:
    """A cosine in a badge; a vector of zeros has no direction, and no number on the way was nan."""
    if np.isnan(cosine) and one.shape == other.shape and np.isfinite(one).all() and np.isfinite(other).all():
        return "–"
    return f"{cosine:.3f}"


def stages(observation: Observation) -> tuple[str, ...]:
    """The names of the residual stream's stages, from the embedding up."""
    found = [
        (int(m[1]), 0 if m[2] == "attn" else 1, name) for name in observation.taps if (m := _STAGE.fullmatch(name))
    ]
    first = ("embed",) if "embed" in observation.taps else ()
    return (*first, *(name for *_, name in sorted(found)))


def short_name(stage: str) -> str:
    """`L0_attn` of `layer0.attn_out`."""
    found = _STAGE.fullmatch(stage)
    return f"L{found[1]}_{found[2]}" if found else stage
