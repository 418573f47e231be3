"""Every registered op, held to its own samples: rules, what they read, composites, second derivatives, words."""

from __future__ import annotations

import string
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.core.foreign import FOREIGN, Foreign, inside
from tracer.core import backend
from tracer.core.array import unbroadcast
from tracer.core.autograd import grad
from tracer.core.function import Shaped
from tracer.core.functions.all import FUNCTIONS, Tensor
from tracer.core.op import OPS, Op, Sample

CASES = [pytest.param(op, id=name) for name, op in OPS.items()]
STEP = 1e-6


def floats(op: Op, sample: Sample) -> list[int]:
    """The inputs that gradient flows to."""
    return [
        i
        for i, a in enumerate(sample.args)
        if op.spec(i).vjp is not None and isinstance(a, np.ndarray) and a.dtype.kind == "f"
    ]


def contributions(op: Op, sample: Sample, g: Any, out: Any, saved: Any) -> dict[int, Any]:
    """What each input is handed, the rules seeing only what they say they read."""
    wanted = [i in floats(op, sample) for i in range(len(sample.args))]
    reads = frozenset(op.needs)
    if op.joint_vjp is None:
        reads = frozenset().union(*(op.spec(i).reads for i in floats(op, sample)))
    args = [
        a if not isinstance(a, np.ndarray) or op.spec(i).name in reads else Shaped(a.shape, a.dtype)
        for i, a in enumerate(sample.args)
    ]
    seen = out if "out" in reads else Shaped(out.shape, out.dtype)
    found = op.contributions(np, wanted, g, seen, args, sample.static, saved)
    return {i: unbroadcast(np, np.asarray(found[i]), sample.args[i].shape) for i in floats(op, sample)}


def moved(op: Op, sample: Sample, which: int, delta: Any) -> Any:
    args = [a + delta if i == which else a for i, a in enumerate(sample.args)]
    return np.asarray(op.run(*args, **sample.static)[0])


@pytest.mark.parametrize("op", CASES)
@pytest.mark.parametrize("seed", range(4))
def test_each_rule_is_the_slope_that_nudging_shows(op: Op, seed: int) -> None:
    """⟨contribution, d⟩ is how far ⟨g, out⟩ moves when the input moves along d."""
    rng = np.random.default_rng(seed)
    for sample in op.tries(rng):
        out, saved = op.run(*sample.args, **sample.static)
        if np.asarray(out).dtype.kind != "f":
            continue
        g = rng.normal(size=np.shape(out))
        for which, given in contributions(op, sample, g, np.asarray(out), saved).items():
            direction = rng.normal(size=given.shape) * np.maximum(np.abs(sample.args[which]), 0.1)
            up, down = (moved(op, sample, which, sign * STEP * direction) for sign in (1, -1))
            slope = float((g * (up - down)).sum() / (2 * STEP))
            assert float((given * direction).sum()) == pytest.approx(slope, rel=2e-5, abs=2e-6), op.spec(which).name


def tensors(sample: Sample) -> list[Any]:
    return [
        Tensor._wrap(a.copy(), requires_grad=a.dtype.kind == "f") if isinstance(a, np.ndarray) else a
        for a in sample.args
    ]


@pytest.mark.parametrize("op", [pytest.param(op, id=op.name) for op in OPS.values() if op.composite is not None])
@pytest.mark.parametrize("seed", range(4))
def test_a_fat_op_equals_its_composite(op: Op, seed: int) -> None:
    """The same value, and the same gradient for every input, as its definition in smaller ops."""
    assert op.composite is not None
    rng = np.random.default_rng(seed)
    for sample in op.tries(rng):
        out, saved = op.run(*sample.args, **sample.static)
        xs = tensors(sample)
        again = op.composite(FUNCTIONS, *xs, **sample.static)
        np.testing.assert_allclose(again._array, out, rtol=1e-10, atol=1e-12)
        g = rng.normal(size=np.shape(out))
        fat = contributions(op, sample, g, np.asarray(out), saved)
        leaves = [xs[i] for i in fat]
        small = grad(again, leaves, Tensor._wrap(g), allow_unused=True)
        for given, found, i in zip(fat.values(), small, fat, strict=True):
            expected = np.zeros_like(given) if found is None else found._array
            np.testing.assert_allclose(given, expected, rtol=1e-9, atol=1e-11, err_msg=op.spec(i).name)


