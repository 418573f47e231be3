"""A query with a mistake: what is wrong, at which character, and what was meant."""

from __future__ import annotations

import unicodedata

from tracer.errors import TracerError
from tracer.text import Text, clean

WIDE = 60
"""Cells of a query that are shown around the mistake."""


class QueryError(TracerError):
    """What was typed is no query.

    Args:
        words: what is wrong, in one line.
        text: what was typed.
        at: the character that is wrong, from 0; len(text) where something is missing at the end.
        advice: what to write instead.
    """

    def __init__(self, words: Text, text: str, at: int, advice: Text | None = None) -> None:
        self.words, self.text, self.at, self.advice = words, text, at, advice
        pointed = point(text, at)
        super().__init__(
            f"{words.en}\n{pointed}",
            hint=None if advice is None else advice.en,
            ja=f"{words.ja}\n{pointed}",
            hint_ja=None if advice is None else advice.ja,
        )


def point(text: str, at: int) -> str:
    """The text with a caret under one of its characters, each line indented; of a long one what is near."""
    line = "".join(" " if c.isspace() else clean(c) or " " for c in text[max(0, at - 2 * WIDE) : at + 2 * WIDE])
    at = min(at, 2 * WIDE)
    left = at
    while left > 0 and cells(line[left - 1 : at]) <= WIDE // 2:
        left -= 1
    right = at
    while right < len(line) and cells(line[at : right + 1]) <= WIDE // 2:
        right += 1
    return f"  {line[left:right]}\n  {' ' * cells(line[left:at])}^"


def cells(text: str) -> int:
    """Columns of a terminal that a text takes."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
