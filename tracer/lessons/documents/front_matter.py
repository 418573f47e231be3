"""The lines between `---` and `---` at the top of a page: of them, only the title is of use here.

They are YAML; what page tools put there is `key: value`, and more than that is not looked at.
"""

from __future__ import annotations

import re

from tracer.lessons.documents.document import Problem
from tracer.text import Text

_KEY = re.compile(r"([A-Za-z_][\w.-]*|\"[^\"]+\"|'[^']+')\s*:(?:\s+(.*))?$")
_MORE = re.compile(r"\s+\S|-(\s|$)|#|$")
"""A line that goes on with a key's value, or says nothing."""


def read_front_matter(lines: list[str], file: str, problems: list[Problem]) -> tuple[int, str]:
    """How many lines the front matter takes (0 when there is none), and the title in it (or nothing).

    What is almost right is added to `problems`.
    """
    if not lines or lines[0].rstrip() not in ("---", "+++"):
        return 0, ""
    mark = lines[0].rstrip()
    ends = (mark, "...") if mark == "---" else (mark,)
    end = next((i for i, line in enumerate(lines[1:], start=1) if line.rstrip() in ends), None)
    inside = lines[1 : end if end is not None else _leading_keys(lines)]
    if not any(_KEY.match(line) or (mark == "+++" and "=" in line) for line in inside):
        return 0, ""  # a horizontal rule
    if end is None:
        problems.append(Problem(file, 1, _OPEN.format(mark=mark)))
    title = ""
    for number, line in enumerate(inside, start=2):
        if mark == "+++":
            match = re.match(r"title\s*=\s*(.+)$", line)
            title = title or (_unquoted(match[1]) if match else "")
        elif key := _KEY.match(line):
            if key[1].strip("\"'").casefold() == "title" and not title:
                title = _unquoted(key[2] or "")
        elif not _MORE.match(line):
            problems.append(Problem(file, number, _NO_KEY))
    return len(inside) + (1 if end is None else 2), title


def _leading_keys(lines: list[str]) -> int:
    """The line after the last of those that would be front matter, had it been closed."""
    return next((i for i, line in enumerate(lines[1:], start=1) if not _KEY.match(line)), len(lines))


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1].strip()
    return "" if value.startswith(("|", ">", "{", "[")) else re.sub(r"\s#.*", "", value).strip()


_OPEN = Text(
    en="the front matter is never closed; end it with a line {mark}.",
    ja="フロントマターが閉じていません。{mark} だけの行で閉じてください。",
)
_NO_KEY = Text(
    en="this line of the front matter is not `key: value`; it is left out.",
    ja="フロントマターのこの行は「キー: 値」の形ではないため、読みとばします。",
)
