"""Runs that stand for variants of one experiment: found again if they are whole, gone on with if not, else trained.

A run is reused where the program, the data and every setting are the ones asked for. One that is not is left as it is,
and the variant goes into the next free folder: `lr-0.1-2`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from tracer.errors import FileFormatError, TracerError
from tracer.text import clean
from tracer.train.about import sha256
from tracer.train.built import SEED
from tracer.train.job import Job
from tracer.train.run import Run, is_run

MOST_FOLDERS = 1000


@dataclass(frozen=True)
class Place:
    """Where a variant's run is, or will be."""

    job: Job
    """What trains it, or goes on with it; its `run` is the folder."""
    taken: int
    """Steps that are there."""
    whole: bool
    """Whether nothing is left to be trained."""

    @property
    def folder(self) -> Path:
        assert self.job.run is not None, "it was given one"
        return self.job.run


def place_of(job: Job, folder: Path) -> Place:
    """Where the run of a job is to be: in a folder, or where another run is there, in one beside it.

    Args:
        job: its program, data, seed, settings and steps decide what is the same run.

    Raises:
        FileFormatError: another process trains it now.
    """
    for number in range(1, MOST_FOLDERS):
        here = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        if not here.exists() and not here.is_symlink():
            return Place(replace(job, run=here), 0, whole=False)
        run = _run_in(here)
        if run is None:
            if _is_empty(here):
                return Place(replace(job, run=here), 0, whole=False)
            continue
        if not agrees(run, job):
            continue
        if run.writing:
            raise FileFormatError(
                clean(f"{here}: is being trained by another process."),
                hint="Wait until it has ended, or keep these runs elsewhere with --run.",
                ja=clean(f"{here}: 別のプロセスが訓練中です。"),
                hint_ja="終わるのを待つか、--run で別のフォルダを指定してください。",
            )
        whole = run.taken >= run.steps or run.history.stopped
        return Place(replace(job, run=here, resume=True), run.taken, whole)
    raise FileFormatError(
        clean(f"{folder}: there are {MOST_FOLDERS:,} folders of this name, none of which is this run."),
        ja=clean(f"{folder}: 同じ名前のフォルダが {MOST_FOLDERS:,} 個ありますが、この訓練の記録ではありません。"),
    )


def agrees(run: Run, job: Job) -> bool:
    """Whether a run is what a job would train: program, data, seed, settings, steps, and none of it changed later."""
    about, asked = run.about, run.about.asked
    seeds = (SEED if seed is None else seed for seed in (asked["seed"], job.seed))
    same = {
        "program": about.program.sha256 == _digest(job.program),
        "data": asked["data"] == _whole_path(job.data),
        "seed": len(set(seeds)) == 1,
        "settings": dict(asked["settings"]) == dict(job.settings),
        "steps": job.steps is None or about.steps == job.steps,
        "mode": asked["mode"] == job.mode,
        "engine": asked["engine"] == job.engine,
        "init": asked["init"] is None and job.init is None,
    }
    return all(same.values()) and all(set(one.get("what", ())) <= set(about.versions) for one in about.resumed)


def _run_in(folder: Path) -> Run | None:
    try:
        return Run.open(folder) if is_run(folder) else None
    except TracerError:  # a broken one is left to its owner
        return None


def _is_empty(folder: Path) -> bool:
    try:
        return folder.is_dir() and not any(folder.iterdir())
    except OSError:
        return False


def _digest(program: Path) -> str:
    try:
        return sha256(program.read_bytes())
    except OSError:
        return ""


def _whole_path(name: str | None) -> str | None:
    """As a run's `about` has it."""
    try:
        return str(Path(name).absolute()) if name is not None and Path(name).exists() else name
    except (OSError, ValueError):
        return name
