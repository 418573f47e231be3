"""What training a GPT promises, whatever the engine: batches, determinism, what is refused, what it writes."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from tests.models.programs import TINY, gradients, numbers, program, scalar_training, tensor_training
from tracer import record, taps
from tracer.errors import ArgumentError, BackendError
from tracer.train.entry import Training
from tracer.train.loop import rate_of

each_engine = pytest.mark.parametrize("make", [tensor_training, scalar_training], ids=["tensors", "numbers"])


def weights(training: Training) -> dict[str, Any]:
    return {name: numbers(parameter) for name, parameter in training.named_parameters().items()}


# Batches


@each_engine
def test_a_batch_of_unequal_lengths_is_the_mean_of_its_documents(make: Any) -> None:
    """A long document counts no more than a short one, and what fills the short ones up counts nothing."""
    each = [make() for _ in range(7)]
    alone = [gradients(one, one.documents[i]) for i, one in enumerate(each)]
    batch = make(batch_size=7)
    assert float(batch.step(0)) == pytest.approx(np.mean([loss for loss, _ in alone]), abs=1e-12)
    mean = {name: np.mean([grads[name] for _, grads in alone], axis=0) for name in alone[0][1]}
    before = weights(make())
    for name, after in weights(batch).items():  # Adam's first step goes against the sign of each gradient
        moved = np.sign(before[name] - after)
        np.testing.assert_array_equal(moved[np.abs(mean[name]) > 1e-9], np.sign(mean[name])[np.abs(mean[name]) > 1e-9])


@each_engine
def test_passes_that_accumulate_are_a_batch(make: Any) -> None:
    """Two passes of two documents take the steps that one pass of four takes, and report its losses."""
    parts, whole = make(batch_size=2, accumulate=2), make(batch_size=4)
    for i in range(3):
        assert float(parts.step(i)) == pytest.approx(float(whole.step(i)), abs=1e-12)
    for name, found in weights(parts).items():
        np.testing.assert_allclose(found, weights(whole)[name], rtol=0, atol=1e-10)


@each_engine
def test_without_a_batch_step_k_reads_document_k(make: Any) -> None:
    training = make()
    for i in (0, 3, 8):
        fresh = make()
        assert fresh.loss is not None
        expected = float(fresh.loss(training.documents[i % 7]))
        assert float(make().step(i)) == pytest.approx(expected, abs=1e-15)


# Determinism


@each_engine
def test_a_step_follows_from_parameters_state_and_its_number(make: Any) -> None:
    """Bit for bit: what a checkpoint keeps is enough, wherever the run was built anew."""
    run = make(mode="text", batch_size=2)
    for i in range(3):
        run.step(i)
    kept = weights(run), _state(run)
    expected = [float(run.step(i)).hex() for i in (3, 4)]
    other = make(mode="text", batch_size=2)
    _put(other, *kept)
    random.seed(5)
    assert [float(other.step(i)).hex() for i in (3, 4)] == expected
    for name, found in weights(other).items():
        np.testing.assert_array_equal(found, weights(run)[name])


def _state(training: Training) -> Any:
    assert training.state is not None
    if "optimizer" in training.state:
        import copy

        return copy.deepcopy(training.state["optimizer"].state_dict())
    return {name: list(values) for name, values in training.state.items()}


def _put(training: Training, arrays: dict[str, Any], state: Any) -> None:
    for name, parameter in training.named_parameters().items():
        if hasattr(parameter, "numpy"):
            parameter.detach().numpy()[...] = arrays[name]
            continue
        for row, values in zip(parameter, arrays[name].tolist(), strict=True):
            for value, number in zip(row, values, strict=True):
                value.data = number
    assert training.state is not None
    if "optimizer" in training.state:
        training.state["optimizer"].load_state_dict(state)
        return
    for name, values in state.items():
        training.state[name][:] = values


@each_engine
def test_a_recorded_step_is_the_step_that_was_taken(make: Any) -> None:
    """Loss and weights bit for bit, accumulation and all; with every parameter under its name."""
    settings = {"batch_size": 2, "accumulate": 2, "held_out": 0.3}
    plain, recorded = make(**settings), make(**settings)
    for i in range(2):
        plain.step(i)
        recorded.step(i)
    expected = plain.step(2)
    with record() as rec:
        found = recorded.step(2)
    assert float(found).hex() == float(expected).hex()
    for name, one in weights(recorded).items():
        np.testing.assert_array_equal(one, weights(plain)[name])
    trace = rec.trace
    assert len(trace.passes) == 2
    names = {trace.name(node) for node in range(trace.n_nodes)}
    assert names >= {"loss", *(["wte", "layer0.mlp_fc2"] if make is tensor_training else ["wte[1,2]"])}


@each_engine
def test_looking_at_a_run_changes_nothing_and_draws_nothing(make: Any) -> None:
    watched, alone = make(held_out=0.3), make(held_out=0.3)
    for i in range(3):
        before = random.getstate()
        watched.evaluate()
        watched.sample(random.Random(i), 0.7)
        assert random.getstate() == before
        assert float(watched.step(i)).hex() == float(alone.step(i)).hex()


@each_engine
def test_the_rate_falls_to_0_and_stays_there(make: Any) -> None:
    """Steps after the last one move nothing."""
    training = make(steps=2)
    for i in range(2):
        training.step(i)
    before = weights(training)
    training.step(2)
    training.step(7)
    for name, found in weights(training).items():
        np.testing.assert_array_equal(found, before[name])


@each_engine
def test_reports_can_tell_the_rate_of_the_step_that_was_taken(make: Any) -> None:
    training = make(steps=4, lr=0.5)
    for i, expected in enumerate((0.5, 0.375, 0.25)):
        training.step(i)
        assert rate_of(training) == expected


def test_it_learns() -> None:
    """Sixty steps on seven words: far below guessing, and at temperature 0 it begins as one of them."""
    training = tensor_training(steps=60, n_embd=8, lr=0.05, batch_size=3)
    assert training.sample is not None
    losses = [float(training.step(i)) for i in range(60)]
    assert losses[0] == pytest.approx(np.log(10), abs=0.2)
    assert np.mean(losses[-5:]) < 1.5
    assert training.sample(random.Random(0), 0.0)[:2] in {word[:2] for word in training.documents}


# Writing


@each_engine
def test_the_cache_changes_no_number(make: Any) -> None:
    """What is drawn position by position has the logits of the whole document read at once."""
    training = make(n_layer=2)
    for i in range(3):
        training.step(i)
    with taps() as found:
        written = training.sample(random.Random(3), 1.0)
    steps = np.array([_numbers(one) for one in found["logits"]]).reshape(-1, 10)
    assert len(steps) == min(5, len(written) + 1)
    with taps() as again:
        training.loss((written + training.symbols[0] * 5)[: len(steps)])
    whole = np.array(_numbers(again["logits"][0])).reshape(-1, 10)
    np.testing.assert_allclose(steps, whole[: len(steps)], rtol=0, atol=1e-12)


def _numbers(thing: Any) -> Any:
    if isinstance(thing, list):
        return [_numbers(one) for one in thing]
    return thing.detach().numpy() if hasattr(thing, "numpy") else thing.data


@each_engine
def test_a_recorded_generation_shows_its_cache_grow(make: Any) -> None:
    """By position: a scope, the keys and values so far, the probabilities that were drawn from."""
    training = make(n_layer=2)
    with record() as rec:
        written = training.sample(random.Random(1), 1.0)
    trace = rec.trace
    positions = min(5, len(written) + 1)
    assert positions > 1
    for name in ("layer0.keys", "layer1.values"):
        things = trace.taps[name]
        assert [_shape(trace, nodes) for nodes in things] == [(t + 1, 4) for t in range(positions)]
    assert len(trace.taps["probs"]) == positions
    scopes = {trace.scope(node).split(".")[0] for node in range(trace.n_nodes)}
    assert {f"position {t}" for t in range(positions)} <= scopes
    for nodes in trace.taps["probs"]:
        values: list[Any] = [trace.cursor(-1).data(int(node)) for node in nodes.reshape(-1)]
        assert np.sum(values) == pytest.approx(1)


def _shape(trace: Any, nodes: Any) -> tuple[int, ...]:
    """A tensor's own shape; that of an array of numbers."""
    return nodes.shape or tuple(trace.shape(int(nodes)))


