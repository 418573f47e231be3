"""Training runs in the app, as the command line asks for them: one opened, several compared, a text walked."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tracer.lessons.experiment import Experiment
from tracer.lessons.runner import Thing
from tracer.text import Lang
from tracer.train.run import Run
from tracer.tui.experiments import Arm
from tracer.tui.opened_run import OpenedRun
from tracer.tui.start import run_app


def open_run(path: str | Path, *, ascii_only: bool = False, lang: Lang | None = None) -> int:
    """Show a run, finished or not; the exit code.

    Raises:
        NotFoundError, FileFormatError: the folder holds none that can be read.
    """
    run = OpenedRun(Run.open(path))
    code = run_app(training=run, ascii_only=ascii_only, lang=lang)
    for thread in threading.enumerate():
        if thread.name in ("save", "resume"):
            thread.join(SAVED)
    if run.farewell is not None:
        print(run.farewell[lang or "en"], file=sys.stderr)
    return code


SAVED = 10.0
"""Seconds that what was trained in the app gets to be saved."""


def compare_runs(paths: Sequence[str | Path], *, ascii_only: bool = False, lang: Lang | None = None) -> int:
    """Show the losses of several runs over each other; the exit code.

    Raises:
        NotFoundError, FileFormatError: one folder holds no run that can be read.
    """
    runs = [Run.open(path) for path in paths]
    from tracer.tui.screens.compare import CompareScreen

    return run_app(screen=partial(CompareScreen, runs), ascii_only=ascii_only, lang=lang)


def compare_experiment(
    experiment: Experiment, arms: Sequence[Arm], *, ascii_only: bool = False, lang: Lang | None = None
) -> int:
    """Show the runs of an experiment, which are all there; the exit code."""
    from tracer.tui.screens.compare import CompareScreen

    runs, names = [Run.open(arm.place.folder) for arm in arms], [arm.variant.title for arm in arms]
    make = partial(CompareScreen, runs, names=names, experiment=experiment)
    return run_app(screen=make, ascii_only=ascii_only, lang=lang)


def walk_sample(
    path: str | Path,
    at: int | None,
    seed: int,
    temperature: float,
    *,
    ascii_only: bool = False,
    lang: Lang | None = None,
) -> int:
    """Have a run write one text, and walk through how it comes about; the exit code.

    Args:
        at: the step whose weights are used; None for the last that were saved.
    """
    from tracer.tui.screens.generation import GenerationScreen

    thing = generated(Run.open(path), at, seed, temperature)
    return run_app(screen=partial(GenerationScreen, thing), ascii_only=ascii_only, lang=lang)


def generated(run: Run, at: int | None, seed: int, temperature: float) -> Thing:
    """A text that a run wrote, recorded, as something to walk. What it is called does not tell the text."""
    from tracer.train.process import record_sample

    trace, _ = record_sample(run.job(), at=at, temperature=temperature, seed=seed)
    words = ["tracer", "sample", str(run.folder), "--walk", "--temperature", f"{temperature:g}", "--seed", str(seed)]
    words += [] if at is None else ["--at", str(at)]
    return Thing(f"{run.name}  T = {temperature:g}  seed {seed}", trace, name=run.name, typed=tuple(words))
