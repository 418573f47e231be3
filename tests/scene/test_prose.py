"""Text wraps where its language allows, keeps every character, and never sticks out."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from tracer.scene.prose import Prose, breaks

JAPANESE = (
    "z = xy の x = t² も y = t³ も、t で決まります。t から z への道ごとに微分の積を作り、それらを「足し合わせます」。"
)
ENGLISH = "Each path from t to z gives a product; the products are added, because both routes bring something."
texts = st.text(st.sampled_from("ab x＝。、「」（）ー漢字かなっァ∂12. \t"), max_size=60)


def lines(words: str, width: int) -> list[str]:
    cuts = [0, *breaks(words, width), len(words)]
    return [words[a:b].rstrip() for a, b in pairwise(cuts)]


@given(texts, st.integers(2, 30))
def test_nothing_is_lost_and_nothing_sticks_out(words: str, width: int) -> None:
    cuts = breaks(words, width)
    assert cuts == sorted(set(cuts))
    assert all(0 < cut < len(words) for cut in cuts)
    assert all(cell_len(line) <= width for line in lines(words, width))


@pytest.mark.parametrize("width", range(12, 40))
def test_japanese_fills_its_lines_and_keeps_marks_where_they_belong(width: int) -> None:
    found = lines(JAPANESE, width)
    assert not any(line[0] in "。、」）ー" for line in found)
    assert not any(line[-1] in "「（" for line in found)
    assert all(cell_len(line) >= width - 6 for line in found[:-1])  # a mark and its neighbour move together


@pytest.mark.parametrize("width", range(12, 40))
def test_english_breaks_between_words_only(width: int) -> None:
    assert " ".join(lines(ENGLISH, width)).split() == ENGLISH.split()


def test_a_word_wider_than_the_line_is_cut() -> None:
    assert lines("a supercalifragilistic b", 9) == ["a", "supercali", "fragilist", "ic b"]


def test_rich_wraps_it_so_and_keeps_its_styles() -> None:
    text = Prose(JAPANESE)
    text.stylize("bold", 0, 6)
    console = Console(width=20)
    drawn = console.render_lines(text, pad=False)
    assert ["".join(segment.text for segment in line).rstrip() for line in drawn] == lines(JAPANESE, 20)
    assert [segment.text for segment in drawn[0] if segment.style and segment.style.bold] == [JAPANESE[:6]]
