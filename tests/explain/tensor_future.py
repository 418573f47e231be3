"""Random programs on tensors whose every number is unlike all others, and when each of them becomes known."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

import tracer
from tests.explain.future import Scanner, _recognisable
from tracer.core.record import record
from tracer.explain.amount import norm
from tracer.explain.statistics import statistics
from tracer.trace.trace import Trace

STEPS = ("tanh", "exp", "mul", "add_row", "matmul", "transpose", "reshape", "index", "softmax", "mean_row")


@dataclass(frozen=True)
class TensorRecipe:
    """Two matrices and a row of distinct four-digit decimals, what is computed from them, an update at the end."""

    numbers: tuple[int, ...]
    steps: tuple[str, ...]
    rule: str

    def record(self) -> Trace:
        drawn = np.array(self.numbers, np.float64) / 10_000 + 0.3
        with record() as rec:
            A = tracer.tensor(drawn[:6].reshape(2, 3), requires_grad=True).named("leafA")
            B = tracer.tensor(drawn[6:15].reshape(3, 3), requires_grad=True).named("leafB")
            row = tracer.tensor(drawn[15:18], requires_grad=True).named("leafr")
            x = A @ B + row
            for step in self.steps:
                x = _apply(step, x, A, B, row)
            (x * x).mean().named("loss").backward()
            optimizer = (tracer.optim.Adam if self.rule == "Adam" else tracer.optim.SGD)([A, row], lr=0.0137)
            optimizer.step()
            optimizer.zero_grad(set_to_none=self.rule == "Adam")
            (A * row).sum().backward()
        return rec.trace


def _apply(step: str, x: Any, A: Any, B: Any, row: Any) -> Any:
    wide = x.reshape(-1, 3) if x.shape[-1] != 3 else x
    made = {
        "tanh": lambda: x.tanh(),
        "exp": lambda: (x * 0.1).exp(),
        "mul": lambda: x * 1.137,
        "add_row": lambda: wide + row,
        "matmul": lambda: wide @ B,
        "transpose": lambda: wide.T.reshape(-1, 3),
        "reshape": lambda: x.reshape(-1),
        "index": lambda: wide[:, 1:].reshape(-1, 1) * wide[0],
        "softmax": lambda: wide.softmax(dim=-1),
        "mean_row": lambda: wide - wide.mean(dim=-1, keepdim=True),
    }
    return made[step]()


@st.composite
def tensor_recipes(draw: st.DrawFn) -> TensorRecipe:
    numbers = draw(st.lists(st.integers(1, 6999), min_size=18, max_size=18, unique=True))
    steps = draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=3))
    return TensorRecipe(tuple(numbers), tuple(steps), draw(st.sampled_from(["Adam", "SGD"])))


def _elements(value: Any) -> Iterator[float]:
    """The numbers of an array, and those that are said of it as a whole."""
    if value is None:
        return
    array = np.asarray(value, np.float64)
    yield from array.reshape(-1).tolist()
    if array.ndim and array.size:
        yield norm(array)
        for figure in (statistics(array).mean, statistics(array).std):
            if figure is not None:
                yield figure


def _noted(note: Any) -> Iterator[float]:
    """What an optimizer says with an update, and the lengths that are told of it."""
    for value in (note or {}).values():
        if isinstance(value, np.ndarray | float) and not isinstance(value, bool):
            yield from _elements(value)


def scanner_of(trace: Trace) -> Scanner:
    """Every number of a walk over tensors with the position at which it becomes known."""
    found: list[tuple[int, float]] = []
    for node in range(trace.n_nodes):
        found += [(trace.made_at(node), v) for v in _elements(trace.value(node))]
    for position in range(1, len(trace) + 1):
        cursor = trace.cursor(position)
        moment = cursor.moment
        for value in (moment.upstream, moment.local, moment.contribution, moment.before, moment.after):
            found += [(position, v) for v in _elements(value)]
        found += [(position, v) for v in _noted(moment.note)]
        if moment.kind == "update" and moment.before is not None:
            before, after = np.asarray(moment.before), np.asarray(moment.after)
            far = norm(after - before)
            found += [(position, far), (position, far / norm(before))]
        for node in {moment.node, moment.user} - {None}:
            for value in (cursor.grad(node), cursor.data(node)):
                found += [(position, v) for v in _elements(value)]
    return Scanner(tuple((p, abs(v)) for p, v in found if math.isfinite(v) and _recognisable(v)))


KNOWN = TensorRecipe(tuple(range(1234, 1234 + 18 * 311, 311)), ("tanh", "matmul", "softmax"), "Adam")
