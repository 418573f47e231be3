"""The process in which a document's blocks run, one after the other in one namespace: see `process.py` beside it.

Each block has a recorder of its own, so each leaves a trace of its own. What an earlier block made is taken into the
trace of the block that uses it, with the line that made it, so that it can be shown and edited there.

Standard input carries one line, the folder with the job in it; after that, `stop 3` ends the block with index 3, and
the end of the input means that whoever started us is gone. The blocks themselves read an empty file instead.
"""

from __future__ import annotations

import ast
import gc
import io
import json
import linecache
import math
import os
import random
import shutil
import signal
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

import tracer
from tracer import nn, optim
from tracer.core.columns import CONST, NO_LINE
from tracer.core.generator import default_generator
from tracer.core.record import LeafKey, Override, Recorder
from tracer.files import write_atomic
from tracer.lessons.child import (
    WALKED,
    NamingSpool,
    ended,
    leave,
    name_locals,
    raised,
    take_control,
    write_before_death,
)
from tracer.lessons.documents.job import JOB, begins, ends, outcome_name, trace_name
from tracer.lessons.documents.torch_name import install
from tracer.lessons.outcome import Outcome
from tracer.nn import functional
from tracer.trace.spool import Spool, busy

if TYPE_CHECKING:
    from tracer.core.tensor import Tensor
    from tracer.core.value import Value

SEED = 0
"""What random numbers start from: a block that was edited is run again and must meet the same ones. A document that
wants others says `torch.manual_seed`."""
NAMESPACE: Mapping[str, Any] = {
    "torch": tracer, "nn": nn, "F": functional, "optim": optim, "np": np, "math": math,
}  # fmt: skip
"""What every document may use without importing it."""
LOST = 70
"""The exit code of a process whose block has closed our files."""
KEPT = 100_000
"""Nodes of a block up to which the blocks after it know where each came from; of a larger one, its leaves."""


class Past:
    """What the blocks that have run made, by serial number."""

    def __init__(self) -> None:
        self.keys: dict[int, LeafKey] = {}
        """Of leaves that still hold what they were made with: what overrides them in the block that made them."""
        self.nodes: dict[int, tuple[int, int]] = {}
        """The number of the block that made it, its node there."""
        self.lines: dict[int, tuple[str, int]] = {}

    def take(self, block: int, recorder: Recorder) -> None:
        """What a block, by its number, has made and changed."""
        recorder.settle()
        places = list(recorder.line_ids)
        keys: dict[int, LeafKey] = {}
        counts: dict[int, int] = {}
        for node, (op, row) in enumerate(zip(recorder.op, recorder.line, strict=True)):
            if not op:
                count = counts[row] = counts.get(row, -1) + 1
                if row != NO_LINE and not recorder.flags[node] & CONST:
                    keys[node] = (*places[row], count)
        changed = set(recorder.updates.freeze().node.tolist())
        few = len(recorder.value) <= KEPT
        for serial, node in recorder.ids.items():
            if node >= len(recorder.value):
                continue  # the one that was too many
            if node in changed:
                self.keys.pop(serial, None)
            if serial in self.nodes or not (few or node in keys):
                continue
            self.nodes[serial] = block, node
            if node in keys and node not in changed:
                self.keys[serial] = keys[node]
            if recorder.line[node] != NO_LINE:
                self.lines[serial] = places[recorder.line[node]]

    def change(self, wanted: Mapping[tuple[int, int], Override]) -> None:
        """Give what these nodes of earlier blocks stand for other numbers, before a block begins that uses them."""
        serials = {serial: wanted[place] for serial, place in self.nodes.items() if place in wanted}
        for thing in gc.get_objects() if serials else ():
            if hasattr(type(thing), "_serial") and (to := serials.get(thing._serial)) is not None:
                if isinstance(to, int | float) and not hasattr(thing, "_array"):
                    thing._data = float(to)
                elif hasattr(thing, "_array"):
                    numbers = thing._array.copy()
                    for place, number in to.items() if isinstance(to, Mapping) else ((0, to),):
                        numbers.reshape(-1)[place] = number
                    thing._array = numbers


