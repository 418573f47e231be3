"""A child process for a user's program: checked before, drained while it prints, told to stop, killed if need be."""

from __future__ import annotations

import atexit
import contextlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
import tokenize
from pathlib import Path
from typing import IO

from tracer.errors import NotFoundError, ProgramError

MAX_SOURCE = 10_000_000
"""Bytes of a program; nobody wrote a longer one."""
OUTPUT_KEPT = 32_768
"""Bytes kept of the beginning of what a program prints, and as many of its end."""


class Kept:
    """The beginning and the end of bytes of any number."""

    def __init__(self) -> None:
        self._head, self._tail, self._total = bytearray(), bytearray(), 0

    def add(self, chunk: bytes) -> None:
        """More of them."""
        self._total += len(chunk)
        room = OUTPUT_KEPT - len(self._head)
        self._head += chunk[:room]
        if room < len(chunk):
            self._tail = (self._tail + chunk[room:])[-OUTPUT_KEPT:]

    def text(self) -> str:
        """What is kept, as text; what is left out is counted."""
        left_out = self._total - len(self._head) - len(self._tail)
        parts = [self._head.decode("utf-8", "replace")]
        if left_out:
            parts.append(f"\n… {left_out:,} bytes left out …\n")
        return "".join([*parts, self._tail.decode("utf-8", "replace")])


class Output:
    """The beginning and the end of a stream of any length, drained in a thread of its own."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._kept = stream, Kept()
        self.ended = threading.Event()
        threading.Thread(target=self._drain, name="output", daemon=True).start()

    def _drain(self) -> None:
        with self._stream:
            while chunk := self._stream.read(1 << 16):
                self.take(chunk)
        self.ended.set()

    def take(self, chunk: bytes) -> None:
        """What has come."""
        self._kept.add(chunk)

    def text(self) -> str:
        """What is kept, as text."""
        return self._kept.text()


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


def shown_name(program: Path) -> str:
    """From the current folder if it is in there: shorter, and a saved trace does not tell where a home folder is."""
    try:
        return str(program.absolute().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(program)


def start(module: str, *, apart: bool = False) -> subprocess.Popen[bytes]:
    """A process that runs `main` of a module of ours and waits for its job on standard input.

    It has a session of its own: Ctrl-C is ours to pass on, the terminal not its.

    Args:
        apart: standard error is a pipe of its own; else it goes where standard output goes.
    """
    try:
        return subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__).with_name("launch.py")), module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if apart else subprocess.STDOUT,
            bufsize=0,
            start_new_session=True,
        )
    except OSError as problem:
        raise ProgramError(f"no process could be started: {(problem.strerror or str(problem)).lower()}.") from None


class Ready:
    """At most one child that was started before it was needed, all its imports done.

    Args:
        module: what the child runs.
        apart: see `start`.
    """

    def __init__(self, module: str, *, apart: bool = False) -> None:
        self.module, self.apart = module, apart
        self._waiting: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()
        atexit.register(self.empty)

    def take(self) -> subprocess.Popen[bytes]:
        with self._lock:
            while self._waiting:
                child = self._waiting.pop()
                if child.poll() is None:
                    return child
                _discard(child)
        return start(self.module, apart=self.apart)

    def refill(self) -> None:
        with self._lock:
            if not self._waiting:
                self._waiting.append(start(self.module, apart=self.apart))

    def empty(self) -> None:
        with self._lock:
            while self._waiting:
                child = self._waiting.pop()
                _discard(child)


def _discard(child: subprocess.Popen[bytes]) -> None:
    """End a child that was given nothing to do."""
    kill(child)
    close(child)
    if child.stderr is not None:  # nobody drains it yet
        child.stderr.close()


def tell(child: subprocess.Popen[bytes], word: str) -> float:
    """Send the child a line, if it still listens; when that was."""
    assert child.stdin is not None, "it is a pipe"
    with contextlib.suppress(OSError):
        child.stdin.write(word.encode() + b"\n")
    return time.monotonic()


def kill(child: subprocess.Popen[bytes]) -> None:
    """The child and all that it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    if child.poll() is None:
        child.kill()
    child.wait()


def close(child: subprocess.Popen[bytes]) -> None:
    """Our ends of its pipes; that of its standard error is closed by the `Output` that drains it."""
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def death(code: int) -> str:
    """What a process died of, by its exit code: `SIGKILL`, `exit code 3`."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
