"""A run that is kept in a folder, as the app holds it: read from its log, followed while another process trains it,
and gone on with in a process of its own as soon as somebody asks for another step.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from tracer.errors import TracerError
from tracer.text import Text
from tracer.train.process import OpenedStep, TrainingProcess
from tracer.train.report import Setup
from tracer.tui.observing import LooksBack
from tracer.tui.running import Commands, Running, State, open_again, short_path

if TYPE_CHECKING:
    from tracer.train.run import Run

FOLLOWED = 0.4
"""Seconds between two looks at the log of a run that another process trains."""


class Process(Commands, Protocol):
    """A child process that trains: see `TrainingProcess`."""

    def messages(self) -> Iterator[Any]: ...
    def close(self) -> None: ...


class OpenedRun(Running):
    """A run out of its folder.

    Args:
        run: what the folder holds.
        begin: starts a process that goes on with it, standing still at first.
    """

    def __init__(
        self,
        run: Run,
        *,
        opener: Callable[..., OpenedStep] = open_again,
        begin: Callable[[], Process] | None = None,
        observer: Callable[[], LooksBack] | None = None,
    ) -> None:
        folder = short_path(str(run.folder))
        typed = ("tracer", "open", folder)
        earlier, self._offset = run.newer(0, 0)
        super().__init__(run.job(), run.setup, None, iter(()), typed, earlier=earlier, opener=opener, observer=observer)
        self._run, self._begin_process = run, begin or self._go_on
        self._process: Process | None = None
        self._starting, self._closed = False, threading.Event()
        self.followed = run.writing
        """Whether another process trains it now."""
        self.paused = True
        self._had = len(self._history)
        """Steps it had when it was opened."""

    def _go_on(self) -> Process:
        return TrainingProcess(self._run.job(resume=True), running=False)

    def words(self, step: int | None = None) -> list[str]:
        return [*self.typed, *([] if step is None else ["--step", str(step)])]

    @property
    def own_farewell(self) -> Text | None:
        return super().own_farewell if self.past.steps > self._had and not self.followed else None

    # Reading

    def start(self) -> None:
        """Follow it where another process trains it."""
        if self.followed:
            threading.Thread(target=self._follow, name="follow", daemon=True).start()

    def _follow(self) -> None:
        try:
            while self.followed and not self._closed.wait(FOLLOWED):
                writing = self._run.writing  # before the last look, or the last lines would be missed
                self._read()
                self.followed = writing
        except TracerError as error:  # somebody else's file: it may be taken away
            self.error = error
        with self._lock:
            self._version += 1

    def _read(self) -> None:
        reports, self._offset = self._run.newer(self._offset, len(self._history))
        for report in reports:
            self.take(report)

    # Going on

    @property
    def state(self) -> State:
        if self._starting:
            return "starting"
        if self.commands is not None or self.error is not None or self.past.stopped or self.done:
            return super().state
        return "followed" if self.followed else "resting"

    def play(self) -> None:
        if self.commands is None:
            if self._starting or self.followed:
                return
            self.paused = True  # nobody trains it: from here it can only go on
        super().play()

    def _tell(self, command: str, *what: int) -> None:
        if self.commands is not None:
            super()._tell(command, *what)
        elif not self._starting and not self.followed:
            self._starting = True
            threading.Thread(target=self._begin, args=(command, what), name="resume", daemon=True).start()

    def _begin(self, command: str, what: tuple[int, ...]) -> None:
        """Start the process, give it its first command, and take in what it says."""
        process: Process | None = None
        try:
            process = self._process = self._begin_process()
            messages = process.messages()
            first = next(messages, None)
            if isinstance(first, Setup):
                self.setup = first
            self.ended = self.stopping = False
            self.commands, self._messages = process, messages
            self._starting = False
            getattr(process, command)(*what)
            self.take_all()
        except TracerError as error:
            self.error = error
        finally:
            self._starting, self.commands, self.paused = False, None, True
            if process is not None:
                process.close()
            with self._lock:
                self._version += 1

    def told(self) -> None:
        if not self.past.stopped:
            self.error = None  # what could not be gone on with can still be looked at

    def close(self) -> None:
        """End what was started; what is not saved yet is saved first."""
        super().close()
        self._closed.set()
        process = self._process
        if process is not None and self.commands is not None:  # no daemon: the interpreter waits for it
            threading.Thread(target=process.close, name="save").start()
