"""Runs a content program in this process; the app does it in a child, with the same recorder."""

from __future__ import annotations

import contextlib
import io
import runpy
from pathlib import Path

import tracer.core.value  # noqa: F401  (the ops register themselves when it loads)
from tracer.core.record import record
from tracer.lessons.lesson import Lesson
from tracer.lessons.words import nodes_named
from tracer.trace.trace import Trace


def run(program: Path, edited: dict[str, float] | None = None, base: Trace | None = None) -> Trace:
    """The trace of `program`; with `edited` leaves (by name, as in `base`) starting from other values."""
    keys = {base.leaf_key(nodes_named(base, name)[0]): to for name, to in (edited or {}).items()} if base else {}
    with contextlib.redirect_stdout(io.StringIO()), record(keys) as rec:
        variables = runpy.run_path(str(program), run_name="__main__")
        rec.take_names(variables)
    return rec.trace


def run_changed(lesson: Lesson, base: Trace) -> Trace:
    """The run that the lesson's end card suggests."""
    change = lesson.card.change
    assert change is not None
    return run(lesson.program, {change.leaf: change.to}, base)
