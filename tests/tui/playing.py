"""A document on screen, for tests: real traces, no child processes."""

from __future__ import annotations

import contextlib
import io
import sys
import threading
import traceback
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from textual.pilot import Pilot

import tracer
from tests.tui.shell import remembering, until
from tracer.core.record import LeafKey, Override, Recorder
from tracer.lessons.documents.document import Block, Document
from tracer.lessons.documents.process import BlockRun, DocumentRun, Edits
from tracer.lessons.documents.reading import read_document
from tracer.lessons.leaves import Overrides
from tracer.lessons.outcome import Outcome
from tracer.lessons.runner import Thing
from tracer.text import Lang
from tracer.trace.trace import Trace
from tracer.tui.app import GradientTracer
from tracer.tui.screens.document import DocumentScreen

NOTES = Path(__file__).parent / "notes.md"
"""Written for these tests."""


class HereRunner:
    """Runs the blocks in this very process: they are ours."""

    def __init__(self, wait: Callable[[Block], None] | None = None) -> None:
        self.wait = wait or (lambda block: None)
        self.runs = 0

    def run(
        self,
        document: Document,
        edits: Edits | None,
        progress: Callable[..., None],
        stop: threading.Event,
        give_up: threading.Event,
        upto: int | None,
    ) -> DocumentRun:
        self.runs += 1
        names: dict[str, Any] = {"torch": tracer, "nn": tracer.nn, "np": np, "__name__": "__main__"}
        done: list[BlockRun] = []
        for block in document.blocks:
            if block.runs and not give_up.is_set():
                progress(DocumentRun(document, tuple(done)), block)
                self.wait(block)
                done.append(_ran(document, block, names, edits.made.get(block.number, {}) if edits else {}))
            if block.number == upto:
                break
        return DocumentRun(document, tuple(done), over=True)

    def thing(self, document: Document, run: DocumentRun, number: int, overrides: Overrides) -> Thing:
        ran = run.of(number)
        assert ran is not None, "only of a block that has run"
        name = str(document.path)
        words = ("tracer", "open", name, "--block", str(number))
        title = f"{document.name} block {number}"
        return Thing(title, ran.trace, name=name, overrides=overrides, output=ran.output, typed=words)


@contextlib.contextmanager
def named_torch() -> Iterator[None]:
    """`import torch` finds tracer. No other module is touched: what is first imported meanwhile stays imported."""
    before = sys.modules.get("torch")
    sys.modules["torch"] = tracer
    try:
        yield
    finally:
        if before is None:
            del sys.modules["torch"]
        else:
            sys.modules["torch"] = before


def _ran(document: Document, block: Block, names: dict[str, Any], overrides: Mapping[LeafKey, Override]) -> BlockRun:
    recorder, printed, outcome = Recorder(overrides), io.StringIO(), Outcome()
    code = compile("\n" * (block.line - 1) + block.code, block.file, "exec", dont_inherit=True)
    with named_torch(), recorder, contextlib.redirect_stdout(printed):
        try:
            exec(code, names)
        except Exception as error:  # as in the child: it ends the block, not the document
            line = traceback.extract_tb(error.__traceback__)[-1].lineno or 0
            outcome = Outcome("raised", f"{type(error).__name__}: {error}", block.file, line)
    columns = recorder.columns()
    info = {**columns.info, "outcome": outcome.to_json()}
    trace = Trace(replace(columns, sources=dict(document.sources), info=info))
    return BlockRun(block, trace, printed.getvalue(), outcome, 0.0)


@cache
def notes() -> Document:
    """The document of these tests."""
    return read_document(NOTES)


def page_of(text: str, tmp_path: Path) -> Path:
    """A document of these words."""
    path = tmp_path / "page.md"
    path.write_text(text, encoding="utf-8")
    return path


@asynccontextmanager
async def playing(
    document: Document | None = None,
    size: tuple[int, int] = (120, 40),
    *,
    lang: Lang = "en",
    runner: HereRunner | None = None,
    **options: Any,
) -> AsyncIterator[tuple[Pilot[None], DocumentScreen]]:
    """The app with a document in it, run unless `run=False` says otherwise."""
    app = GradientTracer(remembering(lang))
    async with app.run_test(size=size) as pilot:
        options = {"run": True, **options}
        screen = DocumentScreen(document or notes(), runner=runner or HereRunner(), **options)
        await app.push_screen(screen)
        if options["run"] and runner is None:
            await until(pilot, lambda: not screen.session.active)
        await pilot.pause()
        yield pilot, screen
