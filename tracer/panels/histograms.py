"""How the numbers of parameters, of their gradients and of their updates are spread."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tracer.numbers import format_number
from tracer.panels.data import Data, Floats
from tracer.panels.panel import NOT_YET, Choice, Panel, RunView
from tracer.panels.parameters import NO_WEIGHTS, short_name
from tracer.text import Text
from tracer.trace.cells import Cell
from tracer.trace.observation import Observation
from tracer.train.report import Setup

BINS = 36
"""Panels of a dashboard are 38 cells wide."""
NOTHING_FINITE = Text("None of these {n} numbers is finite.", "{n} 個のどれも有限ではありません。")
UNKNOWN = Text("No update is known for this step.", "このステップの更新は分かりません。")
NO_GRADIENT = Text("No gradient reached any of them in this step.", "このステップでは、どれにも勾配が届いていません。")
ALL = Text("all", "全パラメータ")
HUGE, NARROW = 1e300, 1e-290


class WeightsHistogram(Panel):
    """How often weights of each size occur."""

    id = "weights"
    title = Text("Histogram of weights", "重みの分布")
    twin: ClassVar[Text | None] = Text("histogram of gradients", "勾配の分布")
    caption = Text("How many weights have which value.", "どの値の重みがいくつあるか。")
    twin_caption = Text("How many weights have which gradient.", "どの値の勾配がいくつあるか。")
    about = Text(
        "The numbers of the chosen parameter, or of all, counted in equal bins. They begin as a bell around 0; "
        "training widens it. A lonely bar far out is a weight that ran away. Selecting a bar and opening it goes to "
        "one weight that is counted in it.",
        "選んだパラメータ（または全部）の値を等しい幅の区間で数えたものです。はじめは 0 を中心とした釣鐘形で、学習が"
        "進むと広がります。遠くに離れた棒は暴走した重みです。棒を選んで開くと、その区間に入っている重みの一つへ移動"
        "します。",
    )
    twin_about = Text(
        "The same for gradients. Most are near 0; long tails are few weights with large gradients. Everything in one "
        "bar at 0 means that nothing is learned.",
        "同じことを勾配について数えたものです。多くは 0 の近くにあり、長い裾は大きな勾配を持つ少数の重みです。すべて"
        "が 0 の一本に集まっていたら、何も学んでいません。",
    )
    chooses = ("parameter", "log")

    def applies(self, setup: Setup, observation: Observation | None) -> bool:
        return observation is None or bool(observation.weights)

    def parameters(self, observation: Observation) -> tuple[str, ...]:
        return ("", *observation.weights)  # all of them first

    def data(self, view: RunView, choice: Choice) -> Data | Text:
        seen = view.observation
        if seen is None:
            return NOT_YET
        if not seen.weights:
            return NO_WEIGHTS
        picked = _picked(seen, choice)
        arrays = {name: w.grad if choice.grad else w.value for name, w in picked.items()}
        known = {name: array for name, array in arrays.items() if array is not None}
        if not known:
            return NO_GRADIENT
        axis = Text("dL/d weight", "dL/d 重み") if choice.grad else Text("weight", "重み")
        return counted(self.title, seen.step, known, axis, choice, grad=choice.grad)


class UpdatesHistogram(Panel):
    """How often updates of each size occur."""

    id = "updates"
    title = Text("Histogram of updates", "更新量の分布")
    caption = Text("By how much each weight has just moved.", "各重みが今どれだけ動いたか。")
    about = Text(
        "Each weight after the step less the same weight before it. With SGD it is the histogram of gradients, "
        "turned round and made smaller by the learning rate. With Adam most updates are about as large as the "
        "learning rate, on both sides of 0, for it divides by each weight's usual gradient (document, section 5).",
        "ステップ後の重みからステップ前の重みを引いたものです。SGD なら、勾配の分布を裏返して学習率倍したものになり"
        "ます。Adam は重みごとに普段の勾配の大きさで割るので、多くの更新が 0 の両側で学習率くらいの大きさになります"
        "（文書の 5 節）。",
    )
    chooses = ("parameter", "log")

    def applies(self, setup: Setup, observation: Observation | None) -> bool:
        return observation is None or any(w.update is not None for w in observation.weights.values())

    def parameters(self, observation: Observation) -> tuple[str, ...]:
        return ("", *observation.weights)  # all of them first

    def data(self, view: RunView, choice: Choice) -> Data | Text:
        seen = view.observation
        if seen is None:
            return NOT_YET
        if not seen.weights:
            return NO_WEIGHTS
        known = {name: w.update for name, w in _picked(seen, choice).items() if w.update is not None}
        if not known:
            return UNKNOWN
        return counted(self.title, seen.step, known, Text("update", "更新量"), choice)


def _picked(seen: Observation, choice: Choice) -> Mapping[str, Any]:
    """The chosen parameter alone, or all where none is chosen."""
    return {choice.parameter: seen.weights[choice.parameter]} if choice.parameter in seen.weights else seen.weights


def counted(
    title: Text, step: int, arrays: Mapping[str, NDArray[Any]], axis: Text, choice: Choice, *, grad: bool = False
) -> Data | Text:
    """The histogram of all numbers in some arrays. Each bin's cell is the first number in it."""
    numbers = np.concatenate([np.zeros(0), *(array.astype(np.float64).reshape(-1) for array in arrays.values())])
    finite = np.flatnonzero(np.isfinite(numbers))
    if not len(finite):
        return NOTHING_FINITE.format(n=f"{len(numbers):,}")
    edges = edges_of(numbers[finite])
    places = places_of(numbers[finite], edges)
    counts = np.bincount(places, minlength=len(edges) - 1).astype(np.float64)
    first = np.zeros(len(counts), np.int64)
    first[places[::-1]] = finite[::-1]  # the first of each bin is written last
    one = next(iter(arrays)) if len(arrays) == 1 else ""
    name = Text.same(short_name(one)) if one else ALL
    lost = len(numbers) - len(finite)
    words = [Text("{n} numbers", "{n} 個").format(n=f"{len(finite):,}")]
    words += [Text("{n} not finite, left out", "有限でない {n} 個を除く").format(n=f"{lost:,}")] if lost else []
    zeros = int((numbers[finite] == 0).sum())
    words += [Text("{n} exactly 0", "ちょうど 0 が {n} 個").format(n=f"{zeros:,}")] if zeros else []
    ends = [format_number(float(edge), 3) for edge in edges]
    return Data(
        "histogram",
        Text(f"{title.en}  {name.en}", f"{title.ja}  {name.ja}"),
        step,
        counts,
        rows=tuple(f"{low} … {high}" for low, high in pairwise(ends)),
        axis=axis,
        log=choice.log,
        extra={"edges": edges},
        cells=_cells(arrays, first, counts, grad=grad),
        note=Text("   ".join(word.en for word in words), "   ".join(word.ja for word in words)),
        reading=Text("{row}: count", "{row}: 個数"),
    )


