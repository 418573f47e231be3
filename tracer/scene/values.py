"""The values panel: a table of nodes, their numbers as far as the walk has come, and who uses them.

Only the rows in view are made, so it costs the same at any size. Numbers known, not yet known (`?`), none (`–`), zero
and not finite are told apart; a gradient that misses a contribution ends in `…`. The selected node shows every digit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text as RichText

from tracer.core.columns import CONST
from tracer.explain.amount import Amount, brief, full, is_single, labelled, shape_text
from tracer.numbers import MORE_TO_COME, NO_GRADIENT, NOT_YET, format_full
from tracer.scene.palette import DARK, Palette, Role
from tracer.text import Lang, Text
from tracer.trace.cursor import Cursor
from tracer.trace.trace import Trace

HEADS = (Text("node", "ノード"), Text("value", "値"), Text("grad", "勾配"), Text("op", "演算"), Text("users", "使う側"))
KINDS = {"leaf": Text("leaf", "葉"), "const": Text("const", "定数")}
WORKING, SELECTED = "▸", "›"
NUMBER = 10
"""Cells of the widest number with four digits: -1.235e-10."""
TENSOR = 16
"""Cells of a column of numbers where some are tensors: `[0, 2, 0, 3]`, `‖·‖ 1.235e-10`."""
NAME_LEAST, NAME_MOST = 6, 16
OP = 7
NOBODY = "–"


@lru_cache(maxsize=4)
def listed(trace: Trace) -> NDArray[np.int64]:
    """The nodes in the table, ascending: all but constants that one op uses, which stand in its formula."""
    const = (trace.columns.flags & CONST) > 0
    uses = np.bincount(trace.columns.inputs, minlength=trace.n_nodes)
    return np.flatnonzero(~const | (uses > 1))


@lru_cache(maxsize=4)
def _name_width(trace: Trace) -> int:
    """One width for the whole walk, so that nothing moves."""
    names = max((cell_len(trace.label(node)) for node in trace.columns.names), default=1)
    last = (trace.n_nodes - 1, *(max(span[0], span[-1] - 1) for span in trace.unfolded))
    unnamed = max(len(f"v{trace.number(node)}") for node in last) if len(trace.columns.names) < trace.n_nodes else 1
    return min(NAME_MOST, max(names, unnamed, NAME_LEAST))


@dataclass(frozen=True)
class ValuesPanel:
    """A Rich renderable of `height` lines at most; it takes the width it is given."""

    cursor: Cursor
    lang: Lang
    palette: Palette
    height: int
    selected: int | None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self.lines(options.max_width)

    @property
    def nodes(self) -> tuple[int, ...]:
        """The nodes in view, from the top."""
        return tuple(self._window().tolist())

    def node_at(self, row: int) -> int | None:
        """The node in this line of the panel, or None."""
        nodes = self.nodes
        return nodes[row - 1] if 1 <= row <= len(nodes) else None

    def lines(self, width: int) -> list[RichText]:
        """The panel as lines of at most `width` cells."""
        found = [self._line(width, tuple(head[self.lang] for head in HEADS), ("muted",) * 5, " ")]
        found += [self._row(width, node) for node in self.nodes]
        return [*found, *self._in_full(width)] if self._full_lines() else found

    # The window

    def _full_lines(self) -> int:
        """Lines kept for the selected node's digits; none where the table itself hardly fits."""
        if self.selected is None or self.height < 6 or self.cursor.trace.shape(self.selected):
            return 0  # a tensor's elements have a panel of their own
        return 2

    def _window(self) -> NDArray[np.int64]:
        rows = listed(self.cursor.trace)
        size = max(1, self.height - 1 - self._full_lines())
        focus = self.selected if self.selected is not None else self.cursor.moment.node
        at = 0 if focus is None else min(int(np.searchsorted(rows, focus)), len(rows) - 1)
        top = max(0, min(at - size // 2, len(rows) - size))
        return rows[top : top + size]

    # Rows

    def _row(self, width: int, node: int) -> RichText:
        cursor, trace = self.cursor, self.cursor.trace
        moment = cursor.moment
        value, op = cursor.data(node), trace.op(node)
        state = cursor.grad_state(node)
        grad = cursor.grad(node) if state in ("partial", "complete") else None
        if state == "none":
            grad_text, grad_role = NO_GRADIENT, "muted"
        elif grad is None:
            grad_text, grad_role = NOT_YET, "missing"
        else:
            grad_text, grad_role = brief(grad, room=TENSOR)[self.lang], "grad"
        grad_text += MORE_TO_COME if state == "partial" else " "
        working = node == (moment.user if moment.user is not None else moment.node)
        receiving = moment.user is not None and node == moment.node
        sign = SELECTED if node == self.selected else WORKING if working else " "
        name_role: Role = "active" if working else "receiver" if receiving else "text" if value is not None else "muted"
        label = op.label if op is not None else KINDS[trace.kind(node)][self.lang]
        cells = (
            trace.label(node),
            NOT_YET if value is None else self._value(node, value),
            grad_text,
            label,
            self._users(node),
        )
        roles: tuple[Role, ...] = (
            name_role,
            "missing" if value is None else "data",
            grad_role,  # type: ignore[assignment]
            "muted",
            "muted",
        )
        return self._line(width, cells, roles, sign)

    def _value(self, node: int, value: Amount) -> str:
        """A number; of an array its few numbers, or its shape."""
        said = brief(value, room=TENSOR)[self.lang]
        return said if is_single(value) or said.startswith("[") else shape_text(self.cursor.trace.shape(node))

    def _users(self, node: int) -> str:
        trace = self.cursor.trace
        uses = trace.uses(node)
        users = list(dict.fromkeys(trace.edge(e).user for e in uses[:8]))
        names = " ".join(trace.label(user) for user in users)
        more = len(uses) - 8
        return (names + (f" +{more:,}" if more > 0 else "")) or NOBODY

    def _line(self, width: int, cells: tuple[str, ...], roles: tuple[Role, ...], sign: str) -> RichText:
        """One line: sign, name, value, gradient, op, users; what does not fit is left out from the right."""
        line = RichText(no_wrap=True)
        line.append(sign, self.palette.style("active" if sign == WORKING else "accent", bold=True))
        number = TENSOR if has_arrays(self.cursor.trace) else NUMBER
        widths = (_name_width(self.cursor.trace), number, number + 1, OP, width)
        for i, (cell, role, room) in enumerate(zip(cells, roles, widths, strict=True)):
            gap = 0 if i == 0 else 2 if i in (1, 3) else 1
            left = width - cell_len(line.plain) - gap
            if left < min(room, 4):
                break
            text = _end_of(cell, min(room, left)) if i == 0 else _fit(cell, min(room, left), right=i in (1, 2))
            line.append(" " * gap).append(text.rstrip() if i == 4 else text, self.palette.style(role))
        return line

    def _in_full(self, width: int) -> list[RichText]:
        """Every digit of the selected node's numbers."""
        assert self.selected is not None, "a node is selected"
        found = []
        for head, number in ((HEADS[1], self.cursor.data(self.selected)), (HEADS[2], self.cursor.grad(self.selected))):
            role: Role = "missing" if number is None else "data" if head is HEADS[1] else "grad"
            text = NOT_YET if number is None else _digits(number)
            if head is HEADS[2] and self.cursor.grad_state(self.selected) == "none":
                text, role = NO_GRADIENT, "muted"
            elif head is HEADS[2] and self.cursor.grad_state(self.selected) == "partial":
                text += f" {MORE_TO_COME}"
            line = RichText(f"{SELECTED} ", self.palette.style("accent", bold=True), no_wrap=True)
            line.append(f"{self.cursor.trace.label(self.selected)} {head[self.lang]} ", self.palette.style("muted"))
            line.append(text, self.palette.style(role))
            line.truncate(width, overflow="ellipsis")
            found.append(line)
        return found


@lru_cache(maxsize=4)
def has_arrays(trace: Trace) -> bool:
    """Whether any node is a tensor with axes: its numbers then need more room."""
    return any(trace.shape(node) for node in range(trace.n_nodes) if trace.is_tensor(node))


def _digits(value: Amount) -> str:
    """Every digit of a number; an array in brief."""
    if isinstance(value, np.ndarray):
        return full(value[()]) if value.ndim == 0 else labelled(value).en
    return format_full(value)


def _fit(text: str, width: int, *, right: bool = False) -> str:
    """Exactly `width` cells; longer text ends in `…`."""
    size = cell_len(text)
    if size > width:
        return set_cell_size(text, max(0, width - 1)) + "…"
    return " " * (width - size) + text if right else text + " " * (width - size)


def _end_of(name: str, width: int) -> str:
    """Exactly `width` cells of a name; of a longer one its end, which tells `w[0]` from `w[1]`."""
    if cell_len(name) <= width:
        return _fit(name, width)
    start = next(i for i in range(len(name)) if cell_len(name[i:]) < width)
    return _fit("…" + name[start:], width)


def values_panel(
    cursor: Cursor,
    lang: Lang = "en",
    palette: Palette = DARK,
    height: int = 20,
    *,
    selected: int | None = None,
) -> ValuesPanel:
    """A Rich renderable of the nodes around the one at work, or around the selected one."""
    return ValuesPanel(cursor, lang, palette, height, selected)