def test_the_nodes_of_a_cache_have_its_name() -> None:
    with record() as rec:
        program("gpt").training(**TINY).sample(random.Random(1), 1.0)
    trace = rec.trace
    names = {trace.name(node) for node in range(trace.n_nodes)}
    assert {"layer0.keys", "layer0.values"} <= names


@each_engine
def test_temperature_sharpens_and_0_takes_the_most_probable(make: Any) -> None:
    training = make(steps=6, lr=0.05)
    for i in range(6):
        training.step(i)
    cold = {training.sample(random.Random(i), 0.0) for i in range(2)}
    nearly = {training.sample(random.Random(i), 1e-9) for i in range(2)}
    hot = {training.sample(random.Random(i), 5.0) for i in range(6)}
    assert len(cold) == 1
    assert nearly == cold
    assert len(hot) > 3
    for temperature in (-0.1, float("nan"), float("inf")):
        with pytest.raises(ArgumentError, match="temperature="):
            training.sample(random.Random(0), temperature)


@each_engine
def test_a_model_that_has_diverged_says_so(make: Any) -> None:
    training = make()
    head = training.named_parameters()["lm_head"]
    if hasattr(head, "numpy"):
        head.detach().numpy()[...] = np.nan
    else:
        head[0][0].data = float("nan")
    with pytest.raises(ValueError, match="this model has diverged"):
        training.sample(random.Random(0), 1.0)


