"""The probabilities of the next symbol: the most probable first, the target marked, its pull explained."""

from __future__ import annotations

import numpy as np
from rich.cells import cell_len

from tests.panels.gpt_step import CASES, step_of
from tests.panels.made import past, setup
from tracer.panels.data import Data
from tracer.panels.panel import Choice, RunView
from tracer.panels.probabilities import Probabilities
from tracer.trace.observation import Observation, Seen

AS_IT_IS = Choice()
PROBS = np.array([[0.1, 0.2, 0.05, 0.05, 0.35, 0.25], [0.5, 0.1, 0.1, 0.1, 0.1, 0.1]])
GRADS = (PROBS - np.eye(6)[[4, 5]]) / 2


def data(choice: Choice = AS_IT_IS, probs: np.ndarray = PROBS, symbols: tuple[str, ...] = tuple("abe世n")) -> Data:
    """Two positions over five symbols and BOS; the targets are 4 and 5."""
    tokens, targets = ((5, 0),), ((4, 5),)
    grads = (probs - np.eye(probs.shape[1])[[4, 5]]) / 2
    taps = {"probs": (Seen(probs, None),), "logits": (Seen(np.log(probs), grads),)}
    observation = Observation(4, 1.0, 1, tokens, targets, taps, {})
    found = Probabilities().data(RunView(setup(symbols), past(4), 4, observation), choice)
    assert isinstance(found, Data)
    return found


def test_the_most_probable_stands_first_and_equals_keep_their_order() -> None:
    found = data(Choice(position=0))
    assert found.rows == ("n", "⟨B⟩", "b", "a", "e", "世")
    np.testing.assert_array_equal(found.values, [0.35, 0.25, 0.2, 0.1, 0.05, 0.05])


def test_the_target_and_the_end_of_a_document_are_marked() -> None:
    found = data(Choice(position=0))
    assert found.marks["target"] == {0}
    assert [badge.en for badge in found.badges] == ["◀ target", "end", "", "", "", ""]
    assert [badge.ja for badge in data().badges if badge.ja] == ["◀ 正解 終わり"]


def test_the_note_tells_the_rank_of_the_target_and_the_loss_there() -> None:
    assert data().note.en == f"◀ ⟨B⟩  rank 6 of 6  loss here {-np.log(0.1):.3g}"


def test_the_title_quotes_what_was_read() -> None:
    assert data().title.en == "Next symbol  after ⟨B⟩a"


def test_the_twin_keeps_the_order_and_says_by_what_it_is_divided() -> None:
    one, twin = data(Choice(position=0)), data(Choice(position=0, grad=True))
    assert twin.rows == one.rows
    np.testing.assert_allclose(twin.values, GRADS[0][[4, 5, 1, 0, 2, 3]])
    assert twin.note.en == "p (p − 1 at the target) divided by 2"
    assert [cell.of for cell in (one.cells[0], twin.cells[0])] == ["probs", "logits"]


def test_the_pull_at_the_scores_of_a_real_step_is_told_by_positions_times_documents() -> None:
    _, observation, view = step_of(*CASES[0])
    for document in range(3):
        found = Probabilities().data(view, Choice(grad=True, document=document))
        assert isinstance(found, Data)
        assert found.note.en.endswith(f" {3 * observation.positions(document)}")
        assert abs(found.values.sum()) < 1e-12


def test_gradients_that_are_no_cross_entropys_are_not_explained_as_such() -> None:
    taps = {"probs": (Seen(PROBS, None),), "logits": (Seen(PROBS, PROBS**2),)}
    observation = Observation(4, 1.0, 1, ((5, 0),), ((4, 5),), taps, {})
    found = Probabilities().data(RunView(setup(), past(4), 4, observation), Choice(grad=True))
    assert isinstance(found, Data)
    assert found.note.en == ""


def test_of_three_thousand_kanji_all_can_be_selected_and_the_target_is_in_sight() -> None:
    symbols = tuple(chr(0x4E00 + i) for i in range(2999))
    probs = np.random.default_rng(1).dirichlet(np.ones(3000), 2)
    found = data(probs=probs, symbols=symbols)
    assert found.size == len(found.cells) == 3000
    picture = Probabilities().draw(found, Choice(), width=38, height=10)
    assert all(cell_len(line.plain) <= 38 for line in picture.lines)
    (target,) = found.marks["target"]
    assert target in {region.index for region in picture.regions}
    assert "of 3,000" in "\n".join(line.plain for line in picture.lines)


def test_a_symbol_that_is_a_brace_is_told_as_it_is() -> None:
    assert data(symbols=("{", "}", "{0}", "a", "b")).told(0, "en") == "{ after 1 { = 0.5"
