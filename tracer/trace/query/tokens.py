"""A query cut into words, quoted words and signs."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from tracer.text import Text
from tracer.trace.query.mistake import QueryError

MOST_CHARACTERS = 100_000

_WIDE = str.maketrans("　≤≥≠", "   !") | {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_SIGNS = {"≤": "<=", "≥": ">=", "≠": "!=", "=": "=="}
_SIGN = re.compile(r"==|!=|<=|>=|[<>=~(),|≤≥≠]")
_WORD = re.compile(r"[^\s<>=!~(),|\"'“”「」≤≥≠\[\]]+|[!\]]")
_SPACE = re.compile(r"\s")
_QUOTES = {'"': '"', "'": "'", "“": "”", "「": "」"}
_NUMBER = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf)", re.IGNORECASE | re.ASCII)


class Token(NamedTuple):
    """A piece of a query."""

    kind: Literal["word", "quoted", "sign", "end"]
    text: str
    at: int
    """Its first character."""
    end: int
    """One past its last."""

    @property
    def plain(self) -> str:
        """In small letters, if it stands without quotes."""
        return "" if self.kind == "quoted" else self.text.casefold()


def tokens(text: str) -> list[Token]:
    """The pieces of a query, an "end" last. Full-width letters and signs count as their ASCII twins.

    Raises:
        QueryError: too long, or a quote that is never closed.
    """
    if len(text) > MOST_CHARACTERS:
        size, most = f"{len(text):,}", f"{MOST_CHARACTERS:,}"
        raise QueryError(
            Text(
                f"the query has {size} characters; {most} is the most.",
                f"検索文が {size} 文字あります。{most} 文字までです。",
            ),
            text,
            MOST_CHARACTERS,
        )
    source = "".join(c if c in _SIGNS else c.translate(_WIDE) for c in text)
    found: list[Token] = []
    at = 0
    while at < len(source):
        if source[at].isspace():
            at += 1
        elif source[at] in _QUOTES:
            token = _quoted(text, at)
            found.append(token)
            at = token.end
        elif (sign := _SIGN.match(source, at)) is not None:
            found.append(Token("sign", _SIGNS.get(sign[0], sign[0]), at, sign.end()))
            at = sign.end()
        else:
            end = _word_end(source, at)
            found.append(Token("word", _tight(source[at:end]), at, end))
            at = end
    found.append(Token("end", "", len(text.rstrip()), len(text)))
    return found


def number(word: str) -> float | None:
    """The number a word is; None if it is none."""
    ascii_ = word.replace("−", "-")
    return float(ascii_) if _NUMBER.fullmatch(ascii_) else None


def _quoted(text: str, at: int) -> Token:
    close = _QUOTES[text[at]]
    found: list[str] = []
    i = at + 1
    while i < len(text) and text[i] != close:
        i += text[i] == "\\" and i + 1 < len(text)
        found.append(text[i])
        i += 1
    if i >= len(text):
        raise QueryError(Text("this quote is never closed.", "この引用符が閉じられていません。"), text, at)
    return Token("quoted", "".join(found), at, i + 1)


def _word_end(source: str, at: int) -> int:
    """Where the word ends that begins at `at`; what stands in brackets belongs to it, with its spaces."""
    start = at
    while at < len(source):
        if source[at] == "[":
            close = source.find("]", at)
            if close < 0:  # still being typed
                space = _SPACE.search(source, at)
                return len(source) if space is None else space.start()
            at = close + 1
            continue
        match = _WORD.match(source, at)
        if match is None or (match[0] == "!" and at > start):
            break
        at = match.end()
    return at


def _tight(word: str) -> str:
    """`w[3, 5]` as `w[3,5]`."""
    return re.sub(r"\s+", "", word) if "[" in word else word
