"""Several runs trained side by side, each in its process, and seen from one place."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue

from tracer.text import Text
from tracer.train.job import Job
from tracer.train.messages import Unsaved
from tracer.train.process import TrainingProcess
from tracer.train.report import Report, Setup

AT_ONCE = 2
GRACE = 6.0
"""Seconds that runs which are stopped have for their last checkpoints."""
LOOK = 0.1
"""Seconds between two looks at whether all has ended."""


@dataclass(frozen=True)
class Going:
    """How far one of several runs is."""

    taken: int = 0
    steps: int = 0
    loss: float | None = None
    """What the last step measured."""
    ended: bool = False
    said: Text | None = None
    """What it has to say: that nothing can be saved."""


class Together:
    """Trains runs, a few at a time. `train` blocks; `going` and `stop` may be called from any thread.

    Args:
        jobs: each with the folder that its run is kept in.
        at_once: how many processes there are at most.
    """

    def __init__(self, jobs: Sequence[Job], at_once: int = AT_ONCE) -> None:
        self._jobs, self._at_once = tuple(jobs), at_once
        self._going = [Going(steps=job.steps or 0) for job in jobs]
        self._waiting: SimpleQueue[int] = SimpleQueue()
        for number in range(len(self._jobs)):
            self._waiting.put(number)
        self._stopped = threading.Event()
        self._processes: dict[int, TrainingProcess] = {}
        self._lock = threading.Lock()
        self._error: BaseException | None = None

    @property
    def going(self) -> tuple[Going, ...]:
        """How far each is, in the order of the jobs."""
        return tuple(self._going)

    def train(self, look: Callable[[], object] = lambda: None) -> bool:
        """Train all; whether they came to their ends. On Ctrl-C each makes a checkpoint, and goes on next time.

        Args:
            look: called now and then in the calling thread.

        Raises:
            TracerError: of the first that failed; the others are stopped, and kept.
        """
        threads = [threading.Thread(target=self._work, name="train", daemon=True) for _ in range(self._at_once)]
        try:
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                next((one for one in threads if one.is_alive()), threads[0]).join(LOOK)
                look()
        finally:
            if any(thread.is_alive() for thread in threads):
                self.stop()
                for thread in threads:
                    thread.join(GRACE)
        if self._error is not None:
            raise self._error
        return not self._stopped.is_set()

    def stop(self) -> None:
        """End them all after their present steps, with checkpoints. Returns at once."""
        self._stopped.set()
        with self._lock:
            for process in self._processes.values():
                process.stop()

    def _work(self) -> None:
        while not self._stopped.is_set():
            try:
                number = self._waiting.get_nowait()
            except Empty:
                return
            try:
                self._train(number)
            except BaseException as error:  # raised by `train`, in the thread that called it
                with self._lock:
                    self._error = self._error or error
                self.stop()

    def _train(self, number: int) -> None:
        with TrainingProcess(replace(self._jobs[number], grid=False), running=True) as process:
            with self._lock:
                self._processes[number] = process
            if self._stopped.is_set():
                return
            try:
                for message in process.messages():
                    self._take_in(number, message)
            finally:
                with self._lock:
                    self._processes.pop(number, None)
        self._going[number] = replace(self._going[number], ended=True)

    def _take_in(self, number: int, message: object) -> None:
        now = self._going[number]
        match message:
            case Setup():
                now = replace(now, taken=message.taken, steps=message.steps)
            case Report():
                now = replace(now, taken=message.step, loss=message.loss)
            case Unsaved():
                now = replace(now, said=message.reason)
        self._going[number] = now


def first_trouble(going: Sequence[Going]) -> Text | None:
    """Why one of them could not be kept; None where all were."""
    return next((one.said for one in going if one.said is not None), None)
