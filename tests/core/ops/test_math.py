"""Local derivatives as they are printed, kinks, rounding and remainders on plain arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tracer.core.ops.all  # noqa: F401  registers them
from tracer.core.op import OPS

NAMES = [
    name
    for name, op in OPS.items()
    if op.elementwise and not op.scalar and any(spec.local and spec.vjp is not None for spec in op.inputs)
]
FUNCTIONS: dict[str, Any] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power, "neg": np.negative,
    "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "sin": np.sin, "cos": np.cos, "tanh": np.tanh, "sign": np.sign,
    "step": lambda a: (np.asarray(a) > 0) * 1.0, "sigmoid": lambda a: 1 / (1 + np.exp(-a)), "abs": np.abs,
    "relu": lambda a: np.maximum(a, 0),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_printed_local_derivative_is_the_rule_at_upstream_1(name: str) -> None:
    op = OPS[name]
    for sample in op.tries(np.random.default_rng(3)):
        out, saved = op.run(*sample.args, **sample.static)
        if out.dtype.kind != "f":
            continue
        named = {spec.name: arg for spec, arg in zip(op.inputs, sample.args, strict=True)}
        for spec in op.inputs:
            if spec.vjp is None or not spec.local:
                continue
            printed = spec.rule.evaluate({"out": out, **named}, lambda f, *a: FUNCTIONS[f](*a))
            rule = spec.vjp(np, np.ones_like(out), out, *sample.args, **sample.static, **saved)
            np.testing.assert_allclose(
                np.broadcast_to(printed, out.shape), np.broadcast_to(rule, out.shape), rtol=1e-10, atol=1e-12
            )


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("maximum", (1.0, 1.0)),
        ("clamp", (0.0, 0.0, 1.0)),
        ("clamp_min", (2.0, 2.0)),
        ("floor", (3.0,)),
        ("sign", (0.0,)),
    ],
)
def test_a_kink_is_known(name: str, args: tuple[float, ...]) -> None:
    """There a finite difference settles nothing."""
    kink = OPS[name].kink
    assert kink is not None
    assert kink(*args)
    assert not kink(*(a + 0.3 * (i + 1) for i, a in enumerate(args)))


def test_remainders_take_the_sign_of_the_divisor_or_of_the_dividend() -> None:
    a, b = np.array([5.0, -5.0, 5.0, -5.0]), np.array([3.0, 3.0, -3.0, -3.0])
    np.testing.assert_array_equal(OPS["remainder"].forward(np, a, b), [2, 1, -1, -2])
    np.testing.assert_array_equal(OPS["fmod"].forward(np, a, b), [2, -2, 2, -2])
    np.testing.assert_array_equal(OPS["div_trunc"].forward(np, np.array([-7, 7]), 2), [-3, 3])
    np.testing.assert_array_equal(OPS["div_floor"].forward(np, np.array([-7, 7]), 2), [-4, 3])