def edges_of(numbers: Floats) -> Floats:
    """(bins + 1,) ends of equal bins from the smallest to the largest; around a single value one bin."""
    low, high = (float(np.clip(end, -HUGE, HUGE)) for end in (numbers.min(), numbers.max()))
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        half = max(abs(low) / 2, 5e-324) if low else 0.5
        return np.array([low - half, low + half])
    edges = np.linspace(low, high, BINS + 1)
    return edges if (np.diff(edges) > 0).all() else np.array([low, high])


def places_of(numbers: Floats, edges: Floats) -> NDArray[np.int64]:
    """The bin of each number: the last one that does not begin above it."""
    bins = len(edges) - 1
    width = (edges[-1] - edges[0]) / bins
    if not NARROW < width < HUGE / bins:
        return np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, bins - 1).astype(np.int64)
    shares = (np.clip(numbers, edges[0], edges[-1]) - edges[0]) / width
    found: NDArray[np.int64] = np.minimum(shares, bins - 1).astype(np.int64)
    found -= (numbers < edges[found]) & (found > 0)  # rounding may have gone one too far
    found += (numbers >= edges[found + 1]) & (found < bins - 1)
    return found


def _cells(
    arrays: Mapping[str, NDArray[Any]], first: NDArray[np.int64], counts: Floats, *, grad: bool
) -> tuple[Cell, ...]:
    """For each bin the first number in it; for an empty one the first parameter as a whole."""
    names, sizes = list(arrays), [array.size for array in arrays.values()]
    ends = np.cumsum(sizes)
    found = []
    for place, count in zip(first.tolist(), counts.tolist(), strict=True):
        which = int(np.searchsorted(ends, place, side="right")) if count else 0
        inside = place - int(ends[which]) + sizes[which]
        index = tuple(int(i) for i in np.unravel_index(inside, arrays[names[which]].shape)) if count else ()
        found.append(Cell(names[which], index, grad=grad))
    return tuple(found)