# What is refused


@each_engine
@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"n_embd": 6, "n_head": 4}, "n_embd=6: n_head=4 must divide it"),
        ({"block_size": 0}, "block_size=0: 1 is the least"),
        ({"n_layer": 0}, "n_layer=0"),
        ({"n_head": 0}, "n_head=0"),
        ({"n_embd": -4}, "n_embd=-4"),
        ({"activation": "silu"}, "activation=silu: it is one of relu, tanh, gelu"),
        ({"norm": "batch"}, "norm=batch: it is one of rms, layer, off"),
        ({"mode": "word"}, "mode=word"),
        ({"held_out": 1.5}, r"held_out=1\.5"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"accumulate": 0}, "accumulate=0"),
        ({"steps": 0}, "steps=0"),
        ({"lr": -0.01}, "lr=-0.01: 0 is the least"),
        ({"lr": float("nan")}, "lr=nan"),
        ({"beta1": 1.0}, "betas?"),
        ({"documents": []}, "documents: there are none"),
        ({"documents": ["a", ""]}, "number 2 is empty"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_its_name(make: Any, settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ArgumentError, match=says):
        make(**settings)


def test_an_unknown_number_type_or_device_is_refused() -> None:
    with pytest.raises(ArgumentError, match="dtype=float16: it is one of float32, float64"):
        tensor_training(dtype="float16")
    with pytest.raises(BackendError, match="It must be 'cpu', 'cuda'"):
        tensor_training(device="tpu")


@each_engine
def test_a_document_with_a_strange_symbol_is_refused(make: Any) -> None:
    training = make()
    with pytest.raises(ArgumentError, match=r"symbol 3 of 'naß' is 'ß' \(U\+00DF\), none of the 9"):
        training.loss("naß")


# Small and strange data


@each_engine
@pytest.mark.parametrize("settings", [{}, {"mode": "text", "documents": ["aaaaaaaaaaaa"]}])
def test_one_symbol_is_enough(make: Any, settings: dict[str, Any]) -> None:
    training = make(**{"documents": ["aaa", "a"], "steps": 5, **settings})
    assert training.symbols == ("a",)
    losses = [float(training.step(i)) for i in range(5)]
    assert losses[-1] < losses[0]
    assert set(training.sample(random.Random(0), 0.5)) <= {"a"}


@each_engine
def test_few_documents_hold_none_out(make: Any) -> None:
    assert make(held_out=0.1).evaluate is None
    assert make(held_out=0.2).evaluate is not None


@each_engine
def test_hiragana_is_text_like_any_other(make: Any) -> None:
    training = make(documents=["きょうと", "おおさか", "なら"], steps=2)
    training.step(0)
    assert training.symbols == tuple(sorted(set("きょうとおおさかなら")))


def test_the_given_names_are_what_is_learned_unless_somebody_says() -> None:
    training = program("gpt").training()
    assert len(training.documents) > 900
    assert training.steps == 1000
    assert training.evaluate is not None
    assert 0 < training.evaluate() < 2 * np.log(len(training.symbols) + 1)
