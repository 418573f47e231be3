"""Trying settings without training: whether the program takes them, and whether a run under way can have them."""

from __future__ import annotations

import time
from typing import Any

from tracer.errors import ProgramError, TracerError
from tracer.train import changing
from tracer.train.built import Built, build_training
from tracer.train.control import Control, Sender
from tracer.train.entry import Setting
from tracer.train.program import fields

Json = dict[str, Any]
PATIENCE = 2.0
"""Seconds spent on finding out what only a new run can have."""


def try_it(job: Json, control: Control, send: Sender) -> None:
    """Build what the job says; say whether a run that was trained with `job["was"]` can go on with it.

    Raises:
        TracerError: the program does not take the settings.
    """
    now = build_training(job, init=False)
    refusal = _refusal(build_training({**job, **job["was"]}, init=False), now, job["taken"])
    send("tried", {"refusal": None if refusal is None else fields(refusal), "settings": dict(now.setup().settings)})


def search_it(job: Json, control: Control, send: Sender) -> None:
    """Name the settings of which another value is refused to a run that is under way, as far as that is soon found."""
    was, until = build_training(job, init=False), time.monotonic() + PATIENCE
    for name, value in was.setup().settings.items():
        if name in (*changing.WHILE_IT_RUNS, "mode"):
            continue
        for other in _others(value):
            if time.monotonic() > until:
                break
            changes: Json = (
                {name: other} if name in ("seed", "mode") else {"settings": {**job["settings"], name: other}}
            )
            try:
                now = build_training({**job, **changes}, init=False)
            except TracerError:  # the program does not take it: the next one, perhaps
                continue
            if _refusal(was, now, 1) is not None:
                send("only_new", name)
            break
    send("end", {})


def _refusal(was: Built, now: Built, taken: int) -> ProgramError | None:
    try:
        changing.check(was, now, taken=taken)
    except ProgramError as refusal:
        return refusal
    return None


def _others(value: Setting) -> tuple[Setting, ...]:
    """Other values that a program may take."""
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, str):
        return _WORDS.get(value, ())
    return (value * 2, value + 1, value / 2) if isinstance(value, float) else (value * 2, value + 1)


_WORDS: dict[str, tuple[str, ...]] = {"float32": ("float64",), "float64": ("float32",)}
