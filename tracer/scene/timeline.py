"""The timeline: forward ▸, backward ◂, updates and the rest side by side, and where one is in them.

Each stretch gets columns in proportion to its steps at the granularity in use. Where there are too many stretches for
their names, only signs remain; where there are too many for a column each, columns stand for equal shares of time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text as RichText

from tracer.scene.palette import DARK, Palette, Role
from tracer.text import Lang, Text
from tracer.trace.cursor import Cursor
from tracer.trace.segment import By
from tracer.trace.trace import Trace

NAMES = {
    "forward": Text("forward", "順伝播"),
    "backward": Text("backward", "逆伝播"),
    "write": Text("zero", "ゼロに"),
    "update": Text("update", "更新"),
    "mark": Text("mark", "印"),
}
SIGNS = {"forward": "▸", "backward": "◂", "write": "0", "update": "Δ", "mark": "*"}
ROLES: dict[str, Role] = {"forward": "data", "backward": "grad", "write": "muted", "update": "accent", "mark": "mark"}
AHEAD, HEAD, BORDER, TICK = "·", "●", "│", "◆"


class Stretch(NamedTuple):
    """A part of the timeline: a run of steps of one kind. It covers positions start+1..stop."""

    kind: str
    start: int
    stop: int


@lru_cache(maxsize=8)
def stretches(trace: Trace) -> tuple[Stretch, ...]:
    """The stretches of a trace; a backward pass is one, with the marks made inside it."""
    found: list[Stretch] = []
    inside = 0
    passes = {this.start: this.stop for this in trace.passes}
    for segment in trace.segments:
        if segment.stop <= inside:
            continue
        stop = passes.get(segment.start, segment.stop) if segment.kind == "backward" else segment.stop
        if found and found[-1].kind == segment.kind != "backward":
            found[-1] = Stretch(segment.kind, found[-1].start, stop)
        else:
            found.append(Stretch(segment.kind, segment.start, stop))
        inside = stop
    return tuple(found)


class Cell(NamedTuple):
    """One column of the track: the last position it stands for, and its kind; a border or a name has the kind ""."""

    position: int
    kind: str
    text: str = ""


@dataclass(frozen=True)
class Timeline:
    """A Rich renderable of one line, exactly `width` cells wide."""

    cursor: Cursor
    lang: Lang
    palette: Palette
    width: int
    by: By
    ticks: Sequence[NDArray[np.int64]] = field(default=(), compare=False)
    """Positions to be marked: breakpoints. Each array is ascending."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self.text

    @property
    def text(self) -> RichText:
        """The line."""
        position, track = self.cursor.position, self._track
        line = RichText(no_wrap=True, end="")
        head, ticked = self._head(track), self._ticked(track)
        line.append(" ")
        line.append(HEAD if position == 0 else " ", self.palette.style("active"))
        runs: list[tuple[str, Role]] = []
        for i, cell in enumerate(track):
            if cell.text:
                runs.append((cell.text, "muted"))
            elif i == head:
                runs.append((HEAD, "active"))
            elif i in ticked:
                runs.append((TICK, "wrong" if cell.position <= position else "muted"))
            elif cell.position <= position:
                runs.append((SIGNS[cell.kind], ROLES[cell.kind]))
            else:
                runs.append((AHEAD, "muted"))
        for role, run in groupby(runs, key=itemgetter(1)):  # a style a stretch, not a style a cell
            line.append("".join(text for text, _ in run), self.palette.style(role))
        line.append(" " * (self.width - cell_len(line.plain) - cell_len(self._count) - 1))
        line.append(self._count, self.palette.style("text")).append(" ")
        line.truncate(self.width, pad=True)
        return line

    def _ticked(self, track: tuple[Cell, ...]) -> set[int]:
        """Columns that stand for a marked position."""
        if not any(map(len, self.ticks)):
            return set()
        columns = [i for i, cell in enumerate(track) if not cell.text]
        ends = np.array([0, *(track[i].position for i in columns)], np.int64)
        upto = sum(np.searchsorted(ticks, ends, "right") for ticks in self.ticks)
        return {columns[i] for i in np.flatnonzero(np.diff(upto)).tolist()}

    def position_at(self, column: int) -> int:
        """The position that a click in this column means."""
        track, at = self._track, 2
        found = 0
        for cell in track:
            if column < at:
                break
            if not cell.text:
                found = cell.position
            at += cell_len(cell.text) or 1
        return found

    @property
    def _count(self) -> str:
        i, n = self.cursor.index(self.by)
        return f"{i:>{len(f'{n:,}')},} / {n:,}"

    @property
    def _track(self) -> tuple[Cell, ...]:
        n = len(self.cursor.trace.stops(self.by))
        room = self.width - 2 - 2 - len(f"{n:,} / {n:,}") - 1
        return _track(self.cursor.trace, self.by, self.lang, max(1, room))

    def _head(self, track: tuple[Cell, ...]) -> int:
        """The column of the present position, -1 at the very beginning."""
        position = self.cursor.position
        if position == 0:
            return -1
        ends = [cell.position for cell in track if not cell.text]
        if not ends:
            return -1
        reached = min((end for end in ends if end >= position), default=ends[-1])
        return max(i for i, cell in enumerate(track) if not cell.text and cell.position == reached)


