"""On a real (pseudo-)terminal: the app starts where it can, and leaves the terminal as it found it, however it ends."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest

from tests.cli.shell import Terminal, wait_for
from tracer.lessons.content import catalogue

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo-terminals"),
    pytest.mark.deep,  # starts many processes, which is slow
]

EXPRESSION = ["open", "(x + 2) * (x - 1)", "x=3", "--lang", "en"]
ENDLESS = """\
from tracer import Value
x = Value(2.0)
y = x * x
y.backward()
import time
open("ready", "w").close()
while True:
    time.sleep(0.01)
"""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder, with settings in which the first-run question was answered."""
    (tmp_path / ".settings").mkdir()
    (tmp_path / ".settings" / "settings.json").write_text(json.dumps({"version": 1, "lang": "en"}))
    return tmp_path


def test_bare_tracer_opens_the_gallery_and_quits_without_a_trace(here: Path) -> None:
    with Terminal(cwd=here) as terminal:
        terminal.until("Start here")
        terminal.type("q")
        assert terminal.ended() == 0
        terminal.assert_sane()


def test_the_first_run_asks_for_the_language(tmp_path: Path) -> None:
    with Terminal(cwd=tmp_path) as terminal:
        terminal.until("日本語")
        terminal.type("2")
        terminal.until(catalogue().lessons[0].title.ja)
        terminal.type("q")
        assert terminal.ended() == 0
    assert json.loads((tmp_path / ".settings" / "settings.json").read_text())["lang"] == "ja"


def test_an_expression_opens_in_the_stepper_at_its_position(here: Path) -> None:
    with Terminal(*EXPRESSION, "--at", "end", cwd=here, size=(120, 40)) as terminal:
        terminal.until("11/11")
        terminal.type("q")
        assert terminal.ended() == 0
        terminal.assert_sane()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_app_and_leaves_the_terminal_sane(here: Path, ending: signal.Signals) -> None:
    with Terminal(cwd=here) as terminal:
        terminal.until("Start here")
        terminal.process.send_signal(ending)
        assert terminal.ended() == 128 + ending
        terminal.assert_sane()


def test_ctrl_c_in_the_app_is_a_key_like_any_other(here: Path) -> None:
    with Terminal(cwd=here) as terminal:
        terminal.until("Start here")
        terminal.type("\x03")
        terminal.until("ctrl+q")
        terminal.type("\x11")
        terminal.ended()
        terminal.assert_sane()


def test_ctrl_c_while_a_program_runs_opens_what_it_computed(here: Path) -> None:
    (here / "prog.py").write_text(ENDLESS)
    with Terminal("open", "prog.py", cwd=here, size=(120, 40)) as terminal:
        terminal.until("running prog.py")
        wait_for(here / "ready")
        terminal.type("\x03")
        terminal.until("\x1b[?1049h")
        terminal.until("prog.py")
        terminal.type("\x11")  # ctrl+q, whatever stands in front
        assert terminal.ended() == 0
        terminal.assert_sane()
    said = b"The program was stopped before its end."
    before, _, after = terminal.told.rpartition(b"\x1b[?1049l")
    assert after.count(said) == 1
    assert said not in before.partition(b"\x1b[?1049h")[0]


def test_how_a_program_ended_is_said_once_when_the_app_has_gone(here: Path) -> None:
    (here / "prog.py").write_text("from tracer import Value\nx = Value(2.0) * 2\nraise ValueError('enough')\n")
    with Terminal("open", "prog.py", cwd=here, size=(120, 40)) as terminal:
        terminal.until("\x1b[?1049h")
        terminal.until("prog.py")
        terminal.type("\x11")
        assert terminal.ended() == 0
    before, _, after = terminal.told.rpartition(b"\x1b[?1049l")
    assert after.count(b"Traceback (most recent call last)") == 1
    assert b"Traceback" not in before.partition(b"\x1b[?1049h")[0]


def test_killing_a_recording_leaves_the_terminal_sane(here: Path) -> None:
    (here / "prog.py").write_text(ENDLESS)
    with Terminal("record", "prog.py", "-o", "run.trace", cwd=here) as terminal:
        terminal.until("running prog.py")
        terminal.process.send_signal(signal.SIGKILL)
        terminal.ended()
        terminal.assert_sane()
    assert not (here / "run.trace").exists()


def test_a_program_cannot_reach_the_terminal(here: Path) -> None:
    """Neither to read a password from it nor to change its settings."""
    (here / "prog.py").write_text(
        "from tracer import Value\nx = Value(1.0)\n"
        "try:\n    open('/dev/tty')\n    print('reached')\nexcept OSError:\n    print('out of reach')\n"
    )
    with Terminal("record", "prog.py", "-o", "run.trace", cwd=here) as terminal:
        assert terminal.ended() == 0
        terminal.assert_sane()
    assert b"out of reach" in terminal.told


@pytest.mark.parametrize("size", [(20, 5), (1, 1), (40, 10)])
def test_a_terminal_too_small_is_told_and_can_be_left(here: Path, size: tuple[int, int]) -> None:
    with Terminal(cwd=here, size=size) as terminal:
        terminal.until("\x1b[?1049h")
        if size != (1, 1):
            terminal.until("80x24")
        terminal.type("q")
        assert terminal.ended() == 0
        terminal.assert_sane()


@pytest.mark.parametrize("words", [[], EXPRESSION], ids=["bare", "open"])
def test_a_dumb_terminal_gets_text(here: Path, words: list[str]) -> None:
    with Terminal(*words, cwd=here, TERM="dumb") as terminal:
        assert terminal.ended() == 0
    assert b"\x1b" not in terminal.told
    assert (b"start/01_multiply" if not words else "x = 3   ∂ 7".encode()) in terminal.told


def test_errors_come_before_the_app(here: Path) -> None:
    with Terminal("open", "grpah", cwd=here) as terminal:
        assert terminal.ended() == 2
    assert b"\x1b[?1049h" not in terminal.told
    assert b"Did you mean 'graph'" in terminal.told


@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
def test_one_stream_that_is_no_terminal_is_enough_for_text(here: Path, stream: str) -> None:
    """Asked of the function: the streams of a process are there or not in eight ways."""
    from tracer.cli.terminal import interactive

    class Stream:
        def __init__(self, terminal: bool) -> None:
            self.isatty = lambda: terminal

    with pytest.MonkeyPatch.context() as patch:
        for name in ("stdin", "stdout", "stderr"):
            patch.setattr(sys, name, Stream(True))
        assert interactive({"TERM": "xterm"})
        assert not interactive({"TERM": "dumb"})
        patch.setattr(sys, stream, Stream(False))
        assert not interactive({"TERM": "xterm"})
        patch.setattr(sys, stream, None)
        assert not interactive({"TERM": "xterm"})
