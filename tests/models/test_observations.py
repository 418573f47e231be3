"""Every array that a panel shows, and every gradient, beside PyTorch's with retained gradients: to 1e-8 in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.models.programs import DOCUMENTS, SWITCHES, TINY, numbers, scalar_training, tensor_training, words
from tests.models.reference import rates, reading
from tests.models.retained import Retaining, copied, of_thing
from tracer.trace.observation import Observation, observe
from tracer.train.entry import Training
from tracer.train.loop import rate_of, recorded_step
from tracer.train.observed import Watch, moments_of
from tracer.train.parameters import arrays
from tracer.train.saying import number_of

pytestmark = pytest.mark.oracle
STEPS = 3
CLOSE = {"rtol": 0, "atol": 1e-8}


def watched(training: Training, step: int) -> Observation:
    """A step as it is seen while it is taken."""
    with Watch(training) as watch:
        loss = number_of(training.step(step - 1))
    return watch.observation(step, loss, rate_of(training))


def recorded(training: Training, step: int) -> Observation:
    """A step read off its recording."""
    recorder, loss, error = recorded_step(training, step, taken=step - 1)
    assert error is None
    assert loss is not None
    held, moments = arrays(training), moments_of(training)
    return observe(recorder.trace, step=step, loss=loss, held=held, moments=moments, lr=rate_of(training))


def compare(make: Any, see: Any, settings: dict[str, Any]) -> None:
    """The first steps, number by number."""
    torch = pytest.importorskip("torch")
    training = make(**settings)
    weights = {name: numbers(parameter) for name, parameter in training.named_parameters().items()}
    theirs = Retaining(torch, weights, **{name: TINY[name] for name in ("n_head", "block_size")} | settings)
    read, schedule = reading(DOCUMENTS, {**TINY, **settings}, STEPS), rates(TINY["steps"])
    for i in range(STEPS):
        seen = see(training, i + 1)
        before = {name: copied(w) for name, w in theirs.w.items()}
        theirs.kept.clear()
        loss = theirs.step(read[i], schedule[i])
        said = f"{words(settings)}, step {i + 1}: "
        assert seen.loss == pytest.approx(loss, abs=1e-8), said
        assert seen.lr == pytest.approx(schedule[i], abs=1e-15)
        block = TINY["block_size"]
        assert seen.tokens == tuple(tuple(tokens[:-1][:block]) for tokens in read[i])
        assert seen.targets == tuple(tuple(tokens[1:][:block]) for tokens in read[i])
        for name, things in theirs.kept.items():
            assert len(seen.taps[name]) == len(things)
            for mine, other in zip(seen.taps[name], things, strict=True):
                value, grad = of_thing(other)
                np.testing.assert_allclose(mine.value, value, **CLOSE, err_msg=said + name)
                if name == "probs" and mine.grad is None:  # inside cross_entropy: nobody computed it
                    continue
                assert mine.grad is not None, said + name
                np.testing.assert_allclose(mine.grad, grad, **CLOSE, err_msg=said + name)
        for name, weight in theirs.w.items():
            mine = seen.weights[name]
            np.testing.assert_allclose(mine.value, before[name], **CLOSE, err_msg=said + name)
            np.testing.assert_allclose(mine.update, copied(weight) - before[name], **CLOSE)
            if weight.grad is None:
                assert mine.grad is None
                continue
            state = theirs.optimizer.state[weight]
            np.testing.assert_allclose(mine.grad, copied(weight.grad), **CLOSE, err_msg=said + name)
            np.testing.assert_allclose(mine.m, copied(state["exp_avg"]), **CLOSE, err_msg=said + name)
            np.testing.assert_allclose(mine.v, copied(state["exp_avg_sq"]), **CLOSE, err_msg=said + name)


def test_what_is_seen_of_tensors_is_pytorchs() -> None:
    for settings in SWITCHES:
        compare(tensor_training, watched, settings)


def test_what_is_seen_of_numbers_is_pytorchs() -> None:
    compare(scalar_training, watched, {"n_layer": 2, "batch_size": 2})


@pytest.mark.deep
@pytest.mark.parametrize("settings", SWITCHES, ids=words)
def test_what_is_seen_of_numbers_under_every_switch_is_pytorchs(settings: dict[str, Any]) -> None:
    compare(scalar_training, watched, settings)


@pytest.mark.deep
@pytest.mark.parametrize("make", [tensor_training, scalar_training], ids=["tensors", "numbers"])
@pytest.mark.parametrize("settings", SWITCHES, ids=words)
def test_what_a_recording_says_is_pytorchs(make: Any, settings: dict[str, Any]) -> None:
    compare(make, recorded, settings)


def test_the_comparison_itself_catches_a_wrong_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gradient that is a millionth off fails, so a green run above means something."""

    def wrong(training: Training, step: int) -> Observation:
        seen = watched(training, step)
        grad = seen.taps["layer0.attn"][0].grad
        assert grad is not None
        grad[0, 0, 0] += 1e-6
        return seen

    with pytest.raises(AssertionError, match="layer0"):
        compare(tensor_training, wrong, {})
