"""What `--data` names, read as what the program learns from: points (it takes `data`) or text (`documents`).

A program that takes both gets points where there are points of that name, or a CSV with their columns; else text.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from tracer.errors import FileFormatError
from tracer.text import clean
from tracer.train import data, text
from tracer.train.entry import Row
from tracer.train.job import Mode
from tracer.train.text import TextData


@dataclass(frozen=True)
class Given:
    """One of two."""

    rows: tuple[Row, ...] | None = None
    documents: TextData | None = None


def read(name: str, *, takes: Container[str], mode: Mode | None, seed: int, shown: str) -> Given:
    """The data called `name`, for a program.

    Args:
        takes: the names of the program's arguments; one that takes neither is given points, which `build` refuses.
        mode: how text is read; lines unless somebody says.
        seed: of points that are made here.
        shown: what messages call the program.

    Raises:
        NotFoundError, FileFormatError: nothing of that name, or it cannot be read.
        FileFormatError: text for a program that learns points, or the other way round.
    """
    points = _are_points(name)
    if "documents" in takes and not (points and "data" in takes):
        if points:
            raise _points_for_text(name, shown)
        return Given(documents=text.load(name, mode or "lines"))
    if "data" in takes and _is_text(name):
        raise _text_for_points(name, shown)
    return Given(rows=data.load(name, seed).rows)


def _are_points(name: str) -> bool:
    """Whether it is a set made here, or a table with the columns of points."""
    try:
        if not Path(name).exists():
            return name in data.MADE_HERE
        if not Path(name).is_file():  # a pipe would be waited for
            return False
        with open(name, "rb") as file:
            first = file.readline(1000).decode("utf-8-sig")
    except (OSError, ValueError):
        return False
    return set(data.COLUMNS) <= {cell.strip() for cell in first.split(",")}


def _is_text(name: str) -> bool:
    """Whether it is one of our texts, or a file that means to be no table."""
    try:
        if Path(name).exists():
            return Path(name).suffix in (".txt", ".md") and not _are_points(name)
    except (OSError, ValueError):
        return False
    return name in text.texts()


def _points_for_text(name: str, shown: str) -> FileFormatError:
    known = ", ".join(text.texts())
    return FileFormatError(
        f"{clean(name)} holds points, and {shown} learns text.",
        hint=f"Texts that are here: {known}; or name a text file in UTF-8 with a document a line.",
        ja=f"{clean(name)} は点のデータです。{shown} は文章を学習します。",
        hint_ja=f"用意されているもの: {known}。または、一行にひとつ文書を書いた UTF-8 のファイル",
    )


def _text_for_points(name: str, shown: str) -> FileFormatError:
    known = ", ".join(data.MADE_HERE)
    return FileFormatError(
        f"{clean(name)} holds text, and {shown} learns points: rows x1, x2, y.",
        hint=f"Sets made here: {known}; or name a CSV file with columns x1,x2,y.",
        ja=f"{clean(name)} は文章のデータです。{shown} は点（x1, x2, y の行）を学習します。",
        hint_ja=f"用意されているもの: {known}。または、列 x1,x2,y をもつ CSV ファイル",
    )
