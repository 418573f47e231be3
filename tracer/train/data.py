"""Points of two kinds to learn: three sets that are made here from a seed, and any CSV with columns x1, x2 and y."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.errors import FileFormatError, NotFoundError, did_you_mean
from tracer.train.entry import Row

COLUMNS = ("x1", "x2", "y")
MOST_ROWS = 10_000
"""Rows of a CSV: every look asks the model about all of them."""
MOST_BYTES = 50_000_000
POINTS = 200
"""Of a set made here."""
DECIMALS = 4
"""Of its numbers, so that a file of them reads well and holds them exactly."""

Points = tuple[NDArray[np.float64], NDArray[np.float64]]
"""(n, 2) points and (n,) labels, -1 or 1."""


@dataclass(frozen=True)
class Dataset:
    """Points with labels, and what they are called."""

    name: str
    rows: tuple[Row, ...]


def moons(rng: np.random.Generator, n: int = POINTS, noise: float = 0.1) -> Points:
    """Two half circles, each reaching into the other."""
    angle = np.linspace(0, np.pi, n // 2)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    return _labelled(rng, upper, lower, noise)


def spirals(rng: np.random.Generator, n: int = POINTS, noise: float = 0.03) -> Points:
    """Two arms that wind around each other, a turn and a half."""
    turn = np.sqrt(np.linspace(0.02, 1, n // 2)) * 3 * np.pi
    arm = np.stack([np.cos(turn), np.sin(turn)], axis=1) * turn[:, None] / (3 * np.pi)
    return _labelled(rng, arm, -arm, noise)


def xor(rng: np.random.Generator, n: int = POINTS, noise: float = 0.25) -> Points:
    """A cloud at each corner of a square; corners across from each other belong together."""
    same = np.resize([[-1.0, -1.0], [1.0, 1.0]], (n // 2, 2))
    differ = np.resize([[-1.0, 1.0], [1.0, -1.0]], (n // 2, 2))
    return _labelled(rng, same, differ, noise)


MADE_HERE: Mapping[str, Callable[[np.random.Generator], Points]] = {"moons": moons, "spirals": spirals, "xor": xor}


def _labelled(rng: np.random.Generator, minus: NDArray[np.float64], plus: NDArray[np.float64], noise: float) -> Points:
    """Both kinds in a random order, each point moved a little."""
    points = np.concatenate([minus, plus])
    labels = np.repeat([-1.0, 1.0], [len(minus), len(plus)])
    order = rng.permutation(len(points))
    return np.round(points + rng.normal(0, noise, points.shape), DECIMALS)[order], labels[order]


def make(name: str, seed: int) -> tuple[Row, ...]:
    """The rows of a set made here: the same for the same seed."""
    points, labels = MADE_HERE[name](np.random.default_rng(seed))
    return tuple((x1, x2, y) for (x1, x2), y in zip(points.tolist(), labels.tolist(), strict=True))


def load(name: str, seed: int) -> Dataset:
    """The data called `name`: an existing file, else one of `MADE_HERE`.

    Raises:
        NotFoundError: neither; the nearest names are offered.
        FileFormatError: the file is no table of points, with the line that is wrong.
    """
    path = Path(name)
    if _there(path):
        return Dataset(path.name, read_csv(path))
    if name in MADE_HERE:
        return Dataset(name, make(name, seed))
    known = ", ".join(MADE_HERE)
    hint = did_you_mean(name, [*MADE_HERE, *_tables_beside(path)])
    raise NotFoundError(
        f"there is no data set or file called {name!r}.",
        hint=hint or f"Sets made here: {known}; or name a CSV file with columns x1,x2,y.",
        ja=f"{name!r} というデータセットやファイルはありません。",
        hint_ja=None if hint else f"用意されているもの: {known}。または、列 x1,x2,y をもつ CSV ファイル",
    )


def read_csv(path: Path) -> tuple[Row, ...]:
    """The points in a CSV with a header; other columns than x1, x2 and y are left aside.

    y has two different values: the smaller becomes -1, the larger 1.

    Raises:
        FileFormatError: what is wrong with it, and in which line.
    """
    if path.is_dir():
        raise FileFormatError(
            f"{path} is a folder, not a CSV file.", ja=f"{path} はフォルダです。CSV を指定してください。"
        )
    try:
        if path.stat().st_size > MOST_BYTES:
            raise FileFormatError(f"{path} has {path.stat().st_size:,} bytes; {MOST_BYTES:,} is the most.")
        with path.open(encoding="utf-8-sig", newline="") as file:
            found = _rows(csv.reader(file), path)
    except UnicodeDecodeError:
        raise FileFormatError(
            f"{path} is not text in UTF-8.", ja=f"{path} は UTF-8 のテキストではありません。"
        ) from None
    except OSError as problem:
        raise FileFormatError(f"{path}: cannot be read: {(problem.strerror or str(problem)).lower()}.") from None
    kinds = sorted({y for _, _, y in found})
    if len(kinds) != 2:
        some = ", ".join(f"{kind:g}" for kind in kinds[:5]) + (", …" if kinds[5:] else "")
        raise FileFormatError(
            f"{path}: y must have two different values, one for each kind; it has {len(kinds)}: {some or 'none'}.",
            ja=f"{path}: y には二種類の値が必要です。今は {len(kinds)} 種類です: {some or 'なし'}",
        )
    return tuple((x1, x2, -1.0 if y == kinds[0] else 1.0) for x1, x2, y in found)


def _rows(lines: Any, path: Path) -> list[Row]:
    """The rows that a csv reader gives, as numbers."""
    where = f"{path}:1"
    try:
        header = [name.strip() for name in next(lines, [])]
        if not set(COLUMNS) <= set(header):
            got = ", ".join(header)[:60] or "none"
            raise FileFormatError(
                f"{path}: columns x1, x2 and y are needed; the first line has {got}.",
                hint="The first line names the columns: x1,x2,y",
                where=where,
                ja=f"{path}: 列 x1、x2、y が必要です。一行目は {got} です。",
                hint_ja="一行目に列の名前を書いてください: x1,x2,y",
            )
        places = [header.index(name) for name in COLUMNS]
        found: list[Row] = []
        for cells in lines:
            where = f"{path}:{lines.line_num}"
            if not cells:
                continue
            if len(cells) != len(header):
                raise FileFormatError(
                    f"{path}: a row has {len(cells)} cells; the header has {len(header)}.",
                    where=where,
                    ja=f"{path}: セルが {len(cells)} 個の行があります。見出しは {len(header)} 個です。",
                )
            x1, x2, y = (_number(cells[place], name, path, where) for place, name in zip(places, COLUMNS, strict=True))
            found.append((x1, x2, y))
            if len(found) > MOST_ROWS:
                raise FileFormatError(f"{path} has more than {MOST_ROWS:,} rows, the most that are taken.", where=where)
    except csv.Error as problem:
        raise FileFormatError(f"{path} is not a CSV file: {problem}.", where=where) from None
    return found


def _number(cell: str, name: str, path: Path, where: str) -> float:
    try:
        number = float(cell)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise FileFormatError(
            f"{path}: {name} is {cell.strip()[:40]!r}, not a finite number.",
            where=where,
            ja=f"{path}: {name} が {cell.strip()[:40]!r} で、有限の数ではありません。",
        )
    return number


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, or a null byte
        return False


def _tables_beside(path: Path) -> list[str]:
    try:
        return [os.path.join(path.parent, one.name) for one in sorted(path.parent.glob("*.csv"))][:200]
    except (OSError, ValueError):
        return []
