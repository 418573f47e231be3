"""A model's parameters as panels name, choose and measure them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from tracer.panels.data import Floats
from tracer.panels.panel import Choice
from tracer.text import Text, clean
from tracer.trace.observation import Observation


class Norms(NamedTuple):
    """L2 norms of one parameter's numbers; nan where there are none."""

    grad: float
    value: float
    update: float

    @property
    def ratio(self) -> float:
        """How large the update is beside what it updates; nan where that is nothing or nobody knows."""
        return self.update / self.value if self.value > 0 else float("nan")


NO_WEIGHTS = Text("No parameter was seen in this step.", "このステップではパラメータが見つかりませんでした。")
SMALLEST = 1e-280
"""Sums of squares from here on have lost nothing of weight."""
_NORMS: WeakKeyDictionary[Observation, Mapping[str, Norms]] = WeakKeyDictionary()
_LAYER = re.compile(r"layer(\d+)\.(?:attn_|mlp_)?(.+)", re.ASCII)


def short_name(name: str) -> str:
    """`L0.wq` for `layer0.attn_wq`, `head` for `lm_head`; others as they are."""
    found = _LAYER.fullmatch(name)
    return clean(f"L{found[1]}.{found[2]}" if found else "head" if name == "lm_head" else name)


def chosen(observation: Observation, choice: Choice, *, matrix: bool = False) -> str:
    """The parameter that is chosen; where it is not there the first, or the first with rows and columns."""
    if choice.parameter in observation.weights:
        return choice.parameter
    if matrix:
        for name, weights in observation.weights.items():
            if weights.value.ndim > 1:
                return name
    return next(iter(observation.weights), "")


def norm(array: NDArray[Any] | None) -> float:
    """The L2 norm, also of numbers whose squares are too large or too small; nan where there is nothing."""
    if array is None:
        return float("nan")
    numbers = np.asarray(array, np.float64).reshape(-1)
    with np.errstate(all="ignore"):
        squares = float(numbers @ numbers)
        if SMALLEST < squares < float("inf"):
            return math.sqrt(squares)
        sizes = np.abs(numbers)
        top = float(sizes.max(initial=0.0))
        if top == 0 or not math.isfinite(top):
            return top
        return top * float(np.sqrt(np.sum((sizes / top) ** 2)))


def norms(observation: Observation) -> Mapping[str, Norms]:
    """By parameter, in the program's order. They are worked out once."""
    found = _NORMS.get(observation)
    if found is None:
        of = observation.weights.items()
        found = {name: Norms(norm(one.grad), norm(one.value), norm(one.update)) for name, one in of}
        _NORMS[observation] = found
    return found


def total(norms: Floats) -> float:
    """The norm of all together; those that are not there are left out."""
    return norm(norms[~np.isnan(norms)]) if len(norms) else float("nan")


def shape_text(shape: tuple[int, ...]) -> str:
    """`27 × 16`."""
    return " × ".join(map(str, shape)) or "1"
