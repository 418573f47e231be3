"""The picture of a generation: it fits, tells the drawn symbol from the others, and knows no later number."""

from __future__ import annotations

import numpy as np
import pytest
from rich.cells import cell_len

from tests.trace.generated import generation
from tracer.scene.generation import ABOVE, BELOW, BOS, TOP, WORDS, Floats, GenerationLines, symbol_face
from tracer.text import LANGS, Lang
from tracer.trace.cursor import Cursor
from tracer.trace.generation import Cache, Generation


def lines(engine: str, position: int, width: int = 76, height: int = 17, lang: Lang = "en") -> list[str]:
    found = generation(engine)
    return [line.plain for line in GenerationLines(found, found.trace.cursor(position), lang).lines(width, height)]


@pytest.mark.parametrize("engine", ["tensor", "scalar"])
@pytest.mark.parametrize("size", [(76, 17), (52, 24), (30, 6), (96, 30)])
@pytest.mark.parametrize("lang", LANGS)
def test_it_fits_at_every_moment(engine: str, size: tuple[int, int], lang: Lang) -> None:
    found = generation(engine)
    for position in range(0, len(found.trace) + 1, 3):
        drawn = lines(engine, position, *size, lang)
        assert len(drawn) <= size[1]
        assert all(cell_len(line) <= size[0] for line in drawn)


def test_the_drawn_symbol_is_marked_once_it_is_drawn() -> None:
    token = generation("tensor").tokens[1]
    mark = WORDS["drawn"].en
    assert not any(mark in line for line in lines("tensor", token.ends - 1))
    assert [line.split()[0] for line in lines("tensor", token.ends) if mark in line] == ["b"]


def test_the_text_grows_by_what_is_read() -> None:
    found = generation("tensor")
    said = [lines("tensor", token.ends)[1] for token in found.tokens]
    assert said == [f"so far  {BOS} → a", f"so far  {BOS} a → b", f"so far  {BOS} a b → {BOS}"]
    assert lines("tensor", found.tokens[1].begins + 1)[1] == f"so far  {BOS} a → ?"


def test_few_numbers_stand_there_as_numbers_and_many_as_signs_of_their_kind() -> None:
    assert any("-4" in line for line in lines("tensor", -1))
    wide = Wide()
    drawn = [line.plain for line in GenerationLines(wide, wide.trace.cursor(-1), "en").lines(76, 17)]
    row = next(line for line in drawn if line.count(ABOVE[4]) > 3)
    assert row.count(BELOW[4]) > 3


class Wide(Generation):
    """Forty numbers a row, half of them below zero."""

    def __init__(self) -> None:
        super().__init__(generation("tensor").trace)

    def caches(self, cursor: Cursor) -> tuple[Cache, ...]:
        row = np.array([[1.0, -1.0] * 20])
        return (Cache("layer0", row, row),)

    def probabilities(self, cursor: Cursor) -> Floats:
        found: Floats = np.r_[np.zeros(30), [1e-9], np.full(30, 1 / 30)]
        return found

    def drawn_by(self, cursor: Cursor) -> int:
        return 30


def test_an_improbable_symbol_that_was_drawn_is_listed_all_the_same() -> None:
    """And no number that is not zero reads as zero."""
    wide = Wide()
    drawn = [line.plain for line in GenerationLines(wide, wide.trace.cursor(-1), "en").lines(40, 30)]
    (marked,) = [line for line in drawn if WORDS["drawn"].en in line]
    assert "1e-9" in marked
    assert sum("0.0333" in line for line in drawn) == TOP - 1


def test_signs_that_cannot_be_seen_have_faces() -> None:
    assert [symbol_face(one) for one in (None, " ", "\n", "a", "あ", "\x1b")] == [
        BOS, "␣", "⏎", "a", "あ", "\N{REPLACEMENT CHARACTER}",
    ]  # fmt: skip
