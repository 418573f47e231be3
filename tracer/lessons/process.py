"""Runs a user's program in a child process, and comes back with what it computed, however it ended.

The child writes its trace to disk while it grows, so a program that raises, never ends or is killed can be opened up to
where it was. What it prints is drained and kept in part: a gigabyte neither fills memory nor blocks it.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import tokenize
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from tracer.core.record import LeafKey
from tracer.errors import FileFormatError, NotFoundError, ProgramError
from tracer.lessons.child import OUTCOME, TRACE
from tracer.lessons.nothing import nothing_made
from tracer.lessons.outcome import Outcome
from tracer.trace.store import load
from tracer.trace.trace import Trace

MAX_SOURCE = 10_000_000
"""Bytes of a program; nobody wrote a longer one."""
OUTPUT_KEPT = 32_768
"""Bytes kept of the beginning of what a program prints, and as many of its end."""
GRACE = 2.0
"""Seconds a program has to end after it was told to, and to tidy up after its last line."""
_PULSE = 0.1


@dataclass(frozen=True)
class Limits:
    """How far a program may go."""

    nodes: int = 2_000_000
    """About 100 MB of trace."""
    seconds: float | None = None
    """After that it is stopped as by Ctrl-C; None lets it run."""


@dataclass(frozen=True)
class Run:
    """What a program left behind."""

    trace: Trace
    output: str
    """What it printed, standard output and error in one, the middle left out where it was long."""
    outcome: Outcome
    seconds: float


class Output:
    """The beginning and the end of a stream of any length, drained in a thread of its own."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._head, self._tail, self._total = bytearray(), bytearray(), 0
        self.ended = threading.Event()
        threading.Thread(target=self._drain, name="output", daemon=True).start()

    def _drain(self) -> None:
        with self._stream:
            while chunk := self._stream.read(1 << 16):
                self._total += len(chunk)
                room = OUTPUT_KEPT - len(self._head)
                self._head += chunk[:room]
                if room < len(chunk):
                    self._tail = (self._tail + chunk[room:])[-OUTPUT_KEPT:]
        self.ended.set()

    def text(self) -> str:
        """What is kept, as text; what is left out is counted."""
        left_out = self._total - len(self._head) - len(self._tail)
        parts = [self._head.decode("utf-8", "replace")]
        if left_out:
            parts.append(f"\n… {left_out:,} bytes left out …\n")
        return "".join([*parts, self._tail.decode("utf-8", "replace")])


def run_program(
    path: str | Path,
    *,
    overrides: Mapping[LeafKey, float] | None = None,
    limits: Limits | None = None,
    progress: Callable[[float], None] | None = None,
    stop: threading.Event | None = None,
    shown: str | None = None,
    again: bool = False,
) -> Run:
    """Run the program at `path` in a child process and record it.

    In the main thread, Ctrl-C stops the program, not us; a second one gives up on it.

    Args:
        overrides: leaf key -> the value that leaf shall have instead.
        limits: how many nodes, how long.
        progress: called about ten times a second with the seconds it has been running.
        stop: set it from another thread to stop the program; what it had computed comes back.
        shown: what the trace calls the file; by default its path from the current folder.
        again: whether more runs will follow soon: a process then stands ready for the next, a quarter second sooner.

    Raises:
        NotFoundError: no such file.
        ProgramError: it cannot be read or compiled, or made no `Value` (whatever else it did).
    """
    program = Path(path)
    check_program(program)
    shown = shown or _shown(program)
    limits = limits or Limits()
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="tracer-"))
    try:
        job = {
            "path": str(program.absolute()),
            "cwd": os.getcwd(),
            "shown": shown,
            "argv": [str(path)],
            "overrides": [[*key, value] for key, value in (overrides or {}).items()],
            "limit": limits.nodes,
            "folder": str(folder),
            "info": {"title": program.name, "program": shown},
        }
        child = _READY.take()
        assert child.stdin is not None, "it is a pipe"
        assert child.stdout is not None, "it is a pipe"
        output = Output(child.stdout)
        try:
            with contextlib.suppress(BrokenPipeError):
                child.stdin.write(json.dumps(job).encode() + b"\n")
                child.stdin.flush()
            if again:
                _READY.refill()
            stopped = _wait(child, output, folder, limits, progress, stop)
            run = _collect(child, output, folder, shown, stopped, began)
            _let_go(child)
        finally:
            _kill(child)
            output.ended.wait(GRACE)  # a grandchild may hold the pipe open for ever
            with contextlib.suppress(OSError):
                child.stdin.close()
        return replace(run, output=output.text())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_program(program: Path) -> None:
    """Raise unless `program` is a file that may hold a Python program."""
    if not program.exists():
        raise NotFoundError(f"{program}: no such file.", ja=f"{program}: ファイルが見つかりません。")
    if program.is_dir():
        raise ProgramError(
            f"{program} is a folder, not a program.",
            hint="Name the Python file in it.",
            ja=f"{program} はフォルダで、プログラムではありません。",
            hint_ja="その中の Python ファイルを指定してください。",
        )
    if not program.is_file():
        raise ProgramError(f"{program} is a device or a pipe, not a program.", hint="Save the program to a file first.")
    if program.stat().st_size > MAX_SOURCE:
        raise ProgramError(f"{program} has {program.stat().st_size:,} bytes; {MAX_SOURCE:,} is the most.")
    try:
        source = program.read_bytes()
    except OSError as problem:
        raise ProgramError(f"{program}: cannot be read: {(problem.strerror or str(problem)).lower()}.") from None
    line = _undecodable_line(source)
    if line is not None:
        raise ProgramError(f"{program} is not text in UTF-8.", where=f"{program}:{line}")


