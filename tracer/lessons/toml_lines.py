"""Which line of a TOML file a message is about. `tomllib` forgets the lines, so they are looked up in the text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tracer.errors import LessonError

Step = str | int
"""A key, or the number of a table among its like (from 1)."""
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]#]+?)\s*\]\]?")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")
_INLINE = re.compile(r"[{,]\s*([A-Za-z0-9_-]+)\s*=")
_PLACE = re.compile(r"(\w+)(?: (\d+))?")
_QUOTED = re.compile(r"'([^']*)'")


def line_of(words: str, path: Sequence[Step], *, whole: bool = False) -> int | None:
    """The line (from 1) on which a key, or as much of the way to it as there is, stands; None where nothing does.

    Args:
        path: `("variant", 2, "settings", "lr")`; `("title", "en")`.
        whole: whether the key itself must be there.
    """
    best: tuple[int, int] = (0, 0)  # steps of the way, line
    for number, found in _keys(words):
        same = 0
        while same < min(len(found), len(path)) and found[same] == path[same]:
            same += 1
        if same > best[0]:
            best = same, number
    return best[1] if best[0] == len(path) or (best[0] and not whole) else None


def with_line(error: LessonError, path: Path) -> LessonError:
    """The same error with the line it is about: `my.toml:7: variant 2: 'name' is empty.`"""
    name, _, rest = error.message.partition(": ")
    if name != path.name or rest.startswith(("cannot be read", "line ", "is not TOML")):
        return error  # these name the line themselves, or there is none
    try:
        words = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError):
        return error
    way: list[Step] = []
    before, quote, _ = rest.partition("'")
    for part in before.split(": ")[: -1 if quote or ": " in before else None]:
        place = _PLACE.fullmatch(part)
        if place is None:
            break
        way += [place[1]] + ([int(place[2])] if place[2] else [])
    key = _QUOTED.search(rest)
    line = line_of(words, [*way, key[1]] if key else way)
    return error if line is None else LessonError(f"{name}:{line}: {rest}")


def _keys(words: str) -> list[tuple[int, list[Step]]]:
    """Every line that begins a table or gives a key a value, and the way there."""
    found: list[tuple[int, list[Step]]] = []
    header: list[Step] = []
    counts: dict[str, int] = {}
    inside = ""  # a text over several lines, by the quotes that end it
    for number, line in enumerate(words.splitlines(), start=1):
        if inside:
            inside = "" if inside in line else inside
            continue
        table, key = _HEADER.match(line), _KEY.match(line)
        if table is not None and key is None:
            parts = _parts(table[2])
            if table[1] == "[[":
                counts[table[2]] = counts.get(table[2], 0) + 1
            head = parts[0]
            header = [head, *([counts[head]] if head in counts else []), *parts[1:]]
            found.append((number, header))
        elif key is not None:
            here = [*header, *_parts(key[1])]
            found.append((number, here))
            value = line[key.end() :]
            found += [(number, [*here, one]) for one in _INLINE.findall(value)]
            for quotes in ('"""', "'''"):
                inside = quotes if value.count(quotes) % 2 else inside
    return found


def _parts(name: str) -> list[Step]:
    return [part.strip().strip("\"'") for part in name.split(".")]
