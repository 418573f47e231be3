"""What a run has told so far, and what follows from it: the smoothed loss, the speed, whether something is wrong."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tracer.text import Text, clean
from tracer.train.anchors import Axes
from tracer.train.report import Look, Report, Sample
from tracer.train.signals import Signals

SMOOTHING = 0.95
"""Share of the past in each point of the smoothed curve: it looks back about twenty steps."""
GREW = 3.0
"""A smoothed loss this many times the largest of the first steps is going the wrong way."""
JUMPED = 10.0
"""So is one this many times the loss of step 1: the first steps themselves may have gone off. One step may measure
little by chance, so it is more than `GREW`."""
FIRST = 10
"""What counts as the first steps."""
SAMPLES_KEPT = 2_000
"""Texts kept of a run, the newest."""
SIGNALS_KEPT = 400
"""Signals kept of a run, evenly spread: some kB each."""
LOOKS_KEPT = 200
"""Looks kept of a run, evenly spread: 6 kB each."""
RECENT = 1.0
"""Seconds of training that the speed is measured over."""

Trouble = Literal["not finite", "broken", "growing"]
WORDS: dict[Trouble, Text] = {
    "not finite": Text(
        en="The loss is {loss} at step {step}: training ends here. A smaller learning rate may help;"
        " open the step to see where it comes from.",
        ja="ステップ {step} で損失が {loss} になり、訓練はここで終わりです。学習率を小さくしてみてください。"
        "このステップを開くと、どこで起きたかが分かります。",
    ),
    "broken": Text(
        en="{name} is not finite after step {step}: training ends here. A smaller learning rate may help;"
        " open the step to see where it comes from.",
        ja="ステップ {step} の後に {name} が有限でなくなり、訓練はここで終わりです。学習率を小さくしてみてください。"
        "このステップを開くと、どこで起きたかが分かります。",
    ),
    "growing": Text(
        en="The loss is growing: {times} times what it was at first. The learning rate is probably too large.",
        ja="損失が増えています（はじめの {times} 倍）。学習率が大きすぎるのかもしれません。",
    ),
}


@dataclass(frozen=True, eq=False)
class Past:
    """A run up to some moment. Step k stands at index k - 1."""

    losses: NDArray[np.float64]
    smoothed: NDArray[np.float64]
    looks: tuple[tuple[int, Look], ...]
    """Step and what was seen after it, ascending."""
    speed: float | None
    """Steps a second, lately; None before there is one."""
    trouble: Trouble | None
    evals: tuple[tuple[int, float], ...] = ()
    """Step and the mean loss on the held-out texts after it, ascending."""
    samples: tuple[tuple[int, Sample], ...] = ()
    """Step and a text that the model wrote after it, ascending."""
    rates: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    """The learning rate of each step's update, nan where nobody said; empty where nobody ever did."""
    broken: str | None = None
    """The parameter that is not finite after the last step."""
    signals: tuple[tuple[int, Signals], ...] = ()
    """Step and a few numbers of all that panels show of it, ascending."""
    anchors: tuple[tuple[int, Mapping[str, Axes]], ...] = ()
    """Step and the axes of the embeddings' planes before it, ascending."""

    @property
    def steps(self) -> int:
        """How many have been taken."""
        return len(self.losses)

    def look_at(self, step: int) -> tuple[int, Look] | None:
        """The last look at or before a step, and after which step it was."""
        at = bisect_right([one for one, _ in self.looks], step)
        return self.looks[at - 1] if at else None

    def eval_at(self, step: int) -> tuple[int, float] | None:
        """The last held-out loss at or before a step, and after which step it was measured."""
        at = bisect_right([one for one, _ in self.evals], step)
        return self.evals[at - 1] if at else None

    def signals_at(self, step: int) -> tuple[int, Signals] | None:
        """The last signals at or before a step, and of which step they are."""
        at = bisect_right([one for one, _ in self.signals], step)
        return self.signals[at - 1] if at else None

    def anchor_at(self, name: str, step: int) -> Axes | None:
        """(2, C): the last axes of an embedding that were kept at or before a step."""
        at = bisect_right([one for one, _ in self.anchors], step)
        return next((axes[name] for _, axes in reversed(self.anchors[:at]) if name in axes), None)

    def samples_at(self, step: int) -> tuple[tuple[int, Sample], ...]:
        """What was written up to a step, the oldest first."""
        return self.samples[: bisect_right([one for one, _ in self.samples], step)]

    def rate_at(self, step: int) -> float | None:
        """The learning rate of a step's update."""
        rate = float(self.rates[step - 1]) if 1 <= step <= len(self.rates) else math.nan
        return None if math.isnan(rate) else rate

    @property
    def stopped(self) -> bool:
        """Whether a number that is not finite has ended the run."""
        return self.trouble in ("not finite", "broken")

    @property
    def warning(self) -> Text | None:
        """What is wrong, in words; None if nothing is."""
        if self.trouble is None:
            return None
        first = abs(float(self.losses[0])) or float(np.max(np.abs(self.losses[:FIRST])))
        times = float(self.smoothed[-1]) / first if first else math.inf
        return WORDS[self.trouble].format(
            loss=f"{self.losses[-1]:g}",
            step=f"{self.steps:,}",
            times=f"{times:.1f}" if times < 1e4 else f"{times:.0e}",
            name=clean(self.broken or ""),
        )


