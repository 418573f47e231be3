"""`run.json`: what a run is. Written once, before the first step; read with nothing taken on trust.

    {"format": "gradient-tracer-run", "version": 1,
     "program": {"path": "/home/ann/gpt.py", "shown": "gpt.py", "sha256": "..."},
     "data": {"name": "names.txt", "path": "names.txt", "sha256": "...", "count": 1016},
     "asked": {"seed": 42, "steps": 1000, "settings": {"n_layer": 2}, ...},
     "settings": {"n_layer": 2, "n_embd": 16, ...}, "seed": 42, "steps": 1000, "mode": "lines",
     "engine": "Tensor", "device": "cpu", "dtype": "float32",
     "parameters": {"wte": [27, 16], ...}, "symbols": ["a", ...],
     "rows": [], "predicts": false, "documents": 914, "held_out": 102,
     "versions": {"python": "3.11.9", "numpy": "2.4.0", "tracer": "0.1.0"}, "created": "2026-01-31T12:00:00Z"}

`asked` is what the user asked for and nothing else: asked for again, it gives the same run. `settings` are those in
use, the program's defaults too. Names that are not known here are left alone.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import tracer
from tracer.errors import FileFormatError, NotFoundError
from tracer.files import write_atomic
from tracer.text import clean
from tracer.train.entry import MOST_STEPS, Setting

NAME = "run.json"
FORMAT = "gradient-tracer-run"
VERSION = 2
"""Raised when a reader of the old format would misread the new one. 2: settings may change on the way; a run of which
none did is written as 1."""
MOST_BYTES = 64 << 20
"""Of a `run.json`: a vocabulary of every character there is takes 20 MB."""


@dataclass(frozen=True)
class ProgramUsed:
    """The program that was trained."""

    path: str
    """Where its file was, whole."""
    shown: str
    """What messages call it."""
    sha256: str
    """Of its text, which the run keeps a copy of."""


@dataclass(frozen=True)
class DataUsed:
    """What was learned from."""

    name: str
    """What to call it; empty where it was the program's own."""
    path: str | None
    """As the user named it; None where it was the program's own."""
    sha256: str
    count: int
    """Rows or documents."""


@dataclass(frozen=True)
class About:
    """Everything that `run.json` holds."""

    program: ProgramUsed
    data: DataUsed
    asked: Mapping[str, Any]
    settings: Mapping[str, Setting]
    seed: int | None
    steps: int
    mode: str | None
    engine: str
    device: str
    dtype: str
    parameters: Mapping[str, tuple[int, ...]]
    """Name -> shape."""
    symbols: tuple[str, ...]
    versions: Mapping[str, str]
    created: str
    rows: tuple[tuple[float, ...], ...] = ()
    """Points that are learned from, to be shown; empty for anything else."""
    predicts: bool = False
    documents: int = 0
    held_out: int = 0
    resumed: tuple[Mapping[str, Any], ...] = field(default=())
    """Where it was gone on with something else than before: {"step": 50, "what": ["lr", ...], "before": {...}}; what
    was in force until then, `in_force` reads from there."""

    def write(self, folder: Path) -> None:
        """Write it into a run's folder.

        Raises:
            FileFormatError: it cannot be written.
        """
        version = VERSION if any(one.get("carried") for one in self.resumed) else 1
        said = {"format": FORMAT, "version": version, **asdict(self)}
        write_atomic(folder / NAME, json.dumps(said, ensure_ascii=False, indent=1).encode() + b"\n", FileFormatError)

    @classmethod
    def read(cls, folder: Path) -> About:
        """What `run.json` in a folder holds.

        Raises:
            NotFoundError: there is none.
            FileFormatError: what is wrong in it.
        """
        path = folder / NAME
        try:
            found = json.loads(read_regular(path, MOST_BYTES))
        except (ValueError, RecursionError):
            raise damaged(path, "it is not whole, or not JSON", "全体がそろっていないか、JSON ではありません") from None
        said = Said(path, found)
        if said.get("format") != FORMAT:
            raise damaged(path, "it describes no run", "訓練の記録ではありません")
        version = said.whole("version", least=1)
        if version > VERSION:
            raise FileFormatError(
                f"{path}: made by a newer Gradient Tracer (format {version}; this one reads {VERSION}).",
                ja=f"{path}: 新しい版の Gradient Tracer で作られています（形式 {version}）。",
            )
        program, data = said.table("program"), said.table("data")
        return cls(
            ProgramUsed(*(program.word(name) for name in ("path", "shown", "sha256"))),
            DataUsed(data.word("name"), data.word_or_none("path"), data.word("sha256"), data.whole("count")),
            _asked(said.table("asked")),
            said.table("settings").settings(),
            said.whole("seed") if said.get("seed") is not None else None,
            said.whole("steps", most=MOST_STEPS),
            said.word_or_none("mode"),
            said.word("engine"),
            said.word("device"),
            said.word("dtype"),
            said.table("parameters").shapes(),
            tuple(said.words("symbols")),
            {name: str(one) for name, one in said.table("versions").items()},
            said.word("created"),
            said.points("rows"),
            said.get("predicts") is True,
            said.whole("documents") if said.get("documents") is not None else 0,
            said.whole("held_out") if said.get("held_out") is not None else 0,
            tuple(said.tables("resumed")),
        )


def sha256(data: bytes) -> str:
    """What tells whether something is the same as it was."""
    return hashlib.sha256(data).hexdigest()