@lru_cache(maxsize=16)
def _track(trace: Trace, by: By, lang: Lang, width: int) -> tuple[Cell, ...]:
    """At most `width` cells of track."""
    stops = trace.stops(by)
    parts = [
        (s, stops[np.searchsorted(stops, s.start, "right") : np.searchsorted(stops, s.stop, "right")])
        for s in stretches(trace)
    ]
    parts = [(s, inside) for s, inside in parts if len(inside)]
    if not parts:
        return ()
    for named in (True, False):
        names = [f" {NAMES[s.kind][lang]} " if named else "" for s, _ in parts]
        taken = sum(cell_len(name) + 1 for name in names)
        least = sum(min(3 if named else 1, len(inside)) for _, inside in parts)
        if taken + least <= width:
            return _side_by_side(parts, names, width - taken)
    return _shares(trace, stops, width)


def _side_by_side(parts: list[tuple[Stretch, NDArray[np.int64]]], names: list[str], room: int) -> tuple[Cell, ...]:
    """Each stretch with its columns, in proportion to its steps."""
    steps = np.array([len(inside) for _, inside in parts])
    columns = np.maximum(1, np.floor(steps * room / steps.sum()).astype(int))
    while columns.sum() > room:
        columns[np.argmax(columns)] -= 1
    cells: list[Cell] = []
    for (stretch, inside), name, k in zip(parts, names, columns.tolist(), strict=True):
        if name:
            cells.append(Cell(0, "", name))
        cells += [Cell(int(inside[max(1, (j + 1) * len(inside) // k) - 1]), stretch.kind) for j in range(k)]
        cells.append(Cell(0, "", BORDER))
    return tuple(cells)


def _shares(trace: Trace, stops: NDArray[np.int64], width: int) -> tuple[Cell, ...]:
    """Equal shares of time, each with the sign of what happens at its end."""
    k = min(width, len(stops))
    ends = [int(stops[(j + 1) * len(stops) // k - 1]) for j in range(k)]
    starts = [s.start for s in stretches(trace)]
    kinds = [stretches(trace)[int(np.searchsorted(starts, end, "left")) - 1].kind for end in ends]
    return tuple(Cell(end, kind) for end, kind in zip(ends, kinds, strict=True))


def timeline(
    cursor: Cursor,
    lang: Lang = "en",
    palette: Palette = DARK,
    width: int = 80,
    *,
    by: By = "edge",
    ticks: Sequence[NDArray[np.int64]] = (),
) -> Timeline:
    """A Rich renderable of the whole time, `width` cells wide; `position_at(column)` tells what a click means."""
    return Timeline(cursor, lang, palette, width, by, ticks)
