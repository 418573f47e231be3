"""What a comment says about the block after it: the same TOML as a lesson's own file, each mistake on its own line.

A stop that is wrong is left out and told; the rest of the comment holds. Words may be given in one language, as a plain
string: a person's own notes are written for one class.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar, cast, get_args

from tracer.errors import LessonError, did_you_mean
from tracer.lessons.documents.document import Problem, Question, Script
from tracer.lessons.documents.pieces import RawComment
from tracer.lessons.lesson import (
    CARD_KEYS,
    CHANGE_KEYS,
    STOP_KEYS,
    Granularity,
    Notation,
    read_card,
    read_change,
    read_prose,
    read_stop,
)
from tracer.lessons.toml import Table
from tracer.text import Text

SCRIPT_KEYS = ("title", "caption", "notation", "by", "stop", "question", "card", "change")
QUESTION_KEYS = ("ask", "answer")
KINDS = ("", "setup", "skip")
"""What may follow `tracer:`; nothing for a script."""
MOST_SAID = 50
"""Mistakes of one comment that are told."""

_AT = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_HEADER = re.compile(r"\s*\[\[?\s*([A-Za-z_][\w-]*)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*[\"']?([\w-]+)[\"']?\s*[.=]")
_CJK = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
Made = TypeVar("Made")


def read_script(comment: RawComment, problems: list[Problem]) -> Script | None:
    """The script in a comment, or None when it is not TOML at all. What is wrong in it is added to `problems`."""
    try:
        values = tomllib.loads(comment.text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:  # a number of 5,000 digits is a ValueError
        problems.append(_not_toml(comment, error))
        return None
    reader = _Reader(comment, values, problems)
    stops = reader.tables("stop", STOP_KEYS, read_stop)
    change = reader.table("change", CHANGE_KEYS, read_change)
    card = reader.table("card", CARD_KEYS, lambda table: read_card(table, change))
    return Script(
        file=comment.file,
        line=comment.line,
        title=reader.top("title", lambda top: top.text("title")),
        caption=reader.top("caption", lambda top: read_prose(top, "caption")),
        notation=reader.top("notation", lambda top: cast(Notation, top.choice("notation", get_args(Notation)))),
        by=reader.top("by", lambda top: cast(Granularity, top.choice("by", get_args(Granularity)))),
        stops=tuple(stop for stop, _, _ in stops),
        stop_lines=tuple(line for _, line, _ in stops),
        stop_numbers=tuple(number for _, _, number in stops),
        questions=tuple(question for question, _, _ in reader.tables("question", QUESTION_KEYS, _question)),
        card=card,
        change=change,
    )


def unknown_kind(comment: RawComment) -> Problem:
    """`<!-- tracer: stup -->`."""
    near = did_you_mean(comment.kind, KINDS[1:])
    words = Text(
        en=f"unknown comment kind {comment.kind!r}. {near or 'There are: setup, skip, and none (a script).'}",
        ja=f"{comment.kind!r} という種類のコメントはありません。"
        + (f"もしかして {near[13:-1]} ですか？" if near else "あるのは setup、skip と、種類なし（スクリプト）です。"),
    )
    return Problem(comment.file, comment.line, words)


def _read(read: Callable[[Table], Made], values: Mapping[str, Any], where: str, keys: tuple[str, ...]) -> Made:
    return read(Table(values, where, keys))


def _question(table: Table) -> Question:
    return Question(read_prose(table, "ask"), read_prose(table, "answer"))


class _Reader:
    """Reads one comment's tables, and knows which line of the file a mistake is on."""

    def __init__(self, comment: RawComment, values: Mapping[str, Any], problems: list[Problem]) -> None:
        self.comment, self.problems, self.count = comment, problems, 0
        self.headers, self.keys = _places(comment.text)
        self.values = {key: value for key, value in values.items() if key in SCRIPT_KEYS}
        for key in values:
            if key not in SCRIPT_KEYS and self.count < MOST_SAID:
                self._said(partial(Table, {key: 0}, "", SCRIPT_KEYS), key, 0)

    def top(self, key: str, read: Callable[[Table], Made]) -> Made | None:
        """A key that stands by itself; None when it is not there or is wrong."""
        if key not in self.values:
            return None
        return self._said(lambda: read(Table(_both({key: self.values[key]}), "", SCRIPT_KEYS)), key, 0)

    def table(self, key: str, keys: Iterable[str], read: Callable[[Table], Made]) -> Made | None:
        """`[card]`."""
        if key not in self.values:
            return None
        value = self.values[key]
        if not isinstance(value, dict):
            self._add(f"{key!r} must be a table: [{key}], not {value!r:.40}.", key, self._header(key, 1))
            return None
        return self._said(lambda: read(Table(_both(value), key, keys)), key, self._header(key, 1))

    def tables(self, key: str, keys: Iterable[str], read: Callable[[Table], Made]) -> list[tuple[Made, int, int]]:
        """Every `[[stop]]` that is right, the line it begins on, and which it is."""
        values = self.values.get(key, [])
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            self._add(f"{key!r} must be a list of tables: [[{key}]].", key, self._header(key, 1))
            return []
        found = []
        for i, value in enumerate(values, start=1):
            header = self._header(key, i)
            made = self._said(partial(_read, read, _both(value), f"{key} {i}", tuple(keys)), key, header)
            if made is not None:
                found.append((made, self.comment.text_line + header, i))
        return found

    def _said(self, read: Callable[[], Made], key: str, header: int) -> Made | None:
        try:
            return read()
        except LessonError as error:
            self._add(error.message.removeprefix(": "), key, header)
            return None

    def _add(self, message: str, key: str, header: int) -> None:
        """A problem, on the line of the key it is about, else where its table begins."""
        self.count += 1
        if self.count > MOST_SAID:
            return
        path, _, rest = message.partition("'")
        about = [*reversed(path.split(": ")), rest.partition("'")[0], key]  # `stop 1: say: 'ja' is missing`
        line = next((self.keys[header, word] for word in about if (header, word) in self.keys), header)
        self.problems.append(Problem(self.comment.file, self.comment.text_line + line, Text.same(message)))

    def _header(self, key: str, which: int) -> int:
        """The line (from 0) of the `which`th `[key]` or `[[key]]`, else that of `key = `, else the first."""
        headers = self.headers.get(key, [])
        return headers[which - 1] if which <= len(headers) else self.keys.get((0, key), 0)


