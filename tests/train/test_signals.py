"""What is kept of a step for ever: numbers worked out by hand, read back from a log that is not trusted."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.models.programs import program, scalar_training, tensor_training
from tests.train.runs import Place, log_of, place
from tracer.errors import FileFormatError
from tracer.trace.observation import Observation, Seen, Weights
from tracer.train import anchors, log
from tracer.train.anchors import Anchors
from tracer.train.entry import Training
from tracer.train.history import SIGNALS_KEPT, History
from tracer.train.observed import Watch
from tracer.train.report import Report
from tracer.train.run import Run
from tracer.train.signals import (
    MOST,
    OfTap,
    OfWeights,
    Signals,
    cosine,
    entropy,
    losses_by_position,
    observed_at,
    signals_of,
)

__all__ = ["place"]


def observation(taps: dict[str, Any] | None = None, weights: dict[str, Weights] | None = None) -> Observation:
    """Of one document each name, or of several where a list is given: arrays, or pairs (value, gradient)."""
    things = {
        name: tuple(
            Seen(*map(np.asarray, one)) if isinstance(one, tuple) else Seen(np.asarray(one), None)
            for one in (some if isinstance(some, list) else [some])
        )
        for name, some in (taps or {}).items()
    }
    return Observation(1, 0.5, 1, (), (), things, weights or {})


def words(signals: Signals) -> str:
    return json.dumps(signals.to_json())


# By hand


def test_norms_of_parameters_are_kept_by_name_and_of_all() -> None:
    ones = np.ones((2, 2))
    found = signals_of(
        observation(weights={"a": Weights(3 * ones, 2 * ones, ones), "b": Weights(np.array(8.0), None, None)})
    )
    assert found.weights["a"] == OfWeights(4.0, 6.0, 2.0)
    assert repr(found.weights["b"]) == repr(OfWeights(math.nan, 8.0, math.nan))
    assert found.total == OfWeights(4.0, 10.0, 2.0)
    bad = signals_of(
        observation(weights={"a": Weights(ones, np.nan * ones, ones), "b": Weights(ones, np.inf * ones, ones)})
    )
    assert math.isnan(bad.total.grad)
    assert bad.total.weight == round(math.sqrt(8), 9)
    nobody = signals_of(observation())
    assert repr(nobody.total) == repr(OfWeights(math.nan, math.nan, math.nan))


def test_a_norm_neither_overflows_nor_vanishes() -> None:
    for size in (1e300, 1e-300):
        found = signals_of(observation(weights={"a": Weights(np.full(4, size), None, None)}))
        assert found.weights["a"].weight == pytest.approx(2 * size)
    empty = signals_of(observation(weights={"a": Weights(np.zeros(0), None, None)}))
    assert empty.weights["a"].weight == 0.0


def test_a_tapped_thing_has_the_mean_length_of_its_rows() -> None:
    rows = np.array([[3.0, 4.0], [0.0, -1.0]])
    found = signals_of(
        observation({"layer0.mlp": [(rows, 2 * rows), (np.array([[0.0, 0.0]]), np.array([[0.0, 9.0]]))]})
    )
    assert found.taps["layer0.mlp"] == OfTap(2.0, (10 + 2 + 9) / 3, round(2 / 6, 10))
    assert repr(signals_of(observation({"x": np.array(-2.0)})).taps["x"]) == repr(OfTap(2.0, math.nan, 0.0))
    assert math.isnan(signals_of(observation({"x": np.zeros((0, 3))})).taps["x"].norm)


def test_what_is_not_there_counts_nothing_and_what_is_not_finite_is_said() -> None:
    attn = np.array([[[1.0, np.nan], [0.6, 0.8]]])
    found = signals_of(observation({"layer0.attn": (attn, attn)})).taps["layer0.attn"]
    assert found == OfTap(1.0, 1.0, 1.0)
    spoilt = attn.copy()
    spoilt[0, 1, 0] = np.nan
    assert math.isnan(signals_of(observation({"layer0.attn": spoilt})).taps["layer0.attn"].norm)


def test_entropy_tells_one_position_from_many() -> None:
    sharp = np.array([[[1.0, np.nan], [0.0, 1.0]]])
    even = np.array([[[1.0, np.nan], [0.5, 0.5]]])
    found = signals_of(observation({"layer0.attn": np.concatenate([sharp, even])})).entropy["layer0.attn"]
    assert found == (0.0, round(math.log(2) / 2, 10))
    np.testing.assert_allclose(entropy(even), [[0.0, math.log(2)]])
    assert np.isnan(entropy(np.full((1, 1, 1), np.nan))).all()


def test_cosine_is_of_each_stage_and_the_one_before() -> None:
    x = np.array([[1.0, 0.0], [1.0, 1.0]])
    turned = np.array([[0.0, 1.0], [2.0, 2.0]])
    found = signals_of(observation({"embed": x, "layer0.attn_out": turned, "layer0.mlp_out": -turned})).cosine
    assert found == {"layer0.attn_out": 0.5, "layer0.mlp_out": -1.0}
    np.testing.assert_allclose(cosine(1e300 * x, 1e-300 * x), [1.0, 1.0])
    assert np.isnan(cosine(0 * x, x)).all()
    assert signals_of(observation({"embed": x, "layer0.attn_out": np.ones((3, 2))})).cosine == {}


def test_a_neuron_has_fired_where_it_was_above_0_at_any_position() -> None:
    first, second = np.array([[1.0, 0.0, 0.0]]), np.array([[0.0, 0.0, -1.0], [0.0, 2.0, 0.0]])
    found = signals_of(
        observation({"layer0.mlp": [first, second], "hidden": first[0], "logits": first, "score": np.array(1.0)})
    )
    assert found.fired == {"layer0.mlp": (True, True, False), "hidden": (True, False, False)}


def test_loss_by_position_is_the_mean_over_the_documents_that_reach_it() -> None:
    half, sure = np.full((1, 2), 0.5), np.array([[0.25, 0.75], [1.0, 0.0]])
    things = {"probs": (Seen(half, None), Seen(sure, None))}
    seen = Observation(1, 0.5, 2, ((0,), (0, 1)), ((1,), (0, 0)), things, {})
    assert [one.tolist() for one in losses_by_position(seen)] == [[math.log(2)], [math.log(4), 0.0]]
    assert signals_of(seen).positions == (round(1.5 * math.log(2), 9), 0.0)
    impossible = Observation(1, 0.5, 1, ((0,),), ((1,),), {"probs": (Seen(np.array([[1.0, 0.0]]), None),)}, {})
    assert signals_of(impossible).positions == (math.inf,)
    for targets in (((5,),), ((1, 1, 1),)):
        odd = Observation(1, 0.5, 1, ((0,),), targets, {"probs": (Seen(half, None),)}, {})
        assert signals_of(odd).positions == ()


def test_a_probability_too_small_for_its_number_costs_what_its_score_says() -> None:
    scores, probs = np.array([[2000.0, 0.0]]), np.array([[1.0, 0.0]])
    things = {"logits": (Seen(scores, None),), "probs": (Seen(probs, None),)}
    (losses,) = losses_by_position(Observation(1, 2000.0, 1, ((0,),), ((1,),), things, {}))
    assert losses.tolist() == [2000.0]
    taken_from_it = things | {"probs": (Seen(probs, np.array([[0.0, -math.inf]])),)}
    (losses,) = losses_by_position(Observation(1, math.inf, 1, ((0,),), ((1,),), taken_from_it, {}))
    assert losses.tolist() == [math.inf], "a program that takes the logarithm of the probability has that loss"


@pytest.mark.parametrize("make", [tensor_training, scalar_training], ids=["tensors", "numbers"])
def test_the_loss_of_a_step_is_the_mean_of_those_at_its_positions(make: Any) -> None:
    training = make()
    with Watch(training) as watch:
        loss = float(training.step(0))
    seen = watch.observation(1, loss, None)
    (losses,) = losses_by_position(seen)
    assert losses.mean() == pytest.approx(loss, abs=1e-12)


def test_of_very_many_names_the_first_are_kept_and_all_are_counted() -> None:
    one = np.array(1.0)
    weights = {f"w{k}": Weights(one, one, one) for k in range(4 * MOST)}
    found = signals_of(observation({f"x{k}": one for k in range(2 * MOST)}, weights))
    assert len(found.weights) == len(found.taps) == MOST
    assert found.total == OfWeights(*[math.sqrt(4 * MOST)] * 3)


def test_they_are_kept_at_the_first_the_last_and_every_so_many_steps() -> None:
    assert [step for step in range(1, 24) if observed_at(step, 23, 10)] == [1, 10, 20, 23]


# In a log


def test_a_log_says_them_again(tmp_path: Path) -> None:
    for name, make in (("gpt", tensor_training), ("mlp", program("mlp").training)):
        training: Training = make()
        with Watch(training) as watch:
            loss = float(getattr(made := training.step(0), "data", made))
        signals = signals_of(watch.observation(1, loss, None))
        axes = Anchors(10).before(training, 1)
        report = Report(1, loss, 0.5, signals=signals, anchors=axes)
        folder = tmp_path / name
        folder.mkdir()
        (folder / log.NAME).write_bytes(log.line_of(report))
        ((found,), _) = log.read(folder)
        assert found.signals is not None
        assert words(found.signals) == words(signals)
        assert anchors.to_json(found.anchors) == anchors.to_json(axes)
        again = Report.of(json.loads(json.dumps(report.to_json())))
        assert json.dumps(again.to_json()) == json.dumps(report.to_json())
        assert bool(axes) == (name == "gpt")


def test_numbers_that_are_not_finite_come_back() -> None:
    bad = np.array([[np.nan, np.inf]])
    found = signals_of(observation({"layer0.mlp": (bad, bad)}, {"w": Weights(bad, -bad, bad)}))
    assert words(Signals.of(json.loads(words(found)))) == words(found)


WHOLE = {
    "total": [1, 2, 3], "weights": {"w": [1, 2, 3]}, "taps": {"x": [1, 2, 0.5]}, "cosine": {"x": 0.5},
    "entropy": {"x": [0.5]}, "fired": {"x": [3, "e0"]}, "positions": [1.5],
}  # fmt: skip


def line(**more: Any) -> bytes:
    return json.dumps({"step": 1, "loss": 0.5, "seconds": 0.1, **more}).encode() + b"\n"


def test_the_whole_of_it_is_read(tmp_path: Path) -> None:
    (tmp_path / log.NAME).write_bytes(line(signals=WHOLE, anchors={"wte": "AAECAw=="}))
    ((found,), _) = log.read(tmp_path)
    assert found.signals is not None
    assert found.signals.fired == {"x": (True, True, True)}
    assert found.anchors["wte"].tolist() == [[0, 1], [2, 3]]


SPOILT = [
    {**WHOLE, name: wrong}
    for name in WHOLE
    for wrong in (None, 1, "x", {"x": None}, [[]], *([] if name == "positions" else [[]]))
]


@pytest.mark.parametrize(
    "wrong",
    [
        *SPOILT,
        {**WHOLE, "total": [1, 2]},
        {**WHOLE, "total": [1, 2, True]},
        {**WHOLE, "total": [1, 2, 10**400]},
        {**WHOLE, "weights": {"w": [1, 2, "many"]}},
        {**WHOLE, "fired": {"x": [3, "e"]}},
        {**WHOLE, "fired": {"x": [3, "zz"]}},
        {**WHOLE, "fired": {"x": [-3, ""]}},
        {**WHOLE, "fired": {"x": [10**9, "00"]}},
        {**WHOLE, "fired": {"x": ["3", "e0"]}},
        [],
        "signals",
    ],
)
def test_signals_edited_by_hand_are_refused(wrong: Any, tmp_path: Path) -> None:
    (tmp_path / log.NAME).write_bytes(line(signals=wrong))
    with pytest.raises(FileFormatError, match="signals"):
        log.read(tmp_path)


@pytest.mark.parametrize("wrong", [[], "x", {"wte": 1}, {"wte": ""}, {"wte": "AAE"}, {"wte": "AAEC"}, {"wte": "!!!!"}])
def test_anchors_edited_by_hand_are_refused(wrong: Any, tmp_path: Path) -> None:
    (tmp_path / log.NAME).write_bytes(line(anchors=wrong))
    with pytest.raises(FileFormatError, match="anchors"):
        log.read(tmp_path)


def test_a_log_without_them_is_read_as_before(tmp_path: Path) -> None:
    (tmp_path / log.NAME).write_bytes(line())
    ((found,), _) = log.read(tmp_path)
    assert found.signals is None
    assert found.anchors == {}


# Of a run


def test_the_past_says_the_last_ones_at_or_before_a_step() -> None:
    kept, signals = History(), Signals.of(WHOLE)
    axes = np.ones((2, 2), np.int8)
    for step in range(1, 10):
        some = step in (2, 6)
        kept.add(
            Report(step, 1.0, 0.1, signals=signals if some else None, anchors={"wte": axes * step} if some else {})
        )
    past = kept.past
    assert [step for step, _ in past.signals] == [2, 6]
    assert past.signals_at(1) is None
    assert [past.signals_at(step)[0] for step in (2, 5, 6, 9)] == [2, 2, 6, 6]  # type: ignore[index]
    assert past.anchor_at("wte", 1) is None
    assert past.anchor_at("wpe", 9) is None
    found = past.anchor_at("wte", 5)
    assert found is not None
    assert found[0, 0] == 2


def test_of_a_long_run_some_go_and_the_first_and_the_last_stay() -> None:
    kept, signals = History(), Signals.of(WHOLE)
    for step in range(1, 3 * SIGNALS_KEPT):
        kept.add(Report(step, 1.0, 0.1, signals=signals))
    steps = [step for step, _ in kept.past.signals]
    assert len(steps) == SIGNALS_KEPT
    assert (steps[0], steps[-1]) == (1, 3 * SIGNALS_KEPT - 1)
    assert max(np.diff(steps)) <= 8


GPT = Path(__file__).resolve().parents[2] / "models" / "gpt.py"
SMALL = {"n_embd": 4, "n_head": 2, "block_size": 5}


def test_a_run_that_is_gone_on_with_has_the_signals_and_the_axes_of_one_that_was_not(place: Place) -> None:
    """The chain of axes is taken up from the log."""
    job = dataclasses.replace(place.job("whole"), program=GPT, settings=SMALL, steps=24, every=7)
    place.train(job)
    parts = dataclasses.replace(job, run=place.folder / "parts")
    place.train(parts, stop_after=11)
    place.train(dataclasses.replace(parts, resume=True))
    assert log_of(place.folder / "parts") == log_of(place.folder / "whole")
    past = Run.open(place.folder / "parts").history
    assert [step for step, _ in past.signals] == [1, 7, 14, 21, 24]
    assert [step for step, _ in past.anchors][-1] == 24


def test_axes_do_not_turn_round_from_one_to_the_next() -> None:
    training, chain, before = tensor_training(steps=60), Anchors(60), None
    for step in range(1, 61):
        axes = chain.before(training, step).get("wte")
        training.step(step - 1)
        if axes is not None and before is not None:
            assert ((axes.astype(float) * before).sum(axis=1) > 0).all()
        before = axes if axes is not None else before


def test_no_axes_are_kept_of_what_is_no_embedding() -> None:
    assert Anchors(10).before(program("mlp").training(), 1) == {}
    assert set(Anchors(10).before(tensor_training(block_size=1), 1)) == {"wte", "lm_head"}
    assert set(Anchors(10).before(scalar_training(tied=True), 1)) == {"wte", "wpe"}


def test_axes_of_weights_that_are_not_finite_are_nothing_to_trip_over() -> None:
    training = tensor_training()
    training.named_parameters()["wte"].data[:] = float("nan")
    assert not Anchors(10).before(training, 1)["wte"].any()
