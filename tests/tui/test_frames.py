"""What becomes of frames whose terminal is gone."""

from __future__ import annotations

import io
import signal
import threading

import pytest
from textual.drivers._writer_thread import MAX_QUEUED_WRITES

from tracer.tui.frames import Frames


class Gone(io.StringIO):
    """A terminal that takes one frame and is gone."""

    def write(self, text: str) -> int:
        if self.getvalue():
            raise OSError(5, "Input/output error")
        return super().write(text)


def test_frames_for_a_terminal_that_is_gone_keep_nobody_waiting_and_the_app_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[int] = []
    monkeypatch.setattr(signal, "raise_signal", told.append)
    terminal = Gone()
    writer = Frames(terminal)
    writer.start()

    def write_all() -> None:
        for n in range(3 * MAX_QUEUED_WRITES):
            writer.write(f"frame {n}")
        writer.stop()

    writing = threading.Thread(target=write_all, daemon=True)
    writing.start()
    writing.join(10)
    assert not writing.is_alive(), "it waits for room in the queue"
    assert told == [signal.SIGHUP]
    assert terminal.getvalue() == "frame 0"


def test_every_frame_reaches_a_terminal_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr(signal, "raise_signal", told.append)
    terminal = io.StringIO()
    writer = Frames(terminal)
    writer.start()
    for n in range(100):
        writer.write(f"{n} ")
    writer.stop()
    assert terminal.getvalue().split() == [str(n) for n in range(100)]
    assert not told
