"""What a recorded step shows is what its nodes hold; an observation's file says so again, or is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from tests.models.programs import scalar_training, tensor_training
from tests.train.seen import assert_same
from tracer import Value, record, tap
from tracer.errors import FileFormatError, NotFoundError
from tracer.trace.observation import Observation, Seen, Weights, assemble, observe, observed_position, softmax
from tracer.trace.observation_file import to_bytes
from tracer.trace.trace import Trace
from tracer.train.loop import recorded_step
from tracer.train.parameters import arrays

MAKERS: tuple[Callable[..., Any], ...] = (tensor_training, scalar_training)
engines = pytest.mark.parametrize("make", MAKERS, ids=["tensors", "numbers"])


def recorded(make: Callable[..., Any], **settings: Any) -> tuple[Trace, Observation]:
    training = make(**settings)
    recorder, loss, error = recorded_step(training, 1)
    assert error is None
    assert loss is not None
    return recorder.trace, observe(recorder.trace, step=1, loss=loss, held=arrays(training), lr=0.01)


def alone(name: str, value: Any, lengths: tuple[tuple[int, ...], ...] = (), grad: Any = None) -> Observation:
    """An observation of one tapped thing.

    Args:
        lengths: the targets, a row a document.
    """
    seen = {name: [Seen(np.asarray(value), None if grad is None else np.asarray(grad))]}
    numbers = {"targets": [np.array(lengths)]} if lengths else {}
    return assemble(seen, numbers, step=1, loss=0.0, weights={}, lr=None)


# What it says


def test_it_is_read_at_the_end_of_the_last_pass() -> None:
    """Before anything is zeroed or updated."""
    trace, seen = recorded(tensor_training, accumulate=2)
    assert observed_position(trace) == trace.passes[-1].stop
    before = trace.cursor(observed_position(trace))
    for name, weights in seen.weights.items():
        node = int(trace.parameters[name])
        np.testing.assert_array_equal(weights.value, before.data(node))
        np.testing.assert_array_equal(weights.grad, before.grad(node))
        np.testing.assert_array_equal(weights.update, trace.cursor(-1).data(node) - before.data(node))


@engines
def test_documents_stand_apart_and_padding_is_cut_away(make: Callable[..., Any]) -> None:
    _, seen = recorded(make, batch_size=3)
    lengths = [len(tokens) for tokens in seen.tokens]
    assert len(set(lengths)) > 1
    assert seen.documents == 3
    assert [len(targets) for targets in seen.targets] == lengths
    for document, T in enumerate(lengths):
        assert seen.positions(document) == T
        shapes = {name: things[document].value.shape for name, things in seen.taps.items()}
        assert shapes["layer0.attn"] == (2, T, T)
        assert shapes["embed"] == shapes["layer0.heads"] == shapes["layer0.mlp_out"] == (T, 4)
        assert shapes["layer0.mlp"] == (T, 16)
        assert shapes["logits"] == shapes["probs"] == (T, 10)
    assert (seen.layers, seen.n_head) == (1, 2)
    assert seen.seen("embed", 3) is None
    assert seen.seen("nothing") is None


@engines
def test_what_comes_later_is_no_number(make: Callable[..., Any]) -> None:
    _, seen = recorded(make)
    for thing in seen.taps["layer0.attn"]:
        later = np.triu(np.ones(thing.value.shape[1:], bool), 1)
        assert thing.grad is not None
        for array in (thing.value, thing.grad):
            assert np.isnan(array[:, later]).all()
            assert np.isfinite(array[:, ~later]).all()


def test_attention_that_looks_ahead_is_left_as_it_is() -> None:
    both_ways = np.full((1, 2, 2), 0.5)
    np.testing.assert_array_equal(alone("layer0.attn", both_ways).taps["layer0.attn"][0].value, both_ways)


def test_a_name_is_split_only_where_its_shape_fits() -> None:
    """`logits` of a classifier of points are one row of numbers."""
    assert alone("logits", np.zeros(4)).taps["logits"][0].value.shape == (4,)
    assert "probs" not in alone("logits", np.zeros(4)).taps
    assert [one.value.shape for one in alone("embed", np.zeros((2, 3, 4))).taps["embed"]] == [(3, 4)] * 2
    assert [one.value.shape for one in alone("my.embed", np.zeros((2, 3, 4))).taps["my.embed"]] == [(2, 3, 4)]
    assert [one.value.shape for one in alone("layer1.attn", np.ones((2, 3, 4, 4))).taps["layer1.attn"]] == [
        (3, 4, 4)
    ] * 2


def test_targets_below_zero_end_a_document() -> None:
    seen = alone("layer0.mlp", np.arange(24.0).reshape(2, 3, 4), ((5, 6, -1), (7, 8, 9)))
    assert seen.targets == ((5, 6), (7, 8, 9))
    assert [one.value.shape for one in seen.taps["layer0.mlp"]] == [(2, 4), (3, 4)]
    as_many_as_there_are = alone("layer0.mlp", np.zeros((2, 1, 4)), ((5, 6, -1), (7, 8, 9)))
    assert [one.value.shape for one in as_many_as_there_are.taps["layer0.mlp"]] == [(1, 4), (1, 4)]
    other_batch = alone("layer0.mlp", np.zeros((3, 3, 4)), ((5, 6, -1), (7, 8, 9)))
    assert [one.value.shape for one in other_batch.taps["layer0.mlp"]] == [(3, 4)] * 3


def test_tokens_that_are_no_whole_numbers_end_a_document_too() -> None:
    for wrong in ([[1.0, np.nan]], [[1.0, 1e300]], [[1.0, -np.inf]]):
        numbers = {"tokens": [np.array(wrong)]}
        assert assemble({}, numbers, step=1, loss=0.0, weights={}, lr=None).tokens == ((1,),)
    assert assemble({}, {"tokens": [np.zeros((1, 1, 1))]}, step=1, loss=0.0, weights={}, lr=None).tokens == ()


def test_probabilities_are_those_of_the_logits() -> None:
    _, seen = recorded(tensor_training, batch_size=2)
    for logits, probs in zip(seen.taps["logits"], seen.taps["probs"], strict=True):
        np.testing.assert_array_equal(probs.value, softmax(logits.value))
        assert probs.grad is None
    np.testing.assert_allclose(softmax(np.array([[1000.0, 0.0], [0.0, 0.0]])), [[1.0, 0.0], [0.5, 0.5]], atol=1e-12)
    assert np.isnan(softmax(np.array([[np.nan, 0.0], [np.inf, 0.0]]))).any(axis=1).all()
    assert softmax(np.zeros((2, 0))).shape == (2, 0)


def test_a_step_without_a_backward_pass_has_no_gradients() -> None:
    with record() as rec:
        w = Value(2.0, name="w")
        tap("thing", [w * 2.0])
        w.data = 3.0
        rec.parameters["w"] = w._serial
    trace = rec.trace
    seen = observe(trace, step=1, loss=0.0)
    assert observed_position(trace) == 2 + 1
    assert seen.taps["thing"][0].grad is None
    assert seen.weights["w"].value == 2.0
    assert seen.weights["w"].grad is None
    assert seen.weights["w"].update == 1.0


def test_an_empty_recording_shows_nothing() -> None:
    with record() as rec:
        pass
    seen = observe(rec.trace, step=1, loss=0.0)
    assert not seen.taps
    assert not seen.weights
    assert (seen.documents, seen.layers, seen.n_head, seen.positions()) == (1, 0, 0, 0)


# Files


@engines
def test_a_file_says_the_same(make: Callable[..., Any], tmp_path: Path) -> None:
    _, seen = recorded(make, batch_size=2)
    seen.save(tmp_path / "seen")
    found = Observation.load(tmp_path / "seen")
    assert_same(found, seen)
    assert to_bytes(found) == to_bytes(seen)


def test_a_file_keeps_what_is_not_finite_and_views_that_are_turned(tmp_path: Path) -> None:
    turned = np.arange(6.0).reshape(2, 3).T
    weights = {"w": Weights(turned, None, turned * np.nan, turned + np.inf, np.array(3.0))}
    weights["w"] = Weights(turned, None, turned * np.nan, turned + np.inf, None)
    seen = Observation(
        7,
        float("nan"),
        1,
        (),
        (),
        {"half": (Seen(np.float16([1, 2]), None),), "bool": (Seen(turned > 2, None),)},
        weights,
    )
    seen.save(tmp_path / "seen")
    assert_same(Observation.load(tmp_path / "seen"), seen)


def edited(change: Callable[[dict[str, Any], dict[str, Any]], None]) -> bytes:
    """The file of a small observation, its JSON and its arrays changed."""
    things = {"a": (Seen(np.zeros((2, 2)), np.ones((2, 2))),)}
    data = to_bytes(Observation(3, 0.5, 1, ((1, 2),), ((2, 1),), things, {"w": Weights(np.ones(3), None, None)}))
    size = int.from_bytes(data[:8], "little")
    about = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["observation"])
    found = dict(load_arrays(data))
    change(about, found)
    return bytes(save_arrays(found, {"observation": json.dumps(about)}))


HOSTILE: dict[str, Callable[[dict[str, Any], dict[str, Any]], Any]] = {
    "another format": lambda about, found: about.update(format="gradient-tracer-trace"),
    "a newer one": lambda about, found: about.update(version=99),
    "a version that is none": lambda about, found: about.update(version="1"),
    "a step that is none": lambda about, found: about.update(step=-1),
    "a step that is a word": lambda about, found: about.update(step="3"),
    "a loss that is a table": lambda about, found: about.update(loss={}),
    "a loss that is no number": lambda about, found: about.update(loss="one"),
    "a rate that is true": lambda about, found: about.update(lr=True),
    "documents that are half": lambda about, found: about.update(documents=0.5),
    "tokens in no rows": lambda about, found: about.update(tokens=[1, 2]),
    "tokens that are words": lambda about, found: about.update(tokens=[["a"]]),
    "a token without end": lambda about, found: about.update(targets=[[10**400]]),
    "no taps": lambda about, found: about.pop("taps"),
    "taps without a number": lambda about, found: about.update(taps=[["a"]]),
    "a name that is a number": lambda about, found: about.update(taps=[[1, 1]]),
    "a name twice": lambda about, found: about.update(weights=["w", "w"]),
    "more things than arrays": lambda about, found: about.update(taps=[["a", 10**15]]),
    "things that are not there": lambda about, found: about.update(taps=[["a", 2]]),
    "a missing value": lambda about, found: found.pop("taps/0/0/value"),
    "a gradient of another shape": lambda about, found: found.update({"taps/0/0/grad": np.ones((2, 3))}),
    "weights that are no list": lambda about, found: about.update(weights={"w": 1}),
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused(change: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "seen").write_bytes(edited(change))
    with pytest.raises(FileFormatError, match="seen"):
        Observation.load(tmp_path / "seen")


def test_the_edit_alone_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "seen").write_bytes(edited(lambda about, found: None))
    assert Observation.load(tmp_path / "seen").step == 3


def test_what_is_cut_off_or_no_observation_is_refused(tmp_path: Path) -> None:
    whole = edited(lambda about, found: None)
    for data in (b"", whole[:4], whole[:40], whole[:-5], b"\xff" * 100, bytes(save_arrays({}, {"observation": "[]"}))):
        (tmp_path / "seen").write_bytes(data)
        with pytest.raises(FileFormatError):
            Observation.load(tmp_path / "seen")
    with pytest.raises(FileFormatError):
        Observation.load(tmp_path)
    with pytest.raises(FileFormatError):
        Observation.load("a\0b")
    with pytest.raises(NotFoundError):
        Observation.load(tmp_path / "none")
    with pytest.raises(FileFormatError):
        Observation.load(tmp_path / "seen").save(tmp_path / "no" / "such")
