"""The embedding as points: NumPy's axes, which stay in place while a real run learns."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from tests.models.programs import program
from tests.panels.made import past, setup, weights
from tracer.panels.data import Data
from tracer.panels.embedding import Embedding
from tracer.panels.panel import Choice, RunView
from tracer.trace.observation import Observation, Weights
from tracer.train import parameters
from tracer.train.anchors import EMBEDDINGS, Anchors
from tracer.train.history import History, Past
from tracer.train.report import Report

AS_IT_IS = Choice()
PAST = past(0)
SYMBOLS = tuple("abcdefghijklmnopqrstuvwxyz")


def view(matrices: dict[str, Weights], told: Past | None = None, step: int = 3) -> RunView:
    observation = Observation(step, 1.0, 1, ((0,),), ((1,),), {}, matrices)
    return RunView(setup(), past(step) if told is None else told, step, observation)


def data(of: RunView, choice: Choice = AS_IT_IS) -> Data:
    found = Embedding().data(of, choice)
    assert isinstance(found, Data)
    return found


def coordinates(training: Any, steps: int, run: int) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """What the panel shows of each step of a run, as it goes on; and what it would show of each by itself."""
    told, anchors = History(), Anchors(run)
    found: dict[str, list[Any]] = {name: [] for name in EMBEDDINGS}
    by_themselves: dict[str, list[Any]] = {name: [] for name in EMBEDDINGS}
    for step in range(1, steps + 1):
        named = training.named_parameters()
        kept = anchors.before(training, step)
        matrices = {name: Weights(parameters.numbers(named[name]).copy(), None, None) for name in EMBEDDINGS}
        loss = training.step(step - 1)
        told.add(Report(step, float(loss.item()), 0.0, anchors=kept))
        for name in EMBEDDINGS:
            found[name].append(data(view(matrices, told.past, step), Choice(parameter=name)).values)
            by_themselves[name].append(data(view(matrices, PAST, step), Choice(parameter=name)).values)
    return found, by_themselves


def worst(points: list[Any]) -> float:
    """The smallest correlation of two successive steps along an axis."""
    pairs = [(one[:, k], two[:, k]) for one, two in pairwise(points) for k in (0, 1)]
    return min(float(np.corrcoef(one, two)[0, 1]) for one, two in pairs)


def test_successive_steps_of_a_real_run_correlate_positively_on_each_axis() -> None:
    """The first steps, in which axes turn fastest. NumPy's own point now here, now there."""
    found, by_themselves = coordinates(program("gpt").training(steps=1000, seed=42), 60, 1000)
    assert all(worst(points) > 0 for points in found.values())
    assert all(worst(points) < -0.5 for points in by_themselves.values())


@pytest.mark.deep
@pytest.mark.parametrize("settings", [{"seed": 42}, {"seed": 7, "n_layer": 2}, {"seed": 2, "n_embd": 32}])
def test_a_whole_run_stays_in_place(settings: dict[str, Any]) -> None:
    found, _ = coordinates(program("gpt").training(steps=1000, **settings), 1000, 1000)
    assert {name: worst(points) > 0 for name, points in found.items()} == dict.fromkeys(EMBEDDINGS, True)


def test_the_note_is_numpys_explained_variance() -> None:
    matrix = np.random.default_rng(4).normal(size=(6, 8))
    sizes = np.linalg.svd(matrix - matrix.mean(axis=0), compute_uv=False) ** 2
    first, second = (100 * sizes / sizes.sum())[:2]
    assert data(view({"wte": Weights(matrix, None, None)})).note.en == f"{first:.0f} % + {second:.0f} % of the variance"


def test_symbols_have_their_labels_and_vowels_are_marked_but_positions_are_numbers() -> None:
    rng = np.random.default_rng(4)
    matrices = {"wte": weights(rng, 6, 4), "wpe": weights(rng, 3, 4), "lm_head": weights(rng, 6, 4)}
    wte, wpe = data(view(matrices)), data(view(matrices), Choice(parameter="wpe"))
    assert wte.rows == ("a", "b", "e", "世", "n", "⟨B⟩")
    assert wte.marks["vowel"] == {0, 2}
    assert (wpe.rows, dict(wpe.marks)) == (("0", "1", "2"), {})
    assert data(view(matrices), Choice(parameter="layer0.attn_wq")).title.en == "Embedding  wte"
    assert Embedding().parameters(view(matrices).observation) == EMBEDDINGS  # type: ignore[arg-type]


def test_the_twin_has_every_number_of_the_gradient_the_largest_rows_first() -> None:
    grad = np.zeros((6, 4))
    grad[4], grad[1] = [0, -3, 0, 0], [1, 1, 1, 0]
    found = data(view({"wte": Weights(np.ones((6, 4)), grad, None)}), Choice(grad=True))
    assert found.rows == ("n", "b", "a", "e", "世", "⟨B⟩")
    np.testing.assert_array_equal(found.values, grad[[4, 1, 0, 2, 3, 5]])
    assert found.note.en == "2 of 6 rows get a gradient"
    assert found.cells[1].index == (4, 1)
    assert found.told(1, "en") == "wte[n, 1] = -3"


def test_the_way_of_a_point_is_its_earlier_rows_in_the_present_plane() -> None:
    rng = np.random.default_rng(4)
    now = view({"wte": weights(rng, 6, 4)})
    earlier = Observation(1, 1.0, 1, (), (), {}, {"wte": weights(rng, 6, 4)})
    other = Observation(2, 1.0, 1, (), (), {}, {"wte": weights(rng, 5, 4)})
    shown = replace(now, trail=(earlier, other))
    assert not data(shown).extra
    assert "its way" in data(now, Choice(history=True)).note.en
    found = data(shown, Choice(history=True))
    assert found.note.en.endswith("dots: the way since step 1")
    (way,) = found.extra.values()
    assert way.shape == (6, 2)