def versions() -> dict[str, str]:
    """What numbers may depend on."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "tracer": tracer.__version__,
        "machine": platform.machine(),
    }


def now() -> str:
    """The moment, as `created` has it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_regular(path: Path, most: int) -> bytes:
    """The bytes of an ordinary file: a pipe would keep us waiting, a device never ends.

    Raises:
        NotFoundError: there is none.
        FileFormatError: it is something else, too large, or cannot be read.
    """
    try:
        about = os.stat(path)
        if not stat.S_ISREG(about.st_mode):
            raise damaged(path, "it is no ordinary file", "ふつうのファイルではありません")
        if about.st_size > most:
            raise damaged(path, f"it has {about.st_size:,} bytes, which is too much", "大きすぎます")
        with open(path, "rb") as file:
            return file.read(about.st_size + 1)  # not more: Python sets aside whatever is asked for
    except FileNotFoundError:
        raise NotFoundError(f"{path}: no such file.", ja=f"{path}: ファイルが見つかりません。") from None
    except (OSError, ValueError) as problem:
        why = (getattr(problem, "strerror", None) or str(problem)).lower()
        raise FileFormatError(f"{path}: cannot be read: {why}.", ja=f"{path}: 読めません（{why}）。") from None


def damaged(path: Path, what: str, ja: str) -> FileFormatError:
    """What to say of a part of a run that is not as we write it."""
    return FileFormatError(clean(f"{path}: {what}."), ja=clean(f"{path}: {ja}。"))


def _asked(said: Said) -> dict[str, Any]:
    """What the user asked for, each part of its kind."""
    number = {name: said.whole(name) if said.get(name) is not None else None for name in ("seed", "steps")}
    word = {name: said.word_or_none(name) for name in ("data", "mode", "engine", "init")}
    return {**number, **word, "settings": said.table("settings").settings()}


class Said:
    """A table out of a JSON file, asked for parts of a certain kind.

    Raises:
        FileFormatError: from every question, where the answer would be of another kind; it names file and part.
    """

    def __init__(self, path: Path, found: Any, where: str = "") -> None:
        self._path, self._where = path, where
        if not isinstance(found, dict):
            raise (
                self._wrong(where.rstrip("."), "a table", found)
                if where
                else damaged(path, "it is no table", "表ではありません")
            )
        self._found: dict[str, Any] = found

    def get(self, name: str) -> Any:
        """Whatever stands there; None where nothing does."""
        return self._found.get(name)

    def items(self) -> list[tuple[str, Any]]:
        return list(self._found.items())

    def word(self, name: str) -> str:
        found = self._found.get(name)
        if not isinstance(found, str):
            raise self._wrong(name, "a word", found)
        return found

    def word_or_none(self, name: str) -> str | None:
        return None if self._found.get(name) is None else self.word(name)

    def words(self, name: str) -> list[str]:
        found = self._found.get(name)
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise self._wrong(name, "a list of words", found)
        return found

    def whole(self, name: str, *, least: int = 0, most: int = 2**64) -> int:
        found = self._found.get(name)
        if isinstance(found, bool) or not isinstance(found, int) or not least <= found <= most:
            raise self._wrong(name, f"a whole number from {least:,}", found)
        return found

    def number(self, name: str) -> float:
        """A number; `"nan"`, `"inf"` and `"-inf"` stand for what JSON has no numbers for."""
        found = self._found.get(name)
        if found in NOT_FINITE:
            return float(found)
        if isinstance(found, bool) or not isinstance(found, int | float) or not _is_float(found):
            raise self._wrong(name, "a number", found)
        return float(found)

    def table(self, name: str) -> Said:
        return Said(self._path, self._found.get(name), f"{self._where}{name}.")

    def tables(self, name: str) -> list[dict[str, Any]]:
        found = self._found.get(name, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self._wrong(name, "a list of tables", found)
        return found

    def points(self, name: str) -> tuple[tuple[float, ...], ...]:
        found = self._found.get(name) or []
        for one in found if isinstance(found, list) else [found]:
            whole = isinstance(one, list) and len(one) == 3 and all(isinstance(x, int | float) for x in one)
            if not whole or not all(map(_is_float, one)):
                raise self._wrong(name, "a list of points", one)
        return tuple(tuple(map(float, one)) for one in found)

    def settings(self) -> dict[str, Setting]:
        """All of it: numbers, words and switches by name."""
        for name, one in self._found.items():
            if not isinstance(one, int | float | str) or (not isinstance(one, str) and not _is_float(one)):
                raise self._wrong(name, "a number, a word or a switch", one)
        return dict(self._found)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """All of it: shapes by name."""
        for name, one in self._found.items():
            sizes = one if isinstance(one, list) else [None]
            if not all(type(size) is int and 0 <= size < 2**48 for size in sizes):
                raise self._wrong(name, "a shape", one)
        return {name: tuple(one) for name, one in self._found.items()}

    def _wrong(self, name: str, kind: str, got: Any) -> FileFormatError:
        there = "is missing" if got is None else f"must be {kind}, not {_short(got)}"
        ja = "がありません" if got is None else f"の値 {_short(got)} は正しくありません"
        return damaged(self._path, f"{self._where}{name} {there}", f"{self._where}{name} {ja}")


NOT_FINITE = ("nan", "inf", "-inf")
"""How numbers that JSON has none for are written down."""


def finite_or_word(number: float) -> float | str:
    """A number as a JSON file holds it: see `NOT_FINITE`."""
    return number if math.isfinite(number) else repr(float(number))


def _is_float(number: float) -> bool:
    try:
        return math.isfinite(float(number))
    except OverflowError:
        return False


def _short(got: Any) -> str:
    said = json.dumps(got, ensure_ascii=False, default=str) if not isinstance(got, int) else f"{str(got)[:20]}"
    return said if len(said) <= 40 else said[:39] + "…"