class BlockRecorder(Recorder):
    """Records one block."""

    def __init__(self, overrides: Mapping[LeafKey, Override], limit: int | None, past: Past) -> None:
        super().__init__(overrides, limit=limit)
        self.past = past
        self.adopted: list[tuple[int, int]] = []
        """Node, and the serial number of what an earlier block made."""

    def adopting(self, thing: Value | Tensor) -> int:
        """What an earlier block made keeps its line."""
        self.adopted.append((len(self.value), thing._serial))
        place = self.past.lines.get(thing._serial)
        return NO_LINE if place is None else self.line_ids.setdefault(place, len(self.line_ids))

    def origins(self) -> list[list[object]]:
        """For each node that came from an earlier block: node, that block, its node there; and the key that overrides
        it there, if that is how it is changed."""
        return [
            [node, *self.past.nodes[serial], *self.past.keys.get(serial, ())]
            for node, serial in self.adopted
            if serial in self.past.nodes and not self.op[node]
        ]


class BlockStopper(threading.Thread):
    """Waits for requests to stop a block, or for the end of whoever started us."""

    def __init__(self, control: io.FileIO, folder: Path) -> None:
        super().__init__(name="control", daemon=True)
        self.control, self.folder = control, folder
        self.running: int | None = None
        """The index of the block that runs and may be interrupted."""
        self.ended = -1
        """The index of the last one that has ended."""
        self.done = False
        self._raised = threading.Event()

    def began(self, index: int) -> None:
        """A block begins. It may have changed what the ones before did to the signals."""
        signal.signal(signal.SIGINT, self.interrupt)
        self._raised.clear()
        self.running = index

    def run(self) -> None:
        while True:
            asked = self.control.readline()
            if self.done:
                return
            if not asked:
                shutil.rmtree(self.folder, ignore_errors=True)
                os._exit(1)
            index = int(asked.split()[-1])
            while index > self.ended and not (self.running == index and self._raised.is_set()):
                if self.running != index:  # it is about to begin, or to end
                    time.sleep(0.002)
                    continue
                signal.raise_signal(signal.SIGINT) if os.name == "nt" else os.kill(os.getpid(), signal.SIGINT)
                self._raised.wait(0.005)

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        """The handler of SIGINT: KeyboardInterrupt in the block that runs, but never with half an event recorded."""
        if busy(frame):
            return  # whoever asked asks again in a moment
        if self.running is not None:
            self._raised.set()
            raise KeyboardInterrupt


class Streams:
    """Where blocks print. One that closes or replaces them does so for itself alone."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.kept = os.dup(1)
        self._open: list[io.TextIOWrapper] = []

    def begin(self, index: int) -> None:
        """A block begins: what is printed from here on is its."""
        for number in (1, 2):
            os.dup2(self.kept, number)
        self._open = [
            io.TextIOWrapper(
                io.BufferedWriter(io.FileIO(number, "w", closefd=False)),
                "utf-8",
                "backslashreplace",
                line_buffering=True,
            )
            for number in (1, 2)
        ]
        sys.stdout, sys.stderr = self._open
        sys.displayhook = sys.__displayhook__
        self._write(begins(self.token, index))

    def end(self, index: int) -> None:
        """It has ended, and what it printed is on its way."""
        for stream in (sys.stdout, sys.stderr, *self._open):
            with suppress(Exception):  # a block may put anything in their place
                stream.flush()
        self._write(ends(self.token, index))

    def _write(self, mark: bytes) -> None:
        while mark:
            mark = mark[os.write(self.kept, mark) :]


class Writing:
    """The spool of the block that runs, for `write_before_death`."""

    def __init__(self) -> None:
        self.spool: Spool | None = None

    def write(self) -> float:
        with suppress(Exception):
            sys.stdout.flush()
        return self.spool.write() if self.spool is not None else 0.0


def main() -> None:
    """Read the job, run its blocks, leave each one's trace and outcome in its folder."""
    control = take_control()
    line = control.readline()
    if not line:  # nobody needed us
        return
    folder = Path(line.decode().rstrip("\n"))
    job = json.loads((folder / JOB).read_bytes())
    with suppress(OSError):  # it may have gone meanwhile
        os.chdir(job["cwd"])
    stopper = BlockStopper(control, folder)
    stopper.start()
    try:
        document = _Run(job, folder, stopper)
        for index, block in enumerate(job["blocks"]):
            if block is not None:
                document.block(index, block)
    except BaseException:  # a block took from us what we need; threads it left must not keep the process alive
        os._exit(LOST)
    stopper.done = True


