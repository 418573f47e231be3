"""The fonts that pictures are set in: ours, always, so that a picture is the same on every machine.

A new machine may have no font at all, and Graphviz then draws empty boxes. So Fontconfig is shown our folder and
nothing else. Only a character that ours lack (Hangul, emoji) lets the machine's own fonts in, behind ours.
"""

from __future__ import annotations

import shutil
import struct
from functools import lru_cache
from pathlib import Path
from xml.sax.saxutils import escape

FONTS = Path(__file__).with_name("fonts")

_SYSTEM_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/Library/Fonts",
    "/System/Library/Fonts",
    "WINDOWSFONTDIR",
)


@lru_cache(maxsize=1)
def covered() -> frozenset[int]:
    """Every code point that our fonts can draw."""
    return frozenset(c for file in sorted(FONTS.glob("*.?tf")) for c in _characters(file.read_bytes()))


def missing(text: str) -> str:
    """The characters of `text` that our fonts lack, each once, in order."""
    return "".join(dict.fromkeys(c for c in text if ord(c) not in covered() and not c.isspace()))


def prepare(folder: Path, text: str = "") -> Path:
    """Writes a Fontconfig file into `folder` and gives its path: our fonts, and the machine's where `text` needs them.

    Our files are shown through links, since Fontconfig leaves a `.uuid` in each folder of fonts that it can write to.
    """
    ours, cache = folder / "fonts", folder / "cache"
    ours.mkdir()
    cache.mkdir()
    for file in FONTS.glob("*.?tf"):
        try:
            (ours / file.name).symlink_to(file)
        except OSError:  # Windows allows links to few
            shutil.copy(file, ours)
    folders = [f"<dir>{escape(str(ours))}</dir>"]
    caches = [f"<cachedir>{escape(str(cache))}</cachedir>"]
    if missing(text):
        folders += [f"<dir>{folder}</dir>" for folder in _SYSTEM_FOLDERS]
        folders += ['<dir prefix="xdg">fonts</dir>', "<dir>~/.fonts</dir>"]
        caches.insert(0, '<cachedir prefix="xdg">fontconfig</cachedir>')  # reading all of them takes seconds, once
    configuration = folder / "fonts.conf"
    configuration.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">'
        f"<fontconfig>{''.join(folders)}{''.join(caches)}</fontconfig>",
        "utf-8",
    )
    return configuration


def _characters(font: bytes) -> list[int]:
    """The code points in an OpenType font's `cmap`, formats 4 and 12.

    Source: OpenType 1.9, `cmap`.
    """
    (count,) = struct.unpack_from(">H", font, 4)
    tables = {font[at : at + 4]: struct.unpack_from(">I", font, at + 8)[0] for at in range(12, 12 + 16 * count, 16)}
    start = tables[b"cmap"]
    (subtables,) = struct.unpack_from(">H", font, start + 2)
    found: set[int] = set()
    for record in range(subtables):
        (offset,) = struct.unpack_from(">I", font, start + 4 + 8 * record + 4)
        at = start + offset
        (form,) = struct.unpack_from(">H", font, at)
        if form == 4:
            (twice,) = struct.unpack_from(">H", font, at + 6)
            ends = struct.unpack_from(f">{twice // 2}H", font, at + 14)
            starts = struct.unpack_from(f">{twice // 2}H", font, at + 16 + twice)
            for first, last in zip(starts, ends, strict=True):
                found.update(range(first, last + 1))
        elif form == 12:
            (groups,) = struct.unpack_from(">I", font, at + 12)
            for group in range(groups):
                first, last = struct.unpack_from(">II", font, at + 16 + 12 * group)
                found.update(range(first, last + 1))
    return sorted(found - {0xFFFF})
