"""A run's gradients, read: balanced, exploding, vanishing, converging, neurons that are dead; each with its evidence.

How large gradients should be nobody can say; how they stand to one another, to depth and to their own past one can
(microgpt document, section 7). Every reading names the numbers it was made from, which the run's log has.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from tracer.numbers import format_number
from tracer.text import LANGS, Text, clean
from tracer.train.compared import Seen, known, sizes, ways
from tracer.train.history import Past

Kind = Literal["broken", "exploding", "vanishing", "untouched", "dead", "converging", "balanced"]
"""`untouched`: a parameter that no gradient reaches."""

GREW = 20.0
"""Times what it was at first: then a gradient explodes over training. Healthy runs on single documents stay below 4."""
DEEPER = 100.0
"""Times its size at the last layer: then a gradient explodes on its way to the first one."""
FADED = 1e-2
"""Share of its size at the last layer that is left at the first one: with less, it vanishes on its way. A stream with
residual connections keeps about 1."""
STEEP = 30.0
"""Gradient times weights over loss: what the loss would change by, were all weights to double, as a share of it. A
gradient that only recovers from next to nothing stays below."""
ALONE = 100.0
"""Times the next largest gradient: then a single parameter has it all."""
NEARLY_NOTHING = 1e-5
"""Of the median of all parameters' gradients: less is nothing."""
WINDOW = 10
"""Looks over which a neuron must never have been above 0 to be called dead."""
FEWEST_LOOKS = 3
MOST_DEAD = 0.5
"""Share of a layer's neurons: more of them dead is a warning, fewer are told."""
HALVED = 0.5
"""Of what the gradient was at first: less, while the loss fell, is converging."""
FEWEST_STEPS = 10
"""Of a run, before anything is said about how it goes."""
NOTHING = Text.same("")
BRIEF: Mapping[Kind, Text] = {
    "balanced": Text("balanced ✓", "バランス良好 ✓"),
    "converging": Text("converging ✓", "収束中 ✓"),
    "exploding": Text("✗ exploding", "✗ 勾配爆発"),
    "vanishing": Text("✗ vanishing", "✗ 勾配消失"),
    "untouched": Text("✗ no gradient", "✗ 勾配なし"),
    "dead": Text("✗ dead neurons", "✗ 死んだニューロン"),
    "broken": Text("✗ not finite", "✗ 有限でない"),
}
"""How a reading is told in a word or two."""


@dataclass(frozen=True)
class Reading:
    """One thing that a run's gradients say."""

    kind: Kind
    step: int
    """The signals of which step it was made from."""
    says: Text
    """What it is, in a sentence."""
    evidence: Text
    """The numbers it was read from."""
    advice: Text = NOTHING
    """What to try; empty where nothing is wrong."""
    where: tuple[str, ...] = ()
    """The parameters or tapped things that it is about."""
    warns: bool = True

    @property
    def brief(self) -> Text:
        """In a word or two: `balanced ✓`, `✗ vanishing`."""
        return BRIEF[self.kind]

    def to_json(self) -> dict[str, Any]:
        """For scripts: everything, both languages."""
        words = {name: {"en": text.en, "ja": text.ja} for name, text in self._words().items()}
        return {"kind": self.kind, "step": self.step, "warns": self.warns, "where": list(self.where), **words}

    def _words(self) -> dict[str, Text]:
        return {"says": self.says, "evidence": self.evidence, "advice": self.advice}


def foremost(readings: Sequence[Reading]) -> Reading | None:
    """What to tell where there is room for one: what warns, else how all is."""
    return next((one for one in readings if one.warns or one.kind in ("balanced", "converging")), None)


