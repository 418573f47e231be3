"""Random programs for property tests: what Hypothesis draws, run as a user would write it."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from tracer.core.record import Recorder, record
from tracer.core.value import Value
from tracer.trace.trace import Trace

UNARY = ("neg", "tanh", "sigmoid", "relu", "exp", "abs")
BINARY = ("add", "sub", "mul")


@dataclass(frozen=True)
class Program:
    """Leaves, then instructions: an op's name and where in the growing list its inputs stand (a float: a constant)."""

    leaves: tuple[float, ...]
    steps: tuple[tuple[str, tuple[int | float, ...]], ...]

    def run(self) -> list[Value]:
        """Every value of the program in order; the last is the result."""
        values = [Value(number, name=f"x{i}") for i, number in enumerate(self.leaves)]
        for name, places in self.steps:
            args = [values[p] if isinstance(p, int) else p for p in places]
            first = args[0]
            assert isinstance(first, Value)
            values.append(getattr(first, name)(*args[1:]))
        return values

    def record(self, backwards: int = 1, *, update: bool = False) -> Trace:
        """The trace of running it and calling backward on the result."""
        recorder: Recorder
        with record() as recorder:
            values = self.run()
            for _ in range(backwards):
                values[-1].backward()
            if update:
                values[0].data -= 0.1 * values[0].grad
                values[0].grad = 0.0
        return recorder.trace


@st.composite
def programs(draw: st.DrawFn, max_steps: int = 8) -> Program:
    """Small programs whose nodes are used any number of times, also twice by one op."""
    leaves = draw(st.lists(st.floats(-2, 2).map(lambda v: round(v, 3)), min_size=1, max_size=3))
    steps: list[tuple[str, tuple[int | float, ...]]] = []
    for _ in range(draw(st.integers(1, max_steps))):
        known = len(leaves) + len(steps)
        place = st.integers(0, known - 1)
        if draw(st.booleans()):
            second: int | float = draw(st.one_of(place, st.sampled_from([0.5, 2.0, -1.5])))
            steps.append((draw(st.sampled_from(BINARY)), (draw(place), second)))
        else:
            steps.append((draw(st.sampled_from(UNARY)), (draw(place),)))
    return Program(tuple(leaves), tuple(steps))
