"""Runs a document's blocks in a child process, one after the other, and comes back with what each of them left.

A block that raises, ends the process, prints without end or never ends costs itself: the next ones run. Where nothing
but killing the process helps, it is started again without that block; the blocks before it then run once more, unseen,
so that the ones after it find what they need.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from subprocess import Popen, TimeoutExpired
from typing import IO, Any, Literal

from tracer.core.record import Override, Recorder
from tracer.errors import NotFoundError, TracerError
from tracer.lessons.documents.document import Block, Document
from tracer.lessons.documents.endings import NOTEBOOK_ENDING
from tracer.lessons.documents.job import JOB, outcome_name, trace_name
from tracer.lessons.leaves import Overrides
from tracer.lessons.limits import Limits
from tracer.lessons.outcome import Kind, Outcome
from tracer.lessons.process import GRACE, sent
from tracer.programs.process import Kept, Output, Ready, death, kill, tell
from tracer.trace.store import load
from tracer.trace.trace import Trace

CHILD = "tracer.lessons.documents.child"
_PULSE = 0.05
_READY = Ready(CHILD)

Status = Literal["ran", "failed", "stopped", "limit", "died"]
"""It ran to its end; raised, or called `sys.exit(1)`; was stopped; made too many nodes; took its process with it."""
_STATUS: Mapping[Kind, Status] = {
    "complete": "ran",
    "raised": "failed",
    "exited": "failed",
    "stopped": "stopped",
    "limit": "limit",
    "killed": "died",
}


@dataclass(frozen=True)
class BlockRun:
    """What a block left behind."""

    block: Block
    trace: Trace
    """Without a node where it only printed or defined something."""
    output: str
    """What it printed, standard output and error in one, the middle left out where it was long."""
    outcome: Outcome
    seconds: float

    @property
    def status(self) -> Status:
        """How it ended, in a word."""
        return _STATUS[self.outcome.kind]


@dataclass(frozen=True)
class DocumentRun:
    """What the blocks of a document left behind, as far as they have run."""

    document: Document
    blocks: tuple[BlockRun, ...] = ()
    """In the order they ran, hidden ones too."""
    over: bool = False
    """Whether no more will come."""
    interrupted: bool = False
    """Whether it was given up before its end."""

    def of(self, number: int) -> BlockRun | None:
        """What the block of this number left, or None where it has not run."""
        return next((run for run in self.blocks if run.block.number == number), None)


Place = tuple[int, int]
"""The number of a block, a node of its trace."""


@dataclass(frozen=True)
class Edits:
    """Other numbers for leaves, each by where it is changed."""

    made: Mapping[int, Overrides] = field(default_factory=dict)
    """Number of a block -> leaves that it makes."""
    entering: Mapping[int, Mapping[Place, Override]] = field(default_factory=dict)
    """Number of a block -> what earlier blocks made, changed just before it begins."""


Progress = Callable[[DocumentRun, Block | None], None]


def run_document(
    document: Document,
    *,
    edits: Edits | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
    give_up: threading.Event | None = None,
    upto: int | None = None,
) -> DocumentRun:
    """Run the blocks of a document that run, in order, in one namespace.

    In the main thread, Ctrl-C stops the block that runs and gives up on the rest.

    Args:
        edits: leaves that shall hold other numbers.
        limits: for each block.
        progress: called with what there is so far and the block that runs now, whenever either has changed.
        stop: set it from another thread to stop the block that runs; it is cleared, and the next one begins.
        give_up: set it from another thread to stop altogether.
        upto: number of the last block to run; by default the last of all.

    Raises:
        NotFoundError: there is no block `upto`, or it does not run.
        ProgramError: no process could be started.
    """
    blocks = [block for block in document.blocks if block.runs]
    if upto is not None:
        last = next((i for i, block in enumerate(blocks) if block.number == upto), None)
        if last is None:
            raise NotFoundError(f"{document.name} has no block {upto} that runs.")
        blocks = blocks[: last + 1]
    running = _Running(document, blocks, edits or Edits(), limits or Limits(), progress, stop, give_up)
    while len(running.done) < len(blocks) and not running.given_up:
        running.one_process()
    return running.so_far(over=True)


_MARK = re.compile(rb"([be])(\d{1,9});")
_PART_OF_MARK = re.compile(rb"(?:[be]\d{0,9})?")


class _SplitOutput(Output):
    """A stream cut where the child marks that a block begins or ends; what comes after a block's end is still its."""

    def __init__(self, stream: IO[bytes], token: str) -> None:
        self.token = token.encode()
        self.of: dict[int, Kept] = {}
        self._index, self._rest, self._ended = -1, b"", -1
        self._more = threading.Condition()
        super().__init__(stream)

    def take(self, chunk: bytes) -> None:
        chunk, keep = self._rest + chunk, 0
        while self.token in chunk:
            before, _, after = chunk.partition(self.token)
            if _PART_OF_MARK.fullmatch(after):
                keep = len(self.token) + len(after)
                break
            self._add(before)
            if mark := _MARK.match(after):
                self._mark(mark[1], int(mark[2]))
                chunk = after[mark.end() :]
            else:  # a block has found the token out and prints it
                self._add(self.token)
                chunk = after
        # a mark, or the beginning of one, may be cut in two
        keep = keep or _overlap(chunk, self.token)
        self._add(chunk[: len(chunk) - keep])
        self._rest = chunk[len(chunk) - keep :]

    def _mark(self, kind: bytes, index: int) -> None:
        with self._more:
            self._index = index
            if kind == b"e":
                self._ended = index
                self._more.notify_all()

    def _add(self, chunk: bytes) -> None:
        if chunk:
            self.of.setdefault(self._index, Kept()).add(chunk)

    def text_of(self, index: int) -> str:
        """What the block with this index printed, once its end has come through; or what came within a moment."""
        with self._more:
            self._more.wait_for(lambda: self._ended >= index or self.ended.is_set(), GRACE)
        kept = self.of.get(index)
        return "" if kept is None else kept.text()


