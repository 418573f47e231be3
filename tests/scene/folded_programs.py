"""Programs with scopes, for folded pictures: three positions that look back at each other, and one with parameters."""

from __future__ import annotations

from functools import cache

from tracer.core.record import record
from tracer.core.scope import scope
from tracer.core.value import Value
from tracer.trace.trace import Trace


@cache
def positions() -> Trace:
    """Three repeats with a part inside each, every value unlike all others; small enough to draw whole."""
    with record() as rec:
        a, b = Value(0.4321, name="a"), Value(-0.8765, name="b")
        seen: list[Value] = []
        losses: list[Value] = []
        for t in range(3):
            with scope(f"position {t}"):
                with scope("mix"):
                    x = (a * (1.1 + 0.37 * t) + b).tanh()
                    for earlier in seen:
                        x = x + earlier * 0.313
                    seen.append(x)
                with scope("loss"):
                    losses.append((x * x).exp())
        with scope("end"):
            total = (losses[0] + losses[1] + losses[2]).named("total")
        total.backward()
    return rec.trace


@cache
def layers() -> Trace:
    """Four layers of a 6 x 6 matrix each, 400 nodes: too many to draw, so parameters are rows in the boxes."""
    with record() as rec:
        size = 6
        x = [Value(0.1 + 0.07 * i, name=f"x[{i}]") for i in range(size)]
        for k in range(4):
            w = [
                [Value(0.03 * (i - j) + 0.11 * k + 0.013, name=f"w{k}[{i},{j}]") for j in range(size)]
                for i in range(size)
            ]
            with scope(f"layer {k}"):
                with scope("linear"):
                    x = [sum((wij * xj for wij, xj in zip(row, x, strict=True)), Value(0.01)) for row in w]
                with scope("tanh"):
                    x = [v.tanh() for v in x]
        with scope("loss"):
            loss = sum((v * v for v in x), Value(0.0)).named("loss")
        loss.backward()
    return rec.trace
