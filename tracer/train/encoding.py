"""Which encoding bytes that are not UTF-8 are likely to be in: a guess, to be told as one."""

from __future__ import annotations

import re
from typing import NamedTuple

SAMPLE = 50_000
"""Bytes that are looked at."""
ENOUGH = 0.7
"""The share of characters beyond ASCII that has to be Japanese, or a Western letter."""


class Encoding(NamedTuple):
    """An encoding: what people call it, and what `iconv -f` does."""

    name: str
    iconv: str


UTF_16 = Encoding("UTF-16", "UTF-16")
UTF_16_LE, UTF_16_BE = Encoding("UTF-16 (little-endian)", "UTF-16LE"), Encoding("UTF-16 (big-endian)", "UTF-16BE")
SHIFT_JIS, EUC_JP = Encoding("Shift_JIS", "CP932"), Encoding("EUC-JP", "EUC-JP")
ISO_2022_JP = Encoding("ISO-2022-JP", "ISO-2022-JP")
WESTERN = Encoding("Windows-1252 / Latin-1", "CP1252")

_MARKS = (
    (b"\xff\xfe\x00\x00", Encoding("UTF-32", "UTF-32")),  # before UTF-16's, whose mark begins it
    (b"\x00\x00\xfe\xff", Encoding("UTF-32", "UTF-32")),
    (b"\xff\xfe", UTF_16),
    (b"\xfe\xff", UTF_16),
)
_BEYOND_ASCII = re.compile("[^\x00-\x7f]")
_JAPANESE = re.compile("[\u3000-\u30ff\u4e00-\u9fff\uff01-\uff60]")  # not half-width katakana: those are bad guesses
_KANA = re.compile("[\u3040-\u30ff]")  # in UTF-16 any two letters of ASCII make some kanji
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_WESTERN = re.compile("[\u00a0-\u00ff\u2013-\u2026\u20ac\u0152\u0153\u0160\u0161\u0178\u017d\u017e]")


def likely(raw: bytes) -> Encoding | None:
    """The encoding that `raw`, the beginning of a file, is most likely in; None when none fits."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return encoding
    raw = raw[:SAMPLE]
    if b"\x1b$" in raw and raw.isascii():
        return ISO_2022_JP
    if (wide := _wide(raw)) is not None:
        return wide
    shares = [
        (_share(raw, codec, _JAPANESE), encoding) for codec, encoding in (("euc_jp", EUC_JP), ("cp932", SHIFT_JIS))
    ]
    best, encoding = max(shares, key=lambda one: one[0])
    if best >= ENOUGH:
        return encoding
    for codec, encoding in (("utf-16-le", UTF_16_LE), ("utf-16-be", UTF_16_BE)):
        if _share(raw, codec, _KANA) >= ENOUGH:
            return encoding
    return WESTERN if _share(raw, "cp1252", _WESTERN) >= ENOUGH else None


def _wide(raw: bytes) -> Encoding | None:
    """UTF-16 without a mark, by the zeros in every other byte that ASCII leaves."""
    half = len(raw) // 2
    if half < 2:
        return None
    low, high = raw[1::2].count(0) / half, raw[::2].count(0) / half
    if low > 0.3 and high < 0.05:
        return UTF_16_LE
    return UTF_16_BE if high > 0.3 and low < 0.05 else None


def _share(raw: bytes, codec: str, wanted: re.Pattern[str]) -> float:
    """How many of the characters beyond ASCII are of the wanted kind; 0 where this codec makes no plain text of it."""
    for end in range(len(raw), max(-1, len(raw) - 4), -1):  # the sample may end within a character
        try:
            words = raw[:end].decode(codec)
        except UnicodeDecodeError:
            continue
        if _CONTROL.search(words):
            return 0.0
        beyond = len(_BEYOND_ASCII.findall(words))
        return len(wanted.findall(words)) / beyond if beyond else 0.0
    return 0.0
