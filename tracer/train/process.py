"""A training run in a child process, seen from outside: frozen reports come out, a few commands go in.

Closing it kills the child and all that it started; nothing of a run is kept in it that would be lost.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from tracer.core.record import LeafKey, Override
from tracer.errors import ProgramError
from tracer.programs.process import Output, check_program, close, death, kill, shown_name, start, tell
from tracer.trace.store import load
from tracer.trace.trace import Trace
from tracer.train.child import TRACE
from tracer.train.report import Report, Setup

MOST_NODES = 2_000_000
"""Of a step that is opened: about 100 MB of trace."""
CHILD = "tracer.train.child"


@dataclass(frozen=True)
class Job:
    """What to train. The same job gives the same numbers, step by step."""

    program: Path
    shown: str = ""
    """What messages and traces call the program; by default its path from the current folder."""
    data: str | None = None
    seed: int | None = None
    settings: Mapping[str, float] = field(default_factory=dict)
    steps: int | None = None
    every: int | None = None
    """Steps between two reports with a look; None for `loop.spacing`."""
    grid: bool = True
    """Whether a look has a decision boundary, which costs more than the accuracy alone."""

    def line(
        self,
        *,
        running: bool = True,
        step: int | None = None,
        folder: str = "",
        changes: Mapping[str, Override] | None = None,
        overrides: Mapping[LeafKey, Override] | None = None,
    ) -> bytes:
        """The line that tells the child what to do: the whole run, or only to record one step."""
        what = {
            "path": str(self.program.absolute()),
            "cwd": os.getcwd(),
            "shown": self.shown or shown_name(self.program),
            "data": self.data,
            "seed": self.seed,
            "settings": dict(self.settings),
            "steps": self.steps,
            "every": self.every,
            "grid": self.grid,
            "running": running,
            "open": step,
            "folder": folder,
            "changes": [[name, _sent(value)] for name, value in (changes or {}).items()],
            "overrides": [[*key, _sent(value)] for key, value in (overrides or {}).items()],
            "limit": MOST_NODES,
        }
        return json.dumps(what).encode() + b"\n"


class TrainingProcess:
    """A run under way. Use it with `with`, or `close` it.

    Args:
        job: what to train.
        running: whether it begins at once, or waits for `run` or `step`.

    Raises:
        NotFoundError, ProgramError: the program's file is none.
    """

    def __init__(self, job: Job, *, running: bool = True) -> None:
        check_program(job.program)
        self._child = start(CHILD, apart=True)
        assert self._child.stderr is not None, "it is a pipe"
        self._output = Output(self._child.stderr)
        self._closed = threading.Event()
        _give(self._child, job.line(running=running))

    def messages(self) -> Iterator[Setup | Report]:
        """What the run tells, as it comes: its setup, then its reports. Ends with the run, or when it is closed.

        Raises:
            ProgramError: the program is wrong, raised, or died.
        """
        for kind, said in _lines(self._child, self._closed):
            if kind == "setup":
                yield Setup.of(said)
            elif kind == "report":
                yield Report.of(said)

    def run(self) -> None:
        """Go on."""
        tell(self._child, "run")

    def pause(self) -> None:
        """Stand still after the step under way."""
        tell(self._child, "pause")

    def step(self) -> None:
        """Take one step, then stand still."""
        tell(self._child, "step")

    @property
    def output(self) -> str:
        """What the program has printed so far, the middle left out where it was long."""
        return self._output.text()

    def close(self) -> None:
        """End it, however far it is."""
        self._closed.set()
        kill(self._child)
        self._output.ended.wait(1)  # a grandchild may hold the pipe open for ever
        close(self._child)

    def __enter__(self) -> TrainingProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True)
class OpenedStep:
    """One training step, recorded."""

    trace: Trace
    loss: float | None
    """What it measured; None if it raised before."""


def open_step(
    job: Job,
    step: int,
    *,
    replayed: Callable[[int], object] = lambda step: None,
    stop: threading.Event | None = None,
    changes: Mapping[str, Override] | None = None,
    overrides: Mapping[LeafKey, Override] | None = None,
) -> OpenedStep:
    """Take the steps before `step` (from 1) once more in a child process, and record it.

    Args:
        replayed: called now and then with the number of steps taken on the way.
        stop: set it from another thread to give up.
        changes, overrides: numbers to begin the step with instead: see `recorded_step`.

    Raises:
        ProgramError: the program is wrong or died, or was stopped.
    """
    check_program(job.program)
    folder = tempfile.mkdtemp(prefix="tracer-")
    try:
        child = start(CHILD, apart=True)
        assert child.stderr is not None, "it is a pipe"
        output = Output(child.stderr)
        stop, done = stop or threading.Event(), threading.Event()
        threading.Thread(target=_kill_when, args=(child, stop, done), name="stop", daemon=True).start()
        try:
            _give(child, job.line(step=step, folder=folder, changes=changes, overrides=overrides))
            loss: float | None = None
            for kind, said in _lines(child, stop):
                if kind == "replayed":
                    replayed(said)
                elif kind == "opened":
                    loss = said["loss"]
                    return OpenedStep(load(Path(folder, TRACE)), loss)
            raise ProgramError("it was stopped.", ja="止められました。")
        finally:
            done.set()
            kill(child)
            output.ended.wait(1)
            close(child)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sent(value: Override) -> float | list[tuple[int, float]]:
    """As JSON can carry it: it has no keys that are numbers."""
    return list(value.items()) if isinstance(value, Mapping) else value


def _give(child: subprocess.Popen[bytes], job: bytes) -> None:
    assert child.stdin is not None, "it is a pipe"
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write(job)


def _lines(child: subprocess.Popen[bytes], closed: threading.Event) -> Iterator[tuple[str, Any]]:
    """What the child says, up to its end.

    Raises:
        ProgramError: it told of an error, or died without a word before it was closed.
    """
    assert child.stdout is not None, "it is a pipe"
    rest = b""
    while chunk := _read(child.stdout, closed):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            ((kind, said),) = json.loads(line).items()
            if kind == "error":
                raise _error(said)
            yield kind, said
            if kind == "end":
                return
    if not closed.is_set():
        raise _died(child.wait())


def _read(stream: IO[bytes], closed: threading.Event) -> bytes:
    """What has come; nothing at the end, or when the stream was closed under our hands."""
    try:
        return stream.read(1 << 16)
    except (OSError, ValueError):
        if closed.is_set():
            return b""
        raise


def _error(said: Mapping[str, Any]) -> ProgramError:
    code = said["exit_code"]
    error = ProgramError(said["message"], **{name: said[name] for name in ("where", "hint", "ja", "hint_ja")})
    error.exit_code = code
    return error


def _died(code: int) -> ProgramError:
    cause = death(code)
    return ProgramError(f"the program died ({cause}).", ja=f"プログラムが異常終了しました（{cause}）。")


def _kill_when(child: subprocess.Popen[bytes], stop: threading.Event, done: threading.Event) -> None:
    """Kill the child as soon as `stop` is set."""
    while not done.is_set():
        if stop.wait(0.1):
            kill(child)
            return
