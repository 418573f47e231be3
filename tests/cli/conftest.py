from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest

from tests.cli.shell import Shell

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    # `pytest &` in a script: Ctrl-C would be ignored by all that the tests start, and then tested in vain
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Commands in an empty folder, in English, with settings of their own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRACER_CONFIG_DIR", str(tmp_path / ".settings"))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.delenv("TRACER_LANG", raising=False)
    return Shell(tmp_path, capsys)
