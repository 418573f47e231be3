"""Several training runs as a table: where each ended, how its gradient went through the layers, what warns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len

from tracer.cli.steps import json_number
from tracer.cli.terminal import plain
from tracer.numbers import format_number
from tracer.text import Lang, Text
from tracer.train.compared import by_depth, update_ratio
from tracer.train.diagnosis import Reading, diagnose, foremost
from tracer.train.run import Run


@dataclass(frozen=True)
class Row:
    """One run, at its last step."""

    title: str
    folder: str
    step: int
    loss: float
    """Of the last step; nan where none was taken."""
    smoothed: float
    held_out: float | None
    depth: Mapping[str, float]
    """Stage, from the input to the loss -> norm of its gradient."""
    ratio: float
    """Update over weights, all parameters together."""
    readings: tuple[Reading, ...]

    def to_json(self) -> dict[str, Any]:
        """Numbers that JSON does not have are words."""
        return {
            "folder": self.folder,
            "step": self.step,
            "loss": json_number(self.loss),
            "smoothed": json_number(self.smoothed),
            "held_out": json_number(self.held_out),
            "gradient_by_depth": {name: json_number(size) for name, size in self.depth.items()},
            "update_over_weight": json_number(self.ratio),
            "readings": [one.to_json() for one in self.readings],
        }


def rows_of_runs(runs: Sequence[Run], titles: Sequence[str]) -> list[Row]:
    """A row for each run."""
    return [_row(run, title) for run, title in zip(runs, titles, strict=True)]


def _row(run: Run, title: str) -> Row:
    past = run.history
    signals = past.signals[-1][1] if past.signals else None
    tested = past.evals[-1][1] if past.evals else None
    return Row(
        title,
        str(run.folder),
        past.steps,
        float(past.losses[-1]) if past.steps else math.nan,
        float(past.smoothed[-1]) if past.steps else math.nan,
        tested,
        {} if signals is None else by_depth(signals),
        math.nan if signals is None else update_ratio(signals),
        diagnose(past, settings=run.settings),
    )


def table_lines(rows: Sequence[Row], lang: Lang) -> list[str]:
    """A heading, and a line for each run; below, the evidence of what warns."""
    cells = [[words[lang] for words in _COLUMNS], *(_cells(row, lang) for row in rows)]
    widths = [max(cell_len(row[i]) for row in cells) for i in range(len(_COLUMNS))]
    left = (0, len(_COLUMNS) - 1)
    lines = []
    for row in cells:
        parts = [
            text + " " * (width - cell_len(text)) if i in left else " " * (width - cell_len(text)) + text
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(parts).rstrip())
    warned = [(row, one) for row in rows if (one := foremost(row.readings)) is not None and one.warns]
    lines += [""] if warned else []
    lines += [plain(f"{row.title}: {one.says[lang]} {one.evidence[lang]}") for row, one in warned]
    return lines


def _cells(row: Row, lang: Lang) -> list[str]:
    sizes = list(row.depth.values())
    first, last = (sizes[0], sizes[-1]) if sizes else (math.nan, math.nan)
    share = first / last if last else math.nan
    read = foremost(row.readings)
    return [
        plain(row.title),
        f"{row.step:,}",
        _number(row.smoothed, 4),
        "–" if row.held_out is None else _number(row.held_out, 4),
        _number(last, 3),
        _number(first, 3),
        _number(share, 2),
        _number(row.ratio, 2),
        read.brief[lang] if read is not None else "–",
    ]


def _number(number: float, digits: int) -> str:
    return "–" if math.isnan(number) else format_number(number, digits)


_COLUMNS = (
    Text("run", "訓練"),
    Text("steps", "ステップ"),
    Text("loss", "損失"),
    Text("held out", "検証用"),
    Text("grad at the loss", "損失側の勾配"),
    Text("at the input", "入力側の勾配"),
    Text("arrives", "届く割合"),
    Text("update/weight", "更新/重み"),
    Text("diagnosis", "診断"),
)
