"""The two text data sets: as many documents as their titles say, distinct, in order, in the letters they promise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tracer.files import content_root
from tracer.lessons.content import catalogue

FOLDER = content_root() / "samples" / "data"
LETTERS = {"names": re.compile("[a-z]+"), "places": re.compile("[ぁ-ゖー]+")}


@pytest.mark.parametrize("name", LETTERS)
def test_a_set_has_at_least_a_thousand_documents_all_different_and_in_order(name: str) -> None:
    text = (FOLDER / f"{name}.txt").read_bytes().decode("utf-8")
    lines = text.split("\n")
    assert lines.pop() == "", "the last line ends"
    assert len(lines) >= 1000
    assert lines == sorted(set(lines))
    assert all(LETTERS[name].fullmatch(line) for line in lines)
    assert max(map(len, lines)) < 16, "a document and its BOS fill the default block at most"


def test_every_letter_from_a_to_z_is_used() -> None:
    """So there are 27 symbols with BOS, and 4,192 parameters."""
    assert len(set((FOLDER / "names.txt").read_text(encoding="utf-8")) - {"\n"}) == 26


@pytest.mark.parametrize("name", LETTERS)
def test_the_title_tells_how_many(name: str) -> None:
    (one,) = (one for one in catalogue().data if one.name == name)
    count = f"{len(one.path.read_text(encoding='utf-8').split()):,}"
    assert one.holds == "text"
    assert count in one.title.en
    assert count in one.title.ja


def test_a_text_is_shown_as_one() -> None:
    assert {one.name: one.holds for one in catalogue().data}.items() >= {"xor": "points", "names": "text"}.items()
    assert Path(FOLDER / "about.toml").read_text(encoding="utf-8").count("MIT") == 1, "the licence is said there"
