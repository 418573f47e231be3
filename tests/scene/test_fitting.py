"""Words are cut to the exact cell, whatever they are made of, and cutting never costs more than what is kept."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tracer.scene.fitting import head, right, tail

WORDS = st.text(st.sampled_from("ab勾配[,]\u0301…é"), max_size=40)


@given(WORDS, st.integers(0, 30))
@pytest.mark.parametrize("cut", [head, tail, right])
def test_cut_words_take_exactly_the_cells_asked_for(cut, words: str, width: int) -> None:  # type: ignore[no-untyped-def]
    assert cell_len(cut(words, width)) == width


def test_a_beginning_and_an_end_are_kept() -> None:
    assert head("layer1.attn_wq[3,5]", 8) == "layer1.…"
    assert tail("layer1.attn_wq[3,5]", 8) == "…wq[3,5]"
    assert right("5", 3) == "  5"
    assert (head("w", 3), tail("w", 3)) == ("w  ", "w  ")


def test_half_of_a_wide_character_is_never_kept() -> None:
    assert tail("勾配", 3) == "…配"
    assert head("勾配", 3) == "勾…"
    assert tail("a勾配", 4) == "…配 "


def test_a_name_of_a_million_characters_is_cut_at_once() -> None:
    name = "勾\u0301" * 500_000
    start = time.perf_counter()
    assert cell_len(head(name, 20)) == cell_len(tail(name, 20)) == 20
    assert time.perf_counter() - start < 0.05
