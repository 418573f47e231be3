"""What the terminal does with symbols, asked before the app starts.

Box drawing, × ∂ Σ and arrows are East-Asian *ambiguous*: one cell in most terminals, two in some Japanese ones, and a
picture made of them falls apart there. So two such symbols are printed, the cursor is asked where it is, and all of it
is wiped again: half a millisecond on a terminal that answers, `TIMEOUT` on one that never does.
"""

from __future__ import annotations

import os
import re
import select
import signal
import sys
import time
from collections.abc import Mapping

from tracer.scene.glyphs import GLYPHS, GlyphSet

TIMEOUT = 0.2
"""Seconds a terminal has to answer."""

_SAMPLE = "─∂"
_REPORT = re.compile(rb"\x1b\[(\d+);(\d+)R")


def ambiguous_width(read_fd: int, write_fd: int, timeout: float = TIMEOUT) -> int | None:
    """Cells an East-Asian ambiguous symbol takes: 1 or 2; None when the terminal does not say.

    Leaves the screen, the cursor and the terminal's settings as they were. What is typed meanwhile is lost.

    Args:
        read_fd, write_fd: both of one terminal; anything else is not asked.
        timeout: in seconds.
    """
    try:
        import termios
        import tty
    except ImportError:  # Windows
        return None
    if not (os.isatty(read_fd) and os.isatty(write_fd)):
        return None
    try:
        if os.tcgetpgrp(read_fd) != os.getpgrp():  # in the background, asking would stop the program
            return None
        before = termios.tcgetattr(read_fd)
    except (OSError, termios.error):
        return None
    answered = False
    # What would end or stop the program waits until the terminal is as it was: a fifth of a second at most.
    ending = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP}
    masked = signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    try:
        tty.setcbreak(read_fd, termios.TCSANOW)  # no echo of the answer, no waiting for Enter; Ctrl-C still works
        deadline = time.monotonic() + timeout
        # Save the cursor, ask, print, ask, go back, wipe. Two answers, because the line need not be empty.
        question = b"\x1b7\x1b[6n" + _SAMPLE.encode() + b"\x1b[6n\x1b8\x1b[K"
        if not select.select([], [write_fd], [], timeout)[1]:  # output stopped with Ctrl-S
            return None
        os.write(write_fd, question)
        answer = b""
        while len(reports := _REPORT.findall(answer)) < 2:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([read_fd], [], [], left)[0]:
                return None
            got = os.read(read_fd, 1024)
            if not got:  # hung up
                return None
            answer += got
        answered = True
    except OSError:
        return None
    finally:
        if not answered:
            termios.tcflush(read_fd, termios.TCIFLUSH)  # half an answer must not end up in the shell
        termios.tcsetattr(read_fd, termios.TCSANOW, before)
        signal.pthread_sigmask(signal.SIG_SETMASK, masked)
    (row, column), (end_row, end_column) = [(int(row), int(column)) for row, column in reports]
    cells = end_column - column
    if end_row != row or cells not in (len(_SAMPLE), len(_SAMPLE) + 1, 2 * len(_SAMPLE)):
        return None  # wrapped at the edge, or scrolled
    return 1 if cells == len(_SAMPLE) else 2


def choose_glyphs(*, ascii_only: bool = False, environ: Mapping[str, str] = os.environ) -> GlyphSet:
    """Name of the glyph set to draw with: `unicode`, `safe` or `ascii`.

    `--ascii` first, then `TRACER_GLYPHS`, then what the terminal can do, which is asked only if nothing else decides.
    """
    wanted = "ascii" if ascii_only else environ.get("TRACER_GLYPHS", "").strip().lower()
    for name in GLYPHS:
        if name == wanted:
            return name
    if environ.get("TERM") in ("linux", "dumb") or not _speaks_utf8():  # the console's font has 256 or 512 glyphs
        return "ascii"
    try:  # Textual reads standard input and draws on standard error
        width = ambiguous_width(sys.__stdin__.fileno(), sys.__stderr__.fileno())  # type: ignore[union-attr]
    except (AttributeError, OSError, ValueError):  # closed, or no file at all
        width = None
    if width is None:
        return "safe" if locale_name(environ)[:2] in ("ja", "ko", "zh") else "unicode"
    return "unicode" if width == 1 else "safe"


def locale_name(environ: Mapping[str, str] = os.environ) -> str:
    """The user's language as the environment names it: `ja_JP.UTF-8`; empty when it does not.

    LC_CTYPE is left out: Python itself sets it to C.UTF-8 where the user's locale is not installed.
    """
    return environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""


def _speaks_utf8() -> bool:
    encoding = getattr(sys.__stderr__, "encoding", None) or "utf-8"
    return encoding.lower().replace("-", "") == "utf8"
