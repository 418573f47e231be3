"""A signal that asks to end, while a program runs: it works as Ctrl-C does, and the exit code says which it was."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
_received: list[int] = []


@contextmanager
def as_ctrl_c() -> Iterator[None]:
    """Inside, `SIGTERM` and `SIGHUP` raise `KeyboardInterrupt`, unless whoever started us had them ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in ENDING}
    ours = [number for number in ENDING if before[number] == signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _receive)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def asked_to_end() -> bool:
    """Whether such a signal came, and nothing new is to be begun."""
    return bool(_received)


def take_exit_code() -> int | None:
    """128 + the signal that came, once; None if none did."""
    code = 128 + _received[0] if _received else None
    _received.clear()
    return code


def _receive(number: int, frame: FrameType | None) -> None:
    _received.append(number)
    raise KeyboardInterrupt
