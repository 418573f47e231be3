"""Programs whose every number is unlike all others, and a scanner for numbers which the walk has not reached."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import strategies as st

from tracer.core.record import record
from tracer.core.value import Value
from tracer.trace.cursor import Cursor
from tracer.trace.trace import Trace

NEAR = 2e-3
"""Relative difference within which a shown number is taken for a known or a future one: four digits are shown."""
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.]*\w)")
_WORDS_OWN = (2.718, 709.8, 1.8e308)
"""Numbers that the explanations' own words contain."""

OPS = ("mul", "mul", "add", "sub", "tanh", "sigmoid", "exp", "div", "pow")


@dataclass(frozen=True)
class Recipe:
    """Leaves with distinct four-digit decimals, and what is computed from them."""

    leaves: tuple[int, ...]
    steps: tuple[tuple[str, int, int], ...]
    passes: int
    update: bool

    def record(self) -> Trace:
        with record() as rec:
            values = [Value(0.3 + number / 10_000, name=f"leaf{'abcd'[i]}") for i, number in enumerate(self.leaves)]
            first = list(values)
            for op, i, j in self.steps:
                left, right = values[i % len(values)], values[j % len(values)]
                two = op in ("mul", "add", "sub", "div", "pow")
                values.append(getattr(left, op)(*([right] if two else [])))
            for _ in range(self.passes):
                values[-1].backward()
            if self.update:
                for leaf in first:
                    leaf.data -= 0.0137 * leaf.grad
                    leaf.grad = 0
                (first[0] * first[-1]).backward()
        return rec.trace


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    leaves = draw(st.lists(st.integers(1, 9999), min_size=2, max_size=3, unique=True))
    step = st.tuples(st.sampled_from(OPS), st.integers(0, 20), st.integers(0, 20))
    steps = draw(st.lists(step, min_size=2, max_size=5))
    return Recipe(tuple(leaves), tuple(steps), draw(st.integers(1, 2)), draw(st.booleans()))


def _recognisable(value: float | None) -> bool:
    """A number that nothing else on a panel could be taken for."""
    return value is not None and math.isfinite(value) and 1e-3 < abs(value) < 1e5 and value != round(value, 1)


def numbers_of(trace: Trace) -> list[tuple[int, float]]:
    """Every number of a walk with the position at which it becomes known: values, parts, sums as they grow, updates."""
    found: list[tuple[int, float | None]] = [
        (trace.made_at(n), float(trace.columns.value[n])) for n in range(trace.n_nodes)
    ]
    for position in range(1, len(trace) + 1):
        cursor = trace.cursor(position)
        moment = cursor.moment
        found += [(position, v) for v in (moment.upstream, moment.local, moment.contribution, moment.after)]
        if moment.node is not None:
            found += [(position, cursor.grad(moment.node)), (position, cursor.data(moment.node))]
            partial = 0.0
            for route in cursor.routes(moment.node):
                if route.contribution is not None:
                    partial += route.contribution
                    found.append((position, partial))
    return [(position, abs(v)) for position, v in found if v is not None and _recognisable(v)]


@dataclass(frozen=True)
class Scanner:
    """Knows when each number of a trace becomes known."""

    numbers: tuple[tuple[int, float], ...]

    @classmethod
    def of(cls, trace: Trace) -> Scanner:
        return cls(tuple(numbers_of(trace)))

    def leaks(self, cursor: Cursor, text: str) -> Iterator[str]:
        """Numbers in `text` that become known only after the cursor's position."""
        known = [v for position, v in self.numbers if position <= cursor.position]
        known += _WORDS_OWN
        later = [v for position, v in self.numbers if position > cursor.position]
        for match in _NUMBER.finditer(text):
            value = float(match.group())
            if any(math.isclose(value, v, rel_tol=NEAR) for v in known):
                continue
            if _recognisable(value) and any(math.isclose(value, v, rel_tol=NEAR) for v in later):
                yield match.group()
