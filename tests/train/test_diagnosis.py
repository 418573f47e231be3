"""What a run's gradients say: planted faults are read as what they are, healthy runs as healthy."""

from __future__ import annotations

import math
import runpy
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from tracer import Value
from tracer.train.diagnosis import Reading, diagnose
from tracer.train.entry import Training, build
from tracer.train.history import History, Past
from tracer.train.loop import train
from tracer.train.report import Report
from tracer.train.signals import OfTap, OfWeights, Signals
from tracer.train.watching import Watching

MODELS = Path(__file__).parents[2] / "models"
STAGES = ("embed", "layer0.attn_out", "layer0.mlp_out")


def signals(
    grads: dict[str, float] | None = None,
    stages: tuple[float, ...] = (0.03, 0.03, 0.03),
    fired: dict[str, tuple[bool, ...]] | None = None,
) -> Signals:
    """A step whose numbers are as given; all weights have norm 3."""
    sizes = {"wte": 1.0, "layer0.attn_wq": 0.1, "lm_head": 2.0} if grads is None else grads
    known = [one for one in sizes.values() if not math.isnan(one)]
    return Signals(
        OfWeights(math.hypot(*known), 5.0, 0.01),
        {name: OfWeights(one, 3.0, 0.01) for name, one in sizes.items()},
        {name: OfTap(4.0, one, 0.5) for name, one in zip(STAGES, stages, strict=False)},
        fired=fired or {},
    )


def run(*seen: Signals, losses: tuple[float, ...] = ()) -> Past:
    """A run of one step for each, its loss falling from 3."""
    history = History()
    for i, one in enumerate(seen):
        history.add(Report(i + 1, losses[i] if losses else 3 - i / 100, i / 10, signals=one))
    return history.past


def kinds(readings: tuple[Reading, ...]) -> list[str]:
    return [one.kind for one in readings]


def test_before_there_are_signals_nothing_is_said() -> None:
    history = History()
    history.add(Report(1, 3.0, 0.1))
    assert diagnose(history.past) == ()
    assert diagnose(History().past) == ()


def test_like_gradients_everywhere_are_balanced_and_the_ends_are_named() -> None:
    (only,) = diagnose(run(*[signals()] * 5))
    assert (only.kind, only.warns, only.where) == ("balanced", False, ("lm_head", "layer0.attn_wq"))
    assert "lm_head 2" in only.evidence.en
    assert "layer0.attn_wq 0.1" in only.evidence.ja


def test_a_gradient_that_has_grown_is_exploding_and_says_how_many_times() -> None:
    grown = signals({"wte": 900.0, "layer0.attn_wq": 700.0, "lm_head": 800.0})
    found = diagnose(run(signals(), *[grown] * 6))
    assert kinds(found) == ["exploding"]
    assert "times" in found[0].evidence.en
    assert found[0].advice.en


def test_a_gradient_that_recovers_from_next_to_nothing_does_not_explode() -> None:
    faint = signals({"wte": 1e-8, "layer0.attn_wq": 1e-8, "lm_head": 2e-8})
    assert kinds(diagnose(run(faint, *[signals()] * 6))) == ["balanced"]


@pytest.mark.parametrize(
    ("stages", "kind"),
    [
        ((1e-7, 1e-5, 0.03), "vanishing"),
        ((0.0, 0.0, 0.03), "vanishing"),
        ((80.0, 2.0, 0.03), "exploding"),
        ((0.01, 0.02, 0.03), "balanced"),
        ((0.3, 0.2, 0.03), "balanced"),
    ],
)
def test_depth_is_read_from_the_last_stage_of_the_residual_stream_to_the_first(
    stages: tuple[float, ...], kind: str
) -> None:
    found = diagnose(run(*[signals(stages=stages)] * 4))
    assert kinds(found) == [kind]
    if kind != "balanced":
        assert found[0].where == ("embed", "layer0.mlp_out")


def test_one_parameter_far_above_all_others_is_named() -> None:
    found = diagnose(run(*[signals({"wte": 1.0, "layer0.attn_wq": 0.5, "lm_head": 500.0})] * 3))
    assert (found[0].kind, found[0].where) == ("exploding", ("lm_head",))


