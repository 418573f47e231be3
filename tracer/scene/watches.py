"""What is watched, and its numbers at the cursor: rows over a table, or all in one line where there is no room.

A number that the last step changed is marked by a full sign, not by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.text import Text as RichText

from tracer.scene.fitting import head, right, tail
from tracer.scene.hits import NUMBER, Told
from tracer.scene.palette import Palette
from tracer.text import Lang, Text

CHANGED, SAME = "◉", "○"
"""Before what is watched: whether the last step changed any of its numbers."""
NAME_LEAST, NAME_MOST = 6, 24
MORE = Text(en="+{n} watched", ja="ほか {n} 個をウォッチ中")


class Watched(NamedTuple):
    """A watch at the cursor."""

    label: str
    value: Told
    grad: Told
    changed: bool
    """Whether a number of it is not what it was one step before."""


def watch_lines(rows: Sequence[Watched], lang: Lang, palette: Palette, width: int, height: int) -> list[RichText]:
    """One line each, at most `height` of them; the last one says how many more there are."""
    if not rows or height <= 0:
        return []
    shown = rows if len(rows) <= height else rows[: height - 1]
    room = max(NAME_LEAST, min(NAME_MOST, max(cell_len(row.label[:NAME_MOST]) for row in shown or rows), width - 28))
    lines = [_row(row, palette, width, room) for row in shown]
    if len(shown) < len(rows):
        words = MORE.format(n=len(rows) - len(shown))[lang]
        lines.append(RichText(head(f"  {words}", width), palette.style("muted"), no_wrap=True, end=""))
    return lines


def _row(row: Watched, palette: Palette, width: int, room: int) -> RichText:
    line = RichText(no_wrap=True, end="")
    sign = CHANGED if row.changed else SAME
    line.append(f"{sign} ", palette.style("active" if row.changed else "accent", bold=row.changed))
    line.append(tail(row.label, room), palette.style("text", bold=row.changed))
    for told, cells in ((row.value, NUMBER), (row.grad, NUMBER + 2)):
        words = told.words if told is row.value else f"∂ {told.words}" if told.words else ""
        line.append("  ").append(right(words, max(cells, cell_len(words))), palette.style(told.role, bold=row.changed))
    line.truncate(width, overflow="ellipsis", pad=True)
    return line


def watch_line(rows: Sequence[Watched], lang: Lang, palette: Palette, width: int) -> RichText:
    """All in one line: `◉ w 2 ∂ 5   ○ b 1 ∂ ?`; what does not fit is counted."""
    line = RichText(" ", no_wrap=True, end="")
    for i, row in enumerate(rows):
        part = RichText(f"{CHANGED if row.changed else SAME} ", palette.style("active" if row.changed else "accent"))
        part.append(tail(row.label, min(NAME_MOST, cell_len(row.label[: 4 * NAME_MOST]))), palette.style("text"))
        if row.value.words:
            part.append(f" {row.value.words}", palette.style(row.value.role, bold=row.changed))
        if row.grad.words:
            part.append(f" ∂ {row.grad.words}", palette.style(row.grad.role, bold=row.changed))
        left = len(rows) - i - 1
        more = f"  {MORE.format(n=left + 1)[lang]}"
        room = width - line.cell_len - (cell_len(more) if left else 0)
        if i and part.cell_len + 3 > room:
            line.append(more, palette.style("muted"))
            break
        line.append("   " if i else "").append_text(part)
    line.truncate(width, overflow="ellipsis", pad=True)
    return line
