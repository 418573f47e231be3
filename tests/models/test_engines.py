"""The model in tensors and the model in numbers are the same one: same weights, same losses, same gradients."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from tests.models.programs import (
    DOCUMENTS,
    SWITCHES,
    TINY,
    gradient,
    gradients,
    numbers,
    program,
    scalar_training,
    tensor_training,
    words,
)
from tracer import record, taps
from tracer.errors import ArgumentError
from tracer.train.entry import Training, settings_of


def both(**settings: Any) -> tuple[Training, Training]:
    return tensor_training(**settings), scalar_training(**settings)


@pytest.mark.parametrize("settings", SWITCHES, ids=words)
def test_the_same_seed_gives_the_same_weights_losses_and_gradients(settings: dict[str, Any]) -> None:
    """In float64, to 1e-10, with every switch; also held-out losses."""
    tensors, scalars = both(**settings, held_out=0.3)
    assert list(tensors.named_parameters()) == list(scalars.named_parameters())
    assert (tensors.symbols, tensors.documents) == (scalars.symbols, scalars.documents)
    for name, parameter in tensors.named_parameters().items():
        np.testing.assert_array_equal(numbers(parameter), numbers(scalars.named_parameters()[name]))
    loss, found = gradients(tensors, "bo")
    other, expected = gradients(scalars, "bo")
    assert loss == pytest.approx(other, abs=1e-10)
    for name, grad in found.items():
        np.testing.assert_allclose(grad, expected[name], rtol=0, atol=1e-10, err_msg=name)
    assert tensors.evaluate is not None
    assert scalars.evaluate is not None
    assert tensors.evaluate() == pytest.approx(scalars.evaluate(), abs=1e-10)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"batch_size": 2, "accumulate": 2},
        *(pytest.param({**case, "steps": 50}, marks=pytest.mark.deep) for case in SWITCHES),
    ],
    ids=words,
)
def test_they_stay_together_while_they_train(settings: dict[str, Any]) -> None:
    """Losses to 1e-10, and what they say in the end: with one random generator they draw the same symbols."""
    tensors, scalars = both(**{"steps": 6, **settings})
    for i in range(tensors.steps):
        assert float(tensors.step(i)) == pytest.approx(float(scalars.step(i)), abs=1e-10)
    for name, parameter in tensors.named_parameters().items():
        np.testing.assert_allclose(numbers(parameter), numbers(scalars.named_parameters()[name]), rtol=0, atol=1e-8)
    assert tensors.sample is not None
    assert scalars.sample is not None
    for temperature in (0.0, 0.5, 1.5):
        drawn = [made.sample(random.Random(7), temperature) for made in (tensors, scalars) if made.sample]
        assert drawn[0] == drawn[1]


def test_parameters_have_the_names_and_shapes_of_the_document() -> None:
    """Also with every switch: attention that is off keeps its matrices; a tied head is none of its own."""
    model = program("gpt")
    training = model.training(documents=DOCUMENTS)
    layer = ["attn_wq", "attn_wk", "attn_wv", "attn_wo", "mlp_fc1", "mlp_fc2"]
    shapes = {name: tuple(p.shape) for name, p in training.named_parameters().items()}
    assert list(shapes) == ["wte", "wpe", "lm_head", *(f"layer0.{name}" for name in layer)]
    assert shapes == model.shapes(model.Config(vocab_size=10))
    assert sum(np.prod(shape) for shape in model.shapes(model.Config()).values()) == 4192
    for switched in ({"attention": False}, {"residual": False}, {"norm": "off"}, {"activation": "gelu"}):
        assert list(model.training(documents=DOCUMENTS, **switched).named_parameters()) == list(shapes)
    tied = list(model.training(documents=DOCUMENTS, tied=True).named_parameters())
    assert tied == [name for name in shapes if name != "lm_head"]


def test_a_switch_changes_nothing_else() -> None:
    """The weights a model begins with do not depend on its switches: two runs differ by the switch alone."""
    plain = tensor_training().named_parameters()
    for switched in ({"attention": False}, {"residual": False}, {"norm": "layer"}, {"tied": True}):
        for name, parameter in tensor_training(**switched).named_parameters().items():
            np.testing.assert_array_equal(numbers(parameter), numbers(plain[name]))


@pytest.mark.parametrize(
    ("settings", "gone"),
    [
        ({"attention": False}, {"softmax", "masked_fill"}),
        ({"norm": "off"}, {"rms_norm"}),
        ({"activation": "tanh"}, {"relu"}),
        ({"norm": "layer"}, {"rms_norm"}),
    ],
)
def test_a_switch_changes_the_recorded_graph(settings: dict[str, Any], gone: set[str]) -> None:
    def ops(training: Training) -> set[str]:
        with record() as rec:
            training.step(0)
        trace = rec.trace
        return {op.name for node in range(trace.n_nodes) if (op := trace.op(node)) is not None}

    assert gone <= ops(tensor_training())
    assert not gone & ops(tensor_training(**settings))


def test_a_tied_head_gets_both_gradients() -> None:
    """From where symbols are read, and from where they are predicted."""
    tied, untied = tensor_training(tied=True), tensor_training()
    for training in (tied, untied):
        parameters = training.named_parameters()
        parameters["wte"].data[:] = 0.1
        if "lm_head" in parameters:
            parameters["lm_head"].data[:] = 0.1
        assert training.loss is not None
        training.loss("nina").backward()
    apart = untied.named_parameters()
    both_parts = gradient(apart["wte"]) + gradient(apart["lm_head"])
    np.testing.assert_allclose(gradient(tied.named_parameters()["wte"]), both_parts, rtol=0, atol=1e-12)


# Taps

TAPPED = {"embed", "layer0.attn", "layer0.heads", "layer0.attn_out", "layer0.mlp", "layer0.mlp_out", "logits"}


def test_both_mark_the_same_things_and_say_the_same_numbers_in_them() -> None:
    """A batch of one document in tensors, the document itself in numbers."""
    tensors, scalars = both()
    with taps() as found:
        tensors.step(0)
    with taps() as other:
        scalars.step(0)
    assert set(found) == {*TAPPED, "tokens", "targets"}
    assert set(other) == {*TAPPED, "tokens", "targets", "probs"}
    for name in ("tokens", "targets"):
        assert found[name][0].tolist() == other[name]
    for name in TAPPED:
        (tensor,), (rows,) = found[name], other[name]
        mine = np.array(tensor.detach().numpy())[0]
        theirs = np.zeros(mine.shape)
        for place in np.ndindex(mine.shape):
            one = rows
            for index in place:
                one = one[index] if index < len(one) else None
                if one is None:
                    break
            theirs[place] = 0.0 if one is None else one.data
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-12, err_msg=name)


def test_a_recorded_step_leads_from_each_tap_to_its_nodes() -> None:
    tensors, scalars = both()
    with record() as rec:
        tensors.step(0)
    trace = rec.trace
    (weights,) = trace.taps["layer0.attn"]
    assert trace.label(int(weights)) == "weights"
    assert trace.shape(int(weights))[:2] == (1, 2)
    end = trace.cursor(-1)
    values = np.asarray(end.data(int(weights)))[0]
    with record() as rec:
        scalars.step(0)
    other = rec.trace
    (nodes,) = other.taps["layer0.attn"]
    assert nodes.shape == values.shape
    assert (nodes[:, 0, 1:] == -1).all()
    last = other.cursor(-1)
    for place in zip(*np.nonzero(nodes >= 0), strict=True):
        assert last.data(int(nodes[place])) == pytest.approx(values[place], abs=1e-12)
        assert last.grad(int(nodes[place])) is not None


def test_parts_of_a_step_are_scopes() -> None:
    with record() as rec:
        tensor_training(n_layer=2).step(0)
    trace = rec.trace
    scopes = {trace.scope(node) for node in range(trace.n_nodes)} - {""}
    assert scopes == {
        "embedding",
        *(f"layer{i}.{part}" for i in range(2) for part in ("attention", "mlp")),
        "lm_head",
        "loss",
    }
    assert [segment.kind for segment in trace.segments] == ["forward", "backward", "update", "write"]
    assert {trace.name(node) for node in range(trace.n_nodes)} >= set(tensor_training().named_parameters())


def test_settings_have_the_same_names_and_defaults() -> None:
    """But that a Value is always a float64 of the CPU."""
    tensors, scalars = (settings_of(program(name).training) for name in ("gpt", "gpt_scalar"))
    assert {**tensors, "dtype": "float64"} == scalars
    assert TINY.keys() <= scalars.keys()
    for wrong in ({"dtype": "float32"}, {"device": "cuda"}):
        with pytest.raises(ArgumentError, match="it can only be"):
            scalar_training(**wrong)
