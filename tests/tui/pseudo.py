"""The real program on a pseudo-terminal: what a user's terminal is told, and how it is left."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

CHILD = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # the pseudo-terminal is ours, as in a shell
from tracer.__main__ import main
sys.exit(main(sys.argv[1:]))
"""
IN, OUT = b"\x1b[?1049h", b"\x1b[?1049l"
"""To the alternate screen, and back."""


@dataclass
class Session:
    """A running program and its terminal."""

    master: int
    process: subprocess.Popen[bytes]
    before: list[object]
    told: bytes = b""
    _asked: int = field(default=0, repr=False)

    def read(self, seconds: float = 0.05) -> bool:
        """Take in what it writes; False when it has closed its end."""
        if not select.select([self.master], [], [], seconds)[0]:
            return True
        try:
            chunk = os.read(self.master, 65536)
        except OSError:
            return False
        for _ in range(chunk.count(b"\x1b[6n")):  # the probe: two narrow symbols between two questions
            os.write(self.master, b"\x1b[1;%dR" % (1 + 2 * (self._asked % 2)))
            self._asked += 1
        self.told += chunk
        return bool(chunk)

    def until(self, words: str, seconds: float = 60.0) -> None:
        """Read until `words` have been written."""
        end = time.monotonic() + seconds
        while words.encode() not in self.told:
            assert time.monotonic() < end, f"{words!r} did not come: {self.told[-2000:]!r}"
            self.read()

    def send(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def ended(self, seconds: float = 60.0) -> int:
        """Its exit code, when it has ended and everything it wrote is read."""
        end = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < end, "it did not end"
            self.read()
        while select.select([self.master], [], [], 0)[0] and self.read():
            pass
        return self.process.returncode

    @property
    def restored(self) -> bool:
        """Whether the terminal is as it was found: its settings, the main screen, the cursor, no mouse."""
        shown = self.told.rfind(b"\x1b[?25h") > self.told.rfind(b"\x1b[?25l")
        return (
            termios.tcgetattr(self.master) == self.before
            and self.told.rfind(OUT) >= self.told.rfind(IN)
            and self.told.rfind(b"\x1b[?1000l") >= self.told.rfind(b"\x1b[?1000h")
            and shown
        )


@contextmanager
def session(
    *arguments: str, settings: Path, size: tuple[int, int] = (80, 24), environ: Mapping[str, str] | None = None
) -> Iterator[Session]:
    """`tracer ARGUMENTS` on a terminal of this size (columns, rows)."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    before = termios.tcgetattr(master)
    known = {"TERM": "xterm-256color", "LANG": "en_GB.UTF-8", "TRACER_CONFIG_DIR": str(settings)}
    inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "TRACER_GLYPHS")}
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, *arguments],
        stdin=slave, stdout=slave, stderr=slave, env={**inherited, **known, **(environ or {})}, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    try:
        yield Session(master, process, before)
    finally:
        process.kill()
        process.wait()
        os.close(master)
