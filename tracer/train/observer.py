"""Looking back at a run: a process of its own takes steps once more and shows them, one after the other."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from tracer.errors import TracerError
from tracer.programs.process import Output, close, kill, start, tell
from tracer.trace.observation import Observation
from tracer.train.job import Job
from tracer.train.process import CHILD, error_of, give, lines_of

PATIENCE = 3.0
"""Seconds to wait for a process that has been killed."""


class Observer:
    """Sees any step that a run has taken. Nothing here waits; `close` it.

    The process goes on from where it stands when a later step is asked for, else from the nearest checkpoint. One that
    has died is started again with the next question.

    Args:
        job: what was trained.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._lock = threading.Lock()
        self._asked: int | None = None
        self._found: Observation | TracerError | None = None
        self._process: _Process | None = None
        self._closed = False

    def ask(self, step: int) -> None:
        """Have a step (from 1) seen. It takes the place of one asked for before that is still on its way."""
        with self._lock:
            if self._closed:
                return
            self._asked, self._found = step, None
            try:
                if self._process is None or self._process.over:
                    self._process = _Process(self._job, self._take)
                self._process.ask(step)
            except TracerError as error:
                self._found = error

    def take(self) -> Observation | TracerError | None:
        """What has come since this was asked last: a step, or why the one asked for cannot be seen."""
        with self._lock:
            found, self._found = self._found, None
            return found

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._closed, process, self._process = True, self._process, None
        if process is not None:
            process.close()

    def _take(self, step: int | None, found: Observation | TracerError) -> None:
        """An answer has come.

        Args:
            step: what it answers; None is whatever was asked last.
        """
        with self._lock:
            if isinstance(found, Observation) or step in (None, self._asked):
                self._found = found


class _Process:
    """A child, the folder it leaves files in, and the thread that reads what it says."""

    def __init__(self, job: Job, take: Callable[[int | None, Observation | TracerError], None]) -> None:
        job.check()
        self._take = take
        self._closed = threading.Event()
        self.over = False
        """Whether it has ended."""
        self._folder = tempfile.mkdtemp(prefix="tracer-")
        self._child = start(CHILD, apart=True)
        assert self._child.stderr is not None, "it is a pipe"
        self._output = Output(self._child.stderr)
        give(self._child, job.line("observe", folder=self._folder, step=None))
        self._reader = threading.Thread(target=self._read, name="observer", daemon=True)
        self._reader.start()

    def ask(self, step: int) -> None:
        tell(self._child, f"observe {step}")

    def _read(self) -> None:
        try:
            for kind, said in lines_of(self._child, self._closed):
                if kind == "observed":
                    self._take(said["step"], Observation.load(said["path"]))
                    with contextlib.suppress(OSError):
                        Path(said["path"]).unlink()
                elif kind == "unobserved":
                    self._take(said["step"], error_of(said["error"]))
        except TracerError as error:
            self.over = True  # before anybody is told, and asks again
            if not self._closed.is_set():
                self._take(None, error)
        finally:
            self.over = True
            kill(self._child)
            self._output.ended.wait(1)  # a grandchild may hold the pipe open for ever
            close(self._child)
            shutil.rmtree(self._folder, ignore_errors=True)

    def close(self) -> None:
        """End it."""
        self._closed.set()
        kill(self._child)
        self._reader.join(PATIENCE)
