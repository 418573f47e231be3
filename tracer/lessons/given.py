"""The words behind a thing's name on a command line, `x=3`, before anything is known of the thing."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

from tracer.errors import ExpressionError


def parse_assignments(words: Sequence[str]) -> dict[str, float]:
    """`["x=3", "w=-0.5"]` as numbers; full-width signs and digits count as their ASCII twins.

    Raises:
        ExpressionError: a word that is no NAME=NUMBER, or a name given twice.
    """
    found: dict[str, float] = {}
    for word in words:
        name, equals, number = (part.strip() for part in unicodedata.normalize("NFKC", word).partition("="))
        if not equals or not name:
            raise ExpressionError(
                f"{shorten(word)!r} gives no value to a name.",
                hint="Write NAME=NUMBER, for example x=3.",
                ja=f"{shorten(word)!r} は名前に値を与えていません。",
                hint_ja="x=3 のように「名前=数」と書いてください。",
            )
        try:
            value = float(number.replace("−", "-"))
        except ValueError:
            hint = f"For example: {shorten(name)}=3"
            raise ExpressionError(
                f"{shorten(word)!r}: {shorten(number)!r} is not a number.",
                hint=hint,
                ja=f"{shorten(word)!r}: {shorten(number)!r} は数ではありません。",
                hint_ja=f"例: {shorten(name)}=3",
            ) from None
        if name in found:
            raise ExpressionError(f"{name} is given twice.", hint="Leave one out.")
        found[name] = value
    return found


def is_assignment(word: str) -> bool:
    """Whether a word of the command line gives a value to a name, rather than name a thing: `x=3`, `ｘ＝３`."""
    return "=" in unicodedata.normalize("NFKC", word) and not Path(word).exists()


def shorten(text: str, width: int = 60) -> str:
    """`text` on one line, cut to `width` characters."""
    text = " ".join(text.split())
    return text if len(text) <= width else f"{text[: width - 1]}…"
