"""A step that is watched: it is taken as if nobody watched, and what is seen of it is what its recording says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tracer
from tests.models.programs import program, scalar_training, tensor_training, words
from tests.train.seen import assert_array, assert_same
from tracer import Training, Value, nn, optim, tap
from tracer.core.passed import HEARING
from tracer.core.taps import LISTENING
from tracer.trace.observation import Observation, observe
from tracer.train.loop import rate_of, recorded_step
from tracer.train.observed import Watch, moments_of
from tracer.train.parameters import arrays
from tracer.train.saying import number_of

Make = Callable[[], Training]
SWITCHES: tuple[dict[str, Any], ...] = (
    {},
    {"n_layer": 3},
    {"n_head": 1, "n_embd": 2, "block_size": 1},
    {"attention": False},
    {"residual": False, "norm": "off", "activation": "gelu"},
    {"tied": True, "norm": "layer"},
    {"batch_size": 3},
    {"batch_size": 2, "accumulate": 3},
)


def watched(training: Training, step: int) -> Observation:
    with Watch(training) as watch:
        loss = number_of(training.step(step - 1))
    return watch.observation(step, loss, rate_of(training))


def recorded(training: Training, step: int) -> Observation:
    recorder, loss, error = recorded_step(training, step, taken=step - 1)
    assert error is None
    assert loss is not None
    more: dict[str, Any] = {"held": arrays(training), "moments": moments_of(training), "lr": rate_of(training)}
    return observe(recorder.trace, step=step, loss=loss, **more)


def assert_seen_as_recorded(make: Make, steps: int = 2) -> Observation:
    """Three trainings side by side: nobody looks at the first, the second is watched, the third recorded."""
    alone, one, other = make(), make(), make()
    for step in range(1, steps + 1):
        loss = number_of(alone.step(step - 1))
        seen = watched(one, step)
        assert repr(seen.loss) == repr(loss)
        assert_same(seen, recorded(other, step))
        for name, array in arrays(alone).items():
            assert_array(array, arrays(one)[name], name)
    return seen


@pytest.mark.parametrize("settings", SWITCHES, ids=words)
def test_what_is_seen_of_tensors_is_what_their_recording_says(settings: dict[str, Any]) -> None:
    assert_seen_as_recorded(lambda: tensor_training(**settings))


@pytest.mark.parametrize("settings", [{}, {"attention": False, "accumulate": 2, "block_size": 2}], ids=words)
def test_what_is_seen_of_numbers_is_what_their_recording_says(settings: dict[str, Any]) -> None:
    assert_seen_as_recorded(lambda: scalar_training(**settings))


@pytest.mark.deep
@pytest.mark.parametrize("settings", SWITCHES, ids=words)
def test_under_every_switch_it_is_what_their_recording_says(settings: dict[str, Any]) -> None:
    assert_seen_as_recorded(lambda: scalar_training(**settings), 3)


def test_single_precision_stays_that() -> None:
    seen = assert_seen_as_recorded(lambda: tensor_training(dtype="float32", batch_size=2))
    assert seen.taps["layer0.attn"][0].value.dtype == np.float32
    assert seen.weights["wte"].m is not None
    assert seen.weights["wte"].m.dtype == np.float32
    assert seen.taps["probs"][0].value.dtype == np.float64


def test_two_symbols_and_three_thousand() -> None:
    few = assert_seen_as_recorded(lambda: tensor_training(documents=["a", "aa"]), 1)
    assert few.taps["logits"][0].value.shape[1] == 2
    kanji = [chr(0x4E00 + k) + chr(0x4E00 + k + 1) for k in range(0, 3000, 2)]
    many = assert_seen_as_recorded(lambda: tensor_training(documents=kanji), 1)
    assert many.taps["probs"][0].value.shape == (3, 3001)


def test_a_model_that_has_diverged_is_seen_as_it_is() -> None:
    """Not a number anywhere: nothing is refused, and what nobody computed stays apart."""

    def make() -> Training:
        training = tensor_training()
        training.named_parameters()["wte"].data[:] = float("nan")
        return training

    seen = assert_seen_as_recorded(make, 1)
    assert np.isnan(seen.loss)
    assert np.isnan(seen.taps["embed"][0].value).all()
    assert np.isnan(seen.taps["probs"][0].value).all()


@pytest.mark.parametrize("name", ["mlp", "two_layer"])
def test_the_other_models_are_seen_too(name: str) -> None:
    seen = assert_seen_as_recorded(lambda: program(name).training())
    assert seen.tokens == seen.targets == ()
    assert (seen.documents, seen.layers, seen.n_head, seen.positions()) == (1, 0, 0, 0)
    assert all(one.grad is not None for one in seen.taps["hidden"])
    assert all(one.grad is not None for one in seen.weights.values())
    assert "probs" not in seen.taps


class Own(nn.Module):
    """A user's own network: one array is tapped at a time, in a list, and one that takes no gradient."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(3, 4), nn.Tanh())
        self.unused = nn.Linear(2, 2)
        self.out = nn.Linear(4, 1)

    def forward(self, x: Any) -> Any:
        rows = [tap("row", self.inner(x[i])) for i in range(2)]
        tap("rows", rows)
        tap("pieces", rows[0], at=(0, 1))
        tap("pieces", rows[1][:2], at=(1, 0))
        tap("ragged", [rows[0], tracer.stack(rows)])
        tap("data", x)
        tap("choice", x > 0)
        return self.out(tracer.stack(rows))