def _places(text: str) -> tuple[dict[str, list[int]], dict[tuple[int, str], int]]:
    """Where the headers of each name stand; and (line of its table's header, key) -> where the key first stands."""
    headers: dict[str, list[int]] = {}
    keys: dict[tuple[int, str], int] = {}
    table = 0
    for i, line in enumerate(text.split("\n")):
        if header := _HEADER.match(line):
            table = i
            headers.setdefault(header[1], []).append(i)
        elif key := _KEY.match(line):
            keys.setdefault((table, key[1]), i)
    return headers, keys


_WORDS = ("title", "caption", "say", "ask", "answer", "result", "question")


def _both(values: Mapping[str, Any]) -> dict[str, Any]:
    """`values`, with words that are given in one language given in both."""
    return {key: _one(value) if key in _WORDS and isinstance(value, str) else value for key, value in values.items()}


def _one(words: str) -> dict[str, str]:
    """The same words twice. Lines join as they do in the language they are in."""
    joined = "".join(line.strip() for line in words.splitlines()) if _CJK.search(words) else " ".join(words.split())
    return {"en": joined, "ja": joined}


def _not_toml(comment: RawComment, error: Exception) -> Problem:
    message = str(error)
    if not isinstance(error, tomllib.TOMLDecodeError):
        message = "it is nested too deeply" if isinstance(error, RecursionError) else "a number in it is too long"
    at = _AT.search(message)
    lines = comment.text.rstrip().count("\n") + 1
    line = int(at[1]) if at and at[1] else lines
    hint = hint_ja = ""
    if line >= lines and (comment.text.count('"') % 2 or message.startswith("Expected \"'")):
        hint = " A comment ends at the first -->, inside a string too; write → or \\u002d->."
        hint_ja = "コメントは、文字列の中でも最初の --> で終わります。→ か \\u002d-> と書いてください。"
    elif re.match(r"\s*(?:setup|skip)\b", comment.text):
        hint = f" Did you mean 'tracer: {comment.text.split()[0]}'?"
        hint_ja = f"もしかして 'tracer: {comment.text.split()[0]}' ですか？"
    why = _AT.sub("", message)
    words = Text(
        en=f"the comment is not TOML: {why}.{hint}", ja=f"コメントが TOML になっていません（{why}）。{hint_ja}"
    )
    return Problem(comment.file, comment.text_line + line - 1, words)
