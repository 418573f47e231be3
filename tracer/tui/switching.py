"""A run that goes on with other settings, or a new one that begins with them: both in processes of their own.

Everything here waits, and is called in a thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tracer.errors import ProgramError, TracerError
from tracer.text import clean
from tracer.train import lock
from tracer.train.entry import Setting
from tracer.train.job import Job
from tracer.train.own_data import own_data
from tracer.train.process import TrainingProcess
from tracer.train.report import Setup, setting_in_words
from tracer.train.run import Run, new_folder
from tracer.tui.opened_run import OpenedRun
from tracer.tui.running import Running

PATIENCE = 20.0
"""Seconds that a run has to save itself."""
AGAIN = 0.02


@dataclass(frozen=True)
class Wish:
    """Settings that are to be other ones."""

    settings: Mapping[str, Setting] = field(default_factory=dict)
    steps: int | None = None
    seed: int | None = None
    new: bool = False
    """Whether a new run begins with them; else this one goes on."""

    def job(self, job: Job) -> Job:
        """A job with these settings."""
        more: dict[str, Any] = {} if self.steps is None else {"steps": self.steps}
        more |= {} if self.seed is None else {"seed": self.seed}
        return replace(job, settings={**job.settings, **self.settings}, **more)


def job_of(run: Running) -> Job:
    """What trains a run as it is now."""
    return Run.open(run.setup.folder).job() if run.setup.folder else run.job


def saved(run: Running) -> None:
    """Have a run that is kept save itself and end.

    Raises:
        TracerError: it is not saved.
    """
    if run.stop():
        _until(lambda: run.ended)
    _until(lambda: not lock.is_held(Path(run.setup.folder)))
    if run.unsaved is not None:
        raise TracerError(run.unsaved.en, ja=run.unsaved.ja)


def gone_on(run: Running, wish: Wish) -> OpenedRun:
    """The same run, saved, to be gone on with.

    Raises:
        TracerError: it is not saved, or cannot be read.
    """
    saved(run)
    found = Run.open(run.setup.folder)
    job = wish.job(found.job(resume=True))
    made = OpenedRun(found, begin=lambda: TrainingProcess(job, running=False))
    made.observing.take_over(run.observing)
    return made


def begun(run: Running, wish: Wish) -> Running:
    """A new run; the one before is saved. Kept beside it, if that is kept.

    Raises:
        TracerError: one of them cannot be written, or the program does not take the settings.
    """
    job = replace(wish.job(job_of(run)), resume=False, force=False, run=None)
    if not run.setup.folder:
        return Unkept(run, job)
    stem = Path(job.data).stem if job.data else own_data(job.program, job.source) or job.program.stem
    job = replace(job, run=new_folder(stem, job.seed, Path(run.setup.folder).parent))
    assert job.run is not None, "just named"
    with TrainingProcess(job, running=False) as process:
        _first(process.messages())
    _until(lambda: not lock.is_held(Path(job.run or "")))
    if run.state != "followed":
        saved(run)
    return OpenedRun(Run.open(job.run))


class Unkept(Running):
    """A run that is not kept, with a process of its own."""

    def __init__(self, before: Running, job: Job) -> None:
        self._process = TrainingProcess(job, running=False)
        try:
            messages = self._process.messages()
            setup = _first(messages)
        except TracerError:
            self._process.close()
            raise
        super().__init__(job, setup, self._process, messages, _words(job) if before.typed else ())
        self.paused = True

    def close(self) -> None:
        super().close()
        self._process.close()


def _words(job: Job) -> list[str]:
    """What to type to have a job again."""
    words = ["tracer", "train", job.shown or str(job.program)]
    told = {"data": job.data, "mode": job.mode, "engine": job.engine, "seed": job.seed, "steps": job.steps}
    for name, value in told.items():
        words += [] if value is None else [f"--{name}", str(value)]
    return [*words, *(f"{name}={setting_in_words(value)}" for name, value in job.settings.items())]


def _first(messages: Iterator[Any]) -> Setup:
    found = next(messages, None)
    if isinstance(found, Setup):
        return found
    raise ProgramError("the training ended before it began.", ja="訓練が始まる前に終わりました。")


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise TracerError(
                clean(f"the run has not ended within {PATIENCE:g} seconds."),
                ja=f"{PATIENCE:g} 秒待っても訓練が終わりません。",
            )
        time.sleep(AGAIN)
