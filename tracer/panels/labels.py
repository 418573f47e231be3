"""Symbols as labels: one that is not seen has a sign, BOS stands in brackets, nothing acts on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

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


@lru_cache(maxsize=4)
def vocabulary(symbols: tuple[str, ...]) -> tuple[str, ...]:
    """A label for each symbol and, last, for BOS."""
    return tuple(symbol(token, symbols) for token in range(len(symbols) + bool(symbols)))


def numbered(many: int, symbols: tuple[str, ...]) -> tuple[str, ...]:
    """A label for the numbers 0, 1, ... of so many symbols."""
    known = vocabulary(symbols)[:many]
    return (*known, *(symbol(token, symbols) for token in range(len(known), many)))


@lru_cache(maxsize=4)
def vowels(symbols: tuple[str, ...]) -> frozenset[int]:
    """The numbers of the vowels: of Latin letters and of kana."""
    return frozenset(token for token, one in enumerate(symbols) if one in VOWELS)


def written(tokens: Sequence[int], symbols: Sequence[str]) -> tuple[str, ...]:
    """A label for each token of a document."""
    return tuple(symbol(token, symbols) for token in tokens)
