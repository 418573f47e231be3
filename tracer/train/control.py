"""The two ends of a child's pipes: commands come in while it trains, lines of JSON go out."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

FLUSH = 0.02
"""Seconds that a report may wait for others to leave with."""
LAST_WISH = 10.0
"""Seconds to make a checkpoint in, when whoever started us is gone."""


class Control(threading.Thread):
    """Reads commands, and holds the run where it was told to stand still.

    `run`, `pause`, `step`; `to N` runs until N steps are taken and then stands still; `stop` ends the run. `observe`
    wants to see a step that is taken from now on; `observe N` the step N, of who looks back. The end of the commands
    means that whoever gives them is gone.

    Args:
        folder: to be taken away then.
        kept: whether the run is kept, so that it ends itself with a checkpoint.
    """

    def __init__(self, commands: io.FileIO, folder: Path | None, *, running: bool, kept: bool = False) -> None:
        super().__init__(name="control", daemon=True)
        self._commands, self._folder, self._kept = commands, folder, kept
        self._changed = threading.Condition()
        self._steps = 0
        self._until: int | None = None
        self._taken = 0
        self._observe = False
        self._wanted: int | None = None
        self.running = running
        self.stopped = False
        self.watched = False
        """Whether somebody sees the steps: then that at which the run stands still is shown, too."""

    def run(self) -> None:
        while line := self._commands.readline():
            with self._changed:
                self._obey(line.split())
                self._changed.notify()
        if self._kept:
            with self._changed:
                self.stopped = True
                self._changed.notify()
            time.sleep(LAST_WISH)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        os._exit(1)

    def _obey(self, words: list[bytes]) -> None:
        match words:
            case [b"step"]:
                self._steps += 1
                self.watched = True
            case [b"to", number] if number.isdigit():
                self._until, self.running = int(number), True
                self.watched = True
            case [b"observe"]:
                self._observe = self.watched = True
            case [b"observe", number] if number.isdigit():
                self._wanted = int(number)
            case [b"stop"]:
                self.stopped = True
            case _:
                self.running, self._until = words == [b"run"], None

    def took(self, step: int) -> None:
        """So many steps are taken."""
        with self._changed:
            self._taken = step
            self._arrive()

    def _arrive(self) -> None:
        if self._until is not None and self._taken >= self._until:
            self.running, self._until = False, None

    @property
    def waits(self) -> bool:
        """Whether nobody wants another step now."""
        with self._changed:
            return not self.running and not self._steps and not self.stopped

    def wait(self) -> bool:
        """Until another step is wanted; False when there shall be none."""
        with self._changed:
            self._arrive()
            while not self.running and not self._steps and not self.stopped:
                self._changed.wait()
                self._arrive()
            self._steps = max(0, self._steps - 1)
            return not self.stopped

    def asks(self, step: int) -> bool:
        """Whether a step is asked for, or is one that the run was told to stand still after.

        Args:
            step: from 1.
        """
        with self._changed:
            single = not self.running and step == self._taken + 1
            return self._observe or single or (self._until is not None and step >= self._until)

    def observes(self) -> bool:
        """Whether a step was asked for since this was asked last."""
        with self._changed:
            found, self._observe = self._observe, False
            return found

    # Looking back

    @property
    def wants(self) -> bool:
        """Whether a step was asked for that `wanted` has not told yet."""
        with self._changed:
            return self._wanted is not None

    def wanted(self) -> int:
        """The step that was asked for last, once there is one."""
        with self._changed:
            while self._wanted is None:
                self._changed.wait()
            found, self._wanted = self._wanted, None
            return found


class Sender:
    """Sends lines of JSON; many a system call where there are many in a moment. Where nobody reads any more, none."""

    def __init__(self, out: io.BufferedWriter) -> None:
        self._out, self._flushed, self._heard = out, 0.0, True

    def __call__(self, kind: str, what: Any, *, now: bool = True) -> None:
        if not self._heard:
            return
        try:
            self._out.write(json.dumps({kind: what}).encode() + b"\n")
            if now or time.monotonic() - self._flushed > FLUSH:
                flush_printed()  # first: whoever has read the last line may end us
                self._out.flush()
                self._flushed = time.monotonic()
        except BrokenPipeError:  # what is left to do, `Control` says
            self._heard = False


def flush_printed() -> None:
    """What the program has printed leaves this process."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # it may have closed or replaced them
            stream.flush()
