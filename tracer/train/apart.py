"""Where two or more runs differ: in what they were told, and from which step on in what they measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.text import Text
from tracer.train.entry import Setting
from tracer.train.report import setting_in_words
from tracer.train.run import Run

Floats = NDArray[np.float64]
TWO_ENGINES = Text(
    en="Only losses are compared: one run is made of {left}s, the other of {right}s, and nodes of two engines cannot be"
    " paired.",
    ja="比べるのは損失だけです。片方は {left}、もう片方は {right} で計算していて、ノードどうしは対応しません。",
)
ABSENT = "–"
"""A setting that one of the runs does not have."""


def first_apart(left: Floats, right: Floats) -> int | None:
    """The first step at which two runs measured another loss, as bits; None where all that both have is the same.

    Two that are not numbers are the same.
    """
    both = min(len(left), len(right))
    here, there = left[:both], right[:both]
    other = (here != there) & ~(np.isnan(here) & np.isnan(there))
    return int(np.argmax(other)) + 1 if other.any() else None


def two_engines(left: Run, right: Run) -> bool:
    """Whether every number is a node in one of them and a tensor in the other: no node has its like there."""
    return left.engine != right.engine


def told_apart(runs: Sequence[Run]) -> list[str]:
    """For each run what it was told where not all were told the same: `lr 0.01  data names.txt`."""
    every = [_told(run) for run in runs]
    names = list(dict.fromkeys(name for told in every for name in told))
    differing = [name for name in names if len({str(told.get(name, ABSENT)) for told in every}) > 1]
    return ["  ".join(f"{name} {_said(told, name)}" for name in differing) for told in every]


def _told(run: Run) -> dict[str, Any]:
    """Everything that a run was told; data and program by what is in them."""
    settings: Mapping[str, Setting] = run.settings
    found: dict[str, Any] = {**settings, "seed": run.seed, "steps": run.steps}
    found |= {"engine": run.engine, "device": run.device, "dtype": run.dtype, "mode": run.mode}
    found["data"] = (run.data.name or ABSENT, run.data.sha256)
    found["program"] = (run.program.shown, run.program.sha256)
    return found


def _said(told: Mapping[str, Any], name: str) -> str:
    found = told.get(name)
    if isinstance(found, tuple):
        return f"{found[0]} ({found[1][:6]})"
    return ABSENT if found is None else setting_in_words(found)
