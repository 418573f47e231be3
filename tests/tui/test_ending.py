"""However the app ends, the terminal is left as it was found."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

pytest.importorskip("termios")
from tests.tui.pseudo import IN, session

pytestmark = pytest.mark.deep  # driven by keys, which is slow


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    (tmp_path / "settings.json").write_text('{"lang": "en"}')
    return tmp_path


def test_q_leaves_the_terminal_as_it_was(settings: Path) -> None:
    with session(settings=settings) as terminal:
        terminal.until("Start here")
        terminal.send("q")
        assert terminal.ended() == 0
        assert terminal.restored


def test_a_tiny_terminal_is_told_and_left_as_it_was(settings: Path) -> None:
    with session(settings=settings, size=(20, 5)) as terminal:
        terminal.until("Terminal too small")
        terminal.send("q")
        assert terminal.ended() == 0
        assert terminal.restored


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
def test_a_killed_app_leaves_the_terminal_as_it_was(settings: Path, ending: signal.Signals) -> None:
    with session(settings=settings) as terminal:
        terminal.until("Start here")
        os.kill(terminal.process.pid, ending)
        assert terminal.ended() == 128 + ending
        assert terminal.restored


def test_ctrl_c_says_how_to_quit(settings: Path) -> None:
    with session(settings=settings, size=(120, 40)) as terminal:
        terminal.until("Start here")
        terminal.send("\x03")
        terminal.until(" goes back and quits")
        terminal.send("\x11")
        assert terminal.ended() == 0
        assert terminal.restored


@pytest.mark.parametrize(("arguments", "environ"), [(["--ascii"], {}), ([], {"TRACER_GLYPHS": "ascii"})])
def test_ascii_reaches_the_screen(settings: Path, arguments: list[str], environ: dict[str, str]) -> None:
    with session(*arguments, settings=settings, environ=environ) as terminal:
        terminal.until("Start here")
        terminal.send("q")
        terminal.ended()
        drawn = terminal.told.decode()
        assert not set("─│╭╮╰╯→▸✓▼") & set(drawn)


def test_a_terminal_with_wide_symbols_gets_narrow_ones(settings: Path) -> None:
    with session(settings=settings, environ={"TRACER_GLYPHS": "safe"}) as terminal:
        terminal.until("Start here")
        terminal.send("q")
        terminal.ended()
        assert not set("─│╭╮╰╯→▶▼") & set(terminal.told.decode())


def test_a_dumb_terminal_gets_text(settings: Path) -> None:
    with session(settings=settings, environ={"TERM": "dumb"}) as terminal:
        terminal.until("One multiplication and a nudge")
        assert terminal.ended() == 0
        assert IN not in terminal.told


def test_bytes_that_are_no_utf_8_end_nothing(settings: Path) -> None:
    with session(settings=settings) as terminal:
        terminal.until("Start here")
        os.write(terminal.master, b"\xff\xfe")
        terminal.send("t")
        terminal.until("light", 10)
        terminal.send("q")
        assert terminal.ended() == 0
        assert b"Traceback" not in terminal.told