def diagnose(past: Past, step: int | None = None, settings: Mapping[str, Any] | None = None) -> tuple[Reading, ...]:
    """What can be read of a run, warnings first.

    Args:
        past: of the run.
        step: nothing after it is looked at; None is its end.
        settings: the run's: `activation` says whether a neuron that is never above 0 is dead.

    Returns:
        At least one reading as soon as the run has signals; () before.
    """
    at = past.steps if step is None else min(step, past.steps)
    seen = [(one, signals) for one, signals in past.signals if one <= at]
    if not seen:
        return ()
    found = [*_broken(past, at, seen), *_exploding(past, at, seen), *_vanishing(seen)]
    if (settings or {}).get("activation", "relu") == "relu":
        found += _dead(seen)
    found.sort(key=lambda one: not one.warns)
    if not any(one.warns for one in found):
        found += [*_converging(past, at, seen), _balanced(seen)]
    return tuple(found)


def _broken(past: Past, at: int, seen: Seen) -> Iterator[Reading]:
    """A number that is not finite."""
    step, now = seen[-1]
    spoilt = tuple(name for name, one in now.weights.items() if math.isinf(one.grad) or math.isnan(one.weight))
    loss = float(past.losses[at - 1]) if at else 0.0
    if math.isfinite(loss) and not spoilt and not (past.broken and at == past.steps):
        return
    names = spoilt or ((past.broken,) if past.broken else ())
    yield Reading(
        "broken",
        at if not math.isfinite(loss) else step,
        Text(
            "Something is not finite: nothing can be learned from here on.", "有限でない数が現れ、もう学習できません。"
        ),
        _evidence(f"loss {loss:g}", f"損失 {loss:g}", names),
        Text(
            "Open the step: it leads to the first number that broke. A smaller learning rate often helps.",
            "ステップを開くと、最初に壊れた数が分かります。学習率を下げると直ることがよくあります。",
        ),
        names,
    )


def _exploding(past: Past, at: int, seen: Seen) -> Iterator[Reading]:
    """A gradient that grew over training, that grows on its way through the layers, or a single one far above all."""
    step, total = seen[-1][0], seen[-1][1].total
    first, now = seen[0][1].total.grad, sizes(seen, lambda one: one.total.grad)[1]
    loss = abs(float(past.smoothed[at - 1]))
    if 0 < GREW * first < now and now * total.weight > STEEP * loss:
        yield Reading(
            "exploding",
            step,
            Text(
                "The gradient explodes: it has grown far beyond its size at first.",
                "勾配爆発: 勾配がはじめより桁違いに大きくなっています。",
            ),
            Text(
                f"all parameters together {_n(now)}, at first {_n(first)}: {_times(now / first)} times",
                f"全パラメータの勾配 {_n(now)}、はじめは {_n(first)}（{_times(now / first)} 倍）",
            ),
            _SMALLER,
            ("total",),
        )
    for deep, last, ends in ways(seen):
        if deep > DEEPER * last:
            yield Reading(
                "exploding",
                step,
                Text(
                    "The gradient explodes on its way back: each layer makes it larger.",
                    "勾配爆発: 層をさかのぼるごとに勾配が大きくなっています。",
                ),
                _way(deep, last, ends),
                _SMALLER,
                ends,
            )
    ranked = sorted(known(seen[-1][1].weights).items(), key=lambda pair: pair[1])
    if len(ranked) > 2 and ranked[-1][1] > ALONE * ranked[-2][1] > 0:
        (other, less), (name, most) = ranked[-2:]
        yield Reading(
            "exploding",
            step,
            Text(
                "One parameter's gradient is far larger than all others.",
                "一つのパラメータの勾配だけが極端に大きくなっています。",
            ),
            Text(
                f"{clean(name)} {_n(most)}, the next is {clean(other)} {_n(less)}",
                f"{clean(name)} が {_n(most)}、次は {clean(other)} の {_n(less)}",
            ),
            _SMALLER,
            (name,),
        )


