"""The probe on a real pseudo-terminal, with a small terminal of our own at the other end."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
import time
from dataclasses import dataclass, field

import pytest

from tracer.tui.terminal import TIMEOUT, choose_glyphs, locale_name

pty = pytest.importorskip("pty")

CHILD = """
import fcntl, json, os, select, sys, termios, time
fcntl.ioctl(0, termios.TIOCSCTTY, 0)           # the pseudo-terminal is ours, as in a shell
from tracer.tui.terminal import ambiguous_width
before, start = termios.tcgetattr(0), time.monotonic()
width = ambiguous_width(0, 2)
took, after = time.monotonic() - start, termios.tcgetattr(0)
stray = os.read(0, 99).decode() if select.select([0], [], [], 0.1)[0] else ""
print(json.dumps({"width": width, "took": took, "restored": before == after, "stray": stray}))
"""


@dataclass
class Terminal:
    """As much of a terminal as the probe needs."""

    ambiguous: int = 1
    """Cells that `─` and `∂` take."""
    answers: bool = True
    delay: float = 0.0
    columns: int = 80
    column: int = 1
    saved: int = 1
    line: dict[int, str] = field(default_factory=dict)

    def receive(self, told: str) -> str:
        """What it sends back."""
        replies = ""
        for sequence in re.findall(r"\x1b\[\d*[A-Za-z]|\x1b[78]|.", told, re.DOTALL):
            match sequence:
                case "\x1b7":
                    self.saved = self.column
                case "\x1b8":
                    self.column = self.saved
                case "\x1b[K":
                    self.line = {at: sign for at, sign in self.line.items() if at < self.column}
                case "\x1b[6n":
                    replies += f"\x1b[5;{self.column}R" if self.answers else ""
                case _ if sequence.isprintable():
                    self.line[self.column] = sequence
                    self.column = min(self.column + self.ambiguous, self.columns)
                case _:
                    raise AssertionError(f"the probe sent {sequence!r}")
        return replies


def probe(terminal: Terminal) -> dict[str, object]:
    """What the probe found out in a process whose terminal this is."""
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=slave, stdout=subprocess.PIPE, stderr=slave, start_new_session=True
    ) as child:
        os.close(slave)
        due: list[tuple[float, bytes]] = []
        while child.poll() is None:
            if select.select([master], [], [], 0.01)[0]:
                try:
                    told = os.read(master, 4096).decode()
                except OSError:  # the child has closed its end
                    break
                due.append((time.monotonic() + terminal.delay, terminal.receive(told).encode()))
            while due and time.monotonic() >= due[0][0]:
                os.write(master, due.pop(0)[1])
        assert child.stdout is not None
        said = child.stdout.read()
    os.close(master)
    found: dict[str, object] = json.loads(said)
    return found


@pytest.mark.parametrize("cells", [1, 2])
def test_it_finds_out_how_wide_symbols_are_and_leaves_no_trace(cells: int) -> None:
    terminal = Terminal(ambiguous=cells, column=7, line={1: "$"})
    found = probe(terminal)
    assert (found["width"], found["restored"], found["stray"]) == (cells, True, "")
    assert (terminal.line, terminal.column) == ({1: "$"}, 7)


def test_a_terminal_that_never_answers_costs_the_timeout_and_nothing_else() -> None:
    terminal = Terminal(answers=False, column=7, line={1: "$"})
    found = probe(terminal)
    assert (found["width"], found["restored"], found["stray"]) == (None, True, "")
    assert TIMEOUT <= float(str(found["took"])) < TIMEOUT + 0.5
    assert (terminal.line, terminal.column) == ({1: "$"}, 7)


def test_an_answer_after_the_timeout_changes_nothing() -> None:
    found = probe(Terminal(delay=TIMEOUT * 3))
    assert (found["width"], found["restored"]) == (None, True)


def test_at_the_edge_of_the_screen_it_does_not_guess() -> None:
    assert probe(Terminal(columns=80, column=80))["width"] is None


def test_a_pipe_is_not_asked() -> None:
    code = "from tracer.tui.terminal import ambiguous_width; print(ambiguous_width(0, 2))"
    done = subprocess.run([sys.executable, "-c", code], input=b"", capture_output=True, check=True)
    assert (done.stdout.strip(), done.stderr) == (b"None", b"")


@pytest.mark.parametrize(
    ("environ", "ascii_only", "chosen"),
    [
        ({}, True, "ascii"),
        ({"TRACER_GLYPHS": "safe"}, True, "ascii"),
        ({"TRACER_GLYPHS": "safe"}, False, "safe"),
        ({"TRACER_GLYPHS": " Unicode "}, False, "unicode"),
        ({"TRACER_GLYPHS": "ascii", "TERM": "xterm"}, False, "ascii"),
        ({"TERM": "linux"}, False, "ascii"),
    ],
)
def test_an_option_decides_before_the_environment_and_that_before_the_terminal(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], ascii_only: bool, chosen: str
) -> None:
    monkeypatch.setattr("tracer.tui.terminal.ambiguous_width", lambda *_: pytest.fail("the terminal was asked"))
    assert choose_glyphs(ascii_only=ascii_only, environ=environ) == chosen


@pytest.mark.parametrize(
    ("width", "lang", "chosen"),
    [
        (1, "ja_JP.UTF-8", "unicode"),
        (2, "en_GB.UTF-8", "safe"),
        (None, "en_GB.UTF-8", "unicode"),
        (None, "ja_JP.UTF-8", "safe"),
    ],
)
def test_the_terminal_s_answer_decides_and_without_one_the_locale(
    monkeypatch: pytest.MonkeyPatch, width: int | None, lang: str, chosen: str
) -> None:
    class Tty:
        encoding = "utf-8"

        def fileno(self) -> int:
            return 0

    monkeypatch.setattr("sys.__stdin__", Tty())
    monkeypatch.setattr("sys.__stderr__", Tty())
    monkeypatch.setattr("tracer.tui.terminal.ambiguous_width", lambda *_: width)
    assert choose_glyphs(environ={"LANG": lang}) == chosen


def test_the_locale_is_read_in_the_order_of_posix() -> None:
    assert locale_name({"LC_ALL": "ja_JP.UTF-8", "LANG": "C"}) == "ja_JP.UTF-8"
    assert locale_name({"LC_CTYPE": "C.UTF-8", "LANG": "ja_JP.UTF-8"}) == "ja_JP.UTF-8"
    assert locale_name({"LC_ALL": "", "LANG": "C"}) == "C"


ENDED = """
import fcntl, json, signal, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from tracer.tui.terminal import ambiguous_width
before, sane = termios.tcgetattr(0), []
signal.signal(signal.SIGTERM, lambda *_: sane.append(termios.tcgetattr(0) == before))
ambiguous_width(0, 2)
print(json.dumps(sane))
"""


def test_a_signal_during_the_probe_comes_when_the_terminal_is_as_it_was() -> None:
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", ENDED], stdin=slave, stdout=subprocess.PIPE, stderr=slave, start_new_session=True
    ) as child:
        os.close(slave)
        os.read(master, 4096)  # the question: now it waits for an answer
        child.terminate()
        assert child.stdout is not None
        assert json.loads(child.stdout.read()) == [True]
    os.close(master)