def _overlap(chunk: bytes, token: bytes) -> int:
    """How many bytes at the end of `chunk` may be the beginning of `token`."""
    return next((n for n in range(min(len(token) - 1, len(chunk)), 0, -1) if chunk.endswith(token[:n])), 0)


class _Running:
    """A run under way: the blocks that are done, and the processes that come and go for them."""

    def __init__(
        self,
        document: Document,
        blocks: list[Block],
        edits: Edits,
        limits: Limits,
        progress: Progress | None,
        stop: threading.Event | None,
        give_up: threading.Event | None,
    ) -> None:
        self.document, self.blocks, self.edits, self.limits = document, blocks, edits, limits
        self.progress, self.stop, self.give_up = progress, stop, give_up
        self.done: list[BlockRun] = []
        self.left_out: set[int] = set()
        """Indices of blocks that no process is to run again."""
        self.given_up = False

    def so_far(self, *, over: bool = False) -> DocumentRun:
        return DocumentRun(self.document, tuple(self.done), over, self.given_up and len(self.done) < len(self.blocks))

    def one_process(self) -> None:
        """Run the blocks that are left, until all are done or the process is."""
        folder = Path(tempfile.mkdtemp(prefix="tracer-"))
        try:
            token = secrets.token_hex(16)
            (folder / JOB).write_text(json.dumps(self._job(token)), encoding="utf-8")
            child = _READY.take()
            assert child.stdout is not None, "it is a pipe"
            output = _SplitOutput(child.stdout, token)
            tell(child, str(folder))
            if self.edits.made or self.edits.entering:
                _READY.refill()  # where one number was changed, another one will be
            try:
                self._follow(child, output, folder)
                with contextlib.suppress(TimeoutExpired):
                    child.wait(0 if self.given_up else GRACE)
            finally:
                kill(child)
                output.ended.wait(GRACE)  # a grandchild may hold the pipe open for ever
                assert child.stdin is not None, "it is a pipe"
                with contextlib.suppress(OSError):
                    child.stdin.close()
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _job(self, token: str) -> dict[str, Any]:
        notebook = self.document.path.suffix.casefold() == NOTEBOOK_ENDING
        return {
            "token": token,
            "path": str(self.document.path.absolute()),
            "cwd": os.getcwd(),
            "sources": dict(self.document.sources),
            "limit": self.limits.nodes,
            "blocks": [
                None
                if index in self.left_out
                else {
                    "number": block.number,
                    "code": block.code,
                    "file": block.file,
                    "line": block.line,
                    "echo": "all" if block.code != block.shown and ">>>" in block.shown else "last" if notebook else "",
                    "overrides": [[*key, sent(to)] for key, to in self.edits.made.get(block.number, {}).items()],
                    "entering": [[*at, sent(to)] for at, to in self.edits.entering.get(block.number, {}).items()],
                    "info": self._info(block),
                }
                for index, block in enumerate(self.blocks)
            ],
        }

    def _info(self, block: Block) -> dict[str, Any]:
        return {"title": f"{self.document.name} {block.number}", "program": block.file, "block": block.number}

    def _follow(self, child: Popen[bytes], output: _SplitOutput, folder: Path) -> None:
        """Take in what the process leaves, until it has run every block or has to be ended."""
        index = self._after(-1)
        while index is not None:
            if not self._block(index, child, output, folder):
                self.left_out.add(index)
                return
            index = self._after(index)

    def _after(self, index: int) -> int | None:
        """The block after this one; None after the last, or where nothing more is wanted."""
        after = range(index + 1, len(self.blocks))
        return None if self.given_up else next((i for i in after if i not in self.left_out), None)

    def _block(self, index: int, child: Popen[bytes], output: _SplitOutput, folder: Path) -> bool:
        """Wait for one block. Whether the process is alive after it."""
        new = index >= len(self.done)
        if new:
            self._tell(self.blocks[index])
        began, told = time.monotonic(), None
        ended = folder / outcome_name(index)
        pause = 0.002
        while not ended.exists():
            try:
                if output.ended.wait(pause) and not ended.exists():
                    with contextlib.suppress(TimeoutExpired):
                        child.wait(_PULSE)
                pause = min(2 * pause, _PULSE)
                if child.poll() is not None and not ended.exists():
                    self._lost(index, child, output, folder, told, began)
                    return False
                now = time.monotonic()
                if told is None and self._wanted_to_end(now - began):
                    told = tell(child, f"stop {index}")
                if told is not None and now - told > GRACE and not ended.exists():
                    kill(child)
            except KeyboardInterrupt:
                if self.given_up:
                    raise
                self.given_up = True
                told = told or tell(child, f"stop {index}")
        said = json.loads(ended.read_bytes())
        outcome = Outcome.of({"outcome": said})
        if outcome.kind == "stopped":
            self.left_out.add(index)  # if all has to begin again, nobody wants to wait for it again
        if new:
            self._finish(index, outcome, float(said["seconds"]), output, folder)
        return True

    def _wanted_to_end(self, seconds: float) -> bool:
        if self.give_up is not None and self.give_up.is_set():
            self.given_up = True
        if self.stop is not None and self.stop.is_set():
            self.stop.clear()
            return True
        return self.given_up or (self.limits.seconds is not None and seconds > self.limits.seconds)

    def _lost(
        self, index: int, child: Popen[bytes], output: _SplitOutput, folder: Path, told: float | None, began: float
    ) -> None:
        """The process is gone, and this block with it."""
        if index < len(self.done):
            return  # it went well the first time; what it left then is kept
        outcome = Outcome("stopped") if told is not None else Outcome("killed", death(child.wait()))
        self._finish(index, outcome, time.monotonic() - began, output, folder)

    def _finish(self, index: int, outcome: Outcome, seconds: float, output: _SplitOutput, folder: Path) -> None:
        try:
            trace = load(folder / trace_name(index))
        except TracerError:  # it did not compile, or died before its first node
            recorder = Recorder()
            recorder.info.update(self._info(self.blocks[index]))
            trace = Trace(recorder.columns())
        trace = Trace(replace(trace.columns, info={**trace.info, "outcome": outcome.to_json()}))
        self.done.append(BlockRun(self.blocks[index], trace, output.text_of(index), outcome, seconds))
        self._tell(None)

    def _tell(self, running: Block | None) -> None:
        if self.progress is not None:
            self.progress(self.so_far(), running)
