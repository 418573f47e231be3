"""Two small models that write "ab": one of tensors, one of values; what they tap is known by heart."""

from __future__ import annotations

from functools import cache
from typing import Any

import tracer
from tracer.core.record import record
from tracer.core.scope import scope
from tracer.core.taps import tap
from tracer.core.value import Value
from tracer.nn import functional as F
from tracer.trace.generation import Generation
from tracer.trace.trace import Trace

SYMBOLS = ("a", "b")
READ = (2, 0, 1)
"""BOS, a, b."""


def with_tensors() -> None:
    keys = None
    table = tracer.tensor([[1.0, -2.0], [3.0, -4.0], [5.0, 0.0]])
    with tracer.no_grad():
        for position, token in enumerate(READ):
            with scope(f"position {position}"):
                row = table[token : token + 1] * 1.0
                with scope("attention"):
                    keys = row if keys is None else tracer.cat([keys, row])
                    tap("layer0.keys", keys)
                    tap("layer0.values", keys * 2)
                tap("probs", F.softmax((keys.sum() * tracer.ones(3)) + tracer.tensor([0.0, 1.0, 2.0]), dim=0))


def with_values() -> None:
    keys: list[list[Any]] = []
    for position, token in enumerate(READ):
        with scope(f"position {position}"):
            x = Value(float(token), name="x")
            keys.append([x + 1, x * -2])
            tap("layer0.keys", keys)
            tap("layer0.values", [[k * 2 for k in row] for row in keys])
            exps = [(x * 0 + k).exp() for k in range(3)]
            total = exps[0] + exps[1] + exps[2]
            tap("probs", [one / total for one in exps])


@cache
def trace_of(engine: str, text: str = "ab", mode: str = "lines") -> Trace:
    with record() as recorder:
        (with_tensors if engine == "tensor" else with_values)()
    recorder.info.update(text=text, symbols=list(SYMBOLS), temperature=0.5, mode=mode, title="ab")
    return recorder.trace


def generation(engine: str, text: str = "ab", mode: str = "lines") -> Generation:
    return Generation(trace_of(engine, text, mode))
