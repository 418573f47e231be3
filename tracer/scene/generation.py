"""A generation at a moment: the symbols so far, how probable each is to come next, the keys and values in the cache.

A heat map says sizes by density and signs by kind, blocks above zero and dots below, as well as by colour; few enough
numbers stand there as numbers. Nothing that the walk has not reached is drawn: a row of the cache appears when it is
complete, the drawn symbol when it is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len, set_cell_size
from rich.style import Style
from rich.text import Text as RichText

from tracer.numbers import format_number
from tracer.scene.palette import DARK, Palette, Role
from tracer.text import Lang, Text, clean
from tracer.trace.cursor import Cursor
from tracer.trace.generation import Cache, Generation

Floats = NDArray[np.float64]

TOP = 10
"""Symbols listed, the most probable first."""
BOS = "⟨B⟩"
ABOVE, BELOW = " ░▒▓█", " ⠂⠢⠶⠿"
"""Signs of a heat map, from zero to the largest numbers."""
BESIDE = 64
"""Cells from which on probabilities and cache stand side by side."""
NAME = 4
"""Cells of a symbol and the space after it."""
LIST = 30
"""Cells of the probabilities, where something stands beside them."""
NUMBER = 8
"""Cells of a number in the cache, where there are few."""

WORDS = {
    "so far": Text("so far", "ここまで"),
    "next": Text("next symbol", "次の文字"),
    "drawn": Text("◀ drawn", "◀ 選ばれた"),
    "position": Text("position {position}", "位置 {position}"),
    "temperature": Text("temperature {t}", "温度 {t}"),
    "cold": Text("temperature 0: the most probable", "温度 0: 最も確率の高い文字"),
    "not yet": Text("? not computed yet", "? まだ計算されていません"),
    "nothing": Text("Nothing has been computed yet.", "まだ何も計算されていません。"),
    "cache": Text("cache", "キャッシュ"),
    "keys": Text("keys", "キー"),
    "values": Text("values", "値"),
    "no cache": Text("The cache is empty.", "キャッシュは空です。"),
    "earlier": Text("{n} rows earlier", "前に {n} 行"),
    "above": Text("█ {size} and more", "█ {size} 以上"),
    "below": Text("⠿ {size} and less", "⠿ {size} 以下"),
}


def symbol_face(symbol: str | None) -> str:
    """A symbol as it is shown: BOS as a badge, a space and a line break as signs."""
    if symbol is None:
        return BOS
    return {" ": "␣", "\n": "⏎", "\t": "⇥"}.get(symbol, clean(symbol) or "?")


@dataclass(frozen=True)
class GenerationLines:
    """Draws a generation at a cursor."""

    generation: Generation
    cursor: Cursor
    lang: Lang
    palette: Palette = DARK

    def lines(self, width: int, height: int) -> list[RichText]:
        """At most `height` lines of at most `width` cells."""
        token = self.generation.token_at(self.cursor)
        head = self._head(width)
        room = height - len(head)
        if token is None or room < 1:
            lines = head
        elif width >= BESIDE:
            left, right = self._next(LIST, room), self._cache(width - LIST - 2, room)
            lines = [*head, *_beside(left, right, LIST + 2)]
        else:
            caches = self.generation.caches(self.cursor)
            tall = sum(len(cache.keys) + 1 for cache in caches) + 2
            listed = self._next(width, max(min(room, 5), min(TOP + 1, room - tall)))
            lines = [*head, *listed, *self._cache(width, room - len(listed))]
        for line in lines:
            line.truncate(width, overflow="ellipsis")
        return lines[:height]

    def _head(self, width: int) -> list[RichText]:
        """The symbols so far; the position and the temperature."""
        generation, token = self.generation, self.generation.token_at(self.cursor)
        cold = generation.temperature < 1e-6
        warm = WORDS["temperature"].format(t=f"{generation.temperature:g}")
        about = RichText(no_wrap=True)
        if token is not None:
            about.append(WORDS["position"].format(position=token.position)[self.lang] + "   ", self._style("accent"))
        about.append((WORDS["cold"] if cold else warm)[self.lang], self._style("muted"))
        if token is None:
            return [about, RichText(WORDS["nothing"][self.lang], self._style("muted"))]
        line = RichText(WORDS["so far"][self.lang] + "  ", self._style("muted"), no_wrap=True)
        faces = [symbol_face(generation.symbol(number)) for number in generation.read_by(self.cursor)]
        drawn = generation.drawn_by(self.cursor)
        last = symbol_face(generation.symbol(drawn)) if drawn is not None else "?"
        room = width - line.cell_len - cell_len(last) - 3
        while len(faces) > 1 and sum(cell_len(face) + 1 for face in faces) > room:
            faces = ["…", *faces[2:]] if faces[0] == "…" else ["…", *faces[1:]]
        for k, face in enumerate(faces):
            here = k == len(faces) - 1
            line.append(f"{face} ", self.palette.style("active" if here else "text"))
        line.append("→ ", self._style("muted"))
        line.append(last, self._style("ok" if drawn is not None else "missing"))
        return [about, line]

    def _next(self, width: int, height: int) -> list[RichText]:
        """The most probable symbols, each with a bar; the drawn one is marked, however improbable."""
        lines = [RichText(WORDS["next"][self.lang], self._style("accent"), no_wrap=True)]
        probs = self.generation.probabilities(self.cursor)
        if probs is None:
            return [*lines, RichText(WORDS["not yet"][self.lang], self._style("missing"))]
        drawn = self.generation.drawn_by(self.cursor)
        order = np.argsort(-np.nan_to_num(probs, nan=-1.0), kind="stable").tolist()
        shown = order[: max(1, min(TOP, height - 1))]
        if drawn is not None and drawn < len(probs) and drawn not in shown:
            shown[-1] = drawn
        mark = WORDS["drawn"][self.lang]
        most = float(np.nanmax(probs)) if np.isfinite(probs).any() else 1.0
        bars = max(1, width - NAME - 8 - cell_len(mark) - 1)
        for number in shown:
            prob, here = float(probs[number]), number == drawn
            face = symbol_face(self.generation.symbol(number))
            line = RichText(set_cell_size(face, NAME), self._style("text", bold=here), no_wrap=True)
            line.append(_bar(prob / most if most else 0.0, bars), self._style("data"))
            figure = "?" if np.isnan(prob) else format_number(prob, 3)
            line.append(f" {figure:>7}", self._style("missing" if np.isnan(prob) else "data"))
            line.append(f" {mark}" if here else "", self._style("ok"))
            lines.append(line)
        return lines

    def _cache(self, width: int, height: int) -> list[RichText]:
        """Keys and values of every layer, a row a position."""
        caches = self.generation.caches(self.cursor)
        kept = self.generation.kept
        drawn = caches, width, height, self.lang, self.palette.name, len(self.generation.read_by(self.cursor))
        if kept.get("cache", (None,))[0] != drawn:
            kept["cache"] = drawn, self._draw_cache(caches, width, height)
        return list(kept["cache"][1])

    def _draw_cache(self, caches: Sequence[Cache], width: int, height: int) -> list[RichText]:
        if not caches:
            return [RichText(WORDS["no cache"][self.lang], self._style("muted"))][:height]
        reads = [symbol_face(self.generation.symbol(number)) for number in self.generation.read_by(self.cursor)]
        lines: list[RichText] = []
        each = max(2, height // len(caches))
        for cache in caches:
            lines += self._layer(cache, reads, width, each)
        return lines[:height]

    def _layer(self, cache: Cache, reads: Sequence[str], width: int, height: int) -> list[RichText]:
        rows = max(len(cache.keys), len(cache.values))
        parts = [(name, part) for name, part in (("keys", cache.keys), ("values", cache.values)) if part.size]
        room = (width - NAME - 2 * (len(parts) - 1)) // max(1, len(parts))
        few = all(part.shape[1] * NUMBER <= room for _, part in parts)
        scale = max((_reach(part) for _, part in parts), default=1.0)
        legend = not few and height > 4
        first = max(0, rows - (height - 1 - legend))
        head = RichText(set_cell_size(clean(cache.layer), max(NAME, len(cache.layer) + 1)), self._style("accent"))
        head.no_wrap = True
        for k, (name, part) in enumerate(parts):
            head.append(" " * max(0, NAME + k * (room + 2) - head.cell_len))
            head.append(f"{WORDS[name][self.lang]} {part.shape}", self._style("muted"))
        if first and head.cell_len + 14 < width:
            head.append("  ↑ " + WORDS["earlier"].format(n=first)[self.lang], self._style("muted"))
        lines = [head]
        for row in range(first, rows):
            newest = row == rows - 1
            line = RichText(set_cell_size(reads[row] if row < len(reads) else "", NAME), no_wrap=True)
            line.style = self._style("active" if newest else "text")
            for k, (_, part) in enumerate(parts):
                line.append(" " * max(0, NAME + k * (room + 2) - line.cell_len))
                if row < len(part):
                    line.append_text(self._numbers(part[row]) if few else self._shades(part[row], scale, room))
            lines.append(line)
        if legend:
            line = RichText(" " * NAME, no_wrap=True)
            line.append(WORDS["above"].format(size=format_number(scale, 3))[self.lang], self._style("data"))
            line.append("   ").append(
                WORDS["below"].format(size=format_number(-scale, 3))[self.lang], self._style("grad")
            )
            lines.append(line)
        return lines

    def _numbers(self, row: Floats) -> RichText:
        line = RichText(no_wrap=True)
        for value in row.tolist():
            line.append(f"{format_number(value, 3):>{NUMBER - 1}} ", self._style("data" if value >= 0 else "grad"))
        return line

    def _shades(self, row: Floats, scale: float, room: int) -> RichText:
        """A cell or two a number, the darker the larger; two where there is room."""
        wide = 2 if 2 * len(row) <= room else 1
        cut = len(row) * wide > room
        cells: list[tuple[str, Role]] = []
        for value in row[: room // wide - cut].tolist():
            level = 0 if value == 0 else 1 + min(3, int(3.999 * abs(value) / scale)) if np.isfinite(value) else -1
            sign = "?" if level < 0 else (ABOVE if value >= 0 else BELOW)[level]
            cells.append((sign, "wrong" if level < 0 else "data" if value >= 0 else "grad"))
        line = RichText(no_wrap=True)
        for role, group in groupby(cells, key=lambda cell: cell[1]):
            line.append("".join(sign * wide for sign, _ in group), self._style(role))
        return line.append("…" if cut else "", self._style("muted"))

    def _style(self, role: Role, *, bold: bool = False) -> Style:
        return self.palette.style(role, bold=bold)


def _reach(part: Floats) -> float:
    """A size that nine numbers of ten do not exceed."""
    sizes = np.abs(part[np.isfinite(part)])
    return float(np.quantile(sizes, 0.9)) or 1.0 if sizes.size else 1.0


def _bar(share: float, width: int) -> str:
    """`███▎`, padded."""
    eighths = round(min(1.0, max(0.0, share if np.isfinite(share) else 0.0)) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (" ▏▎▍▌▋▊▉"[rest] if rest else "")).ljust(width)


def _beside(left: Sequence[RichText], right: Sequence[RichText], column: int) -> list[RichText]:
    """Lines side by side, the right ones from this cell on."""
    lines = []
    for k in range(max(len(left), len(right))):
        line = left[k].copy() if k < len(left) else RichText(no_wrap=True)
        line.truncate(column - 1)
        line.append(" " * (column - line.cell_len))
        lines.append(line.append_text(right[k]) if k < len(right) else line)
    return lines