def test_a_parameter_that_hardly_any_gradient_reaches_is_named() -> None:
    found = diagnose(run(*[signals({"wte": 1.0, "layer0.attn_wq": 1e-7, "lm_head": 2.0})] * 3))
    assert (found[0].kind, found[0].where) == ("vanishing", ("layer0.attn_wq",))


def test_a_parameter_without_any_gradient_is_told_apart_from_one_whose_gradient_vanished() -> None:
    found = diagnose(run(*[signals({"wte": 1.0, "layer0.attn_wq": math.nan, "lm_head": 2.0})] * 3))
    assert kinds(found) == ["untouched", "balanced"]
    assert found[0].where == ("layer0.attn_wq",)


@pytest.mark.parametrize(("dead", "warns"), [(40, True), (3, False)])
def test_neurons_that_fire_at_no_look_are_dead(dead: int, warns: bool) -> None:
    seen = [
        signals(fired={"layer0.mlp": tuple(i >= dead and (i + look) % 2 > 0 for i in range(64))}) for look in range(4)
    ]
    found = diagnose(run(*seen))
    assert (found[0].kind, found[0].warns) == ("dead", warns)
    assert f"{dead} of 64" in found[0].evidence.en
    assert f"64 個中 {dead} 個" in found[0].evidence.ja


def test_what_fires_for_held_out_texts_is_not_silent() -> None:
    silent = signals(fired={"layer0.mlp": (False, False)})
    found = diagnose(run(*[silent.and_fired({"layer0.mlp": (True, False), "other": (True,)})] * 4))
    assert "1 of 2" in found[0].evidence.en
    assert silent.and_fired({"layer0.mlp": (True,)}) == silent, "a layer of another size says nothing"


def test_a_neuron_that_fired_once_of_late_is_not_dead() -> None:
    quiet, loud = signals(fired={"layer0.mlp": (False,)}), signals(fired={"layer0.mlp": (True,)})
    assert kinds(diagnose(run(loud, quiet, quiet, quiet))) == ["balanced"]
    assert kinds(diagnose(run(loud, *[quiet] * 10)))[0] == "dead"


def test_what_never_fires_is_not_dead_where_the_activation_has_a_slope_below_0() -> None:
    past = run(*[signals(fired={"layer0.mlp": (False,)})] * 4)
    assert kinds(diagnose(past, settings={"activation": "tanh"})) == ["balanced"]
    assert kinds(diagnose(past, settings={"activation": "relu"}))[0] == "dead"


def test_gradients_that_shrink_together_while_the_loss_falls_are_converging() -> None:
    large, small = signals(), signals({"wte": 0.1, "layer0.attn_wq": 0.01, "lm_head": 0.2})
    past = run(*[large] * 6, *[small] * 8)
    assert kinds(diagnose(past)) == ["converging", "balanced"]
    rising = run(*[large] * 6, *[small] * 8, losses=tuple(1 + i / 10 for i in range(14)))
    assert kinds(diagnose(rising)) == ["balanced"]


def test_nothing_after_the_step_is_looked_at() -> None:
    grown = signals({"wte": 900.0, "layer0.attn_wq": 700.0, "lm_head": 800.0})
    past = run(signals(), signals(), grown, grown)
    assert kinds(diagnose(past, 2)) == ["balanced"]
    assert {one.step for one in diagnose(past, 3)} == {3}
    assert kinds(diagnose(past, 3)) == ["exploding"]


def test_a_loss_that_is_nan_is_broken_before_all_else() -> None:
    broken = replace(signals({"wte": math.inf, "lm_head": 1.0}), total=OfWeights(math.inf, 5.0, math.nan))
    found = diagnose(run(signals(), broken, losses=(3.0, math.nan)))
    assert (found[0].kind, found[0].where) == ("broken", ("wte",))
    assert "nan" in found[0].evidence.en


numbers = st.one_of(st.floats(0, 1e30), st.sampled_from([math.nan, math.inf, 0.0, 1e-300]))


