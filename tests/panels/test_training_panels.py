"""Loss, neurons, gradient flow and the others: each number by another formula, and nothing before its time."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.panels.made import SYMBOLS, observation, past, setup, view, weights
from tracer.panels.data import Data
from tracer.panels.flow import Flow, Ratio
from tracer.panels.heatmap import Adam, Heatmap
from tracer.panels.histograms import UpdatesHistogram, WeightsHistogram, places_of
from tracer.panels.histories import records
from tracer.panels.loss import Loss
from tracer.panels.mlp import Mlp, folded
from tracer.panels.numbers import Numbers
from tracer.panels.panel import Choice, Panel, RunView
from tracer.panels.parameters import norm, short_name
from tracer.panels.positions import Positions
from tracer.panels.rate import Rate
from tracer.panels.registry import PANELS
from tracer.panels.samples import Samples
from tracer.text import LANGS, Text
from tracer.trace.cells import Cell
from tracer.trace.observation import Observation, Seen, Weights
from tracer.train.diagnosis import FEWEST_LOOKS, WINDOW, diagnose

MINE: tuple[Panel, ...] = (
    Loss(),
    Mlp(),
    Flow(),
    Positions(),
    Rate(),
    WeightsHistogram(),
    UpdatesHistogram(),
    Heatmap(),
    Adam(),
    Ratio(),
    Samples(),
    Numbers(),
)
IDS = [one.id for one in MINE]
CHOICES = [
    Choice(grad=grad, history=history, log=log, document=document)
    for grad in (False, True)
    for history, log, document in ((False, False, 0), (True, True, 1), (False, True, 1))
]
each = pytest.mark.parametrize("panel", MINE, ids=IDS)
awkward = st.sampled_from([None, math.nan, math.inf, -math.inf, 0.0, 1e300, 5e-324])


def data_of(panel: Panel, seen: RunView, **choice: Any) -> Data:
    found = panel.data(seen, Choice(**choice))
    assert isinstance(found, Data), found
    return found


def draws(panel: Panel, seen: RunView, choice: Choice) -> None:
    """Draws it at some sizes; every place that can be pointed at is one of the data's cells."""
    data = panel.data(seen, choice)
    for k, (width, height) in enumerate(((0, 0), (1, 1), (38, 10), (7, 20), (60, 3))):
        drawn = panel.draw(data, choice, lang=LANGS[k % 2], width=width, height=height, selected=3)
        assert len(drawn.lines) == height
        assert all(line.cell_len <= width for line in drawn.lines)
        cells = data.cells if isinstance(data, Data) else ()
        assert all(isinstance(cells[index], Cell) for index in {region.index for region in drawn.regions})


def same(one: Data | Text, other: Data | Text) -> bool:
    if isinstance(one, Text) or isinstance(other, Text):
        return one == other
    return (
        np.array_equal(one.values, other.values, equal_nan=True)
        and (one.title, one.note, one.step, one.rows, one.names, one.table, one.marks)
        == (other.title, other.note, other.step, other.rows, other.names, other.table, other.marks)
        and list(one.steps) == list(other.steps)
    )


@each
def test_a_panel_is_in_the_registry_and_has_words_in_both_languages(panel: Panel) -> None:
    assert panel.id in {one.id for one in PANELS}
    words = [panel.title, panel.caption, panel.about]
    words += [panel.twin, panel.twin_caption, panel.twin_about] if panel.twin is not None else []
    for text in words:
        assert text.en
        assert text.ja
    assert len(panel.caption.en) < 79
    assert len(panel.twin_caption.en) < 79


@each
@settings(max_examples=3, deadline=None)
@given(spoil=awkward, layers=st.integers(1, 2), positions=st.integers(1, 3), documents=st.integers(1, 2))
def test_a_panel_draws_one_layer_one_position_and_numbers_that_are_none(
    panel: Panel, spoil: float | None, layers: int, positions: int, documents: int
) -> None:
    of = {"layers": layers, "positions": positions, "documents": documents, "width": 3, "spoil": spoil}
    seen = view(4, 1, **of)
    for choice in CHOICES:
        draws(panel, seen, choice)


@each
def test_a_run_of_no_steps_is_told_in_words(panel: Panel) -> None:
    nothing = RunView(setup(), past(0), 0)
    for choice in CHOICES:
        draws(panel, nothing, choice)
        found = panel.data(nothing, choice)
        assert isinstance(found, Text) or found.table


@each
def test_an_empty_observation_is_told_in_words(panel: Panel) -> None:
    empty = Observation(1, math.nan, 1, (), (), {}, {}, None)
    for choice in CHOICES:
        draws(panel, RunView(setup(), past(3), 3, empty), choice)


