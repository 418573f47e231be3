"""The lines between `---` and `---` at the top of a page: of them, only the title is of use here.

They are YAML; what page tools put there is `key: value`, and more than that is not looked at. Between `+++` they are
TOML.
"""

from __future__ import annotations

import re
import tomllib

from tracer.lessons.documents.document import Problem
from tracer.text import Text

_KEY = re.compile(r"([A-Za-z_][\w.-]*|\"[^\"]+\"|'[^']+')\s*:(?:\s+(.*))?$")
_MORE = re.compile(r"\s+\S|-(\s|$)|#|$")
"""A line that goes on with a key's value, or says nothing."""
_TITLE = re.compile(r"title\s*:\s*\S", re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\'')
_AT = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


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
    if not any(_KEY.match(line) or _TITLE.match(line) or (mark == "+++" and "=" in line) for line in inside):
        return 0, ""  # a horizontal rule
    if end is None:
        problems.append(Problem(file, 1, _OPEN.format(mark=mark)))
    read = _toml if mark == "+++" else _yaml
    return len(inside) + (1 if end is None else 2), read(inside, file, problems)


def _toml(inside: list[str], file: str, problems: list[Problem]) -> str:
    """The title among these lines of TOML; the first mistake is told."""
    try:
        title = tomllib.loads("\n".join(inside)).get("title", "")
    except (ValueError, RecursionError) as error:
        at = _AT.search(str(error))
        why = _AT.sub("", str(error)) if isinstance(error, tomllib.TOMLDecodeError) else "it cannot be read"
        line = int(at[1]) if at and at[1] else max(len(inside), 1)
        problems.append(Problem(file, line + 1, _NO_TOML.format(why=why)))
        return ""
    return title.strip() if isinstance(title, str) else ""


def _yaml(inside: list[str], file: str, problems: list[Problem]) -> str:
    """The title among these lines; each that is not `key: value` is told, and each value that is never closed."""
    title = ""
    for number, line in enumerate(inside, start=2):
        if key := _KEY.match(line):
            value = _whole((key[2] or "").strip(), inside, number - 1)
            if _is_open(value):
                problems.append(Problem(file, number, _UNCLOSED.format(mark=value[0])))
            elif key[1].strip("\"'").casefold() == "title" and not title:
                title = " ".join(_unquoted(value).split())
        elif not _MORE.match(line):
            problems.append(Problem(file, number, _NO_KEY))
    return title


def _whole(value: str, inside: list[str], after: int) -> str:
    """A value that begins with a quote or bracket, with the lines from `after` to the next key."""
    if not value.startswith(("'", '"', "[", "{")):
        return value
    end = next((i for i in range(after, len(inside)) if _KEY.match(inside[i])), len(inside))
    return "\n".join([value, *inside[after:end]])


def _is_open(value: str) -> bool:
    """Whether the quote or bracket that a value begins with is never closed."""
    if value.startswith(("'", '"')):
        return not _QUOTED.match(value)
    rest = _QUOTED.sub("", value)
    return value.startswith(("[", "{")) and any(rest.count(a) > rest.count(b) for a, b in ("[]", "{}"))


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
_UNCLOSED = Text(
    en="this line of the front matter begins with {mark}, which is never closed; it is left out.",
    ja="フロントマターのこの行は {mark} で始まり、閉じていないため、読みとばします。",
)
_NO_TOML = Text(en="the front matter is not TOML: {why}.", ja="フロントマターが TOML になっていません（{why}）。")
_NO_KEY = Text(
    en="this line of the front matter is not `key: value`; it is left out.",
    ja="フロントマターのこの行は「キー: 値」の形ではないため、読みとばします。",
)