class _Run:
    def __init__(self, job: Mapping[str, Any], folder: Path, stopper: BlockStopper) -> None:
        self.job, self.folder, self.stopper = job, folder, stopper
        self.past, self.streams, self.writing = Past(), Streams(job["token"]), Writing()
        self.program = ModuleType("__main__")
        self.namespace = self.program.__dict__
        self.namespace.update(NAMESPACE, __file__=job["path"], __builtins__=__builtins__)
        for file, text in job["sources"].items():
            linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
        write_before_death(self.writing)
        install()
        default_generator.manual_seed(SEED)
        random.seed(SEED)
        np.random.seed(SEED)
        sys.modules["__main__"] = self.program
        sys.argv = [job["path"]]
        sys.path.insert(0, os.path.dirname(job["path"]))

    def block(self, index: int, block: Mapping[str, Any]) -> None:
        """Run one block; leave what it made."""
        overrides = {(f, n, k): dict(v) if isinstance(v, list) else v for f, n, k, v in block["overrides"]}
        recorder = BlockRecorder(overrides, self.job["limit"], self.past)
        recorder.info.update(block["info"])
        WALKED[:] = [recorder]
        self.past.change({(made, node): dict(v) if isinstance(v, list) else v for made, node, v in block["entering"]})
        self.streams.begin(index)
        began = time.monotonic()
        try:
            outcome = self._record(index, block, recorder)
        except KeyboardInterrupt:  # between its end and ours
            outcome = Outcome("stopped")
        self.stopper.running, self.stopper.ended = None, index
        seconds = time.monotonic() - began
        self.past.take(block["number"], recorder)
        self.streams.end(index)
        said = {**outcome.to_json(), "seconds": seconds}
        write_atomic(self.folder / outcome_name(index), json.dumps(said).encode())

    def _record(self, index: int, block: Mapping[str, Any], recorder: BlockRecorder) -> Outcome:
        shown = block["file"]
        try:
            codes = compiled(block["code"], shown, block["line"], block["echo"])
        except Exception as problem:
            return raised(problem, shown)
        with NamingSpool(recorder, self.folder / trace_name(index), self.namespace) as self.writing.spool:
            recorder.__enter__()
            outcome, error = Outcome(), BaseException()
            try:
                self.stopper.began(index)
                for code in codes:
                    exec(code, self.namespace)
                self.stopper.running = None
            except BaseException as problem:
                self.stopper.running = None
                outcome, error = ended(problem, shown, recorder), problem
            finally:
                recorder.take_names(self.namespace)
                name_locals(recorder, error)
                leave(recorder)
            if outcome.kind == "complete" and recorder.limit is not None and recorder.n_nodes >= recorder.limit:
                outcome = Outcome("limit", f"{recorder.limit:,}")  # the block caught the error and went on
            recorder.info["adopted"] = recorder.origins()
            recorder.info["outcome"] = outcome.to_json()
        return outcome


def compiled(code: str, file: str, line: int, echo: str) -> list[CodeType]:
    """A block's code, on the lines it has in its file.

    Args:
        line: of the first line of `code`.
        echo: which expressions show their value, as Python does at a prompt: `all`, the `last` one, or "".
    """
    tree = ast.increment_lineno(ast.parse(code, file), line - 1)
    if echo == "all":
        return [_code(ast.Interactive(tree.body), file, "single")] if tree.body else []
    if echo == "last" and tree.body and isinstance(tree.body[-1], ast.Expr) and not code.rstrip().endswith(";"):
        first = ast.Module(tree.body[:-1], tree.type_ignores)
        return [_code(first, file, "exec"), _code(ast.Interactive(tree.body[-1:]), file, "single")]
    return [_code(tree, file, "exec")]


def _code(tree: ast.Module | ast.Interactive, file: str, mode: str) -> CodeType:
    made: CodeType = compile(tree, file, mode, dont_inherit=True)
    return made
