"""Texts that a model wrote: the newest first, each beside its step, and none torn or lost in between."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tracer.scene.samples import EMPTY, LINE_BREAK, samples_lines
from tracer.text import LANGS

NAMES = [(20, "kamira"), (40, "anlo"), (40, "mayen"), (1000, "shari")]


def plain(written: list[tuple[int, str]], width: int = 30, height: int = 10, **other: object) -> list[str]:
    return [line.plain for line in samples_lines(written, "en", width=width, height=height, **other)]  # type: ignore[arg-type]


def test_the_newest_stand_at_the_top_beside_their_step() -> None:
    assert plain(NAMES) == ["1,000  shari", "   40  anlo  mayen", "   20  kamira"]


def test_what_there_is_no_room_for_is_the_oldest() -> None:
    assert plain(NAMES, height=2) == ["1,000  shari", "   40  anlo  mayen"]


def test_a_long_text_goes_on_below() -> None:
    assert plain([(7, "abcdefgh")], width=7) == ["7  abcd", "   efgh"]


@pytest.mark.parametrize("lang", LANGS)
def test_a_text_without_letters_is_told_as_such(lang: str) -> None:
    (line,) = samples_lines([(3, "")], lang, width=30, height=1)  # type: ignore[arg-type]
    assert line.plain == f"3  {EMPTY[lang]}"  # type: ignore[index]


def test_line_breaks_and_escape_sequences_do_nothing() -> None:
    (line,) = plain([(3, "one\ntwo\x1b[2J[bold]")], width=60)
    assert line == f"3  one{LINE_BREAK}two\N{REPLACEMENT CHARACTER}[2J[bold]"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 9999), st.text("aあ漢 \n", max_size=40)), max_size=12),
    st.integers(8, 60),
    st.integers(0, 9),
)
def test_it_fits(written: list[tuple[int, str]], width: int, height: int) -> None:
    lines = plain(sorted(written, key=lambda one: one[0]), width, height)
    assert len(lines) <= height
    assert all(cell_len(line) <= width for line in lines)
