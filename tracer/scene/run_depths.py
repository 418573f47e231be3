"""How large the gradient is from layer to layer, in several runs: a line each, from the loss at the right leftwards.

Runs of different depth are aligned at the loss, where the gradient sets out: so a place in the picture is a distance
from the loss. The scale is logarithmic; what is exactly 0 stands on a line of its own below it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from rich.cells import cell_len
from rich.text import Text as RichText

from tracer.numbers import format_number
from tracer.scene.curves import LEAST_HEIGHT, LEAST_WIDTH, Axis, dots, fit
from tracer.scene.palette import Palette, Role
from tracer.scene.run_curves import SIGNS
from tracer.text import Lang, Text, clean

WORDS = {
    "stream": Text(
        "dL/d residual stream: from the embedding (left) to the loss (right), log scale",
        "dL/d 残差ストリーム：左が埋め込み、右が損失（対数目盛）",
    ),
    "weights": Text(
        "dL/d weights, in the program's order: the first (left) to the last (right), log scale",
        "dL/d 重み：プログラムの順に、左が最初、右が最後（対数目盛）",
    ),
    "nothing": Text("No gradient has been looked at yet.", "勾配はまだ記録されていません。"),
    "broken": Text("not a finite number: {names}", "有限でない: {names}"),
}
_LAYER = re.compile(r"layer(\d+)\.", re.ASCII)
_LEAST = 1e-300
"""What is smaller stands with 0."""


@dataclass(frozen=True)
class Depth:
    """A run's gradient norm at each stage, from the input to the loss."""

    name: str
    sizes: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class RunDepths:
    """Lines of exactly `width` cells."""

    depths: Sequence[Depth]
    lang: Lang
    palette: Palette
    width: int
    height: int
    marked: int = 0
    """The run that is looked at: its line lies over the others."""
    stream: bool = True
    """Whether these are stages of a residual stream, or weights."""

    def lines(self) -> list[RichText]:
        """The lines, the scale at the left, the stages below."""
        axis = self._axis
        if axis is None or self.width < LEAST_WIDTH or self.height < LEAST_HEIGHT:
            words = WORDS["nothing"][self.lang] if axis is None and self.width >= LEAST_WIDTH else ""
            blank = [RichText(" " * self.width) for _ in range(self.height - 1)]
            return [fit(RichText(words, self.palette.style("muted")), self.width), *blank][: self.height]
        zero = any(abs(size) < _LEAST for one in self.depths for size in one.sizes.values())
        rows = self.height - 2 - zero
        ticks = _ticks(axis, rows) | ({rows: "0"} if zero else {})
        left = max(map(len, ticks.values()))
        columns = self.width - left - 1
        found, muted = [], self.palette.style("muted")
        for y, cells in enumerate(self._cells(axis, columns, rows, zero)):
            line = RichText(ticks.get(y, "").rjust(left) + ("┤" if y in ticks else "│"), muted, no_wrap=True)
            for text, role in cells:
                line.append(text, self.palette.style(role))
            found.append(line)
        found.append(RichText(" " * (left + 1) + self._below(columns), muted, no_wrap=True))
        return [*found, fit(RichText(self._about(), muted), self.width)]

    @cached_property
    def most(self) -> int:
        """Stages of the deepest run."""
        return max((len(one.sizes) for one in self.depths), default=0)

    @cached_property
    def _axis(self) -> Axis | None:
        """Whole powers of ten around all numbers."""
        known = [size for one in self.depths for size in one.sizes.values() if _LEAST <= size < math.inf]
        if not known:
            return None
        low, high = math.floor(math.log10(min(known))), math.ceil(math.log10(max(known)))
        return Axis(10.0 ** max(-300, low), 10.0 ** min(300, max(high, low + 1)), log=True)

    def _column(self, stage: int, of: int, columns: int) -> int:
        """The column of the stage (from 0) of a run with so many."""
        place = self.most - of + stage
        return columns - 1 if self.most == 1 else round(place / (self.most - 1) * (columns - 1))

    def _cells(self, axis: Axis, columns: int, rows: int, zero: bool) -> list[list[tuple[str, Role]]]:
        cells: list[list[tuple[str, Role]]] = [[(" ", "muted")] * columns for _ in range(rows + zero)]
        order = [k for k in range(len(self.depths)) if k != self.marked] + [self.marked]
        for k in order:
            sizes = np.array([*self.depths[k].sizes.values()], np.float64)
            if not len(sizes):
                continue
            shown = np.where((sizes >= _LEAST) & np.isfinite(sizes), sizes, np.nan)
            of = np.arange(self.most - len(sizes) + 1, self.most + 1)
            bits = dots(axis.at(shown), columns, rows, joined=True, steps=self.most, of=of)
            for y, x in np.argwhere(bits).tolist():
                cells[y][x] = chr(0x2800 + int(bits[y, x])), SIGNS[k % len(SIGNS)][1]
        signs: set[tuple[int, int]] = set()
        crowded = self.most * (len(self.depths) + 1) > columns
        for k in reversed(order):
            sizes_of = [*self.depths[k].sizes.values()]
            for stage, size in enumerate(sizes_of):
                ends = stage in (0, len(sizes_of) - 1)
                if crowded and not ends and (self.most - len(sizes_of) + stage) % max(2, len(self.depths)) != k:
                    continue
                x = self._column(stage, len(sizes_of), columns)
                if abs(size) < _LEAST:
                    y = rows
                elif math.isfinite(size) and size > 0:
                    y = axis.row(size, rows)
                else:
                    continue
                free = next((at for at in (x, x - 1, x + 1, x - 2, x + 2) if (y, at) not in signs), x)
                if 0 <= y < len(cells) and 0 <= free < columns:
                    signs.add((y, free))
                    cells[y][free] = SIGNS[k % len(SIGNS)]
        return cells

    def _below(self, columns: int) -> str:
        """Where the layers of the deepest run begin, as far as there is room."""
        deepest = max(self.depths, key=lambda one: len(one.sizes))
        words = [" "] * columns
        names = list(deepest.sizes)
        labels: list[tuple[int, str]] = []
        before = ""
        for stage, name in enumerate(names):
            found = _LAYER.match(name)
            short = f"L{found[1]}" if found is not None and self.stream else _short(name)
            if short != before:
                labels.append((stage, short))
            before = short
        end = 0
        for stage, label in labels:
            start = min(self._column(stage, len(names), columns), columns - cell_len(label))
            if start >= end and start >= 0 and label.isascii():
                words[start : start + len(label)] = label
                end = start + len(label) + 1
        return "".join(words)

    def _about(self) -> str:
        broken = [one.name for one in self.depths if any(not math.isfinite(size) for size in one.sizes.values())]
        words = WORDS["stream" if self.stream else "weights"][self.lang]
        if not broken:
            return words
        return f"{WORDS['broken'].format(names=', '.join(map(clean, broken)))[self.lang]}   {words}"


def _ticks(axis: Axis, rows: int) -> dict[int, str]:
    """Row -> the power of ten there; so many that they can be told apart."""
    low, high = round(math.log10(axis.low)), round(math.log10(axis.high))
    every = max(1, math.ceil((high - low) / max(1, rows // 4)))
    found = {}
    for power in range(high, low - 1, -every):
        y = axis.row(10.0**power, rows)
        if y >= 0:
            found[y] = format_number(10.0**power)
    return found or {0: format_number(axis.high)}


def _short(name: str) -> str:
    """`layer0.attn_wq` as `L0.wq`, a user's own name as it is."""
    return clean(_LAYER.sub(r"L\1.", name).replace("attn_w", "w").replace("mlp_fc", "fc"))[:12]