@each
def test_nothing_after_the_step_shown_is_told(panel: Panel) -> None:
    """However far the run has gone: the same as if it had stopped there."""
    whole = view(24, 1, shown=13)
    observed = tuple(observation(step) for step in range(1, 14))
    stopped = replace(past(24, observed), losses=whole.past.losses[:13], smoothed=whole.past.smoothed[:13])
    stopped = replace(
        stopped,
        evals=tuple(one for one in whole.past.evals if one[0] <= 13),
        samples=tuple(one for one in whole.past.samples if one[0] <= 13),
        rates=whole.past.rates[:13],
        speed=whole.past.speed,
    )
    before = replace(whole, past=stopped)
    for choice in CHOICES:
        assert same(panel.data(whole, choice), panel.data(before, choice)), choice


# The numbers themselves


def test_flow_is_the_l2_norm_of_each_gradient_and_its_twin_of_each_parameter() -> None:
    seen = view()
    there = seen.observation
    assert there is not None
    grads, values = data_of(Flow(), seen), data_of(Flow(), seen, grad=True)
    for k, (name, one) in enumerate(there.weights.items()):
        assert values.values[k] == pytest.approx(np.linalg.norm(one.value), rel=1e-12)
        assert grads.cells[k] == Cell(name, grad=True)
        if one.grad is None:
            assert grads.absent is not None
            assert grads.absent[k]
        else:
            assert grads.values[k] == pytest.approx(np.linalg.norm(one.grad), rel=1e-12)
    assert grads.rows[0] == "wte"
    assert grads.rows[1] == "head"
    assert grads.rows[2] == "L0.fc1"
    drawn = Flow().draw(grads, Choice(), width=40, height=10)
    assert drawn.lines[3].plain.rstrip().endswith("–"), "no gradient is not nan, and not 0"


def test_flow_says_what_the_diagnosis_of_the_run_says() -> None:
    seen = view(40, 1)
    read = diagnose(seen.past, 40, seen.setup.settings)
    assert {one.kind for one in read} & {"untouched", "balanced", "converging"}
    note = data_of(Flow(), seen).note.en
    assert note.startswith("✗" if read[0].warns else ("balanced", "converging"))
    assert "total" in note


def test_a_norm_neither_overflows_nor_vanishes() -> None:
    assert norm(np.array([3e200, 4e200])) == pytest.approx(5e200)
    assert norm(np.array([3e-200, 4e-200])) == pytest.approx(5e-200)
    assert norm(np.array([])) == 0
    assert math.isnan(norm(None))


def test_the_ratio_is_update_over_weight_and_a_parameter_of_zeros_has_none() -> None:
    there = observation()
    zeros = replace(there.weights["wte"], value=np.zeros((6, 8)))
    seen = RunView(setup(), past(1), 1, replace(there, weights={**there.weights, "wte": zeros}))
    found = data_of(Ratio(), seen)
    one = there.weights["lm_head"]
    assert one.update is not None
    assert found.values[1] == pytest.approx(np.linalg.norm(one.update) / np.linalg.norm(one.value), rel=1e-12)
    assert found.absent is not None
    assert found.absent.tolist() == [True, False, False, True]


def test_histories_hold_the_numbers_of_each_observed_step() -> None:
    seen = view(20, 3)
    found = data_of(Flow(), seen, history=True)
    assert list(found.steps)[: found.shape[1]] == list(range(1, 20, 3))
    assert found.step_of(found.shape[1] + 1) == 4
    for k, name in enumerate(("wte", "lm_head")):
        for column, step in enumerate(range(1, 20, 3)):
            grad = observation(step).weights[name].grad
            assert grad is not None
            assert found.values[k, column] == pytest.approx(np.linalg.norm(grad), rel=1e-9)
    assert found.told(1, "en") == f"wte  step 4 = {found.values[0, 1]:.4g}"


def test_the_twin_of_the_loss_is_the_norm_of_all_gradients_together() -> None:
    seen = view(20, 3)
    found = data_of(Loss(), seen, grad=True)
    for column, step in enumerate(range(1, 20, 3)):
        grads = [one.grad.ravel() for one in observation(step).weights.values() if one.grad is not None]
        assert found.values[0, column] == pytest.approx(np.linalg.norm(np.concatenate(grads)), rel=1e-9)


def test_the_loss_panel_has_each_step_the_smoothed_loss_and_the_held_out_one_where_it_was_measured() -> None:
    seen = view(40, shown=25)
    found = data_of(Loss(), seen)
    assert found.values[0].tolist() == seen.past.losses[:25].tolist()
    assert found.values[1].tolist() == seen.past.smoothed[:25].tolist()
    assert np.flatnonzero(np.isfinite(found.values[2])).tolist() == [9, 19]
    assert found.refs[0].value == pytest.approx(math.log(len(SYMBOLS) + 1))
    assert found.cells[7] == Cell("loss")
    assert found.step_of(25 + 6) == 7


