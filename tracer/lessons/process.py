"""Runs a user's program in a child process, and comes back with what it computed, however it ended.

The child writes its trace to disk while it grows, so a program that raises, never ends or is killed can be opened up to
where it was. What it prints is drained and kept in part: a gigabyte neither fills memory nor blocks it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tracer.core.record import LeafKey, Override
from tracer.errors import FileFormatError, NotFoundError, ProgramError
from tracer.lessons.child import OUTCOME, TRACE
from tracer.lessons.limits import Limits
from tracer.lessons.nothing import nothing_made
from tracer.lessons.outcome import Outcome
from tracer.programs.process import Output, Ready, check_program, death, kill, shown_name, tell
from tracer.trace.store import load
from tracer.trace.trace import Trace

GRACE = 2.0
"""Seconds a program has to end after it was told to, and to tidy up after its last line."""
_PULSE = 0.1
CHILD = "tracer.lessons.child"


@dataclass(frozen=True)
class Run:
    """What a program left behind."""

    trace: Trace
    output: str
    """What it printed, standard output and error in one, the middle left out where it was long."""
    outcome: Outcome
    seconds: float


def run_program(
    path: str | Path,
    *,
    overrides: Mapping[LeafKey, Override] | None = None,
    limits: Limits | None = None,
    progress: Callable[[float], None] | None = None,
    stop: threading.Event | None = None,
    shown: str | None = None,
    again: bool = False,
) -> Run:
    """Run the program at `path` in a child process and record it.

    In the main thread, Ctrl-C stops the program, not us; a second one gives up on it.

    Args:
        overrides: leaf key -> the value that leaf shall have instead; of a tensor, {index: value} of some elements.
        limits: how many nodes, how long.
        progress: called about ten times a second with the seconds it has been running.
        stop: set it from another thread to stop the program; what it had computed comes back.
        shown: what the trace calls the file; by default its path from the current folder.
        again: whether more runs will follow soon: a process then stands ready for the next, a quarter second sooner.

    Raises:
        NotFoundError: no such file.
        ProgramError: it cannot be read or compiled, or made no `Value` (whatever else it did).
    """
    program = Path(path)
    check_program(program)
    shown = shown or shown_name(program)
    limits = limits or Limits()
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="tracer-"))
    try:
        job = {
            "path": str(program.absolute()),
            "cwd": os.getcwd(),
            "shown": shown,
            "argv": [str(path)],
            "overrides": [[*key, sent(value)] for key, value in (overrides or {}).items()],
            "limit": limits.nodes,
            "folder": str(folder),
            "info": {"title": program.name, "program": shown},
        }
        child = _READY.take()
        assert child.stdin is not None, "it is a pipe"
        assert child.stdout is not None, "it is a pipe"
        output = Output(child.stdout)
        try:
            with contextlib.suppress(BrokenPipeError):
                child.stdin.write(json.dumps(job).encode() + b"\n")
                child.stdin.flush()
            if again:
                _READY.refill()
            stopped = _wait(child, output, folder, limits, progress, stop)
            run = _collect(child, output, folder, shown, stopped, began)
            _let_go(child)
        finally:
            kill(child)
            output.ended.wait(GRACE)  # a grandchild may hold the pipe open for ever
            with contextlib.suppress(OSError):
                child.stdin.close()
        return replace(run, output=output.text())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


_READY = Ready(CHILD)


def _wait(
    child: subprocess.Popen[bytes],
    output: Output,
    folder: Path,
    limits: Limits,
    progress: Callable[[float], None] | None,
    stop: threading.Event | None,
) -> bool:
    """Until the program has ended, by itself or because it had to; whether it was told to stop."""
    began = time.monotonic()
    told: float | None = None
    while child.poll() is None and not (folder / OUTCOME).exists():
        try:
            if progress is not None and told is None:
                progress(time.monotonic() - began)
            output.ended.wait(_PULSE if told is None else 0.01)
            now = time.monotonic()
            late = limits.seconds is not None and now - began > limits.seconds
            if told is None and (late or (stop is not None and stop.is_set())):
                told = tell(child, "stop")
            if told is not None and now - told > GRACE:
                kill(child)
                break
            if output.ended.is_set():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(_PULSE)
        except KeyboardInterrupt:
            if told is not None:
                raise
            told = tell(child, "stop")
    return told is not None


def _let_go(child: subprocess.Popen[bytes]) -> None:
    """Time for what a program still does after its last line: closing files, joining threads."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(GRACE)


def _collect(
    child: subprocess.Popen[bytes], output: Output, folder: Path, shown: str, stopped: bool, began: float
) -> Run:
    """What the child left in its folder.

    Raises:
        ProgramError: no trace, or an empty one.
    """
    try:
        said: dict[str, Any] = json.loads((folder / OUTCOME).read_bytes())
        outcome = Outcome.of({"outcome": said})
    except (OSError, ValueError):  # it died, or had to be killed
        code = child.wait()
        said, outcome = {}, Outcome("stopped") if stopped else Outcome("killed", death(code))
    try:
        trace = load(folder / TRACE)
    except NotFoundError:
        trace = None
    except FileFormatError as problem:
        raise ProgramError(f"{shown}: what it recorded cannot be read.", hint=str(problem)) from None
    if trace is None or not trace.n_nodes:
        raise nothing_made(shown, outcome, said.get("others", ()), output.text())
    info = {**trace.info, "outcome": outcome.to_json()}
    return Run(Trace(replace(trace.columns, info=info)), "", outcome, time.monotonic() - began)


def sent(value: Override) -> float | list[tuple[int, float]]:
    """A number, or the elements of a tensor as pairs: JSON has no whole numbers as keys."""
    return list(value.items()) if isinstance(value, Mapping) else value
