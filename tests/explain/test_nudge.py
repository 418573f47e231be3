"""A nudge: how far the change has travelled, and how it compares with gradient × nudge."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.core.record import record
from tracer.core.value import Value
from tracer.explain.nudge import Nudge, nudge_size, travelled
from tracer.trace.trace import Trace

Program = Callable[[], None]


def product() -> None:
    x = Value(3.0, name="x")
    a = (x + 2).named("a")
    b = (x - 1).named("b")
    (a * b).named("y").backward()


def bent() -> None:
    x = Value(1.0, name="x")
    x.tanh().named("y").backward()


def gate() -> None:
    x = Value(0.0, name="x")
    x.relu().named("y").backward()


def branch() -> None:
    x = Value(1.0, name="x")
    (x * 2 if x <= 1 else x + 1).named("y").backward()


def run(program: Program, overrides: dict[tuple[str, int, int], float] | None = None) -> Trace:
    with record(overrides) as rec:
        program()
    return rec.trace


def nudged(program: Program, position: int = -1, times: float = 1.0) -> Nudge:
    before = run(program)
    x = int(before.find("x"))
    value = float(before.columns.value[x])
    after = run(program, {before.leaf_key(x): value + times * nudge_size(value)})
    at = before.cursor(position).position
    return Nudge(before.cursor(at), after.cursor(min(at, len(after))), x)


@given(value=st.floats(allow_nan=True, allow_infinity=True))
def test_a_nudge_is_small_beside_any_leaf_and_never_nothing(value: float) -> None:
    size = nudge_size(value)
    assert size > 0
    if math.isfinite(value) and abs(value) > 1e-290:
        assert abs(value) / 10_001 <= size <= abs(value) / 999


def test_the_change_equals_gradient_times_nudge() -> None:
    found = nudged(product)
    assert found.delta == pytest.approx(0.001)
    assert found.gradient == 7.0
    assert found.predicted == pytest.approx(0.007)
    assert found.moved == pytest.approx(0.007001)
    assert found.agreement == "close"
    assert [line.en for line in travelled(found)] == [
        "x 3 → 3.001   moved 0.001",
        "a 5 → 5.001   b 2 → 2.001",
        "y 10 → 10.007   moved 0.007001",
        "gradient × nudge = 7 × 0.001 = 0.007",
        "Not quite the same: the curve bends. The smaller the nudge, the closer.",
    ]


@given(position=st.integers(0, 40))
def test_a_change_shows_where_the_walk_has_been_and_nowhere_else(position: int) -> None:
    before = run(product)
    found = nudged(product, min(position, len(before)))
    made = {change.node for change in found.changes}
    assert made == {n for n in map(before.resolve, "xaby") if found.before.is_made(n)}
    if not found.before.is_made(before.resolve("y")):
        assert found.moved is None
        assert "Step on" in travelled(found)[-1].en
    if found.before.grad_state("x") != "complete":
        assert found.predicted is None
        assert not any("×" in line.en and "=" in line.en for line in travelled(found))


def test_nudging_down_and_up_again_moves_nothing() -> None:
    found = nudged(product, times=0.0)
    assert found.changes == ()
    assert found.agreement == "exact"
    assert travelled(found)[1].en == "y did not move."


def test_a_bend_and_a_kink_are_told_apart() -> None:
    assert nudged(bent).agreement == "close"
    assert nudged(gate).agreement == "far"
    assert "kink" in travelled(nudged(gate))[-1].en


def test_a_program_that_takes_another_way_says_so() -> None:
    found = nudged(branch)
    assert not found.same_graph
    assert found.moved is None
    assert "different" in travelled(found)[0].en


def test_a_linear_change_is_exact_although_floats_round() -> None:
    def linear() -> None:
        x = Value(3.0, name="x")
        (x * 7).named("y").backward()

    found = nudged(linear)
    assert found.agreement == "exact"
    assert [line.en for line in travelled(found)][1:] == [
        "y 21 → 21.007   moved 0.007",
        "gradient × nudge = 7 × 0.001 = 0.007",
    ]
