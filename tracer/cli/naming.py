"""What the names on a command line mean: documents, and what it says about them; positions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tracer.errors import NotFoundError
from tracer.lessons.content import find, find_page
from tracer.lessons.documents.document import ENDINGS
from tracer.text import Lang
from tracer.trace.trace import Trace


@dataclass(frozen=True)
class Wish:
    """What a command line says about documents."""

    block: int | None = None
    """The number of a block."""
    yes: bool = False
    """Whether its code may run."""


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
        find(name)
    except NotFoundError:
        page = find_page(name)
        return None if page is None else page.path_in(lang)
    except (OSError, ValueError):  # no path at all
        return None
    return None


def refuse_wish(name: str, wish: Wish) -> None:
    """Raise where `--block` was given for something that is no document."""
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
