"""Head outputs: a head a row, as wo finds them."""

from __future__ import annotations

import numpy as np

from tests.panels.gpt_step import CASES, step_of
from tests.panels.made import past, seen, setup
from tracer.panels.data import Data
from tracer.panels.heads import Heads
from tracer.panels.panel import Choice, RunView
from tracer.trace.observation import Observation

AS_IT_IS = Choice()


def data(view: RunView, choice: Choice = AS_IT_IS) -> Data:
    found = Heads().data(view, choice)
    assert isinstance(found, Data)
    return found


def test_a_row_is_a_heads_share_of_the_numbers() -> None:
    _, observation, view = step_of(*CASES[0])
    whole = observation.taps["layer1.heads"][2].value[1]
    found = data(view, Choice(layer=1, document=2, position=1))
    assert found.values.shape == (2, 2)
    np.testing.assert_array_equal(found.values.reshape(-1), whole)
    assert found.cells[3].index == (1, 3)
    assert found.title.en.startswith("Head outputs  layer 1  pos 1 ")


def test_heads_are_what_their_attention_makes_of_the_values() -> None:
    """Recomputed from the weights: attention times the value vectors."""
    _, observation, view = step_of(*CASES[2])
    x = observation.taps["embed"][0].value
    normed = x / np.sqrt((x**2).mean(axis=1, keepdims=True) + 1e-5)
    values = (normed @ observation.weights["layer0.attn_wv"].value.T).reshape(len(x), 2, 2)
    weights = np.nan_to_num(observation.taps["layer0.attn"][0].value)
    expected = np.einsum("hts,shd->thd", weights, values)
    for position in range(len(x)):
        np.testing.assert_allclose(data(view, Choice(position=position)).values, expected[position], rtol=1e-10)


def test_the_note_tells_how_much_of_all_the_chosen_head_is() -> None:
    _, _, view = step_of(*CASES[0])
    found = data(view, Choice(head=1))
    mine = np.linalg.norm(found.values[1])
    share = (mine / np.linalg.norm(found.values)) ** 2
    assert found.note.en.startswith(f"H1: length {mine:.3g}, {100 * share:.2g}"[:18])
    assert found.marks["row"] == {1}


def test_where_nobody_says_how_many_heads_there_are_it_is_one() -> None:
    thing = seen(np.random.default_rng(1), 3, 6)
    observation = Observation(4, 1.0, 1, (), (), {"layer0.heads": (thing,)}, {})
    assert data(RunView(setup(), past(4), 4, observation)).values.shape == (1, 6)
