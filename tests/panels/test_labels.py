"""Symbols as labels."""

from __future__ import annotations

from rich.cells import cell_len

from tracer.panels.labels import BOS, numbered, symbol, vocabulary, vowels, written

SYMBOLS = ("a", " ", "\n", "\x1b", "世", "\u0301", "[b]", "\u200b", "\u3000")


def test_what_cannot_be_seen_has_a_sign() -> None:
    assert written(range(4), SYMBOLS) == ("a", "␣", "⏎", "\N{REPLACEMENT CHARACTER}")
    assert [cell_len(one) for one in written(range(9), SYMBOLS)] == [1, 1, 1, 1, 2, 1, 3, 1, 1]


def test_the_number_after_the_last_symbol_is_bos() -> None:
    assert symbol(9, SYMBOLS) == BOS == vocabulary(SYMBOLS)[-1]
    assert symbol(10, SYMBOLS) == symbol(-1, SYMBOLS) == "?"


def test_without_a_vocabulary_numbers_are_numbers() -> None:
    assert numbered(3, ()) == ("0", "1", "2")


def test_a_label_for_each_number_whatever_the_vocabulary() -> None:
    assert numbered(3, ("a", "b")) == ("a", "b", BOS)
    assert numbered(4, ("a", "b")) == ("a", "b", BOS, "?")
    assert numbered(1, ("a", "b")) == ("a",)


def test_vowels_are_those_of_letters_and_of_kana() -> None:
    assert vowels(("a", "b", "あ", "か", "é", "y")) == {0, 2, 4}