class History:
    """Grows with every report."""

    def __init__(self) -> None:
        self._losses, self._smoothed, self._seconds = array("d"), array("d"), array("d")
        self._looks: list[tuple[int, Look]] = []
        self._average, self._told = 0.0, 0
        self._evals: list[tuple[int, float]] = []
        self._samples: list[tuple[int, Sample]] = []
        self._rates = array("d")
        self._broken: str | None = None
        self._signals: list[tuple[int, Signals]] = []
        self._anchors: list[tuple[int, Mapping[str, Axes]]] = []

    def add(self, report: Report) -> None:
        """Take in a report; one of the last step again brings only what was seen after it.

        It is placed by its own number: of steps that nobody told, everything is nan.
        """
        if report.step > len(self._losses):
            self._skip_to(report.step)
            self._losses.append(report.loss)
            self._seconds.append(report.seconds)
            self._average = SMOOTHING * self._average + (1 - SMOOTHING) * report.loss
            self._told += 1
            # divided by the weights so far, or the curve would begin near zero
            self._smoothed.append(self._average / (1 - SMOOTHING**self._told))
        if report.look is not None and (not self._looks or self._looks[-1][0] < report.step):
            self._looks.append((report.step, report.look))
            if len(self._looks) > LOOKS_KEPT:
                _thin_out(self._looks)
        if report.signals is not None and (not self._signals or self._signals[-1][0] < report.step):
            self._signals.append((report.step, report.signals))
            if len(self._signals) > SIGNALS_KEPT:
                _thin_out(self._signals)
        if report.anchors and (not self._anchors or self._anchors[-1][0] < report.step):
            self._anchors.append((report.step, report.anchors))
        if report.lr is not None and len(self._rates) < len(self._losses):
            self._rates.extend([math.nan] * (len(self._losses) - 1 - len(self._rates)))
            self._rates.append(report.lr)
        if report.eval is not None and (not self._evals or self._evals[-1][0] < report.step):
            self._evals.append((report.step, report.eval))
        if report.samples and (not self._samples or self._samples[-1][0] < report.step):
            self._samples += [(report.step, sample) for sample in report.samples]
            del self._samples[:-SAMPLES_KEPT]
        self._broken = report.broken

    def _skip_to(self, step: int) -> None:
        """Leave the places before a step empty."""
        empty = step - 1 - len(self._losses)
        self._seconds.extend([self._seconds[-1] if self._seconds else 0.0] * empty)
        for column in (self._losses, self._smoothed):
            column.extend([math.nan] * empty)

    def __len__(self) -> int:
        return len(self._losses)

    @property
    def past(self) -> Past:
        """A frozen copy."""
        losses, smoothed = np.array(self._losses), np.array(self._smoothed)
        return Past(
            losses,
            smoothed,
            tuple(self._looks),
            self._speed(),
            self._trouble(),
            tuple(self._evals),
            tuple(self._samples),
            np.array(self._rates),
            self._broken,
            tuple(self._signals),
            tuple(self._anchors),
        )

    def _speed(self) -> float | None:
        seconds = self._seconds
        if not seconds:
            return None
        at = bisect_right(seconds, seconds[-1] - RECENT)
        since = seconds[at - 1] if at else 0.0
        spent = seconds[-1] - since
        return (len(seconds) - at) / spent if spent > 0 else None

    def _trouble(self) -> Trouble | None:
        if not self._losses:
            return None
        if not math.isfinite(self._losses[-1]):
            return "not finite"
        if self._broken is not None:
            return "broken"
        if len(self._losses) <= FIRST:
            return None
        first, latest = [abs(loss) for loss in self._losses[:FIRST]], self._smoothed[-1]
        return "growing" if latest > GREW * max(first) or (first[0] and latest > JUMPED * first[0]) else None


def _thin_out(kept: list[tuple[int, Any]]) -> None:
    """Let one go, where they stand closest; the first and the last stay."""
    steps = [step for step, _ in kept]
    gaps = [after - before for before, after in pairwise(steps[:-1])]
    del kept[1 + gaps.index(min(gaps))]
