"""Writes a run's folder while it is trained: lines of the log as steps are taken, checkpoints in between.

Whatever happens, what is in the folder is whole: files are replaced, never changed, except for the log, which grows by
whole lines. Lines come before the checkpoint they lead to, so no checkpoint is newer than the log. What cannot be
written (a full disk) is told once and waits in memory: training goes on, and the next checkpoint tries again.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from tracer.errors import FileFormatError, TracerError
from tracer.files import write_atomic
from tracer.text import Text, clean
from tracer.train import about as about_file
from tracer.train import checkpoint, lock, log
from tracer.train.about import About
from tracer.train.entry import Training
from tracer.train.messages import Unsaved
from tracer.train.report import Report
from tracer.train.run import PROGRAM

EVERY = 50
"""Steps between two checkpoints, unless the user says."""
SECONDS = 10.0
"""Of training between two checkpoints at most, so far as a step does not take longer."""
MOST_BYTES = 512 << 20
"""Of all checkpoints together; beyond that some are thinned out."""
UNSAVED = Text(
    en="not saved since step {step}: {why} Training goes on; saving is tried again.",
    ja="ステップ {step} から保存できていません: {why} 訓練は続け、保存も繰り返し試みます。",
)
LOST = Text(
    en="not saved after step {step}: {why} Once it can be written, --resume takes the steps from there again.",
    ja="ステップ {step} より後は保存できませんでした: {why} 書き込めるようになれば --resume でそこから続けられます。",
)


class RunWriter:
    """Keeps a run. Whoever makes one holds its lock already: see `begin` and `go_on`.

    Args:
        folder: of the run, complete.
        training: what is trained.
        taken: steps whose lines the log has.
        size: bytes of those lines; what stands behind them is cut off.
        keep: steps whose checkpoints are never thinned out.
        every: steps between two checkpoints.
        saved, unsaved: told what was saved, and what could not be.

    Raises:
        FileFormatError: the log cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        training: Training,
        *,
        taken: int = 0,
        size: int = 0,
        keep: tuple[int, ...] = (),
        every: int | None = None,
        saved: Callable[[int], object] = lambda step: None,
        unsaved: Callable[[Unsaved], object] = lambda told: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder, self._training = folder, training
        self._every, self._clock = every or EVERY, clock
        self._told, self._untold = saved, unsaved
        self._keep = {0, taken, *keep}
        self._step = self._last = taken
        """Steps taken, and those that the last checkpoint has."""
        self._when = clock()
        self._passing: int | None = None
        """A checkpoint that was made only because the run stood still."""
        self._failed_at: int | None = None
        self._problem: Exception = OSError()
        """Why the last checkpoint that failed did."""
        self._sizes = {step: _size(folder, step) for step in checkpoint.steps_in(folder)}
        try:
            self._log = log.LogWriter(folder, size)
        except OSError as problem:
            raise _unwritten(folder / log.NAME, problem) from None

    def add(self, report: Report) -> None:
        """A step was taken."""
        self._step = report.step
        due = report.step % self._every == 0 or self._clock() - self._when >= SECONDS
        with suppress(OSError):  # it waits for the checkpoint, which tells
            self._log.add(report)
        if due:
            self.save()

    def save(self, *, passing: bool = False) -> None:
        """Make a checkpoint of now, unless there is one.

        Args:
            passing: it need not stay when there is a later one.
        """
        step = self._step
        if step == self._last and step in self._sizes and self._failed_at is None:
            return
        try:
            self._log.sync()
            size = checkpoint.write(self.folder, checkpoint.take(self._training, step))
        except (OSError, FileFormatError) as problem:
            self._when = self._clock()
            if self._failed_at is None:
                self._failed_at = self._last
                self._untold(self._unsaved(UNSAVED, problem))
            self._problem = problem
            return
        self._failed_at, self._last, self._when, self._sizes[step] = None, step, self._clock(), size
        self._forget_passing(step, passing)
        self._thin_out()
        self._told(step)

    def end(self) -> None:
        """The run is over: save what is not saved."""
        self.save()
        if self._failed_at is not None:
            self._untold(self._unsaved(LOST, self._problem))

    def close(self) -> None:
        """Let go of the log."""
        self._log.close()

    def _unsaved(self, what: Text, problem: Exception) -> Unsaved:
        said = problem.message if isinstance(problem, TracerError) else f"{log.NAME}: {_reason(problem)}."
        return Unsaved(self._step, what.format(step=f"{self._last:,}", why=clean(said)))

    def _forget_passing(self, step: int, passing: bool) -> None:
        if self._passing is not None and self._passing != step:
            self._remove(self._passing)
        self._passing = step if passing and step % self._every and step not in self._keep else None

    def _thin_out(self) -> None:
        """Let checkpoints go, where they stand closest, until the rest is small enough; first and last stay."""
        while sum(self._sizes.values()) > MOST_BYTES:
            steps = sorted(self._sizes)
            apart = {
                step: after - before
                for (before, step), (_, after) in pairwise(pairwise(steps))
                if step not in self._keep
            }
            if not apart:
                return
            self._remove(min(apart, key=lambda step: (apart[step], step)))

    def _remove(self, step: int) -> None:
        self._sizes.pop(step, None)
        with suppress(OSError):
            checkpoint.path_of(self.folder, step).unlink()


