"""Settings tried in a child process, before anything is changed: see `trying`."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tracer.errors import ProgramError
from tracer.train.entry import Setting
from tracer.train.job import Job
from tracer.train.process import ask, error_of, stopped


@dataclass(frozen=True)
class Tried:
    """Settings that the program takes."""

    settings: Mapping[str, Setting]
    """All of them, the program's defaults too."""
    refusal: ProgramError | None
    """Why the run that is under way cannot go on with them; None where it can."""


def try_settings(job: Job, was: Job, taken: int, *, stop: threading.Event | None = None) -> Tried:
    """Build what a job says and take no step.

    Args:
        was: what was trained so far.
        taken: steps taken so far.

    Raises:
        ProgramError: the program does not take the settings, or was stopped.
    """
    before = {"settings": dict(was.settings), "steps": was.steps, "seed": was.seed, "mode": was.mode}
    with ask(job, stop, "try", was=before, taken=taken) as (_, lines):
        for kind, said in lines:
            if kind == "tried":
                refusal = said["refusal"]
                return Tried(said["settings"], None if refusal is None else error_of(refusal))
    raise stopped()


def only_new(job: Job, *, stop: threading.Event | None = None) -> Iterator[str]:
    """The settings of which another value is refused to a run that is under way, as they are found.

    Raises:
        ProgramError: the program is wrong, or was stopped.
    """
    with ask(job, stop, "search") as (_, lines):
        for kind, said in lines:
            if kind == "only_new":
                yield said
            elif kind == "end":
                return
    raise stopped()
