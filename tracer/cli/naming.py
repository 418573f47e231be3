"""What the names on a command line mean: documents, runs, positions; and which part of a thing is wished for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tracer.errors import NotFoundError
from tracer.lessons.documents.endings import ENDINGS
from tracer.text import Lang

if TYPE_CHECKING:
    from tracer.trace.trace import Trace

RUN_FILE, LOG_FILE = "run.json", "log.jsonl"
"""What a run's folder is known by."""


@dataclass(frozen=True)
class Wish:
    """What a command line says about documents and runs."""

    block: int | None = None
    """The number of a block."""
    yes: bool = False
    """Whether its code may run."""
    step: int | None = None
    """The step of a training run."""


def document_file(name: str, lang: Lang) -> Path | None:
    """The document that `name` means: a file, or one that came with the program; None where it means something else.

    A file that is not there is one too if it is called so: reading it says what there is instead.
    """
    path = Path(name)
    if path.suffix.casefold() in ENDINGS:
        return path
    try:
        if path.exists():
            return None
        from tracer.lessons.content import find, find_page  # it reads lessons: not for a file

        find(name)
    except NotFoundError:
        page = find_page(name)
        return None if page is None else page.path_in(lang)
    except (OSError, ValueError):  # no path at all
        return None
    return None


def run_folder(name: str) -> Path | None:
    """The folder of the training run that `name` means: itself, or where its `run.json` lies; also of a broken one."""
    path = Path(name)
    try:
        if path.name == RUN_FILE and path.is_file():
            return path.parent
        return path if any((path / part).is_file() for part in (RUN_FILE, LOG_FILE)) else None
    except (OSError, ValueError):  # no path at all
        return None


def runs_in(name: str) -> list[Path]:
    """The runs that lie in a folder, by name; none where it is no folder that can be read."""
    try:
        return sorted(one for one in Path(name).iterdir() if run_folder(str(one)) is not None)
    except (OSError, ValueError):
        return []


def refuse_wish(name: str, wish: Wish) -> None:
    """Raise where `--block` was given for something that is no document, or `--step` for what is no run."""
    if wish.step is not None and run_folder(name) is None:
        raise NotFoundError(
            f"--step {wish.step}: {name} is no run.",
            hint="Only a training run's folder has steps to open: see `tracer train --help`.",
            ja=f"--step {wish.step}: {name} は訓練の記録ではありません。",
            hint_ja="ステップを開けるのは訓練の記録のフォルダだけです（`tracer train --help`）。",
        )
    if wish.block is not None:
        raise NotFoundError(
            f"--block {wish.block}: {name} is no document.",
            hint="Only documents (.md, .ipynb) have blocks.",
            ja=f"--block {wish.block}: {name} は文書ではありません。",
            hint_ja="ブロックがあるのは文書（.md、.ipynb）だけです。",
        )


def position_of(trace: Trace, at: str) -> int:
    """The position that `--at` names: a number, negative from the end, or `end`.

    Raises:
        NotFoundError: it is none of these, or outside the trace.
    """
    if at == "end":
        return len(trace)
    try:
        return trace.cursor(int(at.replace("−", "-"))).position  # `-1` arrives so: see `tracer.cli.commands._shield`
    except (ValueError, NotFoundError):
        named = at if len(at) <= 20 else f"{at[:20]}…"
        raise NotFoundError(
            f"--at {named}: there is no position {named}; they run from 0 to {len(trace)}, or `end`.",
            ja=f"--at {named}: 位置は 0 から {len(trace)} までの数か `end` です。",
        ) from None
