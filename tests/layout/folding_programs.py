"""Random programs whose steps lie in random scopes, and random things to open in their graphs."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.strategies import programs
from tracer.core.record import record
from tracer.core.scope import scope
from tracer.core.value import Value
from tracer.layout.folding import LIMIT
from tracer.layout.groups import groups_of
from tracer.trace.trace import Trace

SCOPES = ("", "a", "b", "a.x", "a.y", "a.x.deep", "c.only", "layer 0", "layer 1", "layer 2", "layer 3", "layer 1.up")
"""Levels, one that holds only one other, and repeats; drawn at random they also make cycles."""


@st.composite
def scoped(draw: st.DrawFn, max_steps: int = 20, passes: int = 0, large: bool = True) -> Trace:
    """A trace of a random program in random scopes.

    Args:
        large: with so many leaves that nothing uses that a picture shows leaves as ports.
    """
    program = draw(programs(max_steps=max_steps))
    names = iter(draw(st.lists(st.sampled_from(SCOPES), min_size=max_steps + 3, max_size=max_steps + 3)))
    with record() as rec:
        values: list[Value] = []
        for number in program.leaves:
            with scope(next(names)):
                values.append(Value(number, name=f"w[{len(values)}]"))
        for op, places in program.steps:
            args = [values[p] if isinstance(p, int) else p for p in places]
            with scope(next(names)):
                values.append(getattr(args[0], op)(*args[1:]))
        result = values[-1]
        if large:
            values += [Value(0.0, name=f"idle[{i}]") for i in range(LIMIT)]
        for _ in range(passes):
            result.backward()
    return rec.trace


@st.composite
def opened(draw: st.DrawFn, trace: Trace) -> frozenset[str]:
    """Keys of some groups of a trace, opened."""
    keys = [*groups_of(trace).keys[1:], "layer 1–2", "layer 0–1", "ring: a", "ring: layer 0–3", "no such scope"]
    return frozenset(draw(st.lists(st.sampled_from(keys), max_size=8)))
