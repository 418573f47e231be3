"""Text to learn from: numbers for symbols, an order that follows from the seed, a share held out."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer import Documents
from tracer.errors import ArgumentError

lines = st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=20)


@given(lines)
def test_what_is_encoded_is_decoded(documents: list[str]) -> None:
    text = Documents(documents)
    assert list(text.symbols) == sorted(set("".join(documents)))
    assert text.bos == len(text.symbols)
    for document in documents:
        numbers = text.encode(document)
        assert numbers[0] == numbers[-1] == text.bos
        assert text.decode(numbers) == document
        assert len(numbers) == len(document) + 2


@given(lines, st.integers(0, 5), st.floats(0, 0.99))
def test_every_document_is_trained_on_or_held_out(documents: list[str], seed: int, share: float) -> None:
    """In an order that is the seed's, the same for every share; and one is always trained on."""
    text, whole = Documents(documents, seed=seed, held_out=share), Documents(documents, seed=seed)
    assert text.training + text.held_out == whole.training
    assert sorted(whole.training) == sorted(documents)
    assert len(text.held_out) == int(len(documents) * share)
    assert text.training
    assert text.read(len(text.training)) == text.read(0) == text.encode(text.training[0])


def test_the_order_is_that_of_the_generator_handed_in() -> None:
    """As in microgpt: shuffled first, and the weights are drawn from what comes next."""
    documents = ["a", "b", "c", "d", "e"]
    rng, other = random.Random(42), random.Random(42)
    shuffled = list(documents)
    other.shuffle(shuffled)
    assert list(Documents(documents, rng=rng).training) == shuffled
    assert rng.random() == other.random()
    assert documents == ["a", "b", "c", "d", "e"]


@given(st.text(min_size=2, max_size=60), st.integers(1, 8), st.integers(0, 100), st.integers(0, 3))
def test_a_long_text_is_read_in_windows(text: str, block: int, number: int, seed: int) -> None:
    """One symbol more than there are positions, from anywhere; of a shorter text all of it."""
    made = Documents([text], "text", seed=seed, block_size=block)
    window = made.read(number)
    assert len(window) == min(len(text), block + 1)
    assert made.decode(window) in text
    assert made.bos not in window
    assert made.read(number) == window


def test_windows_begin_everywhere_and_follow_from_the_seed() -> None:
    text = "abcdefghij"
    made = Documents([text], "text", block_size=3)
    seen = {made.decode(made.read(number)) for number in range(200)}
    assert seen == {text[i : i + 4] for i in range(7)}
    other = Documents([text], "text", seed=1, block_size=3)
    assert [made.read(n) for n in range(9)] != [other.read(n) for n in range(9)]


def test_the_end_of_a_long_text_is_held_out_in_pieces_that_overlap_by_a_symbol() -> None:
    """So that each of its symbols but the first is asked for once."""
    text = "".join(chr(97 + i) for i in range(20))
    made = Documents([text], "text", held_out=0.5, block_size=4)
    assert made.training == (text[:10],)
    assert made.held_out == ("klmno", "opqrs", "st")


def test_a_new_document_begins_with_the_mark_or_with_a_symbol_of_the_text() -> None:
    assert Documents(["ab"]).first(random.Random(0)) == 2
    text = Documents(["aab"], "text")
    assert {text.first(random.Random(i)) for i in range(20)} == {0, 1}


def test_one_symbol_is_a_vocabulary() -> None:
    text = Documents(["aaa"])
    assert (text.symbols, text.bos, text.read(0)) == (("a",), 1, [1, 0, 0, 0, 1])


def test_a_vocabulary_may_be_given() -> None:
    assert Documents(["anna"], symbols="abcdefghijklmn").encode("bn") == [14, 1, 13, 14]


@pytest.mark.parametrize(
    ("documents", "settings", "says", "ja"),
    [
        (["abcd", "abcde", "b", "bcdea"], {}, "2 of 4 documents are longer than block_size=4: only their", "2 件"),
        (["abcd", "abcde"], {}, "1 of 2 documents is longer than block_size=4: only its first 4", "2 件のうち 1 件"),
        (["abcde"], {}, "the document is longer than block_size=4: only its first 4 symbols", "先頭の 4 文字"),
        (["a"] * 4, {"held_out": 0.1}, "no document is held out: 4 are too few for held_out", "4 件では足りません"),
        (["abcde"], {"mode": "text", "held_out": 0.1}, "nothing is held out: the text is too short", "短すぎます"),
    ],
)
def test_what_is_left_out_is_said(documents: list[str], settings: dict[str, object], says: str, ja: str) -> None:
    (note,) = Documents(documents, block_size=4, **settings).notes  # type: ignore[arg-type]
    assert note.en.startswith(says)
    assert ja in note.ja


def test_where_nothing_is_left_out_nothing_is_said() -> None:
    assert Documents(["abcd", "a"], block_size=4, held_out=0.5).notes == ()
    assert Documents(["abcd" * 9], "text", block_size=4, held_out=0.5).notes == ()
    assert Documents(["a"], held_out=0.0).notes == ()


@pytest.mark.parametrize(
    ("documents", "settings", "says"),
    [
        ([], {}, "documents: there are none"),
        (["a", ""], {}, "documents: number 2 is empty"),
        ([""], {"mode": "text"}, "documents: number 1 is empty"),
        (["a"], {"mode": "text"}, "two symbols at least"),
        (["abc"], {"mode": "text", "held_out": 0.7}, "two symbols at least"),
        (["a"], {"mode": "words"}, "mode=words: it is one of lines, text"),
        (["a"], {"held_out": 1.0}, "held_out=1: it must be at least 0 and below 1"),
        (["a"], {"held_out": -0.1}, "held_out=-0.1"),
        (["a"], {"held_out": float("nan")}, "held_out=nan"),
        (["a"], {"block_size": 0}, "block_size=0: 1 is the least"),
    ],
)
def test_what_cannot_be_read_is_refused(documents: list[str], settings: dict[str, object], says: str) -> None:
    with pytest.raises(ArgumentError, match=says) as caught:
        Documents(documents, **settings)  # type: ignore[arg-type]
    assert caught.value.ja


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("axb", "symbol 2 of 'axb' is 'x', none of the 2 that are trained on."),
        ("aか", "symbol 2 of 'aか' is 'か' (U+304B), none"),
        ("a\x1b", "symbol 2 of 'a\\x1b' is '\\x1b' (U+001B), none"),
        ("a" * 99 + "B", "symbol 100 of '" + "a" * 39 + "…' is 'B', none"),
    ],
)
def test_an_unknown_symbol_is_named_with_its_place(document: str, says: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        Documents(["ab"]).encode(document)
    assert caught.value.message.startswith(says)
    assert f"{len(document) - (document == 'axb')} 文字目" in caught.value.told("ja")
    assert (caught.value.hint == "Did you mean 'b'?") == document.endswith("B")
