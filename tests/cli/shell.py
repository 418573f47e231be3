"""The command line as a user meets it: in this process where that is enough, else in a process or on a terminal."""

from __future__ import annotations

import errno
import os
import select
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tracer.__main__ import main

ROOT = Path(__file__).resolve().parents[2]


class Ran(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str


class Shell:
    """Runs commands in this process, in a folder of their own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys

    def __call__(self, *words: object) -> Ran:
        self._capsys.readouterr()
        code = main([str(word) for word in words])
        out, err = self._capsys.readouterr()
        return Ran(code, out, err)

    def write(self, name: str, text: str) -> Path:
        (self.folder / name).write_text(text, encoding="utf-8")
        return self.folder / name

    def refused(self, *words: object) -> str:
        """The one message of a command that the user got wrong."""
        ran = self(*words)
        assert (ran.code, ran.out) == (2, ""), ran
        assert ran.err.startswith("tracer: ")
        assert ran.err.count("tracer: ") == 1
        assert f'File "{ROOT}' not in ran.err, "a frame of ours"
        return ran.err


def environment(**extra: str) -> dict[str, str]:
    """Of a process of its own: this checkout's code, no settings of the machine's user."""
    dropped = ("TRACER", "LC_", "LANG", "PYTHON", "COLUMNS", "LINES")  # the last two would overrule a terminal's size
    kept = {k: v for k, v in os.environ.items() if not k.startswith(dropped)}
    return {**kept, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "TERM": "xterm-256color", **extra}


def spawn(*words: object, cwd: Path, **options: object) -> subprocess.Popen[str]:
    """`tracer` with `words` in a process of its own, without a terminal unless `options` say so."""
    defaults = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    environ = options.pop("env", None) or environment(TRACER_CONFIG_DIR=str(cwd / ".settings"))
    command = [sys.executable, "-P", "-m", "tracer", *(str(word) for word in words)]
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        command, cwd=cwd, env=environ, text=True, encoding="utf-8", **{**defaults, **options}
    )


def run(*words: object, cwd: Path, **options: object) -> Ran:
    """The same, to its end."""
    return finish(spawn(*words, cwd=cwd, **options))


def finish(process: subprocess.Popen[str]) -> Ran:
    """What it did, once it has ended; a process that does not end within two minutes fails the test."""
    try:
        out, err = process.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return Ran(process.returncode, out or "", err or "")


def wait_for(path: Path, seconds: float = 90) -> None:
    """Until a program has written `path`."""
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"{path} never came"
        time.sleep(0.02)


BEGIN = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
"""Makes the terminal on stdin the process's own, so that Ctrl-C reaches it as from a keyboard."""


class Terminal:
    """`tracer` on a pseudo-terminal. Use it with `with`."""

    def __init__(self, *words: object, cwd: Path, size: tuple[int, int] = (80, 24), **environ: str) -> None:
        import fcntl
        import termios

        self.master, self.slave = os.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.told = b""
        extra = {"TRACER_CONFIG_DIR": str(cwd / ".settings"), "TRACER_GLYPHS": "unicode", **environ}
        command = [sys.executable, "-P", "-m", "tracer", *(str(word) for word in words)]
        self.process = subprocess.Popen(
            [sys.executable, "-c", BEGIN, *command],
            cwd=cwd,
            env=environment(**extra),
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            start_new_session=True,
        )

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *error: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def read(self, seconds: float) -> None:
        """Take in what it shows."""
        if select.select([self.master], [], [], seconds)[0]:
            try:
                self.told += os.read(self.master, 1 << 16)
            except OSError as error:
                if error.errno != errno.EIO:
                    raise

    def until(self, words: str, seconds: float = 90) -> None:
        """Wait until it has shown `words`."""
        end = time.monotonic() + seconds
        while words.encode() not in self.told:
            assert time.monotonic() < end, f"{words!r} never came; it showed {self.told[-3000:]!r}"
            assert self.process.poll() is None or select.select([self.master], [], [], 0)[0], self.told[-3000:]
            self.read(0.1)

    def ended(self, seconds: float = 90) -> int:
        """Its exit code."""
        end = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < end, f"it never ended; it showed {self.told[-3000:]!r}"
            self.read(0.05)
        self.read(0.05)
        return self.process.returncode

    def assert_sane(self) -> None:
        """The settings are as they were; what the app switched on is off again."""
        import termios

        assert termios.tcgetattr(self.slave) == self.before
        for on, off in MODES:
            assert self.told.rfind(on) <= self.told.rfind(off), (on, off)


MODES: Sequence[tuple[bytes, bytes]] = [
    (b"\x1b[?1049h", b"\x1b[?1049l"),  # the alternate screen
    (b"\x1b[?25l", b"\x1b[?25h"),  # the cursor
    (b"\x1b[?1000h", b"\x1b[?1000l"),  # the mouse
    (b"\x1b[?1003h", b"\x1b[?1003l"),
    (b"\x1b[?2004h", b"\x1b[?2004l"),  # bracketed paste
]