@pytest.mark.parametrize("op", CASES)
def test_each_rule_can_itself_be_differentiated(op: Op) -> None:
    """Run on tensors, a rule gives the numbers it gives on arrays, and a graph whose gradient nudging confirms."""
    from tracer.core.apply import apply

    rng = np.random.default_rng(7)
    for sample in op.tries(rng):
        out, saved = op.run(*sample.args, **sample.static)
        if np.asarray(out).dtype.kind != "f" or not floats(op, sample):
            continue
        g = rng.normal(size=np.shape(out))
        weights = [rng.normal(size=sample.args[i].shape) for i in floats(op, sample)]

        def first(shift: float, along: list[Any], sample: Sample = sample, g: Any = g, weights: Any = weights) -> Any:
            """Σ ⟨w, ∂⟨g, out⟩/∂x⟩ with every input moved, as a tensor."""
            moved_args = list(sample.args)
            for i, d in zip(floats(op, sample), along, strict=True):
                moved_args[i] = np.asarray(moved_args[i] + shift * d)  # NumPy makes scalars of what has no axes
            xs = tensors(Sample(tuple(moved_args), sample.static))
            leaves = [xs[i] for i in floats(op, sample)]
            grads = grad(apply(op, *xs, **sample.static), leaves, Tensor._wrap(g), create_graph=True)
            total = None
            for one, w in zip(grads, weights, strict=True):
                assert one is not None
                term = (one * Tensor._wrap(w)).sum()
                total = term if total is None else total + term
            return total, leaves

        directions = [rng.normal(size=w.shape) * 0.5 for w in weights]
        total, leaves = first(0.0, directions)
        plain = contributions(op, sample, g, np.asarray(out), saved)
        expected = sum(float((w * c).sum()) for w, c in zip(weights, plain.values(), strict=True))
        assert total.item() == pytest.approx(expected, rel=1e-9, abs=1e-10)
        slope = (first(STEP, directions)[0].item() - first(-STEP, directions)[0].item()) / (2 * STEP)
        second = [0.0]
        if total.requires_grad:
            found = grad(total, leaves, allow_unused=True)
            second = [float((f._array * d).sum()) for f, d in zip(found, directions, strict=True) if f is not None]
        assert sum(second) == pytest.approx(slope, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("op", CASES)
def test_every_op_has_its_words_in_both_languages(op: Op) -> None:
    """Each input says how it moves the output, and an op that is not elementwise says what becomes of the gradient."""
    names = {spec.name for spec in op.inputs} | {"out"}
    texts = [text for spec in op.inputs for text in (spec.why, spec.back) if text is not None]
    texts += [op.what] if op.what is not None else []
    for text in texts:
        for words in (text.en, text.ja):
            fields = {name for _, name, _, _ in string.Formatter().parse(words) if name}
            assert fields <= names, words
            assert words.strip()
    for spec in op.inputs:
        assert spec.vjp is None or spec.local or spec.back is not None, f"{op.name}: {spec.name} needs `back`"
    sample = op.tries(np.random.default_rng(0))[0]
    assert "{" not in op.written(["v"] * len(sample.args), sample.static)


def test_the_test_itself_catches_a_rule_that_is_off() -> None:
    """A rule 0.1 % off fails, so a green run above means something."""
    import dataclasses

    mul = OPS["mul"]
    a = dataclasses.replace(mul.inputs[0], vjp=lambda xp, g, out, a, b: g * b * 1.001)
    with pytest.raises(AssertionError):
        test_each_rule_is_the_slope_that_nudging_shows(dataclasses.replace(mul, inputs=(a, mul.inputs[1])), 0)


def test_a_rule_that_reads_what_it_did_not_ask_for_is_found_out() -> None:
    import dataclasses

    mul = OPS["mul"]
    a = dataclasses.replace(mul.inputs[0], needs=())
    lone = dataclasses.replace(mul, inputs=(a, dataclasses.replace(mul.inputs[1], needs=())))
    with pytest.raises((TypeError, AttributeError)):
        test_each_rule_is_the_slope_that_nudging_shows(lone, 0)


@pytest.mark.parametrize("op", CASES)
def test_every_op_computes_with_the_array_module_it_is_given(op: Op, monkeypatch: pytest.MonkeyPatch) -> None:
    """On arrays that NumPy cannot touch, as on a GPU, each op and each rule gives what it gives on NumPy's."""
    monkeypatch.setitem(backend.MODULES, Foreign, FOREIGN)
    special = SimpleNamespace(erf=lambda a: Foreign(backend.erf(np, inside(a))))
    monkeypatch.setitem(sys.modules, "cupyx.scipy.special", special)  # type: ignore[arg-type]
    rng = np.random.default_rng(3)
    for sample in op.tries(rng):
        out, saved = op.run(*sample.args, **sample.static)
        args = [Foreign(a.copy()) if isinstance(a, np.ndarray) else a for a in sample.args]
        there, kept = op.run(*args, xp=FOREIGN, **sample.static)
        assert isinstance(there, Foreign)
        np.testing.assert_array_equal(there.array, out)
        wanted = [i in floats(op, sample) for i in range(len(args))]
        if np.asarray(out).dtype.kind != "f" or not any(wanted):
            continue
        g = rng.normal(size=np.shape(out))
        here = op.contributions(np, wanted, g, np.asarray(out), sample.args, sample.static, saved)
        away = op.contributions(FOREIGN, wanted, Foreign(g), there, args, sample.static, kept)
        for a, b in zip(here, away, strict=True):
            assert (a is None) == (b is None)
            if a is not None:
                np.testing.assert_array_equal(inside(b), a)
