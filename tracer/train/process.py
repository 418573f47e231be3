"""A training run in a child process, seen from outside: frozen reports come out, a few commands go in.

Closing it ends the child and all that it started; a run that is kept makes a checkpoint first.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from tracer.core.record import LeafKey, Override
from tracer.errors import ProgramError, TracerError
from tracer.programs.process import Output, Ready, close, death, kill, start, tell
from tracer.trace.observation import Observation
from tracer.trace.store import load
from tracer.trace.trace import Trace
from tracer.train.job import Job as Job
from tracer.train.messages import Observed, Saved, Unsaved
from tracer.train.report import Report, Setup

CHILD = "tracer.train.child"
_READY = Ready(CHILD, apart=True)
TRACE = "step.trace"
"""What a recording leaves in the folder it was given."""
GRACE = 3.0
"""Seconds that a run which is kept has for its last checkpoint, when it is closed."""
Message = Setup | Report | Saved | Unsaved | Observed


class TrainingProcess:
    """A run under way. Use it with `with`, or `close` it.

    Args:
        job: what to train.
        running: whether it begins at once, or waits for `run` or `step`.

    Raises:
        NotFoundError, ProgramError: the program's file is none.
    """

    def __init__(self, job: Job, *, running: bool = True) -> None:
        job.check()
        self._kept = job.run is not None
        self._child = start(CHILD, apart=True)
        assert self._child.stderr is not None, "it is a pipe"
        self._output = Output(self._child.stderr)
        self._closed = threading.Event()
        self._folder = tempfile.mkdtemp(prefix="tracer-")
        give(self._child, job.line(running=running, folder=self._folder))

    def messages(self) -> Iterator[Message]:
        """What the run tells, as it comes: its setup, then its reports, and between them what was saved and what is
        seen of steps. Ends with the run, or when it is closed.

        Raises:
            ProgramError: the program is wrong, raised, or died.
        """
        for kind, said in lines_of(self._child, self._closed):
            if kind == "setup":
                yield Setup.of(said)
            elif kind == "report":
                yield Report.of(said)
            elif kind == "saved":
                yield Saved(**said)
            elif kind == "unsaved":
                yield Unsaved.of(said)
            elif kind == "observed" and (seen := _taken_in(said["path"])) is not None:
                yield Observed(seen, said["seconds"])

    def run(self) -> None:
        """Go on."""
        tell(self._child, "run")

    def pause(self) -> None:
        """Stand still after the step under way."""
        tell(self._child, "pause")

    def step(self) -> None:
        """Take one step, then stand still."""
        tell(self._child, "step")

    def to(self, step: int) -> None:
        """Run until so many steps are taken, then stand still."""
        tell(self._child, f"to {step}")

    def observe(self) -> None:
        """Have a step seen that is taken from now on, and wherever the run stands still."""
        tell(self._child, "observe")

    def stop(self) -> None:
        """End after the step under way; a run that is kept makes a checkpoint. Returns at once."""
        tell(self._child, "stop")

    @property
    def output(self) -> str:
        """What the program has printed so far, the middle left out where it was long."""
        return self._output.text()

    def close(self) -> None:
        """End it, however far it is; one that is kept has `GRACE` seconds for a checkpoint."""
        if self._kept and self._child.poll() is None:
            self.stop()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(GRACE)
        self._closed.set()
        kill(self._child)
        self._output.ended.wait(1)  # a grandchild may hold the pipe open for ever
        close(self._child)
        shutil.rmtree(self._folder, ignore_errors=True)

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
    again: bool = False,
) -> OpenedStep:
    """Take the steps before `step` (from 1) once more in a child process, and record it.

    Args:
        replayed: called now and then with the number of steps taken on the way.
        stop: set it from another thread to give up.
        changes, overrides: numbers to begin the step with instead: see `recorded_step`.
        again: whether more steps will be opened soon: a process then stands ready for the next, its imports done.

    Raises:
        ProgramError: the program is wrong or died, or was stopped.
    """
    loss: float | None = None
    with ask(job, stop, "open", open=step, changes=changes, overrides=overrides) as (folder, lines):
        if again:
            _READY.refill()
        for kind, said in lines:
            if kind == "replayed":
                replayed(said)
            elif kind == "opened":
                loss = said["loss"]
                return OpenedStep(load(Path(folder, TRACE)), loss)
    raise stopped()


def observe_step(job: Job, step: int, *, stop: threading.Event | None = None) -> Observation:
    """Take the steps before `step` (from 1) once more in a child process, and see what it looks like. Whoever wants
    many has an `Observer`.

    Raises:
        ProgramError: the program is wrong or died, or was stopped; or the run has not come so far.
    """
    with ask(job, stop, "observe", step=step) as (_, lines):
        for kind, said in lines:
            if kind == "unobserved":
                raise error_of(said["error"])
            if kind == "observed":
                return Observation.load(said["path"])
    raise stopped()


def sample(
    job: Job,
    at: int | None = None,
    number: int = 1,
    temperature: float = 0.5,
    seed: int = 0,
    *,
    replayed: Callable[[int], object] = lambda step: None,
    stop: threading.Event | None = None,
) -> Iterator[str]:
    """Texts that the model writes, as they come, all of them from one seed.

    Args:
        at: as it was after this step; None is after the last that has a checkpoint.
        number: how many.
        temperature: 0 takes the most probable symbol each time.

    Raises:
        ProgramError: the program is wrong or died, was stopped, or its model writes nothing.
    """
    more = {"at": at, "number": number, "temperature": temperature, "drawn_from": seed}
    with ask(job, stop, "sample", **more) as (_, lines):
        for kind, said in lines:
            if kind == "replayed":
                replayed(said)
            elif kind == "text":
                yield said
            elif kind == "end":
                return
    raise stopped()


def record_sample(
    job: Job,
    at: int | None = None,
    temperature: float = 0.5,
    seed: int = 0,
    *,
    replayed: Callable[[int], object] = lambda step: None,
    stop: threading.Event | None = None,
) -> tuple[Trace, str]:
    """How one text is written: the recording, and the text. It is the first that `sample` gives for the seed.

    Raises:
        ProgramError: as `sample`.
    """
    with ask(job, stop, "record_sample", at=at, temperature=temperature, drawn_from=seed) as (folder, lines):
        for kind, said in lines:
            if kind == "replayed":
                replayed(said)
            elif kind == "opened":
                return load(Path(folder, TRACE)), said["text"] or ""
    raise stopped()


@dataclass(frozen=True)
class Measured:
    """One document under the weights as they are."""

    loss: float
    grad_norm: Mapping[str, float]
    """Parameter -> the L2 norm of its gradient."""


def measure(job: Job, *, stop: threading.Event | None = None) -> Measured:
    """The loss of `job.document` and the size of every gradient; nothing is updated.

    Raises:
        ProgramError: the program is wrong or died, was stopped, or measures no documents.
    """
    with ask(job, stop, "measure") as (_, lines):
        for kind, said in lines:
            if kind == "measured":
                return Measured(**said)
    raise stopped()


@contextlib.contextmanager
def ask(
    job: Job, stop: threading.Event | None, task: str, **more: Any
) -> Iterator[tuple[str, Iterator[tuple[str, Any]]]]:
    """A child that does one task: a folder for what it leaves, and what it says."""
    job.check()
    folder = tempfile.mkdtemp(prefix="tracer-")
    try:
        child = _READY.take()
        assert child.stderr is not None, "it is a pipe"
        output = Output(child.stderr)
        stop, done = stop or threading.Event(), threading.Event()
        threading.Thread(target=_kill_when, args=(child, stop, done), name="stop", daemon=True).start()
        try:
            give(child, job.line(task, folder=folder, **more))
            yield folder, lines_of(child, stop)
        finally:
            done.set()
            kill(child)
            output.ended.wait(1)
            close(child)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def stopped() -> ProgramError:
    """What to say of a child that was stopped."""
    return ProgramError("it was stopped.", ja="止められました。")


def give(child: subprocess.Popen[bytes], job: bytes) -> None:
    """Tell a child what to do."""
    assert child.stdin is not None, "it is a pipe"
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write(job)


def lines_of(child: subprocess.Popen[bytes], closed: threading.Event) -> Iterator[tuple[str, Any]]:
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
                raise error_of(said)
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


def _taken_in(path: str) -> Observation | None:
    """What a child has left in a file, which is gone afterwards; None where somebody else took it away."""
    try:
        return Observation.load(path)
    except TracerError:
        return None
    finally:
        with contextlib.suppress(OSError):
            Path(path).unlink()


def error_of(said: Mapping[str, Any]) -> ProgramError:
    """An error that a child told."""
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
