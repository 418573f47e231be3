"""Before the first paint: how keys are read."""

from __future__ import annotations

import signal
import sys

import pytest

from tracer.tui import start
from tracer.tui.start import Keys


def test_a_byte_that_is_not_utf_8_is_a_replacement_character() -> None:
    keys = Keys()
    assert keys.decode("é".encode()[:1]) == "", "the rest may still come"
    assert keys.decode("é".encode()[1:] + b"\xffq") == "é\ufffdq"


@pytest.mark.skipif(sys.platform == "win32", reason="terminals hang up on POSIX")
def test_a_terminal_that_is_gone_ends_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    """It sends nothing, over and over; what is left at the very end is no such sign."""
    sent: list[int] = []
    monkeypatch.setattr(signal, "raise_signal", sent.append)
    monkeypatch.setattr(start, "PATIENCE", 0)
    keys = Keys()
    assert keys.decode(b"q") == "q"
    assert keys.decode(b"", final=True) == ""
    assert sent == []
    assert keys.decode(b"") == ""
    assert sent == [signal.SIGHUP]
