"""A list of nodes that were found: what each is called, what it is, its numbers at the cursor, where it is from.

Only the lines in view are made. A number that the walk has not reached is `?`, whatever was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.text import Text as RichText

from tracer.explain.amount import brief, is_single, shape_text
from tracer.numbers import MORE_TO_COME, NO_GRADIENT, NOT_YET
from tracer.scene.fitting import head, right, tail
from tracer.scene.palette import DARK, Palette, Role
from tracer.text import Lang, Text, clean
from tracer.trace.cursor import Cursor
from tracer.trace.trace import Trace

HEADS = (
    Text("node", "ノード"),
    Text("op", "演算"),
    Text("value", "値"),
    Text("grad", "勾配"),
    Text("line", "行"),
    Text("scope", "まとまり"),
    Text("formula", "式"),
)
KINDS = {"leaf": Text("leaf", "葉"), "const": Text("const", "定数")}
MARKED = "›"
OP, LINE = 6, 5
NUMBER, ARRAY = 10, 16
"""Cells of a column of numbers: `-1.235e-10`; where some are tensors: `‖·‖ 1.235e-10`."""
NAME_LEAST, NAME_MOST = 12, 30
SCOPE, FORMULA = 44, 18
"""Cells of the longest scope that is shown whole, and the least that a formula needs beside it."""
WIDE = 120
"""From this width on there may be room for formulas."""
NAME_SHARE = 0.28
"""The name's part of the width."""


class Told(NamedTuple):
    """A number as it is written, and what it means."""

    words: str
    role: Role


def value_told(cursor: Cursor, node: int, lang: Lang) -> Told:
    """The value of a node at the cursor: `5`, `?`, of a tensor its few numbers or its shape."""
    value = cursor.data(node)
    if value is None:
        return Told(NOT_YET, "missing")
    said = brief(value, room=ARRAY)[lang]
    return Told(said if is_single(value) or said.startswith("[") else shape_text(cursor.trace.shape(node)), "data")


def grad_told(cursor: Cursor, node: int, lang: Lang) -> Told:
    """The gradient of a node at the cursor: `5`, `5 …` while contributions are missing, `?`, `–`."""
    state = cursor.grad_state(node)
    if state == "none":
        return Told(NO_GRADIENT, "muted")
    grad = cursor.grad(node) if state != "not_yet" else None
    if grad is None:
        return Told(NOT_YET, "missing")
    return Told(brief(grad, room=ARRAY)[lang] + (MORE_TO_COME if state == "partial" else ""), "grad")


def number_room(trace: Trace) -> int:
    """Cells of a column of numbers."""
    return ARRAY if trace.columns.arena else NUMBER


def heads_line(trace: Trace, lang: Lang, palette: Palette, width: int) -> RichText:
    """What the columns are called."""
    cells = tuple(Told(words[lang], "muted") for words in HEADS)
    return _line(cells, palette, width, sign=" ", number=number_room(trace))


def hit_line(
    cursor: Cursor, node: int, lang: Lang = "en", palette: Palette = DARK, width: int = 76, *, marked: bool = False
) -> RichText:
    """One node, in exactly `width` cells: `› b  add  5  2  :12  layer 0`.

    Args:
        marked: whether it is the one that enter goes to.
    """
    trace = cursor.trace
    op, source, scope = trace.op(node), trace.source(node), trace.scope(node)
    reached = cursor.is_made(node)
    cells = (
        Told(trace.label(node), "text" if reached else "muted"),
        Told(op.label if op is not None else KINDS[trace.kind(node)][lang], "muted"),
        value_told(cursor, node, lang),
        grad_told(cursor, node, lang),
        Told(f":{source.line}" if source is not None else "", "muted"),
        Told(scope, "muted"),
        Told(clean(trace.formula(node)) if width > WIDE else "", "muted"),
    )
    return _line(cells, palette, width, sign=MARKED if marked else " ", number=number_room(trace))


def _line(cells: Sequence[Told], palette: Palette, width: int, *, sign: str, number: int) -> RichText:
    name, op, value, grad, line, scope, formula = cells
    names = max(NAME_LEAST, min(NAME_MOST, int(width * NAME_SHARE)))
    marked = sign == MARKED
    found = RichText(no_wrap=True, end="")
    found.append(f"{sign} ", palette.style("accent", bold=True))
    found.append(tail(name.words, names), palette.style("accent" if marked else name.role, bold=marked))
    columns = ((op, OP, head, 2), (value, number, right, 1), (grad, number + 1, _grad, 1), (line, LINE, head, 2))
    for told, room, put, gap in columns:
        found.append(" " * gap).append(put(told.words, room), palette.style(told.role))
    left = width - cell_len(found.plain) - 2
    if left > 0:
        beside = left - SCOPE - 2 >= FORMULA
        found.append("  ").append(tail(scope.words, SCOPE if beside else left), palette.style(scope.role))
        if beside:
            found.append("  ").append(head(formula.words, left - SCOPE - 2), palette.style(formula.role))
    found.truncate(width, pad=True)
    return found


def _grad(words: str, width: int) -> str:
    """Right-aligned, so that the `…` of a partial one stands beside the column."""
    return right(words if words.endswith(MORE_TO_COME) else words + " ", width)
