"""Our numbers beside PyTorch's, in float64. Skipped where PyTorch is not installed; `.ci/run` installs it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.strategies import Program, programs
from tracer.core.expression import parse
from tracer.core.value import Value, apply

pytestmark = pytest.mark.oracle
torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")

THEIRS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "neg": lambda a: -a,
} | {name: getattr(torch, name) for name in ("exp", "log", "relu", "tanh", "sigmoid", "sqrt", "abs")}


def tensor(number: float) -> Any:
    return torch.tensor(number, dtype=torch.float64, requires_grad=True)


def close(ours: float, theirs: Any) -> bool:
    """Equal up to rounding; a sum of terms that cancel is held to the size of its terms by the callers' ranges."""
    other = 0.0 if theirs is None else float(theirs)
    if not (math.isfinite(ours) and math.isfinite(other)):
        return repr(ours) == repr(other)
    return math.isclose(ours, other, rel_tol=1e-9, abs_tol=1e-9)


@settings(max_examples=300)
@given(programs(max_steps=20), st.integers(1, 3))
def test_programs_have_pytorchs_values_and_gradients(program: Program, backwards: int) -> None:
    """Of every node: leaves add up over passes, inner nodes hold the last one's."""
    ours = program.run()
    theirs = [tensor(number) for number in program.leaves]
    for name, places in program.steps:
        theirs.append(THEIRS[name](*(theirs[p] if isinstance(p, int) else tensor(p) for p in places)))
    assume(all(math.isfinite(value.data) and abs(value.data) < 1e6 for value in ours))
    for _ in range(backwards):
        for node in theirs[len(program.leaves) :]:
            node.retain_grad()
            node.grad = None
        theirs[-1].backward(retain_graph=True)
        ours[-1].backward()
    assume(all(node.grad is None or abs(float(node.grad)) < 1e6 for node in theirs))
    for mine, yours in zip(ours, theirs, strict=True):
        assert close(mine.data, yours.detach())
        assert close(mine.grad, yours.grad)


LEAF = st.sampled_from(["x", "w", "b", "2", "0.5", "3", "-1"])
EXPRESSIONS = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" + ", " - ", " * ", " / ", "−", "×"]), inner).map("".join),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"-({text})"),
        inner.map(lambda text: f"({text})²"),
        inner.map(lambda text: f"({text})^3"),
        st.tuples(st.sampled_from(["exp", "tanh", "sigmoid", "relu", "abs", "log", "sqrt"]), inner).map(
            lambda pair: f"{pair[0]}({pair[1]})"
        ),
    ),
    max_leaves=12,
)
"""Text as a person types it, over x, w and b."""

numbers = st.floats(-3, 3).map(lambda v: round(v, 2))


@settings(max_examples=300)
@given(EXPRESSIONS, numbers, numbers, numbers)
def test_expressions_have_pytorchs_values_and_gradients(text: str, x: float, w: float, b: float) -> None:
    expression = parse(text)
    assume(expression.names)
    made: list[Value] = []
    given_numbers = {"x": x, "w": w, "b": b}
    leaves = {name: Value(number, name=name) for name, number in given_numbers.items()}
    theirs = {name: tensor(number) for name, number in given_numbers.items()}

    def ours(name: str, *args: Any) -> Value:
        made.append(apply(name, *args))
        return made[-1]

    def other(name: str, *args: Any) -> Any:
        return THEIRS[name](*(a if isinstance(a, torch.Tensor) else tensor(a) for a in args))

    root, reference = expression.evaluate(leaves, ours), expression.evaluate(theirs, other)
    assume(isinstance(root, Value))
    assert close(root.data, reference.detach())
    # at a pole or beyond it both give inf or nan, but 0 · inf leaves the two free to differ
    assume(all(math.isfinite(value.data) and abs(value.data) < 1e4 for value in made))
    root.backward()
    reference.backward()
    assume(all(abs(float(t.grad)) < 1e4 for t in theirs.values() if t.grad is not None))
    for name, leaf in leaves.items():
        assert close(leaf.grad, theirs[name].grad), name


EDGES = [
    ("div", (1.0, 0.0)), ("div", (0.0, 0.0)), ("div", (-1.0, 0.0)), ("log", (0.0,)), ("log", (-1.0,)),
    ("sqrt", (0.0,)), ("sqrt", (-1.0,)), ("exp", (1000.0,)), ("exp", (-1000.0,)), ("tanh", (1000.0,)),
    ("sigmoid", (1000.0,)), ("sigmoid", (-1000.0,)), ("relu", (0.0,)), ("relu", (-0.0,)), ("abs", (0.0,)),
    ("pow", (0.0, 2.0)), ("pow", (-2.0, 3.0)), ("pow", (-2.0, 0.5)), ("pow", (0.0, -1.0)), ("pow", (2.0, 0.0)),
    ("pow", (1e200, 2.0)), ("mul", (math.inf, 0.0)), ("sub", (math.inf, math.inf)),
    ("tanh", (math.nan,)), ("abs", (-math.inf,)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args"), EDGES)
def test_at_the_edges_of_an_op_the_value_and_base_gradient_are_pytorchs(name: str, args: tuple[float, ...]) -> None:
    """Infinities and NaN included: a NaN must arise where it would arise in a user's own model."""
    mine, yours = [Value(a) for a in args], [tensor(a) for a in args]
    out, reference = apply(name, *mine), THEIRS[name](*yours)
    out.backward()
    reference.backward()
    assert close(out.data, reference.detach())
    assert close(mine[0].grad, yours[0].grad)