def _vanishing(seen: Seen) -> Iterator[Reading]:
    """A gradient that fades on its way through the layers, or parameters that hardly any of it reaches."""
    step, now = seen[-1]
    fading = [(deep, last, ends) for deep, last, ends in ways(seen) if deep < FADED * last]
    for deep, last, ends in fading:
        if last > 0:
            yield Reading(
                "vanishing",
                step,
                Text(
                    "The gradient vanishes on its way back: the first layers hardly learn.",
                    "勾配消失: 前の層まで勾配がほとんど届かず、学習が進みません。",
                ),
                _way(deep, last, ends),
                Text(
                    "Residual connections let it pass; normalisation, fewer layers, or an activation that does not "
                    "saturate help too.",
                    "残差接続があれば勾配はそのまま届きます。正規化や、層を減らすこと、飽和しない活性化関数も有効です。",
                ),
                ends,
            )
    by_name = known(now.weights)
    middle = median(by_name.values()) if by_name else 0.0
    faint = {name: one for name, one in by_name.items() if one < NEARLY_NOTHING * middle or not one}
    if faint and middle and not fading:
        yield Reading(
            "vanishing",
            step,
            Text(
                "Hardly any gradient reaches these parameters: they do not learn.",
                "勾配がほとんど届かず、学習に参加していないパラメータがあります。",
            ),
            _evidence(
                f"{_n(max(faint.values()))} at most, the median of all is {_n(middle)}",
                f"最大でも {_n(max(faint.values()))}、全体の中央値は {_n(middle)}",
                tuple(faint),
            ),
            Text(
                "Open a step and ask why (y) at one of them.",
                "ステップを開き、そのパラメータで「なぜ」（y）を調べてください。",
            ),
            tuple(faint),
        )
    untouched = tuple(name for name, one in now.weights.items() if math.isnan(one.grad) and not math.isnan(one.weight))
    if untouched and len(untouched) < len(now.weights):
        yield Reading(
            "untouched",
            step,
            Text(
                "No gradient at all reaches these parameters: the loss does not depend on them.",
                "損失の計算に使われず、勾配がないパラメータがあります。",
            ),
            _evidence("no gradient", "勾配なし", untouched),
            where=untouched,
            warns=False,
        )


def _dead(seen: Seen) -> Iterator[Reading]:
    """Neurons that were above 0 at no look."""
    looks = seen[-WINDOW:]
    if len(looks) < FEWEST_LOOKS:
        return
    found: dict[str, tuple[int, int]] = {}
    for name, mask in looks[-1][1].fired.items():
        masks = [signals.fired.get(name, ()) for _, signals in looks]
        if mask and all(len(one) == len(mask) for one in masks):
            found[name] = sum(not any(one) for one in zip(*masks, strict=True)), len(mask)
    for name, one in looks[-1][1].taps.items():  # a model whose neurons are tapped otherwise: all of them, or none
        active = [signals.taps[name].active for _, signals in looks if name in signals.taps]
        if name.rpartition(".")[2] in _NEURONS and name not in found and one.norm == 0 and not any(active):
            found[name] = 1, 1
    found = {name: some for name, some in found.items() if some[0]}
    if not found:
        return
    worst = max(dead / of for dead, of in found.values())
    parts = [_joined(clean(name), _count(*some)) for name, some in found.items()]
    en, ja = (
        ", ".join(part[lang] for part in parts[:_LISTED]) + (" …" if len(parts) > _LISTED else "") for lang in LANGS
    )
    yield Reading(
        "dead",
        looks[-1][0],
        _DEAD if worst > MOST_DEAD else _SILENT,
        Text(f"at 0 in the last {len(looks)} looks: {en}", f"直近 {len(looks)} 回の観測でずっと 0: {ja}"),
        _LIVELIER if worst > MOST_DEAD else NOTHING,
        tuple(found),
        warns=worst > MOST_DEAD,
    )


_DEAD = Text(
    "Neurons are dead: at 0 whatever is read, so no gradient passes them.",
    "死んだニューロンがあります。何を読んでも 0 のままで、勾配が通りません。",
)
_SILENT = Text(
    "A few neurons stayed at 0 for all that was read at the last looks: no gradient passed them.",
    "直近の観測で一度も 0 を超えなかったニューロンが少しあります。そこには勾配が通っていません。",
)
_NEURONS = ("hidden", "mlp", "relu")
"""The last word of the names of tapped things that are neurons."""