def begin(folder: Path, about: About, source: bytes, training: Training) -> int:
    """Make the folder of a new run, with a checkpoint of before the first step, and hold its lock.

    All of it appears at once, or nothing does.

    Returns:
        The lock's descriptor.

    Raises:
        FileFormatError: there is something there already, or it cannot be written.
        ProgramError: `Training.state` holds something that cannot be kept.
    """
    if os.path.lexists(folder) and not _is_empty(folder):
        raise _taken(folder)
    temporary = folder.with_name(f".{folder.name[:200]}.{secrets.token_hex(4)}")
    held: int | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir()
        held = lock.take(temporary)
        (temporary / checkpoint.FOLDER).mkdir()
        write_atomic(temporary / PROGRAM, source, FileFormatError)
        checkpoint.write(temporary, checkpoint.take(training, 0))
        (temporary / log.NAME).touch()
        about.write(temporary)
        try:
            os.rename(temporary, folder)
        except OSError:
            if os.path.lexists(folder):  # somebody was faster
                raise _taken(folder) from None
            raise
        return held
    except OSError as problem:
        raise _unwritten(folder, problem) from None
    finally:
        if temporary.exists():
            shutil.rmtree(temporary, ignore_errors=True)
            if held is not None:
                os.close(held)


def check_own(folder: Path) -> None:
    """Raise unless all that we would write to is the run's own: through a link, somebody else's file would be cut.

    Raises:
        FileFormatError: what is not.
    """
    for name in (about_file.NAME, PROGRAM, log.NAME, checkpoint.FOLDER, lock.NAME):
        path = folder / name
        wanted = path.is_dir() if name == checkpoint.FOLDER else path.is_file()
        if os.path.lexists(path) and (path.is_symlink() or not wanted):
            raise about_file.damaged(
                path,
                "this run cannot be gone on with: it is a link, or not of its kind",
                "リンクか、種類の違うものなので、この訓練は再開できません",
            )
    if not (folder / checkpoint.FOLDER).is_dir():
        (folder / checkpoint.FOLDER).mkdir()


def _size(folder: Path, step: int) -> int:
    with suppress(OSError):
        return checkpoint.path_of(folder, step).stat().st_size
    return 0


def _is_empty(folder: Path) -> bool:
    try:
        return not folder.is_symlink() and not any(folder.iterdir())
    except OSError:
        return False


def _taken(folder: Path) -> FileFormatError:
    return FileFormatError(
        clean(f"{folder}: there is something already."),
        hint="Name another folder with --run; a run that is there is gone on with by --resume.",
        ja=clean(f"{folder}: すでに何かがあります。"),
        hint_ja="--run で別のフォルダを指定するか、そこにある訓練を --resume で再開してください。",
    )


def _unwritten(path: Path, problem: OSError) -> FileFormatError:
    why = _reason(problem)
    return FileFormatError(
        clean(f"{path}: not written: {why}."),
        hint="Train with --no-save to keep nothing, or name another place with --run.",
        ja=clean(f"{path}: 書き込めません（{why}）。"),
        hint_ja="--no-save なら何も保存せずに訓練します。--run で別の場所も指定できます。",
    )


def _reason(problem: Exception) -> str:
    return (getattr(problem, "strerror", None) or str(problem) or type(problem).__name__).lower()
