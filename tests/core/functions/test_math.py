"""Arithmetic beside PyTorch: values, gradients, dtypes, node names and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

from tests.core.functions.beside import Case, agree, cases, hold
from tracer.core.functions.all import FUNCTIONS, Tensor
from tracer.errors import ArgumentTypeError, DtypeError, OptionError, ShapeError

Draw = Callable[..., Any]
DTYPES = ("float64", "float64", "float32", "int64", "bool", "float32")


def numbers(
    draw: Draw, shape: tuple[int, ...], dtype: str, low: float = -3, high: float = 3, *, ties: bool = False
) -> np.ndarray[Any, Any]:
    """Numbers between low and high, sometimes rounded to halves so that borders and ties are met."""
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    found = np.asarray(rng.uniform(low, high, shape))
    if ties and draw(st.booleans()):
        found = np.round(2 * found) / 2
    return np.asarray(found > (low + high) / 2 if dtype == "bool" else found).astype(dtype)


def kinds(draw: Draw, number: int) -> list[str]:
    """Dtypes, of which those of floating point are one: PyTorch and we then round in the same one."""
    real = draw(st.sampled_from(["float64", "float32"]))
    return [draw(st.sampled_from([real, real, real, "int64", "bool"])) for _ in range(number)]


def broadcasting(draw: Draw, number: int, *, least: int = 0) -> list[tuple[int, ...]]:
    """Shapes that broadcast; once in a while two that do not."""
    shapes = list(
        draw(mutually_broadcastable_shapes(num_shapes=number, max_dims=3, min_side=least, max_side=3)).input_shapes
    )
    if draw(st.integers(0, 9)) == 0:
        shapes[0] = (2, 4)
    return shapes


# One input

ONE: dict[str, tuple[float, float]] = {
    "exp": (-3, 3), "log": (0.1, 5), "sqrt": (0.1, 5), "square": (-3, 3), "rsqrt": (0.2, 5), "reciprocal": (0.2, 5),
    "sin": (-4, 4), "cos": (-4, 4), "tan": (-1.2, 1.2), "log1p": (-0.5, 4), "expm1": (-2, 3), "log2": (0.1, 5),
    "log10": (0.1, 5), "erf": (-3, 3), "floor": (-4, 4), "ceil": (-4, 4), "trunc": (-4, 4), "fix": (-4, 4),
    "round": (-4, 4), "sign": (-2, 2), "abs": (-3, 3), "neg": (-3, 3), "negative": (-3, 3),
    "absolute": (-3, 3), "positive": (-2, 2), "frac": (-4, 4), "isnan": (-2, 2), "isinf": (-2, 2), "isfinite": (-2, 2),
}  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("name", ONE)
@cases
def test_functions_of_one_tensor(name: str, cases: int) -> None:
    @st.composite
    def case(draw: Draw) -> Case:
        shape = draw(st.sampled_from([(), (3,), (2, 3), (0,), (2, 1, 2)]))
        x = numbers(draw, shape, draw(st.sampled_from(DTYPES)), *ONE[name], ties=True)
        return Case(draw(st.sampled_from([f"lib.{name}(x)", f"x.{name}()"])), {"x": x})

    hold(case(), cases)


EDGES = np.array([0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1.5, 1e30, -1e30, math.inf, -math.inf, math.nan, 800.0, -800.0])


@pytest.mark.oracle
@pytest.mark.parametrize("name", [name for name in ONE if name not in ("tan", "frac")])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_at_the_edges_of_a_function_value_and_gradient_are_pytorchs(name: str, dtype: str) -> None:
    """Infinities and nan included."""
    x = EDGES
    if name in ("sin", "cos"):
        x = x[np.abs(np.nan_to_num(x)) < 1e3]
    agree(Case(f"x.{name}()", {"x": x.astype(dtype)}))


# Two inputs

TWO = (
    "a + b", "lib.sub(a, b)", "a * b", "lib.add(a, b, alpha=2)", "lib.add(a, b, alpha=0.5)", "a.sub(b, alpha=3)",
    "lib.subtract(a, b, alpha=0.25)", "lib.rsub(a, b)", "lib.rsub(a, b, alpha=2)", "a.multiply(b)", "a + 2", "2.5 + a",
    "a * 3", "a.add(True)", "lib.add(2, a)", "lib.mul(1.5, a)", "lib.sub(a, 2, alpha=2)", "3 * a", "lib.sub(2, a)",
    "lib.maximum(a, b)", "a.minimum(b)", "a.max(b)", "lib.min(a, other=b)", "lib.add(2, 3)", "lib.mul(2, 1.5)",
)  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("code", TWO)
@cases
def test_functions_of_two_tensors(code: str, cases: int) -> None:
    @st.composite
    def case(draw: Draw) -> Case:
        one, two = broadcasting(draw, 2)
        first, second = kinds(draw, 2)
        a, b = numbers(draw, one, first, ties=True), numbers(draw, two, second, ties=True)
        return Case(code, {"a": a, "b": b})

    hold(case(), cases)


DIVISIONS = (
    "a / b", "lib.div(a, b, rounding_mode='floor')", "lib.div(a, b, rounding_mode='trunc')", "a % b",
    "a.detach() // b.detach()", "lib.fmod(a, b)", "a / 2", "a / 4.0", "lib.true_divide(a, b)", "lib.remainder(a, 2)",
    "lib.fmod(a, 1.5)", "a.div(3, rounding_mode='floor')", "a.divide(b)", "lib.div(a, b, rounding_mode='up')",
    "a % 3", "a.detach() // 2",
)  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("code", DIVISIONS)
@cases
def test_divisions(code: str, cases: int) -> None:
    """Whole numbers round and refuse 0, floating-point ones give inf and nan."""

    @st.composite
    def case(draw: Draw) -> Case:
        one, two = broadcasting(draw, 2)
        first, dtype = kinds(draw, 2)
        a = numbers(draw, one, first, -9, 9)
        b = numbers(draw, two, dtype, -4, 4) if dtype in ("int64", "bool") else numbers(draw, two, dtype, 0.3, 4)
        return Case(code, {"a": a, "b": b})

    hold(case(), cases)


@pytest.mark.oracle
@pytest.mark.parametrize(
    "code", ["a / b", "lib.div(a, b, rounding_mode='floor')", "lib.div(a, b, rounding_mode='trunc')"]
)
def test_dividing_by_zero(code: str) -> None:
    a, b = np.array([1.0, -1.0, 0.0, 5.0, math.inf, math.nan]), np.array([0.0, 0.0, 0.0, math.inf, 0.0, 2.0])
    agree(Case(code, {"a": a, "b": b}))


def test_a_backward_pass_through_floor_division_raises() -> None:
    """Silence would be a wrong gradient; PyTorch raises RuntimeError too."""
    x = Tensor._wrap(np.array([3.0]), requires_grad=True)
    with pytest.raises(RuntimeError, match="derivative of //"):
        (x // 2).sum().backward()


@pytest.mark.oracle
@pytest.mark.parametrize(
    "code",
    ["a**b", "a**2", "a**3.0", "a**0.5", "a**-1", "a**0", "2**a", "lib.pow(a, b)", "a.pow(1.5)", "lib.pow(2.5, b)",
     "lib.float_power(a, 2)", "lib.float_power(a, b)"],
)  # fmt: skip
@cases
def test_powers(code: str, cases: int) -> None:
    @st.composite
    def case(draw: Draw) -> Case:
        one, two = broadcasting(draw, 2)
        dtypes = [kind.replace("bool", "int64") for kind in kinds(draw, 2)]
        a = numbers(draw, one, dtypes[0], 0.2, 3)
        b = numbers(draw, two, dtypes[1], 0 if dtypes[1] == "int64" else -2, 3)
        return Case(code, {"a": a, "b": b})

    hold(case(), cases)


@pytest.mark.oracle
@pytest.mark.parametrize("code", ["a**b", "a**2", "a**0", "a**3", "a**0.5"])
def test_powers_at_their_edges(code: str) -> None:
    """0 to the 0, negative bases, broken exponents."""
    a = np.array([0.0, 0.0, -1.0, -2.0, 2.0, 0.0, 3.0])
    agree(Case(code, {"a": a, "b": np.array([0.0, 2.0, 2.0, 0.5, 0.0, -1.0, 1.0])}))


# Limits

LIMITS = (
    "a.clamp(-1, 1)", "lib.clamp(a, min=0)", "a.clip(max=0.5)", "a.clamp(b, c)", "a.clamp(max=c)",
    "lib.clamp(a, min=b)", "a.clamp_min(0.5)", "lib.clamp_max(a, 1)", "a.clamp_min(b)", "a.clamp_max(c)",
    "a.clamp(1, -1)", "a.clamp()",
)  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("code", LIMITS)
@cases
def test_limits(code: str, cases: int) -> None:
    """At a border of `clamp` the gradient passes; where min is above max, max wins."""

    @st.composite
    def case(draw: Draw) -> Case:
        dtypes = kinds(draw, 3)
        shape = draw(st.sampled_from([(2, 3), (3,), (2, 1, 3)]))  # PyTorch's own backward fails where limits are larger
        limits = [draw(st.sampled_from([shape, (3,), (1,), ()])) for _ in range(2)]
        a, b, c = (numbers(draw, s, d, ties=True) for s, d in zip([shape, *limits], dtypes, strict=True))
        return Case(code, {"a": a, "b": b, "c": c})

    hold(case(), cases)


@pytest.mark.oracle
@pytest.mark.parametrize(
    "code",
    ["lib.maximum(a, b)", "lib.minimum(a, b)", "a.clamp(0, 1)", "a.clamp(min=b)", "a.clamp_max(b)", "a.clamp(b, b)",
     "a.clamp(min=0)"],
)  # fmt: skip
def test_nan_and_ties_in_choices(code: str) -> None:
    a = np.array([1.0, 2.0, math.nan, 3.0, math.nan, 0.0, math.inf])
    agree(Case(code, {"a": a, "b": np.array([1.0, 3.0, 1.0, math.nan, math.nan, -0.0, math.inf])}))


# What is refused, in words

REFUSED: list[tuple[str, type[Exception], str]] = [
    ("lib.add(x, None)", ArgumentTypeError, "add: other must be a Tensor or a number, got NoneType"),
    ("lib.exp(2.0)", ArgumentTypeError, "exp: input must be a Tensor"),
    ("x + lib.zeros(4)", ShapeError, r"add: a has shape \(3,\), b has shape \(4,\)"),
    ("x.clamp()", OptionError, "neither min nor max"),
    ("x.clamp(0, x)", ArgumentTypeError, "min must be a Tensor, got int"),
    ("lib.neg(x > 0)", DtypeError, "got a bool tensor"),
    ("x.long() ** -1", OptionError, "exponent is -1"),
    ("x.long() // 0", OptionError, "divided by zero"),
]


@pytest.mark.parametrize(("code", "kind", "message"), REFUSED)
def test_what_is_refused_says_why_and_where(code: str, kind: type[Exception], message: str) -> None:
    names = {"lib": FUNCTIONS, "x": Tensor._wrap(np.array([1.0, 2.0, 3.0], np.float32))}
    with pytest.raises(kind, match=message) as caught:
        eval(code, names)
    assert "test_math.py" in str(caught.value) or "<string>" in str(caught.value)
