"""The attention panel: a head at a time, its future empty, its row at the position."""

from __future__ import annotations

import numpy as np
import pytest

from tests.panels.made import past, seen, setup
from tracer.panels.attention import Attention
from tracer.panels.data import Data
from tracer.panels.panel import Choice, RunView
from tracer.trace.observation import Observation, Seen

AS_IT_IS = Choice()
WEIGHTS = np.array([[[1, np.nan, np.nan], [0.25, 0.75, np.nan], [0.5, 0.1, 0.4]]] * 2)
GRADS = np.array([[[0.1, np.nan, np.nan], [-0.2, 0.3, np.nan], [0.0, -0.4, 0.2]]] * 2)


def data(choice: Choice = AS_IT_IS, thing: Seen | None = None, documents: int = 1) -> Data:
    """Of the word `ab` and two heads, the second of which looks the other way round."""
    things = (thing or Seen(WEIGHTS, GRADS),) * documents
    tokens = ((5, 0, 1),) * documents
    observation = Observation(4, 1.0, documents, tokens, tokens, {"layer1.attn": things}, {})
    found = Attention().data(RunView(setup(), past(4), 4, observation), choice)
    assert isinstance(found, Data)
    return found


def test_rows_are_positions_with_what_is_read_there() -> None:
    assert data().rows == ("0 ⟨B⟩", "1 a", "2 b")
    assert data().columns == ("⟨B⟩", "a", "b")


def test_what_comes_later_is_absent_and_a_nan_before_is_not() -> None:
    np.testing.assert_array_equal(data().absent, np.isnan(WEIGHTS[0]))
    spoiled = WEIGHTS.copy()
    spoiled[0, 2, 1] = np.nan
    found = data(thing=Seen(spoiled, None))
    assert found.absent is not None
    assert not found.absent[2, 1]
    assert found.number(7) != found.number(7), "it is said to be nan"


def test_attention_that_sees_the_future_has_no_future() -> None:
    found = data(thing=Seen(np.full((1, 3, 3), 1 / 3), None))
    assert found.absent is not None
    assert not found.absent.any()


def test_the_layer_is_the_nearest_that_has_attention() -> None:
    for layer in (0, 1, 7):
        assert data(Choice(layer=layer)).title.en == "Attention  layer 1  head 0"


def test_the_title_names_the_document_only_where_there_are_several() -> None:
    assert data(Choice(head=9, document=1), documents=2).title.ja == "注意の重み  層 1  ヘッド 1  文書 1"


@pytest.mark.parametrize(("position", "row"), [(-1, 2), (0, 0), (1, 1), (9, 2), (-9, 0)])
def test_the_position_is_the_row_that_is_pointed_at(position: int, row: int) -> None:
    assert data(Choice(position=position)).marks["row"] == {row}


def test_what_is_selected_first_is_where_the_position_looks_most() -> None:
    assert data().moved(None, "down") == 6
    assert data(Choice(grad=True)).moved(None, "down") == 7, "the gradient that asks for more most"


def test_the_note_tells_where_a_position_looks_and_how_evenly() -> None:
    entropy = -(0.5 * np.log(0.5) + 0.1 * np.log(0.1) + 0.4 * np.log(0.4))
    assert data().note.en == f"2 b draws most from 0 ⟨B⟩: 0.5   entropy {entropy:.2g} of {np.log(3):.2g}"
    assert data(Choice(position=0)).note.en.endswith("entropy 0 of 0")


def test_the_twin_is_the_gradient_with_its_sign() -> None:
    found = data(Choice(grad=True))
    np.testing.assert_array_equal(found.values, GRADS[0])
    assert found.signed
    assert found.note.en == "2 b: shifting weight to 1 a lowers the loss most"


def test_where_no_gradient_arrives_no_shift_is_recommended() -> None:
    found = data(Choice(grad=True), Seen(WEIGHTS, np.where(np.isnan(WEIGHTS), np.nan, 0.0)))
    assert found.note.en == "2 b: the same everywhere: shifting weight changes no loss"


def test_a_cell_is_told_by_who_looks_where() -> None:
    assert data().told(7, "en") == "2 b from a = 0.1"
    assert data().told(7, "ja") == "2 b ← a = 0.1"


def test_without_tokens_positions_have_numbers() -> None:
    thing = seen(np.random.default_rng(1), 1, 2, 2)
    observation = Observation(4, 1.0, 1, (), (), {"layer0.attn": (thing,)}, {})
    found = Attention().data(RunView(setup(), past(4), 4, observation), Choice())
    assert isinstance(found, Data)
    assert found.rows == found.columns == ("0", "1")