@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.sampled_from(["w", "l0.w", "l1.w", "l2.w", "l3.w", "[b]"]), numbers, max_size=6),
            st.lists(numbers, max_size=3),
            st.lists(st.booleans(), max_size=3),
            st.one_of(st.floats(), st.just(0.0)),
        ),
        max_size=12,
    )
)
def test_whatever_the_numbers_are_something_is_read_and_said_in_both_languages(
    steps: list[tuple[dict[str, float], list[float], list[bool], float]],
) -> None:
    seen = [signals(grads, tuple(stages), {"layer0.mlp": tuple(fired)}) for grads, stages, fired, _ in steps]
    past = run(*seen, losses=tuple(loss for *_, loss in steps))
    found = diagnose(past)
    assert bool(found) == bool(steps)
    for one in found:
        assert one.says.en
        assert one.evidence.ja
        assert set(one.to_json()) == {"kind", "step", "warns", "where", "says", "evidence", "advice"}


# Real runs


def trained(training: Training, steps: int) -> Past:
    """A run whose every step has signals."""
    history = History()
    for report in train(training, steps, watching=Watching(training, due=lambda step: True)):
        history.add(report)
    return history.past


def gpt(steps: int, **settings: object) -> Past:
    namespace = runpy.run_path(str(MODELS / "gpt.py"))
    return trained(build(namespace, "gpt.py", None, 42, settings, steps=steps), steps)  # type: ignore[arg-type]  # settings of mixed types


def test_the_tiny_gpt_is_balanced_from_its_first_step() -> None:
    past = gpt(12)
    assert kinds(diagnose(past, 1)) == ["balanced"]
    assert not any(one.warns for one in diagnose(past))


def test_without_residual_connections_four_layers_let_the_gradient_vanish() -> None:
    past = gpt(12, n_layer=4, residual=False)
    found = diagnose(past)
    assert found[0].kind == "vanishing"
    assert found[0].where == ("embed", "layer3.mlp_out")


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({}, None),
        ({"n_layer": 4}, None),
        ({"norm": "off"}, None),
        ({"attention": False}, None),
        ({"activation": "tanh"}, None),
        ({"lr": 0.001}, None),
        ({"lr": 1.0}, "exploding"),
        ({"lr": 0.1}, "dead"),
        ({"n_layer": 4, "residual": False}, "vanishing"),
        ({"n_layer": 8, "residual": False}, "vanishing"),
    ],
    ids=str,
)
def test_the_usual_experiments_are_read_as_what_they_are(
    settings: dict[str, object], kind: str | None, seed: int
) -> None:
    namespace = runpy.run_path(str(MODELS / "gpt.py"))
    past = trained(build(namespace, "gpt.py", None, seed, settings, steps=80), 80)  # type: ignore[arg-type]  # likewise
    warned = {one.kind for one in diagnose(past, settings=settings) if one.warns}
    assert kind in warned if kind else not warned


def test_a_chain_of_sigmoids_without_taps_is_read_from_its_parameters() -> None:
    """Each sigmoid lets a quarter pass at most, so of ten layers the first hardly learns."""
    weights = [Value(0.5, name=f"layer{i}.w") for i in range(10)]

    def step(i: int) -> Value:
        x = Value(1.0)
        for w in weights:
            x = (w * x).sigmoid()
        loss = (x - 1.0) ** 2
        loss.backward()
        for w in weights:
            w.data -= 0.1 * w.grad
            w.grad = 0.0
        return loss

    found = diagnose(trained(Training(step, weights, steps=3, state={}), 3))
    assert found[0].kind == "vanishing"
    assert all(name.endswith(".w") for name in found[0].where)


def test_a_relu_layer_that_is_0_throughout_is_dead() -> None:
    w = tracer.tensor([[1.0, 2.0]], requires_grad=True)
    b = tracer.tensor([-5.0, -5.0], requires_grad=True)

    def step(i: int) -> object:
        hidden = tracer.tap("hidden", tracer.relu(tracer.tensor([[1.0]]) @ w + b))
        loss = (hidden.sum() - 1) ** 2
        loss.backward()
        w.grad = b.grad = None
        return loss

    found = diagnose(trained(Training(step, {"w": w, "b": b}, steps=5, state={}), 5))
    assert "dead" in {one.kind for one in found if one.warns}