def test_a_loss_that_is_not_a_number_is_drawn_as_one_that_was_computed() -> None:
    seen = RunView(setup(), past(12, spoil=math.nan), 12)
    found = data_of(Loss(), seen)
    assert found.absent is not None
    assert not found.absent[0, -1]
    shown = Loss().draw(found, Choice(), width=50, height=10)
    assert any("nan" in line.plain for line in shown.lines)


def test_loss_per_position_is_minus_log_p_and_its_twin_the_gradient_at_the_targets_logit() -> None:
    seen = view(1, 1, documents=2)
    there = seen.observation
    assert there is not None
    for document in (0, 1):
        found, twin = (data_of(Positions(), seen, document=document, grad=grad) for grad in (False, True))
        logits = there.taps["logits"][document]
        assert logits.grad is not None
        for t, target in enumerate(there.targets[document]):
            p = np.exp(logits.value[t]) / np.exp(logits.value[t]).sum()
            assert found.values[t] == pytest.approx(-math.log(p[target]), rel=1e-12)
            assert twin.values[t] == logits.grad[t, target]
            assert twin.cells[t] == Cell("logits", (t, target), document, grad=True)


def test_neurons_are_those_of_the_chosen_layer_position_and_document() -> None:
    seen = view(1, 1, layers=2, documents=2)
    there = seen.observation
    assert there is not None
    found = data_of(Mlp(), seen, layer=1, position=2, document=1)
    value = there.taps["layer1.mlp"][1].value[2]
    assert found.values.reshape(-1)[: len(value)].tolist() == value.tolist()
    assert found.cells[5] == Cell("layer1.mlp", (2, 5), 1)
    assert found.note.en.startswith(f"active {int((value > 0).sum())} of {len(value)}")
    twin = data_of(Mlp(), seen, layer=9, position=-1, grad=True)
    assert twin.cells[5] == Cell("layer1.mlp", (3, 5), 0, grad=True), "what is not there is clamped"
    assert twin.marks["closed"] == set(np.flatnonzero(there.taps["layer1.mlp"][0].value[3] == 0).tolist())


def test_the_history_of_the_gradients_that_arrive_at_neurons_has_a_series_for_each_layer() -> None:
    found = data_of(Mlp(), view(20, 3, layers=2), history=True, grad=True)
    assert found.rows == ("layer0.mlp", "layer1.mlp")
    grad = observation(4, layers=2).taps["layer1.mlp"][0].grad
    assert grad is not None
    assert found.values[1, 1] == pytest.approx(np.linalg.norm(grad, axis=1).mean(), rel=1e-9)


@pytest.mark.parametrize("n", [1, 3, 16, 17, 64, 100, 131, 1000])
def test_neurons_are_laid_out_in_rows_of_16_or_32_and_what_is_left_over_is_absent(n: int) -> None:
    rows, columns = folded(n)
    assert (rows - 1) * columns < n <= rows * columns
    assert columns <= 32
    value = np.maximum(0, np.random.default_rng(n).normal(size=(1, n)))
    there = Observation(1, 1.0, 1, (), (), {"hidden": (Seen(value, value),)}, {}, None)
    found = data_of(Mlp(), RunView(setup(()), past(1), 1, there))
    assert found.absent is None or int((~found.absent).sum()) == n
    assert all(cell.index[-1] < n for cell in found.cells)


def test_a_neuron_is_dead_when_it_was_silent_in_the_last_looks_and_not_before() -> None:
    def at(step: int) -> Observation:
        value = np.ones((2, 8))
        value[:, 3] = 0
        value[:, 4] = step == 5
        return Observation(step, 1.0, 1, (), (), {"layer0.mlp": (Seen(value, value),)}, {}, None)

    def marked(steps: int) -> frozenset[int]:
        some = tuple(at(step) for step in range(1, steps + 1))
        seen = RunView(setup(), past(steps, some), steps, some[-1])
        return data_of(Mlp(), seen).marks.get("dead", frozenset())

    assert marked(FEWEST_LOOKS - 1) == frozenset()
    assert marked(FEWEST_LOOKS) == {3, 4}
    assert marked(WINDOW + 4) == {3}
    assert marked(WINDOW + 5) == {3, 4}, "step 5 has left the last looks"


def test_a_tanh_has_no_dead_neurons_but_saturated_ones() -> None:
    value = np.array([[0.99, -0.98, 0.5, -0.1]])
    there = Observation(1, 1.0, 1, (), (), {"h": (Seen(value, value),)}, {}, None)
    found = data_of(Mlp(), RunView(setup(()), past(1), 1, there))
    assert found.signed
    assert "saturated 50 %" in found.note.en
    assert "dead" not in found.note.en