def _joined(name: str, count: Text) -> Text:
    return Text(name + count.en, name + count.ja)


def _count(dead: int, of: int) -> Text:
    return Text(" all", " すべて") if dead == of else Text(f" {dead} of {of}", f" {of} 個中 {dead} 個")


def _converging(past: Past, at: int, seen: Seen) -> Iterator[Reading]:
    """Gradients that became smaller all together, while the loss fell."""
    first, now = sizes(seen, lambda one: one.total.grad)
    if at < FEWEST_STEPS or len(seen) < 2 * FEWEST_LOOKS or not first or not now < HALVED * first:
        return
    began, ended = float(past.smoothed[0]), float(past.smoothed[at - 1])
    if not ended < began:
        return
    yield Reading(
        "converging",
        seen[-1][0],
        Text(
            "The gradients become smaller all together while the loss falls: it converges.",
            "損失が下がりながら勾配が全体に小さくなっています。収束に近づいています。",
        ),
        Text(
            f"all parameters together {_n(now)}, at first {_n(first)}; loss {_n(ended)}, at first {_n(began)}",
            f"全パラメータの勾配 {_n(now)}（はじめ {_n(first)}）、損失 {_n(ended)}（はじめ {_n(began)}）",
        ),
        where=("total",),
        warns=False,
    )


def _balanced(seen: Seen) -> Reading:
    step, now = seen[-1]
    by_name = known(now.weights)
    if not by_name:
        return Reading(
            "untouched",
            step,
            Text("No parameter has a gradient.", "勾配のあるパラメータがありません。"),
            Text(f"{len(now.weights)} parameters", f"パラメータ {len(now.weights)} 種類"),
        )
    most, least = (pick(by_name, key=lambda name: by_name[name]) for pick in (max, min))
    return Reading(
        "balanced",
        step,
        Text(
            "Balanced: gradient of a fair size reaches every part.",
            "バランス良好: どの部分にも適度な大きさの勾配が届いています。",
        ),
        Text(
            f"largest {clean(most)} {_n(by_name[most])}, smallest {clean(least)} {_n(by_name[least])}",
            f"最大 {clean(most)} {_n(by_name[most])}、最小 {clean(least)} {_n(by_name[least])}",
        ),
        where=(most, least),
        warns=False,
    )


# Words


def _evidence(en: str, ja: str, names: tuple[str, ...]) -> Text:
    shown = [clean(name) for name in names]
    listed = ", ".join(shown[:_LISTED]) + (" …" if len(shown) > _LISTED else "")
    return Text(f"{en}: {listed}", f"{ja}: {listed}") if names else Text(en, ja)


_LISTED = 4


def _way(deep: float, last: float, ends: tuple[str, str]) -> Text:
    arrives, sets_out = map(clean, ends)
    left = "0" if not deep else f"{deep / last:.2g}" if last else "inf"
    return Text(
        f"at {sets_out} {_n(last)}, at {arrives} {_n(deep)}: {left} of it arrives",
        f"{sets_out} で {_n(last)}、{arrives} で {_n(deep)}（{left} 倍）",
    )


def _n(number: float) -> str:
    return format_number(number, 3)


def _times(number: float) -> str:
    return f"{number:,.0f}" if number < 1e5 else f"{number:.0e}"


_LIVELIER = Text(
    "A smaller learning rate, other initial weights, or an activation with a slope below 0 (GELU, tanh).",
    "学習率を下げる、初期値を変える、負の側にも傾きのある活性化関数（GELU・tanh）にする、などが考えられます。",
)
_SMALLER = Text(
    "The learning rate is probably too large, or the initial weights are: try a tenth.",
    "学習率か初期値が大きすぎるようです。10 分の 1 にしてみてください。",
)