def own_training(taps: bool = True) -> Training:
    tracer.manual_seed(0)
    model: Any = Own() if taps else nn.Linear(3, 1)
    optimizer = optim.AdamW(model.parameters(), lr=0.1)

    def step(i: int) -> Any:
        optimizer.zero_grad()
        loss = (model(tracer.arange(6.0).view(2, 3) - i) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss

    return Training(step, dict(model.named_parameters()), state={"optimizer": optimizer})


def test_a_users_own_module_is_seen() -> None:
    seen = assert_seen_as_recorded(own_training)
    assert [one.value.shape for one in seen.taps["row"]] == [(4,), (4,)]
    assert [one.value.shape for one in seen.taps["rows"]] == [(2, 4)]
    assert [one.value.shape for one in seen.taps["ragged"]] == [(4,), (2, 4)]
    (pieces,) = seen.taps["pieces"]
    assert pieces.value.shape == (2, 2, 4)
    assert np.isnan(pieces.value[0, 0]).all()
    assert np.isfinite(pieces.value[0, 1]).all()
    assert np.isnan(pieces.value[1, 0, 2:]).all()
    assert seen.taps["data"][0].grad is None
    assert seen.taps["choice"][0].value.dtype == np.bool_
    unused = seen.weights["unused.weight"]
    assert unused.grad is None
    assert unused.update is not None
    assert not unused.update.any()
    assert unused.m is None
    assert seen.weights["out.weight"].m is not None


def test_a_module_without_taps_has_its_parameters() -> None:
    seen = assert_seen_as_recorded(lambda: own_training(taps=False))
    assert not seen.taps
    assert list(seen.weights) == ["weight", "bias"]
    assert seen.lr == 0.1


def test_rows_of_numbers_and_values_that_go_nowhere() -> None:
    """A plain number is no node; a `Value` that the loss does not need has the gradient 0 beside others that have one,
    and none where no other has."""

    def make() -> Training:
        a, b = Value(2.0, name="a"), Value(3.0, name="b")

        def step(i: int) -> Value:
            x = a * b
            tap("some", [x, 0.5, x + 1])
            tap("aside", [x + 2])
            loss = x * x
            loss.backward()
            a.data -= 0.01 * a.grad
            a.grad = b.grad = 0
            return loss

        return Training(step, [a, b], state={})

    seen = assert_seen_as_recorded(make)
    (some,) = seen.taps["some"]
    assert some.grad is not None
    np.testing.assert_array_equal(some.grad[1:], [np.nan, 0.0])
    assert seen.taps["aside"][0].grad is None
    assert seen.weights["b"].update == 0.0


def test_gradients_that_add_up_are_those_at_the_end() -> None:
    """Two passes over one part: a parameter has both, an inner number that of the last pass that came by."""

    def make() -> Training:
        w = Value(2.0, name="w")

        def step(i: int) -> Value:
            h = tap("h", w * 3.0)
            (h * 5.0).backward()
            loss = h * h
            loss.backward()
            w.grad = 0
            return loss

        return Training(step, [w], state={})

    seen = assert_seen_as_recorded(make, 1)
    assert seen.taps["h"][0].grad == 12.0
    assert seen.weights["w"].grad == 15.0 + 36.0


def test_arrays_of_a_program_of_its_own_have_no_gradient() -> None:
    w = np.ones((2, 2))

    def step(i: int) -> float:
        w[0, 0] -= 0.5
        return float(w.sum())

    seen = watched(Training(step, {"w": w}, state={}), 1)
    assert seen.weights["w"].grad is None
    np.testing.assert_array_equal(seen.weights["w"].value, np.ones((2, 2)))
    np.testing.assert_array_equal(seen.weights["w"].update, [[-0.5, 0.0], [0.0, 0.0]])


def test_whoever_watched_hears_nothing_afterwards() -> None:
    training = tensor_training()
    with pytest.raises(ZeroDivisionError), Watch(training):
        raise ZeroDivisionError
    assert not HEARING
    assert not LISTENING


def test_lists_called_m_and_v_are_moments_where_they_fit() -> None:
    a, b = [[Value(1.0), Value(2.0)]], Value(3.0)
    made = {"a": a, "b": b}
    found = moments_of(Training(lambda i: 0.0, made, state={"m": [1.0, 2.0, 3.0], "v": [4.0, 5.0, 6.0]}))
    assert found["a"].m is not None
    assert found["b"].v is not None
    np.testing.assert_array_equal(found["a"].m, [[1.0, 2.0]])
    assert found["b"].v == 6.0
    for state in ({"m": [1.0], "v": [4.0, 5.0, 6.0]}, {"m": [1.0, 2.0, 3.0]}, {"m": "abc", "v": "abc"}, None):
        assert moments_of(Training(lambda i: 0.0, made, state=state)) == {}
