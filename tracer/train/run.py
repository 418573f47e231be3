"""A training run as a folder: what it is, a line for each step, checkpoints.

    runs/names-42/run.json                        what is trained: program, data, settings, versions (`about`)
                  program.py                      the program as it was
                  log.jsonl                       step, loss, ... (`log`)
                  checkpoints/step-000050.safetensors   (`checkpoint`)

A run is a lazy sequence of traces: step k is opened by going on from the nearest checkpoint before it and recording.
Here a run is read, also while another process writes it; `writer` writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from tracer.errors import NotFoundError
from tracer.text import clean
from tracer.trace.observation import Observation
from tracer.train import about as about_file
from tracer.train import checkpoint, in_force, lock, log
from tracer.train.about import About, DataUsed, ProgramUsed
from tracer.train.entry import Changes, Row, Setting
from tracer.train.history import History, Past
from tracer.train.job import Engine, Job, Mode
from tracer.train.report import Report, Setup

PROGRAM = "program.py"
MOST_PROGRAM = 10_000_000
"""Bytes of a program; nobody wrote a longer one."""
RUNS = Path("runs")
"""Where runs go unless the user says, from the current folder."""
MOST_STEM = 40
"""Characters of the first part of a folder's name."""


def is_run(path: str | Path) -> bool:
    """Whether a folder looks like a run's."""
    try:
        return Path(path, about_file.NAME).is_file()
    except (OSError, ValueError):  # too long, or a null byte
        return False


def new_folder(stem: str, seed: int | None, base: Path = RUNS) -> Path:
    """A name for the next run: `runs/names-42`, and `-2`, `-3`, ... behind it where that is taken.

    Args:
        stem: of the data or the program.
    """
    kept = "".join(one if one.isalnum() or one in "_.+-" else "-" for one in clean(stem)).strip(".-")
    name = f"{kept[:MOST_STEM] or 'run'}-{42 if seed is None else seed}"
    number = 1
    while (path := base / (name if number == 1 else f"{name}-{number}")).exists() or path.is_symlink():
        number += 1
    return path


