"""The user's own lines around a moment: which one made the node at work, and which one called the backward pass."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from tracer.trace.cursor import Cursor
from tracer.trace.node import SourceLine

TAB = 4
"""Columns of a tab stop."""

Mark = Literal["now", "also", ""]
"""now: the line of this moment. also: in a backward pass, the line that called it."""


@dataclass(frozen=True)
class Snippet:
    """Lines of one file. `lines[i]` is line `first + i`; tabs are blanks."""

    file: str
    lines: tuple[str, ...]
    first: int
    total: int
    """Lines in the whole file; 0 where its text was not kept."""
    now: int | None
    """The line of this moment, if it lies in this file."""
    also: int | None

    def mark(self, line: int) -> Mark:
        """What is said of a line."""
        return "now" if line == self.now else "also" if line == self.also else ""


def snippet(cursor: Cursor, height: int | None = None, *, at: SourceLine | None = None) -> Snippet | None:
    """The lines around this moment's, at most `height` of them (None: the whole file).

    Before the first step, and where the moment has no line, the program's first file from its start. Both marked lines
    are in view where they fit; else the one of the moment is.

    Args:
        at: show this place instead, the moment's lines still marked (a node the reader selected).
    """
    line, also = cursor.line, cursor.also_line
    around = at or line or also
    file = around.file if around is not None else next(iter(cursor.trace.sources), None)
    if file is None:
        return None
    now = line.line if line is not None and line.file == file else None
    other = also.line if also is not None and also.file == file and also.line != now else None
    lines = [one.expandtabs(TAB) for one in cursor.trace.sources.get(file, "").splitlines()]
    size = len(lines) if height is None else max(1, height)
    first = _first(len(lines), size, around.line if around is not None else 1, other if at is None else now)
    return Snippet(file, tuple(lines[first - 1 : first - 1 + size]), first, len(lines), now, other)


def _first(total: int, size: int, main: int, other: int | None) -> int:
    """The first line to show so that `main` is in view, and `other` too where both fit."""
    low, high = main, main
    if other is not None and abs(other - main) < size:
        low, high = min(main, other), max(main, other)
    spare = size - (high - low + 1)
    return max(1, min(low - spare // 2, total - size + 1))


def short_path(file: str) -> str:
    """A path's last two parts, enough to know a lesson by: `06-backpropagation/03_graph.py`."""
    return "/".join(PurePath(file).parts[-2:]) or file
