"""A block of a document as something to walk: its trace, and how to run it again with other numbers."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from tracer.core.record import LeafKey, Override
from tracer.errors import NotFoundError
from tracer.lessons.documents.document import Block, Document
from tracer.lessons.documents.endings import ENDINGS
from tracer.lessons.documents.process import BlockRun, DocumentRun, Edits, Place, run_document
from tracer.lessons.leaves import Overrides, assignments
from tracer.lessons.limits import Limits
from tracer.lessons.runner import Thing
from tracer.text import Text


def is_document(path: str | Path) -> bool:
    """Whether a file of this name is read as a document."""
    return Path(path).suffix.casefold() in ENDINGS


def block_title(document: Document, block: Block) -> Text:
    """What a block is called: by its author, else by its heading and number."""
    if block.script is not None and block.script.title is not None:
        return block.script.title
    if block.hidden:
        return Text(en=f"{document.name}, set-up at line {block.line}", ja=f"{document.name} 準備（{block.line} 行目）")
    heading = f" · {block.heading}" if block.heading else ""
    return Text(
        en=f"{document.name}, block {block.number}{heading}", ja=f"{document.name} ブロック {block.number}{heading}"
    )


def block_thing(
    document: Document,
    run: DocumentRun,
    number: int,
    *,
    overrides: Overrides | None = None,
    limits: Limits | None = None,
) -> Thing:
    """The block of this number, which has run, as something to walk.

    Run again, the document runs from its beginning to this block, so that a leaf of an earlier block can be changed.

    Args:
        overrides: the leaves that were changed for this run, by their keys in the block's trace.
        limits: those of the run.

    Raises:
        NotFoundError: it has not run.
    """
    found = run.of(number)
    if found is None:
        raise NotFoundError(f"{document.name}: block {number} has not run.")
    made = found
    changed = dict(overrides or {})

    def again(wanted: Overrides, /, stop: threading.Event | None = None) -> Thing:
        ran = run_document(document, edits=edits_of(made, wanted), limits=limits, give_up=stop, upto=number)
        return block_thing(document, ran, number, overrides=wanted, limits=limits)

    name = str(document.path)
    words = [name, *assignments(made.trace, changed), "--block", str(number)]
    return Thing(
        title=block_title(document, made.block).en,
        trace=made.trace,
        rerun=again,
        name=name,
        overrides=changed,
        output=made.output,
        typed=("tracer", "open", *words),
    )


def edits_of(run: BlockRun, wanted: Overrides) -> Edits:
    """Where to change these leaves of a block's trace.

    A leaf that came from an earlier block is changed there, so that everything made of it follows. One that has been
    updated since, or was computed there, is changed just before this block: its number is not the one it was made with.
    """
    origins = _origins(run)
    made: dict[int, dict[LeafKey, Override]] = {}
    entering: dict[Place, Override] = {}
    for key, value in wanted.items():
        block, node, there = origins.get(key, (run.block.number, -1, key))
        if there is not None:
            made.setdefault(block, {})[there] = value
        else:
            entering[block, node] = value
    return Edits(made, {run.block.number: entering})


def _origins(run: BlockRun) -> Mapping[LeafKey, tuple[int, int, LeafKey | None]]:
    """Key of a leaf in this block -> the block that made it, its node there and its key there, if that changes it."""
    found: dict[LeafKey, tuple[int, int, LeafKey | None]] = {}
    for node, block, there, *key in run.trace.info.get("adopted", ()):
        found[run.trace.leaf_key(node)] = block, there, (key[0], key[1], key[2]) if key else None
    return found
