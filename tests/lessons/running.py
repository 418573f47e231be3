"""Runs a content program in this process; the app does it in a child, with the same recorder."""

from __future__ import annotations

import contextlib
import io
import runpy
from pathlib import Path

import tracer.core.value  # noqa: F401  (the ops register themselves when it loads)
from tracer.core.record import record
from tracer.lessons.lesson import Lesson
from tracer.lessons.part import nodes_named, part
from tracer.trace.trace import Trace


def run(program: Path, edited: dict[str, float] | None = None, base: Trace | None = None) -> Trace:
    """The trace of `program`; with `edited` leaves (by name, as in `base`) starting from other values.

    Of a tensor, one element by its name: `W[0, 1]`.
    """
    keys = {}
    for name, to in (edited or {}).items() if base else ():
        assert base is not None
        this = part(base, name)
        leaf = nodes_named(base, this.name)[0]
        element = this.element(base.shape(leaf)) if base.is_tensor(leaf) else None
        keys[base.leaf_key(leaf)] = to if element is None else {element: to}
    with contextlib.redirect_stdout(io.StringIO()), record(keys) as rec:
        variables = runpy.run_path(str(program), run_name="__main__")
        rec.take_names(variables)
    return rec.trace


def run_changed(lesson: Lesson, base: Trace) -> Trace:
    """The run that the lesson's end card suggests."""
    change = lesson.card.change
    assert change is not None
    return run(lesson.program, {change.leaf: change.to}, base)