def _undecodable_line(source: bytes) -> int | None:
    """The first line that is not text in the encoding the program declares; None if all is."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    except SyntaxError:  # an unknown one, which the compiler will say; or bytes that are no UTF-8 on its first lines
        encoding = "utf-8"
    try:
        source.decode(encoding)
    except UnicodeDecodeError as wrong:
        return source.count(b"\n", 0, wrong.start) + 1
    return None


def _shown(program: Path) -> str:
    """From the current folder if it is in there: shorter, and a saved trace does not tell where a home folder is."""
    try:
        return str(program.absolute().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(program)


def _start() -> subprocess.Popen[bytes]:
    """A child that waits for its job. It has a session of its own: Ctrl-C is ours to pass on, the terminal not its."""
    try:
        return subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__).with_name("launch.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            start_new_session=True,
        )
    except OSError as problem:
        raise ProgramError(f"no process could be started: {(problem.strerror or str(problem)).lower()}.") from None


class _Ready:
    """At most one child that was started before it was needed, all its imports done."""

    def __init__(self) -> None:
        self._waiting: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()
        atexit.register(self.empty)

    def take(self) -> subprocess.Popen[bytes]:
        with self._lock:
            while self._waiting:
                child = self._waiting.pop()
                if child.poll() is None:
                    return child
                _close(child)
        return _start()

    def refill(self) -> None:
        with self._lock:
            if not self._waiting:
                self._waiting.append(_start())

    def empty(self) -> None:
        with self._lock:
            while self._waiting:
                child = self._waiting.pop()
                _kill(child)
                _close(child)


_READY = _Ready()


def _wait(
    child: subprocess.Popen[bytes],
    output: Output,
    folder: Path,
    limits: Limits,
    progress: Callable[[float], None] | None,
    stop: threading.Event | None,
) -> bool:
    """Until the program has ended, by itself or because it had to; whether it was told to stop."""
    began = time.monotonic()
    told: float | None = None
    while child.poll() is None and not (folder / OUTCOME).exists():
        try:
            if progress is not None and told is None:
                progress(time.monotonic() - began)
            output.ended.wait(_PULSE if told is None else 0.01)
            now = time.monotonic()
            late = limits.seconds is not None and now - began > limits.seconds
            if told is None and (late or (stop is not None and stop.is_set())):
                told = _tell_to_stop(child)
            if told is not None and now - told > GRACE:
                _kill(child)
                break
            if output.ended.is_set():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(_PULSE)
        except KeyboardInterrupt:
            if told is not None:
                raise
            told = _tell_to_stop(child)
    return told is not None


def _tell_to_stop(child: subprocess.Popen[bytes]) -> float:
    assert child.stdin is not None, "it is a pipe"
    with contextlib.suppress(OSError):
        child.stdin.write(b"stop\n")
    return time.monotonic()


def _let_go(child: subprocess.Popen[bytes]) -> None:
    """Time for what a program still does after its last line: closing files, joining threads."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(GRACE)


def _close(child: subprocess.Popen[bytes]) -> None:
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def _kill(child: subprocess.Popen[bytes]) -> None:
    """The child and all that it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    if child.poll() is None:
        child.kill()
    child.wait()


def _collect(
    child: subprocess.Popen[bytes], output: Output, folder: Path, shown: str, stopped: bool, began: float
) -> Run:
    """What the child left in its folder.

    Raises:
        ProgramError: no trace, or an empty one.
    """
    try:
        said: dict[str, Any] = json.loads((folder / OUTCOME).read_bytes())
        outcome = Outcome.of({"outcome": said})
    except (OSError, ValueError):  # it died, or had to be killed
        code = child.wait()
        said, outcome = {}, Outcome("stopped") if stopped else Outcome("killed", _death(code))
    try:
        trace = load(folder / TRACE)
    except NotFoundError:
        trace = None
    except FileFormatError as problem:
        raise ProgramError(f"{shown}: what it recorded cannot be read.", hint=str(problem)) from None
    if trace is None or not trace.n_nodes:
        raise nothing_made(shown, outcome, said.get("others", ()), output.text())
    info = {**trace.info, "outcome": outcome.to_json()}
    return Run(Trace(replace(trace.columns, info=info)), "", outcome, time.monotonic() - began)


def _death(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
