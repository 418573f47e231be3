"""Symbols as labels: one that is not seen has a sign, BOS stands in brackets, nothing acts on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from tracer.text import clean

BOS = "⟨B⟩"
"""The mark at which a document begins and ends; its number is the one after the last symbol's."""
NOBODY = "?"
"""A number that is none of the symbols."""
_SEEN = {" ": "␣", "\u3000": "␣", "\t": "⇥", "\n": "⏎", "\r": "⏎", "\u00a0": "␣"}
VOWELS = frozenset("aeiouAEIOUあいうえおアイウエオàáâãäåèéêëìíîïòóôõöøùúûü")


def symbol(token: int, symbols: Sequence[str]) -> str:
    """A symbol by its number: `a`, `␣`, `⟨B⟩`; without a vocabulary the number itself."""
    if not symbols:
        return str(token)
    if token == len(symbols):
        return BOS
    if not 0 <= token < len(symbols):
        return NOBODY
    found = _SEEN.get(symbols[token]) or clean(symbols[token])
    return found if cell_len(found) else f"◌{found}"


def written(tokens: Sequence[int], symbols: Sequence[str]) -> tuple[str, ...]:
    """A label for each token of a document."""
    return tuple(symbol(token, symbols) for token in tokens)


def is_vowel(token: int, symbols: Sequence[str]) -> bool:
    """Whether a symbol is a vowel: of Latin letters and of kana."""
    return 0 <= token < len(symbols) and symbols[token] in VOWELS
