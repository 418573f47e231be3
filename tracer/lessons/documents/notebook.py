"""A Jupyter notebook cut into pieces: a code cell is code, a Markdown cell is prose and comments.

A cell that cannot be read is told and left out. Output cells are not looked at: what a block prints is what it prints
here.
"""

from __future__ import annotations

import json
from typing import Any

from tracer.errors import FileFormatError
from tracer.lessons.documents.document import Problem
from tracer.lessons.documents.markdown import cut
from tracer.lessons.documents.pieces import PYTHON, Pieces, RawCode
from tracer.text import Text


def cut_notebook(text: str, name: str) -> Pieces:
    """The pieces of a notebook. A cell is called by its place among all cells: `notes.ipynb#3`.

    Raises:
        FileFormatError: it is not JSON, no notebook, or one of a format that is too old.
    """
    try:
        book = json.loads(text)
    except json.JSONDecodeError as error:
        raise FileFormatError(
            f"{name}: line {error.lineno} is not JSON: {error.msg}.",
            hint="A notebook is a JSON file; save it again from Jupyter.",
            ja=f"{name}: {error.lineno} 行目が JSON になっていません（{error.msg}）。",
            hint_ja="ノートブックは JSON ファイルです。Jupyter から保存し直してください。",
        ) from None
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits; brackets without end
        deep = isinstance(error, RecursionError)
        raise FileFormatError(
            f"{name}: is not a notebook: {'it is nested too deeply' if deep else 'a number in it is too long'}.",
            ja=f"{name}: ノートブックではありません（{'入れ子が深すぎます' if deep else '長すぎる数があります'}）。",
        ) from None
    cells = book.get("cells") if isinstance(book, dict) else None
    if not isinstance(cells, list):
        old = isinstance(book, dict) and "worksheets" in book
        if not old:
            raise FileFormatError(
                f"{name}: has no list of cells: no notebook.",
                ja=f"{name}: セルの一覧がないので、ノートブックではありません。",
            )
        raise FileFormatError(
            f"{name}: is a notebook of format 3 or older.",
            hint="Open it in Jupyter and save it: that writes format 4.",
            ja=f"{name}: 古い形式（3 以前）のノートブックです。",
            hint_ja="Jupyter で開いて保存すると、形式 4 になります。",
        )
    meta = book.get("metadata")
    lang, title = _lang(meta), meta.get("title") if isinstance(meta, dict) else None
    found = Pieces(title=title.strip() if isinstance(title, str) else "")
    for number, cell in enumerate(cells, start=1):
        _cell(cell, f"{name}#{number}", lang, found)
    return found


def _cell(cell: Any, file: str, lang: str, found: Pieces) -> None:
    source = cell.get("source") if isinstance(cell, dict) else None
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        found.sources[file] = ""
        found.problems.append(Problem(file, 1, _BROKEN))
        return
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    found.sources[file] = source
    kind = cell.get("cell_type")
    if kind == "code":
        if source.strip():
            found.pieces.append(RawCode(lang, source, file, 1))
    elif kind == "markdown":
        inside = cut(source, file, code=False)
        found.pieces += inside.pieces
        found.problems += inside.problems
    elif kind != "raw":
        found.problems.append(Problem(file, 1, _BROKEN))


def _lang(meta: Any) -> str:
    """The language of the notebook's kernel: Python unless it says otherwise."""
    for table, key in (("language_info", "name"), ("kernelspec", "language")):
        inner = meta.get(table) if isinstance(meta, dict) else None
        name = inner.get(key) if isinstance(inner, dict) else None
        if isinstance(name, str) and name.strip():
            return "python" if name.strip().casefold() in PYTHON else name.strip().casefold()
    return "python"


_BROKEN = Text(
    en="this cell is broken (its source is no text, or its kind is unknown); it is left out.",
    ja="このセルは壊れています（中身が文字列でないか、種類が不明です）。読みとばします。",
)