def test_a_histogram_counts_every_finite_number_and_each_bin_opens_one_that_is_in_it() -> None:
    rng = np.random.default_rng(1)
    one, other = weights(rng, 7, 5), weights(rng, 4, spoil=math.nan)
    there = Observation(1, 1.0, 1, (), (), {}, {"a": one, "b": other}, None)
    seen = RunView(setup(()), past(1), 1, there)
    everything = np.concatenate([one.value.ravel(), other.value.ravel()])
    for choice, numbers in (({}, everything), ({"parameter": "a"}, one.value.ravel())):
        found = data_of(WeightsHistogram(), seen, **choice)
        edges = found.extra["edges"]
        finite = numbers[np.isfinite(numbers)]
        assert found.values.tolist() == np.histogram(finite, edges)[0].tolist()
        for k, count in enumerate(found.values):
            if count:
                cell = found.cells[k]
                inside = float(there.weights[cell.of].value[cell.index])
                assert edges[k] <= inside <= edges[k + 1]
    assert "1 not finite" in data_of(WeightsHistogram(), seen).note.en


@given(st.lists(st.sampled_from([0.0, 1.0, 1e300, -1e300, 1.7e308, 5e-324, -1e-300]), min_size=1, max_size=6))
def test_a_histogram_of_any_range_has_a_place_for_every_number(numbers: list[float]) -> None:
    array = np.array(numbers)
    there = Observation(1, 1.0, 1, (), (), {}, {"a": Weights(array, array, array)}, None)
    found = data_of(UpdatesHistogram(), RunView(setup(()), past(1), 1, there))
    assert found.values.sum() == len(numbers)


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=40), st.integers(1, 40))
def test_the_bin_of_a_number_is_the_last_that_does_not_begin_above_it(numbers: list[float], bins: int) -> None:
    array = np.array(numbers)
    edges = np.linspace(array.min(), array.max() + 1, bins + 1)
    array = np.concatenate([array, edges])
    assert places_of(array, edges).tolist() == [
        min(bins - 1, max(k for k in range(bins + 1) if edges[k] <= one)) for one in array
    ]


def test_a_heat_map_has_the_parameters_numbers_and_its_twin_their_gradients() -> None:
    seen = view()
    there = seen.observation
    assert there is not None
    found, twin = (data_of(Heatmap(), seen, parameter="lm_head", grad=grad) for grad in (False, True))
    assert found.values.tolist() == there.weights["lm_head"].value.tolist()
    grad = there.weights["lm_head"].grad
    assert grad is not None
    assert twin.values.tolist() == grad.tolist()
    assert found.rows == ("a", "b", "e", "世", "n", "⟨B⟩")
    assert twin.cells[9] == Cell("lm_head", (1, 1), grad=True)
    assert isinstance(Heatmap().data(seen, Choice(parameter="bias", grad=True)), Text), "no gradient reached it"
    assert data_of(Heatmap(), seen, parameter="bias").cells[3] == Cell("bias", (3,))


def test_adams_panel_has_m_and_v_and_says_of_another_optimizer_that_it_has_none() -> None:
    seen = view()
    there = seen.observation
    assert there is not None
    one = there.weights["wte"]
    assert one.m is not None
    assert one.v is not None
    assert data_of(Adam(), seen).values.tolist() == one.m.tolist()
    assert data_of(Adam(), seen, grad=True).values.tolist() == one.v.tolist()
    told = Adam().data(seen, Choice(parameter="bias"))
    assert isinstance(told, Text)
    assert "keeps no m" in told.en


def test_samples_are_the_newest_first_and_their_brackets_are_brackets() -> None:
    seen = view(40, shown=25)
    found = data_of(Samples(), seen)
    assert [name.en for name, _ in found.table] == ["20", "20", "10", "10"]
    drawn = Samples().draw(found, Choice(), width=30, height=4)
    assert "anna[b]" in drawn.lines[0].plain


def test_a_program_that_does_not_tell_its_learning_rate_is_said_to() -> None:
    seen = view()
    assert data_of(Rate(), seen).values[0].tolist() == seen.past.rates.tolist()
    told = Rate().data(replace(seen, past=replace(seen.past, rates=np.zeros(0))), Choice())
    assert isinstance(told, Text)


def test_what_is_at_hand_is_told_beside_the_signals_of_the_log() -> None:
    seen = view(20, 3)
    without = replace(seen, past=replace(seen.past, signals=()))
    assert list(records(without)) == list(records(seen)) == list(range(1, 20, 3))
    assert same(Flow().data(without, Choice(history=True)), Flow().data(seen, Choice(history=True)))


def test_short_names_are_those_of_the_document() -> None:
    names = ("wte", "lm_head", "layer0.attn_wq", "layer12.mlp_fc1", "fc1.weight", "h1.w1")
    assert [short_name(name) for name in names] == ["wte", "head", "L0.wq", "L12.fc1", "fc1.weight", "h1.w1"]
