"""Frames on their way to the terminal, which may be gone before they arrive."""

from __future__ import annotations

import signal
from contextlib import suppress

from textual.drivers._writer_thread import WriterThread


class Frames(WriterThread):
    """Writes frames; once the terminal is gone they go nowhere, and the app is told to end.

    Textual's own writer dies with the terminal. Its queue then fills up, and the app, which waits for room in it, could
    not even be ended any more (textual 8.2).
    """

    def run(self) -> None:
        with suppress(OSError, ValueError):  # ValueError: the file was closed
            super().run()
            return
        signal.raise_signal(signal.SIGHUP)
        while self._queue.get() is not None:
            pass
