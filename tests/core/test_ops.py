"""Every input of every op, against what nudging it shows."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.core import floats
from tracer.core.op import Op, find_op, scalar_ops
from tracer.core.ops import elementwise
from tracer.core.replay import STEP
from tracer.errors import NotFoundError

OPS = scalar_ops()

CASES = [(name, which) for name, op in OPS.items() for which in range(len(op.inputs))]
seeds = st.integers(0, 2**32 - 1)


def local_by_rule(op: Op, which: int, args: tuple[np.ndarray, ...]) -> np.ndarray:
    """The local derivative as its printed expression computes it."""
    out, _ = op.run(*args)
    env = {"out": out, **{spec.name: arg for spec, arg in zip(op.inputs, args, strict=True)}}
    functions = {
        "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power, "neg": np.negative,
        "exp": np.exp, "log": np.log, "step": lambda a: (a > 0) * 1.0, "sign": np.sign,
    }  # fmt: skip
    return np.broadcast_to(op.inputs[which].rule.evaluate(env, lambda f, *a: functions[f](*a)), np.shape(out))


def slope(op: Op, which: int, args: tuple[np.ndarray, ...]) -> np.ndarray:
    """Central differences, one an element."""
    h = STEP * np.maximum(np.abs(args[which]), 1e-2)
    up = [a + h if i == which else a for i, a in enumerate(args)]
    down = [a - h if i == which else a for i, a in enumerate(args)]
    return (op.run(*up)[0] - op.run(*down)[0]) / (2 * h)


def agrees(op: Op, which: int, seed: int) -> bool:
    rng = np.random.default_rng(seed)
    for args in op.samples(rng):
        out, saved = op.run(*args)
        g = rng.normal(size=np.shape(out))
        vjp = op.inputs[which].vjp
        assert vjp is not None
        if not np.allclose(vjp(np, g, out, *args, **saved), g * slope(op, which, args), rtol=1e-6, atol=1e-7):
            return False
    return True


@pytest.mark.parametrize(("name", "which"), CASES)
@given(seed=seeds)
def test_vjp_agrees_with_finite_differences(name: str, which: int, seed: int) -> None:
    """Each input's vjp is the slope that nudging that input shows."""
    assert agrees(OPS[name], which, seed)


@pytest.mark.parametrize(("name", "which"), CASES)
def test_the_check_catches_a_rule_that_is_a_thousandth_off(name: str, which: int) -> None:
    """So a green run above means something."""
    op = OPS[name]
    right = op.inputs[which]
    wrong = dataclasses.replace(right, vjp=lambda *args: 1.001 * right.vjp(*args))  # type: ignore[misc]
    inputs = tuple(wrong if i == which else spec for i, spec in enumerate(op.inputs))
    assert not agrees(dataclasses.replace(op, inputs=inputs), which, seed=1)


@pytest.mark.parametrize(("name", "which"), CASES)
@given(seed=seeds)
def test_the_printed_local_derivative_is_the_vjp_at_upstream_one(name: str, which: int, seed: int) -> None:
    """What a learner reads is what the engine computes."""
    op = OPS[name]
    for args in op.samples(np.random.default_rng(seed)):
        out, saved = op.run(*args)
        vjp = op.inputs[which].vjp
        assert vjp is not None
        np.testing.assert_allclose(
            np.broadcast_to(vjp(np, np.ones_like(out), out, *args, **saved), out.shape),
            local_by_rule(op, which, args),
            rtol=1e-12,
            atol=1e-12,
        )


@pytest.mark.parametrize("name", OPS)
@given(seed=seeds)
def test_floats_and_arrays_run_the_same_rule(name: str, seed: int) -> None:
    """One definition serves both; math and NumPy may differ in the last bits."""
    op = OPS[name]
    for args in op.samples(np.random.default_rng(seed)):
        out, _ = op.run(*args)
        for i in range(len(out)):
            one = tuple(float(a[i]) for a in args)
            scalar = op.forward(floats, *one)
            assert scalar == pytest.approx(out[i], rel=1e-13)
            for which, spec in enumerate(op.inputs):
                column = np.broadcast_to(spec.vjp(np, np.ones_like(out), out, *args), out.shape)[i]  # type: ignore[misc]
                assert op.local_gradient(which, scalar, one) == pytest.approx(column, rel=1e-12)


special = st.sampled_from(
    [0.0, -0.0, 1.0, -1.0, 2.5, 1e300, -1e300, 1e-300, math.inf, -math.inf, math.nan, 800.0, -800.0]
)


@given(st.sampled_from(list(OPS)), special, special)
def test_floats_follow_ieee_and_never_raise(name: str, a: float, b: float) -> None:
    """Division by zero, overflow and domain errors give what NumPy gives."""
    op = OPS[name]
    args = (a, b)[: len(op.inputs)]
    with np.errstate(all="ignore"):
        expected = float(op.forward(np, *(np.float64(x) for x in args)))
    got = float(op.forward(floats, *args))
    assert got == pytest.approx(expected, rel=1e-12, nan_ok=True)
    for which in range(len(args)):
        op.local_gradient(which, got, args)


def test_each_op_is_registered_once_and_found_by_its_name() -> None:
    assert [find_op(name).name for name in OPS] == list(OPS)
    with pytest.raises(NotFoundError, match="Did you mean 'tanh'"):
        find_op("tanhh")
    with pytest.raises(AssertionError, match="two ops"):
        elementwise.register(elementwise.ADD)


@pytest.mark.parametrize("name", OPS)
def test_every_op_has_its_words_in_both_languages(name: str) -> None:
    op = OPS[name]
    for spec in op.inputs:
        assert spec.why.en.endswith((".", "!"))
        assert spec.why.ja.endswith("。")
        assert set(spec.rule.names) <= {s.name for s in op.inputs} | {"out"}
    assert "{" not in op.show.format(**{spec.name: "v" for spec in op.inputs})
