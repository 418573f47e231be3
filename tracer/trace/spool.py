"""A recording kept on disk while it grows, so that a program that is killed or never ends can still be opened.

The main thread's own timer writes it: between two bytecodes of the user's program, never in the middle of an event.
"""

from __future__ import annotations

import signal
import time
from pathlib import Path
from types import FrameType, TracebackType

from tracer.core.record import Recorder, inside_event
from tracer.errors import FileFormatError
from tracer.files import write_atomic
from tracer.trace.store import to_bytes

INTERVAL = 0.1
"""Seconds between two writes of a small recording."""
FIRST, GROWS = 0.002, 5
"""Seconds until the first look; how many times longer the wait becomes with each write. So a program that dies young
has left something too."""
SHARE = 20
"""A write waits this many times as long as the last one took: at most 5 % of the program's time goes into spooling."""


class Spool:
    """`with Spool(recorder, path):` keeps `path` a loadable trace of what `recorder` holds, at most moments old.

    On the way out the whole recording is written, whatever ended the block. Works in the main thread, where the system
    has interval timers; elsewhere only the last write happens.
    """

    def __init__(self, recorder: Recorder, path: str | Path) -> None:
        self.recorder, self.path = recorder, Path(path)
        self._events = 0
        self._wait = FIRST
        self._previous: object = None

    def __enter__(self) -> Spool:
        if hasattr(signal, "setitimer"):
            self._previous = signal.signal(signal.SIGALRM, self._alarm)
            signal.setitimer(signal.ITIMER_REAL, FIRST)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._previous is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._previous)  # type: ignore[arg-type]  # what signal() gave us
        self.write()

    def write(self) -> float:
        """Write now; returns the seconds it took."""
        began = time.perf_counter()
        write_atomic(self.path, to_bytes(self.recorder.columns()), FileFormatError)
        return time.perf_counter() - began

    def _alarm(self, number: int, frame: FrameType | None) -> None:
        if inside_event(frame):
            signal.setitimer(signal.ITIMER_REAL, 0.002)  # try again at once
            return
        events = self.recorder.n_nodes + sum(s[2] - s[1] for s in self.recorder.segments)
        cost = 0.0
        try:
            if events != self._events:
                cost = self.write()
                self._events = events
                self._wait = min(INTERVAL, self._wait * GROWS)
        finally:  # whatever broke the write off: there is another one
            signal.setitimer(signal.ITIMER_REAL, max(self._wait, SHARE * cost))


def busy(frame: FrameType | None) -> bool:
    """Whether the code that `frame` runs records an event or writes it down: broken off, half would be there."""
    return inside_event(frame) or _writes(frame)


def _writes(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename == __file__:
            return True
        frame = frame.f_back
    return False