@dataclass(frozen=True, eq=False)
class Run:
    """A run that was read from its folder. What it is does not change any more; its log and checkpoints may grow."""

    folder: Path
    about: About

    @classmethod
    def open(cls, path: str | Path) -> Run:
        """The run in a folder.

        Raises:
            NotFoundError: there is no such folder, or it holds no run.
            FileFormatError: something in it is half-written or was edited; which file, and what is wrong.
        """
        folder = Path(path)
        try:
            there = folder.is_dir()
        except (OSError, ValueError):
            there = False
        if not there:
            raise NotFoundError(clean(f"{folder}: no such folder."), ja=clean(f"{folder}: フォルダが見つかりません。"))
        try:
            found = cls(folder, About.read(folder))
        except NotFoundError:
            raise NotFoundError(
                clean(f"{folder}: holds no run: {about_file.NAME} is missing."),
                ja=clean(f"{folder}: 訓練の記録ではありません（{about_file.NAME} がありません）。"),
            ) from None
        _ = found.reports  # what is wrong in it is told now
        return found

    # What it is

    @property
    def path(self) -> Path:
        """Its folder."""
        return self.folder

    @property
    def name(self) -> str:
        """The folder's name."""
        return clean(self.folder.resolve().name)

    @property
    def settings(self) -> Mapping[str, Setting]:
        """Those in use, the program's defaults too."""
        return self.about.settings

    @property
    def seed(self) -> int | None:
        return self.about.seed

    @property
    def data(self) -> DataUsed:
        return self.about.data

    @property
    def program(self) -> ProgramUsed:
        return self.about.program

    @property
    def mode(self) -> str | None:
        return self.about.mode

    @property
    def engine(self) -> str:
        """`Value`, `Tensor`, or whatever the parameters are."""
        return self.about.engine

    @property
    def device(self) -> str:
        return self.about.device

    @property
    def dtype(self) -> str:
        return self.about.dtype

    @property
    def steps(self) -> int:
        """How many it was to take."""
        return self.about.steps

    @property
    def symbols(self) -> tuple[str, ...]:
        return self.about.symbols

    @property
    def parameters(self) -> Mapping[str, tuple[int, ...]]:
        """Name -> shape."""
        return self.about.parameters

    @property
    def versions(self) -> Mapping[str, str]:
        return self.about.versions

    @property
    def created(self) -> str:
        return self.about.created

    @cached_property
    def changes(self) -> Changes:
        """Where its settings became others: after which step, and for each what it was and what it is."""
        return in_force.changes(self.about)

    @property
    def setup(self) -> Setup:
        """What the run's process told first."""
        about = self.about
        return Setup(
            program=about.program.shown,
            data=about.data.name,
            engine=about.engine,
            parameters=sum(int(np.prod(shape, dtype=np.int64)) for shape in about.parameters.values()),
            steps=about.steps,
            settings=about.settings,
            rows=cast(tuple[Row, ...], about.rows),
            predicts=about.predicts,
            symbols=about.symbols,
            documents=about.documents,
            held_out=about.held_out,
            folder=str(self.folder),
            taken=len(self.reports),
            changes=self.changes,
        )

    # What it has done

    @cached_property
    def reports(self) -> tuple[Report, ...]:
        """One a step, as the log had them when they were first asked for."""
        return log.read(self.folder)[0]

    def newer(self, offset: int, steps: int) -> tuple[tuple[Report, ...], int]:
        """The reports of later steps than `steps`, read from a place in the log on, and the place after them.

        Args:
            offset: 0, or what this returned before. A torn last line is left for the next time.
        """
        found, end = log.read_from(self.folder, offset)
        return tuple(report for report in found if report.step > steps), end

    @cached_property
    def history(self) -> Past:
        """What the log tells."""
        kept = History()
        for report in self.reports:
            kept.add(report)
        return kept.past

    @property
    def taken(self) -> int:
        """Steps in the log."""
        return len(self.reports)

    @property
    def checkpoints(self) -> tuple[int, ...]:
        """The steps it can be gone on from, or its weights taken: now, ascending. 0 is before the first."""
        return checkpoint.steps_in(self.folder)

    @property
    def writing(self) -> bool:
        """Whether another process trains it now."""
        return lock.is_held(self.folder)

    def weights(self, step: int | None = None) -> dict[str, NDArray[Any]]:
        """Name -> numbers after a step that has a checkpoint; of the last one by default.

        Raises:
            NotFoundError: there is no checkpoint of it; the nearest are named.
            FileFormatError: it is damaged.
        """
        there = self.checkpoints
        at = step if step is not None else max(there, default=None)
        if at is None or at not in there:
            raise no_checkpoint(self.folder, at, there)
        found = checkpoint.read(self.folder, at).parameters
        order = {name: place for place, name in enumerate(self.about.parameters)}
        return dict(sorted(found.items(), key=lambda pair: order.get(pair[0], len(order))))

    @property
    def source(self) -> str:
        """The program's text, as it was.

        Raises:
            NotFoundError, FileFormatError: the copy is missing or was edited.
        """
        return read_program(self.folder, self.about)[0]

    def job(self, **changes: Any) -> Job:
        """What trains it once more, opens its steps, or goes on with it (`resume=True`).

        Args:
            changes: fields of the job that are to be others.
        """
        asked = self.about.asked
        made = Job(
            Path(self.about.program.path),
            self.about.program.shown,
            asked["data"],
            asked["seed"],
            asked["settings"],
            asked["steps"],
            mode=cast(Mode | None, asked["mode"]),
            engine=cast(Engine | None, asked["engine"]),
            run=self.folder,
            init=None if asked["init"] is None else Path(asked["init"]),
            source=self.source,
        )
        return replace(made, **changes)

    def observe(self, step: int) -> Observation:
        """What is seen of a step that it has taken: the steps since the nearest checkpoint are taken once more.

        Raises:
            ProgramError: it has not come so far, or the program is wrong or died.
        """
        from tracer.train.process import observe_step

        return observe_step(self.job(), step)


def read_program(folder: Path, about: About) -> tuple[str, bool]:
    """The text of a run's program, and whether it is the one that was written there.

    Raises:
        NotFoundError, FileFormatError: it is missing, or no text.
    """
    path = folder / PROGRAM
    data = about_file.read_regular(path, MOST_PROGRAM)
    try:
        return data.decode("utf-8"), about_file.sha256(data) == about.program.sha256
    except UnicodeDecodeError:
        raise about_file.damaged(path, "it is not text in UTF-8", "UTF-8 のテキストではありません") from None


def no_checkpoint(folder: Path, step: int | None, there: tuple[int, ...]) -> NotFoundError:
    """What to say where a checkpoint is asked for that is not there."""
    if not there:
        return NotFoundError(
            clean(f"{folder}: has no checkpoint."), ja=clean(f"{folder}: チェックポイントがありません。")
        )
    near = sorted(sorted(there, key=lambda one: abs(one - (step or 0)))[:6])
    listed = ", ".join(f"{one:,}" for one in near)
    return NotFoundError(
        clean(f"{folder}: has no checkpoint of step {step:,}."),
        hint=f"The nearest are those of {listed}.",
        ja=clean(f"{folder}: ステップ {step:,} のチェックポイントはありません。"),
        hint_ja=f"近いもの: {listed}",
    )


def taken_before(setup: Setup) -> tuple[Report, ...]:
    """The reports of the steps that a run which is gone on with had taken before: its process sends them no more.

    Raises:
        NotFoundError, FileFormatError: its log cannot be read.
    """
    return Run.open(setup.folder).reports[: setup.taken] if setup.folder and setup.taken else ()
