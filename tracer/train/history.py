"""What a run has told so far, and what follows from it: the smoothed loss, the speed, whether something is wrong."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tracer.text import Text
from tracer.train.report import Look, Report

SMOOTHING = 0.95
"""Share of the past in each point of the smoothed curve: it looks back about twenty steps."""
GREW = 3.0
"""A smoothed loss this many times what the first steps measured is going the wrong way."""
FIRST = 10
"""What counts as the first steps."""
LOOKS_KEPT = 200
"""Looks kept of a run, evenly spread: 6 kB each."""
RECENT = 1.0
"""Seconds of training that the speed is measured over."""

Trouble = Literal["not finite", "growing"]
WORDS: dict[Trouble, Text] = {
    "not finite": Text(
        en="The loss is {loss} at step {step}: training ends here. A smaller learning rate may help;"
        " open the step to see where it comes from.",
        ja="ステップ {step} で損失が {loss} になり、訓練はここで終わりです。学習率を小さくしてみてください。"
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

    @property
    def steps(self) -> int:
        """How many have been taken."""
        return len(self.losses)

    def look_at(self, step: int) -> tuple[int, Look] | None:
        """The last look at or before a step, and after which step it was."""
        at = bisect_right([one for one, _ in self.looks], step)
        return self.looks[at - 1] if at else None

    @property
    def warning(self) -> Text | None:
        """What is wrong, in words; None if nothing is."""
        if self.trouble is None:
            return None
        first = float(np.max(np.abs(self.losses[:FIRST])))
        times = float(self.smoothed[-1]) / first if first else math.inf
        return WORDS[self.trouble].format(
            loss=f"{self.losses[-1]:g}", step=f"{self.steps:,}", times=f"{times:.1f}" if times < 1e4 else f"{times:.0e}"
        )


class History:
    """Grows with every report."""

    def __init__(self) -> None:
        self._losses, self._smoothed, self._seconds = array("d"), array("d"), array("d")
        self._looks: list[tuple[int, Look]] = []
        self._average = 0.0

    def add(self, report: Report) -> None:
        """Take in a report; one of the last step again brings only its look."""
        if report.step > len(self._losses):
            self._losses.append(report.loss)
            self._seconds.append(report.seconds)
            self._average = SMOOTHING * self._average + (1 - SMOOTHING) * report.loss
            # divided by the weights so far, or the curve would begin near zero
            self._smoothed.append(self._average / (1 - SMOOTHING ** len(self._losses)))
        if report.look is not None and (not self._looks or self._looks[-1][0] < report.step):
            self._looks.append((report.step, report.look))
            if len(self._looks) > LOOKS_KEPT:
                self._thin_out()

    def _thin_out(self) -> None:
        """Let one look go, where they stand closest; the first and the last stay."""
        steps = [step for step, _ in self._looks]
        gaps = [after - before for before, after in pairwise(steps[:-1])]
        del self._looks[1 + gaps.index(min(gaps))]

    def __len__(self) -> int:
        return len(self._losses)

    @property
    def past(self) -> Past:
        """A frozen copy."""
        losses, smoothed = np.array(self._losses), np.array(self._smoothed)
        return Past(losses, smoothed, tuple(self._looks), self._speed(), self._trouble())

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
        first = max(abs(loss) for loss in self._losses[:FIRST])
        grown = len(self._losses) > FIRST and self._smoothed[-1] > GREW * first
        return "growing" if grown else None
