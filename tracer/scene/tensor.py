"""One tensor's panel: its shape and dtype, its numbers or a heat map of them, its gradient as its twin, statistics.

Values and gradient stand side by side where there is room, element under element's index; else one of them is shown:
the one emphasised, or the one that the walk is busy with. Which part is shown follows from the chosen element.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text as RichText

from tracer.explain.amount import Array, full, shape_text
from tracer.explain.statistics import statistics
from tracer.numbers import MORE_TO_COME, NO_GRADIENT, NOT_YET
from tracer.scene.grid import Grid
from tracer.scene.palette import DARK, Palette, Role
from tracer.scene.sheet import Sheet, heat_sheet, legend, numbers_sheet
from tracer.text import Lang, Text
from tracer.trace.cursor import Cursor

Zoom = Literal["auto", "numbers", "heat"]
Show = Literal["both", "values", "gradients"]
Face = Literal["value", "grad"]

FEW = 256
"""Elements of a slice up to which it is shown in numbers, unless one asks for the picture."""
LEAST = 3
"""Lines that the numbers get, before statistics get any: the ruler and two rows."""
BETWEEN = 3
"""Cells between the values and their twin."""
GRAD = "∂"
_ROLES: dict[Face, Role] = {"value": "data", "grad": "grad"}


@dataclass(frozen=True)
class TensorPanel:
    """A Rich renderable of `height` lines at most; it takes the width it is given."""

    cursor: Cursor
    node: int
    lang: Lang
    palette: Palette
    height: int
    show: Show
    cell: int | None
    zoom: Zoom
    pushed: tuple[int, int]
    blank: bool

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self.lines(options.max_width)

    @cached_property
    def grid(self) -> Grid:
        return Grid(self.cursor.trace.shape(self.node), self.cell)

    @cached_property
    def arrays(self) -> dict[Face, Array]:
        """What is known by now."""
        found: dict[Face, Array] = {}
        value, grad = self.cursor.data(self.node), self.cursor.grad(self.node)
        if value is not None:
            found["value"] = np.asarray(value).reshape(self.grid.shape)
        if grad is not None and not self.blank:
            found["grad"] = np.asarray(grad).reshape(self.grid.shape)
        return found

    def lines(self, width: int) -> list[RichText]:
        """The panel as lines of at most `width` cells."""
        return self._drawn(width)[0]

    def element_at(self, x: int, y: int, width: int) -> int | None:
        """The element (an index into the flattened tensor) under this cell of the panel, or None."""
        for sheet, left, top in self._drawn(width)[1]:
            found = sheet.element_at(x - left, y - top)
            if found is not None:
                return self.grid.flat(*found)
        return None

    # Lines

    def _drawn(self, width: int) -> tuple[list[RichText], list[tuple[Sheet, int, int]]]:
        head = self._head()
        if not self.arrays:
            return [_cut(head, width)], []
        placed, foot = self._body(self._faces, width)
        if len(placed) < len(self._faces):
            placed, foot = self._body([self._alone], width)
        body: list[RichText] = []
        for y in range(max(len(sheet.lines) for sheet, _ in placed)):
            line = RichText(no_wrap=True)
            for sheet, left in placed:
                line.append(" " * (left - line.cell_len))
                if y < len(sheet.lines):
                    line.append_text(sheet.lines[y])
            body.append(line)
        head.append_text(self._part(placed[0][0]))
        lines = [_cut(line, width) for line in (head, *body, *foot)]
        return lines, [(sheet, left, 1) for sheet, left in placed]

    def _body(self, faces: list[Face], width: int) -> tuple[list[tuple[Sheet, int]], list[RichText]]:
        """Sheets with the cell each begins at, and the lines under them. The numbers themselves come first."""
        foot = [*self._chosen(), *self._figures(faces, width)]
        room = self.height - 1 - len(foot)
        while foot and room < LEAST:
            foot.pop()
            room += 1
        first = self._sheet(faces[0], width, max(2, room))
        left = first.width + BETWEEN
        if len(faces) > 1 and left < width:
            second = self._sheet(faces[1], width - left, max(2, room))
            if first.seen == second.seen:
                return [(first, 0), (second, left)], foot
        return [(first, 0)], foot

    @property
    def _faces(self) -> list[Face]:
        """What to show, the first one surely."""
        wanted: list[Face] = {"both": ["value", "grad"], "values": ["value"], "gradients": ["grad"]}[self.show]  # type: ignore[assignment]
        return [face for face in wanted if face in self.arrays] or list(self.arrays)

    @property
    def _alone(self) -> Face:
        """What is shown where there is no room for both: what the walk is busy with."""
        moment = self.cursor.moment
        return "grad" if moment.kind in ("seed", "edge", "write") and "grad" in self.arrays else "value"

    def _sheet(self, face: Face, width: int, height: int) -> Sheet:
        array, role = self.arrays[face], _ROLES[face]
        corner = GRAD if face == "grad" else ""
        few = self.grid.rows * self.grid.columns <= FEW
        if self.zoom == "numbers" or (self.zoom == "auto" and few):
            return numbers_sheet(
                self.grid, array, self.palette, width, height, role=role, corner=corner, pushed=self.pushed
            )
        return heat_sheet(self.grid, array, self.palette, width, height, role=role, corner=corner, pushed=self.pushed)

    def _head(self) -> RichText:
        """`W (2, 3) float64   ∂ ?`"""
        cursor, trace, palette = self.cursor, self.cursor.trace, self.palette
        line = RichText(trace.label(self.node), palette.style("text", bold=True), no_wrap=True)
        if "value" in self.arrays:
            line.append(f"  {shape_text(self.grid.shape)}", palette.style("data"))
            line.append(f"  {trace.dtype(self.node).name}", palette.style("muted"))
        else:
            line.append(f"  {NOT_YET}", palette.style("missing"))
        state = cursor.grad_state(self.node)
        if state == "none":
            line.append(f"   {GRAD} {NO_GRADIENT}", palette.style("muted"))
        elif "grad" not in self.arrays:
            line.append(f"   {GRAD} {NOT_YET}", palette.style("missing"))
        elif state == "partial":
            line.append(f"   {GRAD} {MORE_TO_COME}", palette.style("grad"))
        return line

    def _part(self, sheet: Sheet) -> RichText:
        """`   [1, :, :]   rows 4–9 of 28`: which part of it is in sight; "" where all is."""
        grid, words = self.grid, []
        if grid.slice_text():
            words.append(grid.slice_text())
        for name, first, seen, all_ in (
            (_ROWS, sheet.first[0], sheet.seen[0], grid.rows),
            (_COLUMNS, sheet.first[1], sheet.seen[1], grid.columns),
        ):
            if seen < all_:
                words.append(_OF.format(name=name, low=first, high=first + seen - 1, all=all_)[self.lang])
        return RichText("".join(f"   {word}" for word in words), self.palette.style("accent"))

    def _chosen(self) -> list[RichText]:
        """The chosen element with every digit, in both directions."""
        if self.cell is None or not self.grid.size:
            return []
        palette = self.palette
        name = f"{self.cursor.trace.label(self.node)}{self.grid.index_text()}"
        line = RichText(name, palette.style("accent", bold=True), no_wrap=True)
        for face, sign in (("value", "="), ("grad", f"  {GRAD}")):
            array = self.arrays.get(face)  # type: ignore[call-overload]
            if array is not None:
                text = full(array.reshape(-1)[self.cell])
                line.append(f" {sign} ", palette.style("muted")).append(text, palette.style(_ROLES[face]))  # type: ignore[index]
        return [line]

    def _figures(self, faces: list[Face], width: int) -> list[RichText]:
        """Statistics of each face shown; under a picture its scale."""
        lines = []
        several = len(faces) > 1
        for face in faces:
            array = self.arrays[face]
            if array.size < 2:
                continue
            line = RichText(no_wrap=True)
            if several or face == "grad":
                line.append(f"{GRAD if face == 'grad' else _VALUE[self.lang]}  ", self.palette.style(_ROLES[face]))
            for name, text in statistics(array).words():
                if line.cell_len + len(text) + 6 < width:
                    line.append(f"{name[self.lang]} ", self.palette.style("muted"))
                    line.append(f"{text}  ", self.palette.style(_ROLES[face]))
            lines.append(line)
        if self.zoom == "heat" or (self.zoom == "auto" and self.grid.rows * self.grid.columns > FEW):
            lines.insert(0, self._scales(faces))
        return lines

    def _scales(self, faces: list[Face]) -> RichText:
        """What the colours mean: each face has a scale of its own."""
        line = RichText(no_wrap=True)
        for face in faces:
            if len(faces) > 1:
                name = GRAD if face == "grad" else _VALUE[self.lang]
                line.append(f"{name} ", self.palette.style(_ROLES[face]))
            line.append_text(legend(self.arrays[face], self.palette)).append("   ")
        return line


def _cut(line: RichText, width: int) -> RichText:
    if line.cell_len > width:
        line.truncate(width, overflow="ellipsis")
    return line


_ROWS, _COLUMNS = Text("rows", "行"), Text("columns", "列")
_OF = Text("{name} {low}–{high} of {all}", "{name} {low}〜{high}（全 {all}）")
_VALUE = Text("value", "値")


def tensor_panel(
    cursor: Cursor,
    node: int,
    lang: Lang = "en",
    palette: Palette = DARK,
    height: int = 20,
    *,
    show: Show = "both",
    cell: int | None = None,
    zoom: Zoom = "auto",
    pushed: tuple[int, int] = (0, 0),
    blank: bool = False,
) -> TensorPanel:
    """A Rich renderable of one tensor node at a moment.

    Args:
        show: which of value and gradient matters.
        cell: the chosen element, an index into the flattened tensor.
        zoom: in numbers or as a picture; "auto" lets the size decide.
        pushed: rows and columns that the window was moved by hand.
        blank: its gradient is being asked for, so it is not shown.
    """
    return TensorPanel(cursor, node, lang, palette, height, show, cell, zoom, pushed, blank)
